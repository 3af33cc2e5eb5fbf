# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What only looks like the target: places and ways for it, never near the target's own."""

import math
from collections.abc import Callable

import numpy as np

from ...arrays import FloatArray
from ..scenario.scenario import Scenario
from ..scenario.target import Distractor, Target
from . import routes
from .actors import MovingActor, make_actor
from .placement import distance
from .routes import Route

TRIES = 40
GAP_M = 1.0  # kept to the route of the target, besides both radii
SIGHT_M = 1.5  # kept to the first line of sight
WAY_M, SPEED_M_S = (5.0, 12.0), (0.5, 1.2)
DURATION_S = 150.0  # after that they stand
DrawSpots = Callable[[Distractor, float, float], FloatArray]  # spec, gap, length: points (N, 2)


def place_all(
    scenario: Scenario,
    way: Route,
    sight: FloatArray,
    rng: np.random.Generator,
    draw_spots: DrawSpots,
) -> tuple[MovingActor, ...]:
    """Place every distractor that finds room; where there is none it is left out."""
    made = []
    for spec, look in scenario.distractors:
        for _ in range(spec.count):
            its_way = _find(spec, look, scenario, way, sight, rng, draw_spots)
            actor = make_actor(look, rng, is_target=False)
            if its_way is not None:
                made.append(MovingActor(actor, look, its_way))
    return tuple(made)


def _find(
    spec: Distractor,
    look: Target,
    scenario: Scenario,
    way: Route,
    sight: FloatArray,
    rng: np.random.Generator,
    draw_spots: DrawSpots,
) -> Route | None:
    keep = GAP_M + look.radius_m + scenario.target.radius_m
    for _ in range(TRIES):
        length = float(rng.uniform(*WAY_M)) if spec.motion == 'walk' else 0.2
        speed, heading = rng.uniform(*SPEED_M_S), rng.uniform(-math.pi, math.pi)
        spots = draw_spots(spec, keep, length)
        if len(spots) < 2 or distance(spots, way.position[::2]).min() < keep:
            continue
        if distance(spots, sight).min() < SIGHT_M + look.radius_m:
            continue
        if spec.motion == 'still':
            return routes.standing(spots[0], float(heading))
        smooth = routes.rounded_path(spots, 1.0)
        if len(smooth) > 10:
            return routes.pacing(smooth, float(speed), DURATION_S)
    return None


def beside(way: Route, rng: np.random.Generator) -> DrawSpots:
    """Return a drawing of spots beside the target's route, as it bends."""
    beyond = way.position[-1:] + np.array([[0.5, 0.0]])  # for targets that stand
    line = routes.resampled(np.concatenate([way.position[::5], beyond]))
    left = routes.normals(line)

    def draw(spec: Distractor, keep_m: float, length_m: float) -> FloatArray:
        i = int(rng.integers(len(line)))
        aside = (rng.uniform(*spec.distance_m) - GAP_M + keep_m) * rng.choice([-1.0, 1.0])
        spots: FloatArray = (line + aside * left)[i : i + max(2, round(length_m * 10.0))]
        return spots

    return draw


def along(
    sides: list[tuple[FloatArray, FloatArray]], way: Route, rng: np.random.Generator, wide_m: float
) -> DrawSpots:
    """Return a drawing of spots along the sides of streets, ``wide_m`` or less off them."""

    def draw(spec: Distractor, keep_m: float, length_m: float) -> FloatArray:
        a, b = sides[int(rng.integers(len(sides)))]
        whole = float(np.linalg.norm(b - a))
        begin = float(rng.uniform(0.0, max(whole - length_m, 0.1)))
        step = (b - a) / whole
        aside = np.array([-step[1], step[0]]) * rng.uniform(-wide_m, wide_m)
        at = np.arange(begin, begin + length_m + 0.1, 0.1)[:, None]
        spots: FloatArray = a + aside + at * step
        if distance(spots, way.position[::10]).min() > spec.distance_m[1]:
            return np.zeros((0, 2))
        return spots

    return draw
