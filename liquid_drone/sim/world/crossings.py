# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Who crosses the way of a track's target: its doubles, and others with or without its colour.

Each stands aside until its time, crosses near the target, walks on elsewhere and stays there. Its
time begins with the target's, so that they meet in every flight of a seed. A season draws nothing
here.
"""

import colorsys
import dataclasses
import math

import numpy as np

from ...arrays import Colour, FloatArray
from ...streams import Stream, stream
from ..scenario.scenario import Scenario, load_target
from ..scenario.target import Target
from ..scenario.track import Track
from .actors import MovingActor, make_actor
from .placement import distance
from .routes import STEP_S, Route, rounded_path, walking_to
from .tracks import BEHIND_M, TrackWay

PASSER_BY = 'plain_person'
STANDS_M = 9.0  # from where it crosses, before and after
KEPT_M = 1.5  # where it stands, to the target's way
TWIN_M = 1.3  # behind the target: between it and the drone; the next twin ahead of it
PEOPLE_M = (0.9, 2.6)  # before or behind the target
ANGLES_DEG = (65.0, 115.0)  # between both ways
SPEEDS_M_S = (0.8, 1.3)
PACE, STEPS_IN_M = (0.9, 1.1), 1.2  # of the target's speed; over which a corner is rounded
PASSING_M = 0.9  # between target and twin behind a screen
APART_M = 0.7  # both people, at any time
MEETS_S = 5.0  # before or after its time a double is nearest to the target
TRIES = 12


def who_crosses(scenario: Scenario, track: Track, way: TrackWay, seed: int) -> list[MovingActor]:
    """Return the doubles of the target, then the others; who finds no room is left out."""
    rng = stream(seed, Stream.CROSSINGS)
    double = _double(scenario, track)
    found = []
    for number, time_s in enumerate(way.events_s):
        for k in range(track.twins):
            route = None
            if k == 0:
                meet = _meeting if way.screens else _replacing
                route = meet(way, number, rng)
            if route is None:
                ahead_m = TWIN_M if k % 2 else -TWIN_M
                route = _crossing(way.route, time_s, ahead_m, rng, MEETS_S)
            found.append((route, double))
    stranger = load_target(PASSER_BY) if track.people else scenario.target
    for k in range(track.people):
        time_s = float(rng.uniform(5.0, max(scenario.task.duration_s - 6.0, 5.1)))
        ahead_m = float(rng.uniform(*PEOPLE_M) * rng.choice([-1.0, 1.0]))
        route = _crossing(way.route, time_s, ahead_m, rng)
        found.append((route, double if k < track.alike else stranger))
    return [
        _actor(scenario, seed, k, route, who, who is double)
        for k, (route, who) in enumerate(found)
        if route is not None
    ]


def _actor(
    scenario: Scenario, seed: int, number: int, route: Route, who: Target, is_alike: bool
) -> MovingActor:
    """Return who walks; a double wears what the target of this seed wears."""
    is_same = is_alike and who.parts == scenario.target.parts
    rng = stream(seed, Stream.TARGET) if is_same else stream(seed, Stream.CROSSINGS, number)
    actor = make_actor(who, rng, is_target=False)
    return MovingActor(actor, who, route, starts_with_target=True, is_alike=is_alike)


def _double(scenario: Scenario, track: Track) -> Target:
    """Return the target once more, or a passer-by with a jacket of its most vivid colour."""
    if track.clothes == 'same':
        return scenario.target
    passer = load_target(PASSER_BY)
    colours = [colour for part in scenario.target.parts for colour in part.colours]
    jacket = max(colours, key=_vividness)
    top = passer.parts[0].colours  # of the chest, and of the arms
    parts = tuple(
        dataclasses.replace(part, colours=(jacket,)) if part.colours == top else part
        for part in passer.parts
    )
    return dataclasses.replace(passer, name=f'{passer.name}_alike', parts=parts)


def _vividness(colour: Colour) -> float:
    _, saturation, value = colorsys.rgb_to_hsv(*colour)
    return saturation * value


def _crossing(
    way: Route,
    time_s: float,
    ahead_m: float,
    rng: np.random.Generator,
    meets_s: float = math.inf,
) -> Route | None:
    """Return the route of who crosses a way at a time, so far ahead of who walks there."""
    spot, heading, _ = way.at(time_s)
    middle = spot + ahead_m * np.array([math.cos(heading), math.sin(heading)])
    for _ in range(TRIES):
        side = float(rng.choice([-1.0, 1.0]))
        angle = heading + side * math.radians(float(rng.uniform(*ANGLES_DEG)))
        step = np.array([math.cos(angle), math.sin(angle)])
        speed = float(rng.uniform(*SPEEDS_M_S))
        ends = np.stack([middle - STANDS_M * step, middle + STANDS_M * step])
        route = _passing(middle, step, speed, time_s, len(way.heading))
        if distance(ends, way.position[::4]).min() > KEPT_M and _meets(
            route, way, time_s, meets_s
        ):
            return route
    return None


def _meets(route: Route, way: Route, time_s: float, within_s: float = MEETS_S) -> bool:
    """Return whether both stay apart, and are nearest to each other around a time."""
    apart_m = np.linalg.norm(route.position - way.position, axis=1)
    off_s = abs(int(np.argmin(apart_m)) * STEP_S - time_s)
    return bool(apart_m.min() > APART_M) and off_s < within_s


def _replacing(way: TrackWay, number: int, rng: np.random.Generator) -> Route | None:
    """Return the route of who steps in behind the target and goes on where that turns off."""
    time_s = way.events_s[number]
    spot, heading, walked = way.route.at(time_s)
    turned = way.route.at(time_s + 5.0)[1] - heading
    ahead = np.array([math.cos(heading), math.sin(heading)])
    left = np.array([-ahead[1], ahead[0]])
    inner = math.copysign(1.0, turned) * left  # it comes from where the target goes
    middle = spot - TWIN_M * ahead
    path = rounded_path(
        np.stack([middle + STANDS_M * inner, middle, middle + STANDS_M * ahead]), STEPS_IN_M
    )
    speed = max(float(walked) / time_s, 0.5) * float(rng.uniform(*PACE))
    count = len(way.route.heading)
    along = np.clip((np.arange(count) * STEP_S - time_s) * speed + STANDS_M, 0.0, None)
    route = walking_to(path, along)
    ends_m = distance(route.position[[0, -1]], way.route.position[::4]).min()
    if ends_m > KEPT_M and _meets(route, way.route, time_s):
        return route
    return None


def _meeting(way: TrackWay, number: int, rng: np.random.Generator) -> Route | None:
    """Return the route of who meets the target behind a screen and leaves on the other side."""
    screen = way.screens[number]
    out_m = screen.half_gap_m + screen.length_m
    begin_s = way.events_s[number]
    spots, line = way.route.position, screen.gap + BEHIND_M * screen.ahead
    along = (spots - line) @ screen.along
    after = np.arange(len(along)) * STEP_S > begin_s
    meets = int(np.argmax(after & (along > out_m / 2.0)))
    if not meets:
        return None
    middle = line + out_m / 2.0 * screen.along + PASSING_M * screen.ahead
    speed = float(rng.uniform(*SPEEDS_M_S))
    return _passing(middle, -screen.along, speed, meets * STEP_S, len(along), out_m + STANDS_M)


def _passing(
    middle: FloatArray,
    step: FloatArray,
    speed_m_s: float,
    time_s: float,
    count: int,
    stands_m: float = STANDS_M,
) -> Route:
    """Return a straight route through a spot at a time; it stands at both ends."""
    along = np.clip((np.arange(count) * STEP_S - time_s) * speed_m_s, -stands_m, stands_m)
    heading = np.full(count, math.atan2(step[1], step[0]))
    return Route(middle + along[:, None] * step, heading, along + stands_m)
