# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A quadrotor under a cascaded velocity controller: attitude, rates, four motors with lag.

The cascade and its gains are those of PX4 (position mode's velocity loop, see ``sim/vehicles``).
Pure functions of numpy arrays: nothing here knows the physics engine. Body frame FLU, world ENU.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..geometry import rotation_from_quaternion
from .config import Vehicle

FloatArray = npt.NDArray[np.float64]
GRAVITY_M_S2 = 9.81
MAX_RATE_RAD_S = 3.8  # roll and pitch; PX4's MC_ROLLRATE_MAX
MAX_INTEGRAL_M_S2 = 2.0
SPIN = np.array(
    [1.0, -1.0, -1.0, 1.0]
)  # yaw torque of front left, front right, rear left, rear right
SIDE_X = np.array([1.0, 1.0, -1.0, -1.0])
SIDE_Y = np.array([1.0, -1.0, 1.0, -1.0])


@dataclass(frozen=True)
class Motion:
    """How the body moves at one moment."""

    velocity_enu: FloatArray  # (3,) m/s
    quaternion_xyzw: FloatArray  # (4,) body FLU to world ENU
    rates_flu: FloatArray  # (3,) rad/s


@dataclass(frozen=True)
class Drive:
    """What motors and controller remember."""

    thrust_n: FloatArray  # (4,) of each motor
    integral: FloatArray  # (3,) m/s^2, of the velocity loop


def still(vehicle: Vehicle, hovering: bool) -> Drive:
    """Return the drive of a vehicle that hovers, or of one with its motors off."""
    share = GRAVITY_M_S2 * vehicle.mass_kg / 4.0 if hovering else 0.0
    return Drive(np.full(4, share), np.zeros(3))


def control(
    vehicle: Vehicle,
    drive: Drive,
    motion: Motion,
    velocity_enu: FloatArray,
    yaw_rate_rad_s: float,
    dt_s: float,
) -> Drive:
    """Advance controller and motors by one step towards a velocity (3,) and a yaw rate."""
    rotation = rotation_from_quaternion(motion.quaternion_xyzw)
    acceleration, integral = _velocity_loop(vehicle, drive, motion, velocity_enu, dt_s)
    up = acceleration + np.array([0.0, 0.0, GRAVITY_M_S2])
    thrust_n = vehicle.mass_kg * max(float(up @ rotation[:, 2]), 0.0)
    torque = _attitude_loop(vehicle, motion, rotation, up, yaw_rate_rad_s)
    wanted = _mix(vehicle, thrust_n, torque)
    blend = 1.0 - math.exp(-dt_s / vehicle.motor_time_constant_s)
    return Drive(drive.thrust_n + blend * (wanted - drive.thrust_n), integral)


def coast(vehicle: Vehicle, drive: Drive, dt_s: float) -> Drive:
    """Let the motors run down; the controller forgets."""
    keep = math.exp(-dt_s / vehicle.motor_time_constant_s)
    return Drive(drive.thrust_n * keep, np.zeros(3))


def accelerations(
    vehicle: Vehicle, drive: Drive, motion: Motion, wind_enu: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the acceleration (3,), ENU, with gravity, and the angular one (3,), FLU."""
    rotation = rotation_from_quaternion(motion.quaternion_xyzw)
    force = rotation[:, 2] * drive.thrust_n.sum()
    force = force - vehicle.drag_n_s_m * (motion.velocity_enu - wind_enu)
    linear = force / vehicle.mass_kg - np.array([0.0, 0.0, GRAVITY_M_S2])
    arm, spin = vehicle.motor_arm_m, vehicle.motor_torque_per_thrust_m
    thrust = drive.thrust_n
    torque = np.array([arm * (SIDE_Y @ thrust), -arm * (SIDE_X @ thrust), spin * (SPIN @ thrust)])
    inertia = np.array(vehicle.inertia_kg_m2)
    gyroscopic = np.cross(motion.rates_flu, inertia * motion.rates_flu)
    return linear, (torque - gyroscopic) / inertia


def _velocity_loop(
    vehicle: Vehicle, drive: Drive, motion: Motion, velocity_enu: FloatArray, dt_s: float
) -> tuple[FloatArray, FloatArray]:
    p = np.array([vehicle.velocity_p_per_s[0]] * 2 + [vehicle.velocity_p_per_s[1]])
    i = np.array([vehicle.velocity_i_per_s2[0]] * 2 + [vehicle.velocity_i_per_s2[1]])
    error = velocity_enu - motion.velocity_enu
    integral = drive.integral + i * error * dt_s
    integral = np.clip(integral, -MAX_INTEGRAL_M_S2, MAX_INTEGRAL_M_S2)
    wanted = p * error + integral
    across, vertical = vehicle.max_acceleration_m_s2
    size = math.hypot(wanted[0], wanted[1])
    tilted = GRAVITY_M_S2 * math.tan(math.radians(vehicle.max_tilt_deg))
    wanted[:2] *= min(1.0, min(across, tilted) / max(size, 1e-9))
    wanted[2] = np.clip(wanted[2], -vertical, vertical)
    return wanted, integral


def _attitude_loop(
    vehicle: Vehicle,
    motion: Motion,
    rotation: FloatArray,
    up: FloatArray,
    yaw_rate_rad_s: float,
) -> FloatArray:
    """Return the torque (3,) FLU that turns the body's z axis towards ``up`` and yaws."""
    wanted = rotation.T @ (up / np.linalg.norm(up))  # in the body frame
    tilt = math.acos(max(-1.0, min(1.0, float(wanted[2]))))
    axis = np.array([-wanted[1], wanted[0], 0.0])  # z cross wanted
    size = float(np.linalg.norm(axis))
    rates = np.zeros(3) if size < 1e-9 else axis / size * tilt * vehicle.attitude_p_per_s[0]
    rates = np.clip(rates, -MAX_RATE_RAD_S, MAX_RATE_RAD_S)
    rates = rates + yaw_rate_rad_s * rotation[2]  # about the world's z axis, seen from the body
    p = np.array([vehicle.rate_p_per_s[0]] * 2 + [vehicle.rate_p_per_s[1]])
    torque: FloatArray = np.array(vehicle.inertia_kg_m2) * p * (rates - motion.rates_flu)
    return torque


def _mix(vehicle: Vehicle, thrust_n: float, torque: FloatArray) -> FloatArray:
    """Spread thrust and torque over the motors; what is too much is cut off."""
    arm, spin = vehicle.motor_arm_m, vehicle.motor_torque_per_thrust_m
    tilt = (SIDE_Y * torque[0] - SIDE_X * torque[1]) / (4.0 * arm)
    most = thrust_n / 4.0  # yaw may take a motor no further than to zero or to twice its share
    yaw = np.clip(SPIN * torque[2] / (4.0 * spin), -0.5 * most, 0.5 * most)
    motors: FloatArray = np.clip(thrust_n / 4.0 + tilt + yaw, 0.0, vehicle.motor_max_thrust_n)
    return motors
