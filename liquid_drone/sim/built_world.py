# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The world of one seed, built: a physics client of its own, bodies, a renderer, drone and camera.

It is complete when it is made. It knows where everything that moves is, but no time: whoever
holds it says for how long each has moved.
"""

import math
import os
import weakref
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

from ..arrays import FloatArray
from ..errors import SimulationError
from ..geometry import quaternion_from_rotation
from ..streams import Stream, stream
from .physics.body import SUBSTEPS_PER_S, DroneBody
from .physics.collision_bodies import CollisionBodiesBuilder
from .physics.engine import load_pybullet
from .render.selection import RendererKind
from .render.tiny import ShownBodies
from .scenario.scenario import Scenario
from .scenario.weather import wind_in
from .sensors.camera import DroneCamera
from .world.actors import Cast
from .world.layout import make_layout


class BuiltWorld:
    """Holds a physics client and a renderer; close it. A forgotten one gives them back late."""

    def __init__(self, scenario: Scenario, seed: int, kind: RendererKind) -> None:
        """Build the layout of a seed; the season is that of its weather already.

        Raises:
            SimulationError: no free start in this world; no physics client.

        """
        self.layout = layout = make_layout(scenario, seed)
        self._cast = Cast(layout.actors)
        self._widths = np.array([each.target.radius_m for each in layout.distractors])
        heights_m = [each.target.height_m for each in layout.actors]
        self.half_heights = np.array([[0.0, 0.0, height_m / 2.0] for height_m in heights_m])
        self._p = p = load_pybullet()
        with ExitStack() as opened:
            self._client = client = _connected(p)
            opened.callback(p.disconnect, client)
            builder = CollisionBodiesBuilder(p, client, scenario, layout, kind.draws_bodies)
            self._bodies = builder.build()
            shown = ShownBodies(p, client, self._bodies.target_parts)
            self.renderer = kind.make(layout, scenario.season, shown)
            opened.callback(self.renderer.close)
            self.drone = DroneBody(p, client, self._bodies, scenario.vehicle, self.ground_height_m)
            self._end = weakref.finalize(self, _give_back, opened.pop_all(), os.getpid())
        self._end.atexit = False  # the process gives back everything
        self.camera = DroneCamera(scenario.vehicle, scenario.weather, seed)
        rng = stream(seed, Stream.GUSTS if scenario.weather.gusts else Stream.AIR)
        self.drone.blow(wind_in(layout.wind_enu, scenario.weather, rng), rng)
        self._times_s: Sequence[float] = [0.0] * len(layout.actors)
        self.actors_now = self._cast.places(self._times_s, layout.terrain)

    def close(self) -> None:
        """Give renderer and physics client back; the layout stays."""
        self._end()

    def ground_height_m(self, position: Sequence[float] | FloatArray) -> float:
        """Return the height of the ground below a position (2,) or (3,)."""
        return self.layout.terrain.height_at(float(position[0]), float(position[1]))

    def nearby(self, position: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what is in the way: places (K, 2) relative to a position (2,), radii (K,).

        A wall counts as its nearest point; distractors are where they are now.
        """
        relative, radii = self.layout.obstacles.nearest(position)
        away = self.actors_now.foot[1:, :2] - position
        return np.concatenate([relative, away]), np.concatenate([radii, self._widths])

    def coming(self, position: FloatArray, ahead_s: float) -> tuple[FloatArray, FloatArray]:
        """Return where what moves will be, as :meth:`nearby` does, the target left out."""
        later = [time_s + ahead_s if time_s > 0.0 else time_s for time_s in self._times_s]
        return self._cast.places(later, self.layout.terrain).foot[1:, :2] - position, self._widths

    def move_actors(self, times_s: Sequence[float]) -> None:
        """Put everything that moves where it is after these times, the target's first."""
        self._times_s = times_s
        self.actors_now = places = self._cast.places(times_s, self.layout.terrain)
        feet = (places.foot + self.half_heights).tolist()
        for body, foot, heading in zip(
            self._bodies.bodies, feet, places.heading.tolist(), strict=True
        ):
            half = heading / 2.0
            self._put(body, foot, (0.0, 0.0, math.sin(half), math.cos(half)))
        if self._bodies.parts:
            bodies = [body for parts in self._bodies.parts for body in parts]
            for body, pose in zip(bodies, self._cast.poses(places), strict=True):
                quaternion = quaternion_from_rotation(pose[:3, :3])
                self._put(body, pose[:3, 3].tolist(), quaternion.tolist())

    def _put(self, body: int, position: Any, quaternion: Any) -> None:
        self._p.resetBasePositionAndOrientation(
            body, position, quaternion, physicsClientId=self._client
        )
        self.drone.broad_phase.note_moved(body)

    def show_actors(self, times_s: Sequence[float] | None = None) -> None:
        """Tell the renderer where everything that moves was; None: where it is now."""
        places = self.actors_now
        if times_s is not None:
            places = self._cast.places(times_s, self.layout.terrain)
        self.renderer.move(self._cast.poses(places))


def _give_back(opened: ExitStack, process: int) -> None:
    """Close what a world opened; not in a forked child: the card is its parent's."""
    if os.getpid() == process:
        opened.close()


def _connected(p: Any) -> int:
    """Return a new physics client.

    Raises:
        SimulationError: PyBullet gives none.

    """
    client = int(p.connect(p.DIRECT))
    if client < 0:
        raise SimulationError('PyBullet gives no physics client; close other simulations')
    p.setTimeStep(1.0 / SUBSTEPS_PER_S, physicsClientId=client)
    p.setGravity(0.0, 0.0, 0.0, physicsClientId=client)  # the quadrotor's forces include it
    return client
