# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Frames and rotations: the only place where REP-103 frames meet MAVLink's.

ROS side (REP-103): world ENU (x east, y north, z up), body FLU (x forward, y left, z up).
MAVLink side: world NED (x north, y east, z down), body FRD (x forward, y right, z down).
Quaternions are (x, y, z, w), unit length, rotating body FLU vectors into world ENU. Angles are
radians, yaw counter-clockwise from east in ENU and clockwise from north in NED. Arrays may carry
leading batch axes. numpy only.
"""

import math

import numpy as np
import numpy.typing as npt

from .arrays import FloatArray


def enu_from_ned(vector: npt.ArrayLike) -> FloatArray:
    """Turn a world vector (..., 3) from NED to ENU; its own inverse."""
    v = np.asarray(vector, dtype=np.float64)
    return np.stack([v[..., 1], v[..., 0], -v[..., 2]], axis=-1)


def ned_from_enu(vector: npt.ArrayLike) -> FloatArray:
    """Turn a world vector (..., 3) from ENU to NED; its own inverse."""
    return enu_from_ned(vector)


def frd_from_flu(vector: npt.ArrayLike) -> FloatArray:
    """Turn a body vector (..., 3) from FLU to FRD; its own inverse."""
    flipped: FloatArray = np.asarray(vector, dtype=np.float64) * np.array([1.0, -1.0, -1.0])
    return flipped


def flu_from_frd(vector: npt.ArrayLike) -> FloatArray:
    """Turn a body vector (..., 3) from FRD to FLU; its own inverse."""
    return frd_from_flu(vector)


def wrap_angle(angle_rad: float) -> float:
    """Bring an angle into [-pi, pi)."""
    return (angle_rad + math.pi) % (2.0 * math.pi) - math.pi


def enu_yaw_from_ned(yaw_ned_rad: float) -> float:
    """Turn a heading (clockwise from north) into an ENU yaw (counter-clockwise from east).

    It is its own inverse.
    """
    return wrap_angle(math.pi / 2.0 - yaw_ned_rad)


def ned_yaw_from_enu(yaw_enu_rad: float) -> float:
    """Turn an ENU yaw (counter-clockwise from east) into a heading (clockwise from north)."""
    return enu_yaw_from_ned(yaw_enu_rad)


def rotation_from_quaternion(quaternion_xyzw: npt.ArrayLike) -> FloatArray:
    """Return the rotation matrix (3, 3) of a unit quaternion (4,): body FLU to world ENU."""
    x, y, z, w = np.asarray(quaternion_xyzw, dtype=np.float64)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def quaternion_from_euler(roll_rad: float, pitch_rad: float, yaw_rad: float) -> FloatArray:
    """Return the quaternion (x, y, z, w) of a body turned by yaw, then pitch, then roll."""
    cr, sr = math.cos(roll_rad / 2), math.sin(roll_rad / 2)
    cp, sp = math.cos(pitch_rad / 2), math.sin(pitch_rad / 2)
    cy, sy = math.cos(yaw_rad / 2), math.sin(yaw_rad / 2)
    return np.array(
        [
            sr * cp * cy - cr * sp * sy,
            cr * sp * cy + sr * cp * sy,
            cr * cp * sy - sr * sp * cy,
            cr * cp * cy + sr * sp * sy,
        ]
    )


def quaternion_from_rotation(rotation: npt.ArrayLike) -> FloatArray:
    """Return the quaternion (4,) of a rotation matrix (3, 3)."""
    m = np.asarray(rotation, dtype=np.float64)
    squares = np.array([m[0, 0], m[1, 1], m[2, 2]])
    four = 1.0 + 2.0 * np.append(squares, np.trace(m)) - np.trace(m)
    k = int(np.argmax(four))  # the largest component, so that nothing is divided by nearly zero
    skew = np.array([m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]])
    q = np.empty(4)
    if k == 3:
        q[:3], q[3] = skew, four[3]
    else:
        q[:3] = m[k] + m[:, k]
        q[k], q[3] = four[k], skew[k]
    return q / np.linalg.norm(q)


def euler_from_quaternion(quaternion_xyzw: npt.ArrayLike) -> tuple[float, float, float]:
    """Return (roll, pitch, yaw) in radians of a unit quaternion (FLU in ENU)."""
    x, y, z, w = (float(c) for c in np.asarray(quaternion_xyzw, dtype=np.float64))
    roll = math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
    pitch = math.asin(max(-1.0, min(1.0, 2 * (w * y - z * x))))
    yaw = math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    return roll, pitch, yaw


def ned_euler_from_enu(
    roll_rad: float, pitch_rad: float, yaw_rad: float
) -> tuple[float, float, float]:
    """Turn FLU-in-ENU Euler angles into MAVLink's FRD-in-NED ones; its own inverse."""
    return roll_rad, -pitch_rad, ned_yaw_from_enu(yaw_rad)


def rotate_by_yaw(vector: npt.ArrayLike, yaw_rad: float) -> FloatArray:
    """Turn a heading-aligned FLU vector (..., 3) into world ENU, for a body with that yaw."""
    v = np.asarray(vector, dtype=np.float64)
    c, s = math.cos(yaw_rad), math.sin(yaw_rad)
    return np.stack(
        [c * v[..., 0] - s * v[..., 1], s * v[..., 0] + c * v[..., 1], v[..., 2]], axis=-1
    )
