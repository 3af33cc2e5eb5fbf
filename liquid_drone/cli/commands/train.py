# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone train``: behaviour cloning, DAgger rounds, validation flights, a bundle."""

import itertools
from dataclasses import dataclass
from pathlib import Path

from ...options import option
from ...run_lock import only_run
from ...sim.flight_spec import FlightSpec
from ..arguments import Command, part
from ..executor_arguments import ExecutorArguments, executors_of_training
from ..next_step import as_typed
from ..places import check_bundle_place
from .collect import RecipeArguments

NAME = 'train'
HELP = 'train a policy from episodes, with DAgger rounds and validation flights'
EPILOG = """examples:
  liquid-drone train --recipe follow-summer
  liquid-drone train --recipe follow-summer --out models/mine
  liquid-drone train --recipe follow-pictures --places photos/
  liquid-drone train --recipe follow-pictures --places rosbag2_2026_05_01/
  liquid-drone train --recipe follow-summer --data /shared/summer --ray auto
  torchrun --nproc-per-node 4 -m liquid_drone.cli.main train --recipe follow-large

torchrun: each process trains its share of a step, on a graphics card of its own where there are
as many; the first one flies and writes.

A stopped run resumes where it was. Needs the episodes of: liquid-drone collect
"""


@dataclass(frozen=True, kw_only=True)
class TrainArguments:
    """What is trained and where its bundle goes."""

    of: RecipeArguments = part(RecipeArguments)
    where: ExecutorArguments = part(ExecutorArguments)
    out: Path | None = option(None, 'bundle of the best round', unset='<data>/bundle')
    places: Path | None = option(
        None,
        "photographs of real places, behind the people of the recipe's pictures: a folder of "
        'them, a video, or a recorded flight without labels',
        unset='none',
        metavar='FOLDER|VIDEO|BAG',
    )


def run(args: TrainArguments) -> int:
    """Train every round that is not done yet, then export the best."""
    from ...learn.dagger import run_rounds, train_share
    from ...learn.distributed import joined
    from ...learn.pictures.encoder_stage import with_places
    from ...learn.recipe import Workspace, load_recipe
    from ..best_bundle import export_best
    from ..progress import TerminalWatcher
    from ..unused_fields import warn_of_unused

    recipe, watcher = with_places(load_recipe(args.of.recipe), args.places), TerminalWatcher()
    work = Workspace(args.of.data or Path('data') / recipe.name)
    out = args.out or work.root / 'bundle'
    check_bundle_place(out)
    executors = executors_of_training(args.where)
    with joined(recipe.train) as team:
        if not team.first:
            train_share(recipe, work, team)
            return 0
        warn_of_unused(recipe)
        with only_run(work.root):
            best = run_rounds(recipe, work, executors, watcher, team)
            export_best(recipe, work, best, out, executors[0], watcher)
    print(f'best: round {best.round}, {best.successes} of {best.flights} validation flights good')
    print(f'bundle: {out}')
    scene = {'world': recipe.worlds[0], 'season': recipe.seasons[0], 'target': recipe.targets[0]}
    words = [(f'--{name}', value) for name, value in {**scene, 'task': recipe.task}.items()]
    unusual = [word for word in words if word[1] != getattr(FlightSpec, word[0][2:])]
    print('next:', as_typed('fly', '--bundle', out, *itertools.chain(*unusual)))
    return 0


COMMAND = Command(NAME, HELP, EPILOG, TrainArguments, run, resumes=True)
