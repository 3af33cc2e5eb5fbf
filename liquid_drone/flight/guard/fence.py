# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Fences: a circle and a polygon around home, and a distance to the target, as speed limits.

All of it works the same way: the nearer an edge, the slower it may be approached, and on the wrong
side of it only what leads back is left. Nothing here pulls the vehicle back. Velocities and places
are complex numbers, east + i north, relative to home. Pure.
"""

import math
import re
from collections.abc import Sequence

from ...errors import ConfigError

EDGE_GAIN_PER_S = 0.5  # speed allowed towards an edge, for each metre that is left
FADE_M = 1.0  # behind a fence, where motion along it ends
PASSES = 4  # over all edges, so that a corner of two is kept too
EXAMPLE = '20,30; -20,30; -20,-10; 20,-10'
Polygon = tuple[complex, ...]


def parse_polygon(text: str) -> Polygon | None:
    """Read corners ``east,north; east,north; ...`` in metres from home; empty: no polygon.

    Raises:
        ConfigError: not at least three corners of two numbers, or edges that cross.

    """
    if not text.strip():
        return None
    corners = []
    for part in text.strip().strip(';').split(';'):
        try:
            east, north = (float(number) for number in re.split(r'[,\s]+', part.strip()))
        except ValueError:
            raise _refusal(f"'{part.strip()}' is not a corner") from None
        corners.append(complex(east, north))
    return checked(corners)


def checked(corners: Sequence[complex]) -> Polygon:
    """Return a polygon, or say what is wrong with it.

    Raises:
        ConfigError: as :func:`parse_polygon`.

    """
    if len(corners) < 3 or not all(math.isfinite(abs(corner)) for corner in corners):
        raise _refusal(f'expected three or more corners, got {len(corners)}')
    edges = _edges(corners)
    for i, (a, b) in enumerate(edges):
        for c, d in edges[i + 2 : len(edges) - (i == 0)]:
            if _crosses(a, b, c, d):
                raise _refusal('two edges cross each other')
    return tuple(corners)


def _refusal(reason: str) -> ConfigError:
    return ConfigError(f"fence_polygon: {reason}; expected 'east,north; ...', such as '{EXAMPLE}'")


def _edges(corners: Sequence[complex]) -> list[tuple[complex, complex]]:
    return list(zip(corners, [*corners[1:], corners[0]], strict=True))


def _crosses(a: complex, b: complex, c: complex, d: complex) -> bool:
    def side(p: complex, q: complex, r: complex) -> float:
        return ((q - p).conjugate() * (r - p)).imag

    return side(a, b, c) * side(a, b, d) <= 0.0 and side(c, d, a) * side(c, d, b) <= 0.0


def is_inside(place: complex, polygon: Polygon) -> bool:
    """Tell whether a place is inside; exactly on an edge either answer is right."""
    inside = False
    for a, b in _edges(polygon):
        if (a.imag > place.imag) != (b.imag > place.imag):
            east = a.real + (place.imag - a.imag) / (b.imag - a.imag) * (b.real - a.real)
            inside = inside != (place.real < east)
    return inside


def within_circle(v: complex, place: complex, radius_m: float) -> complex:
    """Slow down towards a circle around home; beyond it only what leads inward is left.

    What leads along the circle fades out too, within ``FADE_M`` behind it: in a curve along it
    the lag of the vehicle would carry it further and further outward.
    """
    distance = abs(place)
    if distance < 1e-6:
        return v
    return _before_edge(v, place / distance, radius_m - distance)


def within_polygon(v: complex, place: complex, polygon: Polygon) -> complex:
    """Slow down towards every edge of a polygon; outside it only what leads inward is left."""
    offsets = [_nearest(place, a, b) - place for a, b in _edges(polygon)]
    if not is_inside(place, polygon):
        offset = min(offsets, key=abs)
        distance = abs(offset)
        return 0j if distance < 1e-9 else _before_edge(v, -offset / distance, -distance)
    near = [offset for offset in offsets if 1e-9 < abs(offset) < abs(v) / EDGE_GAIN_PER_S]
    for _ in range(PASSES):
        for offset in near:
            v = toward(v, offset / abs(offset), EDGE_GAIN_PER_S * abs(offset))
    worst = max(
        ((v * o.conjugate()).real / abs(o) - EDGE_GAIN_PER_S * abs(o) for o in near), default=0.0
    )
    return v if worst < 1e-6 else 0j  # a corner too sharp to slide along


def _nearest(place: complex, a: complex, b: complex) -> complex:
    """Return the point of an edge that is nearest to a place."""
    along = b - a
    length = abs(along)
    if length < 1e-9:
        return a
    share = ((place - a) * along.conjugate()).real / length**2
    return a + along * max(0.0, min(1.0, share))


def _before_edge(v: complex, outward: complex, left_m: float) -> complex:
    speed_out = (v * outward.conjugate()).real
    out = min(speed_out, EDGE_GAIN_PER_S * max(0.0, left_m))
    keep = max(0.0, min(1.0, 1.0 + left_m / FADE_M))
    if out == speed_out and keep == 1.0:
        return v
    return keep * (v - speed_out * outward) + out * outward


def toward(v: complex, direction: complex, most: float) -> complex:
    """Let not more than ``most`` of a velocity lead in a direction (of length 1)."""
    excess = (v * direction.conjugate()).real - most
    return v if excess <= 0.0 else v - excess * direction
