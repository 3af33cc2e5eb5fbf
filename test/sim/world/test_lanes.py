# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a lane is there in every world and season, the same, and the expert keeps to it."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone import resources
from liquid_drone.evaluate.expert_flights import fly
from liquid_drone.evaluate.scoring import along_lane, score
from liquid_drone.sim.expert import pursuit
from liquid_drone.sim.render.picture import Camera
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.scenario.task import Task
from liquid_drone.sim.simulator import Simulator, Truth
from liquid_drone.sim.world.lanes import FAR_M, LaneMiddle
from liquid_drone.sim.world.layout import make_layout

SEEDS = st.integers(0, 2**31 - 1)
WORLDS = resources.names('sim/worlds')


@settings(max_examples=12, deadline=None)
@given(seed=SEEDS)
@pytest.mark.parametrize('world', WORLDS)
def test_the_lane_of_a_seed_is_the_same_in_every_season_and_nobody_walks_it(world, seed):
    lanes = []
    for season in ('summer', 'winter'):
        scenario = load_scenario(world, season, 'lane', 'lane')
        layout = make_layout(scenario, seed)
        lanes.append(layout.route.position)
        assert np.hypot(*layout.target.route.position[0]) > FAR_M
        middle = LaneMiddle(layout.route.position)
        index, aside = middle.nearest(layout.start_position[:2])
        assert aside <= scenario.task.lane.start_aside_m + 0.06
        heading = math.atan2(*(middle.points[index + 2] - middle.points[index])[::-1])
        off = (layout.start_yaw - heading + math.pi) % (2.0 * math.pi) - math.pi
        assert abs(off) <= math.radians(scenario.task.start_bearing_deg + 8.0)
        room = layout.obstacles.gap(middle.points[:450]).min()
        assert room > scenario.vehicle.radius_m
    assert np.array_equal(*lanes)


@settings(max_examples=12, deadline=None)
@given(seed=SEEDS)
def test_a_lane_of_the_town_goes_straight_on_at_every_crossing(seed):
    layout = make_layout(load_scenario('urban', 'summer', 'lane', 'lane'), seed)
    turned = np.ptp(layout.route.heading)
    assert turned < 1e-6


@given(turn=st.floats(-0.2, 0.2), aside=st.floats(-0.9, 0.9), along=st.floats(5.0, 40.0))
def test_the_nearest_point_and_the_way_of_an_arc_are_found(turn, aside, along):
    steps = np.arange(0.0, 60.0, 0.3)
    headings = np.minimum(turn * steps, 1.5) if turn > 0 else np.maximum(turn * steps, -1.5)
    line = np.cumsum(0.3 * np.stack([np.cos(headings), np.sin(headings)], axis=1), axis=0)
    middle = LaneMiddle(line)
    index = round(along / 0.1)
    ahead = middle.points[index + 1] - middle.points[index - 1]
    left = np.array([-ahead[1], ahead[0]]) / np.linalg.norm(ahead)
    found, away = middle.nearest(middle.points[index] + aside * left)
    assert abs(found - index) <= 2
    assert away == pytest.approx(abs(aside), abs=0.02)
    again = LaneMiddle(np.array(middle.stored()))
    assert again.nearest(middle.points[index] + aside * left)[1] == pytest.approx(away, abs=0.06)


@given(bearing=st.floats(-3.1, 3.1), away=st.floats(0.5, 5.0))
def test_pursuit_turns_to_the_point_ahead_along_an_arc(bearing, away):
    place = away * np.array([math.cos(bearing), math.sin(bearing), 0.0])
    still = np.zeros(3)
    truth = Truth(0, still, still, np.array([0, 0, 0, 1.0]), still, place, still, False, False)
    turn = pursuit(truth, 0.0, 1.5)
    assert turn * bearing >= 0.0
    if abs(bearing) < math.pi / 2.0:  # the arc from the origin along x that goes through the point
        assert turn / 1.5 == pytest.approx(2.0 * place[1] / away**2, abs=1e-9)


@given(bearing=st.floats(-1.2, 1.2), rise=st.floats(-0.8, 0.8), away=st.floats(1.0, 20.0))
def test_a_spot_is_where_the_camera_sees_the_place(bearing, rise, away):
    camera = Camera(np.array([1.0, 2.0, 1.5]), np.eye(3), 256, 144, 80.0)
    place = camera.position_enu + away * np.array([1.0, math.tan(bearing), math.tan(rise)])
    spot = camera.spot(place)
    x = 128.0 - camera.focal_pixels * math.tan(bearing)
    y = 72.0 - camera.focal_pixels * math.tan(rise)
    if 3 < x < 253 and 3 < y < 141:
        rows, columns = np.nonzero(spot)
        assert len(rows) >= Task('lane').min_target_pixels
        assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx((x, y), abs=0.6)
    if not (-3 < x < 259 and -3 < y < 147):
        assert not spot.any()
    assert not camera.spot(camera.position_enu - [1.0, 0.0, 0.0]).any()


@pytest.mark.parametrize('world', WORLDS)
def test_the_expert_keeps_to_the_lane_and_the_judge_sees_it(world):
    scenario = load_scenario(world, 'autumn', 'lane', 'lane')
    log = fly(scenario, 10_402)
    one = score(log, scenario.task)
    assert one.success, one.failures
    assert one.max_distance_m < 0.5
    assert one.terms is None
    along = along_lane(log)[0]
    assert along[-1] - along[0] > 36.0


def test_nothing_of_the_target_is_drawn_and_the_label_is_the_point_ahead():
    simulator = Simulator(load_scenario('forest', 'summer', 'lane', 'lane'))
    try:
        simulator.reset(10_400)
        assert not simulator.picture().target.any()
        frame = simulator.capture()
        truth = simulator.truth()
        away = truth.target_position_enu[:2] - truth.position_enu[:2]
        assert frame.target_pixels >= 12
        assert np.hypot(*away) == pytest.approx(3.0, abs=0.3)
        assert frame.target_elevation < 0.0
    finally:
        simulator.close()
