# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Closed-form continuous-time (CfC) neurons wired as an NCP (Hasani et al. 2022, Lechner 2020).

Each neuron blends two answers, ``h = f (1 - g) + q g`` with ``f, q = tanh(W x + b)`` and the gate
``g = sigmoid(a dt + c)``, where a and c are linear in x, and x holds the neuron's sources and the
last state of its own layer. In mode ``no_gate`` h = f + q g; ``pure`` is the closed form itself,
``h = A - A f exp(-dt (|w| + |f|))``.

A sequence runs skewed (``scan.py``); a step runs layer by layer and gives the same numbers.
Published versions differ in details, which are options: see ``PRESETS``.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from ..wiring import Wiring
from .activations import HEADS, Head
from .base import Cell, Weights
from .scan import skewed_scan
from .scan_layout import ScanLayout
from .sparse import SparseWeight

Mode = Literal['default', 'no_gate', 'pure']
PARTS = {'default': 4, 'no_gate': 4, 'pure': 1}  # f, q, gate slope, gate offset; pure: f alone


@dataclass(frozen=True)
class WiredCfCOptions:
    """How the published versions differ."""

    mode: Mode = 'default'
    head: Head = 'tanh'  # activation of f and q
    gate_sign: Literal[1, -1] = 1  # of dt in the gate
    dense_gates: bool = False  # gate weights also where no synapse is
    signed: bool = False  # weights of f and q multiplied by the signs of their synapses


PRESETS = {
    'ncps': WiredCfCOptions(dense_gates=True),  # ncps 1.0, WiredCfCCell
    'chahine2023': WiredCfCOptions(
        head='none', gate_sign=-1, dense_gates=True, signed=True
    ),  # keras-ncp 2.0.5 as the weights of Chahine et al. 2023 need it
}


class WiredCfC(Cell):
    """N wired CfC neurons; the state (B, N) holds the layers of the wiring in their order."""

    places: Tensor

    def __init__(
        self, wiring: Wiring, options: WiredCfCOptions | None = None, seed: int = 0
    ) -> None:
        super().__init__(wiring.sensory, wiring.neurons, wiring.outputs)
        self.wiring, self.options = wiring, options or WiredCfCOptions()
        self.parts = PARTS[self.options.mode]
        generator = torch.Generator().manual_seed(seed)
        self.sources = nn.ModuleList(
            SparseWeight(*self._mask(signs, generator)) for signs in wiring.signs
        )
        gain = 0.4 if self.options.head == 'none' else 1.0  # without tanh it must decay by itself
        self.recurrent = nn.ModuleList(
            SparseWeight(np.ones((self.parts, size, size), dtype=np.bool_), generator, gain=gain)
            for size in wiring.layers
        )
        self.bias = nn.Parameter(torch.zeros(self.parts, wiring.neurons))
        self.register_buffer('places', self._places(), persistent=False)
        if self.options.mode == 'pure':
            self.leak = nn.Parameter(torch.zeros(wiring.neurons))  # w
            self.amplitude = nn.Parameter(torch.ones(wiring.neurons))  # A

    def weights(self) -> Weights:
        """Return matrices: features -> first layer; state -> its own layers, with their biases.

        Then one for each later layer, from the layer before. Columns lie layer by layer, within a
        layer part by part, so that a step makes one product of the whole state.
        """
        blocks = [_flat(part()) for part in self.recurrent]
        own = torch.block_diag(*blocks)  # type: ignore[no-untyped-call]  # (N, P N)
        bias = torch.cat(
            [part.flatten() for part in torch.split(self.bias, list(self.wiring.layers), dim=1)]
        )
        into, *among = (_flat(part()) for part in self.sources)
        return into, own, bias, *among

    def drive(self, features: Tensor, weights: Weights) -> Tensor:
        """Return what the features give the first layer, (..., F) -> (..., P inter)."""
        return features @ weights[0]

    def advance(
        self, driven: Tensor, state: Tensor, dt: Tensor, weights: Weights
    ) -> tuple[Tensor, Tensor]:
        """Advance one tick, layer by layer."""
        _, own, bias, *among = weights
        sizes = [self.parts * size for size in self.wiring.layers]
        first, *heard = torch.split(torch.addmm(bias, state, own), sizes, dim=1)
        after = [self._blend(first + driven, dt, 0)]
        for layer, (now, weight) in enumerate(zip(heard, among, strict=True), 1):
            after.append(self._blend(torch.addmm(now, after[-1], weight), dt, layer))
        state = torch.cat(after, dim=1)
        motor = after[-1] if self.outputs == self.wiring.layers[-1] else state[:, -self.outputs :]
        return motor, state

    def scan(self, features: Tensor, state: Tensor, dt: Tensor) -> tuple[Tensor, Tensor]:
        """Advance T ticks, all layers in one product per tick."""
        options = self.options
        if options.mode == 'pure':
            return super().scan(features, state, dt)
        layout = ScanLayout(
            self.wiring.layers, self.outputs, options.head, options.mode == 'no_gate'
        )
        into, among = self._skewed_weights()
        signed = dt if options.gate_sign == 1 else -dt
        return skewed_scan(layout, features @ into, self.bias, among, signed, state)

    def _mask(
        self, signs: np.ndarray, generator: torch.Generator
    ) -> tuple[np.ndarray, torch.Generator, np.ndarray | None]:
        """Return the mask (P, sources, neurons), and the signs of f and q when they count."""
        shape = (self.parts, *signs.shape)
        mask = np.broadcast_to(signs != 0, shape).copy()
        mask[2:] |= self.options.dense_gates
        if not self.options.signed:
            return mask, generator, None
        factor = np.broadcast_to(signs, shape).copy()
        factor[2:] = 1
        return mask, generator, factor

    def _blend(self, mixed: Tensor, dt: Tensor, layer: int) -> Tensor:
        """Turn what a layer hears (B, P size) into its next state (B, size)."""
        size, options = self.wiring.layers[layer], self.options
        if options.mode == 'pure':
            start = sum(self.wiring.layers[:layer])
            leak, amplitude = (
                value[start : start + size] for value in (self.leak, self.amplitude)
            )
            return closed_form(mixed, dt, leak, amplitude)
        f, q, slope, offset = torch.split(mixed, size, dim=1)
        head, signed = HEADS[options.head], dt if options.gate_sign == 1 else -dt
        f, q = head(f), head(q)
        gate = torch.sigmoid(slope * signed + offset)
        return f + gate * (q if options.mode == 'no_gate' else q - f)

    def _skewed_weights(self) -> tuple[Tensor, Tensor]:
        """Return features -> first layer (F, P inter) and all -> all, a step late, (P N, N)."""
        rows, wide = self.features, self.parts * self.wiring.layers[0]
        every = [part.signed_values() for part in self._sparse()]
        flat = self.bias.new_zeros(rows * wide + self.parts * self.wiring.neurons**2)
        flat = flat.index_copy(0, self.places, torch.cat(every))
        return flat[: rows * wide].view(rows, wide), flat[rows * wide :].view(
            -1, self.wiring.neurons
        )

    def _sparse(self) -> list[SparseWeight]:
        return [
            part for part in (*self.sources, *self.recurrent) if isinstance(part, SparseWeight)
        ]

    def _places(self) -> Tensor:
        """Return where every stored weight belongs in the two matrices of the skewed sequence."""
        parts, n, inter = self.parts, self.wiring.neurons, self.wiring.layers[0]
        into = np.arange(self.features * parts * inter).reshape(self.features, parts, inter)
        among = into.size + np.arange(parts * n * n).reshape(parts, n, n)  # (P, target, source)
        ends = np.cumsum((0, *self.wiring.layers))
        blocks = [into.transpose(1, 0, 2)]  # (P, sources, neurons), as the weights lie
        spans = [slice(a, b) for a, b in pairwise(ends)]
        blocks += [among[:, own, above].transpose(0, 2, 1) for above, own in pairwise(spans)]
        blocks += [among[:, own, own].transpose(0, 2, 1) for own in spans]
        chosen = zip(self._sparse(), blocks, strict=True)
        flat = [block.reshape(-1)[part.positions.numpy()] for part, block in chosen]
        return torch.from_numpy(np.concatenate(flat))


def closed_form(f: Tensor, dt: Tensor, leak: Tensor, amplitude: Tensor) -> Tensor:
    """Return the closed-form solution of an LTC neuron, Hasani et al. 2022, equation 2."""
    return amplitude - amplitude * torch.exp(-dt * (leak.abs() + f.abs())) * f


def _flat(parts: Tensor) -> Tensor:
    """Lay (P, sources, neurons) out as one matrix (sources, P neurons)."""
    return parts.permute(1, 0, 2).flatten(1)
