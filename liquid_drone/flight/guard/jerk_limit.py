# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""From one velocity to another without a step: speed, acceleration and jerk are kept by proof.

A horizontal velocity is one complex number (forward + i left), a vertical one its real part.
From every state that this module makes, the velocity reached when the acceleration is taken away
at full jerk, in a straight line, is inside the speed limit. Taking it away therefore never leaves
the limit; each wish is blended with that way out until it keeps the same promise.
"""

import math
from dataclasses import dataclass

BLENDS = 12  # halvings between a wish and the way out
EPSILON = 1e-12
SNAP_M_S = 1e-9  # rounding; nearer than that it is there


@dataclass(frozen=True)
class Pace:
    """How fast a velocity may change."""

    acceleration: float  # m/s2
    jerk: float  # m/s3


def glide(
    v: complex, a: complex, goal: complex, most: float, pace: Pace, hard: Pace, dt_s: float
) -> tuple[complex, complex]:
    """Move a velocity towards a goal; returns it and its slope after ``dt_s``.

    Args:
        v: velocity now; above ``most`` where that was tightened in flight: then it slows down.
        a: its slope now, as this function returned it.
        goal: wished velocity, not above ``most``.
        most: largest speed, m/s.
        pace: keeps to this, except where ``a`` comes from a stop at the hard pace.
        hard: of a stop; not slower than ``pace``.
        dt_s: since the last call, s.

    """
    if abs(v) > most * (1.0 + 1e-9):
        most = abs(v)
    is_easy = abs(a) <= pace.acceleration * (1.0 + 1e-9) and _stays_within(v, a, most, pace.jerk)
    jerk = pace.jerk if is_easy else hard.jerk
    wanted = _wanted_slope(goal - v, pace.acceleration, jerk, dt_s)
    wish = a + shorten(wanted - a, jerk * dt_s)
    if not _stays_within(v + wish * dt_s, wish, most, jerk):
        way_out = a - shorten(a, jerk * dt_s)
        wish = _blended(v, way_out, wish, most, jerk, dt_s)
    new = v + wish * dt_s
    return (goal if abs(goal - new) < SNAP_M_S else new), wish


def _stays_within(v: complex, a: complex, most: float, jerk: float) -> bool:
    """Tell whether the speed stays within ``most`` while the slope is taken away."""
    limit = most * (1.0 + 1e-9)
    return abs(v) <= limit and abs(v + a * (abs(a) / (2.0 * jerk))) <= limit


def _blended(
    v: complex, way_out: complex, wish: complex, most: float, jerk: float, dt_s: float
) -> complex:
    low, high = 0.0, 1.0
    for _ in range(BLENDS):
        middle = 0.5 * (low + high)
        slope = way_out + middle * (wish - way_out)
        if _stays_within(v + slope * dt_s, slope, most, jerk):
            low = middle
        else:
            high = middle
    return way_out + low * (wish - way_out)


def _wanted_slope(error: complex, acceleration: float, jerk: float, dt_s: float) -> complex:
    """Return the slope from which it can still ease out onto the goal."""
    distance = abs(error)
    if distance < EPSILON:
        return 0j
    # The slope shrinks by one jerk step at a time. From n = k + f such steps (k whole) it covers
    # (k + 1) (f + k / 2) step widths while it eases out; solved here for n.
    jerk_step = jerk * dt_s
    widths = distance / (jerk_step * dt_s)
    whole = math.floor(math.sqrt(0.25 + 2.0 * widths) - 0.5)
    size = min(acceleration, jerk_step * (widths / (whole + 1) + whole / 2))
    return error * (size / distance)


def shorten(vector: complex, longest: float) -> complex:
    """Return a vector of the same direction that is not longer than ``longest``."""
    try:
        size = abs(vector)
    except OverflowError:  # longer than a float can be; a power of two keeps the direction
        return shorten(vector / 2.0, longest)
    return vector if size <= longest else vector * (longest / size)
