# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone evaluate``: many flights of a policy, as a table with confidence intervals."""

import argparse
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import resources
from ..files import aside_of, write_text
from ..results import claim
from .fly import add_place_arguments

if TYPE_CHECKING:
    from ..evaluate.scoring import Summary

NAME = 'evaluate'
HELP = 'fly many seeds of a split and print the table'
FILES = ('table.md', 'summary.json', 'rates.png')
KINDS = ('world', 'season', 'weather')
EPILOG = """examples:
  liquid-drone evaluate --flights 100
  liquid-drone evaluate --bundle data/mine/bundle --split validation --flights 20 --json
  liquid-drone evaluate --expert --task reach --split validation --flights 50 --out out/expert
  liquid-drone evaluate --bundle data/mine/bundle --flights 50 --card
  liquid-drone evaluate --worlds forest urban --seasons spring summer autumn winter --out out/all

Several places give one line each, and a picture of them: rates.png. A run that was stopped goes on
where it was.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_place_arguments(parser)
    parser.add_argument(
        '--expert',
        action='store_true',
        help='fly the expert that policies learn from, instead of a bundle',
    )
    for kind in KINDS:
        parser.add_argument(
            f'--{kind}s', nargs='+', metavar=kind.upper(), help=f'several, instead of --{kind}'
        )
    parser.add_argument('--split', choices=('validation', 'test'), default='test')
    parser.add_argument('--flights', type=int, default=100, help='how many (default: 100)')
    parser.add_argument('--offset', type=int, default=0, help='seeds to leave out at the start')
    parser.add_argument('--processes', type=int, default=2, help='flights at once (default: 2)')
    parser.add_argument('--out', type=Path, default=Path('out/evaluation'), help='directory')
    parser.add_argument('--json', action='store_true', help='print the summary as JSON')
    parser.add_argument(
        '--card', action='store_true', help="write the rates into the bundle's contract and card"
    )


def run(args: argparse.Namespace) -> int:
    """Fly what is missing and print the table of all."""
    from ..evaluate.plots.rates import chart
    from ..evaluate.report import markdown, overview
    from ..schema import plain
    from ..seeds import split_seeds

    seeds = split_seeds(args.split, args.flights, args.offset)
    claim(args.out, FILES)
    given = [getattr(args, f'{kind}s') for kind in KINDS]
    if any(given):
        lists = [many or [getattr(args, kind)] for kind, many in zip(KINDS, given, strict=True)]
        cells = list(itertools.product(*lists))
        found = {cell: _cell(args, cell, seeds, args.out / cell_name(cell)) for cell in cells}
        title = f'{args.target}, {args.split} seeds {seeds[0]} to {seeds[-1]}'
        table = overview(found, title)
        with aside_of(args.out / 'rates.png') as aside:
            chart(found, title, aside)
        summary: Any = {cell_name(cell): plain(value) for cell, value in found.items()}
    else:
        cell = (args.world, args.season, args.weather)
        one = _cell(args, cell, seeds, args.out)
        title = f'{cell_name(cell)}, {args.split} seeds {seeds[0]} to {seeds[-1]}'
        table, summary = markdown(one, title), plain(one)
    if args.card and not args.expert:
        _write_card(args, found if any(given) else {cell: one}, seeds)
    text = json.dumps(summary, indent=1)
    write_text(args.out / 'table.md', table)
    write_text(args.out / 'summary.json', text + '\n')
    print(text if args.json else table)
    return 0


def _write_card(
    args: argparse.Namespace, found: dict[tuple[str, ...], 'Summary'], seeds: range
) -> None:
    """Add the success of every place to the bundle's card."""
    from ..policy.card import add_flights
    from ..schema import plain

    what = f'task {Path(args.task).stem}, {Path(args.target).stem}'
    table = {cell_name(cell): plain(one.success) for cell, one in found.items()}
    add_flights(resources.bundle(args.bundle), args.split, seeds, what, table)


def cell_name(cell: Sequence[str]) -> str:
    """Return the name of a world, season and weather, as of a directory."""
    world, season, weather = cell
    place = f'{Path(world).stem}-{Path(season).stem}'
    return place if weather == 'clear' else f'{place}-{weather.replace(":", "").replace(",", "-")}'


def _cell(args: argparse.Namespace, cell: Sequence[str], seeds: range, out: Path) -> 'Summary':
    """Fly the seeds of one place that are missing, with a bar, and sum all of them up."""
    from ..evaluate.protocol import Flown, Trial, evaluate
    from ..evaluate.scoring import summarise
    from ..sim.scenario.scenario import load_scenario
    from .progress import TerminalWatcher

    world, season, weather = cell
    scenario = load_scenario(
        world, season, args.target, args.task, renderer=args.renderer, weather=weather
    )
    bundle = None if args.expert else resources.bundle(args.bundle)
    trial = Trial(scenario, bundle, args.autopilot)
    watcher = None if args.json else TerminalWatcher()
    if watcher is not None:
        watcher.begin(f'{cell_name(cell)}: {args.split} flights', len(seeds), 'flights')
    good = 0

    def on_flight(flown: Flown, is_new: bool) -> None:
        nonlocal good
        good += flown.score.success
        if watcher is not None:
            (watcher.advance if is_new else watcher.find)(good=good)

    flights = evaluate(trial, seeds, out, args.processes, on_flight)
    if watcher is not None:
        watcher.end()
    return summarise([flown.score for flown in flights])
