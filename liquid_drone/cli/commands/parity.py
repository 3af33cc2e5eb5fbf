# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone parity``: one bundle on every provider and precision that this machine has."""

import json
from dataclasses import asdict, dataclass

from ... import resources
from ...options import option
from ..arguments import Command

NAME = 'parity'
HELP = 'compare the answers of a bundle on every provider and precision of this machine'
EPILOG = """examples:
  liquid-drone parity
  liquid-drone parity data/mine/bundle --json

The reference are the answers that PyTorch gave when the bundle was exported. A rung that the
machine lacks says why it was not run. Exit code 1: one differs by more than its precision may.
"""


@dataclass(frozen=True, kw_only=True)
class ParityArguments:
    """Which bundle."""

    bundle: str = option('follow', 'a name in models/, or a directory', positional=True)
    json: bool = option(False, 'print the rungs as JSON')


def run(args: ParityArguments) -> int:
    """Climb the ladder and print each rung as it is reached."""
    from ...evaluate.parity_ladder import climb

    rungs = []
    for rung in climb(resources.bundle(args.bundle)):
        rungs.append(rung)
        if args.json:
            continue
        told = rung.reason
        if rung.difference is not None:
            step = '' if rung.step_ms is None else f', step {rung.step_ms:.2f} ms'
            told = f'differs by {rung.difference:.1e} of at most {rung.tolerance:g}{step}'
        print(f'{rung.verdict:<7}  {rung.name:<14}  {told}', flush=True)
    if args.json:
        print(json.dumps([{**asdict(rung), 'verdict': rung.verdict} for rung in rungs], indent=1))
    return int(any(rung.verdict == 'failed' for rung in rungs))


COMMAND = Command(NAME, HELP, EPILOG, ParityArguments, run)
