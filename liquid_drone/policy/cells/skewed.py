# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The fast sequence of wired CfC neurons: layer l works l ticks late, so one product moves all.

A tick of a layered wiring takes one small product per layer, and small products are all overhead.
When layer l handles tick t - l at step t, what every layer needs is in the state of the step
before, and one product (B, N) x (N, 4 N) moves all neurons. The backward pass is written out: the
local derivatives of all steps are computed at once, and each step back is one product too.
``liquid-drone bench policy`` says what that gains.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from .activations import HEADS, head_slope

PARTS = 4  # f, q, gate slope, gate offset


@dataclass(frozen=True)
class Layout:
    """What the scan must know of the cell."""

    layers: tuple[int, ...]
    head: str
    no_gate: bool

    @property
    def late(self) -> int:
        """Return by how many steps the last layer lags."""
        return len(self.layers) - 1


def skewed_scan(
    layout: Layout, driven: Tensor, bias: Tensor, weight: Tensor, dt: Tensor, state: Tensor
) -> tuple[Tensor, Tensor]:
    """Advance T ticks.

    Args:
        layout: of the neurons.
        driven: what the features give the first layer, (T, B, 4 inter).
        bias: (4, N).
        weight: of all neurons on all, a step late, (N, 4 N).
        dt: signed nominal frames since the tick before, (B, T).
        state: before the first tick, (B, N).

    Returns:
        The states of every step, (T + late, B, N), and the state after the last tick, (B, N). A
        layer's tick t is in step t + its delay: the last T steps hold the last layer's ticks.

    """
    ticks, batch, _ = driven.shape
    neurons, first, late = state.shape[1], layout.layers[0], layout.late
    delays = _delays(layout.layers).to(driven.device)
    block = driven.view(ticks, batch, PARTS, first)
    padded = torch.nn.functional.pad(block, (0, neurons - first, 0, 0, 0, 0, 0, late)) + bias
    flat = padded.view(ticks + late, batch, PARTS * neurons)
    steps = torch.arange(ticks + late, device=driven.device)[:, None] - delays  # (T + late, N)
    spread = dt.T[steps.clamp(0, ticks - 1)]  # (T + late, N, B)
    active = (steps >= 0) & (steps < ticks)
    spans = spread.transpose(1, 2)  # (T + late, B, N)
    states: Tensor = _Skewed.apply(  # type: ignore[no-untyped-call]
        layout, flat, weight, spans, active, state
    )
    return states, states[-1]


def aligned(layout: Layout, states: Tensor) -> Tensor:
    """Bring the steps of all layers back to their ticks, (T + late, B, N) -> (T, B, N)."""
    ticks = len(states) - layout.late
    parts = torch.split(states, list(layout.layers), dim=2)
    return torch.cat([part[delay : delay + ticks] for delay, part in enumerate(parts)], dim=2)


@lru_cache(maxsize=64)
def _delays(layers: tuple[int, ...]) -> Tensor:
    return torch.tensor([layer for layer, size in enumerate(layers) for _ in range(size)])


class _Skewed(torch.autograd.Function):
    """The recurrence alone, with its derivative written out."""

    @staticmethod
    def forward(
        ctx: Any,
        layout: Layout,
        driven: Tensor,
        weight: Tensor,
        dt: Tensor,
        active: Tensor,
        state: Tensor,
    ) -> Tensor:
        steps, batch, width = driven.shape
        n, edge = width // PARTS, layout.late
        mixed, answers = torch.empty_like(driven), driven.new_empty(steps, batch, 2 * n)
        gates, states = driven.new_empty(steps, batch, n), driven.new_empty(steps, batch, n)
        both, slopes, offsets = mixed[..., : 2 * n], mixed[..., 2 * n : 3 * n], mixed[..., 3 * n :]
        rows = zip(
            driven.unbind(), dt.unbind(), mixed.unbind(), both.unbind(), slopes.unbind(),
            offsets.unbind(), answers.unbind(), answers[..., :n].unbind(),
            answers[..., n:].unbind(), gates.unbind(), states.unbind(), strict=True,
        )  # fmt: skip
        plain_tanh, head, now = layout.head == 'tanh', HEADS[layout.head], state
        for step, (drive, span, z, z_fq, a, c, fq, f, q, gate, after) in enumerate(rows):
            torch.addmm(drive, now, weight, out=z)
            if plain_tanh:
                torch.tanh(z_fq, out=fq)
            else:
                fq.copy_(head(z_fq))
            torch.addcmul(c, a, span, out=gate).sigmoid_()
            if layout.no_gate:
                torch.addcmul(f, gate, q, out=after)
            else:
                torch.lerp(f, q, gate, out=after)
            if step < edge or step >= steps - edge:  # some layers have not begun, or have ended
                after.copy_(torch.where(active[step], after, now))
            now = after
        ctx.layout = layout
        ctx.save_for_backward(weight, dt, active, state, answers, gates, slopes, states)
        return states

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        weight, dt, active, state, answers, gates, slopes, states = ctx.saved_tensors
        steps, batch, n = gates.shape
        edge = ctx.layout.late
        local, by_gate = _local(ctx.layout, answers, gates, dt, active)  # (T + late, B, 4, N)
        back = weight.T.contiguous()  # (4 N, N)
        totals, pulls = torch.empty_like(gates), torch.empty_like(local)
        carry = torch.zeros_like(state)
        rows = zip(
            grads[0].unbind(), local.unbind(), totals.unbind(), totals.unsqueeze(2).unbind(),
            pulls.unbind(), pulls.view(steps, batch, PARTS * n).unbind(), strict=True,
        )  # fmt: skip
        for step, (grad, slope, total, wide, pull, flat) in reversed(list(enumerate(rows))):
            torch.add(grad, carry, out=total)
            torch.mul(slope, wide, out=pull)
            torch.mm(flat, back, out=carry)
            if step < edge or step >= steps - edge:
                carry.add_(total * ~active[step])
        before = torch.cat([state[None], states[:-1]]).view(-1, n)  # (steps B, N)
        pulled = pulls.view(steps, batch, PARTS * n)
        by_weight = before.T @ pulled.view(-1, PARTS * n)
        by_dt = totals * by_gate * slopes if ctx.needs_input_grad[3] else None
        return None, pulled, by_weight, by_dt, None, carry


def _local(
    layout: Layout, answers: Tensor, gates: Tensor, dt: Tensor, active: Tensor
) -> tuple[Tensor, Tensor]:
    """Return dh/dz of every step, (steps, B, 4, N), and dh/d(gate's argument), (steps, B, N)."""
    f, q = answers.chunk(2, dim=2)
    slope_f, slope_q = head_slope(layout.head, answers).chunk(2, dim=2)
    by_gate = (q if layout.no_gate else q - f) * gates * (1.0 - gates)
    by_f = slope_f if layout.no_gate else slope_f * (1.0 - gates)
    live = active[:, None].to(gates.dtype)  # (steps, 1, N)
    by_gate = by_gate * live
    parts = [by_f * live, slope_q * gates * live, by_gate * dt, by_gate]
    return torch.stack(parts, dim=2), by_gate
