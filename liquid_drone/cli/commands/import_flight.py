# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone import-flight``: recordings of real flights into episodes to train on."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import ConfigError, EpisodeError
from ...files import check_name
from ...options import REQUIRED, option
from ...topics import BODY_FRAME, CAMERA_INFO, IMAGE, ODOMETRY
from ...topics import COMMAND as COMMAND_TOPIC
from ..arguments import Command, part
from ..next_step import as_typed

NAME = 'import-flight'
HELP = 'make episodes of recordings by ros2 bag record'
EPILOG = """examples:
  ros2 bag record -s mcap camera/image_raw/compressed camera/camera_info cmd_vel odom
  liquid-drone import-flight rosbag2_2026_05_01 --target red_backpack --out data/flights
  liquid-drone import-flight bags/* --target dog --image-topic cam0/image --command-topic pilot/cmd

The command is the pilot's, in m/s and rad/s, body FLU (TwistStamped or Twist). Pictures of any
size are cropped to the angle of the policy and resized; without camera_info recorded give --fov.
"""


@dataclass(frozen=True, kw_only=True)
class TopicArguments:
    """Where things are in a recording."""

    image_topic: str = option(IMAGE, 'pictures')
    command_topic: str = option(COMMAND_TOPIC, "the pilot's command")
    command_frame: str = option(
        BODY_FRAME, "frame_id of these commands, where it is the body's by another name"
    )
    odometry_topic: str = option(ODOMETRY, 'odometry')
    info_topic: str = option(CAMERA_INFO, 'calibration of the camera; if not given: its own one')
    fov: float | None = option(
        None,
        "the camera's horizontal field of view",
        low=15.0,
        high=150.0,
        unit='degrees',
        unset='of camera_info',
    )
    most_left_out: float = option(
        0.05,
        'share of the pictures that may be left out; more is an error',
        low=0.0,
        high=1.0,
    )


@dataclass(frozen=True, kw_only=True)
class ImportFlightArguments:
    """Which recordings become episodes."""

    bags: tuple[Path, ...] = option(
        REQUIRED, 'recordings: rosbag2, MCAP or SQLite', positional=True
    )
    target: str = option(REQUIRED, 'name of what was followed')
    out: Path = option(Path('data/flights'), 'directory of the episodes')
    topics: TopicArguments = part(TopicArguments, group='topics of the recordings')


def run(args: ImportFlightArguments) -> int:
    """Import every recording, then say what is wrong with the episodes."""
    from ...episodes.checks import check_all

    try:
        check_name('--target', args.target)  # retrain knows the flights by it
    except ValueError as error:
        raise ConfigError(str(error)) from error
    episodes = import_all(args.topics, args.bags, args.target, args.out)
    findings = check_all(episodes)
    for finding in findings:
        print(finding)
    print(f'{len(episodes)} episodes in {args.out}')
    if not episodes or any(finding.level == 'error' for finding in findings):
        return 1
    print('next:', as_typed('retrain', '--target', args.target, '--bags', args.out))
    return 0


def import_all(where: TopicArguments, bags: Sequence[Path], target: str, out: Path) -> list[Path]:
    """Import recordings with a bar; return the episodes.

    Raises:
        EpisodeError: one of them cannot be used, or two have the same name.

    """
    from ...episodes.rosbag_import import ImportConfig, Topics, import_bag, name_of
    from ..progress import TerminalWatcher

    names = [name_of(bag) for bag in bags]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise EpisodeError(
            f'two recordings are called {", ".join(twice)}, and their episodes would be too: '
            'rename one of them'
        )
    topics = Topics(where.image_topic, where.command_topic, where.odometry_topic, where.info_topic)
    config = ImportConfig(
        target,
        topics,
        command_frame=where.command_frame,
        horizontal_fov_deg=where.fov,
        most_left_out=where.most_left_out,
    )
    watcher = TerminalWatcher()
    episodes: list[Path] = []
    watcher.begin('recordings', len(bags), 'frames')
    for bag in bags:
        before = _hashes(out, name_of(bag))
        found = import_bag(bag, out, config, lambda: watcher.advance(0, 1))
        watcher.advance()
        episodes += found.episodes
        for line in other_flights(before, _hashes(out, name_of(bag)), found.episodes):
            watcher.note(f'{bag.name}: {line}')
        watcher.note(
            f'{bag.name}: {len(found.episodes)} episodes, {found.frames} frames, '
            f'{found.without_command} without a command, {found.too_short} pieces too short'
        )
        if found.by_recorder:
            watcher.note(
                f'{bag.name}: the stamps of {found.by_recorder} pictures and of the commands are '
                'of two clocks: each has the command that was recorded last before it'
            )
        if not found.is_lens_known:
            taken_deg = config.camera.horizontal_fov_deg
            watcher.note(
                f'{bag.name}: no camera_info tells how wide the camera sees: {taken_deg:g} '
                'degrees are taken, as for the policy: else give --fov'
            )
        for line in found.left_out.lines():
            watcher.note(f'{bag.name}: {line}')
    watcher.end()
    return episodes


def _hashes(out: Path, name: str) -> dict[str, str]:
    """Return the hash of each episode that a recording of this name left in ``out``."""
    from ...episodes.episode import find_episodes, load_info

    ours = re.compile(re.escape(name) + r'-\d{2,}')
    return {
        place.name: load_info(place).sha256
        for place in find_episodes(out)
        if ours.fullmatch(place.name)
    }


def other_flights(
    before: Mapping[str, str], after: Mapping[str, str], made: Iterable[Path]
) -> Iterator[str]:
    """Yield what is to be told where another import of the name was there: two flights mix."""
    advice = 'a recording of another flight with this name belongs into an --out of its own'
    if replaced := [name for name in before if before[name] != after[name]]:
        yield f'replaced {", ".join(replaced)} of an earlier import: {advice}'
    if left := sorted(before.keys() - {path.name for path in made}):
        yield f'{", ".join(left)} of an earlier import stay: {advice}'


COMMAND = Command(NAME, HELP, EPILOG, ImportFlightArguments, run)
