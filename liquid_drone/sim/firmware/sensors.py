# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a drone's sensors say about the truth: noise, biases, wandering satellites. Seeded.

Inertial sensors are read at every turn of the physics; magnetometer, barometer and satellite
receiver at their own rates. Body FRD, world NED, as firmware wants it. It knows no firmware.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...arrays import RowMajorRotation, Vector
from ..physics.quadrotor import Sample, rotation_of

EARTH_RADIUS_M = 6_378_137.0  # WGS 84, at the equator
SEA_LEVEL_PA, SEA_LEVEL_K, LAPSE_K_M = (
    101_325.0,
    288.15,
    0.0065,
)  # International Standard Atmosphere
PRESSURE_EXPONENT = 5.25588


@dataclass(frozen=True)
class SensorConfig:
    """How good the sensors are and where on Earth they stand; see ``sim/sensors/x500.yaml``."""

    name: str
    gyro_noise_rad_s: float
    gyro_bias_rad_s: float
    accel_noise_m_s2: float
    accel_bias_m_s2: float
    magnetometer_noise_gauss: float
    barometer_noise_pa: float
    barometer_wander_pa: float
    gps_noise_m: tuple[float, float]  # horizontal, vertical
    gps_wander_m: tuple[float, float]
    gps_wander_time_s: float
    gps_velocity_noise_m_s: float
    magnetometer_rate_hz: float
    barometer_rate_hz: float
    gps_rate_hz: float
    latitude_deg: float  # of the world's origin
    longitude_deg: float
    altitude_m: float  # above mean sea level
    magnetic_field_ned_gauss: Vector

    def __post_init__(self) -> None:
        rates = self.magnetometer_rate_hz, self.barometer_rate_hz, self.gps_rate_hz
        if min(rates) <= 0.0 or self.gps_wander_time_s <= 0.0:
            raise ValueError('rates and gps_wander_time_s must be positive')
        if abs(self.latitude_deg) > 85.0:
            raise ValueError(f'latitude_deg must be -85 to 85, got {self.latitude_deg}')


class Inertial(NamedTuple):
    """Gyroscope in rad/s and accelerometer in m/s^2, body FRD."""

    gyro_frd: Vector
    accel_frd: Vector


class Fix(NamedTuple):
    """What a satellite receiver says."""

    latitude_deg: float
    longitude_deg: float
    altitude_m: float  # above mean sea level
    velocity_ned: Vector  # m/s


class Reading(NamedTuple):
    """What is new at one moment; None: nothing."""

    time_s: float
    inertial: Inertial
    magnetic_frd_gauss: Vector | None
    pressure_pa: float | None
    fix: Fix | None


class Sensors:
    """Reads samples in the order of their times; holds nothing but its random numbers."""

    def __init__(self, config: SensorConfig, rng: np.random.Generator) -> None:
        """Draw the biases of a flight."""
        self.config, self._rng = config, rng
        self._gyro_bias = self._draw(config.gyro_bias_rad_s)
        self._accel_bias = self._draw(config.accel_bias_m_s2)
        across, vertical = config.gps_wander_m
        self._deviations = across, across, vertical, config.barometer_wander_pa
        a, b, c = self._draw(1.0)
        self._wander = a * across, b * across, c * vertical, 0.0
        self._due_s = dict.fromkeys(('magnetometer', 'barometer', 'gps'), -math.inf)

    def read(self, sample: Sample) -> Reading:
        """Return all that is new."""
        rotation = rotation_of(sample.motion.quaternion_xyzw)
        config, time_s = self.config, sample.time_s
        magnetic = pressure = fix = None
        if self._is_due('magnetometer', time_s, config.magnetometer_rate_hz):
            noise = self._draw(config.magnetometer_noise_gauss)
            magnetic = _plus(field_in_body(config.magnetic_field_ned_gauss, rotation), noise)
        if self._is_due('barometer', time_s, config.barometer_rate_hz):
            noise_pa = config.barometer_noise_pa * self._rng.standard_normal() + self._wander[3]
            height_m = config.altitude_m + sample.motion.position_enu[2]
            pressure = pressure_at(height_m) + noise_pa
        if self._is_due('gps', time_s, config.gps_rate_hz):
            self._wander_on(1.0 / config.gps_rate_hz)
            fix = self._fix(sample)
        return Reading(time_s, self.inertial(sample), magnetic, pressure, fix)

    def inertial(self, sample: Sample) -> Inertial:
        """Return what gyroscope and accelerometer say."""
        config = self.config
        gyro = _plus(_frd(sample.motion.rates_flu), self._draw(config.gyro_noise_rad_s))
        accel = _plus(_frd(sample.specific_force_flu), self._draw(config.accel_noise_m_s2))
        return Inertial(_plus(gyro, self._gyro_bias), _plus(accel, self._accel_bias))

    def _fix(self, sample: Sample) -> Fix:
        (x, y, z), (vx, vy, vz) = sample.motion.position_enu, sample.motion.velocity_enu
        across, vertical = self.config.gps_noise_m
        a, b, c = self._draw(1.0)
        east, north, up, _ = self._wander
        noisy = x + east + a * across, y + north + b * across, z + up + c * vertical
        velocity = _plus((vy, vx, -vz), self._draw(self.config.gps_velocity_noise_m_s))
        return Fix(*position_on_earth(self.config, noisy), velocity)

    def _wander_on(self, dt_s: float) -> None:
        """Let the slow errors wander (first-order Gauss-Markov process)."""
        keep = math.exp(-dt_s / self.config.gps_wander_time_s)
        push = math.sqrt(1.0 - keep * keep)
        draws = self._rng.standard_normal(4).tolist()
        a, b, c, d = (
            keep * value + push * deviation * draw
            for value, deviation, draw in zip(self._wander, self._deviations, draws, strict=True)
        )
        self._wander = a, b, c, d

    def _is_due(self, name: str, time_s: float, rate_hz: float) -> bool:
        if time_s < self._due_s[name] - 1e-9:
            return False
        self._due_s[name] = max(self._due_s[name] + 1.0 / rate_hz, time_s)
        return True

    def _draw(self, deviation: float) -> Vector:
        x, y, z = self._rng.standard_normal(3).tolist()
        return x * deviation, y * deviation, z * deviation


def pressure_at(altitude_m: float) -> float:
    """Return the pressure in Pa of the standard atmosphere at a height above the sea."""
    ratio = 1.0 - LAPSE_K_M * altitude_m / SEA_LEVEL_K
    return float(SEA_LEVEL_PA * ratio**PRESSURE_EXPONENT)


def position_on_earth(config: SensorConfig, position_enu: Vector) -> tuple[float, float, float]:
    """Return latitude and longitude in degrees and altitude in m; good within a kilometre."""
    north_rad = position_enu[1] / EARTH_RADIUS_M
    east_rad = position_enu[0] / (EARTH_RADIUS_M * math.cos(math.radians(config.latitude_deg)))
    return (
        config.latitude_deg + math.degrees(north_rad),
        config.longitude_deg + math.degrees(east_rad),
        config.altitude_m + position_enu[2],
    )


def field_in_body(field_ned: Vector, rotation: RowMajorRotation) -> Vector:
    """Turn the Earth's field, NED, into a body's FRD; ``rotation``: FLU to ENU."""
    (north, east, down), m = field_ned, rotation
    x, y, z = east, north, -down
    return (
        m[0] * x + m[3] * y + m[6] * z,
        -(m[1] * x + m[4] * y + m[7] * z),
        -(m[2] * x + m[5] * y + m[8] * z),
    )


def _frd(vector: Vector) -> Vector:
    return vector[0], -vector[1], -vector[2]


def _plus(a: Vector, b: Vector) -> Vector:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]
