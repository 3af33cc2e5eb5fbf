# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The expert's way round what stands between it and the target, all obstacles weighed together.

Where the straight line is free, it is the way. Else the shortest way on a grid around the drone is
found (A*, Hart et al. 1968), in which gaps too narrow for the hull are closed and the air next to
obstacles costs more; the first straight leg of it is what is flown. It depends on the present
places alone and remembers nothing. What moves is left to the expert's avoiding.

The cells lie still in the world. What a way costs then shrinks by as much as is flown along it,
and no other shrinks faster: of two sides that cost nearly the same, the one begun stays the
cheaper. Cells counted from the drone would cover an obstacle anew at each step, and change the
side.
"""

import heapq
import math

import cv2
import numpy as np

from ..arrays import BoolArray, Float32Array, FloatArray
from .world.placement import Obstacles

CELL_M = 0.25
HALF_M = 16.0  # of the grid's side, around the drone
HARD_M = 0.12  # air beside the hull, at least
SOFT_M = 0.45  # and as much as is liked
FREE, SOFT, HARD = 1.0, 3.0, 60.0  # cost of a cell; from within an obstacle there is a way, too
ENDS_M = 0.5  # before the target the line need not be free: it walks close to things
FINE = 4  # bits of a cell's fraction, as OpenCV draws
LARGER_M = 0.1  # all is drawn larger, by what is lost to whole cells
STEPS = (
    *((1, 0, 1.0), (-1, 0, 1.0), (0, 1, 1.0), (0, -1, 1.0)),
    *((i, j, math.sqrt(2.0)) for i in (-1, 1) for j in (-1, 1)),
)


def first_leg(
    position: FloatArray, goal: FloatArray, obstacles: Obstacles, hull_m: float
) -> FloatArray:
    """Return where to fly straight to first (2,): the goal, or a corner of the way round.

    Args:
        position: of the drone (2,).
        goal: of the target (2,).
        obstacles: what stands still.
        hull_m: radius of the drone.

    """
    if is_free_line(position, goal, obstacles, hull_m + HARD_M):
        return goal
    low = np.floor((position - HALF_M) / CELL_M) * CELL_M
    cost = _costs(low, obstacles, hull_m)
    last = len(cost) - 1
    start, end = (_cell(point - low, last) for point in (position, goal))
    way = _shortest(cost, start, end)
    corner = start
    for cell in way:
        if cost[cell] >= HARD or not _sees(cost, start, cell):
            break
        corner = cell
    if corner == start:
        corner = way[min(2, len(way) - 1)]
    leg: FloatArray = low + np.array(corner) * CELL_M
    return leg


def is_free_line(a: FloatArray, b: FloatArray, obstacles: Obstacles, keep_m: float) -> bool:
    """Tell whether a line, but for its last piece, keeps a distance to all that stands still."""
    way = b - a
    length = math.hypot(*way.tolist())
    if length <= ENDS_M:
        return True
    step = way / length
    reach = length - ENDS_M
    away = obstacles.circles[:, :2] - a
    along = np.minimum(np.maximum(away @ step, 0.0), reach)
    gaps = np.hypot(*(away - along[:, None] * step).T) - obstacles.circles[:, 2]
    if len(gaps) and float(gaps.min()) < keep_m:
        return False
    return not _meets_box(a, a + reach * step, obstacles.boxes, keep_m)


def _meets_box(a: FloatArray, b: FloatArray, boxes: FloatArray, keep_m: float) -> bool:
    """Tell whether a line meets a box that is larger by ``keep_m`` all around (slab method)."""
    if not len(boxes):
        return False
    c, s = np.cos(boxes[:, 4]), np.sin(boxes[:, 4])
    ends = [
        np.stack([c * x + s * y, c * y - s * x])
        for x, y in ((point - boxes[:, :2]).T for point in (a, b))
    ]  # (2, M) each, in the frame of every box
    half = boxes[:, 2:4].T + keep_m
    way = ends[1] - ends[0]
    way = np.where(np.abs(way) < 1e-9, 1e-9, way)
    one, other = (-half - ends[0]) / way, (half - ends[0]) / way
    enters = np.maximum(np.minimum(one, other).max(axis=0), 0.0)
    leaves = np.minimum(np.maximum(one, other).min(axis=0), 1.0)
    return bool((enters < leaves).any())


def _costs(low: FloatArray, obstacles: Obstacles, hull_m: float) -> Float32Array:
    """Return what each cell costs, (N, N) by x and y; the middle of the first is at ``low``."""
    count = round(2.0 * HALF_M / CELL_M)
    solid = np.full((count, count), 255, np.uint8)  # rows are y, as OpenCV draws
    scale = (1 << FINE) / CELL_M
    reach = HALF_M + 20.0
    for x, y, radius in _near(obstacles.circles, low + HALF_M, reach).tolist():
        middle = round((x - low[0]) * scale), round((y - low[1]) * scale)
        cv2.circle(solid, middle, round((radius + LARGER_M) * scale), 0, -1, shift=FINE)
    for x, y, half_x, half_y, yaw in _near(obstacles.boxes, low + HALF_M, reach).tolist():
        c, s = math.cos(yaw), math.sin(yaw)
        half_x, half_y = half_x + LARGER_M, half_y + LARGER_M
        corners = [(half_x, half_y), (-half_x, half_y), (-half_x, -half_y), (half_x, -half_y)]
        turned = [(x + c * i - s * j - low[0], y + s * i + c * j - low[1]) for i, j in corners]
        cv2.fillPoly(solid, [np.round(np.array(turned) * scale).astype(np.int32)], 0, shift=FINE)
    gap = cv2.distanceTransform(solid, cv2.DIST_L2, cv2.DIST_MASK_PRECISE).T * CELL_M
    cost = np.where(gap < hull_m + SOFT_M, SOFT, FREE)
    made: Float32Array = np.where(gap < hull_m + HARD_M, HARD, cost).astype(np.float32)
    return made


def _near(rows: FloatArray, middle: FloatArray, reach_m: float) -> FloatArray:
    is_near: BoolArray = np.abs(rows[:, :2] - middle).max(axis=1, initial=0.0) < reach_m
    found: FloatArray = rows[is_near]
    return found


def _cell(offset: FloatArray, last: int) -> tuple[int, int]:
    i, j = np.clip(np.round(offset / CELL_M), 0, last).astype(int).tolist()
    return i, j


def _shortest(
    cost: Float32Array, start: tuple[int, int], end: tuple[int, int]
) -> list[tuple[int, int]]:
    """Return the cells of the cheapest way, both ends included (A*)."""
    costs, last = cost.tolist(), len(cost) - 1
    best, before = {start: 0.0}, dict[tuple[int, int], tuple[int, int]]()
    open_cells = [(_octile(start, end), start)]
    done = set[tuple[int, int]]()
    while open_cells:
        here = heapq.heappop(open_cells)[1]
        if here == end:
            break
        if here in done:
            continue
        done.add(here)
        for di, dj, length in STEPS:
            i, j = here[0] + di, here[1] + dj
            if not (0 <= i <= last and 0 <= j <= last):
                continue
            total = best[here] + length * 0.5 * (costs[i][j] + costs[here[0]][here[1]])
            if total < best.get((i, j), math.inf):
                best[i, j], before[i, j] = total, here
                heapq.heappush(open_cells, (total + _octile((i, j), end), (i, j)))
    way = [end]
    while way[-1] != start:
        way.append(before[way[-1]])
    return way[::-1]


def _octile(a: tuple[int, int], b: tuple[int, int]) -> float:
    i, j = abs(a[0] - b[0]), abs(a[1] - b[1])
    return max(i, j) + (math.sqrt(2.0) - 1.0) * min(i, j)


def _sees(cost: Float32Array, a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Tell whether the straight line between two cells is no dearer than where it begins."""
    count = 2 * max(abs(a[0] - b[0]), abs(a[1] - b[1])) + 1
    i, j = (np.round(np.linspace(a[k], b[k], count)).astype(int) for k in (0, 1))
    return bool(cost[i, j].max() <= max(SOFT if cost[a] > FREE else FREE, float(cost[a])))
