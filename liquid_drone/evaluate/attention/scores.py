# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers of attention maps, and a monitor that tells places apart from home by two of them.

Maps are (B, H, W) and sum to one. Nothing here needs a network.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from ...arrays import BoolArray, FloatArray

NEAR_PX = 8  # of the camera's 256: the mask is grown by it, maps are coarse
GRID = 8  # pixels a cell of the grid on which entropy is measured
WINDOW, SIGMA = 11, 1.5  # of SSIM, Wang et al. 2004
K1, K2 = 0.01, 0.03
LEVEL = 0.95  # of the frames at home pass the monitor


def grown(mask: BoolArray) -> BoolArray:
    """Return a mask (H, W) with all pixels near it."""
    kernel = np.ones((2 * NEAR_PX + 1, 2 * NEAR_PX + 1), np.uint8)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel) > 0)


def mass_on(found: FloatArray, mask: BoolArray) -> float:
    """Return the share of a map on the target and beside it; nan where there is none."""
    return float(found[grown(mask)].sum()) if mask.any() else math.nan


def lift(found: FloatArray, mask: BoolArray) -> float:
    """Return how many times more of the map is there than of an even one."""
    return mass_on(found, mask) / float(grown(mask).mean()) if mask.any() else math.nan


def hits(found: FloatArray, mask: BoolArray) -> float:
    """Return 1 where the map is largest on the target or beside it, else 0."""
    if not mask.any():
        return math.nan
    return float(grown(mask).flat[int(found.argmax())])


def entropy(found: FloatArray) -> float:
    """Return the entropy over cells of the picture, 0 for one cell to 1 for all alike."""
    rows, columns = found.shape[0] // GRID, found.shape[1] // GRID
    cells = found[: rows * GRID, : columns * GRID].reshape(rows, GRID, columns, GRID)
    shares = cells.sum(axis=(1, 3)).ravel()
    shares = shares[shares > 0.0] / max(float(shares.sum()), 1e-300)
    return float(-(shares * np.log(shares)).sum() / math.log(rows * columns))


def jump(before: FloatArray, after: FloatArray) -> float:
    """Return how far the middle of the map moved, in widths of the picture."""
    height, width = before.shape
    y, x = np.mgrid[:height, :width]
    middles = [np.array([(one * x).sum(), (one * y).sum()]) for one in (before, after)]
    return float(np.linalg.norm(middles[1] - middles[0]) / width)


def ssim(one: FloatArray, other: FloatArray) -> float:
    """Return the mean structural similarity of two maps, each scaled to its largest value."""
    a, b = (x / max(float(x.max()), 1e-300) for x in (one, other))
    mean_a, mean_b = _blurred(a), _blurred(b)
    var_a, var_b = _blurred(a * a) - mean_a**2, _blurred(b * b) - mean_b**2
    both = _blurred(a * b) - mean_a * mean_b
    c1, c2 = K1**2, K2**2
    top = (2.0 * mean_a * mean_b + c1) * (2.0 * both + c2)
    return float((top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean())


def _blurred(values: FloatArray) -> FloatArray:
    return np.asarray(cv2.GaussianBlur(values, (WINDOW, WINDOW), SIGMA), dtype=np.float64)


class SeasonMonitor:
    """Alarms where entropy or jump are further from home's than nearly all frames at home."""

    def __init__(self, home: FloatArray) -> None:
        """Learn what is usual from frames at home (N, 2): entropy, jump."""
        self._middle = np.median(home, axis=0)
        spread = np.median(np.abs(home - self._middle), axis=0)
        self._spread = np.maximum(spread, 1e-9)
        self._limit = float(np.quantile(self._strangeness(home), LEVEL))

    def _strangeness(self, frames: FloatArray) -> FloatArray:
        off = (frames - self._middle) / self._spread
        off[:, 0] = np.abs(off[:, 0])  # an entropy may be too small, too; a jump may not
        return np.asarray(off.max(axis=1))

    def alarms(self, frames: FloatArray) -> float:
        """Return the share of frames (N, 2) with an alarm."""
        return float((self._strangeness(frames) > self._limit).mean())


def mean_of(values: Sequence[float]) -> float:
    """Return the mean of what is known; nan where nothing is."""
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan
