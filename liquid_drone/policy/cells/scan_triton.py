# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The skewed sequence of wired CfC neurons in one launch each way, on a GPU.

A GPU spends a sequence of ticks starting kernels. Here one Triton kernel walks all steps, forward,
and one backward (``triton_kernels.py``); gradients of weights and biases stay PyTorch's products.
``skewed_scan`` chooses it by :func:`takes`. What it does not take runs launch by launch as on a
CPU: other types than float32, more than 64 neurons, no Triton (it comes with PyTorch's CUDA
builds), or a Triton that cannot compile here, which is logged once.
"""

import logging
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import torch
from torch import Tensor

from .activations import HEADS
from .scan_layout import ScanLayout

LOG = logging.getLogger(__name__)
LARGEST = 64  # neurons: four times 64 x 64 weights are 128 registers of each of 128 threads
Use = Literal['auto', 'never', 'always']
_USE: ContextVar[Use] = ContextVar('fused_scan', default='auto')


@contextmanager
def fused_scan(use: Use) -> Iterator[None]:
    """Choose within a ``with``: 'never' to compare, 'always' also for Triton's interpreter."""
    token = _USE.set(use)
    try:
        yield
    finally:
        _USE.reset(token)


def takes(layout: ScanLayout, *tensors: Tensor) -> bool:
    """Return whether these run fused."""
    use, first = _USE.get(), tensors[0]
    if use == 'never' or not (first.is_cuda or use == 'always'):
        return False
    if sum(layout.layers) > LARGEST or layout.head not in HEADS or first.numel() == 0:
        return False
    same = all(t.dtype == torch.float32 and t.device == first.device for t in tensors)
    return same and (use == 'always' or why_not(first.device) is None)


@lru_cache(maxsize=16)
def why_not(device: torch.device) -> str | None:
    """Return why no fused sequence can run on a device, found by trying; None where one can."""
    if device.type != 'cuda' or not torch.cuda.is_available():
        return f'expected a CUDA device, got {device}'
    try:
        from triton.errors import TritonError
    except ImportError as error:
        return f'no Triton (it comes with PyTorch for CUDA): {error}'
    layout = ScanLayout((1, 1), 1, 'tanh', no_gate=False)
    shapes = ((1, 2, 4), (4, 2), (8, 2), (1, 2), (1, 2))
    try:
        launch(layout, *(torch.zeros(shape, device=device) for shape in shapes))
        torch.cuda.synchronize(device)
    except (
        TritonError,
        RuntimeError,
        OSError,
        ImportError,
        subprocess.CalledProcessError,
    ) as error:
        # Triton needs a C compiler and Python's headers; an old card; a version that differs.
        LOG.warning('sequences run launch by launch on %s: Triton failed: %s', device, error)
        return f'Triton failed: {error}'
    return None


def fused(
    layout: ScanLayout, driven: Tensor, bias: Tensor, weight: Tensor, dt: Tensor, state: Tensor
) -> tuple[Tensor, Tensor]:
    """Advance T ticks; arguments and results are those of ``skewed_scan``."""
    outputs, after = _Fused.apply(  # type: ignore[no-untyped-call]
        layout, driven, bias, weight, dt, state
    )
    return outputs, after


@dataclass(frozen=True)
class Run:
    """What the forward pass leaves; S = T + layers - 1 steps."""

    outputs: Tensor  # (B, T, O)
    after: Tensor  # (B, N)
    before: Tensor  # (B, S, N), the state before each step
    parts: Tensor  # (B, S, 4, N): f, q, gate slope, gate


def launch(
    layout: ScanLayout, driven: Tensor, bias: Tensor, weight: Tensor, dt: Tensor, state: Tensor
) -> Run:
    """Run the forward kernel."""
    from .triton_kernels import scan_forward

    batch, ticks = dt.shape
    n, steps = sum(layout.layers), ticks + layout.late
    run = Run(
        driven.new_empty(batch, ticks, layout.outputs),
        driven.new_empty(batch, n),
        driven.new_empty(batch, steps, n),
        driven.new_empty(batch, steps, 4, n),
    )
    turned = weight.view(4, n, n).transpose(1, 2)  # [part, source, target]
    given = [tensor.contiguous() for tensor in (driven, bias, turned, dt, state)]
    counts = (ticks, steps, n, layout.layers[0], layout.outputs)
    with torch.cuda.device_of(driven):  # type: ignore[no-untyped-call]
        scan_forward[(batch,)](
            *given,
            _delays(layout.layers, driven.device),
            run.outputs,
            run.after,
            run.before,
            run.parts,
            *counts,
            **_options(layout),
        )
    return run


def _options(layout: ScanLayout) -> dict[str, Any]:
    """Return what the kernels are compiled for."""
    block = next(size for size in (16, 32, 64) if size >= sum(layout.layers))
    warps = 4 if block == LARGEST else 1  # one warp need not wait for others
    return {'HEAD': layout.head, 'NO_GATE': layout.no_gate, 'BLOCK': block, 'num_warps': warps}


@lru_cache(maxsize=64)
def _delays(layers: tuple[int, ...], device: torch.device) -> Tensor:
    delays = [layer for layer, size in enumerate(layers) for _ in range(size)]
    return torch.tensor(delays, dtype=torch.int32, device=device)  # (N,)


class _Fused(torch.autograd.Function):
    """The recurrence alone, one kernel each way."""

    @staticmethod
    def forward(
        ctx: Any,
        layout: ScanLayout,
        driven: Tensor,
        bias: Tensor,
        weight: Tensor,
        dt: Tensor,
        state: Tensor,
    ) -> tuple[Tensor, Tensor]:
        run = launch(layout, driven, bias, weight, dt, state)
        ctx.layout = layout
        ctx.save_for_backward(weight, dt, run.before, run.parts)
        return run.outputs, run.after

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        from .triton_kernels import scan_backward

        weight, dt, before, parts = ctx.saved_tensors
        layout: ScanLayout = ctx.layout
        batch, steps, _, n = parts.shape
        ticks, first = dt.shape[1], layout.layers[0]
        pulls = torch.empty_like(parts)  # (B, S, 4, N)
        by_dt = dt.new_empty(batch, ticks, n)
        by_state = dt.new_empty(batch, n)
        given = (weight, dt, _delays(layout.layers, dt.device), parts, *grads)
        counts = (ticks, steps, n, layout.outputs)
        with torch.cuda.device_of(dt):  # type: ignore[no-untyped-call]
            scan_backward[(batch,)](
                *(tensor.contiguous() for tensor in given),
                pulls,
                by_dt,
                by_state,
                *counts,
                **_options(layout),
            )
        flat = pulls.view(batch * steps, 4 * n)
        by_weight = flat.T @ before.view(batch * steps, n)  # (4 N, N)
        by_driven = pulls[:, :ticks, :, :first].reshape(batch, ticks, 4 * first)
        by_bias = pulls.sum(dim=(0, 1))
        by_span = by_dt.sum(dim=2) if ctx.needs_input_grad[4] else None
        return None, by_driven, by_bias, by_weight, by_span, by_state
