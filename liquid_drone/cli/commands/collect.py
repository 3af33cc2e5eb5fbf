# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone collect``: fly the expert and record episodes."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from ...errors import ConfigError, MissingDependencyError, require
from ...options import option
from ...run_lock import only_run
from ..arguments import Command, part
from ..executor_arguments import ExecutorArguments, executor_of
from ..next_step import as_typed

NAME = 'collect'
HELP = 'fly the expert in simulation and record episodes (rosbag2)'
EPILOG = """examples:
  liquid-drone collect --recipe follow-summer
  liquid-drone collect --recipe my-recipe.yaml --data data/mine --processes 4
  liquid-drone collect --recipe follow --shard 1/4 --data data/part1    # on four machines
  liquid-drone collect --recipe follow --ray auto    # on all machines of a Ray cluster
  liquid-drone collect --recipe follow --held-out 16  # for liquid-drone bench vision
"""


@dataclass(frozen=True, kw_only=True)
class RecipeArguments:
    """What collect, train and export have in common."""

    recipe: str = option('follow', 'a name in config/recipes, or a .yaml file')
    data: Path | None = option(None, 'work directory', unset='data/<recipe name>')


@dataclass(frozen=True, kw_only=True)
class CollectArguments:
    """Which episodes are flown."""

    of: RecipeArguments = part(RecipeArguments)
    where: ExecutorArguments = part(ExecutorArguments)
    weather: tuple[str, ...] = option(
        (), "instead of the recipe's: episodes take turns, such as clear fog:2,noise:1"
    )
    shard: str = option(
        '',
        'fly every N-th episode from the K-th on; liquid-drone merge puts them together',
        metavar='K/N',
    )
    held_out: int = option(
        0,
        'fly N episodes on validation seeds instead, which no training looks at',
        low=0,
        high=5_000,
        metavar='N',
    )


def run(args: CollectArguments) -> int:
    """Collect until the recipe's episodes are there; what is there already is kept."""
    from ...evaluate.shards import SeedShard
    from ...learn.flights.collecting import collect, hold_out
    from ...learn.recipe import Workspace, load_recipe
    from ...sim.scenario.weather import Weather
    from ..progress import TerminalWatcher
    from ..unused_fields import warn_of_unused

    require('rosbags', 'record')  # before the first flight
    recipe = load_recipe(args.of.recipe, trains=_can_train())
    if args.weather:
        weather = tuple(str(Weather.parse(text)) for text in args.weather)
        recipe = dataclasses.replace(recipe, weather=weather)
    warn_of_unused(recipe)
    work = Workspace(args.of.data or Path('data') / recipe.name)
    executor = executor_of(args.where)
    shard = SeedShard.parse(args.shard) if args.shard else None
    if args.held_out:
        if args.shard:
            raise ConfigError('--shard is for the episodes of the recipe, not for --held-out')
        with only_run(work.root):
            frames = hold_out(recipe, work, args.held_out, executor, TerminalWatcher())
        print(f'{frames} frames in {work.held_out}')
        return 0
    with only_run(work.root):
        frames = collect(recipe, work, executor, TerminalWatcher(), shard)
    print(f'{frames} frames in {work.episodes(0)}')
    if shard:
        print('next: liquid-drone merge, with the work directories of all shards')
        return 0
    where = () if args.of.data is None else ('--data', args.of.data)
    print('next:', as_typed('train', '--recipe', args.of.recipe, *where))
    return 0


def _can_train() -> bool:
    """Tell whether PyTorch is here; who only flies needs none, and has a network unchecked."""
    try:
        require('torch', 'train')
    except MissingDependencyError:
        print('without PyTorch the network of the recipe is not checked: train does that')
        return False
    return True


COMMAND = Command(NAME, HELP, EPILOG, CollectArguments, run, resumes=True)
