# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone watch``: engage state, target, command, guard and latencies in a terminal."""

import dataclasses
import importlib.util
import json
import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ...errors import ConfigError, MissingDependencyError, require
from ...files import write_text
from ...flight.engagement import stage_of
from ...flight.next_step import ENGAGE, next_step
from ...options import option
from ...results import claim
from ..arguments import Command

if TYPE_CHECKING:
    from ...ros.monitor import GraphSnapshot, Monitor
    from ..keyboard import Keyboard

NAME = 'watch'
HELP = 'watch a running graph: engage state, target, command, guard, rates and latencies'
EPILOG = """examples:
  liquid-drone watch
  liquid-drone watch --namespace drone1
  liquid-drone watch --json --seconds 5      # one line of JSON a second
  liquid-drone watch --keys                  # e, e: engage; h: hand back; q: end
  liquid-drone watch --namespace drone1 --foxglove drone1.json   # a layout for that drone

OK: works. WARN: works in part. ERROR: does not work. STALE: no longer received.
It listens in the ROS domain of the terminal (ROS_DOMAIN_ID); without --keys it asks for nothing.
Ctrl-C ends it.
"""
AXES = ('vx', 'vy', 'vz', 'yaw rate')
NEEDED = ('mavlink', 'policy')
COLOURS = {'OK': 'green', 'WARN': 'yellow', 'ERROR': 'red', 'STALE': 'magenta'}
LATENCIES = {
    'image_age': 'image is old when it arrives',
    'inference': 'policy thinks',
    'capture_to_command': 'capture to command',
    'capture_to_guard': 'capture to guard',
    'capture_to_setpoint': 'capture to setpoint',
    'picture_to_setpoint': 'picture to setpoint (simulator)',
}
BY_KEYS = 'press e twice'
KEYS, TWICE_S = 'e, e: engage   h: hand back   q: end', 3.0
MISSING_ROS = (
    'watching needs rclpy: source a ROS 2 installation, or install its wheels (x86-64) with '
    "pip install 'liquid_drone[ros]'"
)


class Engaging(Protocol):
    """Whoever asks the mavlink node."""

    def engage(self, on: bool) -> tuple[bool, str]:
        """Ask; return whether it was done, and a sentence."""


@dataclass(frozen=True, kw_only=True)
class WatchArguments:
    """Which drone is watched, for how long and in which form."""

    namespace: str = option('', 'of the drone', unset='none')
    seconds: float | None = option(
        None, 'end after that time', low=0.0, high=86_400.0, unit='s', unset='never'
    )
    json: bool = option(False, 'a line of JSON a second')
    keys: bool = option(False, 'the keys e, e engage and h hands back, as the services do')
    foxglove: Path | None = option(
        None, 'write the layout for Foxglove of this namespace (.json), and end', unset='none'
    )


def run(args: WatchArguments) -> int:
    """Show until interrupted."""
    if args.foxglove is not None:
        from ...bringup.operator_views import foxglove_layout

        layout = foxglove_layout(args.namespace)
        claim(args.foxglove.parent, (args.foxglove.name,))
        write_text(args.foxglove, layout)
        print(f'{args.foxglove}: import it in Foxglove (Layouts, Import)')
        return 0
    if importlib.util.find_spec('rclpy') is None:
        raise MissingDependencyError(MISSING_ROS)
    from ...ros.monitor import Monitor

    end_s = time.monotonic() + args.seconds if args.seconds is not None else float('inf')
    if args.keys and args.json:
        raise ConfigError('--keys and --json go together with nobody: leave one of them out')
    with Monitor(args.namespace) as monitor, ExitStack() as stack:
        keys = stack.enter_context(_keyboard()) if args.keys else None
        try:
            if args.json:
                _as_json(monitor, end_s)
            else:
                _as_screen(monitor, end_s, None if keys is None else WatchKeys(monitor, keys.take))
        except KeyboardInterrupt:
            return 0
    return 0


def _as_json(monitor: 'Monitor', end_s: float) -> None:
    while time.monotonic() < end_s:
        monitor.spin(min(1.0, max(0.0, end_s - time.monotonic())))
        print(json.dumps(dataclasses.asdict(monitor.snapshot())), flush=True)


def _keyboard() -> 'Keyboard':
    from ..keyboard import Keyboard

    return Keyboard()


class WatchKeys:
    """What the keys ask for: the same services, the same refusals, as every human has.

    Engaging takes two presses of ``e`` within some seconds: one finger that slips engages nothing.
    """

    def __init__(
        self,
        monitor: 'Engaging',
        take: Callable[[], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with nothing pressed."""
        self._monitor, self._take, self._clock = monitor, take, clock
        self._pressed_s = -math.inf
        self.words = KEYS
        self.is_over = False

    def serve(self) -> None:
        """Do what was pressed since the last call."""
        pressed = self._take()
        if 'h' in pressed:  # whatever else was pressed
            self._ask(False)
            return
        if math.isfinite(self._pressed_s) and self._clock() - self._pressed_s > TWICE_S:
            self._pressed_s, self.words = -math.inf, KEYS
        for key in pressed:
            if key == 'q':
                self.is_over = True
            elif key == 'e' and math.isfinite(self._pressed_s):
                self._ask(True)
            elif key == 'e':
                self._pressed_s = self._clock()
                self.words = 'e again engages'
            else:
                self._pressed_s, self.words = -math.inf, KEYS

    def _ask(self, on: bool) -> None:
        self._pressed_s = -math.inf
        done, words = self._monitor.engage(on)
        self.words = f'{"engage" if on else "hand back"}: {words}{"" if done else " (refused)"}'


def _as_screen(monitor: 'Monitor', end_s: float, keys: WatchKeys | None) -> None:
    live = require('rich.live', 'ros').Live(auto_refresh=False)
    with live:
        while time.monotonic() < end_s and not (keys and keys.is_over):
            monitor.spin(0.5 if keys is None else 0.1)
            if keys is not None:
                keys.serve()
            words = '' if keys is None else keys.words
            live.update(screen(monitor.snapshot(), words), refresh=True)


def screen(snapshot: 'GraphSnapshot', words: str = '') -> Any:
    """Return what is drawn: one row a fact, coloured by its level; then what keys do or did."""
    table = require('rich.table', 'ros').Table(show_header=False, box=None, padding=(0, 2))
    for row in rows(snapshot, BY_KEYS if words else ENGAGE):
        table.add_row(*row)
    if words:
        table.add_row('[bold]keys[/bold]', _plain(words))
    return table


def rows(snapshot: 'GraphSnapshot', engage: str = ENGAGE) -> list[tuple[str, str]]:
    """Return (name, what is shown) with rich's markup; ``engage`` says how it is done here."""
    snapshot = _without_markup(snapshot)
    found = [(f'[bold]{name}[/bold]', _state(status)) for name, status in _nodes(snapshot)]
    if not found:
        return [('', '[yellow]no diagnostics yet: is the graph running, in this domain?[/yellow]')]
    found += [
        (f'[bold]{name}[/bold]', f'[{COLOURS["STALE"]}]STALE[/] nothing was heard from it')
        for name in NEEDED
        if name not in snapshot.nodes
    ]
    found.append(('next', _next(snapshot, engage)))
    reason = snapshot.value('mavlink', 'reason') or snapshot.value('mavlink', 'cause')
    found.append(('guard', reason or 'nothing held back'))
    obstacles = snapshot.value('mavlink', 'obstacles')
    found += [('keeps from engaging', one) for one in obstacles.split(' | ') if one]
    found.append(('mode', _mode(snapshot)))
    found.append(('home', _home(snapshot)))
    found.append(('target', _target(snapshot)))
    for topic, values in snapshot.commands.items():
        numbers = '  '.join(f'{a} {v:+.2f}' for a, v in zip(AXES, values, strict=True))
        found.append((topic, f'{numbers}  [dim]{snapshot.rates_hz[topic]:.0f} Hz[/dim]'))
    found.extend(_latencies(snapshot))
    found.append(('provider', snapshot.value('policy', 'provider', 'unknown')))
    return found


def _next(snapshot: 'GraphSnapshot', engage: str) -> str:
    status = snapshot.nodes.get('mavlink')
    if status is None or status.level == 'STALE':
        return 'start the mavlink node; its log says why it is not there'
    obstacles = [one for one in status.values.get('obstacles', '').split(' | ') if one]
    stage = stage_of(status.values.get('stage', ''))
    mode, waits_for = (status.values.get(name, '') for name in ('follow_mode', 'waits_for'))
    return next_step(stage, obstacles, mode, engage, waits_for)


def _without_markup(snapshot: 'GraphSnapshot') -> 'GraphSnapshot':
    """Return the same with texts that rich shows as they are: any program may publish them."""

    def plain(status: Any) -> Any:
        values = {name: _plain(value) for name, value in status.values.items()}
        return dataclasses.replace(status, summary=_plain(status.summary), values=values)

    nodes = {_plain(name): plain(status) for name, status in snapshot.nodes.items()}
    return dataclasses.replace(snapshot, nodes=nodes)


def _plain(text: str) -> str:
    return str(require('rich.markup', 'ros').escape(text))


def _nodes(snapshot: 'GraphSnapshot') -> list[tuple[str, Any]]:
    return sorted(snapshot.nodes.items())


def _state(status: Any) -> str:
    words = f'[{COLOURS[status.level]}]{status.level}[/] {status.summary}'
    if status.level != 'STALE':
        return words
    silent = f'silent for {status.age_s:.0f} s [dim](was: {status.summary})[/dim]'
    return f'[{COLOURS["STALE"]}]STALE[/] {silent}'


def _mode(snapshot: 'GraphSnapshot') -> str:
    def value(name: str) -> str:
        return snapshot.value('mavlink', name, '-')

    armed = {'True': 'armed', 'False': 'disarmed'}.get(value('armed'), '-')
    return f'{value("mode")}, {armed}, height {value("height_m")} m, battery {value("battery")}'


def _home(snapshot: 'GraphSnapshot') -> str:
    home_m = snapshot.value('mavlink', 'home_distance_m', '-')
    fence_m = snapshot.value('mavlink', 'fence_distance_m', '-')
    return f'{home_m} m away, fence {fence_m} m away'


def _target(snapshot: 'GraphSnapshot') -> str:
    try:
        sure = float(snapshot.value('policy', 'target_probability'))
        bearing = float(snapshot.value('policy', 'target_bearing', '0'))
    except ValueError:
        return '-'
    side = 'ahead' if abs(bearing) < 0.1 else 'left' if bearing < 0 else 'right'
    return f'{sure:.0%} sure, {side} ({bearing:+.2f})'


def _latencies(snapshot: 'GraphSnapshot') -> list[tuple[str, str]]:
    found = []
    for node in snapshot.nodes.values():
        for name, words in LATENCIES.items():
            median, tail = (node.values.get(f'{name}_ms_p{share}') for share in (50, 95))
            if median is not None:
                found.append((words, f'{median} ms  [dim]p95 {tail} ms[/dim]'))
    return found


COMMAND = Command(NAME, HELP, EPILOG, WatchArguments, run)
