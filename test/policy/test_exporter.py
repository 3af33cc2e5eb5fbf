# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What makes the export quick changes no graph and leaves nothing behind in PyTorch."""

import gc
import sys
from pathlib import Path

import pytest
import torch
from torch.onnx._internal.exporter import _registration

from liquid_drone.errors import ConfigError
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
