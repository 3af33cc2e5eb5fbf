# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What stands beside the picture: the scan of a moment ago, carried along as the drone moves.

Who flies round a wall looks ahead and moves aside, into what left the picture a second before. So
each direction around the drone holds the nearest thing that the scan has told of, and it is moved
as the drone moves, which is known as :mod:`.memory` knows it. What stands in the picture and the
scan sees past is gone. Beside the picture what stood stands, and what moves is held where it was
seen, until it is left behind. Nothing of this is learned, and nothing gets a gradient.

Shapes: B batch, T ticks, C columns of the scan, D directions. A thing is kept as a vector towards
it, heading-aligned, x ahead and y left, as long as it is near: 1 at contact, 0 from 5 m on.
"""

import math

import torch
from torch import Tensor, nn

DIRECTIONS = 16  # of equal angle, from straight ahead to the left
SCAN_M, HELD_M = 10.0, 5.0  # where nearness ends, of a scan and here: motion is known for so long
STATE = 2 * DIRECTIONS
FREE = 0.2  # of the nearness, 1 m: a scan that tells so much less sees past a thing
TINY = 1e-6
SLACK = 1e-4  # of a cosine: who stands between two directions belongs to both


class Surroundings(nn.Module):
    """Scans (B, T, C) and motion -> how near something is in each direction (B, T, D)."""

    beams: Tensor
    centres: Tensor

    def __init__(self, columns: int, fov_rad: float) -> None:
        """Take what the columns of a scan are: parts of the field of view, of equal angle."""
        super().__init__()
        width = fov_rad / columns
        self.beside = math.cos(1.5 * width)  # a thing is in a column or in one beside it
        self.inside = math.cos(0.5 * fov_rad - width)  # the outermost columns see it or do not
        bearing = fov_rad * (0.5 - (torch.arange(columns) + 0.5) / columns)
        centre = torch.arange(DIRECTIONS) * (2.0 * math.pi / DIRECTIONS)
        self.register_buffer('beams', _towards(bearing), persistent=False)
        self.register_buffer('centres', _towards(centre), persistent=False)

    def sequence(
        self, scan: Tensor, moved: Tensor, dt_s: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Go through T ticks.

        Args:
            scan: nearness by column, left to right, (B, T, C).
            moved: own motion in each tick, vx, vy in m/s and yaw rate in rad/s, (B, T, 3).
            dt_s: seconds since the tick before, (B, T).
            state: before the first tick, (B, STATE); zeros know of nothing.

        Returns:
            Nearness (B, T, D), and the state after the last tick (B, STATE).

        """
        held, rows = state.view(-1, DIRECTIONS, 2), []
        with torch.no_grad():
            for seen, own, dt in zip(
                *(x.unbind(1) for x in (scan, moved, dt_s[..., None])), strict=True
            ):
                near, held = self._nearest(*_carried(held, own, dt), seen)
                rows.append(near)
        return torch.stack(rows, dim=1), held.reshape(-1, STATE)

    def _nearest(self, near: Tensor, towards: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Return the nearest thing in each direction, of those held and those seen (B, C) now."""
        beams = self.beams.expand(seen.shape[0], -1, -1)
        seen = torch.clamp(1.0 - (1.0 - seen) * (SCAN_M / HELD_M), min=0.0)
        is_beside = towards @ self.beams.T > self.beside  # (B, D, C): a thing to a column
        told = torch.where(is_beside, seen[:, None], 0.0).amax(dim=2)
        is_gone = (towards[..., 0] > self.inside) & (told < near - FREE)  # it is seen past
        near = torch.where(is_gone, 0.0, near)
        near, towards = torch.cat([near, seen], dim=1), torch.cat([towards, beams], dim=1)
        within = math.cos(math.pi / DIRECTIONS) - SLACK
        is_there = towards @ self.centres.T > within  # (B, D + C, D)
        best, which = torch.where(is_there, near[..., None], 0.0).max(dim=1)
        there = torch.gather(towards, 1, which[..., None].expand(-1, -1, 2))
        return best, best[..., None] * there


def _carried(held: Tensor, own: Tensor, dt: Tensor) -> tuple[Tensor, Tensor]:
    """Move what is held (B, D, 2) as the drone moves (B, 3) for dt (B, 1): nearness, direction."""
    near = _length(held)
    place = held / near * (HELD_M * (1.0 - near)) - own[:, None, :2] * dt[..., None]
    angle = own[:, None, 2:] * dt[..., None]
    cosine, sine = torch.cos(angle), torch.sin(angle)
    side = torch.cat([sine, -sine], dim=2)  # who turns left finds all further right
    place = cosine * place + side * place.flip(2)
    away = _length(place)
    still = torch.clamp(1.0 - away / HELD_M, min=0.0)
    return torch.where(near > 10.0 * TINY, still, 0.0).squeeze(2), place / away


def _length(vectors: Tensor) -> Tensor:
    # an exporter takes a small number that is added for nothing, and leaves it out
    return torch.clamp(torch.sqrt((vectors**2).sum(dim=2, keepdim=True)), min=TINY)


def _towards(bearing: Tensor) -> Tensor:
    return torch.stack([torch.cos(bearing), torch.sin(bearing)], dim=1)
