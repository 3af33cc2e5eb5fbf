# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A town from a seed: houses, plazas, parked cars and what stands along the pavements.

Nothing stands on the ways that something walks, nor on the first line of sight. Pure numpy; knows
neither PyBullet nor a renderer.
"""

import itertools
import math

import numpy as np

from ....arrays import Colour, FloatArray
from ...scenario.season import Season
from ...scenario.world import Urban
from .. import plants
from ..forest import SIGHT_CLEARANCE_M, START_CLEARANCE_M, Free, pick
from ..placement import Collection, distance
from ..scenery import Material, Model, Solid
from . import models
from .streets import BLOCKS, StreetPlan

BRICKS = ((0.56, 0.27, 0.20), (0.48, 0.24, 0.19), (0.63, 0.38, 0.27))
PLASTER = ((0.84, 0.78, 0.66), (0.88, 0.86, 0.80), (0.78, 0.66, 0.52), (0.70, 0.74, 0.74))
CONCRETE = ((0.62, 0.61, 0.58), (0.70, 0.69, 0.66))
TILES = ((0.45, 0.20, 0.14), (0.28, 0.27, 0.28), (0.36, 0.22, 0.17))
PAINTS = ((0.75, 0.75, 0.77), (0.10, 0.10, 0.12), (0.52, 0.09, 0.09), (0.88, 0.88, 0.86),
          (0.36, 0.38, 0.40), (0.16, 0.28, 0.22), (0.55, 0.47, 0.35))  # fmt: skip
AWNINGS = ((0.62, 0.16, 0.13), (0.16, 0.35, 0.28), (0.82, 0.70, 0.42), (0.22, 0.28, 0.45))
PANE: Colour = (0.13, 0.15, 0.18)
SNOWY, ROOF_SNOW = (0.90, 0.92, 0.95), 0.85
DETAIL_M = 45.0  # shop fronts and cornices are seen to here
STOREY_M, SHOP_M = 3.0, 3.0
CROSSING_M = 3.0  # nothing stands this near to a crossing's corner
CAR_GAP_M, CAR_KERB_M = 1.1, 0.15
STREET_TREE_M = (7.0, 9.0)
TRUNK_M = (0.11, 0.17)
KEPT_M = 0.45  # air between what stands and what walks
PLANTED_M = 0.2


class TownBuilder:
    """Gathers what stands in one town; holds only what building needs."""

    def __init__(
        self, urban: Urban, season: Season, plan: StreetPlan, free: Free, rng: np.random.Generator
    ) -> None:
        self._urban, self._season, self._plan, self._free = urban, season, plan, free
        self._rng = rng
        self.things = Collection()
        self.solids: list[Solid] = []
        self.trees: list[FloatArray] = []  # (2,) each
        self._white = ROOF_SNOW * season.snow

    def build(self, low: FloatArray, high: FloatArray) -> None:
        """Add everything within the square to ``things`` and ``solids``."""
        free, planted = self._free, self._free.planted
        for point in planted[distance(planted, free.paths) > PLANTED_M + free.radius_m + 0.1]:
            self._add_tree(point, PLANTED_M)
        for i in range(BLOCKS):
            for j in range(BLOCKS):
                x0, y0, x1, y1 = self._plan.block(i, j)
                if x1 > low[0] and x0 < high[0] and y1 > low[1] and y0 < high[1]:
                    if self._plan.is_plaza[i, j]:
                        self._add_plaza(x0, y0, x1, y1)
                    else:
                        self._add_houses(x0, y0, x1, y1)
                    self._add_street_sides(x0, y0, x1, y1)

    # houses

    def _add_houses(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Fill a block with two rows of houses, back to back."""
        low, high = self._urban.buildings_per_block
        count = int(self._rng.integers(low, high + 1))
        middle = (y0 + y1) / 2.0
        front = (count + 1) // 2
        self._add_row(x0, x1, y0, middle - 0.5, front, -1)
        if count > front:
            self._add_row(x0, x1, middle + 0.5, y1, count - front, 1)

    def _add_row(
        self, x0: float, x1: float, y0: float, y1: float, count: int, street: int
    ) -> None:
        """Add a row of houses; ``street``: on which side of y it lies."""
        cuts = np.linspace(x0, x1, count + 1)
        cuts[1:-1] += self._rng.uniform(-1.5, 1.5, size=count - 1)
        for a, b in itertools.pairwise(cuts.tolist()):
            inset = float(self._rng.uniform(0.1, 0.5))
            near, far = (y0 + inset, y1) if street < 0 else (y0, y1 - inset)
            self._add_house(a + 0.1, near, b - 0.1, far, street)

    def _add_house(self, x0: float, y0: float, x1: float, y1: float, street: int) -> None:
        rng = self._rng
        storeys = max(2, round(rng.uniform(*self._urban.building_height_m) / STOREY_M))
        high = storeys * STOREY_M + 0.6
        centre, size = ((x0 + x1) / 2.0, (y0 + y1) / 2.0), (x1 - x0, y1 - y0)
        self.solids.append(Solid('box', (*size, high), (*centre, high / 2.0)))
        style, shade = rng.random(2)
        if style < 0.34:  # plaster or brick with windows, a shop below, often a pitched roof
            colour = pick(PLASTER + BRICKS, shade)
            self._block(Material.WINDOWS, centre, size, 0.0, high, colour)
            self._add_shop(centre, size, street)
            self._add_roof(centre, size, high)
        elif style < 0.66:
            self._block(Material.BRICK, centre, size, 0.0, high, pick(BRICKS, shade))
            self._add_windows(centre, size, storeys, 0.82)
            self._add_roof(centre, size, high)
        elif style < 0.86:
            self._block(Material.CONCRETE, centre, size, 0.0, high, pick(CONCRETE, shade))
            self._add_windows(centre, size, storeys, 0.94)
            self._add_cornice(centre, size, high)
        else:
            self._block(Material.GLASS, centre, size, 0.0, high, (0.30, 0.38, 0.42))
            for floor in range(storeys + 1):
                self._slab(Material.CONCRETE, centre, size, floor * STOREY_M, 0.35, CONCRETE[1])
            self._add_cornice(centre, size, high)

    def _block(
        self,
        material: Material,
        centre: tuple[float, float],
        size: tuple[float, float],
        low: float,
        high: float,
        colour: Colour,
        reach_m: float = 0.0,
    ) -> None:
        """Put a box between two heights."""
        model = models.block(material, reach_m)
        self.things.add(model, [*centre, low], 0.0, [*size, high - low], colour)

    def _slab(
        self,
        material: Material,
        centre: tuple[float, float],
        size: tuple[float, float],
        low: float,
        thick: float,
        colour: Colour,
        out: float = 0.12,
    ) -> None:
        wide = (size[0] + out, size[1] + out)
        self._block(material, centre, wide, low, low + thick, colour, DETAIL_M)

    def _add_windows(
        self, centre: tuple[float, float], size: tuple[float, float], storeys: int, share: float
    ) -> None:
        """Add a band of panes around each storey, broken at the corners."""
        for floor in range(storeys):
            low = floor * STOREY_M + 0.9
            for wide in ((size[0] * share, size[1] + 0.06), (size[0] + 0.06, size[1] * share)):
                self._block(Material.GLASS, centre, wide, low, low + 1.4, PANE, 60.0)

    def _add_shop(
        self, centre: tuple[float, float], size: tuple[float, float], street: int
    ) -> None:
        """Add a shop front with an awning towards the street."""
        face = centre[1] + street * size[1] / 2.0
        wide = 0.8 * size[0]
        self._block(Material.GLASS, (centre[0], face), (wide, 0.1), 0.35, 2.6, PANE, DETAIL_M)
        cloth = pick(AWNINGS, float(self._rng.random()))
        out = face + street * 0.1
        self._block(
            Material.PLAIN, (centre[0], out), (wide + 0.4, 0.5), 2.75, 3.0, cloth, DETAIL_M
        )

    def _add_roof(
        self, centre: tuple[float, float], size: tuple[float, float], high: float
    ) -> None:
        tile, pitched, height = self._rng.random(3)
        if pitched < 0.6:
            scale = [size[0] + 0.5, size[1] + 0.5, 1.6 + 1.4 * height]
            place = [*centre, high - 0.05]
            tint = np.array(pick(TILES, tile)) * (1.0 - self._white) + self._white * np.array(
                SNOWY
            )
            self.things.add(models.gable(), place, 0.0, scale, tint)
        else:
            self._add_cornice(centre, size, high)

    def _add_cornice(
        self, centre: tuple[float, float], size: tuple[float, float], high: float
    ) -> None:
        self._slab(Material.CONCRETE, centre, size, high - 0.3, 0.45, CONCRETE[0], 0.4)
        if self._rng.random() < 0.5:
            spot = (centre[0] + 0.2 * size[0], centre[1])
            self._block(Material.CONCRETE, spot, (2.2, 1.8), high, high + 1.5, CONCRETE[1])

    # along the streets

    def _add_street_sides(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Add lamps, trees, benches and parked cars along the four pavements of a block."""
        sides = (
            ((x0, y0), (x1, y0), (0.0, -1.0)),
            ((x1, y0), (x1, y1), (1.0, 0.0)),
            ((x1, y1), (x0, y1), (0.0, 1.0)),
            ((x0, y1), (x0, y0), (-1.0, 0.0)),
        )
        for start, end, outward in sides:
            a, b, out = np.array(start), np.array(end), np.array(outward)
            self._add_lamps(a, b, out)
            self._add_trees(a, b, out)
            self._add_benches(a, b, out)
            self._add_cars(a, b, out)

    def _spots(self, a: FloatArray, b: FloatArray, spacing_m: float) -> list[FloatArray]:
        """Return places (2,) along a side, a spacing apart, with a random beginning."""
        length = float(np.linalg.norm(b - a))
        first = CROSSING_M / 2.0 + float(self._rng.uniform(0.0, spacing_m))
        return [a + (b - a) * s / length for s in np.arange(first, length - 1.0, spacing_m)]

    def _add_lamps(self, a: FloatArray, b: FloatArray, out: FloatArray) -> None:
        kerb = self._urban.pavement_width_m - 0.35
        yaw = math.atan2(out[1], out[0])
        for spot in self._spots(a, b, self._urban.lamp_spacing_m):
            place = spot + kerb * out
            if self._is_free(place, models.LAMP_RADIUS_M):
                self.things.add(models.lamp_post(), [*place, 0.0], yaw)
                size = (models.LAMP_RADIUS_M, models.LAMP_M)
                self._stand('cylinder', size, place)

    def _add_trees(self, a: FloatArray, b: FloatArray, out: FloatArray) -> None:
        kerb = self._urban.pavement_width_m - 0.6
        if self._rng.random() < 0.3:  # a street without trees on this side
            return
        for spot in self._spots(a, b, self._urban.tree_spacing_m):
            self._add_tree(spot + kerb * out, float(self._rng.uniform(*TRUNK_M)))

    def _add_tree(self, place: FloatArray, radius: float) -> None:
        rng, season = self._rng, self._season
        shade, (yaw, height) = rng.random(3), rng.random(2)
        near_sight = distance(place[None], self._free.sight)[0] < radius + SIGHT_CLEARANCE_M
        near_sight |= distance(place[None], self._free.sight[-1:])[0] < START_CLEARANCE_M
        if near_sight or (radius != PLANTED_M and not self._is_free(place, radius)):
            return
        bark = pick(season.bark, shade[2])
        tree: Model = plants.broadleaf(int(shade[0] * plants.VARIANTS), bark)
        colours = season.blossom if shade[2] < 1.4 * season.blossom_share else season.broadleaf
        tint = np.array(pick(colours, shade[1])) * (0.9 + 0.2 * height)
        if rng.random() < season.bare_share:
            tree, tint = plants.bare(int(shade[0] * plants.VARIANTS), bark), np.ones(3)
        high = (STREET_TREE_M[0] + height * (STREET_TREE_M[1] - STREET_TREE_M[0])) / plants.TREE_M
        wide = max(radius / plants.TRUNK_RADIUS_M, 0.72)
        self.things.add(tree, [*place, 0.0], 6.3 * yaw, [wide, wide, high], tint)
        base, top = plants.CROWN_BASE * plants.TREE_M * high, plants.TREE_M * high
        self._stand('cylinder', (wide * plants.TRUNK_RADIUS_M, base), place)
        self._stand('cylinder', (1.6 * wide, top - base), place, base)
        self.trees.append(place)

    def _add_benches(self, a: FloatArray, b: FloatArray, out: FloatArray) -> None:
        yaw = math.atan2(out[1], out[0])
        along = np.array([-out[1], out[0]])
        for spot in self._spots(a, b, self._urban.bench_spacing_m):
            self._add_bench(spot + 0.45 * out, yaw)
            place = spot + 0.35 * out + 1.5 * along
            if self._rng.random() < 0.5 and self._is_free(place, models.BIN_M[0]):
                self.things.add(models.bin_(), [*place, 0.0])
                self._stand('cylinder', models.BIN_M, place)

    def _add_bench(self, place: FloatArray, yaw: float) -> None:
        if self._is_free(place, models.BENCH_M[0] / 2.0):
            self.things.add(models.bench(), [*place, 0.0], yaw)
            long, deep, high = models.BENCH_M
            self._stand('box', (deep, long, high), place, yaw=yaw)

    def _add_cars(self, a: FloatArray, b: FloatArray, out: FloatArray) -> None:
        """Park cars along the kerb, heading along the street."""
        long, wide, high = models.CAR_M
        reach = self._urban.pavement_width_m + CAR_KERB_M + wide / 2.0
        slot = long + CAR_GAP_M
        share = min(1.0, slot / self._urban.parked_car_spacing_m)
        heading = math.atan2(*(b - a)[::-1])
        for spot in self._spots(a, b, slot):
            taken, paint, turn, kind = self._rng.random(4)
            place = spot + reach * out
            if taken < share and self._is_free(place, long / 2.0, along=b - a):
                yaw = heading + math.radians(4.0) * (turn - 0.5)
                model = models.car(int(kind > 0.8))
                self.things.add(model, [*place, 0.0], yaw, tint=pick(PAINTS, paint))
                self._stand('box', (long, wide, high), place, yaw=yaw)

    # plazas

    def _add_plaza(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Add a fountain, troughs with flowers, trees and benches."""
        centre = np.array([(x0 + x1) / 2.0, (y0 + y1) / 2.0])
        half = np.array([x1 - x0, y1 - y0]) / 2.0
        radius, high = models.FOUNTAIN_M
        if self._is_free(centre, radius):
            self.things.add(models.fountain(), [*centre, 0.0])
            self._stand('cylinder', (radius, 0.5), centre)
            self._stand('cylinder', (0.6, high), centre)
        for k in range(8):
            angle = math.pi / 4.0 * k
            out = np.array([math.cos(angle), math.sin(angle)])
            self._add_bench(centre + out * 5.5, angle + math.pi)
            ring = centre + out * half * (0.95 if k % 2 else 0.72)
            if k % 2 == 0:
                self._add_tree(ring, 0.16)
            else:
                self._add_planter(ring * 0.92 + centre * 0.08)
        for _ in range(5):
            spot = centre + self._rng.uniform(-0.85, 0.85, size=2) * half
            self._add_tree(spot, 0.15)

    def _add_planter(self, place: FloatArray) -> None:
        season, (long, wide, high) = self._season, models.PLANTER_M
        if not self._is_free(place, long / 2.0):
            return
        self.things.add(models.planter(), [*place, 0.0])
        self._stand('box', (long, wide, high), place)
        kind, shade = self._rng.random(2)
        if season.bare_share < 0.5:
            tint = pick(season.bush or season.broadleaf, shade)
            self.things.add(plants.bush(int(3 * kind)), [*place, high], 0.0, [0.5] * 3, tint)
        shades = self._rng.random(4)  # drawn in each season: none moves what comes next
        if season.flowers:
            for k, (dx, dy) in enumerate(((-0.4, -0.4), (0.4, 0.4), (-0.4, 0.4), (0.4, -0.4))):
                spot = [place[0] + dx, place[1] + dy, high]
                tint = pick(season.flowers, float(shades[k]))
                self.things.add(plants.flowers(int(3 * kind)), spot, dx, tint=tint)

    def _is_free(self, place: FloatArray, radius: float, along: FloatArray | None = None) -> bool:
        """Tell whether something of a radius, or a row of discs along a car, is in no way."""
        spots = place[None]
        if along is not None:
            step = along / np.linalg.norm(along)
            spots = place + np.linspace(-0.6, 0.6, 3)[:, None] * radius * 1.2 * step
            radius = models.CAR_M[1] / 2.0 + 0.1
        keep = radius + self._free.radius_m + KEPT_M
        clear = distance(spots, self._free.paths).min() > keep
        return bool(clear and distance(spots, self._free.sight).min() > radius + SIGHT_CLEARANCE_M)

    def _stand(
        self,
        shape: str,
        size: tuple[float, ...],
        place: FloatArray,
        low: float = 0.0,
        yaw: float = 0.0,
    ) -> None:
        """Add something to bump into that stands on the ground or begins at a height."""
        high = size[2] if shape == 'box' else size[1]
        centre = (float(place[0]), float(place[1]), low + high / 2.0)
        kind = 'box' if shape == 'box' else 'cylinder'
        self.solids.append(Solid(kind, tuple(float(s) for s in size), centre, yaw))  # type: ignore[arg-type]
