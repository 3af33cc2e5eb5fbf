# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone merge``: the shards of one run in one directory."""

from dataclasses import dataclass
from pathlib import Path

from ....options import REQUIRED, option
from ...arguments import Command

NAME = 'merge'
HELP = 'merge the shards of evaluate or collect into one directory'
EPILOG = """examples:
  liquid-drone evaluate --flights 200 --shard 1/2 --out out/part1     # on one machine
  liquid-drone evaluate --flights 200 --shard 2/2 --out out/part2     # on another
  liquid-drone merge out/part1 out/part2 --out out/all
  liquid-drone evaluate --flights 200 --out out/all     # flies what is missing, prints the table
  liquid-drone merge data/part1 data/part2 --out data/follow     # of: collect --shard

Refused: flights of something else, and a seed that was flown twice with different results.
Exit code 1: flights are missing; they are named.
"""


@dataclass(frozen=True, kw_only=True)
class MergeArguments:
    """Which directories, and where to."""

    folders: tuple[Path, ...] = option(REQUIRED, 'directories of shards', positional=True)
    out: Path = option(REQUIRED, 'directory of all flights')


def run(args: MergeArguments) -> int:
    """Merge and tell what is missing."""
    if (args.folders[0] / 'collect.json').exists():
        from ....learn.flights.episode_shards import merge_collected

        collected = merge_collected(args.folders, args.out)
        print(collected)
        return int(bool(collected.missing))
    from ....evaluate.shards import merge

    found = merge(args.folders, args.out)
    for place in found:
        print(place)
    return int(any(place.missing for place in found))


COMMAND = Command(NAME, HELP, EPILOG, MergeArguments, run)
