# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What every cell of the registry promises, whatever it is."""

import numpy as np
import onnxruntime
import pytest
import torch

from liquid_drone.errors import ConfigError
from liquid_drone.policy.cells.base import Cell
from liquid_drone.policy.cells.registry import CELLS, make_cell
from liquid_drone.policy.config import CoreConfig, NetworkConfig, VisionConfig
from liquid_drone.policy.export import export_core
from liquid_drone.policy.network import Core, Network

FEATURES, NEURONS = 12, 19
VARIANTS = {
    **{name: CoreConfig(cell=name) for name in CELLS},
    **{
        f'{name}/{preset}': CoreConfig(cell=name, preset=preset)
        for name, entry in CELLS.items()
        for preset in entry.presets
    },
    'wired_cfc/pure': CoreConfig(options={'mode': 'pure'}),
    'wired_cfc/all': CoreConfig(readout='all'),
    'wired_cfc/no_gate': CoreConfig(options={'mode': 'no_gate'}),
    'cfc/pure': CoreConfig(cell='cfc', options={'mode': 'pure'}),
    'cfc/no_gate': CoreConfig(cell='cfc', options={'mode': 'no_gate', 'layers': 0}),
    'ltc/euler': CoreConfig(cell='ltc', options={'solver': 'euler', 'steps': 12}),
    'ltc/rk4': CoreConfig(cell='ltc', options={'solver': 'rk4', 'steps': 6}),
    'ltc/full': CoreConfig(cell='ltc', wiring='full'),
    'ltc/random': CoreConfig(cell='ltc', wiring='random'),
    'ct_rnn/rk4': CoreConfig(cell='ct_rnn', options={'solver': 'rk4'}),
    'lstm/time': CoreConfig(cell='lstm', options={'time_input': True}),
    'gru/time': CoreConfig(cell='gru', options={'time_input': True}),
}
ADAPTIVE = {
    name: CoreConfig(cell=name, options={'solver': 'dopri5'})
    for name in ('ltc', 'ct_rnn', 'gru_ode', 'ode_rnn')
}
EXPORTED = [  # an export takes seconds; test_keras.py exports a chahine2023
    *CELLS,
    'wired_cfc/pure',
    'lstm/time',
]
DEAF_TO_TIME = {'lstm', 'gru', 'tcn', 'mlp'}


def cell_of(name: str) -> Cell:
    return make_cell(
        {**VARIANTS, **{f'{n}/dopri5': c for n, c in ADAPTIVE.items()}}[name], FEATURES, 4
    )


def inputs(cell: Cell, batch: int, ticks: int, seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(batch, ticks, FEATURES, generator=generator)
    dt = torch.rand(batch, ticks, generator=generator) * 1.5 + 0.2
    state = 0.3 * torch.randn(batch, cell.state_size, generator=generator)
    return features, state, dt


def roll(cell: Cell, features, state, dt):
    outputs, laid = [], cell.weights()
    for tick in range(features.shape[1]):
        output, state = cell.step(features[:, tick], state, dt[:, tick], laid)
        outputs.append(output)
    return torch.stack(outputs, dim=1), state


@torch.no_grad()
@pytest.mark.parametrize('name', VARIANTS)
def test_steps_are_the_sequence(name):
    """Flight steps what training ran as a sequence: the published LTC and TCN fail this.

    500 steps for every cell, fewer for its variants.
    """
    cell = cell_of(name)
    features, state, dt = inputs(cell, 2, 500 if name in CELLS else 60)
    outputs, after = cell.sequence(features, state, dt)
    expected, expected_after = roll(cell, features, state, dt)
    torch.testing.assert_close(outputs, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(after, expected_after, atol=1e-5, rtol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize('name', EXPORTED)
def test_500_steps_in_onnx_runtime_are_the_sequence(name, tmp_path):
    network = Network(NetworkConfig(VisionConfig(features=FEATURES), VARIANTS[name])).eval()
    export_core(network, tmp_path / 'core.onnx')
    session = onnxruntime.InferenceSession(
        str(tmp_path / 'core.onnx'), providers=['CPUExecutionProvider']
    )
    features, _, ticks = inputs(network.cell, 2, 500)
    dt_s = (ticks * 0.05).clamp(0.005, 0.2)
    state = network.cell.zero_state(2)
    now, commands = state.numpy(), []
    for tick in range(500):
        given = {
            'features': features[:, tick].numpy(),
            'state': now,
            'dt': dt_s[:, tick].numpy(),
        }
        command, now = session.run(['command', 'next_state'], given)
        commands.append(command)
    motor, after = network.cell.sequence(features, state, network.ticks(dt_s))
    share = torch.clamp(network.read(motor) * network.config.core.motor_gain, -1, 1)
    expected = (share * network.limits).numpy()
    assert np.abs(np.stack(commands, axis=1) - expected).max() < 1e-5 * 2.0  # limits are 2 m/s
    np.testing.assert_allclose(now, after.numpy(), atol=1e-5, rtol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize('name', [*VARIANTS, *(f'{name}/dopri5' for name in ADAPTIVE)])
def test_no_sample_sees_its_neighbours_time(name):
    cell = cell_of(name)
    batch = cell.state_size if cell.state_size < 40 else 3  # a wrong broadcast would pass unseen
    features, state, dt = inputs(cell, batch, 4)
    together = cell.sequence(features, state, dt)[0]
    rows = [
        cell.sequence(features[k : k + 1], state[k : k + 1], dt[k : k + 1])[0]
        for k in range(min(batch, 5))
    ]
    torch.testing.assert_close(together[:5], torch.cat(rows), atol=1e-5, rtol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize('name', [name for name in VARIANTS if name not in DEAF_TO_TIME])
def test_time_counts(name):
    cell = cell_of(name)
    features, state, dt = inputs(cell, 1, 6)
    slow, fast = cell.sequence(features, state, dt)[0], cell.sequence(features, state, 3 * dt)[0]
    assert (slow - fast).abs().max() > 1e-4


@pytest.mark.parametrize('name', [*CELLS, 'cfc/pure', 'wired_cfc/pure'])
def test_gradients_of_512_steps_are_finite(name):
    cell = cell_of(name)
    features, state, dt = inputs(cell, 2, 512)
    cell.sequence(features.requires_grad_(), state, dt)[0].square().mean().backward()
    for which, parameter in [('features', features), *cell.named_parameters()]:
        assert parameter.grad is not None, which
        assert torch.isfinite(parameter.grad).all(), which


@pytest.mark.parametrize('name', CELLS)
def test_training_is_its_seed(name):
    def train() -> list[torch.Tensor]:
        cell = make_cell(CoreConfig(cell=name), FEATURES, 4)
        optimiser = torch.optim.Adam(cell.parameters(), 1e-2)
        for step in range(3):
            features, state, dt = inputs(cell, 4, 8, step)
            optimiser.zero_grad()
            cell.sequence(features, state, dt)[0].square().mean().backward()
            optimiser.step()
            cell.constrain()
        return [parameter.detach() for parameter in cell.parameters()]

    for once, again in zip(train(), train(), strict=True):
        assert torch.equal(once, again)


@torch.no_grad()
@pytest.mark.parametrize('name', ADAPTIVE)
def test_finer_fixed_steps_approach_the_adaptive_solver(name):
    """All solvers solve one equation: Runge-Kutta must find what Dormand-Prince finds."""
    fine = make_cell(CoreConfig(cell=name, options={'solver': 'rk4', 'steps': 64}), FEATURES, 4)
    adaptive = make_cell(
        CoreConfig(cell=name, options={'solver': 'dopri5', 'tolerance': 1e-6}), FEATURES, 4
    )
    features, state, dt = inputs(fine, 3, 5)
    one, other = (cell.sequence(features, state, dt)[0] for cell in (fine, adaptive))
    torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_an_adaptive_solver_is_not_exported(tmp_path):
    config = CoreConfig(cell='ct_rnn', options={'solver': 'dopri5'})
    network = Network(NetworkConfig(VisionConfig(features=FEATURES), config)).eval()
    with pytest.raises(ConfigError, match="choose solver 'rk4' or 'euler'"):
        export_core(network, tmp_path / 'core.onnx')


@pytest.mark.parametrize('name', CELLS)
def test_bad_shapes_and_times_are_named(name):
    cell = cell_of(name)
    features, state, dt = inputs(cell, 2, 3)
    with pytest.raises(ConfigError, match=rf'features \(B, T, {FEATURES}\)'):
        cell.sequence(features[..., 1:], state, dt)
    with pytest.raises(ConfigError, match=rf'state \(B, {cell.state_size}\)'):
        cell.sequence(features, state[:1], dt)
    with pytest.raises(ConfigError, match=r'dt \(B, T\)'):
        cell.sequence(features, state, dt[:, 0])
    with pytest.raises(ConfigError, match='at least one of each'):
        cell.sequence(features[:, :0], state, dt[:, :0])
    for bad in (0.0, -0.5, float('nan')):
        with pytest.raises(ConfigError, match='dt > 0'):
            cell.step(features[:, 0], state, torch.tensor([1.0, bad]))


@pytest.mark.parametrize(
    ('config', 'words'),
    [
        (CoreConfig(cell='cfg'), "unknown cell 'cfg': expected one of wired_cfc, cfc"),
        (CoreConfig(preset='ncp'), "unknown preset 'ncp' of cell wired_cfc"),
        (CoreConfig(cell='gru', preset='ncps'), 'expected one of none'),
        (CoreConfig(options={'mod': 'pure'}), "unknown field 'mod'; expected mode"),
        (CoreConfig(options={'mode': 'fast'}), 'expected one of default, no_gate, pure'),
        (CoreConfig(cell='ltc', options={'steps': 0}), 'expected steps >= 1'),
    ],
)
def test_unknown_choices_are_named(config, words):
    with pytest.raises(ConfigError, match=words):
        make_cell(config, FEATURES, 4)


@torch.no_grad()
def test_a_core_steps_as_its_network():
    """The graph that flies lays weights out once; the answer must be that of the cell."""
    for name in CELLS:
        config = NetworkConfig(VisionConfig(features=FEATURES), CoreConfig(cell=name))
        network = Network(config).eval()
        features, _, dt = inputs(network.cell, 3, 1)
        state = network.cell.zero_state(3)
        command, _ = Core(network)(features[:, 0], state, 0.05 * dt[:, 0])
        motor, _ = network.cell.step(features[:, 0], state, network.ticks(0.05 * dt[:, 0]))
        share = torch.clamp(network.read(motor) * network.config.core.motor_gain, -1, 1)
        torch.testing.assert_close(command, share * network.limits)
