# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: limits tightened in flight hold soon, from any motion, and no stop is lost."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.flight.guard.limits import ZERO, Limits, approach

DT_S = 0.05
WISHES = st.tuples(*(st.floats(-1.0, 1.0) for _ in range(4)))


@given(
    st.lists(WISHES, min_size=1, max_size=40),
    st.floats(0.1, 1.0),
    st.floats(0.05, 0.5),
    st.booleans(),
    st.booleans(),
)
def test_any_motion_comes_within_a_tightened_limit_and_can_still_be_stopped(
    flown: list[tuple[float, float, float, float]],
    speed_m_s: float,
    climb_m_s: float,
    stopping: bool,
    is_slower: bool,
) -> None:
    limits, value, slope = Limits(), ZERO, ZERO
    for vx, vy, vz, yaw_rate in flown:
        goal = (vx * 0.7, vy * 0.7, vz * 0.5, yaw_rate * 0.5)
        value, slope, _ = approach(value, slope, goal, limits, DT_S)
    tight = replace(limits, speed_m_s=speed_m_s, climb_m_s=climb_m_s)
    if is_slower:
        tight = replace(tight, acceleration_m_s2=0.5, jerk_m_s3=2.0)
    fastest = max(abs(complex(value[0], value[1])), speed_m_s)
    goal = ZERO if stopping else (speed_m_s, 0.0, climb_m_s, 0.0)
    peak = 0.0
    for _ in range(100):
        value, slope, _ = approach(value, slope, goal, tight, DT_S, stopping)
        peak = max(peak, abs(complex(value[0], value[1])))
    assert peak <= fastest + 0.15  # the slope that it had is taken away, not cut off
    assert abs(complex(value[0], value[1]) - complex(goal[0], goal[1])) < 1e-3
    assert abs(value[2] - goal[2]) < 1e-3
