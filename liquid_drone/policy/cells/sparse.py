# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Weights that exist only where a synapse does: an absent one is neither stored nor trained."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn


class SparseWeight(nn.Module):
    """The weights of the existing synapses of a mask (parts, sources, neurons)."""

    positions: Tensor
    signs: Tensor

    def __init__(
        self,
        mask: npt.NDArray[np.bool_],
        generator: torch.Generator,
        signs: npt.NDArray[np.int8] | None = None,
        gain: float = 1.0,
    ) -> None:
        """Draw the weights.

        Args:
            mask: where synapses are, (P, sources, neurons).
            generator: of the start weights.
            signs: multiplied with the weights when given, of the shape of the mask.
            gain: of unit-variance inputs to the sum of a neuron, at the start.

        """
        super().__init__()
        self.shape = mask.shape
        index = np.flatnonzero(mask)
        self.register_buffer('positions', torch.from_numpy(index), persistent=False)
        fan_in = np.maximum(mask.sum(axis=1, keepdims=True), 1)
        bound = np.sqrt(3.0 / np.broadcast_to(fan_in, mask.shape).reshape(-1)[index])
        uniform = torch.rand(len(index), generator=generator) * 2.0 - 1.0
        self.values = nn.Parameter(uniform * torch.from_numpy(bound).float() * gain)
        self.signed = signs is not None
        if signs is not None:
            flat = torch.from_numpy(signs.reshape(-1)[index]).float()
            self.register_buffer('signs', flat, persistent=False)

    def forward(self) -> Tensor:
        """Return the weights with zeros where no synapse is, (P, sources, neurons)."""
        parts, rows, columns = self.shape
        values = self.signed_values()
        flat = values.new_zeros(parts * rows * columns)
        return flat.index_put((self.positions,), values).view(self.shape)

    def signed_values(self) -> Tensor:
        """Return the weights of the existing synapses as they act, (synapses,)."""
        return self.values * self.signs if self.signed else self.values

    @torch.no_grad()
    def put(self, dense: Tensor) -> None:
        """Take the weights of the existing synapses from (P, sources, neurons), unsigned."""
        self.values.copy_(dense.reshape(-1)[self.positions])
