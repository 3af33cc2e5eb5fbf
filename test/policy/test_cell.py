# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The liquid core: a step is the sequence, dt matters, absent synapses stay absent."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.errors import ConfigError
from liquid_drone.policy.cell import WiredCfC
from liquid_drone.policy.wiring import auto_ncp


def make_cell(neurons: int = 19, features: int = 16, seed: int = 3) -> WiredCfC:
    return WiredCfC(auto_ncp(features, neurons, 4, 0.5, seed), seed=seed)


def roll(cell: WiredCfC, features: torch.Tensor, dt: torch.Tensor, state: torch.Tensor):
    motors, dense = [], cell.dense()
    for tick in range(features.shape[1]):
        motor, state = cell.step(features[:, tick], dt[:, tick], state, dense)
        motors.append(motor)
    return torch.stack(motors, dim=1), state


@settings(max_examples=25, deadline=None)
@given(
    ticks=st.integers(1, 12),
    batch=st.integers(1, 20),  # also as many as neurons: a wrong broadcast would pass unseen
    neurons=st.integers(6, 24),
    seed=st.integers(0, 1000),
)
def test_steps_equal_the_sequence(ticks, batch, neurons, seed):
    """Flight steps, training runs skewed: both must be one function, irregular dt included."""
    torch.manual_seed(seed)
    cell = make_cell(neurons=neurons, seed=seed)
    features, dt = torch.randn(batch, ticks, 16), torch.rand(batch, ticks) * 3 + 0.1
    state = torch.randn(batch, neurons) * 0.3
    motor, after = cell(features, dt, state)
    expected_motor, expected_after = roll(cell, features, dt, state)
    torch.testing.assert_close(motor, expected_motor, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(after, expected_after, atol=1e-5, rtol=1e-5)


def test_a_batch_of_different_dt_equals_the_single_runs():
    """Neighbours in a batch must not see each other's time (ncps mixes them up)."""
    cell = make_cell()
    features, dt = torch.randn(19, 5, 16), torch.rand(19, 5) * 3
    together, _ = cell(features, dt, torch.zeros(19, 19))
    for row in range(19):
        alone, _ = cell(features[row : row + 1], dt[row : row + 1], torch.zeros(1, 19))
        torch.testing.assert_close(together[row : row + 1], alone, atol=1e-5, rtol=1e-5)


def test_the_output_depends_on_dt():
    """A network that ignored the measured time would fly wrongly at another frame rate."""
    cell = make_cell()
    features = torch.randn(1, 4, 16)
    slow, _ = cell(features, torch.full((1, 4), 4.0), torch.zeros(1, 19))
    fast, _ = cell(features, torch.full((1, 4), 0.2), torch.zeros(1, 19))
    assert (slow - fast).abs().max() > 1e-3


def test_gradients_reach_every_weight_and_no_other():
    """Every stored weight is a synapse that exists and learns; absent ones are not stored."""
    cell = make_cell()
    motor, _ = cell(torch.randn(8, 6, 16), torch.ones(8, 6), torch.zeros(8, 19))
    (motor**2).sum().backward()
    for name, parameter in cell.named_parameters():
        assert parameter.grad is not None, name
        assert (parameter.grad != 0).all(), name
    stored = sum(source.values.numel() for source in cell.sources)
    assert stored == 4 * sum(int(mask.sum()) for mask in cell.wiring.masks)
    for source, mask in zip(cell.sources, cell.wiring.masks, strict=True):
        assert (source().detach().numpy()[:, ~mask] == 0).all()


def test_the_wiring_has_19_neurons_and_no_orphan():
    wiring = auto_ncp(128, 19, 4, 0.5, 22224)
    assert wiring.layers == (9, 6, 4)
    for mask in wiring.masks:
        assert mask.any(axis=0).all()  # every neuron hears something
    assert wiring.masks[0].any(axis=1).all()  # every feature is heard


def test_the_wiring_is_its_seed():
    first, again, other = (auto_ncp(32, 19, 4, 0.5, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first.masks, again.masks, strict=True))
    assert not np.array_equal(first.masks[0], other.masks[0])


@pytest.mark.parametrize(('neurons', 'sparsity'), [(5, 0.5), (19, 0.0), (19, 1.0)])
def test_a_wiring_that_cannot_be_is_refused(neurons, sparsity):
    with pytest.raises(ConfigError):
        auto_ncp(32, neurons, 4, sparsity, 0)
