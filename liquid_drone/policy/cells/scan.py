# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The fast sequence of wired CfC neurons: layer l works l ticks late, so one product moves all.

A tick of a layered wiring takes one small product per layer, and small products are all overhead.
When layer l handles tick t - l at step t, what every layer needs is in the state of the step
before, and one product (4 N, N) x (N, B) moves all neurons. The backward pass is written out: the
local derivatives of all steps are computed at once, and each step back is one product too. Inside,
neurons come before samples, so that every part of a step lies in one piece of memory.
``liquid-drone bench policy`` says what that gains.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from .activations import HEADS, head_slope
from .scan_layout import ScanLayout
from .scan_triton import fused, takes

PARTS = 4  # f, q, gate slope, gate offset


def skewed_scan(
    layout: ScanLayout, driven: Tensor, bias: Tensor, weight: Tensor, dt: Tensor, state: Tensor
) -> tuple[Tensor, Tensor]:
    """Advance T ticks; on a GPU by one kernel where ``scan_triton.py`` can.

    Args:
        layout: of the neurons.
        driven: what the features give the first layer, without bias, (B, T, 4 inter).
        bias: (4, N).
        weight: of all neurons on all, a step late, (4 N, N).
        dt: signed nominal frames since the tick before, (B, T).
        state: before the first tick, (B, N).

    Returns:
        The outputs of every tick, (B, T, O), and the state after the last, (B, N).

    """
    if takes(layout, driven, bias, weight, dt, state):
        return fused(layout, driven, bias, weight, dt, state)
    plan = _plan(layout.layers, driven.shape[1], driven.device)
    spans = dt.T[plan.tick]  # (T + late, N, B)
    outputs, after = _Skewed.apply(  # type: ignore[no-untyped-call]
        layout, plan, driven, bias, weight, spans, state
    )
    return outputs, after


@dataclass(frozen=True)
class ScanPlan:
    """Which neuron handles which tick at which step."""

    ticks: int
    tick: Tensor  # (T + late, N), clamped to the ticks there are
    active: Tensor  # (T + late, N, 1), false before a layer's first tick and after its last


@lru_cache(maxsize=64)
def _plan(layers: tuple[int, ...], ticks: int, device: torch.device) -> ScanPlan:
    delays = torch.tensor([layer for layer, size in enumerate(layers) for _ in range(size)])
    steps = torch.arange(ticks + len(layers) - 1)[:, None] - delays
    active = (steps >= 0) & (steps < ticks)
    return ScanPlan(ticks, steps.clamp(0, ticks - 1).to(device), active[:, :, None].to(device))


def _slots(layout: ScanLayout) -> list[tuple[int, slice, slice]]:
    """Return (delay, neurons, columns of the outputs) of every layer with outputs."""
    total, start, found = sum(layout.layers), 0, []
    first = total - layout.outputs  # neuron of the first output
    for delay, size in enumerate(layout.layers):
        begin, end = max(start, first), start + size
        if begin < end:
            found.append((delay, slice(begin, end), slice(begin - first, end - first)))
        start = end
    return found


class _Skewed(torch.autograd.Function):
    """The recurrence alone, with its derivative written out."""

    @staticmethod
    def forward(
        ctx: Any,
        layout: ScanLayout,
        plan: ScanPlan,
        driven: Tensor,
        bias: Tensor,
        weight: Tensor,
        dt: Tensor,
        state: Tensor,
    ) -> tuple[Tensor, Tensor]:
        steps, n, batch = dt.shape
        mixed = _padded(driven, bias, steps)  # (T + late, 4 N, B)
        states = driven.new_empty(steps, n, batch)
        before = state.T.contiguous()
        _run(layout, plan, mixed, weight, dt, before, states)
        ctx.layout, ctx.plan = layout, plan
        ctx.save_for_backward(weight, dt, before, mixed, states)
        outputs = driven.new_empty(batch, plan.ticks, layout.outputs)
        for delay, rows, columns in _slots(layout):
            outputs[:, :, columns] = states[delay : delay + plan.ticks, rows].permute(2, 0, 1)
        return outputs, states[-1].T.contiguous()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        weight, dt, start, mixed, states = ctx.saved_tensors
        layout, plan = ctx.layout, ctx.plan
        steps, n, batch = dt.shape
        totals = torch.zeros_like(states)
        for delay, rows, columns in _slots(layout):
            totals[delay : delay + plan.ticks, rows] = grads[0][:, :, columns].permute(1, 2, 0)
        totals[-1] += grads[1].T
        slopes = mixed.view(steps, PARTS, n, batch)[:, 2]
        local, by_gate = _local(layout, plan, mixed, dt)  # (T + late, 4, N, B)
        by_state = _run_back(layout, plan, local, weight, totals)
        pulls = local.view(steps, PARTS * n, batch)
        before = torch.cat([start[None], states[:-1]])
        by_weight = torch.tensordot(pulls, before, ([0, 2], [0, 2]))  # (4 N, N)
        by_bias = local.sum(dim=(0, 3))
        first = layout.layers[0]
        by_driven = local[: plan.ticks, :, :first].permute(3, 0, 1, 2)  # (B, T, 4, inter)
        by_driven = by_driven.reshape(batch, plan.ticks, PARTS * first)
        by_dt = totals * by_gate * slopes if ctx.needs_input_grad[5] else None
        return None, None, by_driven, by_bias, by_weight, by_dt, by_state.T


def _padded(driven: Tensor, bias: Tensor, steps: int) -> Tensor:
    """Lay out what each neuron hears from outside, (T + late, 4 N, B)."""
    batch, ticks, wide = driven.shape
    first, n = wide // PARTS, bias.shape[1]
    heard = bias[None, :, :, None].expand(steps, PARTS, n, batch).contiguous()
    heard[:ticks, :, :first] += driven.view(batch, ticks, PARTS, first).permute(1, 2, 3, 0)
    return heard.view(steps, PARTS * n, batch)


def _run(
    layout: ScanLayout,
    plan: ScanPlan,
    mixed: Tensor,
    weight: Tensor,
    dt: Tensor,
    state: Tensor,
    states: Tensor,
) -> None:
    """Fill the states, (T + late, N, B), and turn what is heard into f, q, slope, gate."""
    n, z = len(state), torch.empty_like(mixed[0])  # z: a scratch, so that its parts are cut once
    both, f, q, slope, gate = z[: 2 * n], z[:n], z[n : 2 * n], z[2 * n : 3 * n], z[3 * n :]
    plain_tanh, head, no_gate = layout.head == 'tanh', HEADS[layout.head], layout.no_gate
    rows = zip(mixed.unbind(), dt.unbind(), states.unbind(), strict=True)
    for step, (heard, span, after) in enumerate(rows):
        torch.addmm(heard, weight, state, out=z)
        if plain_tanh:
            both.tanh_()
        else:
            both.copy_(head(both))
        gate.addcmul_(slope, span).sigmoid_()
        if no_gate:
            torch.addcmul(f, gate, q, out=after)
        else:
            torch.lerp(f, q, gate, out=after)
        heard.copy_(z)
        if step < layout.late or step >= plan.ticks:  # some layers have not begun, or have ended
            after.copy_(torch.where(plan.active[step], after, state))
        state = after


def _run_back(
    layout: ScanLayout, plan: ScanPlan, local: Tensor, weight: Tensor, totals: Tensor
) -> Tensor:
    """Carry the gradient back: dh/dz becomes dL/dz in place; returns dL/d(state), (N, B)."""
    steps, n, batch = totals.shape
    back = weight.T.contiguous()  # (N, 4 N)
    carry = torch.zeros_like(totals[0])
    flat = local.view(steps, PARTS * n, batch)
    rows = zip(totals.unbind(), local.unbind(), flat.unbind(), strict=True)
    for step, (total, pull, pulled) in reversed(list(enumerate(rows))):
        total += carry
        pull *= total
        torch.mm(back, pulled, out=carry)
        if step < layout.late or step >= plan.ticks:
            carry += total * ~plan.active[step]
    return carry


def _local(layout: ScanLayout, plan: ScanPlan, mixed: Tensor, dt: Tensor) -> tuple[Tensor, Tensor]:
    """Return dh/dz of every step, (T + late, 4, N, B), and dh/d(gate's argument), without 4."""
    steps, n, batch = dt.shape
    f, q, _, gate = mixed.view(steps, PARTS, n, batch).unbind(dim=1)
    live = plan.active.to(gate.dtype)
    local = mixed.new_empty(steps, PARTS, n, batch)
    by_gate = (q if layout.no_gate else q - f) * gate * (1.0 - gate) * live
    slope_f = head_slope(layout.head, f)
    torch.mul(slope_f if layout.no_gate else slope_f * (1.0 - gate), live, out=local[:, 0])
    torch.mul(head_slope(layout.head, q) * gate, live, out=local[:, 1])
    torch.mul(by_gate, dt, out=local[:, 2])
    local[:, 3] = by_gate
    return local, by_gate
