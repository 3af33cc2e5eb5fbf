# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Solvers of dh/ds = f(h) over a span of time that differs from sample to sample.

Euler and Runge-Kutta 4 take a fixed number of steps and export to ONNX. Dormand-Prince 5(4)
chooses its steps per sample (Dormand & Prince 1980), so that no sample's answer depends on its
neighbours; it is for analysis, since how long it takes depends on the data. Gradients go through
the steps.
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from ...errors import ConfigError

Solver = Literal['euler', 'rk4', 'dopri5']
Derivative = Callable[[Tensor], Tensor]

STAGES = (
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
ERROR = (71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)
MOST_STEPS = 1000


def solve(
    derivative: Derivative, state: Tensor, span: Tensor, solver: str, steps: int, tolerance: float
) -> Tensor:
    """Integrate from 0 to ``span``.

    Args:
        derivative: (B, N) -> (B, N), per unit of time.
        state: at the start, (B, N).
        span: (B, 1), positive.
        solver: ``euler``, ``rk4`` or ``dopri5``.
        steps: of the fixed-step solvers.
        tolerance: of dopri5, absolute and relative.

    Raises:
        ConfigError: dopri5 under an exporter, or one that does not come to an end.

    """
    if solver == 'dopri5':
        return _dormand_prince(derivative, state, span, tolerance)
    advance, step = (_euler if solver == 'euler' else _rk4), span / steps
    for _ in range(steps):
        state = advance(derivative, state, step)
    return state


def _euler(derivative: Derivative, state: Tensor, step: Tensor) -> Tensor:
    return state + step * derivative(state)


def _rk4(derivative: Derivative, state: Tensor, step: Tensor) -> Tensor:
    first = derivative(state)
    second = derivative(state + 0.5 * step * first)
    third = derivative(state + 0.5 * step * second)
    fourth = derivative(state + step * third)
    return state + step * (first + 2.0 * (second + third) + fourth) / 6.0


def _dormand_prince(
    derivative: Derivative, state: Tensor, span: Tensor, tolerance: float
) -> Tensor:
    if torch.compiler.is_compiling():
        raise ConfigError(
            'dopri5 takes as many steps as the data ask for and cannot be exported: '
            "choose solver 'rk4' or 'euler'"
        )
    done = torch.zeros_like(span)
    step = 0.25 * span
    for _ in range(MOST_STEPS):
        step = torch.minimum(step, span - done)
        after, error = _trial(derivative, state, step)
        scale = tolerance * (1.0 + torch.maximum(state.abs(), after.abs()).detach())
        ratio = (error.detach() / scale).square().mean(dim=1, keepdim=True).sqrt()  # (B, 1)
        accept = (ratio <= 1.0) & (step > 0.0)
        state = torch.where(accept, after, state)
        done = torch.where(accept, done + step, done)
        if bool((done >= span * (1.0 - 1e-6)).all()):
            return state
        step = step * (0.9 * ratio.clamp(min=1e-8) ** -0.2).clamp(0.2, 5.0)
        step = torch.where(step > 0.0, step, span)
    raise ConfigError(
        f'dopri5 did not reach the end within {MOST_STEPS} steps: raise the tolerance '
        f'(now {tolerance:g}) or use a fixed-step solver'
    )


def _trial(derivative: Derivative, state: Tensor, step: Tensor) -> tuple[Tensor, Tensor]:
    """Return the fifth-order answer and its difference to the fourth-order one."""
    slopes = [derivative(state)]
    after = state
    for row in STAGES:
        moves = [share * slope for share, slope in zip(row, slopes, strict=True) if share]
        after = state + step * torch.stack(moves).sum(dim=0)
        slopes.append(derivative(after))
    wrong = [share * slope for share, slope in zip(ERROR, slopes, strict=True) if share]
    return after, step * torch.stack(wrong).sum(dim=0)
