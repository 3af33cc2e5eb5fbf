# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: memory, a graphics card or a compiler that a training lacks is one sentence, exit 2.

Every other RuntimeError keeps its traceback: it is a fault of the program.
"""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.cli import main as program
from liquid_drone.cli.pytorch_error import told_of_pytorch
from liquid_drone.errors import ConfigError
from liquid_drone.learn import distributed, graphics_card, precision
from liquid_drone.learn.recipe import TrainConfig

COMPILED = """
import sys, torch
from liquid_drone.cli import main as program
from liquid_drone.policy.config import NetworkConfig, VisionConfig
from liquid_drone.policy.network import Network
network = Network(NetworkConfig(VisionConfig(convolutions=((8, 5, 4),), features=16)))
network.compile_encoder()
program.run_command = lambda _: network.vision.look(torch.zeros(2, 3, 36, 64))
sys.exit(program.main(['doctor']))
"""
NO_KERNEL = 'CUDA error: no kernel image is available for execution on the device'
ERRORS = {
    'memory of a card': (torch.OutOfMemoryError('CUDA out of memory. Tried'), 'device: cpu'),
    'a card': (torch.AcceleratorError('CUDA error: unspecified launch failure'), 'nvidia-smi'),
    'cuDNN': (RuntimeError('cuDNN error: CUDNN_STATUS_EXECUTION_FAILED'), 'nvidia-smi'),
    'an old card': (torch.AcceleratorError(NO_KERNEL), 'install a build for it'),
}


def fails(error: BaseException) -> object:
    def run(_: object) -> int:
        raise error

    return run


@pytest.mark.parametrize('name', sorted(ERRORS))
def test_a_card_that_fails_is_one_sentence(name, monkeypatch, capsys):
    error, words = ERRORS[name]
    monkeypatch.setattr(program, 'run_command', fails(error))
    assert program.main(['doctor']) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count('\n') == 1


def test_memory_that_is_not_there_is_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(program, 'run_command', lambda _: torch.empty(10**16))
    assert program.main(['doctor']) == 2
    assert 'there is not enough memory: lower' in capsys.readouterr().err


def test_a_compiler_that_is_not_there_is_one_sentence(tmp_path):
    done = subprocess.run(
        [sys.executable, '-c', COMPILED],
        env={'PATH': str(tmp_path), 'HOME': str(tmp_path), 'PYTHONPATH': str(repository())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]  # PyTorch logs before it raises
    assert last.startswith('liquid-drone: PyTorch cannot compile the encoder')
    assert 'install a C++ compiler' in last


@given(st.text(max_size=60))
def test_any_other_error_keeps_its_traceback(words):
    assert told_of_pytorch(RuntimeError(words)) is None
    assert told_of_pytorch(NotImplementedError(words)) is None


@pytest.mark.parametrize(
    ('found', 'words'),
    [(False, 'finds no graphics card'), (True, 'cannot compute on the graphics card')],
)
def test_auto_trains_on_the_processor_where_a_card_cannot_be_used(
    found, words, monkeypatch, caplog
):
    """PyTorch finds a card; this build has no code for it, as for one that is too old."""
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: found)
    graphics_card.why_no_card.cache_clear()
    if torch.version.cuda is not None and found:
        pytest.skip('this build has code for graphics cards')
    assert precision.device_of(TrainConfig()).type == 'cpu'
    assert (words in caplog.text) is found
    with pytest.raises(ConfigError, match=words):
        precision.device_of(TrainConfig(device='cuda'))
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 1)
    if found:  # of several processes none goes on alone
        with pytest.raises(ConfigError, match=words):
            distributed.use_card(TrainConfig(), 0)
    else:
        assert not distributed.use_card(TrainConfig(), 0)
    graphics_card.why_no_card.cache_clear()


def repository() -> Path:
    return Path(__file__).parents[2]
