# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone import-flight``: recordings of real flights into episodes to train on."""

import argparse
from pathlib import Path

from ..errors import EpisodeError

NAME = 'import-flight'
HELP = 'make episodes of what ros2 bag record wrote on a drone'
EPILOG = """examples:
  ros2 bag record -s mcap camera/image_raw/compressed camera/camera_info cmd_vel odom
  liquid-drone import-flight rosbag2_2026_05_01 --target red_backpack --out data/flights
  liquid-drone import-flight bags/* --target dog --image-topic cam0/image --command-topic pilot/cmd

The command is the pilot's, in m/s and rad/s, body FLU (TwistStamped or Twist). Pictures of any
size are cropped to the angle of the policy and resized; without camera_info recorded give --fov.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument('bags', type=Path, nargs='+', help='recordings: rosbag2, MCAP or SQLite')
    parser.add_argument('--target', required=True, help='name of what was followed')
    parser.add_argument('--out', type=Path, default=Path('data/flights'), help='of the episodes')
    add_topic_arguments(parser)


def add_topic_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where things are in a recording."""
    group = parser.add_argument_group('topics of the recordings')
    defaults = {
        'image': 'camera/image_raw',
        'command': 'cmd_vel',
        'odometry': 'odom',
        'info': 'camera/camera_info',
    }
    for name, topic in defaults.items():
        group.add_argument(f'--{name}-topic', default=topic, help=f'(default: {topic})')
    group.add_argument('--fov', type=float, help="the camera's horizontal field of view, degrees")


def run(args: argparse.Namespace) -> int:
    """Import every recording, then say what is wrong with the episodes."""
    from ..episodes.checks import check_all

    episodes = import_all(args, args.bags, args.target, args.out)
    findings = check_all(episodes)
    for finding in findings:
        print(finding)
    print(f'{len(episodes)} episodes in {args.out}')
    print(f'next: liquid-drone retrain --target {args.target} --bags {args.out}')
    return int(not episodes or any(finding.level == 'error' for finding in findings))


def import_all(args: argparse.Namespace, bags: list[Path], target: str, out: Path) -> list[Path]:
    """Import recordings with a bar; return the episodes.

    Raises:
        EpisodeError: one of them cannot be used, or two have the same name.

    """
    from ..episodes.rosbag_import import ImportConfig, Topics, import_bag, name_of
    from .progress import TerminalWatcher

    names = [name_of(bag) for bag in bags]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise EpisodeError(
            f'two recordings are called {", ".join(twice)}, and their episodes would be too: '
            'rename one of them'
        )
    topics = Topics(args.image_topic, args.command_topic, args.odometry_topic, args.info_topic)
    config = ImportConfig(target, topics, horizontal_fov_deg=args.fov)
    watcher = TerminalWatcher()
    episodes: list[Path] = []
    watcher.begin('recordings', len(bags), 'frames')
    for bag in bags:
        found = import_bag(bag, out, config, lambda: watcher.advance(0, 1))
        watcher.advance()
        episodes += found.episodes
        watcher.note(
            f'{bag.name}: {len(found.episodes)} episodes, {found.frames} frames, '
            f'{found.without_command} without a command, {found.too_short} pieces too short'
        )
    watcher.end()
    return episodes
