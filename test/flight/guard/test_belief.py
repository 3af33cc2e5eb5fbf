# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what a policy believes lets a speed last for a while and nearby, and nothing more."""

import cmath
import math
from dataclasses import replace

import pytest
import vehicles
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.flight.guard import guard
from liquid_drone.flight.guard.limits import (
    SIMULATION_LIMITS,
    BelievedTarget,
    Limits,
    Sighting,
)
from liquid_drone.flight.guard.state import GuardInput, Phase, Proposal, start
from liquid_drone.flight.guard.target import MISSED_S
from liquid_drone.flight.reason import Reason

DT_S = 0.05
LIMITS = replace(SIMULATION_LIMITS, stuck_after_s=None)
PATIENT = replace(LIMITS, lost_after_s=6.0, believed_beyond_m=6.0)
PATIENCE = pytest.mark.parametrize('limits', [LIMITS, PATIENT], ids=['default', 'patient'])
HIDDEN_S = 2.0  # from here on the target is not seen


def flown(limits, seconds, command, belief, sees=lambda t: t <= HIDDEN_S, yaw=0.3):
    """Return [(time, step, place)] of a vehicle that does what it is told."""
    state, steps, place = start(0.0), [], 0j
    for number in range(1, round(seconds / DT_S) + 1):
        now, before = number * DT_S, (number - 1) * DT_S
        believed = belief(before)
        wish = Proposal(now, command(now))
        vehicle = vehicles.known(now, position_enu=(place.real, place.imag, 3.0), yaw=yaw)
        spot = Sighting(before, 0.1) if sees(before) else None
        given_ = GuardInput(
            now, vehicle, limits, wish, spot, believed and BelievedTarget(*believed)
        )
        step = guard.step(state, given_)
        state = step.state
        if step.setpoint is not None:
            v = complex(step.setpoint.vx_m_s, step.setpoint.vy_m_s)
            place += v * cmath.rect(1.0, yaw) * DT_S
        steps.append((now, step, place))
    return steps


def speed(step):
    return math.hypot(step.setpoint.vx_m_s, step.setpoint.vy_m_s)


def believes(bearing=0.1, distance_m=4.0, until=math.inf):
    return lambda t: (t, bearing, distance_m) if t <= until else None


@PATIENCE
def test_a_belief_lets_the_speed_last_and_never_grow(limits):
    seconds = HIDDEN_S + limits.lost_after_s + 2.0
    steps = flown(limits, seconds, lambda t: (1.0 if t < 2.0 else 1.9, 0.0, 0.0, 0.1), believes())
    last = next(speed(step) for now, step, _ in steps if now > HIDDEN_S + 0.04)
    later = [(now, step) for now, step, _ in steps if now > HIDDEN_S + 0.3]
    assert max(speed(step) for _, step in later) <= last + 1e-6
    on = [speed(step) for now, step in later if now < HIDDEN_S + limits.lost_after_s - 0.6]
    assert min(on) > 0.7 * last  # at a stand long ago without a belief
    stands = [speed(step) for now, step in later if now > HIDDEN_S + limits.lost_after_s + 0.3]
    assert max(stands) < 1e-6
    assert later[-1][1].reason in (Reason.TARGET_LOST, Reason.SEARCHING)


def test_a_belief_that_ends_ends_the_speed_as_without_one():
    steps = flown(LIMITS, 4.0, lambda t: (1.0, 0.0, 0.0, 0.0), believes(until=HIDDEN_S + 0.5))
    after = [speed(step) for now, step, _ in steps if now > HIDDEN_S + 0.5 + 0.3 + 0.5]
    assert max(after) < 1e-6


@settings(max_examples=25)
@given(
    st.lists(st.booleans(), min_size=1, max_size=40),
    st.lists(st.sampled_from([None, 0.0, 1.0, -2.0, 3.1]), min_size=1, max_size=20),
    st.floats(1.0, 6.0),
    st.tuples(st.floats(-2.0, 2.0), st.floats(-2.0, 2.0)),
    st.sampled_from([LIMITS, replace(LIMITS, lost_after_s=6.0, believed_beyond_m=0.5), Limits()]),
)
def test_whatever_is_believed_it_is_no_faster_and_not_beyond(
    seen, beliefs, distance_m, command, limits
):
    limits = replace(limits, stuck_after_s=None)

    def belief(t):
        bearing = beliefs[round(t / DT_S) % len(beliefs)]
        return None if bearing is None else (t, bearing, distance_m)

    steps = flown(
        limits,
        5.0,
        lambda t: (*command, 0.1, 0.2),
        belief,
        lambda t: seen[round(t / DT_S) % len(seen)] and 0.1 < t < 4.0,
    )
    for now, step, place in steps:
        state, gone_s = step.state, now - step.state.seen_s
        if step.setpoint is None or now - state.seen_at_s <= MISSED_S:
            continue
        if gone_s > limits.unseen_after_s + 2 * DT_S:
            assert speed(step) <= state.seen_speed_m_s + 1e-6
        if gone_s > limits.lost_after_s + 6 * DT_S:
            assert speed(step) < 1e-6
        if state.seen_from is not None and state.seen_distance_m is not None:
            beyond = abs(place - state.seen_from) - state.seen_distance_m
            assert beyond <= limits.believed_beyond_m + 0.05


@pytest.mark.parametrize('beyond_m', [None, 2.0])
def test_a_belief_changes_nothing_where_it_is_switched_off_or_has_no_distance(beyond_m):
    limits = replace(LIMITS, believed_beyond_m=beyond_m)
    plain = flown(LIMITS, 6.0, lambda t: (1.0, 0.2, 0.0, 0.1), lambda t: None)
    nobody = believes() if beyond_m is None else (lambda t: (t, 0.1, math.nan))
    same = flown(limits, 6.0, lambda t: (1.0, 0.2, 0.0, 0.1), nobody)
    moving = [
        (a[1].setpoint, b[1].setpoint)
        for a, b in zip(plain, same, strict=True)
        if a[1].state.phase is Phase.FOLLOW
    ]
    assert all(a == b for a, b in moving)


@PATIENCE
@pytest.mark.parametrize(('bearing', 'side'), [(2.0, 1.0), (-2.0, -1.0)])
def test_the_search_turns_to_where_the_target_is_believed_and_goes_on_round(limits, bearing, side):
    begins_s = HIDDEN_S + limits.lost_after_s + limits.lost_hold_s
    steps = flown(limits, begins_s + 3.0, lambda t: (0.5, 0.0, 0.0, 0.0), believes(bearing))
    search = [step for now, step, _ in steps if step.reason is Reason.SEARCHING]
    assert search[-1].setpoint.yaw_rate_rad_s == pytest.approx(side * limits.search_yaw_rate_rad_s)
    turned = flown(
        limits,
        begins_s + 3.0,
        lambda t: (0.5, 0.0, 0.0, 0.0),
        lambda t: (t, bearing if t < begins_s + 0.5 else -bearing, 4.0),
    )
    assert turned[-1][1].setpoint.yaw_rate_rad_s == pytest.approx(
        side * limits.search_yaw_rate_rad_s
    )


@settings(max_examples=40)
@given(st.tuples(*[st.floats(allow_nan=True, allow_infinity=True)] * 3))
def test_no_number_of_a_belief_breaks_the_guard(numbers):
    steps = flown(LIMITS, 3.0, lambda t: (1.0, 0.0, 0.0, 0.0), lambda t: numbers)
    for _, step, _ in steps:
        assert all(map(math.isfinite, step.setpoint.as_tuple()))
        assert speed(step) <= LIMITS.speed_m_s + 1e-9
