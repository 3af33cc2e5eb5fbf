# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Mixed memory (Lechner & Hasani 2020): an LSTM's memory beside a continuous-time cell.

At each tick an LSTM step updates the cell's state and a memory c, then the continuous-time cell
moves the state on. The memory lets gradients reach far back, which an ODE's decay does not. Built
as in ncps: both see the features, the forget gate is biased by one.
"""

import torch
from torch import Tensor

from .base import Cell, Weights, linear


class MixedMemory(Cell):
    """State (B, 2 S): that of the wrapped cell, then the memory."""

    def __init__(self, inner: Cell, seed: int = 0) -> None:
        super().__init__(inner.features, 2 * inner.state_size, inner.outputs)
        self.inner = inner
        generator = torch.Generator().manual_seed(seed)
        self.input = linear(inner.features, 4 * inner.state_size, generator)
        self.recurrent = linear(inner.state_size, 4 * inner.state_size, generator)
        del self.recurrent.bias
        self.recurrent.register_parameter('bias', None)

    def weights(self) -> Weights:
        """Return the wrapped cell's."""
        return self.inner.weights()

    def constrain(self) -> None:
        """Constrain the wrapped cell."""
        self.inner.constrain()

    def drive(self, features: Tensor, weights: Weights) -> Tensor:
        """Return the LSTM's part, then the wrapped cell's."""
        return torch.cat([self.input(features), self.inner.drive(features, weights)], dim=-1)

    def advance(
        self, driven: Tensor, state: Tensor, dt: Tensor, weights: Weights
    ) -> tuple[Tensor, Tensor]:
        """Advance one tick."""
        hidden, memory = state.chunk(2, dim=1)
        size = 4 * self.inner.state_size
        mixed = torch.addmm(driven[:, :size], hidden, self.recurrent.weight.T)
        new, enter, keep, out = mixed.chunk(4, dim=1)
        memory = memory * torch.sigmoid(keep + 1.0) + torch.tanh(new) * torch.sigmoid(enter)
        hidden = torch.tanh(memory) * torch.sigmoid(out)
        output, hidden = self.inner.advance(driven[:, size:], hidden, dt, weights)
        return output, torch.cat([hidden, memory], dim=1)
