# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone bench policy``: what the recurrent cells cost in training and in flight."""

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ....options import option
from ...arguments import Command

if TYPE_CHECKING:
    from ....bench.policy import Cost
    from ....bench.policy_gpu import GpuCosts
    from ....bench.timing import Timing

NAME = 'policy'
HELP = 'time the recurrent cells: training by sequences, one step in flight'
EPILOG = """examples:
  liquid-drone bench policy
  liquid-drone bench policy --cells wired_cfc ltc 'ncps wired_cfc' --rounds 30
  liquid-drone bench policy --device cuda

ncps is timed beside the cells where it is installed (pip install ncps).
"""
HEAD = ['cell', 'weights', 'train, ms', 'of ncps', 'step, µs', 'bound, µs']


@dataclass(frozen=True, kw_only=True)
class BenchPolicyArguments:
    """Which cells are timed, and where."""

    rounds: int = option(15, 'timed runs of each case', low=1, high=10_000)
    neurons: int = option(19, 'of each cell', low=5, high=4_096)
    cells: tuple[str, ...] = option((), 'cases on the CPU', unset='all')
    device: Literal['auto', 'cpu', 'cuda'] = option(
        'auto', 'cuda: only the wired CfC on the GPU; auto: the CPU, and the GPU where one is'
    )
    json: bool = option(False, 'print figures for machines')


def run(args: BenchPolicyArguments) -> int:
    """Measure and print a table for the CPU, and one for the GPU."""
    import torch

    found: dict[str, object] = {}
    if args.device != 'cuda':
        found.update(on_cpu(args))
    if args.device == 'cuda' or (args.device == 'auto' and torch.cuda.is_available()):
        found['on the GPU'] = on_gpu(args)
    if args.json:
        print(json.dumps(found))
    return 0


def on_cpu(args: BenchPolicyArguments) -> dict[str, object]:
    """Measure every cell on one thread; print unless for machines."""
    from ....bench.policy import PolicyBench, measure
    from ....bench.timing import table

    bench = PolicyBench(neurons=args.neurons, rounds=args.rounds, cells=tuple(args.cells))
    costs = measure(bench)
    if not args.json:
        print(
            f'{bench.neurons} neurons, {bench.features} features; train: forward + backward, batch'
            f' {bench.batch}, {bench.length} ticks, one thread;\nstep: batch 1, ONNX Runtime '
            '(ncps: PyTorch), called by name and with bound buffers; processor time, best of the '
            'runs\n'
        )
        print(table(HEAD, rows_of(costs)))
    return {name: dataclasses.asdict(cost) for name, cost in costs.items()}


def on_gpu(args: BenchPolicyArguments) -> dict[str, object]:
    """Measure the wired CfC on the GPU; print unless for machines."""
    from ....bench.policy_gpu import GpuBench, measure

    bench = GpuBench(neurons=args.neurons, rounds=args.rounds)
    costs = measure(bench)
    if not args.json:
        print(
            f'\n{costs.device}, PyTorch {costs.torch}: {bench.neurons} neurons, {bench.features} '
            f'features, {bench.length} ticks, forward + backward;\nCUDA events around each step, '
            'best and median of the runs\n'
        )
        print(gpu_table(costs))
    return dataclasses.asdict(costs)


def gpu_table(costs: 'GpuCosts') -> str:
    """Return the table: a row a case, a group of columns a batch size."""
    from ....bench.policy_gpu import NCPS
    from ....bench.timing import table

    head = ['on the GPU']
    rows: dict[str, list[str]] = {}
    for batch, timings in costs.train.items():
        head += [f'batch {batch}, ms', 'median', 'of ncps']
        reference = timings.get(NCPS)
        for name, timing in timings.items():
            gain = f'{reference.best_s / timing.best_s:.1f}x' if reference else ''
            times = [f'{1e3 * timing.best_s:.3f}', f'{1e3 * timing.median_s:.3f}', gain]
            rows.setdefault(name, [name]).extend(times)
    said = f'\n\nnot fused: {costs.left_out}' if costs.left_out else ''
    return table(head, list(rows.values())) + said


def rows_of(costs: 'dict[str, Cost]') -> list[list[str]]:
    """Return the rows of the table; "of ncps" is how many times faster than its wired CfC."""
    from ....bench.policy import REFERENCE

    reference = costs[REFERENCE].train if REFERENCE in costs else None
    rows = []
    for name, cost in costs.items():
        gain = ''
        if reference:
            times_faster = reference.best_s / cost.train.best_s
            gain = f'{times_faster:.{1 if times_faster >= 0.1 else 3}f}x'
        times = [_show(cost.train, 1e3, 2), gain, _show(cost.step, 1e6, 1)]
        rows.append([name, str(cost.parameters), *times, _show(cost.bound, 1e6, 1)])
    return rows


def _show(timing: 'Timing | None', scale: float, digits: int) -> str:
    return '' if timing is None else f'{scale * timing.best_s:.{digits}f}'


COMMAND = Command(NAME, HELP, EPILOG, BenchPolicyArguments, run)
