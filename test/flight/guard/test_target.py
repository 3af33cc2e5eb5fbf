# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A target out of sight is acted on at once."""

import itertools
import math
from dataclasses import replace

import pytest
import vehicles
from hypothesis import example, given
from hypothesis import strategies as st

from liquid_drone.flight.guard import guard, target
from liquid_drone.flight.guard.limits import SIMULATION_LIMITS, Limits, Sighting
from liquid_drone.flight.guard.state import GuardInput, Proposal, start
from liquid_drone.flight.reason import Reason

DT_S = 0.05
BOTH = [replace(limits, stuck_after_s=None) for limits in (Limits(), SIMULATION_LIMITS)]


def flown(limits, seconds, sees, command, dt_s=DT_S):
    """Return [(time, step)] of a flight; ``sees(t)`` tells whether the target is in the image."""
    state, steps = start(0.0), []
    for number in range(1, round(seconds / dt_s) + 1):
        now = number * dt_s
        before = now - dt_s  # as the companion has it: a sighting counts from the next step on
        spot = Sighting(before, 0.2) if sees(before) else None
        wish = Proposal(now, command(now))
        step = guard.step(state, GuardInput(now, vehicles.known(now), limits, wish, spot))
        state = step.state
        steps.append((now, step))
    return steps


def speed(step):
    return math.hypot(step.setpoint.vx_m_s, step.setpoint.vy_m_s)


@pytest.mark.parametrize('limits', BOTH)
def test_a_covered_lens_ends_the_motion_within_the_stated_time_and_it_faces_where_it_was(limits):
    steps = flown(
        limits, 5.0, lambda t: t <= 2.0, lambda t: (1.0 if t < 2.0 else 1.7, 0.0, 0.3, 0.4)
    )
    last = next(speed(step) for now, step in steps if now > 2.04)
    after = [(now, step) for now, step in steps if now > 2.3]
    assert max(speed(step) for _, step in after) <= last + 1e-6
    still = [step for now, step in after if 2.0 + 0.7 + 0.1 < now < 2.0 + limits.lost_after_s]
    assert {speed(step) for step in still} == {0.0}
    assert {step.setpoint.vz_m_s for step in still} == {0.0}
    turn = target.TURN_PER_S * 0.2  # of a vehicle that does not turn; the policy wants 0.4
    assert still[-1].setpoint.yaw_rate_rad_s == pytest.approx(turn)
    assert still[-1].reason is Reason.UNSEEN


@pytest.mark.parametrize('limits', BOTH)
def test_one_false_sighting_begins_nothing_anew(limits):
    flashes = {2.9, 3.9, 4.9}
    steps = flown(
        limits,
        8.0,
        lambda t: t <= 2.0 or any(abs(t - flash) < 0.01 for flash in flashes),
        lambda t: (1.0, 0.0, 0.0, 0.3),
    )
    held = next(now for now, step in steps if step.reason is Reason.TARGET_LOST)
    assert held == pytest.approx(2.0 + limits.lost_after_s, abs=0.11)
    assert all(speed(step) < 1e-9 for now, step in steps if now > 2.9)


def test_it_follows_again_after_enough_sightings():
    limits = BOTH[0]
    steps = flown(limits, 6.0, lambda t: t <= 2.0 or t > 3.0, lambda t: (0.8, 0.0, 0.0, 0.0))
    moves = next(now for now, step in steps if now > 3.0 and speed(step) > 0.01)
    assert 3.0 + limits.found_s <= moves <= 3.0 + limits.found_s + 0.2
    assert speed(steps[-1][1]) == pytest.approx(0.8, abs=1e-3)


@pytest.mark.parametrize('dt_s', [0.02, 0.05, 0.1])
def test_a_target_in_view_costs_no_speed_at_any_camera_rate(dt_s):
    steps = flown(BOTH[1], 4.0, lambda t: True, lambda t: (1.5, 0.3, 0.1, 0.2), dt_s)
    assert {step.reason for _, step in steps} == {Reason.FOLLOWING}


@given(st.lists(st.booleans(), min_size=1, max_size=80), st.floats(0.1, 1.9))
@example(seen=[False] * 5 + [True], fast=0.125)  # rang while it braked for each sixth picture
def test_whatever_is_seen_the_speed_is_bound_by_that_of_the_last_streak(seen, fast):
    limits = BOTH[1]
    steps = flown(
        limits,
        4.0,
        lambda t: seen[round(t / DT_S) % len(seen)] and t > 0.1,
        lambda t: (fast, 0.0, 0.0, 0.0),
    )
    for now, step in steps:
        gone_s = now - step.state.seen_s
        if gone_s > limits.unseen_stop_s + 3 * DT_S:
            assert speed(step) < 1e-6
        elif gone_s > limits.unseen_after_s + 2 * DT_S:
            assert speed(step) <= step.state.seen_speed_m_s + 1e-6


@given(
    st.lists(st.booleans(), min_size=1, max_size=80),
    st.floats(0.1, 1.9),
    st.sampled_from(BOTH),
    st.sampled_from([0.02, DT_S, 0.1]),
)
@example(seen=[False] * 5 + [True], fast=0.125, limits=BOTH[1], dt_s=DT_S)
def test_while_less_is_allowed_nothing_rises_and_nobody_flies_back(seen, fast, limits, dt_s):
    steps = flown(
        limits,
        2.5,
        lambda t: seen[round(t / dt_s) % len(seen)] and t > 0.1,
        lambda t: (fast, 0.0, 0.0, 0.0),
        dt_s,
    )
    for (_, before), (now, step) in itertools.pairwise(steps):
        (was, new), slope = (s.setpoint.vx_m_s for s in (before, step)), before.state.slope[0]
        assert new >= -1e-9
        bound = target.speeds(step.state, limits, now)
        if bound is not None:
            goes_on = max(slope - limits.jerk_m_s3 * dt_s, 0.0) * dt_s
            assert new <= max(bound[0], was + goes_on) + 1e-8
