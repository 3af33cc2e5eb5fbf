# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone status``: how far an evaluation or a collecting is."""

from dataclasses import dataclass
from pathlib import Path

from ....options import REQUIRED, option
from ...arguments import Command

NAME = 'status'
HELP = 'list the flights of evaluate or collect: done, failed, missing, running'
EPILOG = """examples:
  liquid-drone status out/evaluation
  liquid-drone status data/follow

Nothing is changed. Exit code 1: flights are missing.
"""


@dataclass(frozen=True, kw_only=True)
class StatusArguments:
    """Which directory."""

    folder: Path = option(REQUIRED, 'directory of the results', positional=True)


def run(args: StatusArguments) -> int:
    """Print a line for each place."""
    if (args.folder / 'collect.json').exists():
        from ....learn.flights.episode_shards import collect_status

        collected = collect_status(args.folder)
        print(collected)
        return int(bool(collected.missing))
    from ....evaluate.shards import status

    found = status(args.folder)
    for place in found:
        print(place)
    return int(any(place.missing for place in found))


COMMAND = Command(NAME, HELP, EPILOG, StatusArguments, run)
