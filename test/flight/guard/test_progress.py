# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A vehicle that does not do as commanded is let go of, and it is said."""

import cmath
import math
from dataclasses import replace

import pytest
import vehicles
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.flight.facts import RangeReading
from liquid_drone.flight.guard import guard
from liquid_drone.flight.guard.limits import Limits
from liquid_drone.flight.guard.state import GuardInput, Proposal, start
from liquid_drone.flight.reason import Reason

DT_S = 0.05
LIMITS = Limits(lost_after_s=None, unseen_stop_s=None)


def reasons(
    command,
    velocity=(0.0, 0.0, 0.0),
    yaw_rate=0.0,
    seconds=8.0,
    turns=False,
    braking=0.0,
    **given,
):
    """Return [(time, reason)] of a vehicle that moves as it likes.

    It circles at that speed where it ``turns``, and may brake, in m/s2.
    """
    state, told, place = start(0.0), [], [0.0, 0.0, 3.0]
    for number in range(1, round(seconds / DT_S) + 1):
        now = number * DT_S
        east, north, up = velocity
        if turns:
            way = cmath.rect(1.0, 0.5 * DT_S) * complex(east, north)
            velocity = way.real, way.imag, up
        if braking:
            velocity = max(0.0, east - braking * DT_S), north, up
        place = [p + v * DT_S for p, v in zip(place, velocity, strict=True)]
        vehicle = vehicles.known(
            now,
            stamp_s=now,
            attitude_stamp_s=now,
            position_enu=tuple(place),
            velocity_enu=velocity,
            yaw=math.remainder(yaw_rate * now, 2 * math.pi),
        )
        step = guard.step(state, GuardInput(now, vehicle, LIMITS, Proposal(now, command), **given))
        state = step.state
        told.append((now, step.reason))
    return told


@pytest.mark.parametrize(
    ('command', 'motion'),
    [
        ((0.8, 0.0, 0.0, 0.0), {}),
        ((0.8, 0.0, 0.0, 0.0), {'velocity': (-0.5, 0.0, 0.0)}),
        ((0.0, 0.5, 0.0, 0.0), {'velocity': (0.5, 0.0, 0.0)}),
        ((0.0, 0.0, 0.4, 0.0), {}),
        ((0.0, 0.0, 0.0, 0.4), {}),
        ((0.0, 0.0, 0.0, 0.4), {'yaw_rate': -1.0}),  # the pilot's yaw stick
    ],
)
def test_commanded_to_move_and_not_moving_it_stops_and_says_so(command, motion):
    told = reasons(command, **motion)
    first = next(now for now, reason in told if reason is Reason.NOT_MOVING)
    assert 3.0 < first < 4.5
    assert told[-1][1] is Reason.NOT_MOVING


@pytest.mark.parametrize(
    ('command', 'motion'),
    [
        ((0.8, 0.0, 0.0, 0.0), {'velocity': (0.3, 0.0, 0.0)}),  # against the wind
        ((0.0, 0.0, 0.0, 0.4), {'yaw_rate': 0.2}),
        ((0.1, 0.0, 0.0, 0.1), {}),  # so slow that it proves nothing
        ((0.8, 0.0, 0.0, 0.4), {'obeys': False}),  # shadow mode
    ],
)
def test_a_slow_vehicle_and_one_that_need_not_obey_are_no_fault(command, motion):
    assert not [reason for _, reason in reasons(command, **motion) if reason.is_stop]


TOP_M_S = 2.0  # Limits.flyaway_m_s


@given(
    st.tuples(*[st.floats(-0.8, 0.8)] * 2, st.floats(-0.4, 0.4), st.floats(-0.2, 0.2)),
    st.floats(-math.pi, math.pi),
    st.floats(TOP_M_S + 1.2, 12.0),
    st.booleans(),
)
def test_what_flies_off_is_let_go_of_and_it_is_said(command, way, speed, is_upward):
    """A bad compass circles or dashes off, vibration climbs: the mode stays ours."""
    across = (speed * math.cos(way), speed * math.sin(way), 0.0)
    velocity = (0.0, 0.0, math.copysign(speed, way)) if is_upward else across
    told = reasons(command, velocity, seconds=6.0, turns=not is_upward)
    first = next(now for now, reason in told if reason.is_stop)
    reason = dict(told)[first]
    assert reason in (Reason.FLYAWAY, Reason.NOT_MOVING)  # both at once, where it should move
    assert 3.0 < first < 4.5
    assert math.hypot(*command[:3]) >= 0.3 or reason is Reason.FLYAWAY


@given(st.floats(-0.4, 0.4), st.floats(2.0, 12.0), st.booleans())
def test_what_spins_is_let_go_of_and_what_the_pilots_stick_turns_is_not(turn, rate, is_left):
    """A motor that is lost, a heading that runs away; ArduPilot's yaw stick adds 1.05 rad/s."""
    way = 1.0 if is_left else -1.0
    told = reasons((0.0, 0.0, 0.0, turn), yaw_rate=way * rate, seconds=6.0)
    first = next(now for now, reason in told if reason.is_stop)
    assert dict(told)[first] in (Reason.FLYAWAY, Reason.NOT_MOVING, Reason.YAW_JUMPED)
    assert first < 4.5
    stick = reasons((0.0, 0.0, 0.0, 0.0), yaw_rate=way * 1.05, seconds=6.0)
    assert not [reason for _, reason in stick if reason.is_stop]


@given(
    st.tuples(*[st.floats(-0.2, 0.2)] * 2, st.floats(-0.1, 0.1), st.just(0.0)),
    st.floats(-math.pi, math.pi),
    st.floats(0.0, TOP_M_S - 0.05),
)
def test_a_gust_that_pushes_it_less_is_no_fault(command, way, speed):
    velocity = (speed * math.cos(way), speed * math.sin(way), 0.0)
    assert not [reason for _, reason in reasons(command, velocity) if reason.is_stop]


@given(st.floats(3.5, 15.0), st.floats(2.5, 6.0))
def test_engaged_in_fast_flight_it_has_time_to_brake(speed, braking):
    """Autopilots brake by 2.9 to 5.4 m/s2; three seconds are enough from 10 m/s."""
    speed = min(speed, TOP_M_S + 2.9 * braking)
    told = reasons((0.0, 0.0, 0.0, 0.0), (speed, 0.0, 0.0), braking=braking)
    assert not [reason for _, reason in told if reason.is_stop]


def ranged(readings, command=(0.8, 0.0, 0.0, 0.0)):
    """Return [(setpoint, reason)] for the range sensor's readings; None: it is silent."""
    state, told, last = start(0.0), [], None
    for number, distance_m in enumerate(readings, 1):
        now = number * DT_S
        last = last if distance_m is None else RangeReading(now, distance_m)
        limits = replace(LIMITS, stuck_after_s=None)
        given = GuardInput(now, vehicles.known(now), limits, Proposal(now, command), distance=last)
        step = guard.step(state, given)
        state = step.state
        told.append((step.setpoint, step.reason))
    return told


def test_too_near_to_measure_is_near_and_nothing_in_range_is_far():
    assert ranged([0.0] * 60)[-1][0].vx_m_s == pytest.approx(0.0, abs=1e-6)
    assert ranged([0.0] * 60)[-1][1] is Reason.NEAR_TARGET
    assert ranged([math.inf] * 60)[-1][0].vx_m_s == pytest.approx(0.8, abs=1e-3)


def test_a_range_sensor_that_falls_silent_stops_and_one_that_never_was_does_not():
    told = ranged([9.0] * 40 + [None] * 60)
    assert told[40 + 8][1] is Reason.FOLLOWING
    assert told[-1] == (None, Reason.NO_RANGE)
    assert ranged([None] * 60)[-1][1] is Reason.FOLLOWING
