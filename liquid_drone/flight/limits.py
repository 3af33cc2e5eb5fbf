# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a setpoint may be: the limits, and the two pure functions that keep to them.

:func:`allowed` finds the nearest command inside speed, height band and fence; :func:`approach`
moves towards it within acceleration and jerk. When to stop is decided in :mod:`.guard`.
Frames: commands FLU, heading-aligned; positions ENU.
"""

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from ..geometry import rotate_by_yaw
from .vehicle import VehicleState

Array = npt.NDArray[np.float64]
FourFloats = tuple[float, float, float, float]  # vx, vy, vz m/s, yaw rate rad/s
ZERO: FourFloats = (0.0, 0.0, 0.0, 0.0)
EDGE_GAIN_PER_S = 0.5  # speed allowed towards an edge, for each metre that is left
FADE_M = 1.0  # behind the fence, where motion along it ends
HEIGHT_GAIN_PER_S = 0.8  # of the altitude loop; held PX4 within 0.16 m


class Reason(Enum):
    """Why the setpoint is what it is; the value is the sentence for the pilot."""

    FOLLOWING = 'following'
    LIMITED = 'following, slowed to the allowed speed'
    AT_HEIGHT_LIMIT = 'following, kept inside the altitude band'
    AT_FENCE = 'following, kept inside the fence'
    STALE_COMMAND = 'no fresh command from the policy'
    NOT_FINITE = 'the policy proposed a number that is not finite'
    STALE_TELEMETRY = 'no fresh telemetry from the autopilot'
    NO_POSITION = 'the autopilot has no usable position'
    LOW_BATTERY = 'battery low'
    TILTED = 'tilted too far for too long'
    CALLED_OFF = 'called off by a human'


@dataclass(frozen=True)
class Limits:
    """What the guard allows; None switches a check off, which is logged."""

    speed_m_s: float = 1.0  # horizontal
    climb_m_s: float = 0.5
    yaw_rate_rad_s: float = 0.5
    acceleration_m_s2: float = 1.0  # horizontal, and vertical
    jerk_m_s3: float = 5.0
    yaw_acceleration_rad_s2: float = 2.0
    floor_m: float | None = 1.0  # above home
    ceiling_m: float | None = 10.0
    fence_radius_m: float | None = 30.0  # around home
    min_battery: float | None = 0.25  # 0..1
    max_tilt_rad: float | None = math.radians(35.0)
    tilt_s: float = 0.3  # tilted for longer than this
    heartbeat_age_s: float = 2.5
    estimate_age_s: float = 1.0  # of position and attitude
    command_age_s: float = 0.25  # of the image behind a command: with the ramp it stops in 0.5 s
    ramp_s: float = 0.25  # to zero, when something is wrong; harder than acceleration_m_s2
    hold_s: float = 1.0  # zeros after the ramp, then silence

    def __post_init__(self) -> None:
        """Refuse limits that cannot be flown.

        Raises:
            ValueError: a limit that is not positive, or a floor above the ceiling.

        """
        for name, value in vars(self).items():
            if value is not None and not (value > 0.0 or (name == 'floor_m' and value == 0.0)):
                raise ValueError(f'{name} must be positive, got {value}')
        if (self.floor_m or 0.0) >= (math.inf if self.ceiling_m is None else self.ceiling_m):
            raise ValueError(f'floor_m {self.floor_m} is not below ceiling_m {self.ceiling_m}')

    def switched_off(self) -> list[str]:
        """Name the checks that are off."""
        return [name for name, value in vars(self).items() if value is None]


# As far as the policy's own limits go, in a place where only the obstacles are a danger.
SIMULATION_LIMITS = Limits(
    speed_m_s=2.0,
    climb_m_s=0.8,
    yaw_rate_rad_s=1.2,
    acceleration_m_s2=3.0,
    jerk_m_s3=20.0,
    yaw_acceleration_rad_s2=6.0,
    floor_m=0.7,
    fence_radius_m=150.0,
)


def allowed(
    command: FourFloats, vehicle: VehicleState, limits: Limits
) -> tuple[FourFloats, Reason]:
    """Return the nearest command that keeps speed, height band and fence, and what bound it."""
    speed = math.hypot(command[0], command[1])
    shrink = min(1.0, limits.speed_m_s / max(speed, 1e-9))
    vz = max(-limits.climb_m_s, min(limits.climb_m_s, command[2]))
    yaw_rate = max(-limits.yaw_rate_rad_s, min(limits.yaw_rate_rad_s, command[3]))
    reason = Reason.FOLLOWING
    if shrink < 1.0 or vz != command[2] or yaw_rate != command[3]:
        reason = Reason.LIMITED
    in_band = _in_band(vz, vehicle, limits)
    vx, vy = _in_fence(command[0] * shrink, command[1] * shrink, vehicle, limits)
    if in_band != vz:
        reason = Reason.AT_HEIGHT_LIMIT
    if (vx, vy) != (command[0] * shrink, command[1] * shrink):
        reason = Reason.AT_FENCE
    return (vx, vy, in_band, yaw_rate), reason


def _in_band(vz: float, vehicle: VehicleState, limits: Limits) -> float:
    if limits.ceiling_m is not None:
        vz = min(vz, EDGE_GAIN_PER_S * (limits.ceiling_m - vehicle.height_m))
    if limits.floor_m is not None:
        vz = max(vz, EDGE_GAIN_PER_S * (limits.floor_m - vehicle.height_m))
    return max(-limits.climb_m_s, min(limits.climb_m_s, vz))


def _in_fence(vx: float, vy: float, vehicle: VehicleState, limits: Limits) -> tuple[float, float]:
    """Slow down towards the fence; beyond it only what leads inward is left. It never pulls back.

    What leads along the fence fades out too, within ``FADE_M`` behind it: in a curve along it
    the lag of the vehicle would carry it further and further outward.
    """
    east = vehicle.position_enu[0] - vehicle.home_enu[0]
    north = vehicle.position_enu[1] - vehicle.home_enu[1]
    distance = math.hypot(east, north)
    if limits.fence_radius_m is None or distance < 1e-6:
        return vx, vy
    left_m = limits.fence_radius_m - distance
    ox, oy, _ = rotate_by_yaw([east / distance, north / distance, 0.0], -vehicle.yaw).tolist()
    speed_out = vx * ox + vy * oy
    out = min(speed_out, EDGE_GAIN_PER_S * max(0.0, left_m))
    keep = max(0.0, min(1.0, 1.0 + left_m / FADE_M))
    if out == speed_out and keep == 1.0:
        return vx, vy
    return keep * (vx - speed_out * ox) + out * ox, keep * (vy - speed_out * oy) + out * oy


def height_correction(vehicle: VehicleState, height_m: float, limits: Limits) -> float:
    """Return the vertical speed, m/s up, that brings the vehicle to a height above home."""
    error = height_m - vehicle.height_m
    return max(-limits.climb_m_s, min(limits.climb_m_s, HEIGHT_GAIN_PER_S * error))


def approach(
    value: FourFloats, slope: FourFloats, target: FourFloats, limits: Limits, dt_s: float
) -> tuple[FourFloats, FourFloats]:
    """Move a command towards another within acceleration, jerk and speed; also its new slope."""
    if dt_s < 1e-6:
        return value, slope
    v, a, goal = (np.array(item, dtype=np.float64) for item in (value, slope, target))
    new = v.copy()
    for part in (slice(0, 2), slice(2, 3)):  # horizontal, vertical
        wanted = _wanted_slope(goal[part] - v[part], limits, dt_s)
        change = _shorten(wanted - a[part], limits.jerk_m_s3 * dt_s)
        new[part] = v[part] + (a[part] + change) * dt_s
    new[:2] = _shorten(new[:2], max(limits.speed_m_s, float(np.linalg.norm(v[:2]))))
    new[2] = np.clip(new[2], -limits.climb_m_s, limits.climb_m_s)
    largest_turn = limits.yaw_acceleration_rad_s2 * dt_s
    new[3] = v[3] + np.clip(goal[3] - v[3], -largest_turn, largest_turn)
    return _four(new), _four((new - v) / dt_s)


def _wanted_slope(error: Array, limits: Limits, dt_s: float) -> Array:
    """Return the acceleration from which it can still ease out onto the target."""
    distance = float(np.linalg.norm(error))
    if distance < 1e-12:
        return np.zeros_like(error)
    # The slope shrinks by one jerk step at a time. From n = k + f such steps (k whole) it covers
    # (k + 1) (f + k / 2) step widths while it eases out; solved here for n.
    jerk_step = limits.jerk_m_s3 * dt_s
    widths = distance / (jerk_step * dt_s)
    whole = math.floor(math.sqrt(0.25 + 2.0 * widths) - 0.5)
    size = min(limits.acceleration_m_s2, jerk_step * (widths / (whole + 1) + whole / 2))
    wanted: Array = error * (size / distance)
    return wanted


def _shorten(vector: Array, longest: float) -> Array:
    shorter: Array = vector * min(1.0, longest / max(float(np.linalg.norm(vector)), 1e-12))
    return shorter


def _four(values: Array) -> FourFloats:
    a, b, c, d = values.tolist()
    return a, b, c, d
