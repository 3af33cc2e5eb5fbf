# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Triton kernels of the skewed sequence of wired CfC neurons; imported only where Triton is.

One program a sample: it holds the four matrices of the recurrence on the chip and walks all steps,
so that a sequence is one launch instead of ten per tick. Neuron i handles tick (step - delay i).
Products are sums of single-precision products, never TF32. Every array is contiguous; what is
padded to BLOCK neurons is masked. ``scan_triton.py`` says when they run, and launches them.
"""

import triton
import triton.language as tl

from .activations import LECUN_GAIN, LECUN_SLOPE

GAIN, SLOPE = tl.constexpr(LECUN_GAIN), tl.constexpr(LECUN_SLOPE)
COUNTS = ['ticks', 'steps', 'n', 'outputs']  # else 1 and multiples of 16 compile anew


@triton.jit
def _tanh(x):
    return 2.0 * tl.sigmoid(2.0 * x) - 1.0  # within 1.2e-7 of tanh, no overflow


@triton.jit
def _head(x, HEAD: tl.constexpr):
    if HEAD == 'tanh':
        y = _tanh(x)
    elif HEAD == 'lecun_tanh':
        y = GAIN * _tanh(SLOPE * x)
    else:
        y = x
    return y


@triton.jit
def _head_slope(y, HEAD: tl.constexpr):
    """Return the derivative of a head's activation, from its output."""
    if HEAD == 'tanh':
        slope = 1.0 - y * y
    elif HEAD == 'lecun_tanh':
        slope = SLOPE * (GAIN - y * y / GAIN)
    else:
        slope = y * 0.0 + 1.0
    return slope


@triton.jit(do_not_specialize=[*COUNTS, 'inter'])
def scan_forward(
    driven_ptr,  # (B, T, 4, inter), what the features give the first layer
    bias_ptr,  # (4, N)
    weight_ptr,  # (4, N, N), [part, source, target]
    dt_ptr,  # (B, T)
    start_ptr,  # (B, N)
    delay_ptr,  # (N,) int32, the layer of each neuron
    outputs_ptr,  # out, (B, T, O)
    after_ptr,  # out, (B, N)
    before_ptr,  # out, (B, S, N), the state before each step, S = T + layers - 1
    parts_ptr,  # out, (B, S, 4, N): f, q, gate slope, gate
    ticks,
    steps,
    n,
    inter,
    outputs,
    HEAD: tl.constexpr,
    NO_GATE: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Advance one sample by all its ticks."""
    sample = tl.program_id(0).to(tl.int64)
    driven_ptr += sample * ticks * 4 * inter
    dt_ptr += sample * ticks
    outputs_ptr += sample * ticks * outputs
    before_ptr += sample * steps * n
    parts_ptr += sample * steps * 4 * n

    neuron = tl.arange(0, BLOCK)
    there = neuron < n
    delay = tl.load(delay_ptr + neuron, mask=there, other=0)
    column = neuron - (n - outputs)  # of the outputs
    bias_f = tl.load(bias_ptr + neuron, mask=there, other=0.0)
    bias_q = tl.load(bias_ptr + n + neuron, mask=there, other=0.0)
    bias_a = tl.load(bias_ptr + 2 * n + neuron, mask=there, other=0.0)
    bias_c = tl.load(bias_ptr + 3 * n + neuron, mask=there, other=0.0)
    cell = neuron[:, None] * n + neuron[None, :]  # [source, target]
    square = there[:, None] & there[None, :]
    weight_f = tl.load(weight_ptr + cell, mask=square, other=0.0)
    weight_q = tl.load(weight_ptr + n * n + cell, mask=square, other=0.0)
    weight_a = tl.load(weight_ptr + 2 * n * n + cell, mask=square, other=0.0)
    weight_c = tl.load(weight_ptr + 3 * n * n + cell, mask=square, other=0.0)
    state = tl.load(start_ptr + sample * n + neuron, mask=there, other=0.0)

    for step in range(steps):
        tl.store(before_ptr + step * n + neuron, state, mask=there)
        hears = (neuron < inter) & (step < ticks)
        heard = driven_ptr + step * 4 * inter + neuron
        tick = step - delay
        active = there & (tick >= 0) & (tick < ticks)
        span = tl.load(dt_ptr + tick, mask=active, other=0.0)
        f = bias_f + tl.load(heard, mask=hears, other=0.0)
        q = bias_q + tl.load(heard + inter, mask=hears, other=0.0)
        a = bias_a + tl.load(heard + 2 * inter, mask=hears, other=0.0)
        c = bias_c + tl.load(heard + 3 * inter, mask=hears, other=0.0)
        source = state[:, None]
        f = _head(f + tl.sum(source * weight_f, axis=0), HEAD)
        q = _head(q + tl.sum(source * weight_q, axis=0), HEAD)
        a += tl.sum(source * weight_a, axis=0)
        c += tl.sum(source * weight_c, axis=0)
        gate = tl.sigmoid(a * span + c)
        if NO_GATE:
            blend = f + gate * q
        else:
            blend = f + gate * (q - f)
        state = tl.where(active, blend, state)
        kept = parts_ptr + step * 4 * n + neuron
        tl.store(kept, f, mask=there)
        tl.store(kept + n, q, mask=there)
        tl.store(kept + 2 * n, a, mask=there)
        tl.store(kept + 3 * n, gate, mask=there)
        tl.store(outputs_ptr + tick * outputs + column, state, mask=active & (column >= 0))
    tl.store(after_ptr + sample * n + neuron, state, mask=there)


@triton.jit(do_not_specialize=COUNTS)
def scan_backward(
    weight_ptr,  # (4, N, N), [part, target, source]
    dt_ptr,  # (B, T)
    delay_ptr,  # (N,) int32
    parts_ptr,  # (B, S, 4, N), of the forward pass
    by_outputs_ptr,  # (B, T, O)
    by_after_ptr,  # (B, N)
    pulls_ptr,  # out, (B, S, 4, N): dL/d(what each neuron hears), zero where a layer is idle
    by_dt_ptr,  # out, (B, T, N): each neuron's share of dL/d(dt)
    by_start_ptr,  # out, (B, N)
    ticks,
    steps,
    n,
    outputs,
    HEAD: tl.constexpr,
    NO_GATE: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Carry one sample's gradient back through all its ticks."""
    sample = tl.program_id(0).to(tl.int64)
    dt_ptr += sample * ticks
    parts_ptr += sample * steps * 4 * n
    by_outputs_ptr += sample * ticks * outputs
    pulls_ptr += sample * steps * 4 * n
    by_dt_ptr += sample * ticks * n

    neuron = tl.arange(0, BLOCK)
    there = neuron < n
    delay = tl.load(delay_ptr + neuron, mask=there, other=0)
    column = neuron - (n - outputs)
    cell = neuron[:, None] * n + neuron[None, :]  # [target, source]
    square = there[:, None] & there[None, :]
    weight_f = tl.load(weight_ptr + cell, mask=square, other=0.0)
    weight_q = tl.load(weight_ptr + n * n + cell, mask=square, other=0.0)
    weight_a = tl.load(weight_ptr + 2 * n * n + cell, mask=square, other=0.0)
    weight_c = tl.load(weight_ptr + 3 * n * n + cell, mask=square, other=0.0)
    carry = tl.load(by_after_ptr + sample * n + neuron, mask=there, other=0.0)

    for back in range(steps):
        step = steps - 1 - back
        tick = step - delay
        active = there & (tick >= 0) & (tick < ticks)
        span = tl.load(dt_ptr + tick, mask=active, other=0.0)
        kept = parts_ptr + step * 4 * n + neuron
        f = tl.load(kept, mask=there, other=0.0)
        q = tl.load(kept + n, mask=there, other=0.0)
        a = tl.load(kept + 2 * n, mask=there, other=0.0)
        gate = tl.load(kept + 3 * n, mask=there, other=0.0)
        asked = by_outputs_ptr + tick * outputs + column
        total = carry + tl.load(asked, mask=active & (column >= 0), other=0.0)
        live = tl.where(active, total, 0.0)
        if NO_GATE:
            by_f = live * _head_slope(f, HEAD)
            by_gate = live * q * gate * (1.0 - gate)
        else:
            by_f = live * (1.0 - gate) * _head_slope(f, HEAD)
            by_gate = live * (q - f) * gate * (1.0 - gate)
        by_q = live * gate * _head_slope(q, HEAD)
        by_a = by_gate * span
        pulled = pulls_ptr + step * 4 * n + neuron
        tl.store(pulled, by_f, mask=there)
        tl.store(pulled + n, by_q, mask=there)
        tl.store(pulled + 2 * n, by_a, mask=there)
        tl.store(pulled + 3 * n, by_gate, mask=there)
        tl.store(by_dt_ptr + tick * n + neuron, by_gate * a, mask=active)
        by_source = by_f[:, None] * weight_f + by_q[:, None] * weight_q
        by_source += by_a[:, None] * weight_a + by_gate[:, None] * weight_c
        carry = tl.sum(by_source, axis=0) + tl.where(active, 0.0, total)
    tl.store(by_start_ptr + sample * n + neuron, carry, mask=there)
