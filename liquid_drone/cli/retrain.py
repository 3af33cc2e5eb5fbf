# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone retrain``: teach a policy a new target, and say what it forgot."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from .. import resources

if TYPE_CHECKING:
    from ..evaluate.metrics import Summary

NAME = 'retrain'
HELP = 'teach a policy to follow a new target, and report what it forgot'
EPILOG = """examples:
  liquid-drone retrain --target red_camping_chair
  liquid-drone retrain --target my_thing.yaml --from models/follow --out models/my-thing

A target is a YAML file of primitives or a mesh, see sim/targets. A run that was stopped goes on
where it was. The bundle is written before it is flown on test seeds, which choose nothing.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument('--target', required=True, help='name in sim/targets, or a .yaml file')
    parser.add_argument(
        '--from', dest='start', default='follow', help='bundle to go on from (default: follow)'
    )
    parser.add_argument('--data', type=Path, help='work directory (default: data/<name>)')
    parser.add_argument('--out', type=Path, help='bundle to write (default: <data>/bundle)')
    parser.add_argument('--processes', type=int, default=2, help='simulators at once (default: 2)')
    parser.add_argument(
        '--flights', type=int, default=50, help='test flights with each target (default: 50)'
    )


def run(args: argparse.Namespace) -> int:
    """Collect, train, export, then fly the new target and the known ones."""
    from ..learn.recipe import Workspace
    from ..learn.retrain import retrain_recipe
    from ..learn.school import collect, school
    from ..sim.config import load_scenario
    from .progress import TerminalWatcher
    from .published import publish

    load_scenario(target=args.target)  # a broken file is told before anything is flown
    recipe = retrain_recipe(args.target, args.start)
    work = Workspace(args.data or Path('data') / recipe.name)
    out = args.out or work.root / 'bundle'
    watcher = TerminalWatcher()
    collect(recipe, work, args.processes, watcher)
    best = school(recipe, work, args.processes, watcher)
    publish(recipe, work, best, out, args.processes, watcher)
    print(f'bundle: {out} (round {best.round})')
    if args.flights > 0:
        text = report(args, out, work.root / 'evaluation')
        (work.root / 'forgetting.md').write_text(text, encoding='utf-8')
        print(text)
    print(f'next: liquid-drone fly --bundle {out} --target {args.target}')
    return 0


def report(args: argparse.Namespace, bundle: Path, folder: Path) -> str:
    """Fly the new bundle with every target, the old one with those it knew; return the table."""
    from ..contract import load_contract
    from ..learn.retrain import known_targets

    old = resources.bundle(args.start)
    known = known_targets(load_contract(old).training.target)
    rows = ['| target | before | after |', '|---|---|---|']
    for target in dict.fromkeys((args.target, *known)):
        name = Path(target).stem
        after = _flown(args, bundle, target, folder / 'after' / name)
        before = (
            ''
            if target not in known
            else _say(_flown(args, old, target, folder / 'before' / name))
        )
        rows.append(f'| {name} | {before} | {_say(after)} |')
    return '\n'.join(rows) + '\n'


def _flown(args: argparse.Namespace, bundle: Path, target: str, out: Path) -> 'Summary':
    """Fly one bundle after one target through all places it learned in, on test seeds."""
    from ..contract import load_contract
    from ..evaluate.metrics import summarise
    from ..evaluate.protocol import Trial, evaluate
    from ..seeds import split_seeds
    from ..sim.config import load_scenario
    from .progress import TerminalWatcher

    training = load_contract(bundle).training
    places = [(world, season) for season in training.seasons for world in training.worlds]
    seeds = split_seeds('test', args.flights)
    watcher = TerminalWatcher()
    watcher.begin(f'{bundle.name} after {Path(target).stem}', len(seeds), 'flights')
    scores = []
    for i, (world, season) in enumerate(places):
        mine = seeds[i :: len(places)]
        trial = Trial(load_scenario(world, season, target), bundle)
        place = out / f'{world}-{season}'
        done = evaluate(trial, mine, place, args.processes, lambda _f, _n: watcher.advance())
        scores += [flown.score for flown in done]
    summary = summarise(scores)
    watcher.end(_say(summary))
    (out / 'summary.json').write_text(json.dumps(summary.failures), encoding='utf-8')
    return summary


def _say(summary: 'Summary') -> str:
    rate = summary.success
    return f'{rate.count} of {rate.total} ({rate.low:.0%} to {rate.high:.0%})'
