# Two commands, each of which sets up a fresh machine by itself:
#   make fly     a simulated drone follows a red backpack through a forest; leaves a video in out/
#   make test    lint, types, import rules, unit tests, flights through ROS 2 and MAVLink
#   make quick   the tests that need neither a flight nor a training: two minutes on two cores
#
# Needs Python 3.10 to 3.13 with venv (Debian, Ubuntu: python3-venv) and, for OpenCV and OpenGL, the libraries
# in DEBIAN_LIBRARIES; no compiler.
#
# Overrides: PYTHON=python3.11   PIP_ARGS='...' (more words for pip)   FLY_ARGS='--seed 7 --no-ros'
# `make test` needs PyTorch. PyPI's build for Linux brings several GB of CUDA; a machine without a GPU is
# better served by the CPU build: PIP_ARGS='--extra-index-url <address of PyTorch's CPU wheels>'.
# `make fly` needs no PyTorch.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
DEBIAN_LIBRARIES := libgl1 libglib2.0-0 libsm6 libice6 libx11-6 libxext6 libegl1 libgl1-mesa-dri

VENV := .venv
LOCK := requirements/lock.txt
RUN := $(VENV)/bin
FLY_ARGS ?=
PIP_ARGS ?=
PYTEST_ARGS ?=

# A sourced ROS 2 is used as it is, with the Python it was built for; otherwise rclpy comes as wheels.
SYSTEM_ROS := $(shell test -n "$${ROS_DISTRO:-}" && python3 -c 'import rclpy' 2>/dev/null && echo yes)
ifeq ($(SYSTEM_ROS),yes)
  NUMPY_1 := $(shell python3 -c 'import numpy; print("yes" if numpy.__version__ < "2" else "no")' 2>/dev/null)
  PYTHON ?= python3
  VENV_FLAGS := --system-site-packages
  ROS_EXTRA :=
else
  PYTHON ?= $(shell for p in python3.11 python3.10 python3 python3.12 python3.13; do \
    $$p -c 'import sys, venv, ensurepip; assert (3, 10) <= sys.version_info[:2] <= (3, 13)' 2>/dev/null \
    && echo $$p && break; done)
  VENV_FLAGS :=
  ROS_EXTRA := ,ros
endif

# An environment that was moved or copied with its checkout runs the code of the old place, or none; one whose
# Python is gone runs nothing.
MOVED := $(if $(wildcard $(VENV)/.made),$(shell grep -aqF "$$(pwd -P)/$(VENV)/bin/" $(RUN)/pip 2>/dev/null \
  && $(RUN)/python -c '' 2>/dev/null || echo moved))

# ONNX Runtime with CUDA and TensorRT where there is an NVIDIA driver, the small one elsewhere.
RUNTIME_EXTRA := $(shell nvidia-smi -L >/dev/null 2>&1 && echo gpu || echo cpu)
FLY_EXTRAS := $(RUNTIME_EXTRA),sim,operator$(ROS_EXTRA)
TEST_EXTRAS := $(FLY_EXTRAS),train,rl,docs,test

export NO_MKDOCS_2_WARNING := 1
# What is installed goes into the environment, whatever a pip.conf or a cluster's profile says (pypa/pip#8977)
export PIP_USER := 0
unexport PIP_TARGET PIP_PREFIX PIP_ROOT
.PHONY: fly test quick check docs clean help lock moved

help:
	@sed -n '1,14s/^# \{0,1\}//p' Makefile
	@echo
	@echo 'make check   the part of `make test` that takes seconds'
	@echo 'make docs    the documentation as a site in out/site'
	@echo 'make lock    resolve $(LOCK) anew (needs python3.10 and python3.11)'
	@echo 'make clean   remove the environment, caches and build outputs (not out/)'

fly: $(VENV)/.for-fly
	$(RUN)/liquid-drone fly $(FLY_ARGS)

# Three workers on two cores, since many tests wait for a clock or a process
test: check
	$(RUN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

quick: $(VENV)/.for-test
	$(RUN)/python -m pytest -m 'not slow and not e2e' --hypothesis-profile=quick -n 2 -q $(PYTEST_ARGS)

check: $(VENV)/.for-test
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/mypy
	$(RUN)/lint-imports

docs: $(VENV)/.for-test
	$(RUN)/python -m mkdocs build --strict
	@echo 'out/site: open index.html; the search needs a server: python3 -m http.server -d out/site'

lock:
	python3.11 requirements/update_lock.py python3.10 python3.11

clean:
	rm -rf $(VENV) build install log dist *.egg-info .mypy_cache .ruff_cache .pytest_cache \
	  .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

moved:
	@echo 'make: $(VENV) is of another place, or its Python is gone: it is made anew'

$(VENV)/.made: $(MOVED)
	@test -n "$(PYTHON)" || { echo 'make: found no Python 3.10 to 3.13 with venv; install python3-venv or' \
	  'name one: make PYTHON=/path/to/python3.11' >&2; exit 1; }
	$(PYTHON) -m venv $(if $(MOVED),--clear) $(VENV_FLAGS) $(VENV)
	touch $@

# The pins that hold here: beside a system ROS 2, NumPy must stay of the major version that its messages were
# compiled for: 1 on Humble and Jazzy, 2 on Lyrical.
$(VENV)/lock.txt: $(LOCK) $(VENV)/.made
ifeq ($(NUMPY_1),yes)
	sed -E '/^(numpy|opencv-python)==/d' $(LOCK) > $@
	printf 'numpy==1.26.4\nopencv-python==4.11.0.86\n' >> $@
else
	cp $(LOCK) $@
endif

$(VENV)/.for-fly: setup.py $(VENV)/lock.txt
	$(call install,$(FLY_EXTRAS))
	touch $@

$(VENV)/.for-test: setup.py $(VENV)/lock.txt
	$(call install,$(TEST_EXTRAS))
	touch $(VENV)/.for-fly $@

# Without build isolation, so that what is built here from source uses pinned tools and NumPy.
PIP := $(RUN)/python -m pip install --disable-pip-version-check $(PIP_ARGS)
define install
	$(PIP) --quiet --no-deps --require-hashes -r requirements/pybullet.txt
	$(PIP) --quiet -c $(VENV)/lock.txt setuptools wheel numpy
	$(PIP) -c $(VENV)/lock.txt --no-build-isolation -e '.[$(1)]'
	@$(RUN)/python -c 'import cv2' || { echo 'make: OpenCV cannot be loaded; install what it needs, on Debian and Ubuntu:' \
	  'sudo apt-get install $(DEBIAN_LIBRARIES)' >&2; exit 1; }
endef
