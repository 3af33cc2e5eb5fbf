# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The simulator: one seeded place in PyBullet, a quadrotor, a target that walks, a camera.

It owns the simulated time: nothing moves but by :meth:`Simulator.advance` and
:meth:`Simulator.idle`. The same scenario, seed and commands give the same bytes. It knows no
network, no MAVLink and no ROS.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..contract import Image
from ..errors import SimulationError
from ..geometry import (
    quaternion_from_euler,
    quaternion_from_rotation,
    rotation_from_quaternion,
)
from . import quadrotor
from .actors import Mover
from .config import Scenario
from .engine import load_pybullet
from .quadrotor import Motion
from .render import Camera, Picture, TinyRenderer
from .scene import Scene, SceneBuilder
from .scenery import Actor
from .world import Layout, make_layout

FloatArray = npt.NDArray[np.float64]
START_NS = 1_000_000_000
SUBSTEPS_PER_S, SUBSTEPS = 240, 12
FRAME_NS, FRAME_S = 50_000_000, 0.05
HARD_LANDING_M_S = 1.5
STANDING_M = 0.06  # at most this much air under a hull that stands on uneven ground
CHASE_BACK_M, CHASE_UP_M, CHASE_TILT_DEG = 4.5, 1.8, 16.0


@dataclass(frozen=True)
class Truth:
    """What only a simulator knows."""

    stamp_ns: int
    position_enu: FloatArray  # (3,) m
    velocity_enu: FloatArray  # (3,) m/s
    quaternion_xyzw: FloatArray  # (4,) body FLU to world ENU
    angular_velocity_flu: FloatArray  # (3,) rad/s
    target_position_enu: FloatArray  # (3,) its middle
    target_velocity_enu: FloatArray  # (3,)
    collision: bool  # so far: touched anything but the ground, or the ground hard
    on_ground: bool


@dataclass(frozen=True)
class CameraFrame:
    """One picture with what it shows of the target; bearing and elevation are 0 when nothing."""

    stamp_ns: int
    image: Image  # (144, 256, 3) RGB
    target_pixels: int
    target_bearing: float  # -1 left edge .. 1 right edge
    target_elevation: float  # -1 bottom edge .. 1 top edge


class Simulator:
    """Holds a physics client; :meth:`reset` builds a place in it."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.camera = scenario.vehicle.camera
        self.renderer_name = TinyRenderer.name
        self._p = load_pybullet()
        self._client = -1

    def reset(self, seed: int, start: Literal['hover', 'ground'] = 'hover') -> None:
        """Build the place of a seed; the drone hovers, or stands below, motors off."""
        self.close()
        p = self._p
        self._client = client = int(p.connect(p.DIRECT))
        if client < 0:
            raise SimulationError('PyBullet gives no physics client; close other simulations')
        self._layout: Layout = make_layout(self.scenario, seed)
        self._scene: Scene = SceneBuilder(p, client, self.scenario, self._layout).build()
        self._renderer = TinyRenderer(p, client, self.scenario.season, self._layout)
        p.setTimeStep(1.0 / SUBSTEPS_PER_S, physicsClientId=client)
        p.setGravity(0.0, 0.0, 0.0, physicsClientId=client)  # the quadrotor's forces include it
        self.obstacles: FloatArray = self._layout.obstacles.as_circles()
        self._substeps, self._released, self._collision = 0, -1, False
        self._drive = quadrotor.still(self.scenario.vehicle, hovering=start == 'hover')
        position = self._layout.start_position.copy()
        if start == 'ground':
            position[2] = self.ground_height_m(position) + self.scenario.vehicle.height_m / 2.0
        self._place(position, quaternion_from_euler(0.0, 0.0, self._layout.start_yaw))
        self._move_actors()

    def close(self) -> None:
        """Give the physics client back."""
        if self._client >= 0:
            self._p.disconnect(self._client)
            self._client = -1

    def ground_height_m(self, position: npt.ArrayLike) -> float:
        """Return the height of the ground below a position (2,) or (3,)."""
        return float(self._layout.terrain.height(position))

    def actors(self) -> list[tuple[Actor, FloatArray]]:
        """Return all that moves, the target first, with the poses (P, 4, 4) of its parts."""
        terrain = self._layout.terrain
        return [(mover.actor, mover.poses(time_s, terrain)) for mover, time_s in self._moving()]

    def nearby(self, position: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what is in the way: places (K, 2) relative to a position (2,), radii (K,).

        A wall counts as its nearest point; distractors are where they are now.
        """
        relative, radii = self._layout.obstacles.nearest(position)
        moving = self._moving()[1:]
        if not moving:
            return relative, radii
        places = np.array([mover.route.at(time_s)[0] for mover, time_s in moving]) - position
        widths = np.array([mover.target.radius_m for mover, _ in moving])
        return np.concatenate([relative, places]), np.concatenate([radii, widths])

    def release_target(self) -> None:
        """Let the target walk from now on."""
        if self._released < 0:
            self._released = self._substeps

    def advance(
        self, velocity_enu: npt.ArrayLike, yaw_rate_rad_s: float, substeps: int = SUBSTEPS
    ) -> None:
        """Fly towards a velocity (3,) in m/s and a yaw rate, for some steps of 1/240 s."""
        velocity, dt_s = np.asarray(velocity_enu, dtype=np.float64), 1.0 / SUBSTEPS_PER_S
        vehicle = self.scenario.vehicle
        for _ in range(substeps):
            motion = self._motion()
            self._drive = quadrotor.control(
                vehicle, self._drive, motion, velocity, yaw_rate_rad_s, dt_s
            )
            self._step(motion)
        self._move_actors()

    def idle(self, substeps: int = SUBSTEPS) -> None:
        """Let the time pass with the motors off."""
        for _ in range(substeps):
            self._drive = quadrotor.coast(self.scenario.vehicle, self._drive, 1.0 / SUBSTEPS_PER_S)
            self._step(self._motion())
        self._move_actors()

    def truth(self) -> Truth:
        """Return the present state."""
        position, _ = self._pose()
        motion = self._motion()
        place, _, _ = self._layout.target.place(self._walked_s(), self._layout.terrain)
        walking = self._released >= 0
        speed = self._layout.route.velocity(self._walked_s()) if walking else np.zeros(3)
        return Truth(
            stamp_ns=START_NS + self._substeps * 1_000_000_000 // SUBSTEPS_PER_S,
            position_enu=position,
            velocity_enu=motion.velocity_enu,
            quaternion_xyzw=motion.quaternion_xyzw,
            angular_velocity_flu=motion.rates_flu,
            target_position_enu=np.add(place, [0.0, 0.0, self.scenario.target.height_m / 2.0]),
            target_velocity_enu=speed,
            collision=self._collision,
            on_ground=bool(
                position[2] - self.ground_height_m(position)
                < self.scenario.vehicle.height_m / 2.0 + STANDING_M
            ),
        )

    def capture(self) -> CameraFrame:
        """Take the picture of the present moment."""
        position, quaternion = self._pose()
        rotation = rotation_from_quaternion(quaternion)
        tilt = math.radians(self.camera.tilt_down_deg)
        down = rotation_from_quaternion(quaternion_from_euler(0.0, tilt, 0.0))
        eye = position + rotation @ np.array(self.scenario.vehicle.camera_position_m)
        picture = self._picture(eye, rotation @ down, self.camera.width, self.camera.height)
        rows, columns = np.nonzero(np.isin(picture.bodies, self._scene.target_parts))
        bearing = elevation = 0.0
        if len(rows):
            bearing = float((columns.mean() + 0.5) / self.camera.width * 2.0 - 1.0)
            elevation = float(1.0 - (rows.mean() + 0.5) / self.camera.height * 2.0)
        stamp_ns = START_NS + self._substeps * 1_000_000_000 // SUBSTEPS_PER_S
        return CameraFrame(stamp_ns, picture.image, len(rows), bearing, elevation)

    def show(
        self,
        position_enu: npt.ArrayLike,
        quaternion_xyzw: npt.ArrayLike,
        stamp_ns: int,
        released_ns: int | None = None,
    ) -> None:
        """Put drone and time where a log says; ``released_ns``: the target begins to walk."""
        self._substeps = _substeps_at(stamp_ns)
        self._released = -1
        if released_ns is not None and released_ns <= stamp_ns:
            self._released = _substeps_at(released_ns)
        self._place(np.asarray(position_enu, float), np.asarray(quaternion_xyzw, float))
        self._move_actors()

    def chase_view(self, width: int, height: int) -> Image:
        """Take a picture from behind and above the drone, level, in its heading."""
        position, quaternion = self._pose()
        forward = rotation_from_quaternion(quaternion)[:, 0]
        yaw = math.atan2(forward[1], forward[0])
        level = rotation_from_quaternion(
            quaternion_from_euler(0.0, math.radians(CHASE_TILT_DEG), yaw)
        )
        back = np.array([math.cos(yaw), math.sin(yaw), 0.0]) * CHASE_BACK_M
        return self._picture(position - back + [0.0, 0.0, CHASE_UP_M], level, width, height).image

    def _picture(self, eye: FloatArray, rotation: FloatArray, width: int, height: int) -> Picture:
        camera = Camera(eye, rotation, width, height, self.camera.horizontal_fov_deg)
        return self._renderer.render(camera)

    def _pose(self) -> tuple[FloatArray, FloatArray]:
        pose = self._p.getBasePositionAndOrientation(
            self._scene.drone, physicsClientId=self._client
        )
        return np.array(pose[0]), np.array(pose[1])

    def _motion(self) -> Motion:
        drone, client = self._scene.drone, self._client
        _, quaternion = self._pose()
        velocity, rates_enu = self._p.getBaseVelocity(drone, physicsClientId=client)
        rates = rotation_from_quaternion(quaternion).T @ np.array(rates_enu)
        return Motion(np.array(velocity), quaternion, rates)

    def _place(self, position: FloatArray, quaternion: FloatArray) -> None:
        p, drone, client = self._p, self._scene.drone, self._client
        p.resetBasePositionAndOrientation(
            drone, list(position), list(quaternion), physicsClientId=client
        )
        p.resetBaseVelocity(drone, [0.0] * 3, [0.0] * 3, physicsClientId=client)

    def _step(self, motion: Motion) -> None:
        """Apply the accelerations for one step, let PyBullet move and collide."""
        p, client, dt_s = self._p, self._client, 1.0 / SUBSTEPS_PER_S
        linear, angular = quadrotor.accelerations(
            self.scenario.vehicle, self._drive, motion, self._layout.wind_enu
        )
        rates = motion.rates_flu + angular * dt_s
        turn = rotation_from_quaternion(motion.quaternion_xyzw) @ rates
        velocity = motion.velocity_enu + linear * dt_s
        p.resetBaseVelocity(
            self._scene.drone, velocity.tolist(), turn.tolist(), physicsClientId=client
        )
        p.stepSimulation(physicsClientId=client)
        self._substeps += 1
        for contact in p.getContactPoints(bodyA=self._scene.drone, physicsClientId=client):
            hard = contact[2] != self._scene.ground or -velocity[2] > HARD_LANDING_M_S
            self._collision = self._collision or hard

    def _walked_s(self) -> float:
        return 0.0 if self._released < 0 else (self._substeps - self._released) / SUBSTEPS_PER_S

    def _now_s(self) -> float:
        return self._substeps / SUBSTEPS_PER_S

    def _moving(self) -> list[tuple[Mover, float]]:
        """Return who moves and for how long: the target since its release, others since ever."""
        target = (self._layout.target, self._walked_s())
        return [target, *((mover, self._now_s()) for mover in self._layout.distractors)]

    def _move_actors(self) -> None:
        """Put collision bodies, and the parts that one sees, where their ways are now."""
        for i, (mover, time_s) in enumerate(self._moving()):
            foot, heading, _ = mover.place(time_s, self._layout.terrain)
            spot = np.add(foot, [0.0, 0.0, mover.target.height_m / 2.0])
            turn = quaternion_from_euler(0.0, 0.0, heading)
            self._put(self._scene.bodies[i], spot.tolist(), turn)
            if self._scene.parts:
                poses = mover.poses(time_s, self._layout.terrain)
                for body, pose in zip(self._scene.parts[i], poses, strict=True):
                    quaternion = quaternion_from_rotation(pose[:3, :3])
                    self._put(body, pose[:3, 3].tolist(), quaternion)

    def _put(self, body: int, position: Any, quaternion: FloatArray) -> None:
        self._p.resetBasePositionAndOrientation(
            body, position, quaternion.tolist(), physicsClientId=self._client
        )


def _substeps_at(stamp_ns: int) -> int:
    return round((stamp_ns - START_NS) * SUBSTEPS_PER_S / 1_000_000_000)
