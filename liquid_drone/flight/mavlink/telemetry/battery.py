# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What is known of the batteries: SYS_STATUS tells of one, BATTERY_STATUS of each of several."""

from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ...records import replace
from ...vehicle import (
    PACKS_LAST_S,
    BatterySample,
    PackReport,
    PackReports,
    VehicleState,
    completed,
)

UNKNOWN_MV = 65535
PAYLOAD = 4  # MAV_BATTERY_FUNCTION; pymavlink has the name from 2.4.50 on
LOW_STATES = frozenset(  # MAV_BATTERY_CHARGE_STATE
    {
        mavlink.MAV_BATTERY_CHARGE_STATE_LOW,
        mavlink.MAV_BATTERY_CHARGE_STATE_CRITICAL,
        mavlink.MAV_BATTERY_CHARGE_STATE_EMERGENCY,
        mavlink.MAV_BATTERY_CHARGE_STATE_FAILED,
        mavlink.MAV_BATTERY_CHARGE_STATE_UNHEALTHY,
    }
)
MOST_PACKS = 16


def sampled(packs: PackReports, message: Any, is_healthy: bool, now_s: float) -> BatterySample:
    """Return the battery of SYS_STATUS, with what it cannot say by fresh reports of its own.

    Args:
        packs: the batteries' own reports.
        message: SYS_STATUS.
        is_healthy: by that.
        now_s: time of arrival.

    """
    millivolts, current = message.voltage_battery, message.current_battery
    told = BatterySample(
        _share(message.battery_remaining),
        millivolts / 1000.0 if 0 < millivolts < UNKNOWN_MV else None,
        is_healthy,
        current / 100.0 if current >= 0 else None,
    )
    fresh = (one for one, _ in packs if now_s - one.received_s <= PACKS_LAST_S)
    return completed(told, tuple(fresh))


def note_pack(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    """Note one of several batteries; that of a payload carries nothing."""
    if message.battery_function == PAYLOAD:
        return vehicle
    is_low = message.charge_state in LOW_STATES
    share, voltage_v = _share(message.battery_remaining), _pack_v(message)
    told = PackReport(message.id, share, is_low, voltage_v, now_s)
    known = {newest.number: newest for newest, _ in vehicle.packs}
    others = tuple(pair for pair in vehicle.packs if pair[0].number != told.number)
    pair = told, known.get(told.number, PackReport(told.number))
    return replace(vehicle, packs=(*others, pair)[-MOST_PACKS:])


def _pack_v(message: Any) -> float | None:
    """Return the sum of the cells; a pack whose cells are not measured fills as many as it needs.

    Those behind the tenth are an extension, in which 0 is none, and for PX4 1.13 65535 as well.
    """
    cells = [one for one in (*message.voltages, *message.voltages_ext) if one != UNKNOWN_MV]
    return sum(cells) / 1000.0 or None


def _share(percent: int) -> float | None:
    return percent / 100.0 if 0 <= percent <= 100 else None
