# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone parity``: one bundle on every provider and precision that this machine has."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ... import resources
from ...options import option
from ...schema import plain
from ..arguments import Command, part
from ..bundle_pair import BundlePair

if TYPE_CHECKING:
    from ...evaluate.parity_ladder import Rung

NAME = 'parity'
HELP = 'compare the answers of a bundle on every provider and precision of this machine'
EPILOG = """examples:
  liquid-drone parity
  liquid-drone parity data/mine/bundle --json
  liquid-drone parity follow --int8 out/follow-int8 --flights 10
  liquid-drone parity data/mine/bundle --flights 10 --task reach

The reference are the answers that PyTorch gave when the bundle was exported. A rung that the
machine lacks says why it was not run. With --flights the same validation seeds are flown on each
rung that passed. Exit code 1: one differs by more than its precision may.
"""


@dataclass(frozen=True, kw_only=True)
class ParityArguments:
    """Which bundle."""

    of: BundlePair = part(BundlePair)
    flights: int = option(0, 'closed loop: flights on each rung', low=0, high=5_000)
    task: str = option(
        '',
        'task of the flights (config/tasks)',
        unset='the one of the tables in its contract, or follow',
    )
    json: bool = option(False, 'print the rungs as JSON')


def run(args: ParityArguments) -> int:
    """Climb the ladder and print each rung as it is reached."""
    from ...evaluate.parity_ladder import climb

    rungs = []
    for rung in climb(resources.bundle(args.of.bundle), args.of.int8, args.flights, args.task):
        rungs.append(rung)
        if args.json:
            continue
        print(f'{rung.verdict:<7}  {rung.name:<14}  {_told(rung)}', flush=True)
    if args.json:
        found = [{**plain(rung), 'verdict': rung.verdict} for rung in rungs]
        print(json.dumps(found, indent=1, default=str))
    return int(any(rung.verdict == 'failed' for rung in rungs))


def _told(rung: 'Rung') -> str:
    if rung.difference is None:
        return rung.reason
    told = f'differs by {rung.difference:.1e} of at most {rung.tolerance:g}'
    if rung.step_ms is not None:
        told += f', step {rung.step_ms:.2f} ms'
    if rung.flights is not None:
        told += f', {rung.flights.count} of {rung.flights.total} flights of {rung.task}'
    return told


COMMAND = Command(NAME, HELP, EPILOG, ParityArguments, run)
