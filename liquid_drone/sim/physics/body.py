# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The drone's body in the physics: flown by the quadrotor's equations, collided by PyBullet.

Far from everything the equations alone move it. Near something PyBullet looks for contacts at each
step, and takes the step where there is one: being near changes no number, touching does.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ...arrays import FourFloats, RowMajorRotation, Vector
from ...streams import Stream, stream
from ..scenario.vehicle import Vehicle
from . import quadrotor, wind
from .broad_phase import BroadPhase
from .quadrotor import GRAVITY_M_S2, Drive, Motion, Sample, VelocityCommand

SUBSTEPS_PER_S = 240
STEP_S = 1.0 / SUBSTEPS_PER_S
CHUNK = 12  # steps between two looks around, and between two changes of the wind
MARGIN_M = 0.1  # beyond what the drone can reach until the next look
HARD_LANDING_M_S = 1.5
Motors = Callable[[Sample], FourFloats]  # what the sensors could feel, to throttles from 0 to 1


class Bodies(Protocol):
    """The numbers of the bodies that matter here, in a physics client."""

    @property
    def drone(self) -> int:
        """The drone's hull."""
        ...

    @property
    def ground(self) -> int:
        """What may be landed on."""
        ...

    @property
    def boxes(self) -> Mapping[int, npt.NDArray[np.float64]]:
        """Boxes (K, 2, 3) of bodies that hold several solids, see :class:`.BroadPhase`."""
        ...


class DroneBody:
    """Holds the drone's body in a physics client; it hovers or stands where it is put."""

    def __init__(
        self,
        pybullet: Any,
        client: int,
        scene: Bodies,
        vehicle: Vehicle,
        ground_height_m: Callable[[Vector], float],
    ) -> None:
        """Take the body over from a built scene."""
        self._p, self._client, self._number = pybullet, client, scene.drone
        self._ground, self._ground_height_m = scene.ground, ground_height_m
        self._vehicle = vehicle
        self.broad_phase = BroadPhase(pybullet, client, scene.drone, scene.boxes)
        self.collision = False  # so far: touched anything but the ground, or the ground hard
        self.substeps = 0
        hull_m = math.hypot(vehicle.radius_m, vehicle.height_m / 2.0)
        fastest = 4.0 * vehicle.motor_max_thrust_n / vehicle.mass_kg + GRAVITY_M_S2
        self._reach_m = hull_m + MARGIN_M + 0.5 * fastest * (CHUNK * STEP_S) ** 2
        zero = (0.0, 0.0, 0.0)
        self.motion = Motion(zero, zero, (0.0, 0.0, 0.0, 1.0), zero)
        self._force, self._floor_m = zero, 0.0
        self.calm()
        self.power(hovering=False)

    def calm(self) -> None:
        """Let no wind blow."""
        self.blow((0.0, 0.0, 0.0), stream(0, Stream.GUSTS))

    def blow(self, mean_enu: Vector, rng: np.random.Generator) -> None:
        """Let a wind blow from now on, with gusts drawn from a generator."""
        self.wind, self._rng = wind.dryden(mean_enu), rng
        self._gust = wind.first_gust(self.wind, rng)

    def place(self, position_enu: Vector, quaternion_xyzw: FourFloats) -> None:
        """Put it somewhere, at rest."""
        zero = (0.0, 0.0, 0.0)
        self.motion = Motion(position_enu, zero, quaternion_xyzw, zero)
        self._force = quadrotor.specific_force(self.motion, self.motion, STEP_S)  # at rest
        self._tell(self.motion)

    def power(self, hovering: bool) -> None:
        """Begin with motors that carry the weight, in the wind that blows, or that stand."""
        self.drive = quadrotor.still(self._vehicle, hovering, self.wind.mean_enu)

    def fly(self, order: VelocityCommand | None, substeps: int) -> None:
        """Fly by an order for some steps of 1/240 s; None: with the motors off."""
        for done in range(0, substeps, CHUNK):
            self._fly_chunk(order, min(CHUNK, substeps - done))
        self._tell(self.motion)

    def fly_by(self, motors: Motors, substeps: int) -> None:
        """Let somebody else fly for some steps of 1/240 s.

        ``motors`` is told at each step how the drone moves, and answers with four throttles.
        """
        for done in range(0, substeps, CHUNK):
            steps = min(CHUNK, substeps - done)
            air, free = self._look_around(steps)
            for _ in range(steps):
                before = self.motion
                throttle = motors(Sample(self.substeps * STEP_S, before, self._force))
                self._step_by(throttle, air, free)
                self._force = quadrotor.specific_force(before, self.motion, STEP_S)
                self.substeps += 1
        self._tell(self.motion)

    def _step_by(self, throttle: FourFloats, air: Vector, free: bool) -> None:
        drive = quadrotor.spin(self._vehicle, self.drive, throttle, STEP_S)
        after = self._after(drive, air)
        if free:
            self.drive, self.motion = drive, after
        else:
            self._bump(drive, after)

    def _look_around(self, steps: int) -> tuple[Vector, bool]:
        """Return the wind of some steps, and whether nothing can be reached in them."""
        air = self._air()
        self._floor_m = self._ground_height_m(self.motion.position_enu)
        reach_m = self._reach_m + math.hypot(*self.motion.velocity_enu) * steps * STEP_S
        return air, self.broad_phase.is_free(self.motion.position_enu, reach_m)

    def _fly_chunk(self, order: VelocityCommand | None, steps: int) -> None:
        air, free = self._look_around(steps)
        if free:
            for _ in range(steps):
                self.drive, self.motion = self._next(order, air)
        else:
            for _ in range(steps):
                self._bump(*self._next(order, air))
        self.substeps += steps

    def _next(self, order: VelocityCommand | None, air: Vector) -> tuple[Drive, Motion]:
        """Return drive and motion one step later, as if nothing were in the way."""
        vehicle, motion = self._vehicle, self.motion
        rotation = quadrotor.rotation_of(motion.quaternion_xyzw)
        if order is None:
            drive = quadrotor.coast(vehicle, self.drive, STEP_S)
        else:
            drive = quadrotor.control(vehicle, self.drive, motion, rotation, order, STEP_S)
        return drive, self._after(drive, air, rotation)

    def _after(
        self, drive: Drive, air: Vector, rotation: RowMajorRotation | None = None
    ) -> Motion:
        """Return the motion a step later, as if nothing were in the way."""
        vehicle, motion = self._vehicle, self.motion
        rotation = rotation or quadrotor.rotation_of(motion.quaternion_xyzw)
        height_m = motion.position_enu[2] - self._floor_m
        linear, angular = quadrotor.accelerations(vehicle, drive, motion, rotation, air, height_m)
        return quadrotor.moved(motion, linear, angular, STEP_S)

    def _bump(self, drive: Drive, after: Motion) -> None:
        """Take one step, with PyBullet where the drone touches something."""
        p, client, number = self._p, self._client, self._number
        self._tell(self.motion)
        p.performCollisionDetection(physicsClientId=client)  # a tenth of a whole step's time
        contacts = p.getContactPoints(bodyA=number, physicsClientId=client)
        self.drive, self.motion = drive, self._pushed(after) if contacts else after
        for contact in contacts:
            hard = contact[2] != self._ground or -after.velocity_enu[2] > HARD_LANDING_M_S
            self.collision = self.collision or hard

    def _pushed(self, after: Motion) -> Motion:
        """Let PyBullet take the step, beginning with the velocities after it."""
        moving = self.motion._replace(velocity_enu=after.velocity_enu, rates_flu=after.rates_flu)
        self._tell(moving)
        self._p.stepSimulation(physicsClientId=self._client)
        return self._told()

    def _air(self) -> Vector:
        """Return the wind of the present chunk and draw the next gust."""
        (x, y, z), (a, b, c) = self.wind.mean_enu, self._gust
        if self.substeps % CHUNK == 0:
            self._gust = wind.next_gust(self.wind, self._gust, self._rng)
        return x + a, y + b, z + c

    def _tell(self, motion: Motion) -> None:
        """Tell PyBullet where the drone is and how it moves."""
        p, client, number = self._p, self._client, self._number
        (p_flu, q_flu, r_flu), m = motion.rates_flu, quadrotor.rotation_of(motion.quaternion_xyzw)
        turn = [m[i] * p_flu + m[i + 1] * q_flu + m[i + 2] * r_flu for i in (0, 3, 6)]
        p.resetBasePositionAndOrientation(
            number, motion.position_enu, motion.quaternion_xyzw, physicsClientId=client
        )
        p.resetBaseVelocity(number, motion.velocity_enu, turn, physicsClientId=client)

    def _told(self) -> Motion:
        """Ask PyBullet where the drone is and how it moves."""
        p, client, number = self._p, self._client, self._number
        position, quaternion = p.getBasePositionAndOrientation(number, physicsClientId=client)
        velocity, (x, y, z) = p.getBaseVelocity(number, physicsClientId=client)
        m = quadrotor.rotation_of(quaternion)
        p_flu, q_flu, r_flu = (m[i] * x + m[i + 3] * y + m[i + 6] * z for i in (0, 1, 2))
        return Motion(position, velocity, quaternion, (p_flu, q_flu, r_flu))
