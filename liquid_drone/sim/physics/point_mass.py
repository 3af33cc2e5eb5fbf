# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The smallest plant that an autopilot can fly: a point with a lag above a flat ground at zero.

A fake that ships, so that autopilot, link and companion can be tested without the physics engine.
It has no obstacles, no camera and no tilt.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ...arrays import FloatArray
from ...geometry import quaternion_from_euler, wrap_angle

START_NS = 1_000_000_000
SUBSTEPS_PER_S = 240
LAG_S = 0.3  # first-order lag of the velocity
GRAVITY_M_S2 = 9.81


@dataclass(frozen=True)
class BodyTruth:
    """Where a body is; the fields of the simulator's truth that an autopilot reads."""

    stamp_ns: int
    position_enu: FloatArray  # (3,) m
    velocity_enu: FloatArray  # (3,) m/s
    quaternion_xyzw: FloatArray  # (4,) body FLU to world ENU
    angular_velocity_flu: FloatArray  # (3,) rad/s
    on_ground: bool


@dataclass
class PointMass:
    """A point that follows a velocity with a first-order lag; heights below zero do not exist."""

    position_enu: FloatArray = field(default_factory=lambda: np.zeros(3))  # (3,) m
    yaw_rad: float = 0.0
    velocity_enu: FloatArray = field(default_factory=lambda: np.zeros(3))  # (3,) m/s
    yaw_rate_rad_s: float = 0.0
    substeps: int = 0  # of 1/240 s, since the start

    def truth(self) -> BodyTruth:
        """Return the present state."""
        return BodyTruth(
            stamp_ns=START_NS + self.substeps * 1_000_000_000 // SUBSTEPS_PER_S,
            position_enu=self.position_enu.copy(),
            velocity_enu=self.velocity_enu.copy(),
            quaternion_xyzw=quaternion_from_euler(0.0, 0.0, self.yaw_rad),
            angular_velocity_flu=np.array([0.0, 0.0, self.yaw_rate_rad_s]),
            on_ground=bool(self.position_enu[2] <= 0.0),
        )

    def advance(
        self, velocity_enu: npt.ArrayLike, yaw_rate_rad_s: float, substeps: int = 12
    ) -> None:
        """Fly with the motors on, towards a velocity (3,) in m/s, for some steps of 1/240 s."""
        target = np.asarray(velocity_enu, dtype=np.float64)
        blend = 1.0 - math.exp(-1.0 / (SUBSTEPS_PER_S * LAG_S))
        self.yaw_rate_rad_s = yaw_rate_rad_s
        for _ in range(substeps):
            self._move(self.velocity_enu + blend * (target - self.velocity_enu))

    def idle(self, substeps: int = 12) -> None:
        """Stand or fall with the motors off, for some steps of 1/240 s."""
        self.yaw_rate_rad_s = 0.0
        for _ in range(substeps):
            self._move(self.velocity_enu - np.array([0.0, 0.0, GRAVITY_M_S2 / SUBSTEPS_PER_S]))

    def _move(self, velocity_enu: FloatArray) -> None:
        self.substeps += 1
        self.velocity_enu = velocity_enu
        self.position_enu = self.position_enu + velocity_enu / SUBSTEPS_PER_S
        self.yaw_rad = wrap_angle(self.yaw_rad + self.yaw_rate_rad_s / SUBSTEPS_PER_S)
        if self.position_enu[2] <= 0.0 and velocity_enu[2] <= 0.0:
            self.position_enu[2] = 0.0
            self.velocity_enu = np.zeros(3)
