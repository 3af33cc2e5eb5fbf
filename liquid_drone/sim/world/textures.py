# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Paint the ground from a season's colours, and the noise that breaks colours up."""

import cv2
import numpy as np
import numpy.typing as npt

from ...arrays import Float32Array, FloatArray, Image, RealArray
from ..scenario.season import Season

GROUND_PIXELS = 1024
PATH_WIDTH_M = 1.3
UNDER_CROWN_M = 2.2


def value_noise(rng: np.random.Generator, size: int, cells: int, octaves: int = 4) -> Float32Array:
    """Return smooth noise (size, size) in 0..1: octaves of interpolated random grids."""
    total, amplitude, weight = np.zeros((size, size), np.float32), 1.0, 0.0
    for octave in range(octaves):
        n = min(cells * 2**octave, size)
        grid = rng.random((n, n), dtype=np.float32)
        total += amplitude * cv2.resize(grid, (size, size), interpolation=cv2.INTER_LINEAR)
        weight += amplitude
        amplitude *= 0.6
    total /= np.float32(weight)
    return total


def blend(colours: npt.ArrayLike, share: Float32Array) -> Float32Array:
    """Return colours (H, W, 3) along a list of colours (C, 3), for shares 0..1 (H, W)."""
    table = np.asarray(colours, dtype=np.float32)
    ramp = cv2.resize(table[None], (256, 1), interpolation=cv2.INTER_LINEAR)[0]
    painted: Float32Array = np.take(ramp, (np.clip(share, 0.0, 1.0) * 255.0).astype(np.uint8), 0)
    return painted


def for_each_colour(values: Float32Array) -> Float32Array:
    """Return (H, W, 3) with the same value for red, green and blue; products with it are quick."""
    joined: Float32Array = np.asarray(cv2.merge([values, values, values]), np.float32)
    return joined


class GroundPainter:
    """Paints one picture of the ground; rows run along -y, so that texture v follows +y."""

    def __init__(self, low: FloatArray, high: FloatArray, size: int = GROUND_PIXELS) -> None:
        self._low, self._size = low, size
        self.scale = size / float(high[0] - low[0])  # pixels for each metre
        self.picture: Float32Array = np.zeros((size, size, 3), np.float32)

    def pixels(self, points: FloatArray) -> npt.NDArray[np.int32]:
        """Return pixel places (N, 2) as OpenCV wants them."""
        place = (points - self._low) * self.scale
        place[:, 1] = self._size - place[:, 1]
        return np.round(place).astype(np.int32)

    def line_mask(self, points: FloatArray, width_m: float, soft_m: float) -> Float32Array:
        """Return 1 on a line, 0 off it, with soft edges."""
        mask = np.zeros((self._size, self._size), np.uint8)
        width = max(1, round(width_m * self.scale))
        cv2.polylines(mask, [self.pixels(points)], False, 255, width, cv2.LINE_AA)
        soft = cv2.GaussianBlur(mask, (0, 0), max(0.5, soft_m * self.scale))
        return soft.astype(np.float32) / 255.0

    def discs_mask(self, points: FloatArray, radius_m: float) -> Float32Array:
        """Return 1 under every point, fading to 0 around."""
        mask = np.zeros((self._size, self._size), np.uint8)
        for x, y in self.pixels(points):
            cv2.circle(mask, (int(x), int(y)), max(1, round(radius_m * self.scale)), 255, -1)
        soft = cv2.GaussianBlur(mask, (0, 0), 0.6 * radius_m * self.scale)
        return soft.astype(np.float32) / 255.0

    def mix(self, colour: npt.ArrayLike, mask: Float32Array) -> None:
        """Paint a colour (3,) or (H, W, 3) where the mask is."""
        paint = np.asarray(colour, dtype=np.float32)
        rows = self.picture.reshape(self._size, -1)  # (H, 3 W): long rows, not three at a time
        wide = np.tile(paint, self._size) if paint.ndim == 1 else paint.reshape(rows.shape)
        change = wide - rows
        change *= for_each_colour(mask).reshape(rows.shape)
        rows += change

    def done(self) -> Image:
        """Return the picture as bytes."""
        shown = np.clip(self.picture, 0.0, 1.0)
        shown *= 255.0
        shown += 0.5
        return shown.astype(np.uint8)


def forest_ground(
    rng: np.random.Generator,
    season: Season,
    path: FloatArray,
    crowns: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> Image:
    """Paint earth and moss, the path, fallen leaves (most under ``crowns`` (K, 2)) and snow."""
    painter = GroundPainter(low, high)
    size = GROUND_PIXELS
    patches = value_noise(rng, size, 16, 5)
    painter.picture = blend(season.ground, (patches - 0.25) * 2.0)
    grain = rng.random((size, size), dtype=np.float32)
    painter.picture *= for_each_colour(0.82 + 0.36 * grain)
    way = painter.line_mask(path, PATH_WIDTH_M, 0.2)
    painter.mix(season.path, 0.85 * way * (0.75 + 0.5 * (patches - 0.25)))
    if season.litter:
        under = painter.discs_mask(crowns, UNDER_CROWN_M)
        _strew(painter, rng, season, season.litter_share * (0.45 + 0.9 * under - 0.6 * way))
    if season.snow > 0.0:
        snow = np.clip(1.6 * season.snow - 0.9 * patches - 0.35 * way, 0.0, 1.0)
        light = 0.93 + 0.05 * grain
        white = cv2.merge([light * shade for shade in np.array([0.95, 0.97, 1.0], np.float32)])
        painter.mix(white, np.clip(2.5 * snow, 0.0, 1.0))
    return painter.done()


def _strew(
    painter: GroundPainter, rng: np.random.Generator, season: Season, share: RealArray
) -> None:
    """Cover a share of the texels, one leaf each, two or three texels where they heap up."""
    size = GROUND_PIXELS
    leaf = rng.random((size // 2, size // 2), dtype=np.float32)
    coarse = cv2.resize(leaf, (size, size), interpolation=cv2.INTER_NEAREST)
    fine = rng.random((size, size), dtype=np.float32)
    lies = (np.minimum(coarse, fine) < 0.7 * share).astype(np.float32)
    table = np.asarray(season.litter, dtype=np.float32)
    leaves = np.take(table, rng.integers(0, len(table), (size, size)), 0)
    painter.mix(leaves * for_each_colour(0.8 + 0.3 * fine), 0.9 * lies)


def foliage(rng: np.random.Generator, colour: npt.ArrayLike, contrast: float = 0.4) -> Image:
    """Return a surface seen from afar: one colour, its brightness broken up by noise."""
    light = 1.0 + contrast * (value_noise(rng, 32, 8, 3)[..., None] - 0.5) * 2.0
    picture = np.asarray(colour, dtype=np.float32) * light
    return (np.clip(picture, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
