# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where the parts of what moves are: at rest, turned, swinging, alone and many at once."""

import math

import numpy as np
import pytest

from liquid_drone.sim.scenario.target import Part, Target
from liquid_drone.sim.world.actors import Cast, MovingActor, make_actor
from liquid_drone.sim.world.layout import routes, terrain

GREY = ((0.5, 0.5, 0.5),)
LEVEL = terrain.flat(np.array([-50.0, -50.0]), 100.0)
ARM = Part('cylinder', (0.05, 0.6), (0.1, 0.2, 1.0), colours=GREY, swing_deg=30.0)
BOX = Part('box', (0.4, 0.2, 0.6), (0.0, 0.0, 1.1), colours=GREY, rpy_deg=(0.0, 0.0, 90.0))
WALKER = Target('walker', 'walks', 0.3, 1.5, (BOX, ARM), step_length_m=0.5)
STONE = Target('stone', 'stands', 0.3, 1.0, (BOX,), motion='still')


def mover(target: Target, way: routes.Route) -> MovingActor:
    return MovingActor(make_actor(target, np.random.default_rng(0), is_target=True), target, way)


def walking_north() -> routes.Route:
    path = np.stack([np.zeros(200), 0.1 * np.arange(200)], axis=1)
    return routes.walking(path, np.full(200, 1.0))


def test_at_rest_parts_are_where_the_file_says_turned_with_the_body() -> None:
    standing = mover(STONE, routes.standing(np.array([3.0, 4.0]), math.pi / 2.0))
    (pose,) = standing.poses(7.0, LEVEL)
    assert pose[:3, 3] == pytest.approx([3.0, 4.0, 1.1])
    assert pose[:3, 0] == pytest.approx([-1.0, 0.0, 0.0])  # 90 degrees of each
    assert pose[3].tolist() == [0.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize('time_s', [0.0, 0.25, 0.6, 3.1])
def test_an_arm_hangs_from_its_shoulder_and_swings_once_in_two_steps(time_s: float) -> None:
    walker = mover(WALKER, walking_north())
    foot, heading, walked = walker.place(time_s, LEVEL)
    arm = walker.poses(time_s, LEVEL)[1]
    shoulder = arm @ [0.0, 0.0, 0.3, 1.0]
    assert heading == pytest.approx(math.pi / 2.0)
    assert shoulder[:3] == pytest.approx([foot[0] - 0.2, foot[1] + 0.1, 1.3])
    angle = math.radians(30.0) * math.sin(math.pi * walked / 0.5)
    assert arm[2, 2] == pytest.approx(math.cos(angle))
    assert arm[1, 2] == pytest.approx(math.sin(angle))  # its upper end leans ahead


def test_all_at_once_are_where_each_is_alone() -> None:
    movers = [
        mover(WALKER, walking_north()),
        mover(STONE, routes.standing(np.array([1.0, -2.0]), 0.3)),
        mover(WALKER, routes.pacing(np.stack([np.arange(90.0), np.zeros(90)], axis=1), 0.8, 9.0)),
    ]
    times, cast = [1.3, 2.0, 4.4], Cast(movers)
    alone = [one.poses(time_s, LEVEL) for one, time_s in zip(movers, times, strict=True)]
    assert cast.poses(cast.places(times, LEVEL)) == pytest.approx(np.concatenate(alone))
