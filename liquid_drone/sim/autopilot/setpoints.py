# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What SET_POSITION_TARGET_LOCAL_NED means to each firmware, bit by bit.

Both take a body-frame velocity with a yaw rate (frame 8, type_mask 0x05C7). In everything else
they differ, and where the firmware misunderstands or refuses, so does this.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...arrays import FloatArray, Vector
from ...geometry import enu_from_ned, enu_yaw_from_ned, flu_from_frd, rotate_by_yaw, wrap_angle
from .personality import Personality

NOTHING: Vector = (math.nan, math.nan, math.nan)
STOP: Vector = (0.0, 0.0, 0.0)
POSITION_GAIN_PER_S = 0.8  # of the outer position loop
POSITION_SPEED_M_S = 2.0  # largest speed that a position setpoint asks for
YAW_GAIN_PER_S = 1.0
NOSE_RATE_RAD_S = 0.18  # ArduCopter turned 84 degrees in 8 s
_X, _VX, _YAW, _YAW_RATE = (
    0,
    3,
    10,
    11,
)  # first bit of each group of type_mask; a set bit says ignore


@dataclass(frozen=True)
class DecodedSetpoint:
    """One accepted setpoint; an axis that says nothing is nan."""

    time_boot_ms: int  # the sender's
    body: bool  # velocity is FLU, heading-aligned; else ENU
    velocity: Vector = NOTHING  # m/s
    position_enu: Vector = NOTHING  # m
    yaw_enu_rad: float = math.nan
    yaw_rate_rad_s: float = math.nan  # counter-clockwise


def decode(message: Any, personality: Personality) -> DecodedSetpoint | None:
    """Read the message as the firmware does; None: refused, counts as no stream."""
    frame = personality.setpoint_frames.get(message.coordinate_frame)
    if frame is None:
        return None if personality.needs_stream_to_follow else _stop(message)
    setpoint = _read(message, body=frame == 'body')
    axes = list(zip(setpoint.position_enu, setpoint.velocity, strict=True))
    usable = [any(map(math.isfinite, axis)) for axis in axes]
    if all(usable) and not (setpoint.body and any(map(math.isfinite, setpoint.position_enu))):
        return setpoint
    is_nan_on_one_axis = any(usable) and not message.type_mask & 0b111000
    if personality.needs_stream_to_follow and not is_nan_on_one_axis:
        return None
    return _stop(message)


def _stop(message: Any) -> DecodedSetpoint:
    return DecodedSetpoint(message.time_boot_ms, body=False, velocity=STOP, yaw_rate_rad_s=0.0)


def _read(message: Any, body: bool) -> DecodedSetpoint:
    turn = flu_from_frd if body else enu_from_ned
    mask = message.type_mask
    velocity = turn(_used((message.vx, message.vy, message.vz), mask, _VX))
    position = enu_from_ned(_used((message.x, message.y, message.z), mask, _X))
    setpoint = DecodedSetpoint(
        message.time_boot_ms, body, velocity=_vector(velocity), position_enu=_vector(position)
    )
    if not mask >> _YAW & 1 and math.isfinite(message.yaw):
        setpoint = replace(setpoint, yaw_enu_rad=enu_yaw_from_ned(message.yaw))
    if not mask >> _YAW_RATE & 1 and math.isfinite(message.yaw_rate):
        setpoint = replace(setpoint, yaw_rate_rad_s=-message.yaw_rate)
    return setpoint


def _used(values: tuple[float, float, float], mask: int, first_bit: int) -> list[float]:
    return [math.nan if mask >> (first_bit + i) & 1 else value for i, value in enumerate(values)]


def _vector(values: FloatArray) -> Vector:
    x, y, z = values.tolist()
    return x, y, z


def velocity_of(
    setpoint: DecodedSetpoint, position_enu: FloatArray, yaw_rad: float, personality: Personality
) -> tuple[FloatArray, float]:
    """Return the velocity (3,) in ENU, m/s, and the yaw rate, rad/s, that a setpoint asks for."""
    velocity = np.array(setpoint.velocity)
    if setpoint.body:
        velocity = rotate_by_yaw(velocity, yaw_rad)
    error = np.array(setpoint.position_enu) - position_enu
    pull = np.clip(POSITION_GAIN_PER_S * error, -POSITION_SPEED_M_S, POSITION_SPEED_M_S)
    velocity = np.nan_to_num(velocity) + np.nan_to_num(pull)
    speed = float(np.hypot(velocity[0], velocity[1]))
    velocity[:2] *= min(1.0, personality.max_speed_m_s / max(speed, 1e-9))
    velocity[2] = np.clip(velocity[2], -1.5, 3.0)  # MPC_Z_VEL_MAX_DN, MPC_Z_VEL_MAX_UP
    return velocity, _yaw_rate(setpoint, velocity, yaw_rad, personality)


def _yaw_rate(
    setpoint: DecodedSetpoint, velocity_enu: FloatArray, yaw_rad: float, personality: Personality
) -> float:
    if math.isfinite(setpoint.yaw_rate_rad_s):
        return setpoint.yaw_rate_rad_s
    if math.isfinite(setpoint.yaw_enu_rad):
        return float(np.clip(YAW_GAIN_PER_S * wrap_angle(setpoint.yaw_enu_rad - yaw_rad), -1, 1))
    if not personality.nose_follows_motion or np.hypot(*velocity_enu[:2]) < 0.1:
        return 0.0
    error = wrap_angle(math.atan2(velocity_enu[1], velocity_enu[0]) - yaw_rad)
    return float(np.clip(YAW_GAIN_PER_S * error, -NOSE_RATE_RAD_S, NOSE_RATE_RAD_S))
