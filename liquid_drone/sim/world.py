# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""From a scenario and a seed to a place: trees, bushes, route, start, wind and light.

Pure numpy: the same scenario and seed give the same layout, and nothing here knows PyBullet.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import SimulationError
from .config import Scenario, World
from .route import Route, standing_route, winding_route

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
SPARE_S = 15.0  # the route goes on a little after the task, for the landing
START_BEHIND_DEG = 70.0  # the drone starts in this sector behind the target
SIGHT_CLEARANCE_M = 0.9  # trunks stay this far from the first line of sight
BROADLEAF, CONIFER = 0, 1


@dataclass(frozen=True)
class Trees:
    """K trees; every array has K entries."""

    position: FloatArray  # (K, 2) world ENU, metres
    radius: FloatArray  # trunk, metres
    height: FloatArray
    crown_base: FloatArray  # metres above the ground
    kind: IntArray  # BROADLEAF or CONIFER
    shade: FloatArray  # 0..1, picks colours and shapes

    def __len__(self) -> int:
        """Return the number of trees."""
        return len(self.radius)


@dataclass(frozen=True)
class Layout:
    """One place, ready to be built."""

    seed: int
    trees: Trees
    bushes: FloatArray  # (B, 4): x, y, radius, shade
    route: Route
    start_position: FloatArray  # (3,) drone, world ENU, at cruise altitude
    start_yaw: float
    wind_enu: FloatArray  # (3,) m/s
    sun_direction: FloatArray  # (3,) unit vector towards the sun, ENU
    exposure: float


def make_layout(scenario: Scenario, seed: int) -> Layout:
    """Draw the layout of a scenario for a seed.

    Raises:
        SimulationError: the world leaves no free start.
    """
    rng = np.random.default_rng([seed, 1])
    route = _make_route(scenario, rng)
    start, yaw = _make_start(scenario, route, rng)
    corridor = _keep_free(route, start)
    trees = _plant_trees(scenario.world, route, corridor, rng)
    bushes = _plant_bushes(scenario.world, route, rng)
    _check_start(start, trees, scenario.vehicle.radius_m)
    return Layout(
        seed,
        trees,
        bushes,
        route,
        start,
        yaw,
        _draw_wind(scenario, rng),
        *_draw_light(scenario, rng),
    )


def _make_route(scenario: Scenario, rng: np.random.Generator) -> Route:
    if scenario.target.motion == 'still':
        return standing_route(rng)
    duration = scenario.task.duration_s + SPARE_S
    speed, curvature = scenario.task.target_speed_m_s, scenario.world.path_curvature_per_m
    return winding_route(rng, duration, speed, curvature)


def _make_start(
    scenario: Scenario, route: Route, rng: np.random.Generator
) -> tuple[FloatArray, float]:
    """Put the drone behind the target, at the task's distance, with the target inside the view."""
    task = scenario.task
    distance = rng.uniform(*task.start_distance_m)
    sector = math.radians(START_BEHIND_DEG)
    behind = route.heading[0] + math.pi + rng.uniform(-sector, sector)
    position = distance * np.array([math.cos(behind), math.sin(behind)])
    bearing = math.radians(rng.uniform(-task.start_bearing_deg, task.start_bearing_deg))
    yaw = behind + math.pi + bearing
    return np.array([position[0], position[1], task.cruise_altitude_m]), float(yaw)


def _keep_free(route: Route, start: FloatArray) -> FloatArray:
    """Return points (P, 3): x, y and the extra clearance that trunks keep from them."""
    sight = np.linspace(0.0, 1.0, 24)[:, None] * start[:2]
    return np.column_stack([sight, np.full(len(sight), SIGHT_CLEARANCE_M)])


def _scatter(
    rng: np.random.Generator, route: Route, density: float, corridor_m: float
) -> FloatArray:
    """Return points (M, 2) of a Poisson process within a corridor along the route."""
    low = route.position.min(axis=0) - corridor_m
    high = route.position.max(axis=0) + corridor_m
    count = rng.poisson(density * float(np.prod(high - low)))
    points = rng.uniform(low, high, size=(count, 2))
    near: npt.NDArray[np.bool_] = _distance_to_points(points, route.position[::10]) < corridor_m
    kept: FloatArray = points[near]
    return kept


def _distance_to_points(points: FloatArray, others: FloatArray) -> FloatArray:
    """Return the least distance (M,) of points (M, 2) to others (N, 2)."""
    if len(points) == 0 or len(others) == 0:
        return np.full(len(points), np.inf)
    difference = points[:, None, :] - others[None, :, :]  # (M, N, 2)
    least: FloatArray = np.sqrt((difference**2).sum(axis=2).min(axis=1))
    return least


def _thin(points: FloatArray, spacing_m: float) -> FloatArray:
    """Drop every point that is too near an earlier one."""
    kept: list[FloatArray] = []
    for point in points:
        if all(np.hypot(*(point - other)) >= spacing_m for other in kept):
            kept.append(point)
    return np.array(kept).reshape(-1, 2)


def _plant_trees(world: World, route: Route, free: FloatArray, rng: np.random.Generator) -> Trees:
    points = _scatter(rng, route, world.tree_density_per_m2, world.corridor_m)
    clear = _distance_to_points(points, route.position[::4]) > (
        world.path_clearance_m + world.trunk_radius_m[1]
    )
    clear &= _distance_to_points(points, free[:, :2]) > free[0, 2] + world.trunk_radius_m[1]
    points = _thin(points[clear], world.tree_spacing_m)
    count = len(points)
    return Trees(
        position=points,
        radius=rng.uniform(*world.trunk_radius_m, size=count),
        height=rng.uniform(*world.tree_height_m, size=count),
        crown_base=rng.uniform(*world.crown_base_m, size=count),
        kind=np.where(rng.random(count) < world.conifer_share, CONIFER, BROADLEAF),
        shade=rng.random(count),
    )


def _plant_bushes(world: World, route: Route, rng: np.random.Generator) -> FloatArray:
    points = _scatter(rng, route, world.bush_density_per_m2, world.corridor_m)
    points = points[_distance_to_points(points, route.position[::4]) > world.path_clearance_m]
    radius = rng.uniform(*world.bush_radius_m, size=len(points))
    return np.column_stack([points, radius, rng.random(len(points))])


def _check_start(start: FloatArray, trees: Trees, radius_m: float) -> None:
    if len(trees) == 0:
        return
    gap = np.hypot(*(trees.position - start[:2]).T) - trees.radius - radius_m
    if gap.min() <= 0.0:
        raise SimulationError('the world leaves no free start: lower tree_density_per_m2')


def _draw_wind(scenario: Scenario, rng: np.random.Generator) -> FloatArray:
    speed, direction = rng.uniform(*scenario.world.wind_m_s), rng.uniform(0.0, 2.0 * math.pi)
    return speed * np.array([math.cos(direction), math.sin(direction), 0.0])


def _draw_light(scenario: Scenario, rng: np.random.Generator) -> tuple[FloatArray, float]:
    season = scenario.season
    azimuth = math.radians(rng.uniform(*season.sun_azimuth_deg))
    elevation = math.radians(rng.uniform(*season.sun_elevation_deg))
    flat = math.cos(elevation)
    sun = np.array([flat * math.cos(azimuth), flat * math.sin(azimuth), math.sin(elevation)])
    return sun, float(rng.uniform(*season.exposure))
