# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Paint the ground of a town: asphalt with markings, kerbs, paving, plazas, leaves and snow."""

import cv2
import numpy as np
import numpy.typing as npt

from ....arrays import Colour, FloatArray, Image
from ...scenario.season import Season
from ..textures import GroundPainter, blend, for_each_colour, value_noise
from .streets import BLOCKS, StreetPlan

Pixel = tuple[int, int]
PIXELS = 1024
ASPHALT, PAVING, KERB = (0.27, 0.27, 0.28), (0.58, 0.56, 0.53), (0.76, 0.75, 0.72)
PLAZA, YARD, PAINT = (0.66, 0.59, 0.50), (0.45, 0.44, 0.41), (0.88, 0.88, 0.86)
SLAB_M, LINE_M, DASH_M = 1.5, 0.22, (1.6, 2.6)
ZEBRA_M = (0.5, 2.6)  # width of a stripe and of the crossing
LAWN_SHARE = 0.3  # of a plaza's half side, from its edge


class TownPainter:
    """Paints one town; holds only what painting needs."""

    def __init__(
        self,
        plan: StreetPlan,
        season: Season,
        low: FloatArray,
        high: FloatArray,
        rng: np.random.Generator,
    ) -> None:
        self._plan, self._season, self._rng = plan, season, rng
        self._low = float(low[0]), float(low[1])
        self._high = float(high[0]), float(high[1])
        self._painter = GroundPainter(low, high, PIXELS)
        self._noise = value_noise(self._rng, PIXELS, 24, 5)
        self._grain = self._rng.random((PIXELS, PIXELS), dtype=np.float32)

    def paint(self, trees: list[FloatArray]) -> Image:
        """Paint it all; ``trees`` (2,) each get pits, and leaves around them."""
        self._painter.picture[:] = ASPHALT
        grass = blend(self._season.grass, self._noise * 1.6 - 0.3)
        lawns = np.zeros((PIXELS, PIXELS), np.float32)
        for i in range(BLOCKS):
            for j in range(BLOCKS):
                self._paint_block(i, j, lawns)
        self._mark_roads()
        for x, y in trees:
            self._fill(x - 0.6, y - 0.6, x + 0.6, y + 0.6, (0.30, 0.23, 0.16))
        self._painter.mix(grass, lawns)
        dirt = 0.80 + 0.22 * self._noise + 0.12 * self._grain
        self._painter.picture *= for_each_colour(dirt)
        self._cover(np.array(trees).reshape(-1, 2), lawns)
        return self._painter.done()

    def _box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[Pixel, Pixel]:
        """Return two corners in pixels, at most just outside of the picture."""
        return self._pixel(x0, y0), self._pixel(x1, y1)

    def _pixel(self, x: float, y: float) -> Pixel:
        scale = self._painter.scale
        column, row = (x - self._low[0]) * scale, PIXELS - (y - self._low[1]) * scale
        return (
            round(min(max(column, -9.0), PIXELS + 9.0)),
            round(min(max(row, -9.0), PIXELS + 9.0)),
        )

    def _sees(self, x0: float, y0: float, x1: float, y1: float) -> bool:
        """Tell whether a box (x0 < x1, y0 < y1) is in the picture at all."""
        (low_x, low_y), (high_x, high_y) = self._low, self._high
        return x1 > low_x and x0 < high_x and y1 > low_y and y0 < high_y

    def _fill(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        if self._sees(x0, y0, x1, y1):
            a, b = self._box(x0, y0, x1, y1)
            cv2.rectangle(self._painter.picture, a, b, colour, cv2.FILLED)

    def _paint_block(self, i: int, j: int, lawns: npt.NDArray[np.float32]) -> None:
        x0, y0, x1, y1 = self._plan.block(i, j)
        wide = self._plan.pavement_m
        if not self._sees(x0 - wide, y0 - wide, x1 + wide, y1 + wide):
            return
        self._fill(x0 - wide, y0 - wide, x1 + wide, y1 + wide, KERB)
        w = wide - 0.25
        self._fill(x0 - w, y0 - w, x1 + w, y1 + w, PAVING)
        self._draw_slabs(x0 - w, y0 - w, x1 + w, y1 + w)
        if not self._plan.is_plaza[i, j]:
            self._fill(x0, y0, x1, y1, YARD)
            return
        self._fill(x0, y0, x1, y1, PLAZA)
        self._draw_slabs(x0, y0, x1, y1, 2.0)
        deep = LAWN_SHARE * min(x1 - x0, y1 - y0) / 2.0
        a, b = self._box(x0 + 0.8, y0 + 0.8, x1 - 0.8, y1 - 0.8)
        cv2.rectangle(lawns, a, b, 1.0, max(1, round(deep * self._painter.scale)))
        middle_x, middle_y, gap = (x0 + x1) / 2.0, (y0 + y1) / 2.0, 2.2
        for box in (
            (x0 - 1.0, middle_y - gap, x1 + 1.0, middle_y + gap),
            (middle_x - gap, y0 - 1.0, middle_x + gap, y1 + 1.0),
        ):
            a, b = self._box(*box)
            cv2.rectangle(lawns, a, b, 0.0, cv2.FILLED)

    def _draw_slabs(
        self, x0: float, y0: float, x1: float, y1: float, step_m: float = SLAB_M
    ) -> None:
        """Draw the joints between paving slabs."""
        colour = [0.50, 0.48, 0.45]
        lines = [(x, y0, x, y1) for x in np.arange(x0, x1, step_m).tolist()]
        lines += [(x0, y, x1, y) for y in np.arange(y0, y1, step_m).tolist()]
        for line in lines:
            a, b = self._box(*line)
            cv2.line(self._painter.picture, a, b, colour, 1)

    def _mark_roads(self) -> None:
        """Draw dashed middle lines and zebra crossings."""
        plan, half = self._plan, LINE_M / 2.0
        dash, pace = DASH_M[0], sum(DASH_M)
        inner = plan.road_m / 2.0 + ZEBRA_M[1] + 1.0
        xs, ys = plan.x.tolist(), plan.y.tolist()
        for i in range(BLOCKS):
            for x in xs:
                for y in np.arange(ys[i] + inner, ys[i + 1] - inner, pace).tolist():
                    self._fill(x - half, y, x + half, y + dash, PAINT)
            for y in ys:
                for x in np.arange(xs[i] + inner, xs[i + 1] - inner, pace).tolist():
                    self._fill(x, y - half, x + dash, y + half, PAINT)
        for x in xs:
            for y in ys:
                self._draw_zebras(x, y)

    def _draw_zebras(self, x: float, y: float) -> None:
        """Draw the four zebra crossings around a crossing."""
        half, (stripe, wide) = self._plan.road_m / 2.0, ZEBRA_M
        near, far = half + 0.4, half + 0.4 + wide
        if not self._sees(x - far, y - far, x + far, y + far):
            return
        for at in np.arange(-half + 0.3, half - 0.3, 2.0 * stripe).tolist():
            for sign in (-1.0, 1.0):
                a, b = sorted((sign * near, sign * far))
                self._fill(x + a, y + at, x + b, y + at + stripe, PAINT)
                self._fill(x + at, y + a, x + at + stripe, y + b, PAINT)

    def _cover(self, trees: FloatArray, lawns: npt.NDArray[np.float32]) -> None:
        """Strew leaves around the trees, and lay snow where nobody drives."""
        season, painter = self._season, self._painter
        if season.litter:
            table = np.asarray(season.litter, dtype=np.float32)
            leaves = np.take(table, self._rng.integers(0, len(table), (PIXELS, PIXELS)), 0)
            under = painter.discs_mask(trees, 2.0)
            share = season.litter_share * (0.04 + 1.1 * under + 0.2 * lawns)
            painter.mix(leaves, 0.9 * (self._grain < share).astype(np.float32))
        if season.snow > 0.0:
            red, green, blue = (
                np.abs(plane.astype(np.float64) - of_asphalt)
                for plane, of_asphalt in zip(cv2.split(painter.picture), ASPHALT, strict=True)
            )
            asphalt = (red + green + blue < 0.35).astype(np.float32)
            driven = cv2.GaussianBlur(asphalt, (0, 0), 0.4 * painter.scale)
            lies = np.clip(2.5 * (1.7 * season.snow - 0.9 * self._noise), 0.0, 1.0)
            slush = season.snow * np.clip(0.9 * self._noise + 0.3 * self._grain - 0.2, 0.0, 0.5)
            cover = lies + (slush - lies) * driven
            light = (0.90 + 0.06 * self._grain).astype(np.float64)
            white = cv2.merge([(light * shade).astype(np.float32) for shade in (0.96, 0.98, 1.0)])
            painter.mix(white, cover.astype(np.float32))
