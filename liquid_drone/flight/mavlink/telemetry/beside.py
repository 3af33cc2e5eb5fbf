# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What others than the autopilot tell on its path: the vehicle's gimbals, a station's joystick."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ...vehicle import VehicleState
from ..framing import Frame
from . import gimbal, joystick

DECODERS: Mapping[int, Callable[[VehicleState, Any, float], VehicleState]] = MappingProxyType(
    {**dict.fromkeys(gimbal.MESSAGES, gimbal.look), joystick.MESSAGE: joystick.hold}
)


def may_tell(frame: Frame, vehicle: int) -> bool:
    """Tell whether a sender counts: anybody for a joystick, else a gimbal of the vehicle.

    Args:
        frame: of one of :data:`DECODERS`.
        vehicle: the system that is flown.

    """
    is_gimbal = frame.system == vehicle and frame.component in gimbal.COMPONENTS
    return is_gimbal or frame.message_id == joystick.MESSAGE
