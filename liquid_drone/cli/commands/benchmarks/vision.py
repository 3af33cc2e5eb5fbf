# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone bench vision``: what encoders cost, and what they learn from the same flights."""

import dataclasses
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ....errors import ConfigError, OutputError
from ....options import option
from ...arguments import Command

if TYPE_CHECKING:
    from ....bench.encoder_comparison import EncoderError
    from ....bench.vision import EncoderCost

NAME = 'vision'
HELP = 'time the encoders that a recipe may name, and compare how well they learn'
EPILOG = """examples:
  liquid-drone bench vision --rounds 30
  liquid-drone bench vision --training --rounds 4
  liquid-drone bench vision --episodes data/follow/episodes/expert-0 --steps 600
  liquid-drone bench vision --episodes DIR --held-out DIR --steps 600 --windows 8 --seeds 2

With --training the default encoder is trained on noise in float32 and bfloat16, with one and two
threads, in two layouts of memory, with --frames at once.

With --episodes every encoder is trained with the default core on the same windows of flights,
and then asked about flights held out (every fifth, or those of --held-out; liquid-drone collect
--held-out N records them). Nothing is flown. Command errors are shares of the labels' variance
that are left: 100 % is a constant answer. Bearing: root mean square, in shares of half the
picture's width. In view: frames in which it is told rightly whether the target is in view.
"""


@dataclass(frozen=True, kw_only=True)
class BenchVisionArguments:
    """Which encoders are timed, and what they are trained on."""

    encoders: tuple[str, ...] = option((), 'these alone', unset='all', aliases=('--eyes',))
    rounds: int = option(15, 'timed runs of each case', low=1, high=10_000)
    training: bool = option(False, 'time training alone, on this processor')
    frames: tuple[int, ...] = option((16, 64), 'at once, with --training', low=1, high=4_096)
    episodes: Path | None = option(None, 'train the encoders on the episodes in here')
    held_out: Path | None = option(None, 'and ask them about those in here')
    steps: int = option(600, 'of training', low=1, high=10_000_000)
    windows: int = option(8, 'per step', low=1, high=4_096)
    length: int = option(32, 'frames a window', low=2, high=4_096)
    seeds: int = option(1, 'trainings of each encoder', low=1, high=1_000)
    out: Path = option(Path('out/bench-vision'), 'decoded frames are kept here')
    json: bool = option(False, 'print figures for machines')


def run(args: BenchVisionArguments) -> int:
    """Measure and print a table; with episodes train, and print another."""
    from ....bench.vision import measure, named_encoders

    if args.training:
        _print_training(args)
        return 0
    args = dataclasses.replace(args, encoders=tuple(named_encoders(args.encoders)))
    if args.episodes is None and args.held_out is not None:
        raise ConfigError('--held-out needs --episodes: flights to learn from')
    if args.episodes is None:
        costs = measure(args.rounds, args.encoders)
        _print(args.json, costs, {})
        return 0
    errors = _compare(args)
    _print(args.json, measure(args.rounds, args.encoders), errors)
    return 0


def _compare(args: BenchVisionArguments) -> 'dict[str, list[EncoderError]]':
    """Train every encoder, seed by seed; return what each got wrong."""
    from rich.console import Console

    from ....bench.encoder_comparison import (
        encoder_error,
        open_split,
        seen_share,
        split_episodes,
        train_encoder,
    )
    from ....learn.recipe import TrainConfig
    from ...progress import TerminalWatcher

    assert args.episodes is not None  # run has looked
    data = split_episodes(args.episodes, args.held_out)
    watcher = TerminalWatcher(Console(stderr=True, highlight=False))
    errors: dict[str, list[EncoderError]] = {encoder: [] for encoder in args.encoders}
    with _workplace(args.out) as folder:
        for seed in range(1, args.seeds + 1):
            for encoder in args.encoders:
                watcher.note(f'{encoder}: opening {len(data.training)} episodes')
                training, held = open_split(data, encoder, args.out / 'cache')
                config = TrainConfig(
                    steps=args.steps, windows=args.windows, length=args.length, seed=seed
                )
                watcher.begin(f'{encoder}, seed {seed}: training', args.steps, 'frames')
                frames = args.windows * args.length
                network = train_encoder(
                    encoder,
                    config,
                    training,
                    Path(folder) / f'{encoder}-{seed}.pt',
                    lambda step, losses, frames=frames: watcher.advance(  # type: ignore[misc]
                        1, frames, command=losses['command']
                    ),
                )
                errors[encoder].append(encoder_error(network, held))
                watcher.end(_say(errors[encoder][-1]))
    watcher.note(
        f'{sum(map(len, training))} frames trained on; {sum(map(len, held))} held out, with the '
        f'target in view in {seen_share(held):.1%}'
    )
    return errors


def _workplace(out: Path) -> 'tempfile.TemporaryDirectory[str]':
    """Return a folder for checkpoints within a directory; gone when it is left."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(dir=out)
    except OSError as error:
        raise OutputError(f'cannot write {out}: {error.strerror}; choose another --out') from error


def _print(
    as_json: bool, costs: 'dict[str, EncoderCost]', errors: 'dict[str, list[EncoderError]]'
) -> None:
    from ....bench.timing import table

    if as_json:
        figures = {name: dataclasses.asdict(cost) for name, cost in costs.items()}
        for name, those in errors.items():
            figures[name]['errors'] = [dataclasses.asdict(error) for error in those]
        print(json.dumps(figures))
        return
    head = ['encoder', 'weights', 'MFLOP', 'in flight, ms', 'in training, ms']
    rows = [
        [
            name,
            str(cost.parameters),
            f'{cost.mflop:.1f}',
            f'{1e3 * cost.flight.best_s:.2f}',
            f'{1e3 * cost.train.best_s:.2f}',
        ]
        for name, cost in costs.items()
    ]
    print(table(head, rows))
    if errors:
        head = ['encoder', 'in flight, ms', 'command', 'vx', 'vy', 'vz', 'yaw rate', 'bearing']
        rows = [
            [name, f'{1e3 * costs[name].flight.best_s:.2f}', *_cells(those)]
            for name, those in errors.items()
        ]
        print(f'\n{table([*head, "in view"], rows)}')


def _print_training(args: BenchVisionArguments) -> None:
    from ....bench.machine import describe
    from ....bench.timing import table
    from ....bench.vision import training_rates

    rates = training_rates(args.rounds, args.frames)
    if args.json:
        cases = [{**case._asdict(), **rate._asdict()} for case, rate in rates.items()]
        print(json.dumps({'machine': describe(), 'cases': cases}))
        return
    head = ['precision', 'threads', 'layout', 'frames', 'frames/s', 'frames/processor s']
    rows = [
        [*map(str, case), f'{rate.a_second:.0f}', f'{rate.a_processor_second:.0f}']
        for case, rate in rates.items()
    ]
    print(table(head, rows))


def _cells(errors: 'list[EncoderError]') -> list[str]:
    """Return means over the seeds; of the command also the range."""
    count = len(errors)
    means = [error.mean for error in errors]
    command = f'{sum(means) / count:.1%}'
    if count > 1:
        command += f' ({min(means):.1%} to {max(means):.1%})'
    each = [
        f'{sum(column) / count:.1%}' for column in zip(*(e.command for e in errors), strict=True)
    ]
    bearing = f'{sum(error.bearing for error in errors) / count:.3f}'
    return [command, *each, bearing, f'{sum(error.seen for error in errors) / count:.1%}']


def _say(error: 'EncoderError') -> str:
    each = ', '.join(f'{share:.1%}' for share in error.command)
    return (
        f'command {error.mean:.1%} ({each}), bearing {error.bearing:.3f}, in view {error.seen:.1%}'
    )


COMMAND = Command(NAME, HELP, EPILOG, BenchVisionArguments, run)
