# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: who flies beside the policies gets to the target, and flies the same way again."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.evaluate import expert_flights
from liquid_drone.evaluate.pilots.belief import ConstantVelocity
from liquid_drone.evaluate.pilots.picture_pilots import MOST_SUM, Pid
from liquid_drone.sim.flight_spec import PILOTS
from liquid_drone.sim.scenario.scenario import load_scenario


@pytest.fixture(scope='module')
def scenario():
    whole = load_scenario(task='follow')
    return dataclasses.replace(
        whole, task=dataclasses.replace(whole.task, duration_s=3.0, settle_s=1.0)
    )


@pytest.mark.parametrize('pilot', PILOTS)
def test_every_pilot_flies_towards_a_target_in_view_and_the_same_way_again(scenario, pilot):
    logs = [expert_flights.fly(scenario, 10_401, pilot=pilot) for _ in range(2)]
    assert logs[0].trajectory_hash() == logs[1].trajectory_hash()
    assert logs[0].meta['through'] == pilot
    away = logs[0].column('target_position_enu') - logs[0].column('position_enu')
    distance = np.hypot(away[:, 0], away[:, 1])
    assert distance.min() < distance[0]
    assert not logs[0].collision


@pytest.mark.parametrize(('pilot', 'seed'), [('expert', 10_402), ('camera-expert', 10_403)])
def test_who_knows_of_a_train_waits_for_it_and_finds_the_target_again(pilot, seed):
    whole = load_scenario(task='passing')
    short = dataclasses.replace(whole.task, duration_s=24.0)
    log = expert_flights.fly(dataclasses.replace(whole, task=short), seed, pilot=pilot)
    assert not log.collision
    seen = log.column('target_pixels') >= short.min_target_pixels
    hidden = np.flatnonzero(~seen)
    assert len(hidden) > 20  # of 20 frames a second: it passed
    assert seen[hidden[-1] + 1 :].sum() > 20
    away = (log.column('target_position_enu') - log.column('position_enu'))[:, :2]
    assert np.hypot(*away.T)[-1] < 5.0


@given(
    place=st.tuples(st.floats(-20, 20), st.floats(-20, 20)),
    velocity=st.tuples(st.floats(-2, 2), st.floats(-2, 2)),
    hidden_s=st.floats(0.1, 4.0),
)
def test_a_belief_goes_on_with_the_velocity_that_was_seen(place, velocity, hidden_s):
    belief = ConstantVelocity()
    assert not belief.is_known
    start, speed = np.array(place), np.array(velocity)
    for step in range(60):
        belief.predict(step * 0.1)
        belief.see(start + speed * step * 0.1, step * 0.1)
    belief.predict(5.9 + hidden_s)
    error = np.linalg.norm(belief.place - (start + speed * (5.9 + hidden_s)))
    assert error < 0.05 + 0.05 * hidden_s


def test_an_integral_has_a_limit():
    pid = Pid((0.0, 1.0, 0.0))
    assert [pid.command(1.0, 1.0) for _ in range(5)][-1] == MOST_SUM
