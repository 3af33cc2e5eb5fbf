# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone fly``: one simulated flight, through ROS 2 or not, judged and filmed."""

import argparse
import json
import signal
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import resources
from ..errors import ConfigError
from ..files import aside_of, write_text
from ..results import claim

if TYPE_CHECKING:
    from ..evaluate.scoring import FlightScore
    from ..sim.flight_log import FlightLog
    from ..sim.scenario.scenario import Scenario
    from ..sim.scenario.task import Task
    from ..sim.session import FlightProgress

NAME = 'fly'
HELP = 'fly once in simulation and leave a video, a plot and a verdict'
FILES = ('result.json', 'flight.npz', 'trajectory.png', 'flight.mp4')
SEED = 10_007  # of the validation split: never trained on, never judged by
EPILOG = """examples:
  liquid-drone fly
  liquid-drone fly --seed 15003 --no-ros --out out/15003
  liquid-drone fly --bundle data/mine/bundle --autopilot ardupilot --no-video
  liquid-drone fly --autopilot ardupilot --firmware ardupilot/build/sitl/bin/arducopter

Ctrl-C lands. Exit code 0: the task was done; 1: it was not.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_place_arguments(parser)
    parser.add_argument('--seed', type=int, default=SEED, help=f'the place (default: {SEED})')
    parser.add_argument('--start', choices=('ground', 'hover'), default='ground')
    parser.add_argument('--duration', type=float, metavar='S', help="instead of the task's")
    parser.add_argument('--out', type=Path, default=Path('out'), help='directory (default: out)')
    parser.add_argument(
        '--firmware',
        metavar='PATH',
        help="fly by the real autopilot's SITL binary instead of the simulated one, see "
        'docs/FIRMWARE.md (default: simulated)',
    )
    parser.add_argument('--no-ros', action='store_true', help='in one process, without ROS 2')
    parser.add_argument('--no-video', action='store_true', help='leave the video out')
    parser.add_argument('--json', action='store_true', help='print the result as JSON')


def add_place_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what says where is flown, by whom and with what."""
    kinds = {'world': 'forest', 'season': 'summer', 'target': 'red_backpack', 'task': 'follow'}
    for kind, default in kinds.items():
        parser.add_argument(
            f'--{kind}', default=default, help=f'name or .yaml file (default: {default})'
        )
    parser.add_argument(
        '--bundle',
        default='follow',
        help='policy: a name in models/, or a directory (default: follow)',
    )
    parser.add_argument(
        '--autopilot',
        choices=('px4', 'ardupilot'),
        default='px4',
        help='which kind of autopilot flies (default: px4)',
    )
    parser.add_argument(
        '--weather',
        default='clear',
        help='weather and camera faults, each 0 to 5, such as fog:2,noise:1 (default: clear)',
    )
    parser.add_argument(
        '--renderer',
        choices=('auto', 'opengl', 'tiny'),
        default='auto',
        help="OpenGL where it can be had (auto), or PyBullet's own (tiny)",
    )


def run(args: argparse.Namespace) -> int:
    """Fly, judge, film and tell."""
    from ..evaluate.scoring import score

    scenario, bundle = scenario_of(args), resources.bundle(args.bundle)
    task = task_of(args, scenario.task)
    check_firmware(args)
    claim(args.out, FILES)
    fly = _in_process if args.no_ros else _through_ros
    with FlightBar(silent=args.json) as bar:
        log = fly(args, scenario, bundle, bar.show)
    result = score(log, task)
    log.save(args.out / 'flight.npz')
    document = {**log.meta, 'trajectory_hash': log.trajectory_hash(), **asdict(result)}
    write_text(args.out / 'result.json', json.dumps(document, indent=1) + '\n')
    files = ['result.json', *_pictures(args, scenario, task, log, result), 'flight.npz']
    print(json.dumps(document) if args.json else verdict(log, result))
    if not args.json:
        print(f'{args.out}: {", ".join(files)}')
    return 0 if result.success else 1


def scenario_of(args: argparse.Namespace) -> 'Scenario':
    """Load what is flown; how long makes no other place of a seed."""
    from ..sim.scenario.scenario import load_scenario

    return load_scenario(
        args.world,
        args.season,
        args.target,
        args.task,
        renderer=args.renderer,
        weather=args.weather,
    )


def check_firmware(args: argparse.Namespace) -> None:
    """Refuse firmware that cannot be started before anything is built.

    Raises:
        ConfigError: no such binary, or a start in the air.

    """
    from ..sim.firmware.process import find

    if args.firmware is None:
        return
    find(args.autopilot, args.firmware)
    if args.start != 'ground':
        raise ConfigError(f'--firmware begins on the ground: leave out --start {args.start}')


def task_of(args: argparse.Namespace, task: 'Task') -> 'Task':
    """Return what is judged: a duration that was given replaces the task's.

    Raises:
        ConfigError: a duration that is not positive.

    """
    if args.duration is None:
        return task
    if args.duration <= 0.0:
        raise ConfigError(f'--duration must be positive, got {args.duration:g}')
    settle_s = min(task.settle_s, args.duration / 2)
    return replace(task, duration_s=args.duration, settle_s=settle_s)


def verdict(log: 'FlightLog', result: 'FlightScore') -> str:
    """Say in one line how it went."""
    from ..evaluate.scoring import FAILURES

    word = 'SUCCESS' if result.success else 'FAILED'
    why = '' if result.success else f' ({"; ".join(FAILURES[name] for name in result.failures)})'
    text = f'{word}{why}: {result.flown_s:.0f} s with {log.meta["target"]}'
    if result.mean_distance_m is not None:
        text += (
            f', in view {result.in_view_share:.0%}, distance {result.min_distance_m:.1f} to '
            f'{result.max_distance_m:.1f} m, mean speed {result.mean_speed_m_s:.1f} m/s'
        )
    return f'{text}, trajectory {log.trajectory_hash()}'


class FlightBar:
    """A progress bar of simulated time."""

    def __init__(self, silent: bool) -> None:
        from .progress import TerminalWatcher

        self._watcher = None if silent else TerminalWatcher()
        self._done_s = 0

    def __enter__(self) -> 'FlightBar':
        """Begin with the first progress."""
        self._began = False
        return self

    def __exit__(self, *_: object) -> None:
        """End the bar."""
        if self._watcher is not None and self._began:
            self._watcher.end()

    def show(self, progress: 'FlightProgress') -> None:
        """Show where the flight stands."""
        if self._watcher is None:
            return
        if not self._began:
            self._began = True
            self._watcher.begin('flight', round(progress.duration_s), 'sim s')
        following_s = min(int(progress.following_s), round(progress.duration_s))
        self._watcher.advance(
            max(0, following_s - self._done_s),
            stage=progress.stage,
            metres=progress.distance_m,
            target='in view' if progress.in_view else 'out of view',
        )
        self._done_s = max(self._done_s, following_s)


def _through_ros(
    args: argparse.Namespace,
    scenario: 'Scenario',
    bundle: Path,
    on_progress: Callable[['FlightProgress'], None],
) -> 'FlightLog':
    from ..bringup.local_graph import GraphFlight, fly_through_ros

    flight = GraphFlight(
        bundle,
        world=args.world,
        season=args.season,
        target=args.target,
        task=args.task,
        seed=args.seed,
        start=args.start,
        autopilot=args.autopilot,
        firmware=args.firmware or '',
        renderer=args.renderer,
        weather=args.weather,
        duration_s=args.duration or scenario.task.duration_s,
    )
    return fly_through_ros(flight, args.out, on_progress)


def _in_process(
    args: argparse.Namespace,
    scenario: 'Scenario',
    bundle: Path,
    on_progress: Callable[['FlightProgress'], None],
) -> 'FlightLog':
    from ..evaluate import closed_loop
    from ..runtime.selection import open_policy
    from ..sim.firmware.process import find
    from ..sim.session import FirmwareFlight, Session

    runner = open_policy(bundle)
    runner.warm_up()
    firmware = None
    if args.firmware is not None:
        log = args.out / 'logs' / 'firmware.log'
        binary = find(args.autopilot, args.firmware)
        firmware = FirmwareFlight(binary, log, on_progress=on_progress)
    session = Session(
        scenario, args.seed, args.autopilot, args.start, args.duration, firmware=firmware
    )
    before = signal.signal(signal.SIGINT, _landing(session.request_land))
    try:
        return closed_loop.fly(session, runner, on_progress)
    finally:
        signal.signal(signal.SIGINT, before)
        session.close()


def _landing(request_land: Callable[[], None]) -> Callable[[int, Any], None]:
    """Make a handler that lands at the first Ctrl-C and ends everything at the second."""
    presses: list[None] = []

    def handle(_number: int, _frame: Any) -> None:
        presses.append(None)
        if len(presses) > 1:
            raise KeyboardInterrupt
        request_land()

    return handle


def _pictures(
    args: argparse.Namespace,
    scenario: 'Scenario',
    task: 'Task',
    log: 'FlightLog',
    result: 'FlightScore',
) -> list[str]:
    from ..evaluate.plots import flights

    with aside_of(args.out / 'trajectory.png') as aside:
        flights.plot(log, task, result, aside)
    if args.no_video:
        return ['trajectory.png']
    with aside_of(args.out / 'flight.mp4') as aside:
        flights.film(log, scenario, aside)
    return ['flight.mp4', 'trajectory.png']
