# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: the expert finds round what stands before it, whatever stands there together."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from liquid_drone.sim.way_round import HARD_M, first_leg, is_free_line
from liquid_drone.sim.world.placement import Obstacles

HULL_M = 0.36
NO_CIRCLES, NO_BOXES = np.zeros((0, 3)), np.zeros((0, 5))
GOAL = np.array([10.0, 0.0])


def fly_to(goal, obstacles, steps=250, start=GOAL * 0.0):
    """Fly leg by leg, 0.1 m at a time, and return the way (N, 2)."""
    way = [start]
    for _ in range(steps):
        leg = first_leg(way[-1], goal, obstacles, HULL_M) - way[-1]
        length = np.linalg.norm(leg)
        if np.linalg.norm(goal - way[-1]) < 1.0:
            break
        way.append(way[-1] + leg / max(length, 1e-6) * min(0.1, length))
    return np.array(way)


def test_a_free_line_is_the_way():
    trees = Obstacles(np.array([[5.0, 1.0, 0.2], [5.0, -1.0, 0.2]]), NO_BOXES)
    assert first_leg(np.zeros(2), GOAL, trees, HULL_M) is GOAL


def test_a_gap_too_narrow_for_the_hull_is_closed():
    trees = Obstacles(np.array([[5.0, 0.5, 0.2], [5.0, -0.5, 0.2]]), NO_BOXES)
    leg = first_leg(np.zeros(2), GOAL, trees, HULL_M)
    assert abs(leg[1]) > 0.5


@settings(max_examples=6, deadline=None)
@given(
    trees=st.lists(
        st.tuples(st.floats(3.0, 7.0), st.floats(-3.0, 3.0), st.floats(0.1, 0.4)), max_size=5
    ),
    yaw=st.floats(-1.5, 1.5),
    aside=st.floats(-1.0, 1.0),
)
@example(trees=[(3.0, -3.0, 0.3125)], yaw=0.0, aside=0.25)  # changed sides and stood
def test_it_comes_round_a_car_among_trees_without_touching(trees, yaw, aside):
    car = np.array([[5.0, aside, 2.05, 0.86, yaw]])
    obstacles = Obstacles(np.array(trees, dtype=float).reshape(-1, 3), car)
    way = fly_to(GOAL, obstacles)
    assert np.linalg.norm(way[-1] - GOAL) < 1.0
    assert obstacles.gap(way).min() > HULL_M - 0.1


@settings(max_examples=6, deadline=None)
@given(
    trees=st.lists(
        st.tuples(st.floats(3.0, 7.0), st.floats(2.5, 3.5), st.floats(0.1, 0.4)), max_size=2
    ),
    yaw=st.sampled_from([0.0, np.pi / 2.0, 0.1]),
    aside=st.floats(-0.4, 0.4),
    where=st.tuples(st.floats(-50.0, 50.0), st.floats(-50.0, 50.0)),
)
@example(trees=[(3.0, 3.0, 0.3125)], yaw=0.0, aside=-0.25, where=(0.1, 0.2))
@example(  # with the cells half a cell aside: 0.27 m from the middle of the hull to the trunk
    trees=[(6.7078306, 2.7102279, 0.2066196), (3.7303549, -2.985966, 0.3682249)],
    yaw=0.1,
    aside=0.1122882,
    where=(27.93750475, -48.37865185),
)
def test_of_two_sides_that_cost_nearly_the_same_it_keeps_to_one_wherever_that_is(
    trees, yaw, aside, where
):
    circles = np.array(trees, dtype=float).reshape(-1, 3) + np.array([*where, 0.0])
    car = np.array([[5.0 + where[0], aside + where[1], 2.05, 0.86, yaw]])
    obstacles = Obstacles(circles, car)
    way = fly_to(GOAL + where, obstacles, start=np.array(where))
    assert obstacles.gap(way).min() > HULL_M
    way -= where
    assert np.linalg.norm(way[-1] - GOAL) < 1.0
    beside = np.sign(way[np.abs(way[:, 1] - aside) > 0.5, 1] - aside)
    assert abs(np.diff(beside)).sum() == 0.0


@settings(max_examples=200, deadline=None)
@given(
    box=st.tuples(
        st.floats(-4, 4), st.floats(-4, 4), st.floats(0.2, 3), st.floats(0.2, 3), st.floats(-3, 3)
    ),
    end=st.tuples(st.floats(-8, 8), st.floats(-8, 8)),
)
def test_a_line_is_free_exactly_where_its_points_keep_away(box, end):
    boxes = Obstacles(NO_CIRCLES, np.array([box]))
    a, b = np.array([-6.0, -6.0]), np.array(end)
    length = float(np.linalg.norm(b - a))
    share = max(length - 0.5, 0.0) / max(length, 1e-9)
    points = a + np.linspace(0.0, share, 400)[:, None] * (b - a)
    gap = float(boxes.gap(points).min())
    if gap < 0.0:
        assert not is_free_line(a, b, boxes, HULL_M + HARD_M)
    if gap > (HULL_M + HARD_M) * 1.5:
        assert is_free_line(a, b, boxes, HULL_M + HARD_M)
