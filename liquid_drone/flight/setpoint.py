# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The one thing that guard and MAVLink both know: what the autopilot is commanded."""

from dataclasses import dataclass

from ..arrays import FourFloats


@dataclass(frozen=True)
class Setpoint:
    """What the autopilot is told: velocity FLU, heading-aligned; yaw rate counter-clockwise."""

    vx_m_s: float = 0.0
    vy_m_s: float = 0.0
    vz_m_s: float = 0.0
    yaw_rate_rad_s: float = 0.0

    def as_tuple(self) -> FourFloats:
        """Return (vx, vy, vz, yaw rate)."""
        return self.vx_m_s, self.vy_m_s, self.vz_m_s, self.yaw_rate_rad_s
