# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where heights and fence begin, in the autopilot's local frame, from all that tells it.

ArduPilot's HOME_POSITION has no local coordinates, and its local frame begins at the estimator's
origin. So home is found from latitude, longitude and height above home (GLOBAL_POSITION_INT)
beside the local position. Where the vehicle was seen standing on the ground, it begins there. The
reports are compared; one that differs from all others moves nothing.
"""

import math
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Any

from ....arrays import Vector
from ...records import replace
from ...vehicle import NEVER, VehicleState
from ..timesync import boot_time_s
from . import below
from .decode import vector

METRES_PER_DEGREE = 111_319.5
SAME_PLACE_M = 0.5  # between two reports of one home
SAME_TIME_S = 0.5  # between the local and the global position that are compared
STANDS_M_S = 0.3  # what moves faster does not stand, whatever its landed state is
KEPT = 3  # estimates, of which the middle one counts


@dataclass(frozen=True)
class _Place:
    latitude_deg: float
    longitude_deg: float
    altitude_m: float

    def beyond(self, other: '_Place') -> Vector:
        """Return the way from another place to this one, ENU, m."""
        north = (self.latitude_deg - other.latitude_deg) * METRES_PER_DEGREE
        turn = math.remainder(self.longitude_deg - other.longitude_deg, 360.0)
        east = turn * METRES_PER_DEGREE * math.cos(math.radians(other.latitude_deg))
        return east, north, self.altitude_m - other.altitude_m


class HomeFinder:
    """Learns home from the messages of one vehicle."""

    def __init__(self, is_local: bool) -> None:
        """Know nothing yet.

        Args:
            is_local: HOME_POSITION has coordinates of the local frame.

        """
        self._is_local = is_local
        self._stood: Vector | None = None
        self._stood_place: _Place | None = None  # on the map, while it stood
        self._home: _Place | None = None
        self._other_home: _Place | None = None  # reported once, instead of it
        self._told_up: float | None = None  # PX4: of home in the local frame
        self._home_s = self._global_s = NEVER
        self._found: deque[Vector] = deque(maxlen=KEPT)
        self._differs: deque[float] = deque(maxlen=2)

    def take(self, vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
        """Return the vehicle with what a message, already decoded, tells of its home."""
        kind, vehicle = message.get_type(), below.forget(vehicle, now_s)
        if kind == 'DISTANCE_SENSOR':
            return below.measure(vehicle, message, now_s)
        if kind == 'LOCAL_POSITION_NED' and _stands(vehicle):
            self._stood = vehicle.position_enu
        elif kind == 'HOME_POSITION':
            self._take_home(vehicle, message, now_s)
        elif kind == 'GLOBAL_POSITION_INT':
            self._take_global(vehicle, message, now_s)
        else:
            return vehicle
        told = self._told()
        return replace(
            vehicle,
            home_enu=self._stood or told or vehicle.home_enu,
            home_received_s=min(self._home_s, self._global_s) if told else NEVER,
            home_differs_m=min(self._differs, default=0.0),
        )

    def _take_home(self, vehicle: VehicleState, message: Any, now_s: float) -> None:
        place = _Place(message.latitude / 1e7, message.longitude / 1e7, message.altitude / 1e3)
        if not (abs(place.latitude_deg) <= 90.0 and abs(place.longitude_deg) <= 180.0):
            return
        known = (self._home, self._other_home)
        is_new = not any(one and math.hypot(*place.beyond(one)) < SAME_PLACE_M for one in known)
        if is_new and self._home is not None:
            self._other_home = place  # believed when it is reported again
            return
        if self._home is None or math.hypot(*place.beyond(self._home)) >= SAME_PLACE_M:
            self._home = place
            self._found.clear()
        self._other_home, self._home_s = None, now_s
        up = vector(message.x, message.y, message.z)[2]
        self._told_up = up if self._is_local and math.isfinite(up) else None

    def _take_global(self, vehicle: VehicleState, message: Any, now_s: float) -> None:
        stamp_s = boot_time_s(message.time_boot_ms, vehicle.stamp_s)
        is_of_now = abs(stamp_s - vehicle.stamp_s) <= SAME_TIME_S
        if self._home is None or math.isinf(vehicle.received_s) or not is_of_now:
            return
        here = _Place(message.lat / 1e7, message.lon / 1e7, message.alt / 1e3)
        if _stands(vehicle):
            self._stood_place = here
        east, north, up = here.beyond(self._home)
        height_m = message.relative_alt / 1e3
        x, y, z = vehicle.position_enu
        self._found.append((x - east, y - north, z - height_m))
        heights = [z - up, z - height_m]
        heights += [self._told_up] if self._told_up is not None else []
        heights += [self._stood[2]] if self._stood is not None else []
        slid_m = self._slid_m(vehicle, here, stamp_s - vehicle.stamp_s)
        self._differs.append(max(max(heights) - min(heights), slid_m))
        self._global_s = now_s

    def _slid_m(self, vehicle: VehicleState, here: _Place, ahead_s: float) -> float:
        """Return how far the take-off place has gone, in the plane, from where the map has it.

        The local frame may be moved in flight: by a ground station, or when satellites are found.
        """
        if self._stood is None or self._stood_place is None:
            return 0.0
        x, y, _ = vehicle.position_enu
        vx, vy, _ = vehicle.velocity_enu
        east, north, _ = here.beyond(self._stood_place)
        by_map = x + vx * ahead_s - east, y + vy * ahead_s - north
        return math.dist(by_map, self._stood[:2])

    def _told(self) -> Vector | None:
        if not self._found:
            return None
        east, north, up = (median(axis) for axis in zip(*self._found, strict=True))
        return east, north, up


def _stands(vehicle: VehicleState) -> bool:
    """Tell whether it stands on the ground: the landed state lags, and errs in the air."""
    is_still = math.hypot(*vehicle.velocity_enu) < STANDS_M_S
    return bool(vehicle.landed and vehicle.landed_told) and is_still
