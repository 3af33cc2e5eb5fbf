# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Who walks in each column of the picture, and which of them is the target.

A sight tells of each column how much it looks as if the target walked there, where in it, how far
away, and how sure of these it is. A memory takes its measurement from these columns and from where
it expects the target: the likelihood of the picture times a prior of the place, which falls off as
a Student t does (data association, Bar-Shalom and Fortmann 1988). Of two who look alike the one
who is where the target should be is taken.

Shapes: B batch, T ticks, C columns. Bearings in rad, left positive; ranges as log(m / 4 m).
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .memory import FAR_M, REFERENCE_M, Measure
from .scan import Columns

# of each column: logit against nobody, place in it (widths, left positive), log depth, and the
# logs of the spreads of log depth and bearing. Depth, along the camera's axis, and not the range:
# a person at the edge of the picture is as large as one straight ahead at the same depth
TOLD = 5
BEGINS = (-3.0, 0.0, 0.0, -1.5, -2.0)  # of these, before anything is learned
MOST_LOG_SPREAD, LEAST_LOG_SPREAD = 2.0, -6.0
LEAST_M2 = 0.01
SHARPER = 2.0  # of columns, for the place: neighbours agree, and others are not mixed in
MOST_SHARE = 1.0 - 1e-4
MOST_RAD = 1.4  # of a bearing whose cosine or tangent is taken
NO_WEIGHT = -20.0  # log of one


class ColumnSight(Columns):
    """Feature map (B, C, h, w) -> what is told of each column (B, 5, w'), see TOLD."""

    def __init__(
        self,
        channels: int,
        rows: int,
        columns: int,
        layers: Sequence[tuple[int, int, int]],
        along: Sequence[tuple[int, int]],
    ) -> None:
        super().__init__(channels, rows, columns, layers, along, TOLD)
        last = self.column[-1]
        assert isinstance(last, nn.Conv2d)
        assert last.bias is not None
        with torch.no_grad():
            last.weight.mul_(0.3)
            last.bias.copy_(torch.tensor(BEGINS))


def slopes(columns: int, fov_rad: float) -> Tensor:
    """Return the tangent of the bearing of the middle of each column (C,), left to right."""
    return math.tan(0.5 * fov_rad) * (1.0 - (2.0 * torch.arange(columns) + 1.0) / columns)


def log_cosine(bearing: Tensor) -> Tensor:
    """Return the log of depth over range of who is at a bearing in the picture."""
    return torch.log(torch.cos(bearing.clamp(-MOST_RAD, MOST_RAD)))


class SightedPlace(Measure):
    """The measurement of a memory, from a sight's columns and where the target is expected."""

    slopes: Tensor

    def __init__(self, columns: int, fov_rad: float) -> None:
        super().__init__()
        self.columns, self.width = columns, 2.0 * math.tan(0.5 * fov_rad) / columns
        self.log_trust = nn.Parameter(torch.tensor(math.log(1.5)))  # in the logits of a sight
        self.log_prior = nn.Parameter(torch.zeros(()))  # in the expected place
        # logit that the target is in no column: a filter that is told nothing keeps what it has
        self.nobody = nn.Parameter(torch.tensor(3.0))
        self.log_tail = nn.Parameter(torch.tensor(math.log(3.0)))  # degrees of freedom
        # frames that follow each other err alike: the spreads of one are too small for a filter
        self.log_wider = nn.Parameter(torch.full((2,), 0.7))
        self.log_least = nn.Parameter(torch.log(torch.tensor([0.05, 0.02])))
        self.register_buffer('slopes', slopes(columns, fov_rad), persistent=False)

    def hear(self, features: Tensor) -> Tensor:
        """Return the part of the features (B, T, F) that a sight told (B, T, 5 C)."""
        return features[..., -TOLD * self.columns :]

    def take(self, heard: Tensor, expected: Tensor) -> Tensor:
        """Return the measurement: of all columns, each by how probably the target is in it."""
        looks, aside, deep, far_spread, side_spread = heard.view(-1, TOLD, self.columns).unbind(1)
        bearing = torch.atan(self.slopes + self.width * aside)
        far = deep - log_cosine(bearing)
        spreads = [
            torch.exp(told.clamp(LEAST_LOG_SPREAD, MOST_LOG_SPREAD) + wider) + least.exp()
            for told, wider, least in zip(
                (far_spread, side_spread), self.log_wider, self.log_least, strict=True
            )
        ]
        logits = self.log_trust.exp() * looks + self._prior(bearing, far, spreads, expected)
        among = nn.functional.pad(logits - self.nobody, (0, 1))  # the last one: nobody
        share = 1.0 - torch.softmax(among, dim=1)[:, -1:]
        seen = torch.logit(share.clamp(1.0 - MOST_SHARE, MOST_SHARE))
        weight = torch.softmax(SHARPER * logits, dim=1)
        means = (bearing, far, *(torch.log(spread) for spread in spreads))
        rest = [(weight * one).sum(dim=1, keepdim=True) for one in means]
        return torch.cat([seen, *rest], dim=1)

    def expect_nothing(self) -> Tensor:
        """Make the prior of all places alike."""
        with torch.no_grad():
            return self.log_prior.fill_(NO_WEIGHT)

    def _prior(
        self, bearing: Tensor, far: Tensor, spreads: list[Tensor], expected: Tensor
    ) -> Tensor:
        """Return the log of the prior of each column's place (B, C), 0 where it is expected."""
        cosine, sine, log_range, doubt = expected.split(1, dim=1)  # type: ignore[no-untyped-call]
        distance = REFERENCE_M * torch.exp(log_range)
        variance = 0.5 * (FAR_M * doubt) ** 2 + LEAST_M2  # of each axis
        along, across = ((distance * spread) ** 2 for spread in spreads)
        off = (bearing - torch.atan2(sine, cosine)) ** 2 / (variance + across)
        off = (off + (far - log_range) ** 2 / (variance + along)) * distance**2
        tail = self.log_tail.exp()
        return -0.5 * self.log_prior.exp() * (tail + 1.0) * torch.log1p(off / tail)
