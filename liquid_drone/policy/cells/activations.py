# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The activations that published cells use, by name, with their derivative from their output."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

Head = Literal['tanh', 'lecun_tanh', 'none']
Backbone = Literal['lecun_tanh', 'tanh', 'silu', 'relu', 'gelu']
LECUN_GAIN, LECUN_SLOPE = 1.7159, 0.666  # LeCun et al. 1998, Efficient BackProp


def lecun_tanh(x: Tensor) -> Tensor:
    """1.7159 tanh(0.666 x): unit variance stays unit variance."""
    return LECUN_GAIN * torch.tanh(LECUN_SLOPE * x)


def _same(x: Tensor) -> Tensor:
    return x


HEADS: dict[str, Callable[[Tensor], Tensor]] = {
    'tanh': torch.tanh,
    'lecun_tanh': lecun_tanh,
    'none': _same,
}
BACKBONES: dict[str, Callable[[Tensor], Tensor]] = {
    'lecun_tanh': lecun_tanh,
    'tanh': torch.tanh,
    'silu': nn.functional.silu,
    'relu': torch.relu,
    'gelu': nn.functional.gelu,
}


def head_slope(head: str, value: Tensor) -> Tensor:
    """Return the derivative of a head's activation, from its output."""
    if head == 'tanh':
        return 1.0 - value * value
    if head == 'lecun_tanh':
        return LECUN_SLOPE * (LECUN_GAIN - value * value / LECUN_GAIN)
    return torch.ones_like(value)
