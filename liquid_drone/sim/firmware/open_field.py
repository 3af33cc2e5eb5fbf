# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""An open field for firmware to fly over: the quadrotor's equations, flat ground, no PyBullet.

For tests and for measuring a firmware and the link to it, where nothing may be in the way. There
is no wind, no camera and no target.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ...arrays import FourFloats, Vector
from ..physics import quadrotor
from ..physics.point_mass import START_NS, SUBSTEPS_PER_S, BodyTruth
from ..physics.quadrotor import Drive, Motion, Sample
from ..scenario.vehicle import Vehicle

STEP_S = 1.0 / SUBSTEPS_PER_S


@dataclass
class OpenField:
    """A drone that stands on flat ground at height 0, nose to the east, until it is flown."""

    vehicle: Vehicle
    motion: Motion = field(
        default_factory=lambda: Motion(
            (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0), (0.0, 0.0, 0.0)
        )
    )
    substeps: int = 0  # of 1/240 s
    _force_flu: Vector = (0.0, 0.0, quadrotor.GRAVITY_M_S2)

    def __post_init__(self) -> None:
        self.drive: Drive = quadrotor.still(self.vehicle, hovering=False)

    def truth(self) -> BodyTruth:
        """Return the present state."""
        motion = self.motion
        return BodyTruth(
            stamp_ns=START_NS + self.substeps * 1_000_000_000 // SUBSTEPS_PER_S,
            position_enu=np.array(motion.position_enu),
            velocity_enu=np.array(motion.velocity_enu),
            quaternion_xyzw=np.array(motion.quaternion_xyzw),
            angular_velocity_flu=np.array(motion.rates_flu),
            on_ground=motion.position_enu[2] <= 0.0,
        )

    def fly_by(self, motors: Callable[[Sample], FourFloats], substeps: int = 12) -> None:
        """Let firmware fly for some steps of 1/240 s."""
        for _ in range(substeps):
            before = self.motion
            throttle = motors(Sample(self.substeps * STEP_S, before, self._force_flu))
            self.drive = quadrotor.spin(self.vehicle, self.drive, throttle, STEP_S)
            self.motion = _standing(self._after())
            self._force_flu = quadrotor.specific_force(before, self.motion, STEP_S)
            self.substeps += 1

    def _after(self) -> Motion:
        motion = self.motion
        rotation, still_air = quadrotor.rotation_of(motion.quaternion_xyzw), (0.0, 0.0, 0.0)
        height_m = motion.position_enu[2] + self.vehicle.height_m / 2.0  # of the rotors
        linear, angular = quadrotor.accelerations(
            self.vehicle, self.drive, motion, rotation, still_air, height_m
        )
        return quadrotor.moved(motion, linear, angular, STEP_S)


def _standing(motion: Motion) -> Motion:
    """Hold what would sink into the ground: level, at rest, with its heading."""
    (x, y, z), (_, _, climb) = motion.position_enu, motion.velocity_enu
    if z > 0.0 or climb > 0.0:
        return motion
    a, b, c, d = motion.quaternion_xyzw
    half = math.atan2(2.0 * (d * c + a * b), 1.0 - 2.0 * (b * b + c * c)) / 2.0
    zero = (0.0, 0.0, 0.0)
    return Motion((x, y, 0.0), zero, (0.0, 0.0, math.sin(half), math.cos(half)), zero)
