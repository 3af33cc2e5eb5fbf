# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a tick of a flight in the flat world costs, each part a smooth function of where it leads.

Air and speed towards what stands near cost as in Zhang et al. 2025 ("Learning vision-based agile
flight via differentiable physics", Nature Machine Intelligence 7, 954-966); the line of sight
costs where something reaches into it, so that who follows goes round what hides the target.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import smooth_l1_loss, softplus

from .geometry import line_gaps

SPARED_M = 0.3  # of the line of sight, before the target, who walks close to things
TOO_CLOSE_M, FAR_M, USUAL_M = 1.7, 5.0, 4.0  # FAR_M where up to USUAL_M is asked for
MOST_FAR_M = 4.0  # beyond that the target is lost, and it costs no more
BEARING_RAD, ASIDE_RAD, BESIDE_RAD = 0.35, 0.5, 0.8
BEHIND, LEFT = 0.15, 0.4  # a radian: further round; round to the left
CLEAR_M = 0.35  # of the line of sight
AIR_M = 0.8  # beside the hull: more costs nothing
HIT_M, HIT_PER_M = 0.08, 25.0  # where a hit begins to cost, and how steeply
MOST = 20.0  # of what is near
STILL = 0.15  # m/s: a thing beside a hull that hovers


class Ticked(NamedTuple):
    """Where a tick leads; B flights."""

    place: Tensor  # (B, 2) world ENU, m
    velocity: Tensor  # (B, 2) m/s
    bearing: Tensor  # (B,) of the target, rad
    unknown: Tensor  # (B,): not seen yet, and out of the picture
    target: Tensor  # (B, 2)
    circles: Tensor  # (B, K, 3)
    keep_m: Tensor  # (B,): the distance that is asked for
    goal: Tensor  # (B, 2): on the way to the nearest viewpoint
    rest_m: Tensor  # (B,): of that way, behind the goal
    command: Tensor  # (B, 4)
    before: Tensor  # (B, 4): the command before
    beyond: Tensor  # (B, 4): of the command beyond its limits, as a share of them
    hull_m: float


def costs_of(tick: Ticked) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """Return each cost (B,), the air beside the hull (B,) in m, and the target's distance (B,)."""
    distance = (tick.target - tick.place).norm(dim=1)
    away = tick.place[:, None] - tick.circles[..., :2]
    centre = away.norm(dim=2).clamp(min=1e-3)
    air = centre - tick.circles[..., 2] - tick.hull_m  # (B, K)
    towards = -(tick.velocity[:, None] * away).sum(dim=2) / centre
    towards = towards.clamp(min=0.0).detach()
    line = line_gaps(tick.place, tick.target, tick.circles, SPARED_M)
    least = air.amin(dim=1)
    far_m = FAR_M + (tick.keep_m - USUAL_M).clamp(min=0.0)
    change = (tick.command - tick.before) ** 2
    costs = {
        'way': _huber(torch.sqrt(((tick.goal - tick.place) ** 2).sum(dim=1) + 1e-6) + tick.rest_m),
        'close': ((TOO_CLOSE_M - distance).clamp(min=0.0) * 3.0) ** 2,
        'far': (distance - far_m).clamp(0.0, MOST_FAR_M),
        'turned': _turned(tick.bearing, tick.unknown),
        'aside': ((tick.bearing.abs() - ASIDE_RAD).clamp(min=0.0) * 4.0).clamp(max=2.0) ** 2,
        'hidden': (CLEAR_M - line).clamp(min=0.0).amax(dim=1),
        'near': ((air.clamp(max=AIR_M) - AIR_M) ** 2 * (STILL + towards))
        .sum(dim=1)
        .clamp(max=MOST),
        'hit': 0.5 * softplus((HIT_M - least) * HIT_PER_M),
        'jerky': change[:, :2].sum(dim=1) + 0.3 * change[:, 3],
        'beyond': (tick.beyond**2).sum(dim=1),
    }
    return costs, least.detach(), distance.detach()


def _turned(bearing: Tensor, unknown: Tensor) -> Tensor:
    """Return what it costs to look elsewhere: hardly more behind the drone than beside it.

    Who has not seen the target yet cannot know its side: what half of such flights gain by a turn
    the others lose. They pay for the way round to the left, where the guard's search turns, too.
    """
    off = bearing.abs()
    beside = 0.5 * _huber(off.clamp(max=BESIDE_RAD) / BEARING_RAD)
    round_rad = torch.remainder(bearing, 2.0 * math.pi)
    behind = BEHIND * (off - BESIDE_RAD).clamp(min=0.0)
    return beside + torch.where(unknown, LEFT * round_rad, behind)


def _huber(value: Tensor) -> Tensor:
    return smooth_l1_loss(value, torch.zeros_like(value), reduction='none')
