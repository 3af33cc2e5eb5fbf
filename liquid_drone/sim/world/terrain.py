# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The relief of the ground: heights on a square grid, flat where a flight begins. numpy only."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ...arrays import FloatArray
from .meshes import Mesh, ground_grid

CELLS = 32
WAVES, WAVE_LENGTH_M = 7, (16.0, 34.0)
FLAT_M, ROUGH_M = 3.0, 10.0  # from the first line of sight: flat to here, full relief from here


@dataclass(frozen=True)
class Terrain:
    """Heights (n, n) by x and y over a square; level beyond its edges."""

    low: FloatArray  # (2,) corner, metres
    cell_m: float
    heights: FloatArray  # (n, n) metres

    @property
    def high(self) -> FloatArray:
        """Return the opposite corner (2,)."""
        return self.low + self.cell_m * (len(self.heights) - 1)

    @cached_property
    def _is_level(self) -> bool:
        return not self.heights.any()

    def height(self, points: npt.ArrayLike) -> FloatArray:
        """Return the heights (...,) at points (..., 2), on the triangles that are drawn."""
        points, last = np.asarray(points, dtype=np.float64), len(self.heights) - 1
        if points.ndim == 1:
            return np.array(self.height_at(float(points[0]), float(points[1])))
        place = (points[..., :2] - self.low) / self.cell_m
        place = np.clip(place, 0.0, last - 1e-9)
        i, j = place[..., 0].astype(int), place[..., 1].astype(int)
        u, v = place[..., 0] - i, place[..., 1] - j
        h = self.heights
        a, b, c, d = h[i, j], h[i + 1, j], h[i + 1, j + 1], h[i, j + 1]
        height: FloatArray = np.where(
            u >= v, a + u * (b - a) + v * (c - b), a + v * (d - a) + u * (c - d)
        )
        return height

    def height_at(self, x: float, y: float) -> float:
        """Return the height at one point: :meth:`height`, a tenth of its time."""
        if self._is_level:
            return 0.0
        last = len(self.heights) - 1
        low_x, low_y = self.low.tolist()
        u = min(max((x - low_x) / self.cell_m, 0.0), last - 1e-9)
        v = min(max((y - low_y) / self.cell_m, 0.0), last - 1e-9)
        i, j = int(u), int(v)
        u, v = u - i, v - j
        (a, d), (b, c) = self.heights[i : i + 2, j : j + 2].tolist()
        height: float = a + u * (b - a) + v * (c - b) if u >= v else a + v * (d - a) + u * (c - d)
        return height


def flat(low: FloatArray, size_m: float) -> Terrain:
    """Return level ground, a square of ``size_m`` from a corner (2,)."""
    cells = CELLS // 2
    return Terrain(np.asarray(low, np.float64), size_m / cells, np.zeros((cells + 1, cells + 1)))


def mesh(terrain: Terrain) -> Mesh:
    """Return the surface as triangles."""
    return ground_grid(terrain.low, terrain.high, terrain.heights)


def rolling(
    rng: np.random.Generator, low: FloatArray, size_m: float, relief_m: float, start: FloatArray
) -> Terrain:
    """Return gentle waves of at most ``relief_m``, level between ``start`` (2,) and the origin."""
    grid = np.linspace(0.0, size_m, CELLS + 1)
    x, y = np.meshgrid(low[0] + grid, low[1] + grid, indexing='ij')
    total = np.zeros_like(x)
    for _ in range(WAVES):
        angle, phase = rng.uniform(0.0, 2.0 * math.pi, size=2)
        k = 2.0 * math.pi / rng.uniform(*WAVE_LENGTH_M)
        total += np.sin(k * (x * math.cos(angle) + y * math.sin(angle)) + phase)
    heights = relief_m * np.clip(total / (0.6 * WAVES), -1.0, 1.0)
    share = np.clip((_to_segment(x, y, start) - FLAT_M) / (ROUGH_M - FLAT_M), 0.0, 1.0)
    return Terrain(np.asarray(low), size_m / CELLS, heights * share**2 * (3.0 - 2.0 * share))


def _to_segment(x: FloatArray, y: FloatArray, end: FloatArray) -> FloatArray:
    """Return the distance of every point to the line from the origin to ``end`` (2,)."""
    t = np.clip((x * end[0] + y * end[1]) / max(float(end @ end), 1e-9), 0.0, 1.0)
    away: FloatArray = np.hypot(x - t * end[0], y - t * end[1])
    return away
