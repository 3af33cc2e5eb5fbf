# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A forest from a seed: where trees and undergrowth stand, what they look like in a season.

Everything keeps clear of ``Free``: the ways that something walks and the first line of sight.
Pure numpy; knows neither PyBullet nor a renderer.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...arrays import Colour, FloatArray
from ..scenario.season import Season
from ..scenario.world import Forest
from . import plants, textures
from .meshes import lathe
from .placement import Collection, distance, scatter, thin
from .scenery import Ground, Material, Model, Piece, Solid
from .terrain import Terrain
from .terrain import mesh as surface

BACKDROP_M = 14.0  # beyond the trees
BACKDROP_SIDES = 48
CONIFERS_AT_LEAST = 0.55  # of the far edge, in height
SIGHT_CLEARANCE_M = 0.9  # trunks stay this far from the first line of sight
START_CLEARANCE_M = 2.3  # trunks stay this far from the start: no crown hangs over it
PLANTED_M = 0.2  # radius of the trunks that a target weaves between
PLANTED_GAP_M = 0.1  # between them and the target, at least
LOW_CLEARANCE_M = 0.6  # bushes and rocks stay this far from what walks


@dataclass(frozen=True)
class Free:
    """Where nothing may stand."""

    paths: FloatArray  # (P, 2) points of the ways that something walks
    radius_m: float  # of the largest that walks there
    sight: FloatArray  # (S, 2) points from the target to the drone at the start
    planted: FloatArray  # (K, 2) where trunks must stand, close to the path


@dataclass(frozen=True)
class Trees:
    """K trees; every array has K entries."""

    position: FloatArray  # (K, 2) world ENU, metres
    radius: FloatArray  # trunk, metres
    height: FloatArray
    is_conifer: npt.NDArray[np.bool_]
    shade: FloatArray  # (K, 3) 0..1, picks variant, colour and brightness
    yaw: FloatArray


def bounds(line: FloatArray, forest: Forest) -> tuple[FloatArray, float]:
    """Return the corner (2,) and the side of the square that the ground covers."""
    low, high = line.min(axis=0), line.max(axis=0)
    side = float((high - low).max()) + 2.0 * (forest.corridor_m + BACKDROP_M)
    corner: FloatArray = (low + high) / 2.0 - side / 2.0
    return corner, side


def plant(forest: Forest, line: FloatArray, free: Free, rng: np.random.Generator) -> Trees:
    """Draw the trees along a line (N, 2), the path."""
    points = scatter(rng, line, forest.tree_density_per_m2, forest.corridor_m)
    thick = forest.trunk_radius_m[1]
    clear = (
        distance(points, free.paths) > max(forest.path_clearance_m, free.radius_m + 0.4) + thick
    )
    clear &= distance(points, free.sight) > SIGHT_CLEARANCE_M + thick
    clear &= distance(points, free.sight[-1:]) > START_CLEARANCE_M
    clear &= ~_in_clearings(points, line, forest, rng)
    planted = free.planted[distance(free.planted, free.sight) > SIGHT_CLEARANCE_M + thick]
    planted = planted[distance(planted, free.paths) > PLANTED_M + free.radius_m + PLANTED_GAP_M]
    points = thin(np.concatenate([planted, points[clear]]), forest.tree_spacing_m)
    count, kept = len(points), distance(points, planted) < 1e-9
    radius = rng.uniform(*forest.trunk_radius_m, size=count)
    return Trees(
        points,
        np.where(kept, PLANTED_M, radius),
        rng.uniform(*forest.tree_height_m, size=count),
        rng.random(count) < forest.conifer_share,
        rng.random((count, 3)),
        rng.uniform(0.0, 2.0 * math.pi, size=count),
    )


def _in_clearings(
    points: FloatArray, line: FloatArray, forest: Forest, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    centres = scatter(rng, line, forest.clearing_density_per_m2, forest.corridor_m)
    radii = rng.uniform(*forest.clearing_radius_m, size=len(centres))
    inside = np.zeros(len(points), dtype=bool)
    for centre, radius in zip(centres, radii, strict=True):
        inside |= np.hypot(*(points - centre).T) < radius
    return inside


class ForestBuilder:
    """Gathers what stands in one forest; holds only what building needs."""

    def __init__(
        self,
        forest: Forest,
        season: Season,
        terrain: Terrain,
        line: FloatArray,
        free: Free,
        rng: np.random.Generator,
    ) -> None:
        self._forest, self._season, self._terrain = forest, season, terrain
        self._line, self._free, self._rng = line, free, rng
        self.things = Collection()
        self.solids: list[Solid] = []

    def build(self, trees: Trees) -> None:
        """Add everything to ``things`` and ``solids``."""
        self._add_trees(trees)
        self._add_bushes(trees)
        self._add_rocks()
        self._add_fallen()
        self._add_tufts()
        self._add_flowers()
        self._add_edge()

    def _at(self, point: FloatArray) -> list[float]:
        return [float(point[0]), float(point[1]), float(self._terrain.height(point))]

    def _add_trees(self, trees: Trees) -> None:
        for i in range(len(trees.radius)):
            place = self._at(trees.position[i])
            wide = trees.radius[i] / plants.TRUNK_RADIUS_M
            high = trees.height[i] / plants.TREE_M
            model, tint = self._look(trees.is_conifer[i], trees.shade[i])
            self.things.add(model, place, trees.yaw[i], [wide, wide, high], tint)
            self._solidify(place, trees.radius[i], high, 0.6 + 0.6 * wide)

    def _solidify(self, place: list[float], radius: float, high: float, crown: float) -> None:
        """Add a trunk and a crown to bump into."""
        x, y, z = place
        base, top = plants.CROWN_BASE * plants.TREE_M * high, plants.TREE_M * high
        self.solids.append(
            Solid('cylinder', (float(radius), base + 0.4), (x, y, z + base / 2.0 - 0.2))
        )
        self.solids.append(Solid('cylinder', (crown, top - base), (x, y, z + (base + top) / 2.0)))

    def _look(self, is_conifer: bool, shade: FloatArray) -> tuple[Model, FloatArray]:
        """Return the model and the tint (3,) of a tree in this season."""
        season = self._season
        bark = pick(season.bark, shade[2])
        variant = int(shade[0] * plants.VARIANTS)
        light = 0.88 + 0.24 * ((7.3 * shade[1]) % 1.0)
        if is_conifer:
            return plants.conifer(variant, bark), light * np.array(pick(season.conifer, shade[1]))
        rank = (5.7 * shade[2]) % 1.0
        if rank < season.bare_share:
            return plants.bare(variant, bark), np.ones(3)
        colours = season.broadleaf
        if rank > 1.0 - season.blossom_share:
            colours = season.blossom
        return plants.broadleaf(variant, bark), light * np.array(pick(colours, shade[1]))

    def _scatter_low(self, density: float, keep_m: float) -> FloatArray:
        """Return spots for what is low: off the paths, and not under the first line of sight."""
        points = scatter(self._rng, self._line[::4], density, self._forest.corridor_m)
        keep = max(keep_m, self._free.radius_m + 0.2)
        return points[distance(points, self._free.paths) > keep]

    def _add_bushes(self, trees: Trees) -> None:
        season, rng = self._season, self._rng
        colours = season.bush or season.broadleaf
        points = self._scatter_low(self._forest.bush_density_per_m2, LOW_CLEARANCE_M + 0.6)
        points = points[distance(points, trees.position) > 0.5]
        for point in points:
            radius, (kind, shade, bare) = rng.uniform(*self._forest.bush_radius_m), rng.random(3)
            make = plants.twigs if bare < season.bare_share else plants.bush
            tint = np.array(pick(season.bark if make is plants.twigs else colours, shade))
            size = radius * np.array([1.2, 1.2, 1.0])
            self.things.add(make(int(3 * kind)), self._at(point), 6.3 * kind, size, tint)

    def _add_rocks(self) -> None:
        for point in self._scatter_low(self._forest.rock_density_per_m2, LOW_CLEARANCE_M + 0.6):
            kind, shade = self._rng.random(2)
            radius = float(self._rng.uniform(0.18, 0.55))
            place = self._at(point)
            tint = np.full(3, 0.8 + 0.35 * shade)
            self.things.add(plants.rock(int(3 * kind)), place, 40.0 * kind, [radius] * 3, tint)
            self.solids.append(
                Solid('sphere', (0.7 * radius,), (place[0], place[1], place[2] + 0.1 * radius))
            )

    def _add_fallen(self) -> None:
        points = self._scatter_low(self._forest.fallen_trunk_density_per_m2, 2.0)
        for point in points:
            kind, shade = self._rng.random(2)
            length, radius = self._rng.uniform(2.5, 5.0), self._rng.uniform(0.14, 0.26)
            yaw = float(self._rng.uniform(0.0, math.pi))
            along = np.array([math.cos(yaw), math.sin(yaw)])
            spots = point + np.linspace(-0.5, 0.5, 9)[:, None] * length * along
            if distance(spots, self._free.paths).min() < self._free.radius_m + LOW_CLEARANCE_M:
                continue
            model = plants.fallen_trunk(int(2 * kind), pick(self._season.bark, shade))
            x, y, z = self._at(point)
            self.things.add(model, [x, y, z], yaw, [length, radius, radius])
            size = (float(radius), float(length))
            self.solids.append(
                Solid('cylinder', size, (x, y, z + 0.8 * radius), yaw, math.pi / 2.0)
            )

    def _add_tufts(self) -> None:
        season, rng = self._season, self._rng
        density = self._forest.tuft_density_per_m2 * season.grass_share
        for point in self._scatter_low(density, 0.5):
            kind, shade, size = rng.random(3)
            tint = np.array(pick(season.grass, shade)) * (0.85 + 0.3 * size)
            scale = [0.8 + 0.6 * size] * 3
            self.things.add(plants.tuft(int(4 * kind)), self._at(point), 6.3 * kind, scale, tint)

    def _add_flowers(self) -> None:
        season = self._season
        if season.flowers:
            for point in self._scatter_low(season.flower_density_per_m2, 0.5):
                kind, shade = self._rng.random(2)
                self.things.add(
                    plants.flowers(int(3 * kind)),
                    self._at(point),
                    6.3 * kind,
                    tint=pick(season.flowers, shade),
                )

    def _add_edge(self) -> None:
        """Close the view: two rings of dark tops, beyond the last trees."""
        corner, side = bounds(self._line, self._forest)
        centre = [corner[0] + side / 2.0, corner[1] + side / 2.0, -0.5]
        season = self._season
        leafless = (1.0 - season.bare_share) * np.mean(season.broadleaf, axis=0)
        mixed = leafless + season.bare_share * np.mean(season.bark, axis=0)
        layers = ((0.47, 5.5, mixed), (0.49, 8.5, np.mean(season.conifer, axis=0)))
        for share, height, colour in layers:
            mesh = lathe([1.0, 1.0], [0.0, 1.0], BACKDROP_SIDES, None)
            mesh.vertices[BACKDROP_SIDES:, 2] = self._rng.uniform(0.6, 1.1, BACKDROP_SIDES)
            inside = type(mesh)(mesh.vertices, mesh.faces[:, ::-1], mesh.uv)
            tone = 0.8 * np.clip(colour, 0.0, 1.0)
            shown: Colour = (float(tone[0]), float(tone[1]), float(tone[2]))
            model = Model('edge', ((Piece(inside, shown, Material.NEEDLES),),))
            self.things.add(model, centre, 0.0, [share * side, share * side, height])

    def paint(self, trees: Trees) -> Ground:
        """Return the ground; the last thing to do, which takes most of the time."""
        terrain = self._terrain
        under = trees.position[~trees.is_conifer]
        picture = textures.forest_ground(
            self._rng, self._season, self._line, under, terrain.low, terrain.high
        )
        return Ground(surface(terrain), picture)


def pick(colours: tuple[Colour, ...], shade: float) -> Colour:
    """Return one of the colours for a shade 0..1."""
    return colours[min(int(shade * len(colours)), len(colours) - 1)]
