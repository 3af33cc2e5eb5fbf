# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The GPU's table says what was measured, or in words why nothing was."""

import pytest
import torch

from liquid_drone.bench.policy_gpu import (
    FUSED,
    LAUNCHES,
    NCPS,
    GpuBench,
    GpuCosts,
    cases_of,
    measure,
)
from liquid_drone.bench.timing import Timing
from liquid_drone.cli.commands.benchmarks.policy import gpu_table
from liquid_drone.cli.main import main

TINY = GpuBench(neurons=8, features=5, length=3, batches=(2,), rounds=2)
HERE = torch.cuda.is_available()


@pytest.mark.skipif(HERE, reason='for machines without a GPU')
def test_asking_for_a_gpu_where_none_is_says_so(capsys):
    assert main(['bench', 'policy', '--device', 'cuda']) == 2
    said = capsys.readouterr()
    assert 'expected a CUDA device' in said.err + said.out
    assert '--device cpu' in said.err + said.out


def test_every_case_goes_back_to_its_weights():
    """A case without a backward pass would look fast."""
    pytest.importorskip('ncps', reason='needs ncps: pip install ncps')
    cases = cases_of(TINY, 2, torch.device('cpu'))
    assert list(cases) == [FUSED, LAUNCHES, NCPS]
    for case in cases.values():
        case()


@pytest.mark.skipif(not HERE, reason='needs a CUDA device')
def test_on_a_gpu_every_case_is_measured():
    costs = measure(TINY)
    assert costs.left_out is None
    assert {FUSED, LAUNCHES} <= set(costs.train[2])
    assert all(timing.best_s > 0 for timing in costs.train[2].values())


def test_the_table_compares_with_ncps_within_one_batch_size():
    slow, fast = Timing(0.08, 0.09, 2), Timing(0.002, 0.003, 2)
    train = {32: {FUSED: fast, NCPS: slow}, 512: {FUSED: slow, NCPS: slow}}
    shown = gpu_table(GpuCosts('a card', '2.11', None, train))
    row = next(line for line in shown.splitlines() if FUSED in line)
    cells = [cell.strip() for cell in row.strip('|').split('|')]
    assert cells == [FUSED, '2.000', '3.000', '40.0x', '80.000', '90.000', '1.0x']
    left_out = GpuCosts('a card', '2.11', 'no Triton', {32: {LAUNCHES: fast}})
    assert 'not fused: no Triton' in gpu_table(left_out)
