# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Cells without recurrence: a causal convolution over a bounded past, and none at all."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from .base import Cell, Weights, linear


@dataclass(frozen=True)
class TCNOptions:
    """Each level looks back (kernel - 1) dilation ticks."""

    kernel: int = 3
    dilations: tuple[int, ...] = (1, 2, 4, 8)

    def __post_init__(self) -> None:
        if self.kernel < 2 or not self.dilations or min(self.dilations) < 1:
            raise ValueError(f'expected kernel >= 2 and dilations >= 1, got {self}')


class TCN(Cell):
    """Temporal convolutions (Bai et al. 2018) with skip connections; dt does not enter.

    The state holds what each level still needs of its own past inputs, so that a step costs the
    same for ever and equals the sequence.
    """

    def __init__(
        self, features: int, channels: int, options: TCNOptions | None = None, seed: int = 0
    ) -> None:
        self.options = options or TCNOptions()
        widths = [features, *[channels] * (len(self.options.dilations) - 1)]
        reach = [(self.options.kernel - 1) * dilation for dilation in self.options.dilations]
        sizes = [ticks * width for ticks, width in zip(reach, widths, strict=True)]
        super().__init__(features, sum(sizes), channels)
        self.widths, self.reach, self.sizes = widths, reach, sizes
        generator = torch.Generator().manual_seed(seed)
        kernel = self.options.kernel
        self.taps = nn.ModuleList(linear(kernel * width, channels, generator) for width in widths)
        self.skip = linear(features, channels, generator)

    def drive(self, features: Tensor, weights: Weights) -> Tensor:
        """Return the features: the first level needs its past of them too."""
        return features

    def advance(
        self, driven: Tensor, state: Tensor, dt: Tensor, weights: Weights
    ) -> tuple[Tensor, Tensor]:
        """Advance one tick."""
        now, after = driven, []
        for level, past in enumerate(torch.split(state, self.sizes, dim=1)):
            width, dilation = self.widths[level], self.options.dilations[level]
            window = torch.cat([past, now], dim=1)  # oldest tick first
            taps = [
                window[:, k * dilation * width : (k * dilation + 1) * width]
                for k in range(self.options.kernel)
            ]
            after.append(window[:, width:])
            now = self._level(level, torch.cat(taps, dim=1), now)
        return now, torch.cat(after, dim=1)

    def scan(self, features: Tensor, state: Tensor, dt: Tensor) -> tuple[Tensor, Tensor]:
        """Advance T ticks, level by level instead of tick by tick."""
        now, after, ticks = features, [], features.shape[1]
        for level, past in enumerate(torch.split(state, self.sizes, dim=1)):
            before = past.view(len(past), self.reach[level], self.widths[level])
            window = torch.cat([before, now], dim=1)  # (B, reach + T, width)
            starts = [k * self.options.dilations[level] for k in range(self.options.kernel)]
            taps = torch.cat([window[:, start : start + ticks] for start in starts], dim=2)
            after.append(window[:, ticks:].flatten(1))
            now = self._level(level, taps, now)
        return now, torch.cat(after, dim=1)

    def _level(self, level: int, taps: Tensor, now: Tensor) -> Tensor:
        around = self.skip(now) if level == 0 else now
        return around + torch.relu(self.taps[level](taps))


@dataclass(frozen=True)
class MLPOptions:
    """Hidden layers."""

    hidden: tuple[int, ...] = (64,)

    def __post_init__(self) -> None:
        if self.hidden and min(self.hidden) < 1:
            raise ValueError(f'expected positive widths, got {self}')


class MLP(Cell):
    """No memory at all: what remembering is worth shows against it. The state is one idle zero."""

    def __init__(
        self, features: int, outputs: int, options: MLPOptions | None = None, seed: int = 0
    ) -> None:
        super().__init__(features, 1, outputs)
        self.options = options or MLPOptions()
        generator = torch.Generator().manual_seed(seed)
        widths = [features, *self.options.hidden, outputs]
        self.layers = nn.ModuleList(linear(a, b, generator) for a, b in pairwise(widths))

    def drive(self, features: Tensor, weights: Weights) -> Tensor:
        """Return the outputs."""
        for layer in self.layers[:-1]:
            features = torch.relu(layer(features))
        return torch.tanh(self.layers[-1](features))

    def advance(
        self, driven: Tensor, state: Tensor, dt: Tensor, weights: Weights
    ) -> tuple[Tensor, Tensor]:
        """Hand the outputs on."""
        return driven, state * 1.0

    def scan(self, features: Tensor, state: Tensor, dt: Tensor) -> tuple[Tensor, Tensor]:
        """Answer all ticks at once."""
        return self.drive(features, ()), state * 1.0
