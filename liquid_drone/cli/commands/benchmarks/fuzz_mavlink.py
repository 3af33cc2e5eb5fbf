# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone bench fuzz-mavlink``: random messages with good checksums; setpoints checked."""

import dataclasses
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ....options import option
from ....seeds import LARGEST
from ...arguments import Command

if TYPE_CHECKING:
    from ....bench.mavlink_fuzz import FuzzFigures

NAME = 'fuzz-mavlink'
HELP = 'send random MAVLink from the vehicle and from strangers, and check every setpoint'
EPILOG = """examples:
  liquid-drone bench fuzz-mavlink                        # a million messages, as fast as it goes
  liquid-drone bench fuzz-mavlink --messages 200000 --rate 2500   # by the clock: setpoint periods

Link, companion and guard are the real ones, on UDP of the loopback; the autopilot is the simulated
one. Exit code 0: everything held; 1: something did not.
"""
LINES = 20  # violations that are printed


@dataclass(frozen=True, kw_only=True)
class FuzzMavlinkArguments:
    """How much is sent."""

    messages: int = option(1_000_000, 'to send', low=1000, high=1_000_000_000)
    rate: float = option(
        0.0, 'of the messages by the clock; 0: as fast as it goes', low=0.0, high=4000.0, unit='Hz'
    )
    seed: int = option(0, 'of all that is random', low=0, high=LARGEST)
    json: bool = option(False, 'print figures for machines')


def run(args: FuzzMavlinkArguments) -> int:
    """Send and tell."""
    from ....bench.mavlink_fuzz import fuzz

    began_s = time.monotonic()
    figures = fuzz(args.messages, args.seed, args.rate or None)
    if args.json:
        print(json.dumps(dataclasses.asdict(figures)))
    else:
        print(_told(figures, time.monotonic() - began_s, args.rate > 0.0))
    return 0 if not figures.violations and not figures.hand_backs else 1


def _told(figures: 'FuzzFigures', took_s: float, by_the_clock: bool) -> str:
    from ....bench.timing import table

    rows = [
        ['messages', f'{figures.messages} (in {took_s:.0f} s)'],
        ['setpoints', str(figures.setpoints)],
        ['handed back while nothing of the flight was random', str(figures.hand_backs)],
        ['processor time of a step before, ms', _spread(figures.quiet_work_s)],
        ['processor time of a step under it, ms', _spread(figures.fuzzed_work_s)],
        ['memory before and after, MB', ' '.join(f'{mb:.0f}' for mb in figures.memory_mb)],
        ['promises broken', str(len(figures.violations))],
    ]
    if by_the_clock:
        rows.insert(3, ['setpoint period before, ms', _spread(figures.quiet_periods_s)])
        rows.insert(4, ['setpoint period under it, ms', _spread(figures.fuzzed_periods_s)])
    return '\n'.join([table(['', 'figure'], rows), *figures.violations[:LINES]])


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return 'none'
    p50, p99 = (1e3 * float(number) for number in np.percentile(seconds, [50, 99]))
    return f'p50 {p50:.1f}, p99 {p99:.1f}, max {1e3 * max(seconds):.1f}'


COMMAND = Command(NAME, HELP, EPILOG, FuzzMavlinkArguments, run)
