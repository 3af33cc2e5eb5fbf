# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone collect``: fly the expert and record episodes."""

import argparse
import dataclasses
from pathlib import Path

NAME = 'collect'
HELP = 'fly the expert in simulation and record episodes (rosbag2)'
EPILOG = """examples:
  liquid-drone collect --recipe follow-summer
  liquid-drone collect --recipe my-recipe.yaml --data data/mine --processes 4
  liquid-drone collect --recipe follow --held-out 16  # for liquid-drone bench vision
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_recipe_arguments(parser)
    parser.add_argument(
        '--weather',
        nargs='+',
        help="instead of the recipe's: episodes take turns, such as clear fog:2,noise:1",
    )
    parser.add_argument(
        '--held-out',
        type=int,
        default=0,
        metavar='N',
        help='fly N episodes on validation seeds instead, which no training looks at',
    )


def add_recipe_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what collect, train and export have in common."""
    parser.add_argument('--recipe', default='follow', help='name or YAML file (default: follow)')
    parser.add_argument('--data', type=Path, help='work directory (default: data/<recipe name>)')
    parser.add_argument('--processes', type=int, default=2, help='simulators at once (default: 2)')


def run(args: argparse.Namespace) -> int:
    """Collect until the recipe's episodes are there; what is there already is kept."""
    from ..learn.dagger import collect, hold_out
    from ..learn.recipe import Workspace, load_recipe
    from ..sim.scenario.weather import Weather
    from .progress import TerminalWatcher

    recipe = load_recipe(args.recipe)
    if args.weather:
        weather = tuple(str(Weather.parse(text)) for text in args.weather)
        recipe = dataclasses.replace(recipe, weather=weather)
    work = Workspace(args.data or Path('data') / recipe.name)
    if args.held_out:
        frames = hold_out(recipe, work, args.held_out, args.processes, TerminalWatcher())
        print(f'{frames} frames in {work.held_out}')
        return 0
    frames = collect(recipe, work, args.processes, TerminalWatcher())
    print(f'{frames} frames in {work.episodes(0)}')
    print(f'next: liquid-drone train --recipe {args.recipe}')
    return 0
