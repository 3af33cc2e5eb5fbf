# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: the vehicle flies as told in any wind that its tilt is enough for, and soon after one
that was too strong."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.sim.physics.step_response import fly
from liquid_drone.sim.scenario.scenario import load_scenario

VEHICLE = load_scenario().vehicle
STRONGEST_M_S = VEHICLE.max_acceleration_m_s2[0] * VEHICLE.mass_kg / VEHICLE.drag_n_s_m  # 10.8

directions = st.floats(-math.pi, math.pi)


def blown(speed_m_s: float, direction_rad: float) -> tuple[float, float, float]:
    return speed_m_s * math.cos(direction_rad), speed_m_s * math.sin(direction_rad), 0.0


@settings(max_examples=12, deadline=None)
@given(st.floats(0.0, 0.85), directions, st.sampled_from([-0.6, 0.0, 1.0]))
def test_it_flies_as_told_in_any_wind_that_its_tilt_is_enough_for(share, direction, told) -> None:
    wind = blown(share * STRONGEST_M_S, direction)
    flown = fly(VEHICLE, told, 20.0, wind=lambda time_s: wind)
    x, y, z = flown[-1].velocity_enu
    assert math.hypot(x - told, y, z) < 0.1
    heights = [motion.position_enu[2] for motion in flown]
    assert max(heights) - min(heights) < 0.5


@settings(max_examples=8, deadline=None)
@given(st.floats(1.15, 2.0), directions, st.floats(2.0, 15.0))
def test_after_a_wind_that_was_too_strong_it_soon_stands(share, direction, lasts_s) -> None:
    """While nothing more can be done the integral must not grow, or the flight back is as long."""
    storm = blown(share * STRONGEST_M_S, direction)
    flown = fly(
        VEHICLE,
        0.0,
        lasts_s + 10.0,
        wind=lambda time_s: storm if time_s < lasts_s else (0.0, 0.0, 0.0),
    )
    x, y, _ = flown[-1].velocity_enu
    assert math.hypot(x, y) < 0.5


@settings(max_examples=8, deadline=None)
@given(st.floats(0.0, 0.85), directions)
def test_who_begins_hovering_has_long_leaned_into_the_wind(share, direction) -> None:
    wind = blown(share * STRONGEST_M_S, direction)
    flown = fly(VEHICLE, 0.0, 5.0, wind=lambda time_s: wind, hovers_in=wind)
    assert max(math.hypot(*motion.velocity_enu[:2]) for motion in flown) < 0.7
    assert math.hypot(*flown[-1].position_enu[:2]) < 0.4
