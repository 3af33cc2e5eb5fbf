# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``make`` in a checkout that was moved, copied or linked, wherever it lies."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = [b'plain', b'my drone', b"it's $HOME", b'caf\xe9', b'a&b(c);d', b'[x]*']


def checkout(place: Path, made_in: Path | None) -> Path:
    """Make what ``make`` looks at: with an environment of another place, or none."""
    (place / 'requirements').mkdir(parents=True)
    for name in ('Makefile', 'setup.py', 'requirements/lock.txt'):
        shutil.copy(ROOT / name, place / name)
    if made_in is not None:
        tools = place / '.venv' / 'bin'
        tools.mkdir(parents=True)
        for name in ('.made', 'lock.txt', '.for-fly'):
            (place / '.venv' / name).write_text('')
        (tools / 'python').symlink_to(sys.executable)
        interpreter = os.fsencode(made_in / '.venv/bin/python')
        (tools / 'pip').write_bytes(b"#!/bin/sh\n'''exec' \"" + interpreter + b'" "$0" "$@"\n')
    return place


def told(place: Path) -> str:
    """Return what ``make fly`` would do."""
    command = ['make', '-n', 'fly', 'PYTHON=python3']
    environment = {key: value for key, value in os.environ.items() if not key.startswith('MAKE')}
    done = subprocess.run(
        command, cwd=place, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize('name', PLACES, ids=repr)
def test_an_environment_of_another_place_is_made_anew(name: bytes, tmp_path: Path) -> None:
    """It ran the code of the checkout that it was copied from, or ended with ``Error 127``."""
    at_home, copied = (tmp_path / where / os.fsdecode(name) for where in ('home', 'copy'))
    checkout(at_home, at_home)
    checkout(copied, at_home)
    assert 'venv' not in told(at_home).replace('.venv', '')
    assert 'venv --clear' in told(copied)


def test_an_environment_whose_python_is_gone_is_made_anew(tmp_path: Path) -> None:
    place = checkout(tmp_path / 'here', tmp_path / 'here')
    (place / '.venv/bin/python').unlink()
    (place / '.venv/bin/python').symlink_to('/nowhere/python3')
    assert 'venv --clear' in told(place)


def test_a_link_to_a_checkout_is_that_checkout(tmp_path: Path) -> None:
    place = checkout(tmp_path / 'here', tmp_path / 'here')
    (tmp_path / 'link').symlink_to(place)
    assert '--clear' not in told(tmp_path / 'link')


def test_an_environment_of_the_users_own_is_not_emptied(tmp_path: Path) -> None:
    place = checkout(tmp_path / 'here', tmp_path / 'elsewhere')
    (place / '.venv/.made').unlink()
    assert 'python3 -m venv' in told(place)
    assert '--clear' not in told(place)
    assert '--clear' not in told(checkout(tmp_path / 'new', None))


@pytest.mark.parametrize('name', ['PIP_USER', 'PIP_TARGET', 'PIP_PREFIX', 'PIP_ROOT'])
def test_pip_is_told_to_install_into_the_environment(name: str, tmp_path: Path) -> None:
    """Where a profile or a pip.conf says 'for the user', nothing was installed, or elsewhere.

    A variable of pip's counts more than its configuration files.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith('MAKE')}
    done = subprocess.run(
        ['make', '-s', '--eval=asked: ; @env', 'asked', 'PYTHON=python3'],
        cwd=checkout(tmp_path / 'here', tmp_path / 'here'),
        env={**environment, name: '1'},
        capture_output=True,
        text=True,
        check=True,
    )
    told = [line for line in done.stdout.splitlines() if line.startswith('PIP_')]
    assert 'PIP_USER=0' in told
    assert name == 'PIP_USER' or not any(line.startswith(name) for line in told)
