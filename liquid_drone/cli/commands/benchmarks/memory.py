# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone bench memory``: which part of a memory counts, over several trainings."""

import sys
from dataclasses import dataclass
from pathlib import Path

from ....errors import ConfigError
from ....options import option
from ...arguments import Command

NAME = 'memory'
HELP = 'train a memory again and again, each time without one of its parts'
EPILOG = """examples:
  liquid-drone bench memory --recipe follow-memory
  liquid-drone bench memory --seeds 5 --steps 200 --rounds 2

Needs the work directory of a training whose encoder is kept: its flights and its encoder. Every
sixth flight is held out. Errors are medians in m of the distance between where the target is and
where it is believed to be; in brackets the least and the most of the trainings, and in how many
of them a part's absence was worse. What is done is kept in bench-memory.jsonl of that directory,
and the same command goes on from there; with other steps or flights it begins anew.
"""


@dataclass(frozen=True, kw_only=True)
class BenchMemoryArguments:
    """Whose flights, and how often."""

    recipe: str = option('follow-memory', 'a name in config/recipes, or a .yaml file')
    data: Path | None = option(None, 'its work directory', unset='data/<recipe name>')
    rounds: int = option(1, 'rounds whose flights are taken', low=1, high=100)
    seeds: int = option(5, 'trainings without each part', low=1, high=100)
    steps: int = option(200, 'of each training', low=1, high=1_000_000)


def run(args: BenchMemoryArguments) -> int:
    """Train, judge and print a table."""
    from ....files import sha256_of
    from ....learn.dagger import clips_of
    from ....learn.frozen.memory_parts import results_of, table
    from ....learn.frozen.rounds import with_kept_encoder
    from ....learn.frozen.views import open_views
    from ....learn.recipe import Workspace, built, load_recipe
    from ....learn.watcher import Silent

    recipe = load_recipe(args.recipe)
    work = Workspace(args.data or Path('data') / recipe.name)
    if not (recipe.network.memory and recipe.frozen.bundle):
        raise ConfigError(
            f'{recipe.name}: expected a memory behind a frozen encoder, as in follow-memory'
        )
    trains = recipe.frozen.encoder_steps or recipe.frozen.tune_steps
    if trains and not work.encoder.is_file():
        raise ConfigError(
            f'{work.root} has no trained encoder: run liquid-drone train --recipe {args.recipe} '
            'until its first round begins'
        )
    clips, network = clips_of(recipe, work, args.rounds - 1), built(recipe)
    file = with_kept_encoder(recipe, work, network, clips, Silent())
    key, views = sha256_of(file), recipe.frozen.views
    flights = open_views(network, clips, recipe.train, views, work.views, key)
    long = [flight for flight in flights if len(flight) >= recipe.train.frames]
    seeds, out = range(1, args.seeds + 1), work.root / 'bench-memory.jsonl'

    def note(text: str) -> None:
        print(f'... {text}', file=sys.stderr, flush=True)

    print(table(results_of(recipe, network, long, seeds, args.steps, out, note)))
    return 0


COMMAND = Command(NAME, HELP, EPILOG, BenchMemoryArguments, run, resumes=True)
