# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""From a scenario and a seed to a place: what stands there, who moves, start, wind and light.

Pure numpy: the same scenario and seed give the same layout, to the bit, and nothing here knows
PyBullet. Each matter has a random stream of its own, so that a season changes no trunk.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...arrays import FloatArray
from ...errors import SimulationError
from ...streams import Stream, stream
from ..scenario.scenario import Scenario
from ..scenario.season import Season
from . import crossings, distractors, forest, lanes, passing, routes, screens, terrain, tracks
from .actors import MovingActor, make_actor
from .draft import Draft, Laid
from .placement import Obstacles, obstacles_of
from .routes import Route
from .scenery import Air, Ground, Scenery, Solid
from .starts.behind import Start, make_start
from .starts.in_the_way import beside_wanted, starts_in_the_way, straight_flights
from .terrain import Terrain
from .town import streets
from .town.blocks import TownBuilder
from .town.ground import TownPainter

SPARE_S = 15.0  # the route goes on a little after the task, for the landing
START_TRIES = 4  # places that are built to find one where something is in the way
SQUARES_CURVATURE_PER_M = 0.05  # of a track's way in a town
NOTHING = Obstacles(np.zeros((0, 3)), np.zeros((0, 5)))


@dataclass(frozen=True)
class Layout:
    """One place, ready to be drawn and built."""

    seed: int
    scenery: Scenery
    terrain: Terrain
    obstacles: Obstacles
    route: Route  # the target's
    target: MovingActor
    distractors: tuple[MovingActor, ...]
    start_position: FloatArray  # (3,) drone, world ENU, at cruise altitude
    start_yaw: float
    wind_enu: FloatArray  # (3,) m/s

    @property
    def actors(self) -> tuple[MovingActor, ...]:
        """All that moves, the target first."""
        return self.target, *self.distractors

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
    return _finish(scenario, seed, make_draft(scenario, seed))


def make_draft(scenario: Scenario, seed: int) -> Draft:
    """Draw what stands and who walks where, for those who need no picture of it.

    Raises:
        SimulationError: the world leaves no free start.
    """
    draw = _draw_town if scenario.world.forest is None else _draw_forest
    draft = draw(scenario, seed)
    if not scenario.task.in_the_way:
        return draft
    off_m = math.inf
    starts = starts_in_the_way(scenario, draft.route, draft.obstacles, seed)
    for start in starts[:START_TRIES]:
        made = draw(scenario, seed, start)  # nothing stands before the start, so some may be gone
        gap_m, _ = straight_flights(start[0][None, :2], made.route, made.obstacles, scenario)
        if (now_off_m := float(beside_wanted(gap_m)[0])) < off_m:
            draft, off_m = made, now_off_m
        if off_m == 0.0:
            break
    return draft


def _draw_forest(scenario: Scenario, seed: int, start_at: Start | None = None) -> Draft:
    assert scenario.world.forest is not None  # make_layout has looked
    spec = scenario.world.forest
    laid = _lay_forest(scenario, seed)
    way = laid.route
    start, yaw = start_at or make_start(scenario, way, NOTHING, seed)
    sight = _sight(start)
    line = way.position[::10]
    corner, side = forest.bounds(line, spec)
    high = spec.relief_m if laid.relief_m is None else laid.relief_m
    relief = terrain.rolling(stream(seed, Stream.RELIEF), corner, side, high, start[:2])
    rng = stream(seed, Stream.DISTRACTORS)
    extras = distractors.place_all(scenario, way, sight, rng, distractors.beside(way, rng))
    extras += laid.crossing
    free = _free(scenario, laid, extras, sight)
    trees = forest.plant(spec, line, free, stream(seed, Stream.OBSTACLES))
    builder = forest.ForestBuilder(
        spec, scenario.season, relief, line, free, stream(seed, Stream.SURFACES)
    )
    builder.build(trees)
    rng = stream(seed, Stream.SCREENS)
    for screen in laid.screens:
        solids = screens.plant_trunks(
            screen, scenario.season, builder.things, _height_at(relief), rng
        )
        builder.solids.extend(solids)
    return Draft(
        *(way, extras, (start, yaw), relief),
        *_standing(scenario, seed, builder.solids, start),
        *(builder.things, lambda: builder.paint(trees)),
    )


def _draw_town(scenario: Scenario, seed: int, start_at: Start | None = None) -> Draft:
    assert scenario.world.urban is not None  # make_layout has looked
    spec, season = scenario.world.urban, scenario.season
    plan, laid = _lay_town(scenario, seed)
    way = laid.route
    line = way.position[::10]
    low, high = line.min(axis=0) - spec.margin_m, line.max(axis=0) + spec.margin_m
    high = low + (high - low).max()
    houses = _houses(plan, laid.is_track)
    start, yaw = start_at or make_start(scenario, way, houses, seed)
    sight, rng = _sight(start), stream(seed, Stream.DISTRACTORS)
    sides = streets.pavements(plan, line, 30.0)
    wide = spec.pavement_width_m / 2.0 - 0.8
    drawing = distractors.along(sides, way, rng, max(wide, 0.0))
    extras = distractors.place_all(scenario, way, sight, rng, drawing) + laid.crossing
    free = _free(scenario, laid, extras, sight)
    builder = TownBuilder(spec, season, plan, free, stream(seed, Stream.OBSTACLES))
    builder.build(low, high)
    rng = stream(seed, Stream.SCREENS)
    for screen in laid.screens:
        builder.solids.extend(screens.build_row(screen, builder.things, rng))
    level = terrain.flat(low, float(high[0] - low[0]))

    def paint() -> Ground:
        painter = TownPainter(plan, season, low, high, stream(seed, Stream.SURFACES))
        return Ground(terrain.mesh(level), painter.paint(builder.trees), takes_snow=False)

    return Draft(
        *(way, extras, (start, yaw), level),
        *_standing(scenario, seed, builder.solids, start),
        *(builder.things, paint),
    )


def _lay_forest(scenario: Scenario, seed: int) -> Laid:
    if scenario.task.track is not None:
        assert scenario.world.forest is not None  # make_layout has looked
        return _lay_track(scenario, seed, scenario.world.forest.path_curvature_per_m)
    path, planted = _forest_path(scenario, stream(seed, Stream.WAY))
    return Laid(_walk(scenario, path, stream(seed, Stream.SPEED)), planted)


def _lay_town(scenario: Scenario, seed: int) -> tuple[streets.StreetPlan, Laid]:
    """Return the streets and the way; a track leads over squares, which are made around it."""
    if scenario.task.track is not None:
        assert scenario.world.urban is not None  # make_layout has looked
        laid = _lay_track(scenario, seed, SQUARES_CURVATURE_PER_M)
        plan = streets.draw_plan(scenario.world.urban, stream(seed, Stream.WAY))
        return streets.opened(plan, laid.route.position[::5]), laid
    plan, path, planted = _town_path(scenario, stream(seed, Stream.WAY))
    return plan, Laid(_walk(scenario, path, stream(seed, Stream.SPEED)), planted)


def _lay_track(scenario: Scenario, seed: int, curvature_per_m: float) -> Laid:
    track = scenario.task.track
    assert track is not None  # the callers have looked
    way = tracks.draw_way(scenario, track, seed, curvature_per_m)
    crossing = crossings.who_crosses(scenario, track, way, seed) + passing.trains(track, way, seed)
    none = np.zeros((0, 2))
    return Laid(way.route, none, True, way.screens, tuple(crossing), track.relief_m)


def _height_at(relief: Terrain) -> Callable[[FloatArray], float]:
    return lambda spot: relief.height_at(float(spot[0]), float(spot[1]))


def _town_path(
    scenario: Scenario, rng: np.random.Generator
) -> tuple[streets.StreetPlan, FloatArray, FloatArray]:
    """Return the streets, moved so that the way (M, 2) begins at the origin, and spots (K, 2)."""
    spec, motion = scenario.world.urban, scenario.target.motion
    assert spec is not None
    plan = streets.draw_plan(spec, rng)
    offset = spec.road_width_m / 2.0 + spec.pavement_width_m / 2.0
    if scenario.target.place == 'road' or scenario.task.lane is not None:
        offset = spec.road_width_m / 4.0
    length = walk_length_m(scenario)
    strolls, turns = motion == 'random_walk', scenario.task.lane is None
    path = streets.draw_way(plan, offset, length, rng, strolls, turns)
    plan, path = plan.moved(-path[0]), path - path[0]
    if motion == 'behind_trees':
        return (plan, *routes.weaving(path, scenario.target.radius_m))
    return plan, path, np.zeros((0, 2))


def _houses(plan: streets.StreetPlan, is_track: bool) -> Obstacles:
    """Return every block as one obstacle, for the choice of a start; a track's are squares."""
    cells = itertools.product(range(streets.BLOCKS), repeat=2)
    sides = [plan.block(*cell) for cell in cells if not (is_track and plan.is_plaza[cell])]
    solids = [
        Solid('box', (x1 - x0, y1 - y0, 9.0), ((x0 + x1) / 2.0, (y0 + y1) / 2.0, 4.5))
        for x0, y0, x1, y1 in sides
    ]
    return obstacles_of(tuple(solids))


def _sight(start: FloatArray) -> FloatArray:
    """Return points (24, 2) between the target and the drone, both included."""
    points: FloatArray = np.linspace(0.0, 1.0, 24)[:, None] * start[:2]
    return points


def _free(
    scenario: Scenario, laid: Laid, extras: tuple[MovingActor, ...], sight: FloatArray
) -> forest.Free:
    """Return where nothing may stand."""
    ways = [laid.route.position[::4], *(item.route.position[::8] for item in extras)]
    paths = np.concatenate([*ways, *(screen.kept_free() for screen in laid.screens)])
    radius = max([scenario.target.radius_m, *(item.target.radius_m for item in extras)])
    return forest.Free(paths, radius, sight, laid.planted)


def _standing(
    scenario: Scenario, seed: int, solids: list[Solid], start: FloatArray
) -> tuple[tuple[Solid, ...], Obstacles]:
    """Return what stands and is in the drone's way, and make sure that it starts in free air.

    Raises:
        SimulationError: something stands where the drone starts.
    """
    obstacles = obstacles_of(tuple(solids))
    if obstacles.gap(start[None, :2])[0] <= scenario.vehicle.radius_m:
        raise SimulationError(
            f'world {scenario.world.name}, seed {seed}: no free start; expected '
            f'{scenario.vehicle.radius_m:g} m of air around the drone: lower the densities'
        )
    return tuple(solids), obstacles


def _finish(scenario: Scenario, seed: int, draft: Draft) -> Layout:
    """Paint the ground and put a layout together."""
    air = draw_air(scenario.season, stream(seed, Stream.AIR))
    actor = make_actor(scenario.target, stream(seed, Stream.TARGET), is_target=True)
    way = lanes.way_of_target(scenario.task, draft.route)
    return Layout(
        seed,
        Scenery(draft.paint(), draft.things.batches(), air, draft.solids),
        draft.terrain,
        draft.obstacles,
        draft.route,
        MovingActor(actor, scenario.target, way),
        draft.extras,
        *draft.start,
        _draw_wind(scenario, stream(seed, Stream.WIND)),
    )


def _forest_path(scenario: Scenario, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return the path (M, 2) from the origin and spots (K, 2) for trunks close to it."""
    assert scenario.world.forest is not None
    length = walk_length_m(scenario)
    curvature, memory = scenario.world.forest.path_curvature_per_m, routes.CURVATURE_LENGTH_M
    if scenario.target.motion == 'random_walk':
        curvature, memory = routes.RANDOM_WALK_CURVATURE, routes.RANDOM_WALK_LENGTH_M
    path = routes.winding_path(rng, length, curvature, memory)
    if scenario.target.motion == 'behind_trees':
        return routes.weaving(path, scenario.target.radius_m)
    return path, np.zeros((0, 2))


def walk_length_m(scenario: Scenario) -> float:
    """Return how far the target may walk."""
    return (scenario.task.duration_s + SPARE_S) * scenario.task.target_speed_m_s[1] + 2.0


def _walk(scenario: Scenario, path: FloatArray, rng: np.random.Generator) -> Route:
    if scenario.target.motion == 'still':
        return routes.standing(path[0], float(rng.uniform(-math.pi, math.pi)))
    duration = scenario.task.duration_s + SPARE_S
    speed = routes.draw_speeds(
        rng, scenario.target.motion, duration, scenario.task.target_speed_m_s
    )
    return routes.walking(path, speed)


def _draw_wind(scenario: Scenario, rng: np.random.Generator) -> FloatArray:
    speed, direction = rng.uniform(*scenario.world.wind_m_s), rng.uniform(0.0, 2.0 * math.pi)
    return speed * np.array([math.cos(direction), math.sin(direction), 0.0])


def draw_air(season: Season, rng: np.random.Generator) -> Air:
    """Draw the sun's place and the exposure; the rest is the season's."""
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
