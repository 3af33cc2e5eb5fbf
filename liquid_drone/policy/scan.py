# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How near things are in each column of the picture, as a range finder with a few beams says it.

Every column is looked at by the same weights, so that a trunk which was learned on the left is
known on the right; its rows are told apart, since where something meets the ground says how far
it is. What stands in a column is told by a :class:`Scan`, who walks in it by :mod:`.sighting`.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

HIDDEN = 32  # channels of a cell


class Columns(nn.Module):
    """Feature map (B, C, h, w) -> some numbers for each column, (B, outputs, w'), left to right.

    w' is w, unless layers of its own have strides.
    """

    def __init__(
        self,
        channels: int,
        rows: int,
        columns: int,
        layers: Sequence[tuple[int, int, int]] = (),
        along: Sequence[tuple[int, int]] = ((48, 3), (48, 3)),
        outputs: int = 1,
    ) -> None:
        """Build it.

        Args:
            channels: C of the feature map.
            rows: its h.
            columns: its w.
            layers: convolutions of its own before the cells: channels, kernel, stride.
            along: layers over neighbouring columns: channels, kernel.
            outputs: numbers for each column.

        """
        super().__init__()
        cells = list[nn.Module]()
        for out, kernel, stride in layers:
            cells += [nn.Conv2d(channels, out, kernel, stride, padding=kernel // 2), nn.ReLU()]
            channels, rows, columns = out, -(-rows // stride), -(-columns // stride)
        self.rows, self.columns = rows, columns
        self.cells = nn.Sequential(*cells, nn.Conv2d(channels, HIDDEN, 3, padding=1), nn.ReLU())
        # of two axes, as TensorRT's parser has them
        self.column = nn.Sequential(*_along(HIDDEN * rows, along, outputs))

    def forward(self, maps: Tensor) -> Tensor:
        """Return the numbers of each column, (B, outputs, w')."""
        columns = self.cells(maps).reshape(-1, HIDDEN * self.rows, 1, self.columns)
        told: Tensor = self.column(columns)
        return told.flatten(2)


class Scan(Columns):
    """Feature map (B, C, h, w) -> nearness (B, w'): 1 at contact, 0 from 10 m on."""

    def forward(self, maps: Tensor) -> Tensor:
        """Return the nearness in each column, (B, w')."""
        return torch.sigmoid(super().forward(maps).flatten(1))


def _along(channels: int, layers: Sequence[tuple[int, int]], outputs: int) -> Iterator[nn.Module]:
    for out, kernel in layers:
        yield nn.Conv2d(channels, out, (1, kernel), padding=(0, kernel // 2))
        yield nn.ReLU()
        channels = out
    yield nn.Conv2d(channels, outputs, 1)
