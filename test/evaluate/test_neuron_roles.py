# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A probe finds what is in the state and nothing else; a silent neuron changes what it drives."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.evaluate.neuron_dynamics import commands_without, replay, show
from liquid_drone.evaluate.neuron_roles import explained, roles_of
from liquid_drone.evaluate.plots.roles import draw_roles
from liquid_drone.policy.config import CoreConfig, NetworkConfig
from liquid_drone.policy.network import Network
from liquid_drone.sim.flight_log import COLUMNS, FlightLog


@pytest.fixture(scope='module')
def log() -> FlightLog:
    made, rng = FlightLog({'target': 'none'}, np.zeros((0, 3))), np.random.default_rng(0)
    for k in range(24):
        image = rng.integers(0, 256, (9, 16, 3), dtype=np.uint8).repeat(16, 0).repeat(16, 1)
        row = {name: np.zeros(shape, kind) for name, (shape, kind) in COLUMNS.items()}
        row |= {'stamp_ns': 10**9 + 50_000_000 * k, 'exposed_ns': 10**9 + 50_000_000 * k}
        row |= {'following': True, 'target_pixels': int(k % 4 > 0), 'target_bearing': 0.04 * k}
        row |= {'target_position_enu': np.array([2.0 + 0.1 * k, 0.0, 0.0])}
        made.append(cv2.imencode('.png', image)[1].tobytes(), **row)
    return made


@given(st.integers(0, 99), st.floats(-5, 5), st.floats(0.1, 5))
def test_a_probe_finds_what_is_linear_in_the_state_and_no_noise(seed, shift, scale):
    rng = np.random.default_rng(seed)
    states, noise = rng.normal(size=(400, 5)), rng.normal(size=400)
    assert explained(scale * states + shift, states @ np.arange(5.0) + shift) > 0.99
    assert explained(states, noise) < 0.1
    half = states @ np.ones(5) / np.sqrt(5) + noise
    assert explained(states, half) == pytest.approx(0.5, abs=0.15)


def test_what_never_varies_or_is_never_known_is_nan():
    states = np.random.default_rng(0).normal(size=(50, 2))
    assert np.isnan(explained(states, np.ones(50)))
    assert np.isnan(explained(states, np.full(50, np.nan)))


def test_nothing_silent_is_the_flight_and_each_neuron_is_missed_where_it_leads(log, tmp_path):
    torch.manual_seed(0)
    network = Network(NetworkConfig(core=CoreConfig(cell='gru', neurons=6))).eval()
    whole, shown = replay(network, log), show(network, log)
    np.testing.assert_allclose(commands_without(network, shown, None), whole.commands, atol=1e-6)
    one = commands_without(network, shown, 2)
    np.testing.assert_allclose(one[0], whole.commands[0], atol=1e-6)  # the first tick has no past
    assert np.abs(one - whole.commands).max() > 1e-5
    roles = roles_of(network, log)
    assert roles.missed.shape == (6, 4)
    expected = np.sqrt(np.mean((one - whole.commands) ** 2, axis=0)) / network.limits.numpy()
    np.testing.assert_allclose(roles.missed[2], expected, rtol=1e-4)
    draw_roles(roles, None, tmp_path / 'roles.png')
    assert (tmp_path / 'roles.png').stat().st_size > 5_000


def test_a_motor_neuron_of_a_wired_network_is_missed_as_its_whole_command(log):
    torch.manual_seed(0)
    network = Network(NetworkConfig()).eval()
    whole, roles = replay(network, log), roles_of(network, log)
    expected = np.sqrt(np.mean(whole.commands**2, axis=0)) / network.limits.numpy()
    np.testing.assert_allclose(np.diag(roles.missed[15:]), expected, rtol=1e-4)
