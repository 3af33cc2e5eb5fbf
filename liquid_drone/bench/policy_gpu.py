# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a training step through the wired CfC costs on a GPU: fused, launch by launch, and ncps.

Forward and backward through a batch of sequences. A step is timed by CUDA events around it, the
device idle before: what counts is from the first launch to the last result, the processor's time
to launch included. The cases take turns. ncps gets dt = 1 and no irregular one (its issues 81-83).
"""

import importlib.util
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..errors import ConfigError
from ..policy.cells.scan_triton import fused_scan, why_not
from ..policy.cells.wired import WiredCfC
from ..policy.wiring import auto_ncp
from .timing import Case, Timing

FUSED, LAUNCHES, NCPS = 'wired_cfc, fused', 'wired_cfc, launch by launch', 'ncps wired_cfc'
WARM_UP = 3  # untimed runs of each case: compiling, the allocator, cuBLAS


@dataclass(frozen=True)
class GpuBench:
    """What is measured."""

    neurons: int = 19
    features: int = 128
    length: int = 64
    batches: tuple[int, ...] = (32, 512)
    rounds: int = 15


@dataclass(frozen=True)
class GpuCosts:
    """What the cases cost, by batch and case."""

    device: str
    torch: str
    left_out: str | None  # why the fused case is missing, if it is
    train: Mapping[int, Mapping[str, Timing]]


def measure(bench: GpuBench) -> GpuCosts:
    """Measure every case at every batch size.

    Raises:
        ConfigError: PyTorch sees no CUDA device.

    """
    if not torch.cuda.is_available():
        raise ConfigError(
            f'expected a CUDA device, but PyTorch {torch.__version__} sees none: install an '
            'NVIDIA driver and PyTorch for CUDA, or measure with --device cpu'
        )
    device = torch.device('cuda', torch.cuda.current_device())
    left_out = why_not(device)
    train = {}
    for batch in bench.batches:
        cases = cases_of(bench, batch, device)
        if left_out:
            del cases[FUSED]
        train[batch] = take_turns_on_gpu(cases, bench.rounds)
    name = torch.cuda.get_device_name(device)
    return GpuCosts(name, torch.__version__, left_out, train)


def cases_of(bench: GpuBench, batch: int, device: torch.device) -> dict[str, Case]:
    """Return a training step of every case; that of ncps where it is installed."""
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(batch, bench.length, bench.features, generator=generator).to(device)
    dt = (torch.rand(batch, bench.length, generator=generator) + 0.5).to(device)
    state = torch.zeros(batch, bench.neurons, device=device)
    cell = WiredCfC(auto_ncp(bench.features, bench.neurons, 4, 0.5, 22224)).to(device)

    def plain() -> None:
        with fused_scan('never'):
            descend(cell, cell.sequence(features, state, dt)[0])

    cases: dict[str, Case] = {
        FUSED: lambda: descend(cell, cell.sequence(features, state, dt)[0]),
        LAUNCHES: plain,
    }
    if importlib.util.find_spec('ncps') is not None:
        import ncps.torch
        import ncps.wirings

        wiring = ncps.wirings.AutoNCP(bench.neurons, 4)
        theirs = ncps.torch.CfC(bench.features, wiring).to(device)
        cases[NCPS] = lambda: descend(theirs, theirs(features)[0])
    return cases


def descend(module: nn.Module, output: Tensor) -> None:
    """Go back through a module from its output."""
    module.zero_grad(set_to_none=True)
    output.square().mean().backward()  # type: ignore[no-untyped-call]


def take_turns_on_gpu(cases: Mapping[str, Case], rounds: int) -> dict[str, Timing]:
    """Time every case ``rounds`` times by CUDA events, one after the other in each round."""
    for case in cases.values():
        for _ in range(WARM_UP):
            case()
    took: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            took[name].append(once_on_gpu(case))
    return {
        name: Timing(min(runs), statistics.median(runs), rounds) for name, runs in took.items()
    }


def once_on_gpu(case: Callable[[], object]) -> float:
    """Return the seconds between a case's start on an idle device and its last result."""
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
    torch.cuda.synchronize()
    begin.record()
    case()
    end.record()
    torch.cuda.synchronize()
    return begin.elapsed_time(end) / 1e3  # type: ignore[no-any-return]
