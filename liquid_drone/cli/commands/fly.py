# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone fly``: one simulated flight, through ROS 2 or not, judged and filmed."""

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import resources
from ...errors import require
from ...files import aside_of, write_text
from ...options import option
from ...run_lock import only_run
from ...runtime.providers import Backend, PrecisionChoice, ProviderChoice
from ...sim.autopilot.failsafe_sets import FailsafeSet
from ...sim.flight_spec import FlightSpec
from ..arguments import Command, part
from ..places import claim_folder

if TYPE_CHECKING:
    from ...contract import Contract
    from ...evaluate.closed_loop import FlightWatcher
    from ...evaluate.scoring import FlightScore
    from ...sim.flight_log import FlightLog
    from ...sim.scenario.scenario import Scenario
    from ...sim.scenario.task import Task
    from ...sim.session import FlightProgress

NAME = 'fly'
HELP = 'fly once in simulation and leave an episode, a video, a plot and a verdict'
PICTURES = ('trajectory.png', 'flight.mp4')
FILES = ('result.json', 'episode', *PICTURES)
EPILOG = """examples:
  liquid-drone fly
  liquid-drone fly --seed 15003 --no-ros --out out/15003
  liquid-drone fly --bundle data/mine/bundle --autopilot ardupilot --no-video
  liquid-drone fly --autopilot ardupilot --firmware ardupilot/build/sitl/bin/arducopter

  liquid-drone fly --page --duration 300      # seen and commanded from a browser
  liquid-drone fly --page --failsafes advised # the autopilot is set up as docs/SAFETY.md advises

Ctrl-C lands. Exit code 0: the task was done; 1: it was not.
"""


@dataclass(frozen=True, kw_only=True)
class FlyArguments:
    """What is flown and what is left of it."""

    flight: FlightSpec = part(FlightSpec)
    bundle: str = option('follow', 'policy: a name in models/, or a directory')
    providers: ProviderChoice = option('auto', 'provider of the vision graph')
    precision: PrecisionChoice = option('fp32', 'precision of the vision graph on TensorRT')
    out: Path = option(Path('out'), 'directory of the results')
    no_ros: bool = option(False, 'in one process, without ROS 2')
    no_video: bool = option(False, 'leave the video out')
    page: bool = option(
        False, "serve the operator's page beside the flight, in one process, at real time"
    )
    page_port: int = option(
        8123, 'port of that page; 0: any free one', low=0, high=65535, needs=('page',)
    )
    failsafes: FailsafeSet = option(
        'factory',
        "the simulated autopilot's failsafe parameters, as the page's list reads them: as the "
        'firmware comes, as docs/SAFETY.md advises, or none answered; with --page',
        needs=('page', 'no_ros'),
        excludes=('firmware',),
    )
    json: bool = option(False, 'print the result as JSON')


def run(args: FlyArguments) -> int:
    """Fly, judge, film and tell."""
    from ...sim.firmware.process import find
    from ...sim.scenario.scenario import judged_task, scenario_of

    scenario, bundle = scenario_of(args.flight), resources.bundle(args.bundle)
    task = judged_task(args.flight, scenario.task)
    if args.flight.firmware:
        find(args.flight.autopilot, args.flight.firmware)  # said before anything is built
    claim_folder(args.out, FILES)
    with only_run(args.out):
        return _fly(args, scenario, task, bundle)


def _fly(args: FlyArguments, scenario: 'Scenario', task: 'Task', bundle: Path) -> int:
    """Fly, and write the results; those of the flight before go first."""
    from ...evaluate.scoring import score
    from ...schema import plain

    fly = _in_process if args.no_ros or args.page else _through_ros
    with FlightBar(silent=args.json) as bar:
        log = fly(args, bundle, bar.show)
    result = score(log, task)
    flight = plain(args.flight)
    document = {
        **log.meta,
        'flight': flight,
        'trajectory_hash': log.trajectory_hash(),
        **asdict(result),
    }
    for name in PICTURES:
        (args.out / name).unlink(missing_ok=True)
    write_text(args.out / 'result.json', json.dumps(document, indent=1) + '\n')
    files = ['result.json', *_pictures(args, scenario, task, log, result), 'episode']
    print(json.dumps(document) if args.json else verdict(log, result))
    if not args.json:
        print(f'{args.out}: {", ".join(files)}')
    return 0 if result.success else 1


def verdict(log: 'FlightLog', result: 'FlightScore') -> str:
    """Say in one line how it went."""
    from ...evaluate.scoring import FAILURES

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
        from ..progress import TerminalWatcher

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
    args: FlyArguments, bundle: Path, on_progress: Callable[['FlightProgress'], None]
) -> 'FlightLog':
    from ...bringup.local_graph import GraphFlight, fly_through_ros

    graph = GraphFlight(bundle, args.flight, providers=args.providers, precision=args.precision)
    return fly_through_ros(graph, args.out, on_progress)


def _in_process(
    args: FlyArguments, bundle: Path, on_progress: Callable[['FlightProgress'], None]
) -> 'FlightLog':
    from ...evaluate import closed_loop
    from ...runtime.selection import open_policy
    from ...sim.session import FirmwareFlight, Session

    backend = Backend('tensorrt', args.precision)
    runner = open_policy(bundle, args.providers, backend=backend)
    runner.warm_up()
    firmware = FirmwareFlight(args.out / 'logs' / 'firmware.log', on_progress=on_progress)
    session = Session(args.flight, firmware)
    if session.flown.in_memory is not None:
        session.flown.in_memory.set_failsafes(args.failsafes)
    try:
        with _page(args, runner.contract) as watcher, _lands(session.request_land):
            log = closed_loop.fly(session, runner, on_progress, watcher=watcher)
    finally:
        session.close()
    log.save(args.out / 'episode')
    return log


@contextmanager
def _page(args: FlyArguments, contract: 'Contract') -> 'Iterator[FlightWatcher | None]':
    """Serve the operator's page while the flight lasts, where it is wanted."""
    if not args.page:
        yield None
        return
    require('aiohttp', 'operator')
    from ...operator.flight_view import FlightView
    from ...operator.server import PageServer, ServerConfig
    from ...operator.simulated_flight import ShownFlight

    view = FlightView()
    with PageServer(ServerConfig(port=args.page_port), view) as server:
        words = f'{server.address}: open it in a browser, the flight begins then'
        print(words, file=sys.stderr if args.json else sys.stdout, flush=True)
        while not view.browsers:
            time.sleep(0.1)
        yield ShownFlight(view, server.requests, contract.camera, contract.bundle_hash())


@contextmanager
def _lands(request_land: Callable[[], None]) -> 'Iterator[None]':
    """Land at a signal, while the flight lasts."""
    land = _landing(request_land)
    before = {number: signal.signal(number, land) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _landing(request_land: Callable[[], None]) -> Callable[[int, Any], None]:
    """Make a handler that lands at the first signal and ends everything at the second."""
    presses: list[None] = []

    def handle(_number: int, _frame: Any) -> None:
        presses.append(None)
        if len(presses) > 1:
            raise KeyboardInterrupt
        request_land()

    return handle


def _pictures(
    args: FlyArguments,
    scenario: 'Scenario',
    task: 'Task',
    log: 'FlightLog',
    result: 'FlightScore',
) -> list[str]:
    from ...evaluate.plots import flights

    plot, video = (args.out / name for name in PICTURES)
    with aside_of(plot) as aside:
        flights.plot(log, task, result, aside)
    if args.no_video:
        return ['trajectory.png']
    with aside_of(video) as aside:
        flights.film(log, scenario, aside)
    return ['flight.mp4', 'trajectory.png']


COMMAND = Command(NAME, HELP, EPILOG, FlyArguments, run)
