# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where things may stand: scattering points, distances, and what is in the way. numpy only."""

import itertools
import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ...arrays import FloatArray
from .scenery import Model, ModelBatch, Solid

OBSTACLE_M = 1.0  # what ends below this height is in nobody's way in the air
LIFTED_M = 2.4  # what begins above this height neither
BORDER_M = 0.25  # radius of the circles that stand for a box's faces


def distance(points: FloatArray, others: FloatArray) -> FloatArray:
    """Return the least distance (M,) of points (M, 2) to others (N, 2)."""
    if len(points) == 0 or len(others) == 0:
        return np.full(len(points), np.inf)
    x = points[:, None, 0] - others[None, :, 0]  # (M, N)
    y = points[:, None, 1] - others[None, :, 1]
    least: FloatArray = np.sqrt((x * x + y * y).min(axis=1))
    return least


def scatter(
    rng: np.random.Generator, line: FloatArray, density: float, corridor_m: float
) -> FloatArray:
    """Return points (M, 2) of a Poisson process within a corridor along a line (N, 2)."""
    low, high = line.min(axis=0) - corridor_m, line.max(axis=0) + corridor_m
    count = rng.poisson(density * float(np.prod(high - low)))
    points = rng.uniform(low, high, size=(count, 2))
    near: npt.NDArray[np.bool_] = distance(points, line) < corridor_m
    kept: FloatArray = points[near]
    return kept


def thin(points: FloatArray, spacing_m: float) -> FloatArray:
    """Drop every point that is too near an earlier one."""
    kept: list[int] = []
    for i, point in enumerate(points):
        gap = points[kept] - point
        if not len(kept) or float((gap * gap).sum(axis=1).min()) >= spacing_m**2:
            kept.append(i)
    chosen: FloatArray = points[kept].reshape(-1, 2)
    return chosen


@dataclass(frozen=True)
class Obstacles:
    """What is in a drone's way, seen from above: circles and boxes."""

    circles: FloatArray  # (K, 3): x, y, radius
    boxes: FloatArray  # (M, 5): x, y, half sides, yaw

    def as_circles(self) -> FloatArray:
        """Return all as circles (K + ..., 3); a box's faces become rows of small ones."""
        rows = [self.circles, *(_border(row) for row in self.boxes)]
        joined: FloatArray = np.concatenate(rows)
        return joined

    def nearest(self, position: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return centres (K + M, 2) relative to a position (2,), and radii (K + M,).

        A box counts as its nearest point, with radius 0.
        """
        relative = self.circles[:, :2] - position
        if not len(self.boxes):
            return relative, self.circles[:, 2]
        c, s = self._turns
        away_x, away_y = (position - self.boxes[:, :2]).T
        x, y = c * away_x + s * away_y, c * away_y - s * away_x  # in the frame of every box
        half_x, half_y = self.boxes[:, 2], self.boxes[:, 3]
        x = np.minimum(np.maximum(x, -half_x), half_x) - x
        y = np.minimum(np.maximum(y, -half_y), half_y) - y
        back = np.column_stack([c * x - s * y, s * x + c * y])
        return np.concatenate([relative, back]), self._radii

    @cached_property
    def _turns(self) -> tuple[FloatArray, FloatArray]:
        return np.cos(self.boxes[:, 4]), np.sin(self.boxes[:, 4])

    @cached_property
    def _radii(self) -> FloatArray:
        return np.concatenate([self.circles[:, 2], np.zeros(len(self.boxes))])

    def gap(self, points: FloatArray) -> FloatArray:
        """Return the distance (P,) of points (P, 2) to the nearest obstacle; negative inside."""
        x, y, radius = self.circles.T
        away = np.hypot(points[:, 0, None] - x, points[:, 1, None] - y)  # (P, K)
        gap: FloatArray = (away - radius).min(axis=1, initial=np.inf)
        if len(self.boxes):
            out = np.abs(_into_boxes(self.boxes, points)) - self.boxes[:, 2:4]  # (P, M, 2)
            out_x, out_y = np.maximum(out, 0.0).transpose(2, 0, 1)
            beyond = np.sqrt(out_x * out_x + out_y * out_y)
            inside = np.minimum(np.maximum(out[..., 0], out[..., 1]), 0.0)
            gap = np.minimum(gap, (beyond + inside).min(axis=1))
        return gap


def _into_boxes(boxes: FloatArray, points: FloatArray) -> FloatArray:
    """Return points (P, 2) in the frame of every box: (P, M, 2)."""
    x = points[:, None, 0] - boxes[None, :, 0]
    y = points[:, None, 1] - boxes[None, :, 1]
    c, s = np.cos(boxes[:, 4]), np.sin(boxes[:, 4])
    return np.stack([c * x + s * y, c * y - s * x], axis=2)


def _border(box: FloatArray) -> FloatArray:
    """Return circles along the faces of a box, flush with them."""
    x, y, hx, hy, yaw = box
    r = min(BORDER_M, hx, hy)
    ix, iy = hx - r, hy - r
    corners = np.array([[ix, iy], [-ix, iy], [-ix, -iy], [ix, -iy], [ix, iy]])
    points = []
    for a, b in itertools.pairwise(corners):
        n = max(1, math.ceil(float(np.linalg.norm(b - a)) / (2.0 * r)))
        points.append(a + np.arange(n)[:, None] / n * (b - a))
    local = np.concatenate(points)
    c, s = math.cos(yaw), math.sin(yaw)
    turned = local @ np.array([[c, s], [-s, c]]) + [x, y]
    return np.column_stack([turned, np.full(len(turned), r)])


def obstacles_of(solids: tuple[Solid, ...]) -> Obstacles:
    """Return what of the solids reaches the height that a drone flies at."""
    circles, boxes = [], []
    for solid in solids:
        half = {'box': -1, 'cylinder': 1, 'sphere': 0}[solid.shape]
        rise = solid.size_m[half] / (1.0 if solid.shape == 'sphere' else 2.0)
        low, high = solid.position[2] - rise, solid.position[2] + rise
        if solid.pitch != 0.0 or high < OBSTACLE_M or low > LIFTED_M:
            continue
        x, y, _ = solid.position
        if solid.shape == 'box':
            boxes.append([x, y, solid.size_m[0] / 2.0, solid.size_m[1] / 2.0, solid.yaw])
        else:
            circles.append([x, y, solid.size_m[0]])
    return Obstacles(np.array(circles).reshape(-1, 3), np.array(boxes).reshape(-1, 5))


@dataclass
class Collection:
    """Gathers copies of models while a place is built, and gives them as batches."""

    copies: dict[int, tuple[Model, list[tuple[object, ...]]]] = field(default_factory=dict)

    def add(
        self,
        model: Model,
        position: npt.ArrayLike,
        yaw: float = 0.0,
        scale: npt.ArrayLike = (1.0, 1.0, 1.0),
        tint: npt.ArrayLike = (1.0, 1.0, 1.0),
    ) -> None:
        """Put one copy of a model somewhere."""
        _, rows = self.copies.setdefault(id(model), (model, []))
        rows.append((position, yaw, scale, tint))

    def batches(self) -> tuple[ModelBatch, ...]:
        """Return all copies, a batch for each model."""
        made = []
        for model, rows in self.copies.values():
            position, yaw, scale, tint = (
                np.array(column, dtype=np.float64) for column in zip(*rows, strict=True)
            )
            made.append(ModelBatch(model, position, yaw, scale, tint))
        return tuple(made)
