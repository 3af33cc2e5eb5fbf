# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The sticks of a joystick (MANUAL_CONTROL), which a PX4 passes on in no other message.

Told by the autopilot, of the sticks that it takes (a radio's too, on a PX4), or by a ground
station whose message comes by: it names the vehicle, but no component, so that routers and
autopilots pass it on to everybody. It has no time. Each sender is read apart.
"""

from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ...records import replace
from ...vehicle import JoystickReading, VehicleState

MESSAGE = mavlink.MAVLINK_MSG_ID_MANUAL_CONTROL
MOST = 1000  # either way; 32767 is an axis that is not there
MOST_JOYSTICKS = 4
BELOW = -20  # less is no rounding


def hold(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    """Note where a joystick's axes are; one that is for another vehicle, or empty, is none.

    Args:
        vehicle: that is flown.
        message: MANUAL_CONTROL.
        now_s: time of arrival.

    """
    axes = tuple(map(_axis, (message.y, message.x, message.z)))
    if message.target not in (0, vehicle.system_id) or axes == (None, None, None):
        return vehicle
    sender = message.get_srcSystem(), message.get_srcComponent()
    known = next((one for one in vehicle.joysticks if one.sender == sender), None)
    goes_below_0 = (axes[2] or 0) < BELOW or (known is not None and known.goes_below_0)
    told = JoystickReading(sender, now_s, axes, goes_below_0)
    others = tuple(one for one in vehicle.joysticks if one.sender != sender)
    return replace(vehicle, joysticks=(*others, told)[-MOST_JOYSTICKS:])


def _axis(told: int) -> int | None:
    return told if -MOST <= told <= MOST else None
