# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone convert``: episodes to a LeRobot dataset, and back."""

from dataclasses import dataclass, fields
from pathlib import Path

from ...errors import ConfigError, EpisodeError
from ...options import REQUIRED, option
from ..arguments import Command
from ..next_step import as_typed

NAME = 'convert'
HELP = 'convert episodes to a LeRobot dataset (v3.0), or such a dataset to episodes'
EPILOG = """examples:
  liquid-drone convert data/follow/episodes/expert-0 --out data/lerobot
  liquid-drone convert data/lerobot --out data/flights
  liquid-drone convert theirs --out data/flights --target dog --image observation.images.a --fov 90

The source decides the direction: a dataset has a meta/info.json.
"""


@dataclass(frozen=True, kw_only=True)
class ConvertArguments:
    """What is converted, and what a dataset of others does not tell."""

    source: Path = option(
        REQUIRED, 'an episode, a folder of episodes, or a LeRobot dataset', positional=True
    )
    out: Path = option(REQUIRED, 'directory of the dataset, or of the episodes')
    target: str = option('unknown', 'what is followed in a dataset of others')
    image: str = option('', 'its column of pictures', unset='the only one')
    fov: float | None = option(
        None, 'its horizontal field of view', low=1.0, high=179.0, unit='deg', unset="the policy's"
    )


def run(args: ConvertArguments) -> int:
    """Convert; prints what came of it."""
    from ...episodes.lerobot_layout import INFO

    return _read(args) if (args.source / INFO).is_file() else _write(args)


def _write(args: ConvertArguments) -> int:
    from ...episodes.episode import MANIFEST, find_episodes
    from ...episodes.lerobot_writer import write_lerobot
    from ..progress import TerminalWatcher

    _refuse_what_is_of_others(args)
    whole = (args.source / MANIFEST).is_file()
    paths = [args.source] if whole else find_episodes(args.source)
    if not paths:
        raise EpisodeError(
            f'{args.source}: expected an episode, a folder of episodes ({MANIFEST} in each), or a '
            f'LeRobot dataset (meta/info.json), got none of them'
        )
    watcher = TerminalWatcher()
    watcher.begin('episodes', len(paths), 'frames')
    told = write_lerobot(paths, args.out, lambda frames: watcher.advance(1, frames))
    watcher.end()
    left_out = f', {told.left_out} frames without a command left out' * bool(told.left_out)
    print(f'{args.out}: {told.episodes} episodes, {told.frames} frames{left_out}')
    return 0


def _refuse_what_is_of_others(args: ConvertArguments) -> None:
    told = {field.name: getattr(args, field.name) != field.default for field in fields(args)}
    if flag := next((name for name in ('target', 'image', 'fov') if told[name]), ''):
        raise ConfigError(
            f'{args.source} has no meta/info.json, and --{flag} is of a dataset of others: leave '
            'it out'
        )


def _read(args: ConvertArguments) -> int:
    from ...episodes.lerobot_reader import LeRobotSource, read_lerobot
    from ..progress import TerminalWatcher

    source = LeRobotSource(args.target, args.image, args.fov)
    watcher = TerminalWatcher()
    watcher.begin('episodes', 1, 'frames')
    made = read_lerobot(args.source, args.out, source, lambda frames: watcher.advance(0, frames))
    watcher.end()
    print(f'{args.out}: {len(made)} episodes')
    print('next:', as_typed('validate', args.out))
    return 0


COMMAND = Command(NAME, HELP, EPILOG, ConvertArguments, run)
