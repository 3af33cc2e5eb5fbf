# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from liquid_drone.geometry import quaternion_from_euler
from liquid_drone.sim import quadrotor
from liquid_drone.sim.config import Vehicle, load_scenario
from liquid_drone.sim.quadrotor import Motion

DT_S = 1.0 / 240.0
STILL_AIR = np.zeros(3)


@pytest.fixture(scope='module')
def vehicle() -> Vehicle:
    return load_scenario().vehicle


def level(velocity: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Motion:
    return Motion(np.array(velocity), quaternion_from_euler(0.0, 0.0, 0.7), np.zeros(3))


def test_hovering_thrust_carries_the_weight(vehicle: Vehicle) -> None:
    drive = quadrotor.still(vehicle, hovering=True)
    linear, angular = quadrotor.accelerations(vehicle, drive, level(), STILL_AIR)
    assert np.allclose(linear, 0.0)
    assert np.allclose(angular, 0.0)


def test_with_the_motors_off_it_falls(vehicle: Vehicle) -> None:
    drive = quadrotor.coast(vehicle, quadrotor.still(vehicle, hovering=True), 10.0)
    linear, _ = quadrotor.accelerations(vehicle, drive, level(), STILL_AIR)
    assert linear[2] == pytest.approx(-9.81, abs=0.01)


def test_motors_lag_behind_what_is_wanted(vehicle: Vehicle) -> None:
    drive = quadrotor.still(vehicle, hovering=True)
    up = np.array([0.0, 0.0, 1.0])
    after = quadrotor.control(vehicle, drive, level(), up, 0.0, DT_S)
    settled = quadrotor.control(vehicle, drive, level(), up, 0.0, 10.0)
    assert np.all(drive.thrust_n < after.thrust_n)
    assert np.all(after.thrust_n < settled.thrust_n)


def test_no_motor_pulls_or_exceeds_its_maximum(vehicle: Vehicle) -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        attitude = quaternion_from_euler(*rng.uniform(-1, 1, 3))
        motion = Motion(rng.normal(0, 5, 3), attitude, rng.normal(0, 3, 3))
        drive = quadrotor.still(vehicle, hovering=True)
        drive = quadrotor.control(vehicle, drive, motion, rng.normal(0, 5, 3), 1.0, 10.0)
        assert np.all(drive.thrust_n >= 0.0)
        assert np.all(drive.thrust_n <= vehicle.motor_max_thrust_n)


def test_drag_and_wind_push_where_they_should(vehicle: Vehicle) -> None:
    drive = quadrotor.still(vehicle, hovering=True)
    slowed, _ = quadrotor.accelerations(vehicle, drive, level((2.0, 0.0, 0.0)), STILL_AIR)
    blown, _ = quadrotor.accelerations(vehicle, drive, level(), np.array([0.0, 3.0, 0.0]))
    assert slowed[0] < 0.0
    assert blown[1] > 0.0
