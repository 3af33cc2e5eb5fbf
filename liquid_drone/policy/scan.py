# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How near things are in each column of the picture, as a range finder with a few beams says it.

Every column is looked at by the same weights, so that a trunk which was learned on the left is
known on the right; its rows are told apart, since where something meets the ground says how far
it is.
"""

import torch
from torch import Tensor, nn

HIDDEN, COLUMN = 32, 48  # channels: of a cell, of a column


class Scan(nn.Module):
    """Feature map (B, C, h, w) -> nearness (B, w), left to right: 1 at contact, 0 from 10 m on."""

    def __init__(self, channels: int, rows: int, columns: int) -> None:
        super().__init__()
        self.columns = columns
        self.cells = nn.Sequential(nn.Conv2d(channels, HIDDEN, 3, padding=1), nn.ReLU())
        self.rows = rows
        self.column = nn.Sequential(  # of two axes, as TensorRT's parser has them
            nn.Conv2d(HIDDEN * rows, COLUMN, (1, 3), padding=(0, 1)), nn.ReLU(),
            nn.Conv2d(COLUMN, COLUMN, (1, 3), padding=(0, 1)), nn.ReLU(),
            nn.Conv2d(COLUMN, 1, 1),
        )  # fmt: skip

    def forward(self, maps: Tensor) -> Tensor:
        """Return the nearness in each column, (B, w)."""
        columns = self.cells(maps).reshape(-1, HIDDEN * self.rows, 1, self.columns)
        return torch.sigmoid(self.column(columns).flatten(1))
