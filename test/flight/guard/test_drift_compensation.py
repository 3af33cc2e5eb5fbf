# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Creep is taken away, what was commanded is flown as before, and nothing runs away."""

import cmath
import math
from dataclasses import replace

import numpy as np
import pytest
import vehicles
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.flight.guard import guard
from liquid_drone.flight.guard.drift_compensation import (
    GAIN_PER_S,
    LEASH_M,
    MOST_M_S,
    correction,
    expected,
    height_back,
)
from liquid_drone.flight.guard.limits import Limits
from liquid_drone.flight.guard.state import GuardInput, Proposal, start

DT_S, LAG_S = 0.05, 0.3
LIMITS = Limits(lost_after_s=None, unseen_stop_s=None, stuck_after_s=None, fence_radius_m=None)
CREEP = complex(-0.213, 0.035)  # m/s, east + i north: what PX4 did


def at(now_s: float, place: complex = 0j, velocity: complex = 0j, yaw: float = 0.0):
    return vehicles.known(
        now_s,
        stamp_s=now_s,
        attitude_stamp_s=now_s,
        position_enu=(place.real, place.imag, 3.0),
        velocity_enu=(velocity.real, velocity.imag, 0.0),
        yaw=yaw,
    )


def flown(
    command,
    seconds,
    creep=CREEP,
    holds_place=True,
    yaw=0.7,
    jump=0j,
    limits=LIMITS,
    is_held=False,
):
    """Return the places (T,) of a vehicle that follows with a lag, and creeps."""
    state, now, place, moves, places = start(0.0), 0.0, 0j, 0j, []
    heading = complex(math.cos(yaw), math.sin(yaw))
    creeps = creep if isinstance(creep, list) else [creep] * round(seconds / DT_S)
    for k in range(round(seconds / DT_S)):
        now, creep = now + DT_S, creeps[k]
        seen = at(now, place + (jump if k * DT_S > seconds / 2 else 0j), moves + creep, yaw)
        proposal = Proposal(now, (command.real, command.imag, 0.0, 0.0))
        state, setpoint, _ = guard.step(
            state, GuardInput(now, seen, limits, proposal, holds_place=holds_place)
        )
        if setpoint is None:
            break
        told = complex(setpoint.vx_m_s, setpoint.vy_m_s) * heading
        yaw += setpoint.yaw_rate_rad_s * DT_S
        heading = cmath.rect(1.0, yaw)
        moves += 0j if is_held else (told - moves) * DT_S / LAG_S
        place += (moves + creep) * DT_S
        places.append(place)
    return np.array(places)


def test_told_to_stand_still_it_stands():
    """For a minute, as PX4 was told once, which ended 12.8 m away."""
    assert abs(flown(0j, 60.0, holds_place=False)[-1]) == pytest.approx(60.0 * abs(CREEP), rel=0.1)
    places = flown(0j, 60.0)
    assert abs(places).max() < 0.6
    assert abs(places[-1] - places[-100]) < 0.01


def test_on_its_way_the_creep_is_gone_too():
    way = flown(0.8 + 0.3j, 30.0)
    heading = complex(math.cos(0.7), math.sin(0.7))
    pace = (way[-1] - way[-201]) / 10.0
    assert pace == pytest.approx((0.8 + 0.3j) * heading, abs=0.01)


def test_what_does_not_creep_flies_about_as_without():
    """Where the lag is not the one assumed it catches up, by centimetres."""
    gain = flown(0.8, 20.0, creep=0j) - flown(0.8, 20.0, creep=0j, holds_place=False)
    assert abs(gain).max() < 0.2


def test_a_jump_of_the_estimate_is_not_flown_back():
    places = flown(0j, 30.0, creep=0j, jump=10 + 0j)
    assert abs(places).max() < 0.01


def test_told_to_stand_it_comes_back_from_where_a_gust_has_pushed_it():
    """A front pushed a real PX4 3.1 m away, and it stayed there."""
    gust = [0.8 if 5.0 < k * DT_S < 11.0 else 0.0 for k in range(1200)]
    places = flown(0j, 60.0, creep=gust)
    assert 2.0 < abs(places).max() < 4.0
    assert abs(places[-1]) < 0.1


def test_on_its_way_what_a_gust_took_is_forgotten_beyond_the_leash():
    gust = [-0.8 if 5.0 < k * DT_S < 11.0 else 0.0 for k in range(600)]
    lost = flown(0.5, 30.0, creep=0j) - flown(0.5, 30.0, creep=gust)
    assert abs(lost).max() > 2.0 > abs(lost[-1]) > 0.5


def test_the_height_is_held_on_the_way_too():
    """PX4 crept 7.3 m up in a minute, and sank 0.74 m in wind."""
    up, climb, place = 0.0, 0.0, None
    for k in range(1200):
        vehicle = vehicles.known(k * DT_S, position_enu=(0.0, 0.0, up))
        place = expected(place, 0.5, 0.0, vehicle, DT_S)
        climb += (height_back(place, vehicle) - climb) * DT_S / LAG_S
        up += (climb + 0.122) * DT_S
    assert abs(up) < 0.3


@given(st.complex_numbers(max_magnitude=50.0), st.complex_numbers(max_magnitude=5.0))
def test_it_never_adds_more_than_the_leash_allows(position, wanted):
    place = expected(None, 0j, 0.0, at(0.0), DT_S)
    for k in range(20):
        vehicle = at(0.0, position * k, yaw=0.3 * k)
        place = expected(place, wanted, 0.0, vehicle, 0.2)
        assert abs(correction(place, vehicle)) <= GAIN_PER_S * LEASH_M + 1e-9


def test_after_a_stop_it_begins_anew_where_it_is():
    state = start(0.0)
    state, _, _ = guard.step(
        state,
        GuardInput(0.05, at(0.05), LIMITS, Proposal(0.05, (0, 0, 0, 0)), holds_place=True),
    )
    assert state.place is not None
    late = replace(at(0.6), position_enu=(0.4, 0.0, 3.0))
    state, _, reason = guard.step(state, GuardInput(0.6, late, LIMITS, holds_place=True))
    assert reason.name == 'STALE_COMMAND'
    assert state.place is None


STUCK = replace(LIMITS, stuck_after_s=Limits().stuck_after_s)


@given(
    st.floats(0.2, MOST_M_S - 0.02),
    st.floats(-math.pi, math.pi),
    st.floats(0.0, 1.0),
    st.floats(-math.pi, math.pi),
    st.floats(-math.pi, math.pi),
)
def test_what_only_takes_a_creep_away_is_no_command_to_move(creep, way, speed, ahead, yaw):
    """Told to stand, a PX4 that creeps by 0.3 m/s stands: it was handed back after 3 s."""
    told = cmath.rect(0.0 if speed < 0.3 else speed, ahead)
    places = flown(told, 12.0, cmath.rect(creep, way), yaw=yaw, limits=STUCK)
    assert len(places) == round(12.0 / DT_S)


@given(st.floats(0.35, 1.0), st.floats(-math.pi, math.pi), st.floats(-math.pi, math.pi))
def test_held_by_a_rope_it_is_let_go_of_though_its_place_runs_ahead(speed, ahead, yaw):
    told = cmath.rect(speed, ahead)
    places = flown(told, 8.0, 0j, yaw=yaw, limits=STUCK, is_held=True)
    assert 3.0 < len(places) * DT_S < 6.0  # with the hold before it falls silent


@given(st.floats(0.32, 0.39), st.floats(-math.pi, math.pi))
def test_one_that_lost_its_target_is_held_in_a_wind_and_searches(creep, way):
    limits = replace(Limits(), fence_radius_m=None)
    assert len(flown(0.5, 12.0, cmath.rect(creep, way), limits=limits)) == round(12.0 / DT_S)
