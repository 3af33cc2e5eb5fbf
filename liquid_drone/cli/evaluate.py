# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone evaluate``: many flights of a policy, as a table with confidence intervals."""

import argparse
import json
from pathlib import Path

from .. import resources
from .fly import add_place_arguments, check_writable

NAME = 'evaluate'
HELP = 'fly many seeds of a split and print the table'
EPILOG = """examples:
  liquid-drone evaluate --flights 100
  liquid-drone evaluate --bundle data/mine/bundle --split validation --flights 20 --json

A run that was stopped goes on where it was.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_place_arguments(parser)
    parser.add_argument('--split', choices=('validation', 'test'), default='test')
    parser.add_argument('--flights', type=int, default=100, help='how many (default: 100)')
    parser.add_argument('--offset', type=int, default=0, help='seeds to leave out at the start')
    parser.add_argument('--processes', type=int, default=2, help='flights at once (default: 2)')
    parser.add_argument('--out', type=Path, default=Path('out/evaluation'), help='directory')
    parser.add_argument('--json', action='store_true', help='print the summary as JSON')


def run(args: argparse.Namespace) -> int:
    """Fly what is missing and print the table of all."""
    from ..evaluate.metrics import summarise
    from ..evaluate.protocol import Flown, Trial, evaluate
    from ..evaluate.table import markdown
    from ..schema import plain
    from ..seeds import split_seeds
    from ..sim.config import load_scenario
    from ..sim.weather import CLEAR
    from .progress import TerminalWatcher

    scenario = load_scenario(
        args.world,
        args.season,
        args.target,
        args.task,
        renderer=args.renderer,
        weather=args.weather,
    )
    trial = Trial(scenario, resources.bundle(args.bundle), args.autopilot)
    seeds = split_seeds(args.split, args.flights, args.offset)
    check_writable(args.out)
    watcher = None if args.json else TerminalWatcher()
    if watcher is not None:
        watcher.begin(f'{args.split} flights', len(seeds), 'flights')
    told, good = 0, 0

    def on_flight(flown: Flown, done: int) -> None:
        nonlocal told, good
        good += flown.score.success
        if watcher is not None:
            watcher.advance(done - told, good=good)
        told = done

    flights = evaluate(trial, seeds, args.out, args.processes, on_flight)
    summary = summarise([flown.score for flown in flights])
    if watcher is not None:
        watcher.end()
    sky = '' if args.weather == CLEAR else f', {args.weather}'
    title = f'{args.world}-{args.season}{sky}, {args.split} seeds {seeds[0]} to {seeds[-1]}'
    table = markdown(summary, title)
    (args.out / 'table.md').write_text(table, encoding='utf-8')
    text = json.dumps(plain(summary), indent=1)
    (args.out / 'summary.json').write_text(text + '\n', encoding='utf-8')
    print(text if args.json else table)
    return 0
