# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the guard promises, whatever comes: a thousand stories each, or ten thousand with
``pytest --hypothesis-profile=thorough test/flight/test_guard_properties.py``.

A story is a string of bytes, one for each step: what is proposed, and what goes wrong in it.
"""

import math
from dataclasses import replace

import pytest
import vehicles
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liquid_drone.flight.guard import guard
from liquid_drone.flight.guard.limits import (
    SIMULATION_LIMITS,
    Limits,
    Sighting,
)
from liquid_drone.flight.guard.state import GuardInput, Proposal, start
from liquid_drone.flight.reason import Reason

DT_S = 0.05
ODD = Limits(  # slow to react for its speed: the limits themselves ask for a long way out
    speed_m_s=0.3,
    climb_m_s=0.1,
    acceleration_m_s2=2.0,
    jerk_m_s3=1.0,
    stop_acceleration_m_s2=3.0,
    stop_jerk_m_s3=20.0,
    fence_polygon=(4 + 4j, -4 + 4j, -4 - 4j, 0 - 1j, 4 - 4j),
)
ALL = (
    Limits(),
    SIMULATION_LIMITS,
    ODD,
    replace(Limits(), floor_m=None, ceiling_m=None, fence_radius_m=3.0, lost_after_s=0.2),
)
COMMANDS = (
    (9.0, 0.0, 0.0, 0.0),
    (-9.0, 0.5, 1.0, 2.0),
    (0.3, 0.7, -2.0, -9.0),
    (0.0, -1.5, 0.2, 0.1),
    (1e200, -1e200, 1e9, -1e9),
    (0.0, 0.0, 0.0, 0.0),
    (math.nan, 1.0, -math.inf, 0.0),
    None,
)
FAULTS = (
    {},
    {},
    {},
    {'position_enu': (2.9, 0.5, 0.2), 'yaw': 0.7},
    {'position_enu': (-3.0, 5.0, 12.0)},
    {'position_valid': False},
    {'roll': 1.0},
    {'position_enu': (math.nan, 0.0, 3.0)},
)
stories = st.binary(min_size=1, max_size=28)
many = settings(
    max_examples=max(1_000, settings.default.max_examples),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def known(now_s, fault):
    return vehicles.known(now_s, **fault)


def tell(story, limits, dt_s=DT_S, holds_height=False, silent_s=0.0, silent='policy'):
    """Yield (time, step) of a story, and of a silence after it: of policy, telemetry or both."""
    state, now, old, end_s = start(0.0), 0.0, None, len(story) * dt_s
    for number in range(len(story) + math.ceil(silent_s / dt_s)):
        now += dt_s
        is_over = number >= len(story)
        byte = None if is_over else story[number]
        command = COMMANDS[byte & 7] if byte is not None else None
        if is_over and silent == 'telemetry':
            command = COMMANDS[0]
        old = old if command is None else Proposal(now, command)
        seen = Sighting(now, 0.5 - 0.1 * (byte or 0) % 1, 1.5) if byte and byte & 64 else None
        fault = FAULTS[byte >> 3 & 7] if byte is not None else {}
        heard_s = end_s if is_over and silent != 'policy' else now
        vehicle = known(heard_s, fault)
        step = guard.step(
            state, GuardInput(now, vehicle, limits, old, seen, holds_height=holds_height)
        )
        yield now, step
        state = step.state


def changes(story, limits, dt_s, holds_height):
    """Return [(before, after, slope before, slope after, reason)] of a story's setpoints."""
    before, slope, result = (0.0,) * 4, (0.0,) * 4, []
    for _, (_, setpoint, reason) in tell(story, limits, dt_s, holds_height):
        if setpoint is None:
            break
        after = setpoint.as_tuple()
        new = tuple((b - a) / dt_s for a, b in zip(before, after, strict=True))
        result.append((before, after, slope, new, reason))
        before, slope = after, new
    return result


@many
@given(stories, st.sampled_from(ALL), st.booleans())
def test_the_setpoint_is_finite_and_within_the_limits(story, limits, holds_height):
    for _, (_, setpoint, _) in tell(story, limits, holds_height=holds_height):
        if setpoint is None:
            continue
        vx, vy, vz, yaw_rate = setpoint.as_tuple()
        assert math.hypot(vx, vy) <= limits.speed_m_s * (1.0 + 1e-8)
        assert abs(vz) <= limits.climb_m_s * (1.0 + 1e-8)
        assert abs(yaw_rate) <= limits.yaw_rate_rad_s + 1e-9


@many
@given(stories, st.sampled_from(ALL), st.sampled_from([0.02, DT_S, 0.1]), st.booleans())
def test_no_transition_steps_in_velocity_or_in_acceleration(story, limits, dt_s, holds_height):
    stops, since_stop_s = False, 0.0
    for before, after, old, new, reason in changes(story, limits, dt_s, holds_height):
        stops = stops or reason not in SOFT
        since_stop_s = 0.0 if reason not in SOFT else since_stop_s + dt_s
        soft = not stops or since_stop_s > 2.0
        acceleration = limits.acceleration_m_s2 if soft else limits.stop_acceleration_m_s2
        jerk = limits.jerk_m_s3 if soft else limits.stop_jerk_m_s3
        for part in (slice(0, 2), slice(2, 3)):
            assert math.dist(before[part], after[part]) <= acceleration * dt_s + 1e-6
            assert math.dist(old[part], new[part]) <= jerk * dt_s + 1e-6
        assert abs(after[3] - before[3]) <= limits.yaw_acceleration_rad_s2 * dt_s + 1e-9


SOFT = {reason for reason in Reason if not reason.is_stop} - {Reason.UNSEEN}  # at the easy pace


@many
@given(
    stories,
    st.sampled_from(ALL),
    st.sampled_from([0.02, DT_S, 0.1]),
    st.sampled_from(['policy', 'telemetry', 'both']),
)
def test_at_any_silence_it_stops_in_the_stated_time_and_says_no_more(story, limits, dt_s, silent):
    ages_s = {'policy': limits.command_age_s, 'telemetry': limits.estimate_age_s}
    age_s = ages_s.get(silent, min(ages_s.values()))
    end_s = len(story) * dt_s
    stopped_s = age_s + limits.stop_s + 2.0 * dt_s + 1e-6
    silent_s = stopped_s + limits.hold_s
    told = tell(story, limits, dt_s, silent_s=silent_s + 2.0 * dt_s, silent=silent)
    for now, (_, setpoint, _) in told:
        if setpoint is not None and now - end_s > stopped_s:
            assert setpoint.as_tuple() == pytest.approx((0.0,) * 4, abs=1e-9)
        if now - end_s > silent_s:
            assert setpoint is None


@many
@given(stories, st.sampled_from(ALL), st.booleans())
def test_once_it_has_fallen_silent_it_never_speaks_again(story, limits, holds_height):
    silent = False
    gap = b'\x07' * 40  # two seconds without the policy, somewhere in the middle
    story = story[: len(story) // 2] + gap + story[len(story) // 2 :]
    for _, (state, setpoint, _) in tell(story, limits, holds_height=holds_height):
        assert not (silent and setpoint is not None)
        silent = setpoint is None
        assert state.ended is silent
