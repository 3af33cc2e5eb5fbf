# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicles of which all is known."""

from dataclasses import replace
from typing import Any

from liquid_drone.flight.vehicle import BatterySample, VehicleState

ACTIVE = 4  # MAV_STATE


def fresh(vehicle: VehicleState, now_s: float, **changes: Any) -> VehicleState:
    """Return the vehicle as if every message had come just now."""
    heard = replace(
        vehicle,
        heartbeat_received_s=now_s,
        answered_s=now_s,
        received_s=now_s,
        attitude_received_s=now_s,
        estimator_received_s=now_s,
        landed_received_s=now_s,
        battery_received_s=now_s,
        gimbal_received_s=now_s,
        home_received_s=now_s,
    )
    return replace(heard, **changes)


def known(now_s: float, **changes: Any) -> VehicleState:
    """Return a vehicle that hovers 3 m above home, fit to be flown."""
    vehicle = VehicleState(
        system_id=1,
        mode=393216,
        mode_name='OFFBOARD',
        armed=True,
        heartbeat_received_s=now_s,
        mode_is_ours=True,
        status=ACTIVE,
        status_before=ACTIVE,
        position_enu=(0.0, 0.0, 3.0),
        landed_told=False,
        battery=BatterySample(0.9, 16.0),
        battery_before=BatterySample(0.9, 16.0),
        battery_most_v=16.0,
    )
    return fresh(vehicle, now_s, **changes)
