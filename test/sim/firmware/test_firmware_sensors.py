# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Sensors for firmware: right signs and frames, rates kept, the same noise for the same seed."""

import dataclasses
import math

import numpy as np
import pytest

from liquid_drone import resources, schema
from liquid_drone.errors import ConfigError
from liquid_drone.geometry import quaternion_from_euler
from liquid_drone.sim.firmware import sensors
from liquid_drone.sim.firmware.bridge import in_drive_order, ned_quaternion
from liquid_drone.sim.firmware.sensors import SensorConfig, Sensors
from liquid_drone.sim.physics.quadrotor import GRAVITY_M_S2, Motion, Sample

CONFIG = schema.load_yaml(SensorConfig, resources.named_file('sim/sensors', 'x500'))
QUIET = dataclasses.replace(
    CONFIG,
    gyro_noise_rad_s=0.0,
    gyro_bias_rad_s=0.0,
    accel_noise_m_s2=0.0,
    accel_bias_m_s2=0.0,
    magnetometer_noise_gauss=0.0,
    barometer_noise_pa=0.0,
    barometer_wander_pa=0.0,
    gps_noise_m=(0.0, 0.0),
    gps_wander_m=(0.0, 0.0),
    gps_velocity_noise_m_s=0.0,
)
AT_REST = (0.0, 0.0, GRAVITY_M_S2)


def sample(time_s: float = 0.0, yaw_rad: float = 0.0, up_m: float = 0.0) -> Sample:
    x, y, z, w = quaternion_from_euler(0.0, 0.0, yaw_rad).tolist()
    motion = Motion((10.0, 20.0, up_m), (1.0, 2.0, 3.0), (x, y, z, w), (0.1, 0.2, 0.3))
    return Sample(time_s, motion, AT_REST)


def test_a_quiet_reading_is_the_truth_in_the_frames_of_firmware() -> None:
    reading = Sensors(QUIET, np.random.default_rng(0)).read(sample(up_m=5.0))
    assert reading.inertial.accel_frd == pytest.approx((0.0, 0.0, -GRAVITY_M_S2))
    assert reading.inertial.gyro_frd == pytest.approx((0.1, -0.2, -0.3))
    assert reading.fix is not None
    assert reading.fix.velocity_ned == pytest.approx((2.0, 1.0, -3.0))
    assert reading.fix.altitude_m == pytest.approx(493.0)
    north_m = math.radians(reading.fix.latitude_deg - QUIET.latitude_deg) * 6_378_137.0
    assert north_m == pytest.approx(20.0, abs=1e-3)
    east_m = math.radians(reading.fix.longitude_deg - QUIET.longitude_deg) * 6_378_137.0
    assert east_m * math.cos(math.radians(QUIET.latitude_deg)) == pytest.approx(10.0, abs=1e-3)


def test_the_magnetometer_points_north_from_every_heading() -> None:
    north, east, down = QUIET.magnetic_field_ned_gauss
    facing_east = Sensors(QUIET, np.random.default_rng(0)).read(sample())  # x is east
    assert facing_east.magnetic_frd_gauss == pytest.approx((east, -north, down))
    facing_north = Sensors(QUIET, np.random.default_rng(0)).read(sample(yaw_rad=math.pi / 2))
    assert facing_north.magnetic_frd_gauss == pytest.approx((north, east, down))


def test_pressure_falls_by_twelve_pascal_a_metre_near_the_sea() -> None:
    assert sensors.pressure_at(0.0) == pytest.approx(101_325.0)
    assert sensors.pressure_at(0.0) - sensors.pressure_at(1.0) == pytest.approx(12.0, abs=0.1)


def test_each_sensor_keeps_its_rate() -> None:
    model = Sensors(CONFIG, np.random.default_rng(0))
    readings = [model.read(sample(step / 240.0)) for step in range(480)]  # two seconds
    assert sum(r.fix is not None for r in readings) == pytest.approx(16, abs=1)
    assert sum(r.magnetic_frd_gauss is not None for r in readings) == pytest.approx(120, abs=1)
    assert sum(r.pressure_pa is not None for r in readings) == pytest.approx(80, abs=1)


def test_the_same_seed_is_the_same_noise_and_as_large_as_was_asked() -> None:
    first, again, other = (Sensors(CONFIG, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.read(sample()) == again.read(sample())
    assert first.read(sample(1.0)) != other.read(sample(1.0))
    noise = [first.inertial(sample()).accel_frd[0] for _ in range(2000)]
    assert np.std(noise) == pytest.approx(CONFIG.accel_noise_m_s2, rel=0.1)


def test_a_receiver_wanders_slowly_and_stays_near() -> None:
    model = Sensors(CONFIG, np.random.default_rng(3))
    fixes = [model.read(sample(step / 8.0)).fix for step in range(8 * 1200)]
    off_m = np.array([fix.altitude_m - 488.0 for fix in fixes if fix is not None])
    assert 0.15 < np.std(off_m) < 0.6  # wander 0.3 and noise 0.1
    slow = off_m[: len(off_m) // 80 * 80].reshape(-1, 80).mean(axis=1)  # ten seconds each
    assert np.abs(np.diff(slow)).max() < 0.6


def test_frames_and_motors_are_those_of_firmware() -> None:
    half = math.sqrt(0.5)
    assert ned_quaternion((0.0, 0.0, 0.0, 1.0)) == pytest.approx((half, 0.0, 0.0, half))  # east
    assert ned_quaternion((0.0, 0.0, half, half)) == pytest.approx((1.0, 0.0, 0.0, 0.0))  # north
    assert in_drive_order([0.1, 0.2, 0.3, 0.4]) == (0.3, 0.1, 0.2, 0.4)
    assert in_drive_order([-1.0, 2.0, 0.0, 1.0]) == (0.0, 0.0, 1.0, 1.0)


def test_sensors_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match='rates and gps_wander_time_s must be positive'):
        dataclasses.replace(CONFIG, gps_rate_hz=0.0)
    with pytest.raises(ConfigError, match="unknown sensor 'none'"):
        resources.named_file('sim/sensors', 'none')
