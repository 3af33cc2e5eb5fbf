# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Starts from which whoever flies straight at the target meets something that stands still.

Such a start is behind the target or beside it and sees it. What is in the way comes between them
while the target walks on, or stands close beside the line. That is decided by flying: a point
follows the target as the expert does, with the lag of a multicopter, and sees no obstacle.
"""

import math

import numpy as np

from ....arrays import FloatArray
from ....streams import Stream, stream
from ...scenario.scenario import Scenario
from ..placement import Obstacles
from ..routes import STEP_S, Route
from .behind import Start, draw_start, sees_target

TRIES = 256
SECTOR_RAD = math.radians(120.0)  # to both sides of behind the target: not before it
FLOWN_S = 12.0
CLOSING_GAIN_PER_S, SPEED_M_S, LAG_S = 0.8, (-0.6, 1.8), 0.4  # of who flies straight at it
AWAY_M = 0.5  # beyond the task's least distance: who walks towards the drone is another matter
# between hull and obstacle: trunks, posts, corners, not the middle of a wall
WANTED_M = (-0.6, -0.1)


def starts_in_the_way(
    scenario: Scenario, way: Route, obstacles: Obstacles, seed: int
) -> list[Start]:
    """Return drawn starts: first, as they were drawn, all from which something is in the way.

    Then come the others, those before whose way something stands most nearly first.

    Args:
        scenario: of the flight.
        way: of the target; it begins at the origin.
        obstacles: what stands still.
        seed: of the flight.

    """
    rng, hull_m = stream(seed, Stream.START_IN_THE_WAY), scenario.vehicle.radius_m
    drawn = [draw_start(scenario.task, way, SECTOR_RAD, rng) for _ in range(TRIES)]
    drawn = [start for start in drawn if sees_target(start, obstacles, hull_m)]
    places = np.array([start[0][:2] for start in drawn]).reshape(-1, 2)
    gap_m, nearest_m = straight_flights(places, way, obstacles, scenario)
    off = beside_wanted(gap_m) + np.maximum(scenario.task.min_distance_m + AWAY_M - nearest_m, 0.0)
    return [drawn[k] for k in np.argsort(off, kind='stable')]


def beside_wanted(gap_m: FloatArray) -> FloatArray:
    """Return by how much gaps are not those wanted, in m; 0: something is in the way."""
    least, most = WANTED_M
    off: FloatArray = np.maximum(np.maximum(gap_m - most, least - gap_m), 0.0)
    return off


def straight_flights(
    starts: FloatArray, way: Route, obstacles: Obstacles, scenario: Scenario
) -> tuple[FloatArray, FloatArray]:
    """Fly straight at the target from each start.

    Args:
        starts: places (N, 2), world ENU, metres.
        way: of the target.
        obstacles: what stands still.
        scenario: of the flight.

    Returns:
        The least gap (N,) in m between hull and obstacles, and the least distance (N,) in m to the
        target.

    """
    place, velocity = starts.copy(), np.zeros_like(starts)
    gap_m, nearest_m = np.full(len(starts), np.inf), np.full(len(starts), np.inf)
    keep_m, hull_m = scenario.task.keep_distance_m, scenario.vehicle.radius_m
    for k in range(1, round(FLOWN_S / STEP_S)):
        goal = way.position[min(k, len(way.position) - 1)]
        walked = (goal - way.position[min(k, len(way.position) - 1) - 1]) / STEP_S
        away = goal - place
        distance = np.maximum(np.hypot(*away.T), 1e-6)
        ahead = away / distance[:, None]
        speed = ahead @ walked + CLOSING_GAIN_PER_S * (distance - keep_m)
        wanted = ahead * np.clip(speed, *SPEED_M_S)[:, None]
        velocity = velocity + (wanted - velocity) * (STEP_S / LAG_S)
        place = place + velocity * STEP_S
        gap_m = np.minimum(gap_m, obstacles.gap(place) - hull_m)
        nearest_m = np.minimum(nearest_m, distance)
    return gap_m, nearest_m
