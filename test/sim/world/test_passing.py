# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a train that passes hides the target for as long as it says, and meets nothing."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from liquid_drone.errors import ConfigError
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.scenario.task import load_task
from liquid_drone.sim.world import passing, tracks
from liquid_drone.sim.world.layout import make_layout
from liquid_drone.sim.world.routes import STEP_S

SEEDS = st.integers(0, 2**31 - 1)
PASSING = load_scenario(task='passing')
HALF_M = 0.71  # of a cart, along the train
WAITS_M = 1.6  # behind the train: whoever follows


def trains_of(seed, passing_s):
    task = PASSING.task.at_level(passing_s)
    scenario = dataclasses.replace(PASSING, task=task)
    way = tracks.draw_way(scenario, task.track, seed, 0.12)
    carts = passing.trains(task.track, way, seed)
    per_train = max(round(passing_s * passing.PASSES_M_S / passing.PITCH_M), 1)
    assert len(carts) % per_train == 0
    return task.track, way, [carts[i : i + per_train] for i in range(0, len(carts), per_train)]


def blocked_s(train, eye, way, begin_s, end_s):
    """Return for how long a train is in the line from a place to the target, between two times."""
    times = np.arange(len(way.heading)) * STEP_S
    frames = (times > begin_s) & (times < end_s)
    line, hidden = way.position - eye, np.zeros(len(times), bool)
    for cart in train:
        spot, angle = cart.route.position, cart.route.heading[0]
        along = np.array([math.cos(angle), math.sin(angle)])
        across = np.array([-along[1], along[0]])
        share = ((spot - eye) @ across) / np.where(
            np.abs(line @ across) < 1e-9, 1e-9, line @ across
        )
        met = eye + share[:, None] * line
        hidden |= (np.abs(((met - spot) * along).sum(axis=1)) < HALF_M + 0.02) & (
            (share > 0.0) & (share < 1.0)
        )
    return (hidden & frames).sum() * STEP_S


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, passing_s=st.floats(0.5, 6.0))
@example(seed=88076, passing_s=5.0)  # 5.55 s
def test_who_waits_behind_a_train_loses_sight_of_the_target_for_as_long_as_it_says(
    seed, passing_s
):
    _, way, trains = trains_of(seed, passing_s)
    times = [
        min(way.events_s, key=lambda t, one=train: np.linalg.norm(
            one[0].route.at(t)[0] - way.route.at(t)[0]))
        for train in trains
    ]  # fmt: skip
    for train, time_s in zip(trains, times, strict=True):
        spot, heading, _ = way.route.at(time_s)
        back = passing.CLEAR_M + WAITS_M
        eye = spot - back * np.array([math.cos(heading), math.sin(heading)])
        hidden_s = blocked_s(train, eye, way.route, time_s - 3.0, time_s + passing_s + 3.0)
        # the way winds: the longer a train, the further the target has left the line
        assert hidden_s == pytest.approx(passing_s, abs=0.15 + 0.03 * passing_s**2)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, passing_s=st.floats(0.5, 6.0))
def test_no_cart_meets_the_target_or_another_and_all_stand_off_its_way(seed, passing_s):
    track, way, trains = trains_of(seed, passing_s)
    assert len(trains) <= track.events  # who finds no room is left out
    for train in trains:
        for number, cart in enumerate(train):
            apart = np.linalg.norm(cart.route.position - way.route.position, axis=1)
            assert apart.min() > cart.target.radius_m + 0.3
            assert cart.starts_with_target
            assert not cart.is_alike
            for other in train[:number]:
                gap = np.linalg.norm(cart.route.position - other.route.position, axis=1)
                assert gap.min() >= passing.PITCH_M - 1e-6


def test_few_trains_find_no_room():
    found = sum(len(trains_of(seed, 2.0)[2]) for seed in range(40))
    assert found > 0.85 * 40 * PASSING.task.track.events


@settings(max_examples=6, deadline=None)
@given(seed=SEEDS, world=st.sampled_from(['forest', 'urban']))
def test_nothing_that_stands_is_in_a_trains_way(seed, world):
    layout = make_layout(load_scenario(world=world, task='passing'), seed)
    carts = [one for one in layout.distractors if one.target.name == passing.CART]
    for cart in carts:
        assert layout.obstacles.gap(cart.route.position[::5]).min() > cart.target.radius_m - 0.05


@pytest.mark.parametrize('other', ['hidden_s', 'turn_deg'])
def test_a_train_and_a_screen_are_refused_in_one_place(other):
    with pytest.raises(ValueError, match='a train needs the way for itself'):
        dataclasses.replace(PASSING.task.track, **{other: 2.0})
    with pytest.raises(ConfigError, match=r'at least 0\.5'):
        load_task('passing:0.1')
