# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What is known about the vehicle from its telemetry, with the time when each part arrived.

Plain data made by :mod:`.messages`. Two clocks: ``stamp_s`` is the autopilot's own; every
``..._received_s`` is the receiver's (monotonic on a drone, simulated in lock-step) and minus
infinity before the first arrival.
"""

import math
from dataclasses import dataclass

from ..arrays import Vector

NEVER = -math.inf


@dataclass(frozen=True)
class VehicleState:
    """One vehicle; world ENU with the autopilot's local origin, body FLU, radians, SI."""

    system_id: int
    mode: int  # HEARTBEAT.custom_mode
    mode_name: str
    armed: bool
    heartbeat_received_s: float
    landed: bool = False
    stamp_s: float = 0.0  # autopilot's time of the position
    clock_offset_s: float | None = None  # receiver's clock minus the autopilot's; None: unknown
    received_s: float = NEVER  # when the position arrived
    position_enu: Vector = (0.0, 0.0, 0.0)  # m
    velocity_enu: Vector = (0.0, 0.0, 0.0)  # m/s
    position_valid: bool = True  # the autopilot says that its estimate can be used
    attitude_received_s: float = NEVER
    attitude_stamp_s: float = 0.0  # autopilot's time of the attitude
    roll: float = 0.0
    pitch: float = 0.0
    yaw: float = 0.0  # counter-clockwise from east
    battery_remaining: float | None = None  # 0..1; None: not measured
    home_enu: Vector = (0.0, 0.0, 0.0)  # where it last stood on the ground, else the local origin

    @property
    def height_m(self) -> float:
        """Height above the place where it last stood on the ground."""
        return self.position_enu[2] - self.home_enu[2]

    @property
    def tilt_rad(self) -> float:
        """Angle between the body's up axis and the vertical; infinite where it is not a number."""
        if not math.isfinite(self.roll + self.pitch):
            return math.inf
        return math.acos(max(-1.0, min(1.0, math.cos(self.roll) * math.cos(self.pitch))))

    def heartbeat_age_s(self, now_s: float) -> float:
        """Time since the last heartbeat."""
        return now_s - self.heartbeat_received_s

    def estimate_age_s(self, now_s: float) -> float:
        """Age of the older one of position and attitude; infinite before the first.

        Since it arrived or, where the clocks are known to each other, since it was true: telemetry
        that waited in a buffer is not fresh.
        """
        arrived_s = now_s - min(self.received_s, self.attitude_received_s)
        if self.clock_offset_s is None:
            return arrived_s
        true_s = min(self.stamp_s, self.attitude_stamp_s) + self.clock_offset_s
        return max(arrived_s, now_s - true_s)
