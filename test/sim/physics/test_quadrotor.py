# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.arrays import FourFloats, Vector
from liquid_drone.geometry import quaternion_from_euler, rotation_from_quaternion
from liquid_drone.sim.physics import quadrotor
from liquid_drone.sim.physics.quadrotor import Motion, VelocityCommand
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.scenario.vehicle import Vehicle

DT_S = 1.0 / 240.0
CALM: Vector = (0.0, 0.0, 0.0)
STAY = VelocityCommand(CALM, 0.0)
ANGLE = st.floats(-1.0, 1.0)
NUMBER = st.floats(-5.0, 5.0)
VECTOR = st.tuples(NUMBER, NUMBER, NUMBER)


@pytest.fixture(scope='module')
def vehicle() -> Vehicle:
    return load_scenario().vehicle


def turned(roll: float, pitch: float, yaw: float) -> FourFloats:
    x, y, z, w = quaternion_from_euler(roll, pitch, yaw).tolist()
    return x, y, z, w


def level(velocity: Vector = CALM) -> Motion:
    return Motion((0.0, 0.0, 5.0), velocity, turned(0.0, 0.0, 0.7), CALM)


def accelerate(
    vehicle: Vehicle, drive: quadrotor.Drive, motion: Motion, wind: Vector = CALM
) -> tuple[Vector, Vector]:
    rotation = quadrotor.rotation_of(motion.quaternion_xyzw)
    return quadrotor.accelerations(vehicle, drive, motion, rotation, wind)


def controlled(
    vehicle: Vehicle, motion: Motion, order: VelocityCommand, dt_s: float
) -> quadrotor.Drive:
    drive = quadrotor.still(vehicle, hovering=True)
    rotation = quadrotor.rotation_of(motion.quaternion_xyzw)
    return quadrotor.control(vehicle, drive, motion, rotation, order, dt_s)


def test_hovering_thrust_carries_the_weight(vehicle: Vehicle) -> None:
    linear, angular = accelerate(vehicle, quadrotor.still(vehicle, hovering=True), level())
    assert np.allclose(linear, 0.0)
    assert np.allclose(angular, 0.0)


def test_with_the_motors_off_it_falls(vehicle: Vehicle) -> None:
    drive = quadrotor.coast(vehicle, quadrotor.still(vehicle, hovering=True), 10.0)
    linear, _ = accelerate(vehicle, drive, level())
    assert linear[2] == pytest.approx(-9.81, abs=0.01)


def test_motors_lag_behind_what_is_wanted(vehicle: Vehicle) -> None:
    drive = quadrotor.still(vehicle, hovering=True)
    up = VelocityCommand((0.0, 0.0, 1.0), 0.0)
    after = controlled(vehicle, level(), up, DT_S)
    settled = controlled(vehicle, level(), up, 10.0)
    assert np.all(np.array(drive.thrust_n) < after.thrust_n)
    assert np.all(np.array(after.thrust_n) < settled.thrust_n)


@given(st.tuples(ANGLE, ANGLE, ANGLE), VECTOR, VECTOR, VECTOR)
def test_no_motor_pulls_or_exceeds_its_maximum(
    attitude: Vector, velocity: Vector, rates: Vector, wanted: Vector
) -> None:
    vehicle = load_scenario().vehicle
    motion = Motion(CALM, velocity, turned(*attitude), rates)
    drive = controlled(vehicle, motion, VelocityCommand(wanted, 1.0), 10.0)
    assert np.all(np.array(drive.thrust_n) >= 0.0)
    assert np.all(np.array(drive.thrust_n) <= vehicle.motor_max_thrust_n)


@given(st.tuples(ANGLE, ANGLE, ANGLE), VECTOR)
def test_a_turning_body_turns_as_its_rates_say(attitude: Vector, rates: Vector) -> None:
    motion = Motion(CALM, CALM, turned(*attitude), rates)
    after = quadrotor.moved(motion, CALM, CALM, DT_S)
    before = rotation_from_quaternion(motion.quaternion_xyzw)
    assert np.allclose(np.reshape(quadrotor.rotation_of(motion.quaternion_xyzw), (3, 3)), before)
    turn = before.T @ rotation_from_quaternion(after.quaternion_xyzw)
    seen = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]])
    assert np.allclose(seen / (2.0 * DT_S), rates, atol=2e-3 * (1.0 + np.linalg.norm(rates)))
    assert math.hypot(*after.quaternion_xyzw) == pytest.approx(1.0, abs=1e-12)


def test_drag_and_wind_push_where_they_should(vehicle: Vehicle) -> None:
    drive = quadrotor.still(vehicle, hovering=True)
    slowed, _ = accelerate(vehicle, drive, level((2.0, 0.0, 0.0)))
    blown, _ = accelerate(vehicle, drive, level(), (0.0, 3.0, 0.0))
    assert slowed[0] < 0.0
    assert blown[1] > 0.0


def test_the_ground_carries_more_the_nearer_it_is() -> None:
    heights = [0.05, 0.1, 0.2, 0.5, 1.0, 5.0]
    lift = [quadrotor.ground_effect(0.127, height) for height in heights]
    assert lift == sorted(lift, reverse=True)
    assert lift[0] < 1.34  # not beyond the theory's range
    assert lift[2] == pytest.approx(1.026, abs=0.001)  # Cheeseman and Bennett at z/R = 1.57
    assert lift[-1] == 1.0
