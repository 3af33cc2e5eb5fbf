# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where a gimbal looks: the policy takes the picture's middle for the drone's own direction.

One that is rolled counts as one that looks away: left in its picture is up or down.

Told by GIMBAL_DEVICE_ATTITUDE_STATUS (https://mavlink.io/en/services/gimbal_v2.html), and by
MOUNT_ORIENTATION and MOUNT_STATUS of older firmware; by the autopilot, or by the gimbal itself.
Which camera is on it nobody tells.
"""

import math
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ...records import replace
from ...vehicle import NEVER, VehicleState

COMPONENTS = frozenset({mavlink.MAV_COMP_ID_GIMBAL, *range(171, 176)})  # and GIMBAL2 to GIMBAL6
MESSAGES = frozenset(
    {
        mavlink.MAVLINK_MSG_ID_GIMBAL_DEVICE_ATTITUDE_STATUS,
        mavlink.MAVLINK_MSG_ID_MOUNT_ORIENTATION,
        mavlink.MAVLINK_MSG_ID_MOUNT_STATUS,
    }
)
MOST_GIMBALS = 4
GONE_S = 5.0  # without a report on the ground: it was taken off, or has another number now


def look(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    """Note by how much a gimbal looks away or is rolled; what is no number tells nothing.

    Of several the one that was silent for longest counts: what another one tells is not of it.

    Args:
        vehicle: with its attitude, for a gimbal that tells its yaw from north.
        message: one of :data:`MESSAGES`.
        now_s: time of arrival.

    """
    away_rad = _away_rad(vehicle, message)
    if not math.isfinite(away_rad):
        return vehicle
    away_rad = max(away_rad, abs(_roll_rad(message)))
    key = message.get_srcComponent(), getattr(message, 'gimbal_device_id', 0)
    known = {one[0]: one[1] for one in vehicle.gimbals}
    others = tuple(
        one
        for one in vehicle.gimbals
        if one[0] != key and (vehicle.armed or now_s - one[3] <= GONE_S)
    )
    gimbals = (*others, (key, away_rad, known.get(key, 0.0), now_s))[-MOST_GIMBALS:]
    return replace(vehicle, gimbals=gimbals, gimbal_received_s=min(one[3] for one in gimbals))


def _away_rad(vehicle: VehicleState, message: Any) -> float:
    kind = message.get_type()
    if kind == 'MOUNT_ORIENTATION':
        return _from_ahead(math.radians(message.yaw), math.radians(message.pitch))
    if kind == 'MOUNT_STATUS':
        pitch, yaw = message.pointing_a / 100.0, message.pointing_c / 100.0
        return _from_ahead(math.radians(yaw), math.radians(pitch))
    w, x, y, z = message.q
    size = math.sqrt(w * w + x * x + y * y + z * z)
    if not 0.5 < size < 2.0:  # NaN too: it is not known
        return math.nan
    ahead, right = 1.0 - 2.0 * (y * y + z * z) / size**2, 2.0 * (x * y + w * z) / size**2
    if not _is_from_north(message.flags):
        return math.acos(max(-1.0, min(1.0, ahead)))
    if vehicle.attitude_received_s == NEVER:
        return math.nan
    turned = math.atan2(right, ahead) - (math.pi / 2.0 - vehicle.yaw)  # NED yaw beside ENU
    return math.acos(max(-1.0, min(1.0, math.hypot(ahead, right) * math.cos(turned))))


def _roll_rad(message: Any) -> float:
    """Return by how much the picture is rolled; 0 where it is not told."""
    kind = message.get_type()
    if kind == 'GIMBAL_DEVICE_ATTITUDE_STATUS':
        w, x, y, z = message.q
        return math.atan2(2.0 * (y * z + w * x), w * w - x * x - y * y + z * z)
    roll_deg = message.roll if kind == 'MOUNT_ORIENTATION' else message.pointing_b / 100.0
    return math.radians(math.remainder(roll_deg, 360.0)) if math.isfinite(roll_deg) else 0.0


def _is_from_north(flags: int) -> bool:
    """Tell whether its yaw counts from north; without either word for it, its lock tells."""
    if flags & mavlink.GIMBAL_DEVICE_FLAGS_YAW_IN_VEHICLE_FRAME:
        return False
    words = mavlink.GIMBAL_DEVICE_FLAGS_YAW_IN_EARTH_FRAME | mavlink.GIMBAL_DEVICE_FLAGS_YAW_LOCK
    return bool(flags & words)


def _from_ahead(yaw_rad: float, pitch_rad: float) -> float:
    if not math.isfinite(yaw_rad + pitch_rad):
        return math.nan
    return math.acos(max(-1.0, min(1.0, math.cos(yaw_rad) * math.cos(pitch_rad))))
