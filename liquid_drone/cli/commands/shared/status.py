# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone status``: how far an evaluation is."""

from dataclasses import dataclass
from pathlib import Path

from ....options import REQUIRED, option
from ...arguments import Command

NAME = 'status'
HELP = 'tell which flights of an evaluation are done, missing, running'
EPILOG = """examples:
  liquid-drone status out/evaluation

Nothing is changed. Exit code 1: flights are missing.
"""


@dataclass(frozen=True, kw_only=True)
class StatusArguments:
    """Which directory."""

    folder: Path = option(REQUIRED, 'directory of the results', positional=True)


def run(args: StatusArguments) -> int:
    """Print a line for each place."""
    from ....evaluate.shards import status

    found = status(args.folder)
    for place in found:
        print(place)
    return int(any(place.missing for place in found))


COMMAND = Command(NAME, HELP, EPILOG, StatusArguments, run)
