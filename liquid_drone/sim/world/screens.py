# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a screen is made of: trunks side by side in a forest; walls and parked trailers in a town.

All are higher than a drone flies and closed but for the gap. Pure numpy.
"""

import math
from collections.abc import Callable

import numpy as np

from ...arrays import Colour, FloatArray
from ..scenario.season import Season
from . import plants
from .placement import Collection
from .scenery import Material, Solid
from .town import models
from .tracks import THICK_M, TRUNK_M, HidingRow

TRUNK_HIGH = 1.15  # of a usual tree's height
WALL_M, WALL_HIGH_M = 0.3, 2.9
TRAILER_M = THICK_M  # narrow: who looks through the gap sees the turn behind it
TRAILER_HIGH_M, TRAILER_LONG_M = 2.9, 6.0
BRICK: Colour = (0.56, 0.27, 0.20)
TARPAULINS = ((0.80, 0.80, 0.78), (0.20, 0.27, 0.42), (0.30, 0.36, 0.28), (0.45, 0.45, 0.47))


def plant_trunks(
    screen: HidingRow,
    season: Season,
    things: Collection,
    height_at: Callable[[FloatArray], float],
    rng: np.random.Generator,
) -> list[Solid]:
    """Plant conifers so near to one another that nobody sees between them."""
    solids = []
    for spot in screen.trunks():
        bark, needles, kind, yaw = rng.random(4)
        model = plants.conifer(int(kind * plants.VARIANTS), _pick(season.bark, bark))
        x, y, z = float(spot[0]), float(spot[1]), height_at(spot)
        wide = TRUNK_M / plants.TRUNK_RADIUS_M
        tint = np.array(_pick(season.conifer, needles))
        things.add(model, [x, y, z], 6.3 * yaw, [wide, wide, TRUNK_HIGH], tint)
        base = plants.CROWN_BASE * plants.TREE_M * TRUNK_HIGH
        solids.append(Solid('cylinder', (TRUNK_M, base + 0.4), (x, y, z + base / 2.0 - 0.2)))
    return solids


def build_row(screen: HidingRow, things: Collection, rng: np.random.Generator) -> list[Solid]:
    """Put a wall, or trailers one behind the other, on both sides of the gap."""
    is_wall = rng.random() < 0.5
    solids = []
    for sign in (-1.0, 1.0):
        near, far = screen.side(sign)
        paints = rng.random(8)
        count = 1 if is_wall else max(round(screen.length_m / TRAILER_LONG_M), 1)
        wide, high = (WALL_M, WALL_HIGH_M) if is_wall else (TRAILER_M, TRAILER_HIGH_M)
        for k in range(count):
            share = (k + 0.5) / count
            middle = near + share * (far - near) - wide / 2.0 * screen.ahead
            size = (screen.length_m / count, wide, high)
            colour = BRICK if is_wall else _pick(TARPAULINS, paints[k % len(paints)])
            solids.append(_box(things, middle, size, _yaw(screen), is_wall, colour))
    return solids


def _box(
    things: Collection,
    middle: FloatArray,
    size: tuple[float, float, float],
    yaw: float,
    is_wall: bool,
    colour: Colour,
) -> Solid:
    """Add a wall, or a trailer with wheels that hardly stand out, and return what it bumps."""
    x, y = middle.tolist()
    material = Material.BRICK if is_wall else Material.PLAIN
    things.add(models.block(material), [x, y, 0.0], yaw, size, colour)
    if not is_wall:
        dark = (0.82 * size[0], size[1] + 0.06, 0.7)
        things.add(models.block(Material.PLAIN), [x, y, 0.0], yaw, dark, models.DARK)
    return Solid('box', size, (x, y, size[2] / 2.0), yaw)


def _yaw(screen: HidingRow) -> float:
    return math.atan2(screen.along[1], screen.along[0])


def _pick(colours: tuple[Colour, ...], shade: float) -> Colour:
    return colours[min(int(shade * len(colours)), len(colours) - 1)]
