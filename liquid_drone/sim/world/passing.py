# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A train of carts that passes between drone and target: what hides it moves on.

The first cart crosses the target's way close behind it, and the train is as long as it takes to
hide the target for ``passing_s``: who follows has to wait. Each cart is a body of its own. The
train stands aside before and after, clear of the whole way. A season draws nothing here.
"""

import math

import numpy as np

from ...streams import Stream, stream
from ..scenario.scenario import load_target
from ..scenario.track import Track
from .actors import MovingActor, make_actor
from .placement import distance
from .routes import STEP_S, Route
from .tracks import TrackWay

CART = 'baggage_cart'
PITCH_M = 1.45  # from one cart to the next: no light between them
PASSES_M_S = 1.4
CLEAR_M = 1.4  # of the target, when the first cart crosses its way
APART_M = 1.1  # a cart and the target, at any time
STANDS_M = 10.0  # the nearest cart, from where it crosses, before and after
ANGLES_DEG = (75.0, 105.0)  # between both ways
TRIES = 24


def trains(track: Track, way: TrackWay, seed: int) -> list[MovingActor]:
    """Return the carts of all events; a train that finds no room is left out."""
    if not track.passing_s:
        return []
    rng, cart, found = stream(seed, Stream.PASSING), load_target(CART), []
    for number, time_s in enumerate(way.events_s):
        for route in _train(track.passing_s, way.route, time_s, rng):
            paint = stream(seed, Stream.PASSING, number)  # one colour for a train
            actor = make_actor(cart, paint, is_target=False)
            found.append(MovingActor(actor, cart, route, starts_with_target=True))
    return found


def _train(passing_s: float, way: Route, time_s: float, rng: np.random.Generator) -> list[Route]:
    """Return a route for each cart of a train that crosses a way at a time, close behind."""
    count = max(round(passing_s * PASSES_M_S / PITCH_M), 1)
    speed = count * PITCH_M / passing_s
    spot, heading, _ = way.at(time_s)
    middle = spot - CLEAR_M * np.array([math.cos(heading), math.sin(heading)])
    times = np.arange(len(way.heading)) * STEP_S - time_s
    longest = STANDS_M + count * PITCH_M
    for _ in range(TRIES):
        side = float(rng.choice([-1.0, 1.0]))
        angle = heading + side * math.radians(float(rng.uniform(*ANGLES_DEG)))
        step = np.array([math.cos(angle), math.sin(angle)])
        front = np.clip(times * speed, -STANDS_M, longest)
        headings = np.full(len(front), angle)
        routes = []
        for number in range(count):
            along = front - number * PITCH_M
            routes.append(Route(middle + along[:, None] * step, headings, along - along[0]))
        if all(_is_clear(one, way) for one in routes):
            return routes
    return []


def _is_clear(cart: Route, way: Route) -> bool:
    """Tell whether a cart never meets the target, and stands off its way."""
    apart_m = np.linalg.norm(cart.position - way.position, axis=1).min()
    ends = cart.position[[0, -1]]
    return bool(apart_m > APART_M and distance(ends, way.position[::4]).min() > 2.0 * APART_M)
