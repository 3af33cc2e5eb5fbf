# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Cells whose state follows an ODE between frames: CT-RNN, GRU-ODE, ODE-RNN."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .base import Cell, Weights, linear
from .gated import GRUCell
from .solvers import Derivative, Solver, solve


@dataclass(frozen=True)
class ODEOptions:
    """How the equation is solved."""

    solver: Solver = 'euler'
    steps: int = 4  # of a fixed-step solver within one tick
    tolerance: float = 1e-5  # of dopri5

    def __post_init__(self) -> None:
        if self.steps < 1 or self.tolerance <= 0.0:
            raise ValueError(f'expected steps >= 1 and tolerance > 0, got {self}')


class CTRNN(Cell):
    """Funahashi & Nakamura 1993: dh/ds = gain tanh(W x + U h + b) - leak h."""

    def __init__(
        self, features: int, neurons: int, options: ODEOptions | None = None, seed: int = 0
    ) -> None:
        super().__init__(features, neurons, neurons)
        self.options = options or ODEOptions()
        generator = torch.Generator().manual_seed(seed)
        self.input = linear(features, neurons, generator)
        self.recurrent = linear(neurons, neurons, generator)
        del self.recurrent.bias
        self.recurrent.register_parameter('bias', None)
        self.gain = nn.Parameter(torch.ones(neurons))
        self.leak = nn.Parameter(torch.ones(neurons))  # one over the time constant, by magnitude

    def drive(self, features: Tensor, weights: Weights) -> Tensor:
        """Return W x + b."""
        driven: Tensor = self.input(features)
        return driven

    def advance(
        self, driven: Tensor, state: Tensor, dt: Tensor, weights: Weights
    ) -> tuple[Tensor, Tensor]:
        """Advance one tick."""
        leak, recurrent = self.leak.abs(), self.recurrent.weight.T

        def slope(h: Tensor) -> Tensor:
            return self.gain * torch.tanh(torch.addmm(driven, h, recurrent)) - leak * h

        state = _solve(slope, state, dt, self.options)
        return state, state


class GRUODE(Cell):
    """De Brouwer et al. 2019, without the Bayesian part: dh/ds = (1 - z) (g - h)."""

    def __init__(
        self, features: int, neurons: int, options: ODEOptions | None = None, seed: int = 0
    ) -> None:
        super().__init__(features, neurons, neurons)
        self.options = options or ODEOptions()
        generator = torch.Generator().manual_seed(seed)
        self.input = linear(features, 3 * neurons, generator)  # r, z, g
        self.gates = linear(neurons, 2 * neurons, generator)
        self.candidate = linear(neurons, neurons, generator)
        for layer in (self.gates, self.candidate):
            del layer.bias
            layer.register_parameter('bias', None)

    def drive(self, features: Tensor, weights: Weights) -> Tensor:
        """Return what the features give r, z and g."""
        driven: Tensor = self.input(features)
        return driven

    def advance(
        self, driven: Tensor, state: Tensor, dt: Tensor, weights: Weights
    ) -> tuple[Tensor, Tensor]:
        """Advance one tick."""
        size = self.state_size
        into_gates, into_candidate = driven[:, : 2 * size], driven[:, 2 * size :]

        def slope(h: Tensor) -> Tensor:
            gates = torch.sigmoid(torch.addmm(into_gates, h, self.gates.weight.T))
            reset, keep = gates.chunk(2, dim=1)
            raw = torch.addmm(into_candidate, reset * h, self.candidate.weight.T)
            return (1.0 - keep) * (torch.tanh(raw) - h)

        state = _solve(slope, state, dt, self.options)
        return state, state


class ODERNN(Cell):
    """Rubanova et al. 2019: h follows dh/ds = net(h) between frames, a GRU takes in each frame."""

    def __init__(
        self, features: int, neurons: int, options: ODEOptions | None = None, seed: int = 0
    ) -> None:
        super().__init__(features, neurons, neurons)
        self.options = options or ODEOptions()
        generator = torch.Generator().manual_seed(seed)
        self.flow = nn.Sequential(
            linear(neurons, neurons, generator), nn.Tanh(), linear(neurons, neurons, generator)
        )
        self.update = GRUCell(features, neurons, seed=seed)

    def drive(self, features: Tensor, weights: Weights) -> Tensor:
        """Return what the features give the gates."""
        return self.update.drive(features, weights)

    def advance(
        self, driven: Tensor, state: Tensor, dt: Tensor, weights: Weights
    ) -> tuple[Tensor, Tensor]:
        """Advance one tick."""
        state = _solve(self.flow, state, dt, self.options)
        return self.update.advance(driven, state, dt, weights)


def _solve(slope: Derivative, state: Tensor, dt: Tensor, options: ODEOptions) -> Tensor:
    return solve(slope, state, dt, options.solver, options.steps, options.tolerance)
