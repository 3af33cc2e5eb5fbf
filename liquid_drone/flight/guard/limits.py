# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a setpoint may be: the limits, and the pure functions that keep to them.

:func:`allowed` finds a command inside speed, height band, fences and distance; :func:`approach`
moves towards it within acceleration and jerk. When to stop is decided in :mod:`.guard`.
Frames: commands FLU, heading-aligned; positions ENU.
"""

import cmath
import math
from dataclasses import dataclass, replace

from ...arrays import FourFloats
from ..judgements import FactLimits
from ..reason import Reason
from ..vehicle import VehicleState
from . import fence
from .fence import EDGE_GAIN_PER_S, Polygon
from .jerk_limit import Pace, glide, shorten

ZERO: FourFloats = (0.0, 0.0, 0.0, 0.0)
GUESSED = 'battery_cells'  # None: it is found where one number fits, not switched off
HEIGHT_GAIN_PER_S = 0.8  # of the altitude loop; held PX4 within 0.16 m


@dataclass(frozen=True)
class Limits(FactLimits):
    """What the guard allows; None switches a check off, which is logged."""

    speed_m_s: float = 1.0  # horizontal
    climb_m_s: float = 0.5
    yaw_rate_rad_s: float = 0.5
    acceleration_m_s2: float = 1.0  # horizontal, and vertical
    jerk_m_s3: float = 5.0
    yaw_acceleration_rad_s2: float = 2.0
    stop_acceleration_m_s2: float = 6.0  # when something is wrong; harder than acceleration_m_s2
    stop_jerk_m_s3: float = 80.0  # likewise; with these 1 m/s is gone in 0.25 s
    floor_m: float | None = 1.0  # above home
    ceiling_m: float | None = 10.0
    fence_radius_m: float | None = 30.0  # around home
    min_distance_m: float | None = 2.0  # to the target, where the distance is known
    max_tilt_rad: float | None = math.radians(35.0)
    tilt_s: float = 0.3  # tilted for longer than this
    command_age_s: float = 0.25  # of the image behind a command: with the stop that is 0.5 s
    hold_s: float = 1.0  # zeros after the stop, then silence
    position_jump_m: float = 1.5  # moved without velocity, within about two seconds
    height_jump_m: float = 0.8  # likewise
    yaw_jump_rad: float = 0.35  # turned between two reports, beside what it can turn
    stuck_after_s: float | None = 3.0  # commanded to move or turn, and not doing it
    flyaway_m_s: float | None = 2.0  # for so long faster than commanded, across or up and down
    unseen_after_s: float = 0.25  # without a sighting: slower than at the last one
    unseen_stop_s: float | None = 0.7  # without a sighting: no speed is left
    unseen_speed_m_s: float = 1.0  # at most, while it is out of sight
    lost_after_s: float | None = 2.0  # without a sighting of the target: hold
    # believed by the policy to be somewhere: until then it goes on, no faster than at the last
    # sighting, and by so much beyond the place where the target was seen last
    believed_beyond_m: float | None = 2.0
    lost_hold_s: float = 2.0  # held so long, then it turns to look for the target
    search_s: float = 30.0  # it turns so long, then it stops and hands back
    search_yaw_rate_rad_s: float = 0.25
    found_s: float = 0.2  # seen without a break for so long, it follows again
    fence_polygon: Polygon | None = None  # corners, east + i north, m from home

    def __post_init__(self) -> None:
        """Refuse limits that cannot be flown.

        Raises:
            ValueError: a limit that is not positive, a floor above the ceiling, or a stop that is
                softer than the flight.
            ConfigError: a polygon that is none.

        """
        for name, value in self._numbers().items():
            if value is not None and not (value > 0.0 or (name == 'floor_m' and value == 0.0)):
                raise ValueError(f'{name} must be positive, got {value}')
        if (self.floor_m or 0.0) >= (math.inf if self.ceiling_m is None else self.ceiling_m):
            raise ValueError(f'floor_m {self.floor_m} is not below ceiling_m {self.ceiling_m}')
        if self.unseen_stop_s is not None and self.unseen_stop_s <= self.unseen_after_s:
            raise ValueError(
                f'unseen_stop_s {self.unseen_stop_s} is not above unseen_after_s '
                f'{self.unseen_after_s}'
            )
        for name in ('acceleration_m_s2', 'jerk_m_s3'):
            if getattr(self, f'stop_{name}') < getattr(self, name):
                raise ValueError(f'stop_{name} must not be below {name} {getattr(self, name)}')
        if self.fence_polygon is not None:
            fence.checked(self.fence_polygon)

    def _numbers(self) -> dict[str, float | None]:
        return {name: value for name, value in vars(self).items() if name != 'fence_polygon'}

    def switched_off(self) -> list[str]:
        """Name the checks that are off."""
        numbers = self._numbers()
        return [name for name, value in numbers.items() if value is None and name != GUESSED]

    @property
    def pace(self) -> Pace:
        """Of a velocity in flight."""
        return Pace(self.acceleration_m_s2, self.jerk_m_s3)

    @property
    def stop_pace(self) -> Pace:
        """Of a velocity while stopping."""
        return Pace(self.stop_acceleration_m_s2, self.stop_jerk_m_s3)

    @property
    def stop_s(self) -> float:
        """The time in which any motion is stopped; two periods of the loop may be added."""
        pace = self.stop_pace
        fastest = max(self.speed_m_s, self.climb_m_s)
        ramp_s = fastest / pace.acceleration + pace.acceleration / pace.jerk
        slope_s = 2.0 * self.acceleration_m_s2 / pace.jerk  # it may have been speeding up
        return max(ramp_s + slope_s, self.yaw_rate_rad_s / self.yaw_acceleration_rad_s2)


# As far as the policy's own limits go, in a place where only the obstacles are a danger.
SIMULATION_LIMITS = Limits(
    speed_m_s=2.0,
    climb_m_s=0.8,
    yaw_rate_rad_s=1.2,
    acceleration_m_s2=3.0,
    jerk_m_s3=20.0,
    yaw_acceleration_rad_s2=6.0,
    stop_acceleration_m_s2=12.0,
    stop_jerk_m_s3=160.0,
    floor_m=0.7,
    fence_radius_m=150.0,
    unseen_speed_m_s=2.0,
    search_yaw_rate_rad_s=1.2,
    lost_hold_s=1.0,
    battery_cells=4.0,
)


@dataclass(frozen=True)
class Sighting:
    """The target, seen in an image."""

    stamp_s: float  # of the image, on the caller's clock
    bearing_rad: float  # from straight ahead, counter-clockwise: left is positive
    distance_m: float | None = None  # None: not known
    elevation_rad: float = 0.0  # of the picture's middle, up; it is shown, and not flown on


@dataclass(frozen=True)
class BelievedTarget:
    """The target, where the policy believes it to be, seen or not."""

    stamp_s: float  # of the image, on the caller's clock
    bearing_rad: float  # from straight ahead, counter-clockwise: left is positive
    distance_m: float  # horizontal

    @classmethod
    def at(cls, stamp_s: float, x_m: float, y_m: float) -> 'BelievedTarget':
        """Return it from a place in the body frame, x ahead, y to the left."""
        return cls(stamp_s, math.atan2(y_m, x_m), math.hypot(x_m, y_m))

    @property
    def is_finite(self) -> bool:
        """Every number can be used."""
        return math.isfinite(self.stamp_s + self.bearing_rad + self.distance_m)


def allowed(
    command: FourFloats, vehicle: VehicleState, limits: Limits, sighting: Sighting | None = None
) -> tuple[FourFloats, Reason]:
    """Return a command that keeps speed, height band, fences and distance, and what bound it."""
    wish = complex(command[0], command[1])
    v = shorten(wish, limits.speed_m_s)
    vz = _clip(command[2], limits.climb_m_s)
    yaw_rate = _clip(command[3], limits.yaw_rate_rad_s)
    reason = Reason.FOLLOWING
    if v != wish or vz != command[2] or yaw_rate != command[3]:
        reason = Reason.LIMITED
    in_band = _in_band(vz, vehicle, limits)
    if in_band != vz:
        reason = Reason.AT_HEIGHT_LIMIT
    apart = _apart(v, limits, sighting)
    if apart != v:
        reason = Reason.NEAR_TARGET
    fenced = _in_fence(apart, vehicle, limits)
    if fenced != apart:
        reason = Reason.AT_FENCE
    return (fenced.real, fenced.imag, in_band, yaw_rate), reason


def _in_band(vz: float, vehicle: VehicleState, limits: Limits) -> float:
    """Slow down towards an edge; outside, nothing leads further out, and nothing is added.

    A height is one number of the estimator: where it is wrong, flying back by itself would fly
    into the ground. Where a sensor looks down the floor is above what is there, too.
    """
    if limits.ceiling_m is not None:
        vz = min(vz, max(0.0, EDGE_GAIN_PER_S * (limits.ceiling_m - vehicle.height_m)))
    if limits.floor_m is not None:
        vz = max(vz, min(0.0, EDGE_GAIN_PER_S * (limits.floor_m - vehicle.room_m)))
    return _clip(vz, limits.climb_m_s)


def _apart(v: complex, limits: Limits, sighting: Sighting | None) -> complex:
    """Slow down towards a target whose distance is known; too near, nothing leads there."""
    if sighting is None or sighting.distance_m is None or limits.min_distance_m is None:
        return v
    left_m = max(0.0, sighting.distance_m - limits.min_distance_m)
    return fence.toward(v, cmath.rect(1.0, sighting.bearing_rad), EDGE_GAIN_PER_S * left_m)


def is_in_band(vehicle: VehicleState, limits: Limits) -> bool:
    """Tell whether the vehicle is inside the altitude band."""
    floor_m = -math.inf if limits.floor_m is None else limits.floor_m
    ceiling_m = math.inf if limits.ceiling_m is None else limits.ceiling_m
    return floor_m <= vehicle.height_m <= ceiling_m


def from_home(vehicle: VehicleState) -> complex:
    """Return where the vehicle is, east + i north, m from home."""
    (east, north, _), (home_east, home_north, _) = vehicle.position_enu, vehicle.home_enu
    return complex(east - home_east, north - home_north)


def is_in_fence(vehicle: VehicleState, limits: Limits) -> bool:
    """Tell whether the vehicle is inside all fences."""
    place = from_home(vehicle)
    if limits.fence_radius_m is not None and abs(place) > limits.fence_radius_m:
        return False
    return limits.fence_polygon is None or fence.is_inside(place, limits.fence_polygon)


def _in_fence(v: complex, vehicle: VehicleState, limits: Limits) -> complex:
    """Keep what may be flown here; a circle and a polygon both hold."""
    if limits.fence_radius_m is None and limits.fence_polygon is None:
        return v
    heading, place = cmath.rect(1.0, vehicle.yaw), from_home(vehicle)
    enu = before = v * heading
    if limits.fence_radius_m is not None:
        enu = fence.within_circle(enu, place, limits.fence_radius_m)
    if limits.fence_polygon is not None:
        enu = fence.within_polygon(enu, place, limits.fence_polygon)
        if limits.fence_radius_m is not None:  # sliding along one must not leave the other
            enu = fence.within_circle(enu, place, limits.fence_radius_m)
    return v if enu == before else enu * heading.conjugate()


def height_correction(vehicle: VehicleState, height_m: float, limits: Limits) -> float:
    """Return the vertical speed, m/s up, that brings the vehicle to a height above home."""
    return _clip(HEIGHT_GAIN_PER_S * (height_m - vehicle.height_m), limits.climb_m_s)


def approach(
    value: FourFloats,
    slope: FourFloats,
    target: FourFloats,
    limits: Limits,
    dt_s: float,
    stopping: bool = False,
    after_stop: bool = False,
) -> tuple[FourFloats, FourFloats, bool]:
    """Move a command towards another within acceleration, jerk and speed.

    Returns the command, its slope, and whether that slope comes from a stop: the next call's
    ``after_stop``.
    """
    if dt_s < 1e-6:
        return value, slope, after_stop
    hard, after_stop = limits.stop_pace, after_stop and not stopping
    pace = hard if stopping else limits.pace
    v, a = complex(value[0], value[1]), complex(slope[0], slope[1])
    goal = complex(target[0], target[1])
    v, a, is_left = glide(v, a, goal, limits.speed_m_s, pace, hard, dt_s, after_stop)
    vz, az, climb_is_left = glide(
        complex(value[2]),
        complex(slope[2]),
        complex(target[2]),
        limits.climb_m_s,
        pace,
        hard,
        dt_s,
        after_stop,
    )
    turn = _clip(target[3] - value[3], limits.yaw_acceleration_rad_s2 * dt_s)
    yaw_rate = value[3] + turn
    slope = (a.real, a.imag, az.real, turn / dt_s)
    return (v.real, v.imag, vz.real, yaw_rate), slope, stopping or is_left or climb_is_left


def slowed(limits: Limits, vehicle: VehicleState | None) -> Limits:
    """Return limits no faster than what a ground station told the autopilot to fly at."""
    if vehicle is None:
        return limits
    speed_m_s = min(limits.speed_m_s, vehicle.told_speed_m_s)
    climb_m_s = min(limits.climb_m_s, vehicle.told_climb_m_s)
    if (speed_m_s, climb_m_s) == (limits.speed_m_s, limits.climb_m_s):
        return limits
    return replace(limits, speed_m_s=speed_m_s, climb_m_s=climb_m_s)


def _clip(value: float, most: float) -> float:
    return max(-most, min(most, value))
