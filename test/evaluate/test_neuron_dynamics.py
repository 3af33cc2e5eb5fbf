# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Looking into a network: the replayed flight is the flown one, time constants are right."""

import math

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone import resources
from liquid_drone.cli.main import main
from liquid_drone.errors import EpisodeError
from liquid_drone.evaluate.neuron_dynamics import (
    expressivity,
    memory_of,
    path_length,
    principal,
    replay,
)
from liquid_drone.policy.cells.registry import make_cell
from liquid_drone.policy.config import CoreConfig, NetworkConfig
from liquid_drone.policy.export import roll
from liquid_drone.policy.network import Network
from liquid_drone.policy.weights import config_of, load_weights_of, save_weights
from liquid_drone.request import RequestSpec, requested
from liquid_drone.runtime.runner import PolicyRunner
from liquid_drone.sim.flight_log import COLUMNS, FlightLog


@pytest.fixture(scope='module')
def log() -> FlightLog:
    """Twelve frames, of which the policy flew the last ten; the pictures are lossless."""
    made = FlightLog({'target': 'none'}, np.zeros((0, 3)))
    rng = np.random.default_rng(0)
    for k in range(12):
        coarse = rng.integers(0, 256, (9, 16, 3), dtype=np.uint8)
        image = coarse.repeat(16, 0).repeat(16, 1)
        row = {name: np.zeros(shape, kind) for name, (shape, kind) in COLUMNS.items()}
        stamp_ns = 10**9 + 50_000_000 * k
        row |= {'stamp_ns': stamp_ns, 'exposed_ns': stamp_ns, 'following': k >= 2}
        row |= {'request': np.full(3, np.nan)}
        row |= {'target_bearing': 0.0 if k < 7 else 0.5, 'target_pixels': 40 if k >= 7 else 0}
        made.append(cv2.imencode('.png', image[:, :, ::-1])[1].tobytes(), **row)
    return made


@pytest.mark.parametrize(
    'config',
    [NetworkConfig(), NetworkConfig(request=RequestSpec(), belief=True, memory=True)],
    ids=['plain', 'memory'],
)
def test_the_replay_is_what_the_network_answers_step_by_step(log, config):
    torch.manual_seed(0)
    network = Network(config).eval()
    activity = replay(network, log)
    images = [cv2.imdecode(np.frombuffer(j, np.uint8), 1)[:, :, ::-1] for j in log.jpegs[2:]]
    spec = config.request
    usual = None if spec is None else torch.tensor([spec.defaults] * 10)
    shown = torch.from_numpy(np.stack(images)), torch.full((10,), 0.05)
    commands, *_ = roll(network, *shown, usual)
    np.testing.assert_allclose(activity.commands, commands.numpy(), atol=1e-5)
    assert activity.states.shape == (10, 19)
    assert activity.memory_s.shape == (2, 19)
    assert activity.seconds[-1] == pytest.approx(0.45)
    assert np.isnan(activity.bearing[:5]).all()  # the target is not in the picture: no bearing
    assert (activity.bearing[5:] == 0.5).all()


@pytest.fixture(scope='module')
def asked_of():
    """A network that takes requests, and its bundle as it flies."""
    network = Network(config_of('follow-memory')).eval()
    runner = PolicyRunner(resources.bundle('follow-memory'))
    return load_weights_of(network, 'follow-memory'), runner


@settings(max_examples=12, deadline=None)
@given(
    asked=st.lists(
        st.sampled_from([(math.nan,) * 3, (6.0, math.nan, 0.9), (2.5, 0.5, math.nan)]),
        min_size=10, max_size=10,
    )
)  # fmt: skip
def test_the_replay_is_of_what_was_asked_for(log, asked_of, asked):
    """It was always that of a flight which nothing is asked of, and without a largest speed."""
    network, runner = asked_of
    flown, commands = FlightLog(log.meta, log.obstacles), []
    for row, jpeg in enumerate(log.jpegs):
        values = {name: log.column(name)[row] for name in COLUMNS}
        flown.append(jpeg, **{**values, 'request': asked[max(row - 2, 0)]})
        if row < 2:
            continue
        runner.ask(requested(asked[row - 2]))
        if row == 2:
            runner.reset()
        image = np.ascontiguousarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), 1)[:, :, ::-1])
        commands.append(runner.step(image, values['exposed_ns'] * 1e-9).command)
    np.testing.assert_allclose(replay(network, flown).commands, commands, atol=1e-4)


def test_a_flight_without_the_policy_is_refused(log):
    with pytest.raises(EpisodeError, match='did not fly'):
        replay(Network(NetworkConfig()), FlightLog(log.meta, log.obstacles))


def test_the_time_constant_is_that_of_the_equation():
    """A CT-RNN without synapses among its neurons: dh/ds = -leak h, so tau is 1 / leak."""
    options = {'solver': 'rk4', 'steps': 20}
    cell = make_cell(CoreConfig(cell='ct_rnn', neurons=3, options=options), 2, 4)
    with torch.no_grad():
        cell.recurrent.weight.zero_()
        cell.leak.copy_(torch.tensor([0.5, 0.1, 2.0]))
    found = memory_of(cell, torch.zeros(1, 2), torch.zeros(1, 3), torch.ones(1))
    np.testing.assert_allclose(found, [10.0, 2.0, 0.5], rtol=1e-3)


def test_lengths():
    square = np.array([[0, 0, 5], [1, 0, 5], [1, 1, 5], [0, 1, 5], [0, 0, 5]], dtype=float)
    assert path_length(square) == 4.0
    assert path_length(principal(square)) == pytest.approx(4.0)
    short, long = (expressivity('ct_rnn', 8, scale, 1) for scale in (0.25, 4.0))
    assert 0.0 < short < long


def test_the_command_draws(log, tmp_path, capsys):
    torch.manual_seed(0)
    save_weights(Network(NetworkConfig()), tmp_path)
    log.save(tmp_path / 'episode')
    line = ['draw', '--bundle', str(tmp_path), '--flight', str(tmp_path / 'episode')]
    assert main([*line, '--out', str(tmp_path / 'out')]) == 0
    for name in ('wiring', 'neurons', 'phases', 'memory'):
        picture = cv2.imread(str(tmp_path / 'out' / f'{name}.png'))
        assert picture.std() > 5.0, name  # not empty
    assert 'wiring.png' in capsys.readouterr().out
