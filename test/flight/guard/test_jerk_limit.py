# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what a stop leaves of the slope is taken away at the stop's jerk; nothing rings."""

import math

from hypothesis import example, given
from hypothesis import strategies as st

from liquid_drone.flight.guard.limits import SIMULATION_LIMITS, ZERO, Limits, approach

LIMITS = st.sampled_from([Limits(), SIMULATION_LIMITS])
STEPS_S = st.sampled_from([0.02, 0.05, 0.1])
SHARES = st.floats(0.0, 1.0)


def velocity(speed, angle, climb):
    return (speed * math.cos(angle), speed * math.sin(angle), climb, 0.0)


def settled(goal, limits, dt_s):
    """Return a motion (value, slope, after_stop) that has reached its goal."""
    motion = ZERO, ZERO, False
    for _ in range(200):
        motion = approach(motion[0], motion[1], goal, limits, dt_s)
    return motion


@given(LIMITS, STEPS_S, SHARES, SHARES, st.floats(-3.0, 3.0), st.integers(1, 12))
@example(SIMULATION_LIMITS, 0.05, 0.0625, 0.0, 0.0, 1)  # swung back by 0.075 m/s
def test_after_a_stop_that_is_over_it_does_not_run_past_the_same_goal(
    limits, dt_s, fast, slow, angle, stops
):
    start, goal = (
        velocity(share * limits.speed_m_s, angle, share * limits.climb_m_s)
        for share in (max(fast, slow), min(fast, slow))
    )
    value, slope, after_stop = settled(start, limits, dt_s)
    for number in range(80):
        is_over = number >= stops
        before = value
        value, slope, after_stop = approach(
            value, slope, goal, limits, dt_s, not is_over, after_stop
        )
        for was, new, aim in zip(before[:3], value[:3], goal[:3], strict=True):
            assert min(was, aim) - 1e-8 <= new <= max(was, aim) + 1e-8
    assert math.dist(value, goal) < 1e-3
    assert not after_stop


@given(LIMITS, STEPS_S, SHARES, SHARES, st.integers(1, 12))
def test_called_on_while_it_stops_it_slows_no_more_than_the_stops_jerk_explains(
    limits, dt_s, fast, faster, stops
):
    start, goal = ((share * limits.speed_m_s, 0.0, 0.0, 0.0) for share in sorted((fast, faster)))
    value, slope, after_stop = settled(start, limits, dt_s)
    for _ in range(stops):
        value, slope, after_stop = approach(value, slope, ZERO, limits, dt_s, True, after_stop)
    left, least = abs(slope[0]), value[0]
    while left > 0.0:
        left = max(left - limits.stop_jerk_m_s3 * dt_s, 0.0)
        least -= left * dt_s
    for _ in range(200):
        old = slope[0]
        value, slope, after_stop = approach(
            value, slope, goal, limits, dt_s, after_stop=after_stop
        )
        assert value[0] >= least - 1e-8
        assert slope[0] <= max(old + limits.stop_jerk_m_s3 * dt_s, 0.0) + 1e-8
        assert slope[0] <= max(old, 0.0) + limits.jerk_m_s3 * dt_s + 1e-8
        assert slope[0] <= limits.acceleration_m_s2 + 1e-8
    assert math.dist(value, goal) < 1e-3


WISHES = st.tuples(*[st.floats(-1.0, 1.0)] * 3, st.booleans())


@given(LIMITS, STEPS_S, st.lists(WISHES, max_size=40))
def test_no_step_leaves_the_paces_whatever_comes_after_a_stop(limits, dt_s, wishes):
    value, slope, after_stop = ZERO, ZERO, False
    for vx, vy, climb, stopping in wishes:
        goal = (0.7 * vx * limits.speed_m_s, 0.7 * vy * limits.speed_m_s, climb * limits.climb_m_s)
        is_hard, old = stopping or after_stop, slope
        value, slope, after_stop = approach(
            value, slope, (*goal, 0.0), limits, dt_s, stopping, after_stop
        )
        jerk = limits.stop_jerk_m_s3 if is_hard else limits.jerk_m_s3
        acceleration = limits.stop_acceleration_m_s2 if is_hard else limits.acceleration_m_s2
        for part in (slice(0, 2), slice(2, 3)):
            assert math.hypot(*slope[part]) <= acceleration * (1.0 + 1e-6)
            assert math.dist(old[part], slope[part]) <= jerk * dt_s + 1e-6
