# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone bench vision``: what the eyes cost in flight and in training."""

import argparse
import dataclasses
import json

NAME = 'vision'
HELP = 'time the eyes that a recipe may name: one image in flight, one frame in training'
EPILOG = 'example:\n  liquid-drone bench vision --rounds 30\n'


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument('--rounds', type=int, default=15, help='timed runs of each case')


def run(args: argparse.Namespace) -> int:
    """Measure and print a table."""
    from ..bench.timing import table
    from ..bench.vision import measure

    costs = measure(args.rounds)
    if args.json:
        print(json.dumps({name: dataclasses.asdict(cost) for name, cost in costs.items()}))
        return 0
    rows = [
        [
            name,
            str(cost.parameters),
            f'{cost.mflop:.1f}',
            f'{1e3 * cost.flight.best_s:.2f}',
            f'{1e3 * cost.train.best_s:.2f}',
        ]
        for name, cost in costs.items()
    ]
    print(table(['eye', 'weights', 'MFLOP', 'in flight, ms', 'in training, ms'], rows))
    return 0
