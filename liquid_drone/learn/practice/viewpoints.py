# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The nearest viewpoint: where a follower would see the target, as far away as is asked for.

The distance to the target says nothing of a wall between them: who stands before it is near, and
sees nothing. A flight is charged for the way to the nearest viewpoint instead, and going round
becomes a slope that it can follow. Without a wall this is by how much it is too near or too far.

A viewpoint stands on a circle around the target, in air, with a clear line to where it is and to
where it soon will be. The way there is straight, or, where that is barred, through one more point
that has a clear line to both.
Shapes: B flights, K circles (x, y, radius in m), N viewpoints, M points on the way. World ENU.
"""

import math

import torch
from torch import Tensor

from .costs import SPARED_M
from .geometry import line_gaps

AROUND, ON_THE_WAY = 16, 16  # directions that are tried, of viewpoints and of a way round
ROUND_M = 2.5  # from where a flight is to the point on its way round
SEES_M, AIR_M, PASSES_M = 0.25, 0.3, 0.12  # air beside a line of sight, a viewpoint, a way
BARRED_M = 100.0  # more than any way is long: one that is barred comes last
TURN_S = 0.3  # that it takes to turn round, for each m/s of speed either way
NEAREST = 64  # circles that count, of those around the target


@torch.no_grad()
def viewpoint(
    place: Tensor,
    velocity: Tensor,
    target: Tensor,
    soon: Tensor,
    circles: Tensor,
    keep_m: Tensor,
    hull_m: float,
) -> tuple[Tensor, Tensor]:
    """Return the next point (B, 2) on the way to the nearest viewpoint, and the rest (B,) in m.

    Args:
        place: (B, 2).
        velocity: (B, 2) m/s: who is on a way does not turn round for a few centimetres.
        target: (B, 2).
        soon: (B, 2), the target in a while: who follows begins to go round before it is hidden.
        circles: (B, K, 3), the nearest to the target first.
        keep_m: (B,), the distance that is asked for.
        hull_m: radius of the vehicle.

    """
    circles = circles[:, :NEAREST]
    points = _around(place, target, keep_m)
    bad = (_air(target[:, None], points, circles, SPARED_M) < SEES_M).float()
    bad += (_air(soon[:, None], points, circles, SPARED_M) < SEES_M).float()
    bad += (_gap(points, circles) < hull_m + AIR_M).float()
    barred = (_air(place[:, None], points, circles, 0.0, True) < hull_m + PASSES_M).float()
    length = (points - place[:, None]).norm(dim=2)
    turns = _turning_m(velocity, points - place[:, None])
    least, which = (length + turns + BARRED_M * (bad + barred)).min(dim=1)
    goal = points[torch.arange(len(points)), which]
    rest = torch.zeros_like(least)
    shut = torch.nonzero(least >= BARRED_M).flatten()
    if len(shut):
        here = place[shut], velocity[shut], circles[shut], points[shut], bad[shut]
        round_goal, round_rest, is_open = _round(*here, hull_m)
        goal[shut[is_open]], rest[shut[is_open]] = round_goal[is_open], round_rest[is_open]
    return goal, rest


def _around(place: Tensor, target: Tensor, keep_m: Tensor) -> Tensor:
    """Return (B, N, 2) around the target, the first on the line to where the flight is.

    The others stay where they are while the flight moves: a way to one that was open stays open,
    and nobody turns round for another on the other side.
    """
    away = place - target
    away = away / away.norm(dim=1, keepdim=True).clamp(min=1e-3)
    fixed = torch.stack(_directions(AROUND), dim=1).expand(len(place), -1, -1)
    offset = torch.cat([away[:, None], fixed], dim=1)
    points: Tensor = target[:, None] + keep_m[:, None, None] * offset
    return points


def _round(
    place: Tensor, velocity: Tensor, circles: Tensor, points: Tensor, bad: Tensor, hull_m: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the shortest way's point (B, 2), what is left behind it, and whether there is one."""
    cosine, sine = _directions(ON_THE_WAY)
    way = place[:, None] + ROUND_M * torch.stack([cosine, sine], dim=1)  # (B, M, 2)
    shut = (_air(place[:, None], way, circles, 0.0, True) < hull_m + PASSES_M).float()
    flights, many, count = len(place), way.shape[1], points.shape[1]
    start = way[:, :, None].expand(-1, -1, count, -1).reshape(flights, -1, 2)
    end = points[:, None].expand(-1, many, -1, -1).reshape(flights, -1, 2)
    open_m = _air(start, end, circles, 0.0).reshape(flights, many, count)
    shut = shut[:, :, None] + bad[:, None] + (open_m < hull_m + PASSES_M).float()
    left = (end - start).norm(dim=2).reshape(flights, many, count)
    turns = _turning_m(velocity, way - place[:, None])[:, :, None]
    least, which = (left + turns + BARRED_M * shut).flatten(1).min(dim=1)
    each = torch.arange(flights)
    return way[each, which // count], left.flatten(1)[each, which], least < BARRED_M


def _turning_m(velocity: Tensor, way: Tensor) -> Tensor:
    """Return how far (B, N) a flight would be by then, did it not first turn to each way."""
    length = way.norm(dim=2).clamp(min=1e-3)
    ahead = (way * velocity[:, None]).sum(dim=2) / length
    turned: Tensor = TURN_S * (velocity.norm(dim=1)[:, None] - ahead)
    return turned


def _air(
    start: Tensor, end: Tensor, circles: Tensor, spared_m: float, leaves: bool = False
) -> Tensor:
    """Return the least air (B, N) beside lines; who leaves a thing is not barred by it."""
    start = start.expand_as(end)
    flights, count = end.shape[:2]
    each = circles[:, None].expand(-1, count, -1, -1).reshape(flights * count, -1, 3)
    start, end = start.reshape(-1, 2), end.reshape(-1, 2)
    gaps = line_gaps(start, end, each, spared_m)
    if leaves:
        towards = ((each[..., :2] - start[:, None]) * (end - start)[:, None]).sum(dim=2) > 0.0
        gaps = torch.where(towards, gaps, math.inf)
    return gaps.amin(dim=1).reshape(flights, count)


def _gap(points: Tensor, circles: Tensor) -> Tensor:
    """Return the air (B, N) around points."""
    away = points[:, :, None] - circles[:, None, :, :2]
    air: Tensor = (away.norm(dim=3) - circles[:, None, :, 2]).amin(dim=2)
    return air


def _directions(count: int) -> tuple[Tensor, Tensor]:
    """Return cosine and sine of so many, all around."""
    angle = torch.arange(count) * (2.0 * math.pi / count)
    return torch.cos(angle), torch.sin(angle)
