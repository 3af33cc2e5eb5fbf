# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone bench endurance``: an hour of flight with a fault every few seconds."""

import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ....options import option
from ....seeds import LARGEST
from ...arguments import Command

if TYPE_CHECKING:
    from ....bench.endurance_checker import Figures

NAME = 'endurance'
HELP = 'fly for an hour (faster than it passes) with random faults, and check every packet'
EPILOG = """examples:
  liquid-drone bench endurance                  # one simulated hour
  liquid-drone bench endurance --minutes 5 --seed 7

Link, companion, guard and flight recorder are the real ones; the autopilot is the simulated one,
with a point mass. Exit code 0: everything held; 1: something did not.
"""
LINES = 20  # violations that are printed


@dataclass(frozen=True, kw_only=True)
class EnduranceArguments:
    """How long is flown."""

    minutes: float = option(60.0, 'simulated', low=0.01, high=10_000.0, unit='min')
    seed: int = option(0, 'of all that is random', low=0, high=LARGEST)
    json: bool = option(False, 'print figures for machines')


def run(args: EnduranceArguments) -> int:
    """Fly and tell."""
    from ....bench.endurance import fly
    from ...progress import TerminalWatcher

    watcher = None if args.json else TerminalWatcher()
    began_s = time.monotonic()
    if watcher is not None:
        watcher.begin('endurance', int(args.minutes), 'min')
    with tempfile.TemporaryDirectory(prefix='liquid_drone_') as scratch:
        figures = fly(
            args.minutes, args.seed, Path(scratch), watcher.advance if watcher else lambda: None
        )
    if watcher is not None:
        watcher.end(f'{args.minutes:g} simulated minutes')
    if args.json:
        print(json.dumps(vars(figures)))  # asdict makes other things of counters
    else:
        print(_told(figures, time.monotonic() - began_s))
    return 0 if not figures.violations and not figures.lost_episodes else 1


def _told(figures: 'Figures', took_s: float) -> str:
    from ....bench.timing import table

    rows = [
        ['simulated time, s', f'{figures.simulated_s:.0f} (in {took_s:.0f} s)'],
        ['faults', str(sum(figures.faults.values()))],
        ['times engaged', str(figures.engagements)],
        ['following, s', f'{figures.following_s:.0f}'],
        ['setpoints', str(figures.setpoints)],
        *([f'handed back: {cause}', str(n)] for cause, n in sorted(figures.hand_backs.items())),
        ['episodes recorded and read again', str(figures.episodes)],
        ['episodes lost', str(figures.lost_episodes)],
        ['longest deaf on a good link, s', f'{figures.longest_deaf_s:.2f}'],
        ['longest with a slow stream on a good link, s', f'{figures.longest_slow_s:.2f}'],
        ['errors of the network survived', str(figures.link_errors)],
        ['memory at ten points, MB', ' '.join(f'{mb:.0f}' for mb in figures.memory_mb)],
        ['promises broken', str(len(figures.violations))],
    ]
    return '\n'.join([table(['', 'figure'], rows), *figures.violations[:LINES]])


COMMAND = Command(NAME, HELP, EPILOG, EnduranceArguments, run)
