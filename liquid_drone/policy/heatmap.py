# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A target head that finds a spot: one score for each cell of a feature map.

The bearing is the mean of the cells' places weighted by their softmax, so that it needs no
learning anew for each place; the logit is the logarithm of the summed scores. What is found is
added to the features, too: at first with weight zero. Another operating point moves what is
answered and not what the features are told, so that the core flies as before.
"""

import torch
from torch import Tensor, nn

FOUND = 4  # probability, and bearing, elevation, logit times it
SURE = 10.0  # a logit beyond this adds nothing to the features


class Heatmap(nn.Module):
    """Feature map (B, C, h, w) -> target head (B, 3), what is added to the features (B, F)."""

    spots: Tensor
    moved: Tensor

    def __init__(self, channels: int, hidden: int, features: int, rows: int, columns: int) -> None:
        super().__init__()
        self.score = nn.Sequential(
            nn.Conv2d(channels, hidden, 3, padding=1), nn.ReLU(), nn.Conv2d(hidden, 1, 1)
        )
        y, x = torch.meshgrid(
            torch.linspace(1.0, -1.0, rows), torch.linspace(-1.0, 1.0, columns), indexing='ij'
        )
        spots = torch.stack([x.flatten(), y.flatten()], dim=1)  # (h w, 2) bearing, elevation
        self.register_buffer('spots', spots, persistent=False)
        self.fitted = nn.Linear(2, 2)  # cells to bearing and elevation
        self.bias = nn.Parameter(torch.tensor(-4.0))
        self.register_buffer('moved', torch.zeros(()))  # the answer's logit is lower by this
        self.added = nn.Linear(FOUND, features, bias=False)
        with torch.no_grad():
            self.fitted.weight.copy_(torch.eye(2))
            self.fitted.bias.zero_()
            self.added.weight.zero_()

    def forward(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Return the target head (B, 3): logit, bearing, elevation, and the addition (B, F)."""
        scores = self.score(maps).flatten(1).float()  # (B, h w)
        most = scores.max(dim=1, keepdim=True).values
        raised = torch.exp(scores - most)
        total = raised.sum(dim=1, keepdim=True)
        logit = most + torch.log(total) + self.bias  # (B, 1)
        spot = self.fitted(raised / total @ self.spots)  # (B, 2)
        probability = torch.sigmoid(logit)
        sure = torch.clamp(logit, -SURE, SURE) / SURE
        found = torch.cat([probability, probability * spot, probability * sure], dim=1)
        return torch.cat([logit - self.moved, spot], dim=1), self.added(found)
