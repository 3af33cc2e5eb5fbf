# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone bench policy``: training speed of the recurrent cells."""

import argparse
import dataclasses
import json

NAME = 'policy'
HELP = 'time the recurrent cells: training by sequences'
EPILOG = 'example:\n  liquid-drone bench policy --rounds 30\n'


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument('--rounds', type=int, default=15, help='timed runs of each case')


def run(args: argparse.Namespace) -> int:
    """Measure and print a table."""
    from ..bench.policy import PolicyBench, training
    from ..bench.timing import table

    times = training(PolicyBench(rounds=args.rounds))
    if args.json:
        print(json.dumps({name: dataclasses.asdict(timing) for name, timing in times.items()}))
        return 0
    rows = [[name, f'{1e3 * timing.best_s:.2f}'] for name, timing in times.items()]
    print(table(['cell', 'forward + backward, ms'], rows))
    return 0
