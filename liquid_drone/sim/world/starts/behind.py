# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A start behind the target, with the target in the picture and nothing between them."""

import math

import numpy as np

from ....arrays import FloatArray
from ....errors import SimulationError
from ....streams import Stream, stream
from ...scenario.scenario import Scenario
from ...scenario.task import Task
from .. import lanes
from ..placement import Obstacles
from ..routes import Route

BEHIND_DEG = 70.0  # the drone starts in this sector behind the target
TRIES = 40  # in a sector that narrows; as many again in one that opens all around
AIR_M = 0.3  # between hull and what stands beside the line of sight

Start = tuple[FloatArray, float]  # of the drone: position (3,), world ENU, metres; heading, rad


def make_start(scenario: Scenario, way: Route, obstacles: Obstacles, seed: int) -> Start:
    """Put the drone behind the target, at the task's distance, with the target inside the view.

    Raises:
        SimulationError: an obstacle is in the way, wherever it is tried.

    """
    task, rng = scenario.task, stream(seed, Stream.START)
    if task.lane is not None:
        return lanes.draw_start(task, way, rng)
    for attempt in range(2 * TRIES):
        sector = math.radians(BEHIND_DEG) * (1.0 - attempt / TRIES)
        if attempt >= TRIES:
            sector = math.pi * (attempt / TRIES - 1.0)
        start = draw_start(task, way, sector, rng)
        if sees_target(start, obstacles, scenario.vehicle.radius_m):
            return start
    raise SimulationError(
        f'world {scenario.world.name}, seed {seed}: no free start; expected a free line of sight '
        f'of {task.start_distance_m[0]:g} m to the target: lower the densities in its YAML'
    )


def draw_start(task: Task, way: Route, sector_rad: float, rng: np.random.Generator) -> Start:
    """Draw a start in a sector to both sides of straight behind the target."""
    away = rng.uniform(*task.start_distance_m)
    behind = way.heading[0] + math.pi + rng.uniform(-sector_rad, sector_rad)
    bearing = math.radians(rng.uniform(-task.start_bearing_deg, task.start_bearing_deg))
    x, y = (away * np.array([math.cos(behind), math.sin(behind)])).tolist()
    return np.array([x, y, task.cruise_altitude_m]), float(behind + math.pi + bearing)


def sees_target(start: Start, obstacles: Obstacles, hull_m: float) -> bool:
    """Tell whether the line from a start to the target, at the origin, is free."""
    points = np.linspace(0.1, 1.0, 12)[:, None] * start[0][:2]
    return bool(obstacles.gap(points).min() > hull_m + AIR_M)
