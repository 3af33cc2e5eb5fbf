# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The gated classics, LSTM (Hochreiter & Schmidhuber 1997) and GRU (Cho et al. 2014).

Their weights lie in torch's own modules, which run the sequence; a step is written out, since the
exported graph needs it. dt does not enter, unless ``time_input`` appends it to the features.
"""

from dataclasses import dataclass
from typing import Protocol, cast

import torch
from torch import Tensor, nn

from .base import Cell, Weights


@dataclass(frozen=True)
class GatedOptions:
    """The cell."""

    time_input: bool = False  # dt - 1 as one more feature


class Recurrent(Protocol):
    """What a step reads of torch's modules."""

    weight_ih_l0: Tensor
    weight_hh_l0: Tensor
    bias_ih_l0: Tensor
    bias_hh_l0: Tensor


class LSTMCell(Cell):
    """State (B, 2 N): output h, then memory c."""

    def __init__(
        self, features: int, neurons: int, options: GatedOptions | None = None, seed: int = 0
    ) -> None:
        super().__init__(features, 2 * neurons, neurons)
        self.options = options or GatedOptions()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.core = nn.LSTM(features + self.options.time_input, neurons, batch_first=True)
        with torch.no_grad():
            raw = self.raw
            raw.bias_ih_l0.zero_()
            raw.bias_hh_l0.zero_()
            raw.bias_ih_l0[neurons : 2 * neurons] = 1.0  # remember at first

    @property
    def raw(self) -> Recurrent:
        """Torch's parameters."""
        return cast(Recurrent, self.core)

    def drive(self, features: Tensor, weights: Weights) -> Tensor:
        """Return the input's part of the gates."""
        weight = self.raw.weight_ih_l0[:, : self.features]
        return nn.functional.linear(features, weight, self.raw.bias_ih_l0 + self.raw.bias_hh_l0)

    def advance(
        self, driven: Tensor, state: Tensor, dt: Tensor, weights: Weights
    ) -> tuple[Tensor, Tensor]:
        """Advance one tick."""
        hidden, memory = state.chunk(2, dim=1)
        mixed = torch.addmm(_timed(self, driven, dt), hidden, self.raw.weight_hh_l0.T)
        enter, keep, new, out = mixed.chunk(4, dim=1)
        memory = torch.sigmoid(keep) * memory + torch.sigmoid(enter) * torch.tanh(new)
        hidden = torch.sigmoid(out) * torch.tanh(memory)
        return hidden, torch.cat([hidden, memory], dim=1)

    def scan(self, features: Tensor, state: Tensor, dt: Tensor) -> tuple[Tensor, Tensor]:
        """Advance T ticks in torch's own kernel."""
        hidden, memory = (part[None].contiguous() for part in state.chunk(2, dim=1))
        outputs, last = self.core(_with_time(self, features, dt), (hidden, memory))
        return outputs, torch.cat([last[0][0], last[1][0]], dim=1)


class GRUCell(Cell):
    """State (B, N) is the output."""

    def __init__(
        self, features: int, neurons: int, options: GatedOptions | None = None, seed: int = 0
    ) -> None:
        super().__init__(features, neurons, neurons)
        self.options = options or GatedOptions()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.core = nn.GRU(features + self.options.time_input, neurons, batch_first=True)

    @property
    def raw(self) -> Recurrent:
        """Torch's parameters."""
        return cast(Recurrent, self.core)

    def drive(self, features: Tensor, weights: Weights) -> Tensor:
        """Return the input's part of reset, update and candidate."""
        weight = self.raw.weight_ih_l0[:, : self.features]
        return nn.functional.linear(features, weight, self.raw.bias_ih_l0)

    def advance(
        self, driven: Tensor, state: Tensor, dt: Tensor, weights: Weights
    ) -> tuple[Tensor, Tensor]:
        """Advance one tick."""
        own = nn.functional.linear(state, self.raw.weight_hh_l0, self.raw.bias_hh_l0)
        ours, theirs = own.chunk(3, dim=1), _timed(self, driven, dt).chunk(3, dim=1)
        reset, update = torch.sigmoid(ours[0] + theirs[0]), torch.sigmoid(ours[1] + theirs[1])
        candidate = torch.tanh(theirs[2] + reset * ours[2])
        state = candidate + update * (state - candidate)
        return state, state

    def scan(self, features: Tensor, state: Tensor, dt: Tensor) -> tuple[Tensor, Tensor]:
        """Advance T ticks in torch's own kernel."""
        outputs, last = self.core(_with_time(self, features, dt), state[None].contiguous())
        return outputs, last[0]


def _timed(cell: LSTMCell | GRUCell, driven: Tensor, dt: Tensor) -> Tensor:
    """Add the part of dt (B, 1) to a driven tick."""
    if not cell.options.time_input:
        return driven
    return driven + (dt - 1.0) * cell.raw.weight_ih_l0[:, -1]


def _with_time(cell: LSTMCell | GRUCell, features: Tensor, dt: Tensor) -> Tensor:
    if not cell.options.time_input:
        return features
    return torch.cat([features, dt[..., None] - 1.0], dim=-1)
