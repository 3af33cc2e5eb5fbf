# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How long the liquid core takes to train: forward and backward through a sequence."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..policy.cells.wired import WiredCfC
from ..policy.wiring import auto_ncp
from .timing import Case, Timing, take_turns


@dataclass(frozen=True)
class PolicyBench:
    """What is measured."""

    neurons: int = 19
    features: int = 128
    length: int = 64
    batch: int = 32
    rounds: int = 15


def training(bench: PolicyBench) -> dict[str, Timing]:
    """Time forward + backward of the sequence, one thread, irregular dt where a cell takes it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return take_turns(_cases(bench), bench.rounds)
    finally:
        torch.set_num_threads(threads)


def _cases(bench: PolicyBench) -> dict[str, Case]:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(bench.batch, bench.length, bench.features, generator=generator)
    dt = torch.rand(bench.batch, bench.length, generator=generator) + 0.5
    state = torch.zeros(bench.batch, bench.neurons)
    cell = WiredCfC(auto_ncp(bench.features, bench.neurons, 4, 0.5, 22224))
    lstm = nn.LSTM(bench.features, bench.neurons, batch_first=True)
    return {
        'wired CfC': lambda: _descend(cell, cell(features, state, dt)[0]),
        'torch.nn.LSTM': lambda: _descend(lstm, lstm(features)[0]),
    }


def _descend(module: nn.Module, output: Tensor) -> None:
    module.zero_grad(set_to_none=True)
    output.square().mean().backward()  # type: ignore[no-untyped-call]
