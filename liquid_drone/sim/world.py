# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""From a scenario and a seed to a place: what stands there, who moves, start, wind and light.

Pure numpy: the same scenario and seed give the same layout, to the bit, and nothing here knows
PyBullet. Each matter has a random generator of its own, so that a season changes no trunk.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import SimulationError
from . import forest, route, terrain
from .actors import Mover, make_actor
from .config import Distractor, Scenario, Season, Target
from .placing import Obstacles, distance, obstacles_of
from .route import Route
from .scenery import Air, Scenery
from .terrain import Terrain

FloatArray = npt.NDArray[np.float64]
SPARE_S = 15.0  # the route goes on a little after the task, for the landing
START_BEHIND_DEG = 70.0  # the drone starts in this sector behind the target
START_TRIES = 40
WAY, START, THINGS, LOOKS, LIGHT, ACTORS = range(6)  # a random generator for each
DISTRACTOR_TRIES = 30
DISTRACTOR_GAP_M = 1.0  # kept to the route of the target, besides both radii
DISTRACTOR_SIGHT_M = 1.5  # kept to the first line of sight
DISTRACTOR_WAY_M, DISTRACTOR_SPEED_M_S = (5.0, 12.0), (0.5, 1.2)


@dataclass(frozen=True)
class Layout:
    """One place, ready to be drawn and built."""

    seed: int
    scenery: Scenery
    terrain: Terrain
    obstacles: Obstacles
    route: Route  # the target's
    target: Mover
    distractors: tuple[Mover, ...]
    start_position: FloatArray  # (3,) drone, world ENU, at cruise altitude
    start_yaw: float
    wind_enu: FloatArray  # (3,) m/s

    @property
    def sun_direction(self) -> FloatArray:
        """Unit vector (3,) towards the sun, ENU."""
        return self.scenery.air.sun_direction

    @property
    def exposure(self) -> float:
        """Brightness of the pictures."""
        return self.scenery.air.exposure


def make_layout(scenario: Scenario, seed: int) -> Layout:
    """Draw the layout of a scenario for a seed.

    Raises:
        SimulationError: the world leaves no free start.
    """
    if scenario.world.forest is None:
        raise SimulationError('towns are not there yet')
    return _make_forest(scenario, seed)


def generator(seed: int, matter: int) -> np.random.Generator:
    """Return the random generator of one matter of a place."""
    return np.random.default_rng([seed, matter])


def _make_forest(scenario: Scenario, seed: int) -> Layout:
    assert scenario.world.forest is not None  # make_layout has looked
    spec, target = scenario.world.forest, scenario.target
    path, planted = _forest_path(scenario, generator(seed, WAY))
    way = _walk(scenario, path, generator(seed, WAY + 100))
    start, yaw = _make_start(scenario, way, Obstacles(np.zeros((0, 3)), np.zeros((0, 5))), seed)
    sight = np.linspace(0.0, 1.0, 24)[:, None] * start[:2]
    line = way.position[::10]
    corner, side = forest.bounds(line, spec)
    relief = terrain.rolling(generator(seed, THINGS + 100), corner, side, spec.relief_m, start[:2])
    extras = _forest_distractors(scenario, way, sight, seed)
    paths = np.concatenate([way.position[::4], *(item.route.position[::4] for item in extras)])
    radius = max([target.radius_m, *(item.target.radius_m for item in extras)])
    free = forest.Free(paths, radius, sight, planted)
    trees = forest.plant(spec, line, free, generator(seed, THINGS))
    builder = forest.ForestBuilder(
        spec, scenario.season, relief, line, free, generator(seed, LOOKS)
    )
    ground = builder.build(trees)
    scenery = Scenery(
        ground,
        builder.things.batches(),
        draw_air(scenario.season, generator(seed, LIGHT)),
        tuple(builder.solids),
    )
    return finish(scenario, seed, scenery, relief, way, extras, start, yaw)


def finish(
    scenario: Scenario,
    seed: int,
    scenery: Scenery,
    relief: Terrain,
    way: Route,
    extras: tuple[Mover, ...],
    start: FloatArray,
    yaw: float,
) -> Layout:
    """Put a layout together and make sure that the drone starts in free air.

    Raises:
        SimulationError: something stands where the drone starts.
    """
    obstacles = obstacles_of(scenery.solids)
    if obstacles.gap(start[None, :2])[0] <= scenario.vehicle.radius_m:
        raise SimulationError(
            f'world {scenario.world.name}, seed {seed}: no free start; expected '
            f'{scenario.vehicle.radius_m:g} m of air around the drone: lower the densities'
        )
    actor = make_actor(scenario.target, generator(seed, ACTORS), is_target=True)
    wind = generator(seed, LIGHT + 100)
    return Layout(
        seed,
        scenery,
        relief,
        obstacles,
        way,
        Mover(actor, scenario.target, way),
        extras,
        start,
        yaw,
        _draw_wind(scenario, wind),
    )


def _forest_path(scenario: Scenario, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return the path (M, 2) from the origin and spots (K, 2) for trunks close to it."""
    assert scenario.world.forest is not None
    length = walk_length_m(scenario)
    curvature, memory = scenario.world.forest.path_curvature_per_m, route.CURVATURE_LENGTH_M
    if scenario.target.motion == 'random_walk':
        curvature, memory = route.RANDOM_WALK_CURVATURE, route.RANDOM_WALK_LENGTH_M
    path = route.winding_path(rng, length, curvature, memory)
    if scenario.target.motion == 'behind_trees':
        return route.weaving(path)
    return path, np.zeros((0, 2))


def walk_length_m(scenario: Scenario) -> float:
    """Return how far the target may walk."""
    return (scenario.task.duration_s + SPARE_S) * scenario.task.target_speed_m_s[1] + 2.0


def _walk(scenario: Scenario, path: FloatArray, rng: np.random.Generator) -> Route:
    if scenario.target.motion == 'still':
        return route.standing(path[0], float(rng.uniform(-math.pi, math.pi)))
    duration = scenario.task.duration_s + SPARE_S
    speed = route.draw_speeds(
        rng, scenario.target.motion, duration, scenario.task.target_speed_m_s
    )
    return route.walking(path, speed)


def _make_start(
    scenario: Scenario, way: Route, obstacles: Obstacles, seed: int
) -> tuple[FloatArray, float]:
    """Put the drone behind the target, at the task's distance, with the target inside the view.

    Raises:
        SimulationError: an obstacle is in the way, wherever it is tried.
    """
    task, rng = scenario.task, generator(seed, START)
    room = scenario.vehicle.radius_m + 0.3
    for attempt in range(START_TRIES):
        sector = math.radians(START_BEHIND_DEG) * (1.0 - attempt / START_TRIES)
        away = rng.uniform(*task.start_distance_m)
        behind = way.heading[0] + math.pi + rng.uniform(-sector, sector)
        bearing = math.radians(rng.uniform(-task.start_bearing_deg, task.start_bearing_deg))
        position = away * np.array([math.cos(behind), math.sin(behind)])
        if obstacles.gap(np.linspace(0.1, 1.0, 12)[:, None] * position).min() > room:
            yaw = behind + math.pi + bearing
            return np.array([*position, task.cruise_altitude_m]), float(yaw)
    raise SimulationError(
        f'world {scenario.world.name}, seed {seed}: no free start; expected a free line of sight '
        f'of {task.start_distance_m[0]:g} m to the target: lower the densities in its YAML'
    )


def _forest_distractors(
    scenario: Scenario, way: Route, sight: FloatArray, seed: int
) -> tuple[Mover, ...]:
    """Place what only looks like the target, beside the path."""
    rng, made = generator(seed, ACTORS + 100), []
    for spec, look in scenario.distractors:
        for _ in range(spec.count):
            way_of_it = _beside(spec, look, scenario, way, sight, rng)
            actor = make_actor(look, rng, is_target=False)
            if way_of_it is not None:
                made.append(Mover(actor, look, way_of_it))
    return tuple(made)


def _beside(
    spec: Distractor,
    look: Target,
    scenario: Scenario,
    way: Route,
    sight: FloatArray,
    rng: np.random.Generator,
) -> Route | None:
    """Return a place or a way beside the target's route; None: there is no room."""
    beyond = way.position[-1:] + np.array([[0.5, 0.0]])  # for those who stand
    line = route.resampled(np.concatenate([way.position[::5], beyond]))
    left, duration = route.normals(line), scenario.task.duration_s + 10.0 * SPARE_S
    keep = DISTRACTOR_GAP_M + look.radius_m + scenario.target.radius_m
    for _ in range(DISTRACTOR_TRIES):
        i = int(rng.integers(len(line)))
        length = rng.uniform(*DISTRACTOR_WAY_M) if spec.motion == 'walk' else 0.2
        aside = rng.uniform(*spec.distance_m) + keep - DISTRACTOR_GAP_M
        aside *= rng.choice([-1.0, 1.0])
        speed, heading = rng.uniform(*DISTRACTOR_SPEED_M_S), rng.uniform(-math.pi, math.pi)
        stretch = slice(i, i + max(2, round(length / route.PATH_STEP_M)))
        spots = (line + aside * left)[stretch]
        if len(spots) < 2 or distance(spots, way.position[::2]).min() < keep:
            continue
        if distance(spots, sight).min() < DISTRACTOR_SIGHT_M:
            continue
        if spec.motion == 'walk':
            smooth = route.rounded_path(spots, 1.0)
            if len(smooth) > 10:
                return route.pacing(smooth, float(speed), duration)
        else:
            return route.standing(spots[0], float(heading))
    return None


def _draw_wind(scenario: Scenario, rng: np.random.Generator) -> FloatArray:
    speed, direction = rng.uniform(*scenario.world.wind_m_s), rng.uniform(0.0, 2.0 * math.pi)
    return speed * np.array([math.cos(direction), math.sin(direction), 0.0])


def draw_air(season: Season, rng: np.random.Generator) -> Air:
    """Draw the sun's place and the exposure, and take the rest from the season."""
    azimuth = math.radians(rng.uniform(*season.sun_azimuth_deg))
    elevation = math.radians(rng.uniform(*season.sun_elevation_deg))
    flat = math.cos(elevation)
    sun = np.array([flat * math.cos(azimuth), flat * math.sin(azimuth), math.sin(elevation)])
    return Air(
        sun,
        season.sun_colour,
        season.ambient,
        season.sky_horizon,
        season.sky_zenith,
        season.fog_density_per_m,
        float(rng.uniform(*season.exposure)),
        season.snow,
        season.foliage,
    )
