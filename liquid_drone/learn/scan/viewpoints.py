# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""From where pictures for a scan are taken: beside what stands in the way, mostly.

A flight keeps away from things, so that recorded flights hardly show a wall that fills the
picture. Nothing here renders.
"""

import math
from typing import NamedTuple

import numpy as np

from ...arrays import FloatArray
from ...contract import CameraSpec
from ...geometry import quaternion_from_euler, rotation_from_quaternion
from ...sim.render.picture import Camera
from ...sim.world.layout import Layout
from ..pictures.troupe import Figure, Troupe
from .truth import Upright

BESIDE_SHARE = 0.7  # of the pictures; the others are taken near the target's way
BESIDE_M, OFF_RAD = (0.4, 6.0), 0.9  # from a thing's rim; of the heading, from its middle
REACH_M, STRAY_M = 12.0, 3.0  # of such things from the way; standard deviation of the others
CRUISE_SHARE = 0.85
CRUISE_M, ANY_M, LEAST_M = (2.0, 0.35), (0.8, 4.5), 0.7  # mean, deviation; least, most; above all
TILT_DEG, ROLL_DEG = 6.0, 5.0  # standard deviations
ROOM_M = 0.3  # around a camera or a person
PEOPLE = (0.4, 0.35, 0.15, 0.1)  # shares of pictures with none, one, two, three
PEOPLE_M, PEOPLE_RAD, TARGET_SHARE = (1.5, 10.0), 0.7, 0.5
TRIES = 1000


class Viewpoint(NamedTuple):
    """A camera, and who stands before it."""

    camera: Camera
    yaw_rad: float
    tilt_rad: float
    people: tuple[Figure, ...]


class Viewpoints:
    """Draws viewpoints in one place."""

    def __init__(self, layout: Layout, standing: Upright, troupe: Troupe) -> None:
        self._layout, self._troupe, self._way = layout, troupe, layout.route.position
        steps = self._way[:: max(len(self._way) // 100, 1)]
        away = np.linalg.norm(standing.circles[:, None, :2] - steps, axis=2)
        self._things = standing.circles[away.min(axis=1, initial=np.inf) < REACH_M]

    def draw(self, spec: CameraSpec, rng: np.random.Generator) -> Viewpoint:
        """Draw one; in a place without room it is the last that was tried."""
        for _ in range(TRIES):
            spot, yaw = self._spot(rng)
            if self._is_free(spot):
                break
        high = rng.normal(*CRUISE_M) if rng.random() < CRUISE_SHARE else rng.uniform(*ANY_M)
        tilt = math.radians(spec.tilt_down_deg + rng.normal(0.0, TILT_DEG))
        roll = math.radians(rng.normal(0.0, ROLL_DEG))
        camera = Camera(
            np.array([*spot, self._ground(spot) + max(float(high), LEAST_M)]),
            rotation_from_quaternion(quaternion_from_euler(roll, tilt, yaw)),
            spec.width, spec.height, spec.horizontal_fov_deg,
        )  # fmt: skip
        return Viewpoint(camera, yaw, tilt, self._people(spot, yaw, rng))

    def _spot(self, rng: np.random.Generator) -> tuple[FloatArray, float]:
        """Return a point (2,) and a heading."""
        if len(self._things) and rng.random() < BESIDE_SHARE:
            x, y, radius = self._things[int(rng.integers(len(self._things)))]
            to = float(rng.uniform(-math.pi, math.pi))
            away = radius + _log_uniform(BESIDE_M, rng)
            spot = np.array([x - away * math.cos(to), y - away * math.sin(to)])
            return spot, to + float(rng.uniform(-OFF_RAD, OFF_RAD))
        spot = self._way[int(rng.integers(len(self._way)))] + rng.normal(0.0, STRAY_M, 2)
        return spot, float(rng.uniform(-math.pi, math.pi))

    def _people(
        self, spot: FloatArray, yaw: float, rng: np.random.Generator
    ) -> tuple[Figure, ...]:
        """Return who stands in view: they are nothing that a scan tells of."""
        numbers, people = set[int](), list[Figure]()
        for _ in range(int(rng.choice(len(PEOPLE), p=PEOPLE))):
            of_target = rng.random() < TARGET_SHARE or not self._troupe.others
            number = int(rng.choice(self._troupe.targets if of_target else self._troupe.others))
            to, away = yaw + rng.uniform(-PEOPLE_RAD, PEOPLE_RAD), _log_uniform(PEOPLE_M, rng)
            foot = spot + away * np.array([math.cos(to), math.sin(to)])
            heading, walked_m = rng.uniform(-math.pi, math.pi), rng.uniform(0.0, 2.0)
            if number not in numbers and self._is_free(foot):
                numbers.add(number)
                x, y = foot.tolist()
                at = (x, y, self._ground(foot))
                people.append(Figure(number, at, float(heading), float(walked_m)))
        return tuple(people)

    def _is_free(self, point: FloatArray) -> bool:
        return bool(self._layout.obstacles.gap(point[None])[0] > ROOM_M)

    def _ground(self, point: FloatArray) -> float:
        return self._layout.terrain.height_at(float(point[0]), float(point[1]))


def _log_uniform(limits: tuple[float, float], rng: np.random.Generator) -> float:
    low, high = limits
    return math.exp(float(rng.uniform(math.log(low), math.log(high))))
