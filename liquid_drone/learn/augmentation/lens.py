# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Radial lens distortion of training pictures, and of the labels that say where something is.

Points are (x, y) in half widths of the picture from its middle. What a lens without distortion
shows at q, this one shows at p, with q = p (1 + k |p|^2) / (1 + k): the middles of the left and
the right edge stay where they are. k > 0 is a barrel, as of action cameras, k < 0 a pincushion.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...arrays import FloatArray

NEWTON_STEPS = 6
ROUNDING = 1e-6  # a point on the edge is in the picture


def bent_target(
    target: npt.NDArray[np.float32], k: float, size: tuple[int, int]
) -> npt.NDArray[np.float32]:
    """Return the labels (N, 3) of pictures behind a lens: bearing and elevation are moved.

    What the lens moves out of the picture is unknown then (nan): a part of it may be left.

    Args:
        target: in view 0 or 1, bearing, elevation; where it is not in view nothing is moved.
        k: of the lens.
        size: rows and columns of the pictures.

    """
    if k == 0.0:
        return target
    high = size[0] / size[1]
    ideal = target[:, 1:].astype(np.float64) * (1.0, high)  # (N, 2)
    there = np.hypot(*ideal.T)
    factor = _shown_radius(there, k) / np.where(there > 0.0, there, 1.0)
    moved = ideal * factor[:, None] / (1.0, high)
    seen = target[:, 0] > 0.5
    bent = target.copy()
    bent[seen, 1:] = moved[seen]
    bent[seen & (np.abs(moved) > 1.0 + ROUNDING).any(axis=1)] = np.nan
    return bent


def bent_frames(frames: Tensor, k: float) -> Tensor:
    """Return frames (T, h, w, 3), uint8, as behind a lens; beyond an edge it is repeated."""
    planes = frames.permute(0, 3, 1, 2).float()  # (T, 3, h, w)
    rows, columns = planes.shape[2:]
    grid = torch.from_numpy(_looked_at(rows, columns, k)).to(planes)
    bent = torch.nn.functional.grid_sample(
        planes,
        grid.expand(len(planes), -1, -1, -1),
        padding_mode='border',
        align_corners=False,
    )
    return bent.round_().to(torch.uint8).permute(0, 2, 3, 1)


def _looked_at(rows: int, columns: int, k: float) -> FloatArray:
    """Return where each pixel (1, h, w, 2) comes from: x, y in halves of the picture."""
    x = (np.arange(columns) + 0.5) / columns * 2.0 - 1.0
    y = (np.arange(rows) + 0.5) / rows * 2.0 - 1.0
    squared = x[None] ** 2 + (y[:, None] * rows / columns) ** 2  # (h, w)
    factor = (1.0 + k * squared) / (1.0 + k)
    grid: FloatArray = np.stack([x[None] * factor, y[:, None] * factor], axis=-1)
    return grid[None]


def _shown_radius(ideal: FloatArray, k: float) -> FloatArray:
    """Solve r (1 + k r^2) = (1 + k) ideal for r (N,), by Newton's method."""
    radius = ideal.copy()
    for _ in range(NEWTON_STEPS):
        wrong = radius * (1.0 + k * radius**2) - (1.0 + k) * ideal
        radius -= wrong / (1.0 + 3.0 * k * radius**2)
    return radius
