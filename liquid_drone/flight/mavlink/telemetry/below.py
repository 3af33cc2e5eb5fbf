# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How far away the ground is, by sensors that look down (DISTANCE_SENSOR, orientation 25).

A vehicle may have several: a lidar and a sonar, or that of a flow camera. Each tells of itself,
and one of them may measure nothing. So each is read alone, and the least of them counts.
"""

import math
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ...records import replace
from ...vehicle import GroundReading, VehicleState

LASTS_S = 1.0  # what a sensor measured
NO_SIGNAL = 1  # DISTANCE_SENSOR.signal_quality; 0: not told
MOST_SENSORS = 4
NO_LIMIT = 65535  # of 16 bits


def measure(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    """Note what a sensor that looks down measures, along the vertical; others tell nothing.

    0 is no distance, whatever a sensor that is gone or out of its range means by it, and as the
    largest one of a sensor it is not told.

    Args:
        vehicle: with its attitude.
        message: DISTANCE_SENSOR.
        now_s: time of arrival.

    """
    if message.orientation != mavlink.MAV_SENSOR_ROTATION_PITCH_270:
        return vehicle
    is_measured = 0 < message.current_distance < (message.max_distance or NO_LIMIT)
    told_m = message.current_distance / 100.0 if is_measured else math.inf
    if message.signal_quality == NO_SIGNAL:
        told_m = math.inf
    told_m *= math.cos(vehicle.tilt_rad) if math.isfinite(vehicle.tilt_rad) else 1.0
    sensor = message.id, message.type
    known = {one.sensor: one.told_m for one in vehicle.ground}
    others = tuple(one for one in vehicle.ground if one.sensor != sensor)
    told = GroundReading(sensor, told_m, known.get(sensor, math.inf), now_s)
    return replace(vehicle, ground=(*others, told)[-MOST_SENSORS:])


def forget(vehicle: VehicleState, now_s: float) -> VehicleState:
    """Forget sensors from which nothing came for a while."""
    fresh = tuple(one for one in vehicle.ground if now_s - one.received_s <= LASTS_S)
    return vehicle if len(fresh) == len(vehicle.ground) else replace(vehicle, ground=fresh)
