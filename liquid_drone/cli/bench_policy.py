# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone bench policy``: what the recurrent cells cost in training and in flight."""

import argparse
import dataclasses
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..bench.policy import Cost
    from ..bench.timing import Timing

NAME = 'policy'
HELP = 'time the recurrent cells: training by sequences, one step in flight'
EPILOG = """examples:
  liquid-drone bench policy
  liquid-drone bench policy --cells wired_cfc ltc 'ncps wired_cfc' --rounds 30

ncps is timed beside the cells where it is installed (pip install ncps).
"""
HEAD = ['cell', 'weights', 'train, ms', 'of ncps', 'step, µs', 'bound, µs']


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument('--rounds', type=int, default=15, help='timed runs of each case')
    parser.add_argument('--neurons', type=int, default=19, help='of each cell')
    parser.add_argument('--cells', nargs='+', default=[], help='cases (default: all)')


def run(args: argparse.Namespace) -> int:
    """Measure and print a table."""
    from ..bench.policy import PolicyBench, measure
    from ..bench.timing import table

    bench = PolicyBench(neurons=args.neurons, rounds=args.rounds, cells=tuple(args.cells))
    costs = measure(bench)
    if args.json:
        print(json.dumps({name: dataclasses.asdict(cost) for name, cost in costs.items()}))
        return 0
    print(
        f'{bench.neurons} neurons, {bench.features} features; train: forward + backward, batch '
        f'{bench.batch}, {bench.length} ticks, one thread;\nstep: batch 1, ONNX Runtime (ncps: '
        'PyTorch), called by name and with bound buffers; processor time, best of the runs\n'
    )
    print(table(HEAD, rows_of(costs)))
    return 0


def rows_of(costs: 'dict[str, Cost]') -> list[list[str]]:
    """Return the rows of the table; "of ncps" is how many times faster than its wired CfC."""
    from ..bench.policy import REFERENCE

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
