# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A vehicle that does not do as commanded is let go of, and it is said."""

import math
from dataclasses import replace

import pytest
import vehicles

from liquid_drone.flight.facts import RangeReading
from liquid_drone.flight.guard import guard
from liquid_drone.flight.guard.limits import Limits
from liquid_drone.flight.guard.state import GuardInput, Proposal, start
from liquid_drone.flight.reason import Reason

DT_S = 0.05
LIMITS = Limits(lost_after_s=None, unseen_stop_s=None)


def reasons(command, velocity=(0.0, 0.0, 0.0), yaw_rate=0.0, seconds=8.0, **given):
    """Return [(time, reason)] of a vehicle that moves as it likes."""
    state, told, place = start(0.0), [], [0.0, 0.0, 3.0]
    for number in range(1, round(seconds / DT_S) + 1):
        now = number * DT_S
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
