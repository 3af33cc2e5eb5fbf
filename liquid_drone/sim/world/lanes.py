# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The middle of a lane: where it is nearest, where it goes on, and where a flight along it begins.

Pure numpy; places are (2,) in world ENU, metres.
"""

import math

import numpy as np

from ...arrays import FloatArray
from ..scenario.task import Task
from . import routes
from .routes import PATH_STEP_M, Route

FAR_M = 1000.0  # away, where nobody sees it, stands what has no place in a lane
STORED_M = 0.5  # between two points of a lane in a flight's facts


class LaneMiddle:
    """The middle of a lane as points (N, 2), ``PATH_STEP_M`` apart."""

    def __init__(self, line: FloatArray) -> None:
        self.points = routes.resampled(line)

    def nearest(self, position: FloatArray) -> tuple[int, float]:
        """Return the index of the nearest point to a position (2,), and how far the line is."""
        away = self.points - position
        squared = away[:, 0] ** 2 + away[:, 1] ** 2
        index = int(squared.argmin())
        before, after = max(index - 1, 0), min(index + 1, len(self.points) - 1)
        along = self.points[after] - self.points[before]
        along = along / np.linalg.norm(along)
        x = max(abs(float(along @ away[index])) - PATH_STEP_M / 2.0, 0.0)
        y = float(along[0] * away[index, 1] - along[1] * away[index, 0])
        return index, math.hypot(x, y)

    def ahead(self, position: FloatArray, look_ahead_m: float) -> FloatArray:
        """Return the point (2,) so far along the lane from the nearest one."""
        index = self.nearest(position)[0] + round(look_ahead_m / PATH_STEP_M)
        point: FloatArray = self.points[min(index, len(self.points) - 1)]
        return point

    def stored(self) -> list[list[float]]:
        """Return what :class:`LaneMiddle` is made of again."""
        every = round(STORED_M / PATH_STEP_M)
        stored: list[list[float]] = np.round(self.points[::every], 2).tolist()
        return stored


def draw_start(task: Task, way: Route, rng: np.random.Generator) -> tuple[FloatArray, float]:
    """Return where the drone begins (3,), and its heading: about along the lane."""
    assert task.lane is not None  # whoever calls has looked
    points = routes.resampled(way.position)
    index = round(rng.uniform(*task.start_distance_m) / PATH_STEP_M)
    aside = rng.uniform(-task.lane.start_aside_m, task.lane.start_aside_m)
    off = math.radians(rng.uniform(-task.start_bearing_deg, task.start_bearing_deg))
    left = routes.normals(points)[index]
    place = points[index] + aside * left
    return np.array([*place, task.cruise_altitude_m]), math.atan2(-left[0], left[1]) + off


def way_of_target(task: Task, way: Route) -> Route:
    """Return the target's way: the task's, or, where the task is a lane, out of sight."""
    return way if task.lane is None else routes.standing(np.full(2, FAR_M), 0.0)
