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
  liquid-drone export --bundle follow-wide --brake --out models/mine
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
        'instead of a round: a bundle, to be written with --threshold, --half or --brake',
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
    brake: bool = option(
        False, 'that bundle with a limit on the speed towards what its scan has told of'
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
    forms = (args.threshold is not None) + args.half + args.brake
    if forms != bool(args.bundle):
        raise ConfigError(
            '--bundle goes together with one of --threshold, --half and --brake: give two of '
            'them, or a --recipe'
        )
    if args.bundle:
        in_another_form(args)
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


def in_another_form(args: ExportArguments) -> None:
    """Write the bundle that was given in the form that was asked for."""
    from ...learn.pictures.operating_point import export_at
    from ...policy.export import export_braked, export_half

    bundle = resources.bundle(args.bundle)
    if args.threshold is not None:
        export_at(bundle, args.threshold, args.out)
    elif args.half:
        export_half(bundle, args.out)
    else:
        export_braked(bundle, args.out)


COMMAND = Command(NAME, HELP, EPILOG, ExportArguments, run)
