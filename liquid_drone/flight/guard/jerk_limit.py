# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""From one velocity to another without a step: speed, acceleration and jerk are kept by proof.

A horizontal velocity is one complex number (forward + i left), a vertical one its real part.
From every state that this module makes, the velocity reached when the acceleration is taken away
at full jerk, in a straight line, is inside the speed limit. Taking it away therefore never leaves
the limit; each wish is blended with that way out until it keeps the same promise.

A stop brakes as late as its own, harder pace allows. What it leaves of the slope is therefore
taken away at the stop's jerk, also where flight goes on meanwhile: at the easy jerk the velocity
would run past its goal and swing back.
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
    v: complex,
    a: complex,
    goal: complex,
    most: float,
    pace: Pace,
    hard: Pace,
    dt_s: float,
    after_stop: bool = False,
) -> tuple[complex, complex, bool]:
    """Move a velocity towards a goal by one step.

    Returns the velocity, its slope, and whether a part of the slope that a stop left over is
    still to be taken away.

    Args:
        v: velocity now; above ``most`` where that was tightened in flight: then it slows down.
        a: its slope now, as this function returned it.
        goal: wished velocity, not above ``most``.
        most: largest speed, m/s.
        pace: keeps to this, except where ``a`` comes from a stop at the hard pace.
        hard: of a stop; not slower than ``pace``.
        dt_s: since the last call, s.
        after_stop: ``a`` comes from a stop at the hard pace, which is over.

    """
    if abs(v) > most * (1.0 + 1e-9):
        most = abs(v)
    is_easy = after_stop or abs(a) <= pace.acceleration * (1.0 + 1e-9)
    jerk = pace.jerk if is_easy and _stays_within(v, a, most, pace.jerk) else hard.jerk
    easing = pace.jerk if after_stop else jerk
    wanted = _wanted_slope(goal - v, pace.acceleration, easing, dt_s)
    wish, is_left = a + shorten(wanted - a, jerk * dt_s), False
    if after_stop:
        kept = _part_of(a, wanted)
        eased = kept + shorten(wanted - kept, easing * dt_s)
        is_left = abs(eased - a) > hard.jerk * dt_s
        wish = a + shorten(eased - a, hard.jerk * dt_s)
    if not _stays_within(v + wish * dt_s, wish, most, jerk):
        way_out = a - shorten(a, (hard.jerk if after_stop else jerk) * dt_s)
        wish = _blended(v, way_out, wish, most, jerk, dt_s)
    new = v + wish * dt_s
    is_left = after_stop and (is_left or not _stays_within(new, wish, most, pace.jerk))
    return (goal if abs(goal - new) < SNAP_M_S else new), wish, is_left


def _part_of(a: complex, wanted: complex) -> complex:
    """Return the part of a slope, none to all of it, that is nearest to the wanted one."""
    size = abs(a)
    if size < EPSILON:
        return a
    share = (wanted.real * a.real + wanted.imag * a.imag) / (size * size)
    return a * max(0.0, min(1.0, share))


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
