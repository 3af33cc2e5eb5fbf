# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone retrain``: teach a policy a new target, and say what it forgot."""

import dataclasses
import itertools
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ... import resources
from ...errors import ConfigError, EpisodeError
from ...files import as_name, set_aside, write_text
from ...options import REQUIRED, option
from ...run_lock import only_run
from ..arguments import Command, part
from ..executor_arguments import ExecutorArguments, executors_of_training
from ..next_step import as_typed
from ..places import cell_folders, check_bundle_place
from .import_flight import TopicArguments, import_all

if TYPE_CHECKING:
    from ...evaluate.scoring import Summary
    from ...learn.recipe import Recipe

NAME = 'retrain'
MOST_NAMED = 4
HELP = 'teach a policy to follow a new target, and report what it forgot'
EPILOG = """examples:
  liquid-drone retrain --target red_camping_chair
  liquid-drone retrain --target my_thing.yaml --from models/follow --out models/my-thing
  liquid-drone retrain --target our_robot --photos front.png left.png back.png --height 0.6
  liquid-drone retrain --target our_robot --photos *.png --places our-field/
  liquid-drone retrain --target our_robot --photos *.png --only-cards   # look at them first
  liquid-drone retrain --target red_backpack --bags data/flights  # and simulated ones
  liquid-drone retrain --target our_dog --bags data/flights --only-bags

A target is a YAML file of primitives or a mesh, see sim/targets. A run that was stopped goes on
where it was. The bundle is written before it is flown on test seeds, which choose nothing.
"""


@dataclass(frozen=True, kw_only=True)
class RetrainArguments:
    """Which bundle learns which target, from what."""

    target: str = option(REQUIRED, 'a name in sim/targets, or a .yaml file')
    start: str = option('follow-compact', 'bundle to start from', flag='--from', metavar='BUNDLE')
    data: Path | None = option(None, 'work directory', unset='data/<name>')
    out: Path | None = option(None, 'bundle to write', unset='<data>/bundle')
    where: ExecutorArguments = part(ExecutorArguments)
    bags: tuple[Path, ...] = option(
        (), 'episodes of recorded flights (see import-flight), or recordings themselves'
    )
    only_bags: bool = option(False, 'train on the recorded flights alone', excludes=('photos',))
    photos: tuple[Path, ...] = option(
        (),
        'photographs of the target: the front, then around to its left; PNG '
        'with a transparent background, or with background all around',
    )
    places: Path | None = option(
        None,
        'photographs of places, such as where it will fly (a folder of them, a video, or a '
        'recorded flight without labels): pictures of the target before them are learned from '
        'beside the flights',
        unset='none',
        metavar='FOLDER|VIDEO|BAG',
    )
    only_cards: bool = option(
        False, 'stop after the photographs are cut out: look at the sheet of them'
    )
    height: float = option(1.0, 'of that object', low=0.05, high=10.0, unit='m', needs=('photos',))
    motion: str = option('walk', 'of that object', needs=('photos',))
    topics: TopicArguments = part(
        TopicArguments, group='topics of the recordings', needs=('bags',)
    )
    flights: int = option(50, 'test flights with each target', low=0, high=5_000)


def run(args: RetrainArguments) -> int:
    """Collect, train, export, then fly the new target and the known ones."""
    from ...learn.dagger import run_rounds
    from ...learn.distributed import started_by_torchrun
    from ...learn.flights.collecting import collect
    from ...learn.recipe import Workspace
    from ..best_bundle import export_best
    from ..progress import TerminalWatcher

    if started_by_torchrun():
        raise ConfigError(
            'retrain runs in one process, but torchrun started several: start it without; '
            'torchrun is for train'
        )
    if args.only_cards and not args.photos:
        raise ConfigError('--only-cards needs photographs: name them with --photos')
    if args.photos:
        args = dataclasses.replace(args, target=str(_from_photos(args)))
    if args.only_cards:
        print('next:', as_typed('inspect', 'target', args.target))
        return 0
    recipe = _recipe(args)
    work = Workspace(args.data or Path('data') / recipe.name)
    out = args.out or work.root / 'bundle'
    check_bundle_place(out)
    watcher, executors = TerminalWatcher(), executors_of_training(args.where)
    with only_run(work.root):
        if args.bags:
            _take(args, work.recorded)
        if not args.only_bags:
            collect(recipe, work, executors[0], watcher)
        best = run_rounds(recipe, work, executors, watcher)
        export_best(recipe, work, best, out, executors[0], watcher)
    print(f'bundle: {out} (round {best.round})')
    if args.flights > 0:
        text = report(args, out, work.root / 'evaluation')
        write_text(work.root / 'forgetting.md', text)
        print(text)
    print('next:', as_typed('fly', '--bundle', out, '--target', args.target))
    return 0


def _recipe(args: RetrainArguments) -> 'Recipe':
    """Return what is to be done; whatever is wrong is told before anything is flown."""
    from ...contract import load_contract
    from ...evaluate.trained_places import recorded_targets
    from ...learn import fine_tune
    from ...learn.recipe import check_whole

    if args.only_bags:
        if args.places:
            raise ConfigError('--places draws pictures, and --only-bags trains on none: name one')
        if not args.bags:
            raise ConfigError('--only-bags needs recorded flights: name them with --bags')
        recipe = fine_tune.recorded_recipe(args.target, args.start)
    else:
        recorded = (as_name(Path(args.target).stem),) if args.bags else ()
        recipe = fine_tune.retrain_recipe(args.target, args.start, args.places)
        recipe = dataclasses.replace(recipe, recorded=recorded)
    check_whole(recipe)
    cell_folders(Path(), itertools.product(recipe.worlds, recipe.seasons, recipe.weather))
    for name in recorded_targets(load_contract(resources.bundle(args.start)).training):
        if name not in recipe.recorded:
            print(
                f'warning: {args.start} learned {name} from recorded flights: give those with '
                '--bags too, or nothing keeps it from being forgotten', file=sys.stderr
            )  # fmt: skip
    return recipe


def _from_photos(args: RetrainArguments) -> Path:
    """Make the target's file from photographs; the same ones give the same file."""
    from ...learn.fine_tune import retraining_name
    from ...sim.scenario.target_from_photos import target_from_photos

    name = Path(args.target).stem
    folder = (args.data or Path('data') / retraining_name(args.target, args.start)) / 'target'
    made = target_from_photos(args.photos, name, args.height, folder, args.motion)
    for warning in made.warnings:
        print(f'warning: {warning}', file=sys.stderr)
    print(f'look at the cut-outs: {made.sheet}')
    return made.path


def _take(args: RetrainArguments, into: Path) -> None:
    """Bring recorded flights into the work directory: episodes as they are, recordings imported.

    Those of an earlier run that are not named now are kept aside: nothing is learned from them.

    Raises:
        EpisodeError: none of them is a flight to train on.

    """
    from ...episodes.episode import MANIFEST, copy_into, find_episodes, load_info

    whole = {
        path: [path] if (path / MANIFEST).is_file() else find_episodes(path) for path in args.bags
    }
    taken = [episode for found in whole.values() for episode in found]
    copy_into(into, taken)
    if raw := [path for path, found in whole.items() if not found]:
        taken += import_all(args.topics, raw, Path(args.target).stem, into)
    if not taken:
        raise EpisodeError(f'no flights to train on in {", ".join(map(str, args.bags))}')
    named = {load_info(episode).sha256 for episode in taken}
    others = [place for place in find_episodes(into) if load_info(place).sha256 not in named]
    for place in others:
        set_aside(place)
    if others:
        names = ', '.join(place.name for place in others[:MOST_NAMED])
        print(
            f'warning: {len(others)} flights of an earlier --bags are kept aside ({names}): name '
            'those recordings too, to train on them', file=sys.stderr
        )  # fmt: skip


def report(args: RetrainArguments, bundle: Path, folder: Path) -> str:
    """Fly the new bundle with every target, the old one with those it knew; return the table."""
    from ...contract import load_contract
    from ...evaluate.trained_places import simulated_targets

    old = resources.bundle(args.start)
    known = simulated_targets(load_contract(old).training)
    rows = ['| target | before | after |', '|---|---|---|']
    new = () if args.only_bags else (args.target,)  # which the simulator need not know
    for target in dict.fromkeys((*new, *known)):
        name = Path(target).stem
        after = _flown(args, bundle, target, folder / 'after' / name)
        before = (
            ''
            if target not in known
            else _say(_flown(args, old, target, folder / 'before' / name))
        )
        rows.append(f'| {name} | {before} | {_say(after)} |')
    return '\n'.join(rows) + '\n'


def _flown(args: RetrainArguments, bundle: Path, target: str, out: Path) -> 'Summary':
    """Fly one bundle after one target through all places it learned in, on test seeds."""
    from ...contract import load_contract
    from ...evaluate.protocol import Trial, evaluate, keep_others_aside
    from ...evaluate.scoring import summarise
    from ...seeds import split_seeds
    from ...sim.flight_spec import FlightSpec
    from ..progress import TerminalWatcher

    training = load_contract(bundle).training
    cells = [(w, s, FlightSpec.weather) for s in training.seasons for w in training.worlds]
    places = cell_folders(out, cells)
    seeds = split_seeds('test', args.flights)
    watcher = TerminalWatcher()
    watcher.begin(f'{bundle.name} after {Path(target).stem}', len(seeds), 'flights')
    scores = []
    for i, ((world, season, _), place) in enumerate(places.items()):
        mine = seeds[i :: len(places)]
        trial = Trial(FlightSpec(world=world, season=season, target=target), bundle)
        if kept := keep_others_aside(trial, place):
            watcher.note(f'flights of another bundle or version are kept aside: {kept}')
        done = evaluate(
            trial, mine, place, executors_of_training(args.where)[0],
            lambda _, is_new: watcher.advance() if is_new else watcher.find(),
        )  # fmt: skip
        scores += [flown.score for flown in done]
    summary = summarise(scores)
    watcher.end(_say(summary))
    write_text(out / 'summary.json', json.dumps(summary.failures))
    return summary


def _say(summary: 'Summary') -> str:
    rate = summary.success
    return f'{rate.count} of {rate.total} ({rate.low:.0%} to {rate.high:.0%})'


COMMAND = Command(NAME, HELP, EPILOG, RetrainArguments, run, resumes=True)
