# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A quadrotor under a cascaded velocity controller: attitude, rates, four motors with lag.

The cascade and its gains are those of PX4 (position mode's velocity loop, see ``sim/vehicles``).
Pure functions of plain floats, ten times as fast as numpy on arrays of three: nothing here knows
the physics engine. Body frame FLU, world ENU, SI units.
"""

import math
from typing import NamedTuple

from ...arrays import FourFloats, RowMajorRotation, Vector
from ..scenario.vehicle import Vehicle

GRAVITY_M_S2 = 9.81
MAX_RATE_RAD_S = 3.8  # roll and pitch; PX4's MC_ROLLRATE_MAX
MAX_INTEGRAL_M_S2 = 2.0  # vertical
LEAST_ROTOR_HEIGHT = 0.5  # in rotor radii: nearer, the theory of the ground effect fails


class Motion(NamedTuple):
    """Where the body is and how it moves at one moment."""

    position_enu: Vector  # m
    velocity_enu: Vector  # m/s
    quaternion_xyzw: FourFloats  # body FLU to world ENU, unit length
    rates_flu: Vector  # rad/s


class Drive(NamedTuple):
    """What motors and controller remember."""

    thrust_n: FourFloats  # of each motor: front left, front right, rear left, rear right
    integral: Vector  # m/s^2, of the velocity loop


class VelocityCommand(NamedTuple):
    """What the velocity loop is told."""

    velocity_enu: Vector  # m/s
    yaw_rate_rad_s: float


class Sample(NamedTuple):
    """What sensors on the body could feel at one moment."""

    time_s: float  # simulated
    motion: Motion
    specific_force_flu: Vector  # m/s^2: all acceleration but gravity's


def still(vehicle: Vehicle, hovering: bool, wind_enu: Vector = (0.0, 0.0, 0.0)) -> Drive:
    """Return the drive of a vehicle that hovers in a wind, or of one with its motors off.

    Who has hovered for a while leans into the wind: the integral holds what it pushes.
    """
    if not hovering:
        return Drive((0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    share = GRAVITY_M_S2 * vehicle.mass_kg / 4.0
    push = vehicle.drag_n_s_m / vehicle.mass_kg
    most = vehicle.max_acceleration_m_s2[0]
    x, y = (_clip(-push * speed, most) for speed in wind_enu[:2])
    return Drive((share, share, share, share), (x, y, 0.0))


def rotation_of(quaternion_xyzw: FourFloats) -> RowMajorRotation:
    """Return the rotation matrix of a unit quaternion, row by row."""
    x, y, z, w = quaternion_xyzw
    return (
        1.0 - 2.0 * (y * y + z * z),
        2.0 * (x * y - z * w),
        2.0 * (x * z + y * w),
        2.0 * (x * y + z * w),
        1.0 - 2.0 * (x * x + z * z),
        2.0 * (y * z - x * w),
        2.0 * (x * z - y * w),
        2.0 * (y * z + x * w),
        1.0 - 2.0 * (x * x + y * y),
    )


def control(
    vehicle: Vehicle,
    drive: Drive,
    motion: Motion,
    rotation: RowMajorRotation,
    order: VelocityCommand,
    dt_s: float,
) -> Drive:
    """Advance controller and motors by one step towards a velocity and a yaw rate."""
    (ax, ay, az), integral = _velocity_loop(vehicle, drive, motion, order.velocity_enu, dt_s)
    az += GRAVITY_M_S2
    lift = ax * rotation[2] + ay * rotation[5] + az * rotation[8]
    thrust_n = vehicle.mass_kg * max(lift, 0.0)
    torque = _attitude_loop(vehicle, motion, rotation, (ax, ay, az), order.yaw_rate_rad_s)
    a, b, c, d = _mix(vehicle, thrust_n, torque)
    blend = 1.0 - math.exp(-dt_s / vehicle.motor_time_constant_s)
    p, q, r, s = drive.thrust_n
    motors = (p + blend * (a - p), q + blend * (b - q), r + blend * (c - r), s + blend * (d - s))
    return Drive(motors, integral)


def coast(vehicle: Vehicle, drive: Drive, dt_s: float) -> Drive:
    """Let the motors run down; the controller forgets."""
    keep = math.exp(-dt_s / vehicle.motor_time_constant_s)
    a, b, c, d = drive.thrust_n
    return Drive((a * keep, b * keep, c * keep, d * keep), (0.0, 0.0, 0.0))


def spin(vehicle: Vehicle, drive: Drive, throttle: FourFloats, dt_s: float) -> Drive:
    """Advance the motors alone by one step, towards throttles from 0 to 1 in a drive's order.

    For whoever brings a controller of his own, such as autopilot firmware.
    """
    blend = 1.0 - math.exp(-dt_s / vehicle.motor_time_constant_s)
    most, curve = vehicle.motor_max_thrust_n, vehicle.motor_thrust_curve
    a, b, c, d = (most * u * (1.0 - curve + curve * u) for u in throttle)
    p, q, r, s = drive.thrust_n
    motors = (p + blend * (a - p), q + blend * (b - q), r + blend * (c - r), s + blend * (d - s))
    return Drive(motors, (0.0, 0.0, 0.0))


def specific_force(before: Motion, after: Motion, dt_s: float) -> Vector:
    """Return what an accelerometer feels over a step, m/s^2, in the body FLU after it."""
    (vx, vy, vz), (ux, uy, uz) = after.velocity_enu, before.velocity_enu
    x, y, z = (vx - ux) / dt_s, (vy - uy) / dt_s, (vz - uz) / dt_s + GRAVITY_M_S2
    m = rotation_of(after.quaternion_xyzw)
    return (
        m[0] * x + m[3] * y + m[6] * z,
        m[1] * x + m[4] * y + m[7] * z,
        m[2] * x + m[5] * y + m[8] * z,
    )


def accelerations(
    vehicle: Vehicle,
    drive: Drive,
    motion: Motion,
    rotation: RowMajorRotation,
    wind_enu: Vector,
    height_m: float = math.inf,
) -> tuple[Vector, Vector]:
    """Return the acceleration, ENU, with gravity, and the angular one, FLU.

    ``height_m`` is that of the rotors above the ground.
    """
    a, b, c, d = drive.thrust_n
    mass, drag = vehicle.mass_kg, vehicle.drag_n_s_m
    lift = (a + b + c + d) * ground_effect(vehicle.propeller_radius_m, height_m)
    (vx, vy, vz), (wx, wy, wz) = motion.velocity_enu, wind_enu
    linear = (
        (rotation[2] * lift - drag * (vx - wx)) / mass,
        (rotation[5] * lift - drag * (vy - wy)) / mass,
        (rotation[8] * lift - drag * (vz - wz)) / mass - GRAVITY_M_S2,
    )
    arm, spin = vehicle.motor_arm_m, vehicle.motor_torque_per_thrust_m
    (ix, iy, iz), (p, q, r) = vehicle.inertia_kg_m2, motion.rates_flu
    angular = (
        (arm * (a - b + c - d) - (iz - iy) * q * r) / ix,
        (-arm * (a + b - c - d) - (ix - iz) * r * p) / iy,
        (spin * (a - b - c + d) - (iy - ix) * p * q) / iz,
    )
    return linear, angular


def ground_effect(propeller_radius_m: float, height_m: float) -> float:
    """Return thrust near the ground over thrust far from it, for the same power.

    Source: I. C. Cheeseman, W. E. Bennett, "The effect of the ground on a helicopter rotor in
    forward flight", ARC R&M 3021, 1955, for hover.
    """
    if height_m > 8.0 * propeller_radius_m:  # less than one in a thousand
        return 1.0
    ratio = 0.25 / max(height_m / propeller_radius_m, LEAST_ROTOR_HEIGHT)
    return 1.0 / (1.0 - ratio * ratio)


def moved(motion: Motion, linear: Vector, angular: Vector, dt_s: float) -> Motion:
    """Return the motion a step later (semi-implicit Euler, as PyBullet's own step)."""
    (x, y, z), (vx, vy, vz), (p, q, r) = (
        motion.position_enu,
        motion.velocity_enu,
        motion.rates_flu,
    )
    vx, vy, vz = vx + linear[0] * dt_s, vy + linear[1] * dt_s, vz + linear[2] * dt_s
    p, q, r = p + angular[0] * dt_s, q + angular[1] * dt_s, r + angular[2] * dt_s
    position = (x + vx * dt_s, y + vy * dt_s, z + vz * dt_s)
    turned = _turned(motion.quaternion_xyzw, (p * dt_s, q * dt_s, r * dt_s))
    return Motion(position, (vx, vy, vz), turned, (p, q, r))


def _turned(quaternion: FourFloats, turn: Vector) -> FourFloats:
    """Turn a quaternion by a small rotation vector of the body."""
    x, y, z, w = quaternion
    a, b, c = turn
    half = 0.5 * math.sqrt(a * a + b * b + c * c)
    scale = 0.5 * math.sin(half) / half if half > 1e-9 else 0.5
    a, b, c, d = a * scale, b * scale, c * scale, math.cos(half)
    e = w * a + x * d + y * c - z * b
    f = w * b - x * c + y * d + z * a
    g = w * c + x * b - y * a + z * d
    h = w * d - x * a - y * b - z * c
    size = math.sqrt(e * e + f * f + g * g + h * h)
    return e / size, f / size, g / size, h / size


def _velocity_loop(
    vehicle: Vehicle, drive: Drive, motion: Motion, wanted_enu: Vector, dt_s: float
) -> tuple[Vector, Vector]:
    """Return the wanted acceleration and the new integral.

    Horizontally the integral holds against any wind that the tilt is enough for; while more
    acceleration is wanted than there may be, it tracks what there is (Rundqwist 1990, "Anti-Reset
    Windup for PID Controllers"), as PX4's does.
    """
    (p, p_up), (i, i_up) = vehicle.velocity_p_per_s, vehicle.velocity_i_per_s2
    (vx, vy, vz), (wx, wy, wz) = motion.velocity_enu, wanted_enu
    ex, ey, ez = wx - vx, wy - vy, wz - vz
    jx, jy, jz = drive.integral
    jx, jy = jx + i * ex * dt_s, jy + i * ey * dt_s
    jz = _clip(jz + i_up * ez * dt_s, MAX_INTEGRAL_M_S2)
    ax, ay, az = p * ex + jx, p * ey + jy, p_up * ez + jz
    across, vertical = vehicle.max_acceleration_m_s2
    most = min(across, GRAVITY_M_S2 * math.tan(math.radians(vehicle.max_tilt_deg)))
    size = math.sqrt(ax * ax + ay * ay)
    if size > most:
        over = 1.0 - most / size
        back = i * 2.0 / p * over * dt_s
        jx, jy, ax, ay = jx - back * ax, jy - back * ay, ax * (1.0 - over), ay * (1.0 - over)
    return (ax, ay, _clip(az, vertical)), (jx, jy, jz)


def _attitude_loop(
    vehicle: Vehicle, motion: Motion, rotation: RowMajorRotation, up: Vector, yaw_rate_rad_s: float
) -> Vector:
    """Return the torque, FLU, that turns the body's z axis towards ``up`` and yaws."""
    (ux, uy, uz), m = up, rotation
    size = math.sqrt(ux * ux + uy * uy + uz * uz)
    x = (m[0] * ux + m[3] * uy + m[6] * uz) / size  # up, in the body frame
    y = (m[1] * ux + m[4] * uy + m[7] * uz) / size
    z = (m[2] * ux + m[5] * uy + m[8] * uz) / size
    across = math.sqrt(x * x + y * y)
    gain = 0.0
    if across > 1e-9:
        gain = math.acos(max(-1.0, min(1.0, z))) * vehicle.attitude_p_per_s[0] / across
    # the rates about z cross up, and the yaw rate about the world's z axis, seen from the body
    p = _clip(-y * gain, MAX_RATE_RAD_S) + yaw_rate_rad_s * m[6]
    q = _clip(x * gain, MAX_RATE_RAD_S) + yaw_rate_rad_s * m[7]
    r = yaw_rate_rad_s * m[8]
    (ix, iy, iz), (k, k_yaw) = vehicle.inertia_kg_m2, vehicle.rate_p_per_s
    a, b, c = motion.rates_flu
    return ix * k * (p - a), iy * k * (q - b), iz * k_yaw * (r - c)


def _mix(vehicle: Vehicle, thrust_n: float, torque: Vector) -> FourFloats:
    """Spread thrust and torque over the motors; what is too much is cut off."""
    each, most = thrust_n / 4.0, vehicle.motor_max_thrust_n
    roll = torque[0] / (4.0 * vehicle.motor_arm_m)
    pitch = torque[1] / (4.0 * vehicle.motor_arm_m)
    # yaw may take a motor no further than to half or to one and a half of its share
    yaw = _clip(torque[2] / (4.0 * vehicle.motor_torque_per_thrust_m), 0.5 * each)
    return (
        min(max(each + roll - pitch + yaw, 0.0), most),
        min(max(each - roll - pitch - yaw, 0.0), most),
        min(max(each + roll + pitch - yaw, 0.0), most),
        min(max(each - roll + pitch + yaw, 0.0), most),
    )


def _clip(value: float, most: float) -> float:
    return most if value > most else -most if value < -most else value
