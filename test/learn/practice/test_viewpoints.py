# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where a follower would see the target from, and the way there."""

import math

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from liquid_drone.learn.practice.costs import SPARED_M
from liquid_drone.learn.practice.geometry import line_gaps
from liquid_drone.learn.practice.viewpoints import SEES_M, viewpoint

HULL_M = 0.36
STILL = torch.zeros(2)
NOTHING = torch.tensor([[1e3, 1e3, 0.1]])


def at(
    place: Tensor, circles: Tensor, keep_m: float, velocity: Tensor = STILL, soon: Tensor = STILL
) -> tuple[Tensor, float]:
    """Return the next point (2,) and the rest of the way to see a target in the origin."""
    here = place[None], velocity[None]
    given = *here, torch.zeros(1, 2), soon[None], circles[None], torch.tensor([keep_m])
    goal, rest_m = viewpoint(*given, HULL_M)
    return goal[0], float(rest_m[0])


def wall(length_m: float, distance_m: float, side_rad: float, aside_m: float) -> Tensor:
    """Return circles (K, 3) in a row, across the line from the origin to one side."""
    along = torch.arange(-length_m / 2.0, length_m / 2.0 + 0.01, 0.4) + aside_m
    ahead = torch.tensor([math.cos(side_rad), math.sin(side_rad)])
    across = torch.tensor([-ahead[1], ahead[0]])
    row = distance_m * ahead + along[:, None] * across
    return torch.cat([row, torch.full((len(row), 1), 0.25)], dim=1)


@given(st.floats(-math.pi, math.pi), st.floats(0.5, 12.0), st.floats(2.0, 8.0))
def test_where_nothing_stands_it_is_the_distance_that_counts(side, away, keep):
    place = away * torch.tensor([math.cos(side), math.sin(side)])
    goal, rest_m = at(place, NOTHING, keep)
    assert float((goal - place).norm()) == pytest.approx(abs(away - keep), abs=1e-4)
    assert rest_m == 0.0


@settings(max_examples=25)
@given(
    st.floats(1.5, 4.5), st.floats(1.0, 1.8), st.floats(-math.pi, math.pi), st.floats(-0.8, 0.8)
)
@example(3.25, 1.6875, 0.0, 0.0)  # two ways as long as each other
def test_who_goes_there_round_a_wall_sees_the_target_and_touches_nothing(
    length, distance, side, aside
):
    circles = wall(length, distance, side, aside)
    place = (distance + 2.0) * torch.tensor([math.cos(side), math.sin(side)])
    least_m, went_m, left_m, velocity = math.inf, 0.0, math.inf, STILL
    for _ in range(80):
        goal, rest_m = at(place, circles, 4.0, velocity)
        left_m = float((goal - place).norm()) + rest_m
        if left_m < 0.1:
            break
        velocity = (goal - place) / max(float((goal - place).norm()), 0.15)  # 1 m/s
        place = place + 0.15 * velocity
        went_m += 0.15
        air = (circles[:, :2] - place).norm(dim=1) - circles[:, 2]
        least_m = min(least_m, float(air.min()))
    sight = line_gaps(place[None], torch.zeros(1, 2), circles[None], SPARED_M)
    assert left_m < 0.1
    assert least_m > HULL_M
    assert float(sight.min()) > SEES_M - 0.05
    assert went_m < length + 5.0


def test_a_gap_that_is_too_narrow_is_gone_round():
    row = wall(4.0, 2.0, 0.0, 0.0)
    row = row[row[:, 1].abs() > 0.5]  # half a metre of air: enough for a look, and for no hull
    circles = torch.cat([row, torch.tensor([[0.6, 0.0, 0.2]])])  # which something bars
    goal, rest_m = at(torch.tensor([4.0, 0.3]), circles, 3.0)
    assert abs(float(goal[1])) > 1.0
    assert rest_m > 0.0


def test_who_follows_goes_round_before_the_target_is_behind_the_wall():
    row = wall(2.0, 1.0, 0.0, 2.0)  # from 1 to 3 m to the left of the target, before it
    place = torch.tensor([4.0, 0.0])
    there, _ = at(place, row, 4.0)
    assert torch.allclose(there, place, atol=1e-4)  # it sees the target from here
    then, _ = at(place, row, 4.0, soon=torch.tensor([0.0, 2.0]))
    assert float((then - place).norm()) > 0.5


def test_who_is_shut_in_is_led_on_nonetheless():
    turn = torch.arange(0.0, 2.0 * math.pi, 0.15)
    ring = torch.stack([6.0 + 1.5 * torch.cos(turn), 1.5 * torch.sin(turn)], dim=1)
    circles = torch.cat([ring, torch.full((len(ring), 1), 0.3)], dim=1)
    goal, rest_m = at(torch.tensor([6.0, 0.0]), circles, 4.0)
    assert bool(torch.isfinite(goal).all())
    assert math.isfinite(rest_m)


def test_many_at_once_are_each_for_itself():
    circles = torch.stack([wall(3.0, 1.5, 0.0, 0.0), wall(3.0, 1.5, 1.0, 0.3)])
    places = torch.tensor([[4.0, 0.2], [1.0, 3.5]])
    keep, still = torch.tensor([4.0, 5.0]), torch.zeros(2, 2)
    goals, rest_m = viewpoint(places, still, still, still, circles, keep, HULL_M)
    for k in range(2):
        goal, rest = at(places[k], circles[k], float(keep[k]))
        assert torch.allclose(goals[k], goal, atol=1e-5)
        assert float(rest_m[k]) == pytest.approx(rest, abs=1e-5)
