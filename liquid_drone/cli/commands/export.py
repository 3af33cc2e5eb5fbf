# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone export``: write the flight bundle of a trained round and check its answers."""

from dataclasses import dataclass
from pathlib import Path

from ... import resources
from ...errors import ConfigError
from ...options import REQUIRED, option
from ..arguments import Command, part
from ..places import check_bundle_place
from .collect import RecipeArguments

NAME = 'export'
HELP = 'write the ONNX flight bundle of a trained round, or a bundle in another form'
EPILOG = """examples:
  liquid-drone export --recipe follow-summer --out models/follow-summer
  liquid-drone export --recipe follow-summer --round 0 --out out/first-round
  liquid-drone export --bundle follow --threshold 0.62 --out models/mine  # infer --false-alarms
  liquid-drone export --bundle data/mine/bundle --half --out models/mine
"""


@dataclass(frozen=True, kw_only=True)
class ExportArguments:
    """Which round becomes a bundle, and where."""

    of: RecipeArguments = part(RecipeArguments)
    round: int | None = option(
        None, 'training round', low=0, high=1_000, unset='the best validated'
    )
    bundle: str = option(
        '',
        'instead of a round: a bundle, to be written with --threshold or --half',
        unset='none',
        excludes=('recipe', 'data', 'round'),
    )
    threshold: float | None = option(
        None,
        'what that bundle answers where the new one answers 0.5; all else stays',
        low=0.0,
        high=1.0,
        unset='none',
    )
    half: bool = option(
        False, 'that bundle with weights in half precision: half as large, other answers by 1e-3'
    )
    out: Path = option(REQUIRED, 'bundle directory to write')


def run(args: ExportArguments) -> int:
    """Export one round and replay its parity vectors through ONNX Runtime."""
    from ...learn.dagger import frames_of
    from ...learn.export_round import export_round
    from ...learn.recipe import Workspace, load_recipe
    from ...learn.validation import best_round
    from ...runtime.runner import PolicyRunner

    check_bundle_place(args.out)
    if bool(args.bundle) != (args.half != (args.threshold is not None)):
        raise ConfigError(
            '--bundle goes together with --threshold or --half: give two of them, or a --recipe'
        )
    if args.half:
        from ...policy.export import export_half

        export_half(resources.bundle(args.bundle), args.out)
        print(f'{args.out}: parity {PolicyRunner(args.out).check_parity():.1e}')
        return 0
    if args.threshold is not None:
        from ...learn.pictures.operating_point import export_at

        export_at(resources.bundle(args.bundle), args.threshold, args.out)
        print(f'{args.out}: parity {PolicyRunner(args.out).check_parity():.1e}')
        return 0
    recipe = load_recipe(args.of.recipe)
    work = Workspace(args.of.data or Path('data') / recipe.name)
    index = best_round(recipe, work) if args.round is None else args.round
    if not work.checkpoint(index).is_file():
        raise ConfigError(
            f'{work.checkpoint(index)} is missing: '
            f'run liquid-drone train --recipe {args.of.recipe}'
        )
    export_round(
        recipe, work, index, args.out, frames_of(recipe, work, index), args.out.resolve().name
    )
    runner = PolicyRunner(args.out)
    print(f'{args.out}: round {index}, parity {runner.check_parity():.1e}')
    return 0


COMMAND = Command(NAME, HELP, EPILOG, ExportArguments, run)
