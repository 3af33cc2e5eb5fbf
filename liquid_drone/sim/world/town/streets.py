# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The streets of a town: a grid of crossings, blocks between them, and ways along the pavements.

A node is (i, j, sx, sy): the corner of crossing (i, j) on the side (sx, sy), each -1 or 1.
Pure numpy; what stands along the streets is the builder's matter.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ....arrays import FloatArray
from ...scenario.world import Urban
from .. import routes

Node = tuple[int, int, int, int]
BLOCKS = 9  # along each side of the grid that ways are drawn on
STRAIGHT_ON = 3.0  # how much likelier than a turn
ROUNDING_M = 2.6  # of a walker's corners
START_SHARE = (0.35, 0.6)  # of the first side of a block
STROLL_M = 0.7  # sideways, of who walks at random
SQUARE_M = 12.0  # from the way of a track: no houses


@dataclass(frozen=True)
class StreetPlan:
    """Crossings at every (x, y); blocks between them, some of which are plazas."""

    x: FloatArray  # (BLOCKS + 1,) middle lines of the streets, metres
    y: FloatArray
    is_plaza: npt.NDArray[np.bool_]  # (BLOCKS, BLOCKS)
    road_m: float
    pavement_m: float

    def corner(self, node: Node, offset_m: float) -> FloatArray:
        """Return the place (2,) of a node whose ways run ``offset_m`` beside the middle lines."""
        i, j, sx, sy = node
        return np.array([self.x[i] + sx * offset_m, self.y[j] + sy * offset_m])

    def block(self, i: int, j: int) -> tuple[float, float, float, float]:
        """Return x0, y0, x1, y1 of a block, inside its pavements."""
        edge = self.road_m / 2.0 + self.pavement_m
        return (
            float(self.x[i] + edge),
            float(self.y[j] + edge),
            float(self.x[i + 1] - edge),
            float(self.y[j + 1] - edge),
        )

    def neighbours(self, node: Node) -> list[Node]:
        """Return the nodes that one walks to from a node."""
        i, j, sx, sy = node
        found = [
            (i + (sx > 0), j, -sx, sy),
            (i - (sx < 0), j, -sx, sy),
            (i, j + (sy > 0), sx, -sy),
            (i, j - (sy < 0), sx, -sy),
        ]
        bi, bj = i - (sx < 0), j - (sy < 0)
        if 0 <= bi < BLOCKS and 0 <= bj < BLOCKS and self.is_plaza[bi, bj]:
            found.append((2 * bi + 1 - i, 2 * bj + 1 - j, -sx, -sy))
        inside = [n for n in found if 0 < n[0] < BLOCKS and 0 < n[1] < BLOCKS]
        return list(dict.fromkeys(n for n in inside if n != node))

    def moved(self, offset: FloatArray) -> 'StreetPlan':
        """Return the plan shifted by (2,)."""
        return StreetPlan(
            self.x + offset[0], self.y + offset[1], self.is_plaza, self.road_m, self.pavement_m
        )


def draw_plan(urban: Urban, rng: np.random.Generator) -> StreetPlan:
    """Draw the sides of the blocks and which of them are plazas."""
    street = urban.road_width_m + 2.0 * urban.pavement_width_m
    x, y = (
        np.concatenate([[0.0], np.cumsum(rng.uniform(*urban.block_m, size=BLOCKS) + street)])
        for _ in range(2)
    )
    plazas = rng.random((BLOCKS, BLOCKS)) < urban.plaza_share
    return StreetPlan(x, y, plazas, urban.road_width_m, urban.pavement_width_m)


def opened(plan: StreetPlan, way: FloatArray) -> StreetPlan:
    """Return the plan moved so that a way (N, 2) begins in a block and leads over squares."""
    middle = BLOCKS // 2
    x0, y0, x1, y1 = plan.block(middle, middle)
    plan = plan.moved(-np.array([x0 + x1, y0 + y1]) / 2.0)
    squares = plan.is_plaza.copy()
    for i in range(BLOCKS):
        for j in range(BLOCKS):
            low, high = np.array([plan.x[i], plan.y[j]]), np.array([plan.x[i + 1], plan.y[j + 1]])
            near = (way > low - SQUARE_M) & (way < high + SQUARE_M)
            squares[i, j] |= bool(near.all(axis=1).any())
    return replace(plan, is_plaza=squares)


def draw_way(
    plan: StreetPlan,
    offset_m: float,
    length_m: float,
    rng: np.random.Generator,
    strolls: bool = False,
    turns: bool = True,
) -> FloatArray:
    """Draw a way (M, 2) along the streets, from within one side of a block near the middle.

    Without ``turns`` it goes straight on at each crossing.
    """
    middle = BLOCKS // 2
    node: Node = (middle, middle, int(rng.choice([-1, 1])), int(rng.choice([-1, 1])))
    sides = [n for n in plan.neighbours(node) if n[:2] != node[:2] and _is_straight(node, n)]
    after = sides[int(rng.integers(len(sides)))]
    a, b = plan.corner(node, offset_m), plan.corner(after, offset_m)
    corners = [a + rng.uniform(*START_SHARE) * (b - a), b]
    walked = float(np.linalg.norm(corners[1] - corners[0]))
    while walked < length_m + ROUNDING_M:
        node, after = after, _next(plan, node, after, rng, turns)
        corners.append(plan.corner(after, offset_m))
        walked += float(np.linalg.norm(corners[-1] - corners[-2]))
    way = routes.rounded_path(np.array(corners), ROUNDING_M)
    if strolls:
        knots = rng.uniform(-STROLL_M, STROLL_M, size=len(way) // 40 + 2)
        aside = np.interp(np.arange(len(way)) / 40.0, np.arange(len(knots)), knots)
        aside *= np.clip(np.arange(len(way)) / 40.0, 0.0, 1.0)
        way = routes.rounded_path(way + routes.normals(way) * aside[:, None], 2.0)
    return way


def _is_straight(a: Node, b: Node) -> bool:
    return (a[0] == b[0] and a[2] == b[2]) or (a[1] == b[1] and a[3] == b[3])


def _next(
    plan: StreetPlan, before: Node, here: Node, rng: np.random.Generator, turns: bool
) -> Node:
    """Choose where to go on, straight rather than round a corner, never back."""
    ahead = plan.corner(here, 1.0) - plan.corner(before, 1.0)
    options = [node for node in plan.neighbours(here) if node != before]
    steps = [plan.corner(node, 1.0) - plan.corner(here, 1.0) for node in options]
    along = np.array([s @ ahead / np.linalg.norm(s) / np.linalg.norm(ahead) for s in steps])
    least = -0.5 if turns else 0.9
    weight = np.where(along > 0.9, STRAIGHT_ON, 1.0) * (along > least)
    return options[int(rng.choice(len(options), p=weight / weight.sum()))]


def pavements(
    plan: StreetPlan, near: FloatArray, reach_m: float
) -> list[tuple[FloatArray, FloatArray]]:
    """Return the sides of blocks, both ends (2,) each, within reach of points (N, 2)."""
    offset = plan.road_m / 2.0 + plan.pavement_m / 2.0
    found = []
    for i in range(1, BLOCKS):
        for j in range(1, BLOCKS):
            for side in (-1, 1):
                for node, after in (
                    ((i, j, 1, side), (i + 1, j, -1, side)),
                    ((i, j, side, 1), (i, j + 1, side, -1)),
                ):
                    a, b = plan.corner(node, offset), plan.corner(after, offset)
                    if np.hypot(*(near - (a + b) / 2.0).T).min() < reach_m:
                        found.append((a, b))
    return found
