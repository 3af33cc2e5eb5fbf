# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The simulator: one seeded place in PyBullet, a quadrotor, a target that walks, a camera.

It owns the simulated time: nothing moves but by :meth:`Simulator.advance` and
:meth:`Simulator.idle`. The same scenario, seed and commands give the same bytes. It knows no
network, no MAVLink and no ROS.
"""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..arrays import FloatArray, Image
from ..errors import SimulationError
from ..geometry import quaternion_from_euler, quaternion_from_rotation
from ..streams import Stream, stream
from .physics.body import SUBSTEPS_PER_S, DroneBody, Motors
from .physics.collision_bodies import CollisionBodies, CollisionBodiesBuilder
from .physics.engine import load_pybullet
from .physics.quadrotor import VelocityCommand
from .physics.wind import Wind
from .render.opengl import GlRenderer, View
from .render.renderer import Camera, Picture, Renderer
from .render.selection import choose
from .render.tiny import TinyRenderer
from .scenario.scenario import Scenario
from .scenario.weather import season_in, wind_in
from .sensors.camera import DroneCamera, Shot, SimulatedFrame
from .world.actors import Cast, MovingActor, Places
from .world.layout import Layout, make_layout
from .world.scenery import Actor

START_NS = 1_000_000_000
SUBSTEPS = 12
FRAME_NS, FRAME_S = 50_000_000, 0.05
STANDING_M = 0.06  # at most this much air under a hull that stands on uneven ground


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

    @cached_property
    def sight(self) -> tuple[FloatArray, float]:
        """The horizontal unit vector (2,), ENU, from drone to target, and the distance in m."""
        away = (self.target_position_enu - self.position_enu)[:2]
        distance_m = max(math.sqrt(away @ away), 0.1)
        return away / distance_m, distance_m


class Simulator:
    """Holds a physics client; :meth:`reset` builds a place in it."""

    def __init__(self, scenario: Scenario) -> None:
        season = season_in(scenario.season, scenario.weather)
        self.scenario = dataclasses.replace(scenario, season=season)
        self.camera = scenario.vehicle.camera
        self.renderer_name = choose(scenario.renderer)
        self._p = load_pybullet()
        self._client = -1
        self._truth: Truth | None = None  # of the present moment, once it was asked for

    def reset(self, seed: int, start: Literal['hover', 'ground'] = 'hover') -> None:
        """Build the place of a seed; the drone hovers, or stands below, motors off."""
        self.close()
        p = self._p
        self._client = client = int(p.connect(p.DIRECT))
        if client < 0:
            raise SimulationError('PyBullet gives no physics client; close other simulations')
        self._layout: Layout = make_layout(self.scenario, seed)
        movers = (self._layout.target, *self._layout.distractors)
        self._cast = Cast(movers)
        self._widths = np.array([mover.target.radius_m for mover in movers[1:]])
        self._half_heights = np.array([[0.0, 0.0, m.target.height_m / 2.0] for m in movers])
        draws_itself = self.renderer_name == GlRenderer.name
        builder = CollisionBodiesBuilder(
            p, client, self.scenario, self._layout, visible=not draws_itself
        )
        self._scene: CollisionBodies = builder.build()
        self._renderer = self._make_renderer() if draws_itself else self._make_tiny_renderer()
        p.setTimeStep(1.0 / SUBSTEPS_PER_S, physicsClientId=client)
        p.setGravity(0.0, 0.0, 0.0, physicsClientId=client)  # the quadrotor's forces include it
        self._released = -1
        self._drone = DroneBody(
            p, client, self._scene, self.scenario.vehicle, self.ground_height_m
        )
        self._camera = DroneCamera(self.scenario.vehicle, self.scenario.weather, seed)
        rng = stream(seed, Stream.GUSTS if self.scenario.weather.gusts else Stream.AIR)
        self._drone.blow(wind_in(self._layout.wind_enu, self.scenario.weather, rng), rng)
        self._drone.power(hovering=start == 'hover')
        position = self._layout.start_position.copy()
        if start == 'ground':
            position[2] = self.ground_height_m(position) + self.scenario.vehicle.height_m / 2.0
        self._place(position, quaternion_from_euler(0.0, 0.0, self._layout.start_yaw))
        self._settle()

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

    def ground_height_m(self, position: Sequence[float] | FloatArray) -> float:
        """Return the height of the ground below a position (2,) or (3,)."""
        return self._layout.terrain.height_at(float(position[0]), float(position[1]))

    @property
    def obstacles(self) -> FloatArray:
        """All that stands in the way as circles (K, 3): x, y, radius; for logs."""
        return self._layout.obstacles.as_circles()

    @property
    def layout(self) -> Layout:
        """The place that was built last."""
        return self._layout

    @property
    def wind(self) -> Wind:
        """The wind of this flight."""
        return self._drone.wind

    def actors(self) -> list[tuple[Actor, FloatArray]]:
        """Return all that moves, the target first, with the poses (P, 4, 4) of its parts."""
        terrain = self._layout.terrain
        moving = self._moving(self._stamp_ns())
        return [(mover.actor, mover.poses(time_s, terrain)) for mover, time_s in moving]

    def nearby(self, position: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what is in the way: places (K, 2) relative to a position (2,), radii (K,).

        A wall counts as its nearest point; distractors are where they are now.
        """
        relative, radii = self._layout.obstacles.nearest(position)
        away = self._here.foot[1:, :2] - position
        return np.concatenate([relative, away]), np.concatenate([radii, self._widths])

    def release_target(self) -> None:
        """Let the target walk from now on."""
        if self._released < 0:
            self._released = self._drone.substeps
            self._truth = None

    def advance(
        self, velocity_enu: npt.ArrayLike, yaw_rate_rad_s: float, substeps: int = SUBSTEPS
    ) -> None:
        """Fly towards a velocity (3,) in m/s and a yaw rate, for some steps of 1/240 s."""
        x, y, z = np.asarray(velocity_enu, dtype=np.float64).tolist()
        self._drone.fly(VelocityCommand((x, y, z), float(yaw_rate_rad_s)), substeps)
        self._settle()

    def fly_by(self, motors: Motors, substeps: int = SUBSTEPS) -> None:
        """Let autopilot firmware fly, see :meth:`.drone.Drone.fly_by`."""
        self._drone.fly_by(motors, substeps)
        self._settle()

    def idle(self, substeps: int = SUBSTEPS) -> None:
        """Let the time pass with the motors off."""
        self._drone.fly(None, substeps)
        self._settle()

    def truth(self) -> Truth:
        """Return the present state."""
        if self._truth is None:
            self._truth = self._look()
        return self._truth

    def _look(self) -> Truth:
        motion = self._drone.motion
        height_m = motion.position_enu[2] - self.ground_height_m(motion.position_enu)
        walked_s = self._walked_s(self._stamp_ns())
        walking = self._released >= 0
        speed = self._layout.route.velocity(walked_s) if walking else np.zeros(3)
        return Truth(
            stamp_ns=self._stamp_ns(),
            position_enu=np.array(motion.position_enu),
            velocity_enu=np.array(motion.velocity_enu),
            quaternion_xyzw=np.array(motion.quaternion_xyzw),
            angular_velocity_flu=np.array(motion.rates_flu),
            target_position_enu=self._here.foot[0] + self._half_heights[0],
            target_velocity_enu=speed,
            collision=self._drone.collision,
            on_ground=height_m < self.scenario.vehicle.height_m / 2.0 + STANDING_M,
        )

    def capture(self) -> SimulatedFrame:
        """Return the camera's frame of the present moment; it may be late, or not fresh."""
        shot = self.aim()
        return shot if isinstance(shot, SimulatedFrame) else self.develop(shot, self._take(shot))

    def aim(self) -> Shot | SimulatedFrame:
        """Return the picture to take at the present moment, or the frame where none comes."""
        now_ns = self._stamp_ns()
        return self._camera.missing(now_ns) or self._camera.aim(now_ns)

    def develop(self, shot: Shot, picture: Picture) -> SimulatedFrame:
        """Make the camera's frame of a picture that was taken."""
        return self._camera.develop(shot, picture)

    def view(self, shot: Shot) -> View:
        """Return what a picture of several places at once needs of this one.

        Raises:
            SimulationError: the renderer is not OpenGL.

        """
        if not isinstance(self._renderer, GlRenderer):
            raise SimulationError(
                f'pictures of several places at once need OpenGL, got {self.renderer_name}'
            )
        self._pose_actors(shot.stamp_ns)
        return self._renderer.view(shot.camera)

    def _take(self, shot: Shot) -> Picture:
        self._pose_actors(shot.stamp_ns)
        return self._renderer.render(shot.camera)

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
        self._settle()

    def photograph(self, camera: Camera) -> Image:
        """Take a picture of the present moment from anywhere; no weather is done to it."""
        self._pose_actors(self._stamp_ns())
        return self._renderer.render(camera).image

    def _pose_actors(self, stamp_ns: int) -> None:
        """Tell the renderer where everything that moves was at a moment."""
        is_now = stamp_ns == self._stamp_ns()
        self._renderer.move(self._cast.poses(self._here if is_now else self._places(stamp_ns)))

    def _places(self, stamp_ns: int) -> Places:
        """Return where everything that moves is at a moment."""
        times_s = [time_s for _, time_s in self._moving(stamp_ns)]
        return self._cast.places(times_s, self._layout.terrain)

    def _stamp_ns(self) -> int:
        return START_NS + self._drone.substeps * 1_000_000_000 // SUBSTEPS_PER_S

    def _place(self, position: FloatArray, quaternion: FloatArray) -> None:
        (x, y, z), (a, b, c, d) = position.tolist(), quaternion.tolist()
        self._drone.place((x, y, z), (a, b, c, d))
        self._camera.forget()

    def _walked_s(self, stamp_ns: int) -> float:
        if self._released < 0:
            return 0.0
        return max((stamp_ns - START_NS) / 1e9 - self._released / SUBSTEPS_PER_S, 0.0)

    def _moving(self, stamp_ns: int) -> list[tuple[MovingActor, float]]:
        """Return who moves and for how long: the target since its release, others since ever."""
        time_s = (stamp_ns - START_NS) / 1e9
        target = (self._layout.target, self._walked_s(stamp_ns))
        return [target, *((mover, time_s) for mover in self._layout.distractors)]

    def _settle(self) -> None:
        """Put everything where it is now, and let the camera note it."""
        self._truth, self._here = None, self._places(self._stamp_ns())
        self._move_actors()
        self._camera.note(self._stamp_ns(), self._drone.motion)

    def _move_actors(self) -> None:
        """Put collision bodies, and the parts that one sees, where their ways are now."""
        places, up = self._here, self._half_heights
        for body, foot, heading in zip(
            self._scene.bodies, (places.foot + up).tolist(), places.heading.tolist(), strict=True
        ):
            half = heading / 2.0
            self._put(body, foot, (0.0, 0.0, math.sin(half), math.cos(half)))
        if self._scene.parts:
            bodies = [body for parts in self._scene.parts for body in parts]
            for body, pose in zip(bodies, self._cast.poses(places), strict=True):
                quaternion = quaternion_from_rotation(pose[:3, :3])
                self._put(body, pose[:3, 3].tolist(), quaternion.tolist())

    def _put(self, body: int, position: Any, quaternion: Any) -> None:
        self._p.resetBasePositionAndOrientation(
            body, position, quaternion, physicsClientId=self._client
        )
        self._drone.broad_phase.note_moved(body)


def _substeps_at(stamp_ns: int) -> int:
    return round((stamp_ns - START_NS) * SUBSTEPS_PER_S / 1_000_000_000)
