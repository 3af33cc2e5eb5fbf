# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The liquid core: a step is the sequence, dt matters, absent synapses stay absent."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.policy.cells.base import Cell
from liquid_drone.policy.cells.wired import PRESETS, WiredCfC, WiredCfCOptions
from liquid_drone.policy.wiring import auto_ncp


def make_cell(neurons: int = 19, features: int = 16, seed: int = 3) -> WiredCfC:
    return WiredCfC(auto_ncp(features, neurons, 4, 0.5, seed), seed=seed)


def roll(cell: WiredCfC, features: torch.Tensor, dt: torch.Tensor, state: torch.Tensor):
    motors, laid = [], cell.weights()
    for tick in range(features.shape[1]):
        motor, state = cell.step(features[:, tick], state, dt[:, tick], laid)
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
    motor, after = cell(features, state, dt)
    expected_motor, expected_after = roll(cell, features, dt, state)
    torch.testing.assert_close(motor, expected_motor, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(after, expected_after, atol=1e-5, rtol=1e-5)


def test_a_batch_of_different_dt_equals_the_single_runs():
    """Neighbours in a batch must not see each other's time (ncps mixes them up)."""
    cell = make_cell()
    features, dt = torch.randn(19, 5, 16), torch.rand(19, 5) * 3 + 0.01
    together, _ = cell(features, torch.zeros(19, 19), dt)
    for row in range(19):
        alone, _ = cell(features[row : row + 1], torch.zeros(1, 19), dt[row : row + 1])
        torch.testing.assert_close(together[row : row + 1], alone, atol=1e-5, rtol=1e-5)


def test_the_output_depends_on_dt():
    """A network that ignored the measured time would fly wrongly at another frame rate."""
    cell = make_cell()
    features = torch.randn(1, 4, 16)
    slow, _ = cell(features, torch.zeros(1, 19), torch.full((1, 4), 4.0))
    fast, _ = cell(features, torch.zeros(1, 19), torch.full((1, 4), 0.2))
    assert (slow - fast).abs().max() > 1e-3


def test_gradients_reach_every_weight_and_no_other():
    """Every stored weight is a synapse that exists and learns; absent ones are not stored."""
    cell = make_cell()
    motor, _ = cell(torch.randn(8, 6, 16), torch.zeros(8, 19), torch.ones(8, 6))
    (motor**2).sum().backward()
    for name, parameter in cell.named_parameters():
        assert parameter.grad is not None, name
        assert (parameter.grad != 0).all(), name
    stored = sum(source.values.numel() for source in cell.sources)
    assert stored == 4 * sum(int(mask.sum()) for mask in cell.wiring.masks)
    for source, mask in zip(cell.sources, cell.wiring.masks, strict=True):
        assert (source().detach().numpy()[:, ~mask] == 0).all()


OPTIONS = {
    'own': WiredCfCOptions(),
    'no gate': WiredCfCOptions(mode='no_gate'),
    'lecun': WiredCfCOptions(head='lecun_tanh', mode='no_gate'),
    **PRESETS,
}


@pytest.mark.parametrize('name', OPTIONS)
def test_the_written_out_gradient_is_that_of_autograd(name):
    """The backward pass of the skewed sequence is ours: wrong ones train, only worse."""
    torch.manual_seed(1)
    cell = WiredCfC(auto_ncp(5, 8, 2, 0.5, 3), OPTIONS[name], seed=1).double()
    features = torch.randn(3, 5, 5, dtype=torch.double, requires_grad=True)
    state = (0.3 * torch.randn(3, 8, dtype=torch.double)).requires_grad_()
    dt = (torch.rand(3, 5, dtype=torch.double) + 0.2).requires_grad_()
    leaves = [features, state, dt, *cell.parameters()]

    def sums(outputs, after):
        return (outputs.square().sum() + (after * torch.arange(8.0)).sum(),)

    fast = torch.autograd.grad(sums(*cell(features, state, dt)), leaves)
    slow = torch.autograd.grad(sums(*Cell.scan(cell, features, state, dt)), leaves)
    for ours, plain in zip(fast, slow, strict=True):
        torch.testing.assert_close(ours, plain, atol=1e-11, rtol=1e-9)
    assert torch.autograd.gradcheck(lambda *given: cell(*given), (features, state, dt))


def test_one_tick_is_shorter_than_the_skew():
    """Every layer both begins and ends within the few steps of a short sequence."""
    cell = make_cell()
    features, dt, state = torch.randn(2, 1, 16), torch.rand(2, 1) + 0.1, torch.randn(2, 19)
    torch.testing.assert_close(cell(features, state, dt)[1], roll(cell, features, dt, state)[1])
