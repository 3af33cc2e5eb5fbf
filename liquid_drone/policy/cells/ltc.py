# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Liquid time-constant neurons (Hasani et al. 2021): conductance-based synapses, an ODE to solve.

C dv/dt = g_leak (v_leak - v) + sum over synapses of w sigmoid(s (v_pre - m)) (E - v).

The solver ``fused`` is the paper's semi-implicit Euler: the answer to a step is a quotient, always
finite. ``euler``, ``rk4`` and ``dopri5`` solve the same equation explicitly, so that what that
costs can be shown. Synapses are a list: a sigmoid for each one that exists, then one product sums
the currents of all neurons.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from ...arrays import Int8Array
from ..wiring import Wiring
from .base import Cell, Weights
from .solvers import solve


@dataclass(frozen=True)
class LTCOptions:
    """The cell; the defaults are those of ncps."""

    solver: Literal['fused', 'euler', 'rk4', 'dopri5'] = 'fused'
    steps: int = 6  # of the solver within one tick
    tolerance: float = 1e-5  # of dopri5
    softplus: bool = True  # keep w, C, g_leak positive by softplus; otherwise see constrain()
    extra_dt: float = 0.0  # added to dt; tf_cfc.LTCCell adds 0.001

    def __post_init__(self) -> None:
        if self.steps < 1 or self.tolerance <= 0.0:
            raise ValueError(f'expected steps >= 1 and tolerance > 0, got {self}')


PRESETS = {
    'ncps': LTCOptions(),  # ncps.torch.LTC
    'chahine2023': LTCOptions(softplus=False, steps=3, extra_dt=1e-3),  # tf_cfc.LTCCell
    'chahine2023-ncp': LTCOptions(softplus=False),  # kerasncp.LTCCell
}
EPSILON = 1e-8


class Synapses(nn.Module):
    """Conductance synapses of a sign matrix (sources, neurons), one row of numbers each."""

    source: Tensor
    target: Tensor

    def __init__(self, signs: Int8Array, softplus: bool, generator: torch.Generator) -> None:
        super().__init__()
        self.neurons = signs.shape[1]
        source, target = np.nonzero(signs)
        self.register_buffer('source', torch.from_numpy(source), persistent=False)
        self.register_buffer('target', torch.from_numpy(target), persistent=False)
        count = len(source)
        self.strength = _positive(count, 0.001, 1.0, softplus, generator)  # w
        self.steepness = _uniform(count, 3.0, 8.0, generator)  # s
        self.midpoint = _uniform(count, 0.3, 0.8, generator)  # m
        self.reversal = nn.Parameter(torch.from_numpy(signs[source, target]).float())  # E

    def incidence(self, strength: Tensor) -> Tensor:
        """Return the matrix (synapses, 2 N) that sums [w E, w] of each neuron's synapses."""
        row = torch.arange(len(self.source), device=self.source.device)
        both = torch.cat([row, row]), torch.cat([self.target, self.target + self.neurons])
        values = torch.cat([strength * self.reversal, strength])
        empty = values.new_zeros(len(self.source), 2 * self.neurons)
        return empty.index_put(both, values)

    def put(self, **dense: Tensor) -> None:
        """Take strength, steepness, midpoint, reversal from (sources, neurons) matrices."""
        with torch.no_grad():
            for name, matrix in dense.items():
                self.get_parameter(name).copy_(matrix[self.source, self.target])

    def open(self, voltage: Tensor) -> Tensor:
        """Return how far each synapse is open, (..., sources) -> (..., synapses)."""
        shift = self.steepness * self.midpoint
        before = voltage.index_select(-1, self.source)
        return torch.sigmoid(self.steepness * before - shift)


class LTC(Cell):
    """N liquid time-constant neurons, the last O of them outputs."""

    def __init__(self, wiring: Wiring, options: LTCOptions | None = None, seed: int = 0) -> None:
        super().__init__(wiring.sensory, wiring.neurons, wiring.outputs)
        self.wiring, self.options = wiring, options or LTCOptions()
        generator = torch.Generator().manual_seed(seed)
        self.sensory = Synapses(wiring.inputs, self.options.softplus, generator)
        self.inner = Synapses(wiring.synapses, self.options.softplus, generator)
        self.leak = _positive(wiring.neurons, 0.001, 1.0, self.options.softplus, generator)
        self.rest = _uniform(wiring.neurons, -0.2, 0.2, generator)
        self.capacity = _positive(wiring.neurons, 0.4, 0.6, self.options.softplus, generator)
        self.input_gain = nn.Parameter(torch.ones(wiring.sensory))
        self.input_shift = nn.Parameter(torch.zeros(wiring.sensory))
        self.output_gain = nn.Parameter(torch.ones(wiring.outputs))
        self.output_shift = nn.Parameter(torch.zeros(wiring.outputs))

    def weights(self) -> Weights:
        """Return the sums of both kinds of synapse, then C, g_leak, and g_leak v_leak, g_leak."""
        leak = self._positive(self.leak)
        return (
            self.sensory.incidence(self._positive(self.sensory.strength)),
            self.inner.incidence(self._positive(self.inner.strength)),
            self._positive(self.capacity),
            torch.cat([leak * self.rest, leak]),
        )

    def drive(self, features: Tensor, weights: Weights) -> Tensor:
        """Return the sensory and leak currents and conductances, (..., F) -> (..., 2 N)."""
        seen = features * self.input_gain + self.input_shift
        return self.sensory.open(seen) @ weights[0] + weights[3]

    def advance(
        self, driven: Tensor, state: Tensor, dt: Tensor, weights: Weights
    ) -> tuple[Tensor, Tensor]:
        """Advance one tick."""
        options, span = self.options, dt + self.options.extra_dt
        if options.solver == 'fused':
            state = self._fused(driven, state, span, weights)
        else:
            state = solve(
                lambda voltage: self._slope(driven, voltage, weights),
                state,
                span,
                options.solver,
                options.steps,
                options.tolerance,
            )
        return state[:, -self.outputs :] * self.output_gain + self.output_shift, state

    @torch.no_grad()
    def constrain(self) -> None:
        """Clip w, C and g_leak to be positive, as ncps does after every optimiser step."""
        if self.options.softplus:
            return
        for value in (self.sensory.strength, self.inner.strength, self.leak, self.capacity):
            value.clamp_(min=0.0)

    def _positive(self, value: Tensor) -> Tensor:
        return nn.functional.softplus(value) if self.options.softplus else value

    def _fused(self, driven: Tensor, state: Tensor, span: Tensor, weights: Weights) -> Tensor:
        inertia = weights[2] / (span / self.options.steps)  # (B, N)
        for _ in range(self.options.steps):
            summed = torch.addmm(driven, self.inner.open(state), weights[1])
            current, conductance = summed.chunk(2, dim=1)
            state = (inertia * state + current) / (inertia + conductance + EPSILON)
        return state

    def _slope(self, driven: Tensor, voltage: Tensor, weights: Weights) -> Tensor:
        summed = torch.addmm(driven, self.inner.open(voltage), weights[1])
        current, conductance = summed.chunk(2, dim=1)
        return (current - conductance * voltage) / weights[2]


def _uniform(count: int, low: float, high: float, generator: torch.Generator) -> nn.Parameter:
    return nn.Parameter(torch.rand(count, generator=generator) * (high - low) + low)


def _positive(
    count: int, low: float, high: float, softplus: bool, generator: torch.Generator
) -> nn.Parameter:
    """Draw from low..high what softplus will make of the parameter, or the parameter itself."""
    value = _uniform(count, low, high, generator)
    return nn.Parameter(value.expm1().log().detach()) if softplus else value
