# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What half precision holds exactly is stored in it; the answers stay the same to the last bit."""

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.contract import Training
from liquid_drone.policy.config import NetworkConfig
from liquid_drone.policy.export import export, export_half
from liquid_drone.policy.half_weights import LEAST, as_half, round_weights
from liquid_drone.policy.network import Network
from liquid_drone.policy.weights import load_weights_of
from liquid_drone.runtime.runner import PolicyRunner

TRAINING = Training(target='red_backpack', worlds=('forest',), seasons=('summer',))


def network():
    torch.manual_seed(3)
    return Network(NetworkConfig())


@given(
    scale=st.sampled_from([1e-9, 1e-4, 1.0, 1e4, 1e9]),
    rounded=st.booleans(),
    size=st.sampled_from([10, LEAST, LEAST + 1, 20_000]),
    seed=st.integers(0, 99),
)
def test_only_what_loses_nothing_is_stored_in_half(scale, rounded, size, seed):
    values = (np.random.default_rng(seed).normal(size=size) * scale).astype(np.float32)
    with np.errstate(over='ignore'):
        values = values.astype(np.float16).astype(np.float32) if rounded else values
    half = as_half(values)
    if half is not None:
        assert np.array_equal(half.astype(np.float32), values)
        assert size > LEAST
    elif size > LEAST:
        with np.errstate(over='ignore'):
            assert not np.array_equal(values.astype(np.float16).astype(np.float32), values)


def test_a_rounded_bundle_is_half_as_large_and_answers_as_its_network(tmp_path):
    whole, half = tmp_path / 'whole', tmp_path / 'half'
    export(network(), 'whole', TRAINING, whole, retrainable=True)
    export_half(whole, half)
    sizes = [(one / 'vision.onnx').stat().st_size for one in (whole, half)]
    assert sizes[1] < 0.65 * sizes[0]
    assert (half / 'weights.npz').stat().st_size < 0.65 * (whole / 'weights.npz').stat().st_size
    assert PolicyRunner(half).check_parity() < 1e-4
    rounded = network()
    round_weights(rounded)
    again = load_weights_of(network(), str(half))
    for name, value in rounded.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name
    graph = onnx.load(half / 'vision.onnx').graph
    large = [one for one in graph.initializer if np.prod(one.dims) > LEAST]
    assert large
    assert {one.data_type for one in large} == {onnx.TensorProto.FLOAT16}


def test_weights_that_half_cannot_hold_stay_single(tmp_path):
    export(network(), 'whole', TRAINING, tmp_path / 'whole')
    graph = onnx.load(tmp_path / 'whole' / 'vision.onnx').graph
    assert {one.data_type for one in graph.initializer} <= {
        onnx.TensorProto.FLOAT, onnx.TensorProto.INT64, onnx.TensorProto.INT32,
    }  # fmt: skip


@pytest.mark.parametrize(
    'given', [['--half'], ['--bundle', 'follow', '--half', '--threshold', '0.6']]
)
def test_half_needs_a_bundle_and_nothing_else(given, tmp_path, capsys):
    from liquid_drone.cli.main import main

    assert main(['export', *given, '--out', str(tmp_path / 'out')]) != 0
    assert '--bundle' in capsys.readouterr().err
