# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone bench``: how fast the parts are here; one ``bench_*.py`` a benchmark."""

import argparse

from .benchmarks import endurance, policy, ros, sim, vision

NAME = 'bench'
HELP = 'measure how fast the parts are on this machine'
BENCHMARKS = (
    policy,
    vision,
    ros,
    endurance,
    sim,
)  # each has NAME, HELP, configure(parser), run(args), as a command has
EPILOG = """examples:
  liquid-drone bench policy
  liquid-drone bench vision --json
  liquid-drone bench ros --seconds 60
  liquid-drone bench endurance --minutes 5
  liquid-drone bench sim
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add a subcommand for every benchmark."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    benchmarks = parser.add_subparsers(metavar='BENCHMARK', required=True)
    for module in BENCHMARKS:
        sub = benchmarks.add_parser(module.NAME, help=module.HELP, description=module.HELP)
        module.configure(sub)
        sub.add_argument('--json', action='store_true', help='print figures for machines')
        sub.set_defaults(measure=module.run)


def run(args: argparse.Namespace) -> int:
    """Run the chosen benchmark."""
    return int(args.measure(args))
