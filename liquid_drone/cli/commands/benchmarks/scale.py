# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone bench scale``: the same flights by one process, two, Ray, and merged shards."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ....options import option
from ...arguments import Command

NAME = 'scale'
HELP = 'fly the same test seeds in several ways: times, and whether the results are equal'
EPILOG = """examples:
  liquid-drone bench scale
  liquid-drone bench scale --ways one local ray --flights 60 --out out/scale-60

Ray runs with two nodes on this machine (extra: cluster). Exit code 1: results differ.
"""
WAYS = ('one', 'local', 'ray', 'shards')


@dataclass(frozen=True, kw_only=True)
class BenchScaleArguments:
    """What is flown, and how."""

    flights: int = option(200, 'test seeds', low=1, high=5_000)
    seconds: float = option(2.0, 'of each flight', low=0.1, high=600.0, unit='s')
    processes: int = option(2, 'of the local pool', low=1, high=256)
    ways: tuple[str, ...] = option(WAYS, 'in this order: one, local, ray, shards', metavar='WAY')
    out: Path = option(Path('out/scale'), 'directory of the results; must be empty to time them')
    json: bool = option(False, 'print figures for machines')


def run(args: BenchScaleArguments) -> int:
    """Fly, print each way and the ratios."""
    from ....bench.scale.same_flights import ScaleBench, measure
    from ...progress import TerminalWatcher

    ways: Any = checked(args.ways)
    watcher = None if args.json else TerminalWatcher()
    bench = ScaleBench(args.flights, args.seconds, args.processes)
    if watcher:
        watcher.begin('flights', args.flights * len(ways), 'flights')
    found = []
    for result in measure(bench, ways, args.out, watcher.advance if watcher else lambda: None):
        found.append(result)
        if watcher:
            watcher.note(str(result))
    if watcher:
        watcher.end('done')
    took = dict(zip(ways, (one.took_s for one in found), strict=True))
    ratios = {
        f'{slow}_over_{fast}': round(took[slow] / took[fast], 3)
        for slow, fast in (('one', 'local'), ('ray', 'local'))
        if slow in took and fast in took
    }
    same = len({one.digest for one in found}) == 1
    rows = [dataclasses.asdict(one) for one in found]
    words = f'ratios {ratios}\nresults: {"the same bytes" if same else "DIFFERENT"}'
    print(json.dumps({'ways': rows, 'ratios': ratios, 'same': same}) if args.json else words)
    return int(not same)


def checked(ways: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ways without doubles.

    Raises:
        ConfigError: there is no such way.

    """
    from ....errors import ConfigError

    if unknown := [way for way in ways if way not in WAYS]:
        raise ConfigError(f"ways: expected some of {', '.join(WAYS)}; got '{unknown[0][:40]}'")
    return tuple(dict.fromkeys(ways))


COMMAND = Command(NAME, HELP, EPILOG, BenchScaleArguments, run)
