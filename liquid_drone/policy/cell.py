# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The liquid core: closed-form continuous-time (CfC) neurons wired as an NCP (Hasani et al. 2022).

Each neuron blends two answers, ``h = f (1 - g) + q g`` with ``f, q = tanh(W x + b)`` and the gate
``g = sigmoid(a dt + b)``, where a and b are linear in x and x holds the neuron's sources and the
last state of its own layer. dt is in units of the nominal frame time: in seconds the gate would
hardly open.

Only synapses that exist have a weight; an absent one is neither stored nor trained. A sequence
runs skewed: layer l works l ticks late, so that one product advances all neurons per tick; a step
runs layer by layer and gives the same numbers. It reads no image and scales no command.
"""

import numpy as np
import torch
from torch import Tensor, nn

from .wiring import Wiring

PARTS = 4  # f, q, gate slope a, gate offset b


class SparseWeight(nn.Module):
    """The weights of the existing synapses of one mask, for all four parts."""

    positions: Tensor

    def __init__(self, mask: np.ndarray, generator: torch.Generator) -> None:
        super().__init__()
        rows, columns = mask.shape
        self.shape = (PARTS, rows, columns)
        index = np.flatnonzero(np.broadcast_to(mask, self.shape))
        self.register_buffer('positions', torch.from_numpy(index), persistent=False)
        fan_in = np.maximum(mask.sum(axis=0), 1)
        bound = np.sqrt(3.0 / np.broadcast_to(fan_in, self.shape).reshape(-1)[index])
        uniform = torch.rand(len(index), generator=generator) * 2.0 - 1.0
        self.values = nn.Parameter(uniform * torch.from_numpy(bound).float())

    def forward(self) -> Tensor:
        """Return the weights with zeros where no synapse is, (4, sources, neurons)."""
        parts, rows, columns = self.shape
        flat = self.values.new_zeros(parts * rows * columns)
        return flat.index_put((self.positions,), self.values).view(self.shape)


class WiredCfC(nn.Module):
    """N wired CfC neurons; the state (B, N) holds inter, command, motor neurons in this order."""

    def __init__(self, wiring: Wiring, seed: int = 0) -> None:
        super().__init__()
        self.wiring = wiring
        generator = torch.Generator().manual_seed(seed)
        self.sources = nn.ModuleList(SparseWeight(mask, generator) for mask in wiring.masks)
        self.recurrent = nn.ModuleList(
            SparseWeight(np.ones((size, size), dtype=np.bool_), generator)
            for size in wiring.layers
        )
        self.bias = nn.Parameter(torch.zeros(PARTS, wiring.neurons))

    def dense(self) -> list[Tensor]:
        """Return one matrix per layer, (sources + size, 4 size), zeros where no synapse is."""
        weights = []
        for source, own in zip(self.sources, self.recurrent, strict=True):
            weight = torch.cat([source(), own()], dim=1)  # (4, sources + size, size)
            weights.append(weight.permute(1, 0, 2).flatten(1))
        return weights

    def step(
        self, features: Tensor, dt: Tensor, state: Tensor, dense: list[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Advance one tick.

        Args:
            features: what the sensory neurons see, (B, F).
            dt: time since the last tick in nominal frames, (B,).
            state: (B, N).
            dense: what :meth:`dense` returned.

        Returns:
            The motor neurons in -1..1, (B, 4), and the next state, (B, N).

        """
        below, after, start = features, [], 0
        for weight, size in zip(dense, self.wiring.layers, strict=True):
            inputs = torch.cat([below, state[:, start : start + size]], dim=1)
            bias = self.bias[:, start : start + size].flatten()
            parts = (inputs @ weight + bias).chunk(PARTS, dim=1)  # 4 x (B, size)
            below = _blend(list(parts), dt[:, None])  # (B, size)
            after.append(below)
            start += size
        return below, torch.cat(after, dim=1)

    def forward(self, features: Tensor, dt: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Advance T ticks.

        Args:
            features: (B, T, F).
            dt: nominal frames since the tick before, (B, T).
            state: before the first tick, (B, N).

        Returns:
            The motor neurons of every tick, (B, T, 4), and the state after the last, (B, N).

        """
        batch, ticks, _ = features.shape
        inter, layers, neurons = self.wiring.inter, len(self.wiring.layers), self.wiring.neurons
        late = layers - 1
        driven = torch.einsum('btf,kfn->tbkn', features, self.sources[0]())  # (T, B, 4, inter)
        driven = nn.functional.pad(driven, (0, neurons - inter, 0, 0, 0, 0, 0, late))
        driven = driven + self.bias  # (T + late, B, 4, N)
        weight = self._skewed_weight()  # (N, 4 N)
        delays = [layer for layer, size in enumerate(self.wiring.layers) for _ in range(size)]
        dt_late = _delay(dt, delays)  # (T + late, B, N)
        delay = torch.tensor(delays)
        motor = []
        for tick in range(ticks + late):
            mixed = (state @ weight).view(batch, PARTS, neurons) + driven[tick]
            moved = _blend(list(mixed.unbind(1)), dt_late[tick])
            if tick < late or tick >= ticks:  # some layers have not begun, or have ended
                moved = torch.where((delay <= tick) & (tick < ticks + delay), moved, state)
            state = moved
            if tick >= late:
                motor.append(state[:, neurons - self.wiring.motor :])
        return torch.stack(motor, dim=1), state

    def _skewed_weight(self) -> Tensor:
        """Return one matrix (N, 4 N): every layer fed by itself and the one before, late."""
        neurons = self.wiring.neurons
        columns, start = [], 0
        for layer, size in enumerate(self.wiring.layers):
            block = self.recurrent[layer]()  # (4, size, size)
            above = start
            if layer > 0:
                block = torch.cat([self.sources[layer](), block], dim=1)
                above = start - self.wiring.layers[layer - 1]
            below = neurons - above - block.shape[1]
            columns.append(nn.functional.pad(block, (0, 0, above, below)))  # (4, N, size)
            start += size
        return torch.cat(columns, dim=2).permute(1, 0, 2).reshape(neurons, PARTS * neurons)


def _blend(parts: list[Tensor], dt: Tensor) -> Tensor:
    f, q, slope, offset = parts
    gate = torch.sigmoid(slope * dt + offset)
    return torch.tanh(f) * (1.0 - gate) + torch.tanh(q) * gate


def _delay(dt: Tensor, delays: list[int]) -> Tensor:
    """Spread dt (B, T) over the neurons, as late as each layer runs: (T + late, B, N)."""
    late = max(delays)
    padded = nn.functional.pad(dt.T, (0, 0, late, late), value=1.0)  # (T + 2 late, B)
    ticks = dt.shape[1] + late
    return torch.stack([padded[late - d : late - d + ticks] for d in delays], dim=2)
