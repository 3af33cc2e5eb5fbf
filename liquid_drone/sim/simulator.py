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
from ..geometry import quaternion_from_euler
from .built_world import BuiltWorld
from .physics.body import SUBSTEPS_PER_S, Motors
from .physics.quadrotor import VelocityCommand
from .physics.wind import Wind
from .render.picture import Camera, RenderedFrame
from .render.renderer import View
from .render.selection import RendererKind, choose
from .scenario.scenario import Scenario
from .scenario.weather import season_in
from .sensors.camera import Shot, SimulatedFrame
from .world.lanes import LaneMiddle
from .world.layout import Layout
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
    target_position_enu: FloatArray  # (3,) its middle; of a lane the point ahead, on the ground
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
    """Flies in one world after the other: :meth:`reset` builds that of a seed. Close it."""

    def __init__(self, scenario: Scenario) -> None:
        """Build nothing yet, and open no renderer, so that a process may fork from here.

        Raises:
            SimulationError: OpenGL is asked for by name and cannot be had.

        """
        if scenario.renderer == 'opengl':
            choose(scenario.renderer)
        season = season_in(scenario.season, scenario.weather)
        self.scenario = dataclasses.replace(scenario, season=season)
        self.camera = scenario.vehicle.camera
        self._built: BuiltWorld | None = None
        self.lane: LaneMiddle | None = None  # of this world, where the task is to keep to one
        self._released = -1  # substep from which on the target walks; -1: it stands
        self._truth: Truth | None = None  # of the present moment, once it was asked for

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy needs; a built world cannot be copied.

        Raises:
            TypeError: there is one.

        """
        if self._built is not None:
            raise TypeError(
                'a simulator that has built a world (reset) holds physics and a renderer, which '
                'cannot be copied or pickled: copy it before, or make another'
            )
        return self.__dict__

    @property
    def renderer_kind(self) -> RendererKind:
        """The renderer that the scenario asks for; the first call opens it.

        Raises:
            SimulationError: it cannot be had.

        """
        return choose(self.scenario.renderer)

    @property
    def renderer_name(self) -> str:
        """Name of the renderer."""
        return self.renderer_kind.name

    def reset(self, seed: int, start: Literal['hover', 'ground'] = 'hover') -> None:
        """Build the world of a seed; the drone hovers, or stands below, motors off."""
        self.close()
        self._built = None  # also where building fails
        self._built = world = BuiltWorld(self.scenario, seed, self.renderer_kind)
        if self.scenario.task.lane is not None:
            self.lane = LaneMiddle(world.layout.route.position)
        self._released = -1
        world.drone.power(hovering=start == 'hover')
        position = world.layout.start_position.copy()
        if start == 'ground':
            position[2] = world.ground_height_m(position) + self.scenario.vehicle.height_m / 2.0
        self._place(position, quaternion_from_euler(0.0, 0.0, world.layout.start_yaw))
        self._settle()

    @property
    def world(self) -> BuiltWorld:
        """The world that was built last.

        Raises:
            SimulationError: there is none yet.

        """
        if self._built is None:
            raise SimulationError('expected a built world, got none: call reset(seed) first')
        return self._built

    def close(self) -> None:
        """Give physics client and renderer back."""
        if self._built is not None:
            self._built.close()

    def ground_height_m(self, position: Sequence[float] | FloatArray) -> float:
        """Return the height of the ground below a position (2,) or (3,)."""
        return self.world.ground_height_m(position)

    @property
    def obstacles(self) -> FloatArray:
        """All that stands in the way as circles (K, 3): x, y, radius; for logs."""
        return self.layout.obstacles.as_circles()

    @property
    def layout(self) -> Layout:
        """The layout of the world that was built last."""
        return self.world.layout

    @property
    def wind(self) -> Wind:
        """The wind of this flight."""
        return self.world.drone.wind

    def actors(self) -> list[tuple[Actor, FloatArray]]:
        """Return all that moves, the target first, with the poses (P, 4, 4) of its parts."""
        layout, times_s = self.layout, self._walked_s(self._stamp_ns())
        return [
            (each.actor, each.poses(time_s, layout.terrain))
            for each, time_s in zip(layout.actors, times_s, strict=True)
        ]

    def facts(self) -> dict[str, list[Any]]:
        """Return what a judge has to know of the place, for logs.

        ``others``: the way of each who looks alike, x and y at each half second of the walk.
        ``lane``: points of its middle.
        """
        ways = [other.route.position[::10] for other in self.layout.distractors if other.is_alike]
        found = {'others': [np.round(way, 2).tolist() for way in ways]}
        return {
            **({} if not ways else found),
            **({} if self.lane is None else {'lane': self.lane.stored()}),
        }

    def nearby(self, position: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what is in the way, see :meth:`.BuiltWorld.nearby`."""
        return self.world.nearby(position)

    def coming(self, position: FloatArray, ahead_s: float) -> tuple[FloatArray, FloatArray]:
        """Return what will be in the way, see :meth:`.BuiltWorld.coming`."""
        return self.world.coming(position, ahead_s)

    def release_target(self) -> None:
        """Let the target walk from now on."""
        if self._released < 0:
            self._released = self.world.drone.substeps
            self._truth = None

    def advance(
        self, velocity_enu: npt.ArrayLike, yaw_rate_rad_s: float, substeps: int = SUBSTEPS
    ) -> None:
        """Fly towards a velocity (3,) in m/s and a yaw rate, for some steps of 1/240 s."""
        x, y, z = np.asarray(velocity_enu, dtype=np.float64).tolist()
        self.world.drone.fly(VelocityCommand((x, y, z), float(yaw_rate_rad_s)), substeps)
        self._settle()

    def fly_by(self, motors: Motors, substeps: int = SUBSTEPS) -> None:
        """Let autopilot firmware fly, see :meth:`.drone.Drone.fly_by`."""
        self.world.drone.fly_by(motors, substeps)
        self._settle()

    def idle(self, substeps: int = SUBSTEPS) -> None:
        """Let the time pass with the motors off."""
        self.world.drone.fly(None, substeps)
        self._settle()

    def truth(self) -> Truth:
        """Return the present state."""
        if self._truth is None:
            self._truth = self._look()
        return self._truth

    def _look(self) -> Truth:
        world = self.world
        motion = world.drone.motion
        height_m = motion.position_enu[2] - self.ground_height_m(motion.position_enu)
        walked_s = self._walked_s(self._stamp_ns())[0]
        walking = self._released >= 0
        speed = world.layout.route.velocity(walked_s) if walking else np.zeros(3)
        target = world.actors_now.foot[0] + world.half_heights[0]
        if (ahead := self._lane_ahead(motion.position_enu)) is not None:
            target, speed = ahead, np.zeros(3)
        return Truth(
            stamp_ns=self._stamp_ns(),
            position_enu=np.array(motion.position_enu),
            velocity_enu=np.array(motion.velocity_enu),
            quaternion_xyzw=np.array(motion.quaternion_xyzw),
            angular_velocity_flu=np.array(motion.rates_flu),
            target_position_enu=target,
            target_velocity_enu=speed,
            collision=world.drone.collision,
            on_ground=height_m < self.scenario.vehicle.height_m / 2.0 + STANDING_M,
        )

    def capture(self) -> SimulatedFrame:
        """Return the camera's frame of the present moment; it may be late, or not fresh."""
        shot = self.aim()
        return shot if isinstance(shot, SimulatedFrame) else self.develop(shot, self._take(shot))

    def aim(self) -> Shot | SimulatedFrame:
        """Return the picture to take at the present moment, or the frame where none comes."""
        now_ns = self._stamp_ns()
        return self.world.camera.missing(now_ns) or self.world.camera.aim(now_ns)

    def develop(self, shot: Shot, picture: RenderedFrame) -> SimulatedFrame:
        """Make the camera's frame of a picture that was taken."""
        ahead = self._lane_ahead(shot.camera.position_enu)
        if ahead is None:
            return self.world.camera.develop(shot, picture)
        spot = shot.camera.spot(ahead)
        return self.world.camera.develop(shot, dataclasses.replace(picture, target=spot))

    def _lane_ahead(self, position: Sequence[float] | FloatArray) -> FloatArray | None:
        """Return the point (3,) of the lane that is steered to from a place; None: no lane."""
        if self.lane is None or self.scenario.task.lane is None:
            return None
        here = np.array([position[0], position[1]])
        ahead = self.lane.ahead(here, self.scenario.task.lane.look_ahead_m)
        return np.array([*ahead, self.ground_height_m(ahead)])

    def view(self, shot: Shot) -> View:
        """Return what a picture of several places at once needs of this one.

        Raises:
            SimulationError: the renderer is not OpenGL.

        """
        self._show_actors(shot.stamp_ns)
        return self.world.renderer.view(shot.camera)

    def picture(self) -> RenderedFrame:
        """Take the picture of the present moment as no weather touched it, with its mask."""
        return self._take(self.world.camera.aim(self._stamp_ns()))

    def _take(self, shot: Shot) -> RenderedFrame:
        self._show_actors(shot.stamp_ns)
        return self.world.renderer.render(shot.camera)

    def show(
        self,
        position_enu: npt.ArrayLike,
        quaternion_xyzw: npt.ArrayLike,
        stamp_ns: int,
        released_ns: int | None = None,
    ) -> None:
        """Put drone and time where a log says; ``released_ns``: the target begins to walk."""
        self.world.drone.substeps = _substeps_at(stamp_ns)
        self._released = -1
        if released_ns is not None and released_ns <= stamp_ns:
            self._released = _substeps_at(released_ns)
        self._place(np.asarray(position_enu, float), np.asarray(quaternion_xyzw, float))
        self._settle()

    def photograph(self, camera: Camera) -> Image:
        """Take a picture of the present moment from anywhere; no weather is done to it."""
        self._show_actors(self._stamp_ns())
        return self.world.renderer.render(camera).image

    def _show_actors(self, stamp_ns: int) -> None:
        """Tell the renderer where everything that moves was at a moment."""
        is_now = stamp_ns == self._stamp_ns()
        self.world.show_actors(None if is_now else self._walked_s(stamp_ns))

    def _stamp_ns(self) -> int:
        return START_NS + self.world.drone.substeps * 1_000_000_000 // SUBSTEPS_PER_S

    def _place(self, position: FloatArray, quaternion: FloatArray) -> None:
        (x, y, z), (a, b, c, d) = position.tolist(), quaternion.tolist()
        self.world.drone.place((x, y, z), (a, b, c, d))
        self.world.camera.forget()

    def _walked_s(self, stamp_ns: int) -> list[float]:
        """Return how long each actor moves: since the target's release, or since ever."""
        time_s, walked_s = (stamp_ns - START_NS) / 1e9, 0.0
        if self._released >= 0:
            walked_s = max(time_s - self._released / SUBSTEPS_PER_S, 0.0)
        others = self.layout.distractors
        return [walked_s, *(walked_s if it.starts_with_target else time_s for it in others)]

    def _settle(self) -> None:
        """Put everything where it is now, and let the camera note it."""
        world, stamp_ns, self._truth = self.world, self._stamp_ns(), None
        world.move_actors(self._walked_s(stamp_ns))
        world.camera.note(stamp_ns, world.drone.motion)


def _substeps_at(stamp_ns: int) -> int:
    return round((stamp_ns - START_NS) * SUBSTEPS_PER_S / 1_000_000_000)
