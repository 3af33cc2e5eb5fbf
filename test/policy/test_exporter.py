# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What makes the export quick changes no graph and leaves nothing behind in PyTorch."""

import errno
import gc
import os
import sys
from pathlib import Path

import pytest
import torch
from torch.onnx._internal.exporter import _registration

from liquid_drone.contract import Training
from liquid_drone.errors import ConfigError, OutputError
from liquid_drone.policy import export
from liquid_drone.policy.config import CoreConfig, NetworkConfig, VisionConfig
from liquid_drone.policy.network import Network


def network(cell: str, **options: str) -> Network:
    torch.manual_seed(0)
    core = CoreConfig(cell=cell, options=options)
    return Network(NetworkConfig(VisionConfig(features=8), core)).eval()


def test_operators_are_read_once_and_the_graph_is_that_of_a_fresh_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PyTorch that has its table elsewhere exports as ever, and that graph is the measure."""
    table, read = _registration.ONNXRegistry, list[int]()
    theirs = table.from_torchlib

    def counted(opset_version: int) -> _registration.ONNXRegistry:
        read.append(opset_version)
        return theirs(opset_version=opset_version)

    monkeypatch.setattr(table, 'from_torchlib', staticmethod(counted))
    for name in ('first', 'again'):
        export.export_core(network('mlp'), tmp_path / name)
    assert read == [export.OPSET]
    monkeypatch.setitem(sys.modules, _registration.__name__, None)
    export.export_core(network('mlp'), tmp_path / 'fresh')
    assert read == [export.OPSET] * 2
    graphs = {name: (tmp_path / name).read_bytes() for name in ('first', 'again', 'fresh')}
    assert graphs['first'] == graphs['again'] == graphs['fresh']


@pytest.mark.parametrize('collects', [True, False])
def test_an_export_that_fails_leaves_pytorch_as_it_was(tmp_path: Path, collects: bool) -> None:
    before, was = vars(_registration.ONNXRegistry)['from_torchlib'], gc.isenabled()
    try:
        (gc.enable if collects else gc.disable)()
        with pytest.raises(ConfigError, match='choose solver'):
            export.export_core(network('ct_rnn', solver='dopri5'), tmp_path / 'core.onnx')
        assert gc.isenabled() is collects
    finally:
        (gc.enable if was else gc.disable)()
    assert vars(_registration.ONNXRegistry)['from_torchlib'] is before


@pytest.mark.parametrize('depth', [1, 2, 3])
@pytest.mark.parametrize('is_cause', [True, False])
def test_an_export_that_is_interrupted_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, depth: int, is_cause: bool
) -> None:
    """Where PyTorch wraps Ctrl-C in errors of its own, it ended in a traceback, with code 1."""

    def interrupted(*_: object, **__: object) -> None:
        error: BaseException = KeyboardInterrupt()
        for _ in range(depth):
            outer = torch.onnx.errors.OnnxExporterError('Refer to the full stack trace above')
            setattr(outer, '__cause__' if is_cause else '__context__', error)
            error = outer
        raise error

    monkeypatch.setattr(torch.onnx, 'export', interrupted)
    with pytest.raises(KeyboardInterrupt):
        export.export_core(network('mlp'), tmp_path / 'core.onnx')


@pytest.mark.parametrize('code', [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """A minute's work later it was told, too."""

    def full(number: int, begin: int, size: int) -> None:
        assert size > 100
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, 'posix_fallocate', full)
    monkeypatch.setattr(torch.onnx, 'export', lambda *_, **__: pytest.fail('it was exported'))
    with pytest.raises(OutputError, match=os.strerror(code)):
        export.export(network('mlp'), 'a', Training(), tmp_path / 'a')
    assert list(tmp_path.iterdir()) == []
