# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone export``: write the flight bundle of a trained round and check its answers."""

import argparse
from pathlib import Path

from ..errors import ConfigError
from .collect import add_recipe_arguments
from .places import check_bundle_place

NAME = 'export'
HELP = 'write the ONNX flight bundle of a trained round'
EPILOG = """examples:
  liquid-drone export --recipe follow-summer --out models/follow-summer
  liquid-drone export --recipe follow-summer --round 0 --out out/first-round
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_recipe_arguments(parser)
    parser.add_argument('--round', type=int, help='training round (default: the best validated)')
    parser.add_argument('--out', type=Path, required=True, help='bundle directory to write')


def run(args: argparse.Namespace) -> int:
    """Export one round and replay its parity vectors through ONNX Runtime."""
    from ..learn.dagger import frames_of
    from ..learn.export_round import export_round
    from ..learn.recipe import Workspace, load_recipe
    from ..learn.validation import best_round
    from ..runtime.runner import PolicyRunner

    check_bundle_place(args.out)
    recipe = load_recipe(args.recipe)
    work = Workspace(args.data or Path('data') / recipe.name)
    index = best_round(recipe, work) if args.round is None else args.round
    if not work.checkpoint(index).is_file():
        raise ConfigError(
            f'{work.checkpoint(index)} is missing: run liquid-drone train --recipe {args.recipe}'
        )
    export_round(
        recipe, work, index, args.out, frames_of(recipe, work, index), args.out.resolve().name
    )
    runner = PolicyRunner(args.out)
    print(f'{args.out}: round {index}, parity {runner.check_parity():.1e}')
    return 0
