# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A silent neuron is silent in flight, flights without it are told apart, and counts are right."""

from dataclasses import replace

import numpy as np
import pytest

from liquid_drone import resources
from liquid_drone.contract import COMMAND_NAMES
from liquid_drone.errors import ConfigError
from liquid_drone.evaluate.flights_file import Flown, flight_id
from liquid_drone.evaluate.knock_out.effects import effect, neuron_names, silences, table
from liquid_drone.evaluate.plots.knock_out import draw_effects
from liquid_drone.evaluate.protocol import TRIAL, Trial, _write_trial, identity
from liquid_drone.evaluate.replay.finding import FoundFlight, trial_of
from liquid_drone.evaluate.scoring import FlightScore
from liquid_drone.policy.network import Network
from liquid_drone.policy.weights import config_of
from liquid_drone.runtime.runner import PolicyRunner
from liquid_drone.runtime.silence import Silence
from liquid_drone.sim.flight_spec import FlightSpec

FOLLOW = resources.bundle('follow')


def answers(silence):
    runner = PolicyRunner(FOLLOW, check_parity=False)
    if silence is not None:
        runner.silence(silence)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, size=(4, 144, 256, 3), dtype=np.uint8)
    commands = np.array([runner.step(image, 0.05 * n).command for n, image in enumerate(images)])
    return commands, runner._state


def test_a_silent_neuron_reaches_neither_the_next_tick_nor_its_command():
    plain, state = answers(None)
    assert state[0, 3] != 0.0
    inner, after = answers(Silence(3))
    assert after[0, 3] == 0.0
    assert np.array_equal(inner[0], plain[0])  # the first tick begins with zeros anyway
    assert not np.array_equal(inner[1:], plain[1:])
    motor, _ = answers(Silence(18, 3))
    assert not motor[:, 3].any()
    assert motor[:, :3].any(axis=0).all()
    with pytest.raises(ConfigError, match='expected 0 to 18'):
        answers(Silence(19))


def test_flights_without_a_neuron_have_ids_and_trials_of_their_own(tmp_path):
    whole = Trial(FlightSpec(), FOLLOW)
    silent = replace(whole, silence=Silence(18, 3))
    assert 'silent neuron' not in identity(whole)
    who = identity(silent)
    assert flight_id(who, 1) != flight_id(identity(whole), 1)
    _write_trial(tmp_path, silent)
    assert (tmp_path / TRIAL).is_file()
    found = FoundFlight('x', who, Flown(score(1, 1.0), '0'), tmp_path)
    assert trial_of(found) == silent


def score(seed, share, success=True):
    return FlightScore(seed, success, (), 45.0, share, 0, None, 2, 3, 4, None, 1)


def test_effects_are_paired_by_seed(tmp_path):
    whole = [Flown(score(1, 0.9), 'a'), Flown(score(2, 1.0), 'b')]
    without = [Flown(score(2, 0.4, False), 'c'), Flown(score(1, 0.8), 'd')]
    one = effect('motor 3', whole, without)
    assert (one.successes, one.flights) == (1, 2)
    assert (one.lost, one.worst, one.in_view) == pytest.approx((0.35, 0.6, 0.6))
    text = table(whole, [replace(one, name='inter 0', lost=0.0), one])
    assert text.index('motor 3') < text.index('inter 0')
    draw_effects([one], 'title', tmp_path / 'knock-out.png')
    assert (tmp_path / 'knock-out.png').stat().st_size > 1000
    with pytest.raises(ValueError, match='the same seeds'):
        effect('x', whole, without[:1])


def test_every_neuron_has_a_name_and_motor_neurons_their_command():
    network = Network(config_of('follow'))
    names = neuron_names(network.wiring, network.cell.state_size, True)
    assert len(set(names)) == 19
    assert names[-1] == f'{network.wiring.names[-1]} 3 ({COMMAND_NAMES[-1]})'
    axes = [one.axis for one in silences(19, True)]
    assert axes == [None] * 15 + [0, 1, 2, 3]
    assert {one.axis for one in silences(19, False)} == {None}
    assert neuron_names(None, 2, False) == ['state 0', 'state 1']
