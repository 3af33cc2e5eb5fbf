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
from .actors import Mover
from .config import Scenario
from .drone import SUBSTEPS_PER_S, Drone
from .engine import load_pybullet
from .quadrotor import Order
from .render import Camera, Picture, Renderer, TinyRenderer
from .render_gl import GlRenderer
from .renderers import choose
from .scene import Scene, SceneBuilder
from .scenery import Actor
from .world import Layout, make_layout

FloatArray = npt.NDArray[np.float64]
START_NS = 1_000_000_000
SUBSTEPS = 12
FRAME_NS, FRAME_S = 50_000_000, 0.05
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
        self.renderer_name = choose(scenario.renderer)
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
        draws_itself = self.renderer_name == GlRenderer.name
        builder = SceneBuilder(p, client, self.scenario, self._layout, visible=not draws_itself)
        self._scene: Scene = builder.build()
        self._renderer = self._make_renderer() if draws_itself else self._make_tiny_renderer()
        p.setTimeStep(1.0 / SUBSTEPS_PER_S, physicsClientId=client)
        p.setGravity(0.0, 0.0, 0.0, physicsClientId=client)  # the quadrotor's forces include it
        self.obstacles: FloatArray = self._layout.obstacles.as_circles()
        self._released = -1
        self._drone = Drone(p, client, self._scene, self.scenario.vehicle, self.ground_height_m)
        x, y, z = self._layout.wind_enu.tolist()
        self._drone.blow((x, y, z), np.random.default_rng([seed, 4]))
        self._drone.power(hovering=start == 'hover')
        position = self._layout.start_position.copy()
        if start == 'ground':
            position[2] = self.ground_height_m(position) + self.scenario.vehicle.height_m / 2.0
        self._place(position, quaternion_from_euler(0.0, 0.0, self._layout.start_yaw))
        self._move_actors()

    def _make_renderer(self) -> Renderer:
        movers = (self._layout.target, *self._layout.distractors)
        return GlRenderer(self._layout.scenery, [mover.actor for mover in movers])

    def _make_tiny_renderer(self) -> Renderer:
        season, layout, shown = self.scenario.season, self._layout, self._scene.target_parts
        return TinyRenderer(self._p, self._client, season, layout, shown)

    def close(self) -> None:
        """Give physics client and renderer back."""
        if self._client >= 0:
            self._renderer.close()
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
            self._released = self._drone.substeps

    def advance(
        self, velocity_enu: npt.ArrayLike, yaw_rate_rad_s: float, substeps: int = SUBSTEPS
    ) -> None:
        """Fly towards a velocity (3,) in m/s and a yaw rate, for some steps of 1/240 s."""
        x, y, z = np.asarray(velocity_enu, dtype=np.float64).tolist()
        self._drone.fly(Order((x, y, z), float(yaw_rate_rad_s)), substeps)
        self._move_actors()

    def idle(self, substeps: int = SUBSTEPS) -> None:
        """Let the time pass with the motors off."""
        self._drone.fly(None, substeps)
        self._move_actors()

    def truth(self) -> Truth:
        """Return the present state."""
        motion = self._drone.motion
        height_m = motion.position_enu[2] - self.ground_height_m(motion.position_enu)
        place, _, _ = self._layout.target.place(self._walked_s(), self._layout.terrain)
        walking = self._released >= 0
        speed = self._layout.route.velocity(self._walked_s()) if walking else np.zeros(3)
        return Truth(
            stamp_ns=self._stamp_ns(),
            position_enu=np.array(motion.position_enu),
            velocity_enu=np.array(motion.velocity_enu),
            quaternion_xyzw=np.array(motion.quaternion_xyzw),
            angular_velocity_flu=np.array(motion.rates_flu),
            target_position_enu=np.add(place, [0.0, 0.0, self.scenario.target.height_m / 2.0]),
            target_velocity_enu=speed,
            collision=self._drone.collision,
            on_ground=height_m < self.scenario.vehicle.height_m / 2.0 + STANDING_M,
        )

    def capture(self) -> CameraFrame:
        """Take the picture of the present moment."""
        position, quaternion = self._pose()
        rotation = rotation_from_quaternion(quaternion)
        tilt = math.radians(self.camera.tilt_down_deg)
        down = rotation_from_quaternion(quaternion_from_euler(0.0, tilt, 0.0))
        eye = position + rotation @ np.array(self.scenario.vehicle.camera_position_m)
        picture = self._picture(eye, rotation @ down, self.camera.width, self.camera.height)
        rows, columns = np.nonzero(picture.target)
        bearing = elevation = 0.0
        if len(rows):
            bearing = float((columns.mean() + 0.5) / self.camera.width * 2.0 - 1.0)
            elevation = float(1.0 - (rows.mean() + 0.5) / self.camera.height * 2.0)
        return CameraFrame(self._stamp_ns(), picture.image, len(rows), bearing, elevation)

    def show(
        self,
        position_enu: npt.ArrayLike,
        quaternion_xyzw: npt.ArrayLike,
        stamp_ns: int,
        released_ns: int | None = None,
    ) -> None:
        """Put drone and time where a log says; ``released_ns``: the target begins to walk."""
        self._drone.substeps = _substeps_at(stamp_ns)
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
        self._renderer.move(np.concatenate([poses for _, poses in self.actors()]))
        return self._renderer.render(camera)

    def _stamp_ns(self) -> int:
        return START_NS + self._drone.substeps * 1_000_000_000 // SUBSTEPS_PER_S

    def _pose(self) -> tuple[FloatArray, FloatArray]:
        motion = self._drone.motion
        return np.array(motion.position_enu), np.array(motion.quaternion_xyzw)

    def _place(self, position: FloatArray, quaternion: FloatArray) -> None:
        (x, y, z), (a, b, c, d) = position.tolist(), quaternion.tolist()
        self._drone.place((x, y, z), (a, b, c, d))

    def _walked_s(self) -> float:
        return (
            0.0 if self._released < 0 else (self._drone.substeps - self._released) / SUBSTEPS_PER_S
        )

    def _now_s(self) -> float:
        return self._drone.substeps / SUBSTEPS_PER_S

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
        self._drone.clearance.note_moved(body)


def _substeps_at(stamp_ns: int) -> int:
    return round((stamp_ns - START_NS) * SUBSTEPS_PER_S / 1_000_000_000)
