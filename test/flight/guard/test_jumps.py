# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A number that jumps stops the vehicle, and never flies it."""

import math
from dataclasses import replace

import pytest
import vehicles
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.flight.guard import guard
from liquid_drone.flight.guard.limits import Limits, Sighting
from liquid_drone.flight.guard.state import GuardInput, Proposal, start
from liquid_drone.flight.reason import Reason
from liquid_drone.flight.setpoint import Setpoint

DT_S = 0.05
LIMITS = replace(Limits(), stuck_after_s=None)


class Flight:
    """A vehicle that flies what it is told; ``tell`` changes what is reported of it."""

    def __init__(self, holds=True, command=(0.5, 0.0, 0.0, 0.0)):
        self.state, self.now, self.holds, self.command = start(0.0), 0.0, holds, command
        self.place, self.velocity, self.yaw = [0.0, 0.0, 3.0], [0.0, 0.0, 0.0], 0.0
        self.steps = []

    def fly(self, seconds, tell=lambda vehicle: vehicle):
        for _ in range(round(seconds / DT_S)):
            self.now += DT_S
            at = dict.fromkeys(('stamp_s', 'attitude_stamp_s'), self.now)
            vehicle = vehicles.known(
                self.now,
                position_enu=tuple(self.place),
                velocity_enu=tuple(self.velocity),
                yaw=self.yaw,
                reset_counter=1,
                **at,
            )
            given = GuardInput(
                self.now,
                tell(vehicle),
                LIMITS,
                Proposal(self.now, self.command),
                Sighting(self.now, 0.0),
                holds_height=self.holds,
                holds_place=self.holds,
            )
            step = guard.step(self.state, given)
            self.state = step.state
            self.steps.append(step)
            self._move(step.setpoint or Setpoint())
        return self

    def _move(self, setpoint):
        wanted = (*self._world(setpoint), setpoint.vz_m_s)
        for axis in range(3):
            before = self.velocity[axis]
            self.velocity[axis] += (wanted[axis] - before) * DT_S / 0.4
            self.place[axis] += 0.5 * (before + self.velocity[axis]) * DT_S
        self.yaw += setpoint.yaw_rate_rad_s * DT_S

    def _world(self, setpoint):
        v = complex(setpoint.vx_m_s, setpoint.vy_m_s) * complex(
            math.cos(self.yaw), math.sin(self.yaw)
        )
        return v.real, v.imag


def moved(east=0.0, north=0.0, up=0.0, yaw=0.0):
    def tell(vehicle):
        x, y, z = vehicle.position_enu
        return replace(vehicle, position_enu=(x + east, y + north, z + up), yaw=vehicle.yaw + yaw)

    return tell


def at_once(tell, seconds=1e9):
    """Tell so from now on, for some time."""
    begun = []

    def told(vehicle):
        begun.append(vehicle.stamp_s)
        return tell(vehicle) if vehicle.stamp_s - begun[0] < seconds - 1e-9 else vehicle

    return told


JUMPS = [
    (moved(up=12.0), Reason.HEIGHT_JUMPED),
    (moved(up=-12.0), Reason.HEIGHT_JUMPED),
    (moved(up=1.0), Reason.HEIGHT_JUMPED),
    (moved(east=15.0), Reason.POSITION_JUMPED),
    (moved(north=-2.0), Reason.POSITION_JUMPED),
    (moved(yaw=1.0), Reason.YAW_JUMPED),
    (moved(yaw=-3.0), Reason.YAW_JUMPED),
    (lambda v: replace(v, reset_counter=2), Reason.ESTIMATOR_RESET),
    (lambda v: replace(v, restarts=1), Reason.CLOCK_JUMPED),
    (lambda v: replace(v, home_enu=(0.0, 0.0, -12.0)), Reason.HOME_MOVED),
    (lambda v: replace(v, home_enu=(9.0, 0.0, 0.0)), Reason.HOME_MOVED),
]


@pytest.mark.parametrize('holds', [True, False], ids=['px4', 'ardupilot'])
@pytest.mark.parametrize(('tell', 'reason'), JUMPS)
def test_a_jump_stops_for_good_is_named_and_moves_nothing(tell, reason, holds):
    flight = Flight(holds).fly(4.0)
    height, flown = flight.place[2], len(flight.steps)
    flight.fly(3.0, at_once(tell))
    after = flight.steps[flown:]
    assert after[-1].reason is reason
    assert after[-1].setpoint is None
    assert Setpoint() in [step.setpoint for step in after]
    assert abs(flight.place[2] - height) < 0.1
    flight.fly(1.0)  # back to where it was: a human engages anew
    assert flight.steps[-1].setpoint is None


@pytest.mark.parametrize('tell', [jump[0] for jump in JUMPS[:7]])
def test_one_odd_report_decides_nothing(tell):
    flight = Flight().fly(4.0)
    height = flight.place[2]
    flight.fly(3.0, at_once(tell, DT_S))
    assert {step.reason for step in flight.steps} == {Reason.FOLLOWING}
    assert abs(flight.place[2] - height) < 0.05


def test_an_estimate_that_slides_away_without_a_velocity_is_a_jump_too():
    flight = Flight().fly(4.0)
    height, begun_s = flight.place[2], flight.now
    flight.fly(4.0, lambda v: moved(up=3.0 * (v.stamp_s - begun_s))(v))
    assert flight.steps[-1].reason is Reason.HEIGHT_JUMPED
    assert abs(flight.place[2] - height) < 0.5


@pytest.mark.parametrize('speed_m_s', [0.3, 0.5, 0.7, 1.0])
def test_a_position_that_stands_still_while_the_velocity_goes_on_is_a_jump(speed_m_s):
    """An estimate that is stuck: the same place under new stamps."""
    flight = Flight(command=(speed_m_s, 0.0, 0.0, 0.0)).fly(4.0)
    place = tuple(flight.place)
    flight.fly(8.0, lambda vehicle: replace(vehicle, position_enu=place))
    assert flight.steps[-1].reason is Reason.POSITION_JUMPED
    assert flight.steps[-1].setpoint is None
    assert math.dist(flight.place, place) < LIMITS.position_jump_m + 1.0


def test_a_vehicle_that_stands_at_one_place_has_not_jumped():
    flight = Flight(command=(0.0, 0.0, 0.0, 0.0)).fly(2.0)
    place = tuple(flight.place)
    flight.fly(20.0, lambda vehicle: replace(vehicle, position_enu=place))
    assert flight.steps[-1].reason is Reason.FOLLOWING


@given(
    st.tuples(st.floats(-0.9, 0.9), st.floats(-0.9, 0.9), st.floats(-0.4, 0.4), st.floats(-2, 2)),
    st.floats(0.0, 0.02),
)
def test_what_the_vehicle_flies_by_itself_is_no_jump(command, wander_m):
    flight = Flight(command=command).fly(2.0)
    flight.command = (-command[0], command[1], -command[2], -command[3])
    flight.fly(6.0, lambda v: moved(up=wander_m * math.sin(9.0 * v.stamp_s))(v))
    assert not [step.reason for step in flight.steps if step.reason.is_stop]


@given(st.floats(-30.0, 30.0), st.sampled_from([0.0, -0.4, 0.4]), st.booleans())
def test_whatever_height_is_told_nothing_leads_further_to_ground_or_sky_than_proposed(
    error_m, climb, holds
):
    flight = Flight(holds, (0.3, 0.0, climb, 0.0)).fly(1.0)
    height = flight.place[2]
    flight.fly(4.0, at_once(moved(up=error_m)))
    proposed, flown = climb * 4.0, flight.place[2] - height
    slack = 0.4 + min(abs(error_m), LIMITS.height_jump_m)  # what is less than a jump is believed
    assert min(0.0, proposed) - slack <= flown <= max(0.0, proposed) + slack
