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

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from ...contract import TimeSpec
from ..wiring import Wiring
from .activations import HEADS, Head
from .base import Cell, Weights
from .scan import skewed_scan
from .scan_layout import ScanLayout
from .sparse import SparseWeight

TICK_S = TimeSpec().nominal_s
QUIET = 0.1  # of the start weights that would disturb a memory
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
    # least and most time constant at the start, of all layers but the motor neurons'; None: the
    # gates start in the middle, which is about one tick
    time_constants_s: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        spans_s = self.time_constants_s
        if spans_s is not None and not 0.01 <= spans_s[0] <= spans_s[1] <= 1000.0:
            raise ValueError(f'expected time_constants_s 0.01..1000 in order, got {spans_s}')
        if spans_s is not None and (self.mode != 'default' or self.gate_sign != 1):
            raise ValueError("time_constants_s are for mode 'default' and gate_sign 1")


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
        if self.options.time_constants_s is not None:
            self._begin_slow(*self.options.time_constants_s)
        self.register_buffer('places', self._places(), persistent=False)
        if self.options.mode == 'pure':
            self.leak = nn.Parameter(torch.zeros(wiring.neurons))  # w
            self.amplitude = nn.Parameter(torch.ones(wiring.neurons))  # A

    @torch.no_grad()
    def _begin_slow(self, least_s: float, most_s: float) -> None:
        """Begin as leaky integrators: f keeps the own state, q takes the input, the gate is slow.

        The time constants of a layer are spread evenly on a log scale: at a time step of one tick
        the gate starts at 1 - exp(-tick / time constant), and in proportion to the time step.
        """
        start = 0
        for layer, size in enumerate(self.wiring.layers[:-1]):
            spans = torch.logspace(math.log10(least_s), math.log10(most_s), size) / TICK_S
            gate = 1.0 - torch.exp(-1.0 / spans)
            self.bias[2, start : start + size] = 1.0
            self.bias[3, start : start + size] = torch.logit(gate) - 1.0
            own, heard = self.recurrent[layer], self.sources[layer]
            assert isinstance(own, SparseWeight)  # made so
            assert isinstance(heard, SparseWeight)
            kept, taken = own(), heard()
            kept[0] = torch.eye(size)
            kept[2:] *= QUIET
            taken[0] *= QUIET
            taken[2:] *= QUIET
            own.put(kept)
            heard.put(taken)
            start += size

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
