# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Starts where something is in the way: seen, the same in every season, and really in the way."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.sim.scenario.scenario import Scenario, load_scenario
from liquid_drone.sim.scenario.task import Task
from liquid_drone.sim.world import routes
from liquid_drone.sim.world.layout import Layout, make_layout
from liquid_drone.sim.world.placement import Obstacles
from liquid_drone.sim.world.starts.in_the_way import beside_wanted, straight_flights

TRAINING = st.integers(0, 9_999)
STILL = routes.standing(np.zeros(2), 0.0)
LEAST_OF_SIX = 2  # places in which something can be in the way; four in the mean


def straight(layout: Layout, scenario: Scenario) -> tuple[float, float]:
    """Return the least gap and the least distance to the target of the flight straight at it."""
    gap_m, nearest_m = straight_flights(
        layout.start_position[None, :2], layout.route, layout.obstacles, scenario
    )
    return float(gap_m[0]), float(nearest_m[0])


@settings(max_examples=3, deadline=None)
@given(st.sampled_from(['forest', 'urban']), TRAINING)
def test_the_target_is_seen_from_the_start_and_a_season_moves_nothing(
    world: str, seed: int
) -> None:
    scenario = load_scenario(world, 'summer', task='in-the-way')
    layout = make_layout(scenario, seed)
    line = np.linspace(0.1, 1.0, 40)[:, None] * layout.start_position[:2]
    assert layout.obstacles.gap(line).min() > scenario.vehicle.radius_m
    away = float(np.hypot(*layout.start_position[:2]))
    assert 5.0 <= away <= 9.0
    to_target = np.arctan2(*-layout.start_position[1::-1])
    off = (to_target - layout.start_yaw + np.pi) % (2.0 * np.pi) - np.pi
    assert abs(np.degrees(off)) <= 25.0
    winter = make_layout(load_scenario(world, 'winter', task='in-the-way'), seed)
    assert np.array_equal(winter.start_position, layout.start_position)
    assert np.array_equal(winter.obstacles.circles, layout.obstacles.circles)
    again = make_layout(load_scenario(world, 'winter', task='follow'), seed)
    assert np.array_equal(again.route.position, layout.route.position)


@pytest.mark.parametrize('world', ['forest', 'urban'])
def test_who_flies_straight_meets_something_where_the_easy_task_is_free(world: str) -> None:
    easy, hard = (load_scenario(world, task=name) for name in ('follow', 'in-the-way'))
    seeds = range(9_500, 9_506)
    free = [straight(make_layout(easy, seed), easy)[0] for seed in seeds]
    met = [straight(make_layout(hard, seed), hard) for seed in seeds]
    in_the_way = [gap_m < 0.0 for gap_m, _ in met]
    assert sum(in_the_way) >= LEAST_OF_SIX
    assert sum(in_the_way) > sum(gap_m < 0.0 for gap_m in free)
    assert min(nearest_m for _, nearest_m in met) > hard.task.min_distance_m


@settings(max_examples=50, deadline=None)
@given(st.floats(2.0, 4.0), st.floats(-0.2, 0.2), st.floats(0.05, 0.3))
def test_a_post_on_the_line_is_met_and_one_aside_is_not(
    ahead_m: float, aside_m: float, radius_m: float
) -> None:
    scenario = load_scenario('forest', task='in-the-way')
    start = np.array([[-8.0, 0.0]])
    for far_m, is_met in ((aside_m, True), (1.5 + aside_m, False)):
        post = Obstacles(np.array([[-8.0 + ahead_m, far_m, radius_m]]), np.zeros((0, 5)))
        gap_m, nearest_m = straight_flights(start, STILL, post, scenario)
        assert (gap_m[0] < 0.0) == is_met
        expected = abs(far_m) - radius_m - scenario.vehicle.radius_m
        assert gap_m[0] == pytest.approx(expected, abs=0.05)
        assert nearest_m[0] == pytest.approx(scenario.task.keep_distance_m, abs=0.3)


@given(st.floats(-5.0, 20.0))
def test_a_gap_is_as_far_from_those_wanted_as_it_would_have_to_move(gap_m: float) -> None:
    off_m = float(beside_wanted(np.array([gap_m]))[0])
    moved = gap_m + off_m if gap_m < -0.3 else gap_m - off_m
    assert off_m >= 0.0
    assert -0.6 - 1e-9 <= moved <= -0.1 + 1e-9


def test_a_lane_has_nobody_to_fly_straight_at() -> None:
    lane = load_scenario('forest', task='lane').task
    with pytest.raises(ValueError, match='expected no lane'):
        dataclasses.replace(lane, in_the_way=True)
    assert not Task('mine').in_the_way
