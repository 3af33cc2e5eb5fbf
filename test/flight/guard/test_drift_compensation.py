# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Creep is taken away, what was commanded is flown as before, and nothing runs away."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.flight.guard import guard
from liquid_drone.flight.guard.drift_compensation import (
    GAIN_PER_S,
    LEASH_M,
    correction,
    expected,
)
from liquid_drone.flight.guard.limits import Limits
from liquid_drone.flight.guard.state import GuardInput, Proposal, start
from liquid_drone.flight.vehicle import VehicleState

DT_S, LAG_S = 0.05, 0.3
LIMITS = Limits(lost_after_s=None, fence_radius_m=None)
CREEP = complex(-0.213, 0.035)  # m/s, east + i north: what PX4 did


def at(now_s: float, place: complex = 0j, velocity: complex = 0j, yaw: float = 0.0):
    return VehicleState(
        system_id=1,
        mode=1,
        mode_name='OFFBOARD',
        armed=True,
        heartbeat_received_s=now_s,
        received_s=now_s,
        attitude_received_s=now_s,
        position_enu=(place.real, place.imag, 3.0),
        velocity_enu=(velocity.real, velocity.imag, 0.0),
        yaw=yaw,
    )


def flown(command, seconds, creep=CREEP, holds_place=True, yaw=0.7, jump=0j):
    """Return the places (T,) of a vehicle that follows with a lag, and creeps."""
    state, now, place, moves, places = start(0.0), 0.0, 0j, 0j, []
    heading = complex(math.cos(yaw), math.sin(yaw))
    for k in range(round(seconds / DT_S)):
        now += DT_S
        seen = at(now, place + (jump if k * DT_S > seconds / 2 else 0j), moves + creep, yaw)
        proposal = Proposal(now, (command.real, command.imag, 0.0, 0.0))
        state, setpoint, _ = guard.step(
            state, GuardInput(now, seen, LIMITS, proposal, holds_place=holds_place)
        )
        told = complex(setpoint.vx_m_s, setpoint.vy_m_s) * heading
        moves += (told - moves) * DT_S / LAG_S
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
    """Satellites wander: of ten metres it makes up for the leash."""
    places = flown(0j, 30.0, creep=0j, jump=10 + 0j)
    assert abs(places[-1]) == pytest.approx(LEASH_M, abs=0.1)


@given(st.complex_numbers(max_magnitude=50.0), st.complex_numbers(max_magnitude=5.0))
def test_it_never_adds_more_than_the_leash_allows(position, wanted):
    place = expected(None, 0j, at(0.0), DT_S)
    for k in range(20):
        vehicle = at(0.0, position * k, yaw=0.3 * k)
        place = expected(place, wanted, vehicle, 0.2)
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
