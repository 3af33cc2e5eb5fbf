# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a vehicle that lost its target faces where it was, whatever the policy turns to."""

import math
from dataclasses import replace

import pytest
import vehicles
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.flight.guard import guard
from liquid_drone.flight.guard.limits import (
    SIMULATION_LIMITS,
    BelievedTarget,
    Limits,
    Sighting,
)
from liquid_drone.flight.guard.state import GuardInput, Proposal, start
from liquid_drone.flight.guard.target import SWEEP_RAD
from liquid_drone.flight.reason import Reason

DT_S = 0.05
DRONE, SIMULATION = (
    replace(limits, stuck_after_s=None) for limits in (Limits(), SIMULATION_LIMITS)
)
HALF_VIEW_RAD = math.radians(40.0)
GONE_S = 1.0  # from here on the target is not in the picture


def flown(limits, seconds, sees, turn, yaw, belief=lambda t: None):
    """Return [(time, step, yaw)] of a vehicle that turns as it is told.

    ``sees(t)`` is the bearing of a sighting or None, ``turn(t)`` what the policy wants.
    """
    state, steps = start(0.0), []
    for number in range(1, round(seconds / DT_S) + 1):
        now, before = number * DT_S, (number - 1) * DT_S
        bearing, believed = sees(before), belief(before)
        given_ = GuardInput(
            now,
            vehicles.known(now, yaw=math.remainder(yaw, math.tau)),
            limits,
            Proposal(now, (0.5, 0.0, 0.0, turn(now))),
            None if bearing is None else Sighting(before, bearing),
            believed and BelievedTarget(before, *believed),
        )
        step = guard.step(state, given_)
        state = step.state
        yaw += step.setpoint.yaw_rate_rad_s * DT_S
        steps.append((now, step, yaw))
    return steps


@given(
    limits=st.sampled_from([DRONE, SIMULATION]),
    bearing=st.floats(-0.8, 0.8),
    yaw=st.floats(-math.pi, math.pi),
    turns=st.lists(st.floats(-1.2, 1.2), min_size=1, max_size=9),
)
def test_a_target_that_left_is_faced_before_the_hold_is_over(limits, bearing, yaw, turns):
    """A policy without a belief turns anywhere; more than a quarter of a second it must not."""
    seconds = GONE_S + limits.lost_after_s + limits.lost_hold_s
    steps = flown(
        limits,
        seconds,
        lambda t: bearing if t <= GONE_S else None,
        lambda t: turns[int(t / 0.4) % len(turns)] if t > GONE_S else 0.0,
        yaw,
    )
    for now, step, _ in steps:
        assert abs(step.setpoint.yaw_rate_rad_s) <= limits.yaw_rate_rad_s + 1e-9
        assert now < seconds or step.reason in (Reason.TARGET_LOST, Reason.SEARCHING)
    seen_towards = yaw + bearing  # nothing turned it before
    assert math.remainder(steps[-1][2] - seen_towards, math.tau) == pytest.approx(0.0, abs=0.06)
    hold = [step for now, step, _ in steps if step.reason is Reason.TARGET_LOST]
    assert hold[-1].setpoint.as_tuple()[:3] == (0.0, 0.0, 0.0)


@given(side=st.sampled_from([-1.0, 1.0]), yaw=st.floats(-math.pi, math.pi))
def test_it_then_looks_on_the_side_where_it_was_lost(side, yaw):
    searched_s = GONE_S + DRONE.lost_after_s + DRONE.lost_hold_s + 2.0
    steps = flown(
        DRONE, searched_s, lambda t: 0.5 * side if t <= GONE_S else None, lambda t: -side, yaw
    )
    last = steps[-1][1]
    assert last.reason is Reason.SEARCHING
    assert last.setpoint.yaw_rate_rad_s == pytest.approx(side * DRONE.search_yaw_rate_rad_s)


@given(
    limits=st.sampled_from([DRONE, SIMULATION]),
    turn=st.floats(-1.2, 1.2).filter(lambda rate: abs(rate) > 0.05),
    yaw=st.floats(-math.pi, math.pi),
)
def test_one_that_was_never_seen_is_looked_for_on_the_side_to_which_it_turns(limits, turn, yaw):
    """It turned back to the left after a second to the right, and came by what it had seen."""
    steps = flown(limits, 4.0, lambda t: None, lambda t: turn, yaw)
    rates = [step.setpoint.yaw_rate_rad_s for _, step, _ in steps]
    assert steps[-1][1].reason is Reason.SEARCHING
    assert rates[-1] == pytest.approx(math.copysign(limits.search_yaw_rate_rad_s, turn))
    assert all(rate * turn >= 0.0 for rate in rates)


@pytest.mark.parametrize('limits', [DRONE, SIMULATION])
def test_a_policy_that_believes_turns_as_it_wants_and_holds_towards_its_belief(limits):
    steps = flown(
        limits,
        GONE_S + limits.lost_after_s + 1.0,
        lambda t: -0.3 if t <= GONE_S else None,
        lambda t: 0.35 if t > GONE_S else 0.0,
        0.0,
        lambda t: (0.2, 4.0),
    )
    believed = [step for now, step, _ in steps if GONE_S + 1.0 < now < GONE_S + 1.9]
    assert {round(step.setpoint.yaw_rate_rad_s, 6) for step in believed} == {0.35}
    assert steps[-1][1].reason is Reason.TARGET_LOST
    assert steps[-1][1].setpoint.yaw_rate_rad_s == pytest.approx(1.5 * 0.2)


def test_a_single_flash_on_the_other_side_moves_neither_the_place_nor_the_search():
    flash = 2.0
    steps = flown(
        replace(SIMULATION, lost_hold_s=2.0),
        6.0,
        lambda t: 0.6 if t <= GONE_S else (-0.6 if abs(t - flash) < 0.01 else None),
        lambda t: 0.0,
        0.0,
    )
    assert steps[-1][1].reason is Reason.SEARCHING
    assert steps[-1][1].setpoint.yaw_rate_rad_s > 0.0
    after = [yaw for now, _, yaw in steps if flash < now < 5.0]
    assert min(after) > 0.4


def test_pictures_that_miss_it_for_a_moment_leave_the_turn_to_the_policy():
    steps = flown(
        SIMULATION,
        6.0,
        lambda t: 0.3 if round(t / DT_S) % 4 == 0 else None,  # one picture in four
        lambda t: 0.25,
        0.0,
    )
    assert {step.setpoint.yaw_rate_rad_s for now, step, _ in steps if now > 1.5} == {0.25}


def test_without_the_checks_of_sight_nothing_turns_it():
    limits = replace(SIMULATION, unseen_stop_s=None, lost_after_s=None)
    steps = flown(limits, 6.0, lambda t: 0.6 if t <= GONE_S else None, lambda t: -0.2, 0.0)
    assert {step.reason for _, step, _ in steps} == {Reason.FOLLOWING}
    assert steps[-1][1].setpoint.yaw_rate_rad_s == pytest.approx(-0.2)


@given(
    limits=st.sampled_from([DRONE, SIMULATION]),
    bearing=st.floats(-0.6, 0.6).filter(lambda bearing: abs(bearing) > 0.01),
    yaw=st.floats(-math.pi, math.pi),
)
def test_a_search_looks_to_both_sides_of_the_last_place_and_then_all_around(limits, bearing, yaw):
    """After a hold the target is hardly ever further round; on neither side is it missed."""
    steps = flown(
        limits,
        GONE_S + limits.lost_after_s + limits.lost_hold_s + limits.search_s - 0.5,
        lambda t: bearing if t <= GONE_S else None,
        lambda t: 0.0,
        yaw,
    )
    side, towards = math.copysign(1.0, bearing), yaw + bearing
    off = [
        side * (turned - towards) for _, step, turned in steps if step.reason is Reason.SEARCHING
    ]
    back = off.index(max(off[: round(16.0 / DT_S)]))
    assert off[back] == pytest.approx(SWEEP_RAD, abs=0.25)  # as far as it turns while it slows
    rate = limits.search_yaw_rate_rad_s
    there = back + round((2.0 * SWEEP_RAD + 0.6) / rate / DT_S)
    assert min(off[:there]) < -SWEEP_RAD
    if limits is DRONE:  # a faster one is half around once more
        assert off == sorted(off[: back + 1]) + sorted(off[back + 1 :], reverse=True)
    assert max(off) - min(off) + 2 * HALF_VIEW_RAD > math.tau


@pytest.mark.parametrize('limits', [DRONE, SIMULATION])
def test_one_that_was_never_seen_is_looked_for_all_around(limits):
    steps = flown(limits, 6.0, lambda t: None, lambda t: 0.0, 0.3)
    turns = [step.setpoint.yaw_rate_rad_s for _, step, _ in steps]
    assert min(turns) == 0.0
    assert turns[-1] == pytest.approx(limits.search_yaw_rate_rad_s)
