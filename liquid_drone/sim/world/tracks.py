# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The way of a target on a hard track: its bends, the screens that it goes behind, when and where.

At each event the target of ``hidden_s`` walks through a gap in a screen, too narrow for a drone,
turns at once and goes along behind the screen to its end. Who keeps 3 m away on this side loses
sight of it for that long. Of ``turn_deg`` it turns in the open, and where only doubles cross it
turns off as one of them goes on. A season draws nothing here.

A screen is put where the way bends; all the rest of the way, long before and long after, has to
miss it. A way that winds back into a screen of its own is drawn again.
"""

import math
from dataclasses import dataclass

import numpy as np

from ...arrays import FloatArray
from ...errors import SimulationError
from ...streams import Stream, stream
from ..scenario.scenario import Scenario
from ..scenario.track import Track
from . import routes
from .routes import PATH_STEP_M, STEP_S, Bend, Route

GAP_M = 0.14  # air on each side of who walks through a screen
BEHIND_M = 1.3  # between the near face of a screen and the way behind it
SHARP_M = 0.4  # radius of the turn behind a screen
HAIRPIN_M = 0.8  # radius of a turn in the open
STRAIGHT_M = 6.0  # before an event
AFTER_M = 4.0  # straight on, once it is out of a screen, or after a turn
ASIDE_RAD, ASIDE_M = math.radians(75.0), 1.0  # the turn where a double goes on, its radius
UNHIDDEN_M = 0.75  # along a screen until it is out of sight: seen through the gap
END_S = 8.0  # before the end of the flight nothing begins
BESIDE_M = 1.9  # of a screen: whoever follows flies here
SPARE_M = 2.0
TRUNK_M, TRUNK_STEP_M = 0.3, 0.5  # radius, from one to the next: no light between them
THICK_M = 0.9  # of a screen in a town, from its face towards who follows: none is thicker
TRIES = 100  # of a way; in a forest three in a thousand wind back into a screen


@dataclass(frozen=True)
class HidingRow:
    """A row that hides, with a gap in its middle."""

    gap: FloatArray  # (2,) middle of the gap, in the face towards the way behind
    along: FloatArray  # (2,) unit vector, to where the target goes behind it
    ahead: FloatArray  # (2,) unit vector, through the gap
    half_gap_m: float
    length_m: float  # on each side of the gap

    def side(self, sign: float) -> tuple[FloatArray, FloatArray]:
        """Return both ends (2,) of the row on one side of the gap, from the gap outwards."""
        step = sign * self.along
        return (
            self.gap + step * self.half_gap_m,
            self.gap + step * (self.half_gap_m + self.length_m),
        )

    def trunks(self) -> FloatArray:
        """Return where its trunks stand (N, 2), in a forest."""
        rows = []
        for sign in (-1.0, 1.0):
            near, far = self.side(sign)
            first, last = near + sign * self.along * TRUNK_M, far - sign * self.along * TRUNK_M
            count = max(math.ceil((self.length_m - 2.0 * TRUNK_M) / TRUNK_STEP_M), 1) + 1
            rows.append(np.linspace(first, last, count) - TRUNK_M * self.ahead)
        spots: FloatArray = np.concatenate(rows)
        return spots

    def gap_to(self, points: FloatArray, is_forest: bool) -> float:
        """Return the distance between what the row is made of and the nearest point (N, 2)."""
        if is_forest:
            away = points[:, None] - self.trunks()
            return float(np.sqrt((away * away).sum(axis=2).min())) - TRUNK_M
        offset = points - self.gap
        x, y = np.abs(offset @ self.along) - self.half_gap_m, offset @ self.ahead
        beside = np.maximum(np.maximum(-x, x - self.length_m), 0.0)
        before = np.maximum(np.maximum(-THICK_M - y, y), 0.0)
        return float(np.hypot(beside, before).min())

    def kept_free(self) -> FloatArray:
        """Return points (N, 2) on it and along its near side, where nothing else may stand."""
        reach = self.half_gap_m + self.length_m + SPARE_M
        line = np.arange(-reach, reach, 0.4)[:, None] * self.along
        free: FloatArray = np.concatenate(
            [self.gap + line, self.gap + line - BESIDE_M * self.ahead]
        )
        return free


@dataclass(frozen=True)
class TrackWay:
    """Where the target goes, and what belongs to its way."""

    route: Route
    screens: tuple[HidingRow, ...]
    events_s: tuple[float, ...]  # of walking, when each begins


def draw_way(scenario: Scenario, track: Track, seed: int, curvature_per_m: float) -> TrackWay:
    """Draw the way of a track's target from the origin, with all that happens on it.

    Raises:
        SimulationError: every way that was drawn winds back into a screen of its own.

    """
    is_forest, radius_m = scenario.world.forest is not None, scenario.target.radius_m
    for attempt in range(TRIES):
        way = draw_try(scenario, track, seed, curvature_per_m, attempt)
        gaps_m = [screen.gap_to(way.route.position, is_forest) for screen in way.screens]
        if all(gap_m > radius_m for gap_m in gaps_m):
            return way
    raise SimulationError(
        f'task {scenario.task.name}, seed {seed}: expected a way that misses its own '
        f'{track.events} screens, got none in {TRIES} tries: lower events or the curvature of '
        "the world's paths"
    )


def draw_try(
    scenario: Scenario, track: Track, seed: int, curvature_per_m: float, attempt: int
) -> TrackWay:
    """Draw a way that may wind back into a screen; each attempt bends it elsewhere."""
    speed = _speeds(scenario, track, stream(seed, Stream.SPEED))
    travelled = np.concatenate([[0.0], np.cumsum(speed[:-1]) * STEP_S])
    rng = stream(seed, Stream.BENDS)
    events_s = event_times(scenario, track)
    side = float(rng.choice([-1.0, 1.0]))
    signs = [side * (-1.0) ** k for k in range(len(events_s))]  # by turns: it seldom comes back
    bends = [
        bend
        for time_s, sign in zip(events_s, signs, strict=True)
        if (bend := _bend(track, travelled, time_s, sign)) is not None
    ]
    length = float(travelled[-1]) + SPARE_M
    rng = stream(seed, Stream.WAY, *([attempt] if attempt else []))
    path = routes.winding_path(rng, length, curvature_per_m, bends=bends)
    screens: tuple[HidingRow, ...] = ()
    if track.hidden_s:
        wide = scenario.target.radius_m + GAP_M
        screens = tuple(
            _screen(path, bend, wide, _hidden_m(track, travelled, time_s))
            for bend, time_s in zip(bends, events_s, strict=True)
        )
    return TrackWay(routes.walking(path, speed), screens, events_s)


def event_times(scenario: Scenario, track: Track) -> tuple[float, ...]:
    """Return when each event begins, in seconds of walking."""
    last_s = max(scenario.task.duration_s - END_S - track.out_of_sight_s, track.first_s)
    between_s = (last_s - track.first_s) / max(track.events - 1, 1)
    return tuple(track.first_s + between_s * k for k in range(track.events))


def _speeds(scenario: Scenario, track: Track, rng: np.random.Generator) -> FloatArray:
    """Return the speed (N,) of each step of the walk."""
    duration, limits = scenario.task.duration_s + 15.0, scenario.task.target_speed_m_s
    if track.speed_m_s is not None:
        limits = (0.85 * track.speed_m_s, track.speed_m_s)
    motion = track.motion or scenario.target.motion
    if motion == 'jog':
        gated = routes.draw_speeds(rng, 'stop_and_go', duration, limits)
        jogging: FloatArray = 0.5 * gated.max() + 0.5 * gated
        return jogging
    return routes.draw_speeds(rng, motion, duration, limits)


def _at(travelled: FloatArray, time_s: float) -> float:
    return float(np.interp(time_s, np.arange(len(travelled)) * STEP_S, travelled))


def _hidden_m(track: Track, travelled: FloatArray, time_s: float) -> float:
    """Return how far the target walks while it is hidden."""
    turn_m = math.pi / 2.0 * SHARP_M
    out_m = _at(travelled, time_s) + turn_m + UNHIDDEN_M - SHARP_M
    begin_s = float(np.interp(out_m, travelled, np.arange(len(travelled)) * STEP_S))
    return _at(travelled, begin_s + track.hidden_s) - out_m


def _bend(track: Track, travelled: FloatArray, time_s: float, sign: float) -> Bend | None:
    index = round(_at(travelled, time_s) / PATH_STEP_M)
    if track.hidden_s:
        after = _hidden_m(track, travelled, time_s) + AFTER_M
        return Bend(index, sign * math.pi / 2.0, SHARP_M, (STRAIGHT_M, after))
    if track.turn_deg:
        return Bend(index, sign * math.radians(track.turn_deg), HAIRPIN_M, (STRAIGHT_M, AFTER_M))
    if track.twins:
        return Bend(index, sign * ASIDE_RAD, ASIDE_M, (STRAIGHT_M, AFTER_M))
    return None


def _screen(path: FloatArray, bend: Bend, half_gap_m: float, hidden_m: float) -> HidingRow:
    """Return the screen of a bend: the target is behind it for ``hidden_m``."""
    corner = path[bend.index]
    ahead = path[bend.index] - path[bend.index - 5]
    ahead /= np.linalg.norm(ahead)
    along = math.copysign(1.0, bend.turn_rad) * np.array([-ahead[1], ahead[0]])
    gap = corner + (SHARP_M - BEHIND_M) * ahead
    length = max(hidden_m + UNHIDDEN_M - half_gap_m, 1.0)
    return HidingRow(gap, along, ahead, half_gap_m, length)
