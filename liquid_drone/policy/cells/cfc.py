# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The fully connected closed-form continuous-time cell, with a backbone (Hasani et al. 2022).

x = backbone([features, h]); f, q = head(W x + b); g = sigmoid(a dt + c) with a, c linear in x;
h = f (1 - g) + q g. Modes as in ``wired.py``. The four heads are one product.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from ...errors import ConfigError
from .activations import BACKBONES, HEADS, Backbone, Head
from .base import Cell, Weights, linear
from .wired import PARTS, Mode, closed_form


@dataclass(frozen=True)
class CfCOptions:
    """The cell; the defaults are those of ncps."""

    mode: Mode = 'default'
    head: Head = 'tanh'  # activation of f and q
    gate_sign: Literal[1, -1] = 1  # of dt in the gate
    backbone: Backbone = 'lecun_tanh'
    units: int = 128  # of each backbone layer
    layers: int = 1  # of the backbone; 0: none

    def __post_init__(self) -> None:
        if self.layers < 0 or self.units < 1:
            raise ValueError(f'expected layers >= 0 and units >= 1, got {self}')


PRESETS = {
    'ncps': CfCOptions(),  # ncps 1.0, CfCCell
    'chahine2023': CfCOptions(
        head='lecun_tanh', gate_sign=-1, backbone='silu', units=147, layers=2
    ),  # tf_cfc.CfcCell with the settings of the published weights
}


class CfC(Cell):
    """N neurons, all of them outputs."""

    def __init__(
        self, features: int, neurons: int, options: CfCOptions | None = None, seed: int = 0
    ) -> None:
        super().__init__(features, neurons, neurons)
        self.options = options or CfCOptions()
        self.parts = PARTS[self.options.mode]
        generator = torch.Generator().manual_seed(seed)
        widths = [features + neurons, *[self.options.units] * self.options.layers]
        self.backbone = nn.ModuleList(linear(a, b, generator) for a, b in pairwise(widths))
        self.heads = linear(widths[-1], self.parts * neurons, generator)
        if self.options.mode == 'pure':
            self.leak = nn.Parameter(torch.zeros(neurons))
            self.amplitude = nn.Parameter(torch.ones(neurons))

    def weights(self) -> Weights:
        """Return the first layer's weight of features and of state, transposed."""
        first = self._first().weight.T
        return first[: self.features], first[self.features :]

    def drive(self, features: Tensor, weights: Weights) -> Tensor:
        """Return what the features give the first layer."""
        return features @ weights[0] + self._first().bias

    def advance(
        self, driven: Tensor, state: Tensor, dt: Tensor, weights: Weights
    ) -> tuple[Tensor, Tensor]:
        """Advance one tick."""
        mixed = torch.addmm(driven, state, weights[1])
        if self.backbone:
            activation = BACKBONES[self.options.backbone]
            for layer in (*self.backbone[1:], self.heads):
                mixed = layer(activation(mixed))
        state = self._blend(mixed, dt)
        return state, state

    def _first(self) -> nn.Linear:
        first = self.backbone[0] if self.backbone else self.heads
        if not isinstance(first, nn.Linear):
            raise ConfigError(f'expected a linear layer, got {type(first).__name__}')
        return first

    def _blend(self, mixed: Tensor, dt: Tensor) -> Tensor:
        if self.options.mode == 'pure':
            return closed_form(mixed, dt, self.leak, self.amplitude)
        size = self.state_size
        f, q, slope, offset = torch.split(mixed, size, dim=1)
        head, signed = HEADS[self.options.head], dt if self.options.gate_sign == 1 else -dt
        f, q = head(f), head(q)
        gate = torch.sigmoid(slope * signed + offset)
        return f + gate * (q if self.options.mode == 'no_gate' else q - f)
