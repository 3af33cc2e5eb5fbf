# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What is known of a flight for its operator, from one thread to another, as plain JSON values.

A node or a simulated flight writes it, the server reads it. Every part has the time at which it
came: the page shows how old it is. Nothing here commands.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..flight.engagement import stage_of
from ..flight.next_step import next_step
from ..flight.preflight.checklist import PartReport, checklist, waits_for
from ..flight.preflight.symptom import Symptom
from ..flight.report import Facts, numbers

Json = dict[str, object]
LINES = 40  # of the log
ENGAGE = 'hold ENGAGE for one second'
FIRST_S = 10.0  # after the start: what was not heard yet may still come
SIGHTING_S = 0.5  # an older one is not drawn
PAGE_LEVELS = {'ok': 'OK', 'warning': 'WARN', 'error': 'ERROR'}  # of the list, in the page's terms
LATENCIES = {  # of the nodes' diagnostics, in the order in which they add up
    'image_age': 'picture until the policy',
    'inference': 'policy',
    'capture_to_command': 'picture to command',
    'capture_to_setpoint': 'picture to setpoint',
}


@dataclass(frozen=True)
class ShownPicture:
    """A picture for the page."""

    number: int  # of all that came
    jpeg: bytes
    came_s: float


@dataclass(frozen=True)
class NodeWord:
    """How a part of the graph stands."""

    name: str
    level: str  # OK, WARN, ERROR
    summary: str
    came_s: float
    values: Mapping[str, str]


class FlightView:
    """Filled by one thread and read by another; every call returns at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing known."""
        self._clock, self._lock = clock, threading.Lock()
        self._facts: Facts = {}
        self._level, self._words = 'ERROR', 'nothing received yet'
        self._facts_s = self._target_s = -math.inf
        self._begun_s = clock()
        self._picture: ShownPicture | None = None
        self._target: Json = {}
        self._known: Json = {}
        self._nodes: dict[str, NodeWord] = {}
        self._computer: tuple[Symptom, ...] = ()
        self._log: deque[tuple[int, str, str]] = deque(maxlen=LINES)
        self._lines = 0
        self._browsers = 0

    # written by the flight

    def hear_decision(self, facts: Facts, level: str, words: str) -> None:
        """Take in a decision; ``facts`` as in :mod:`~liquid_drone.flight.report`."""
        with self._lock:
            self._facts, self._level, self._words = dict(facts), level, words
            self._facts_s = self._clock()

    def hear_picture(self, jpeg: bytes) -> None:
        """Take in a picture; only the newest is kept."""
        with self._lock:
            number = 1 if self._picture is None else self._picture.number + 1
            self._picture = ShownPicture(number, jpeg, self._clock())

    def hear_target(self, bearing: float, elevation: float, bearing_rad: float) -> None:
        """Take in where the target is: -1..1 of the picture, right and up, and left of ahead."""
        with self._lock:
            self._target_s = self._clock()
            self._target = {
                'bearing': _finite(bearing),
                'elevation': _finite(elevation),
                'bearing_rad': _finite(bearing_rad),
            }

    def hear_node(
        self, name: str, level: str, summary: str, values: Mapping[str, str] | None = None
    ) -> None:
        """Take in how a part of the graph stands."""
        word = NodeWord(name, level, summary, self._clock(), dict(values or {}))
        with self._lock:
            self._nodes[name] = word

    def hear_computer(self, found: list[Symptom]) -> None:
        """Take in how this computer stands, for the list before a flight."""
        with self._lock:
            self._computer = tuple(found)

    def set(self, name: str, value: object) -> None:
        """Set something that is shown as it is: ``limits``, ``probability``, ``distance_m`` ..."""
        is_odd = isinstance(value, float) and not math.isfinite(value)
        with self._lock:
            self._known[name] = None if is_odd else value

    def note(self, text: str) -> None:
        """Add a line to the log."""
        with self._lock:
            self._lines += 1
            self._log.append((self._lines, time.strftime('%H:%M:%S'), text))

    # read by the server

    @property
    def browsers(self) -> int:
        """How many pages are open."""
        return self._browsers

    def count_browsers(self, count: int) -> None:
        """Note how many pages are open."""
        self._browsers = count

    def picture(self) -> ShownPicture | None:
        """Return the newest picture."""
        return self._picture

    @property
    def decision_age_s(self) -> float:
        """Time since the last decision came; infinite before the first."""
        return self._clock() - self._facts_s

    def document(self, after_line: int = 0) -> Json:
        """Return all that the page shows, with the lines of the log after a number."""
        with self._lock:
            now_s, facts = self._clock(), self._facts
            picture_s = -math.inf if self._picture is None else self._picture.came_s
            is_seen = now_s - self._target_s <= SIGHTING_S
            return {
                **self._known,
                'age_ms': {
                    'decision': _ms(now_s - self._facts_s),
                    'picture': _ms(now_s - picture_s),
                },
                'level': self._level,
                'words': self._words,
                **_told(facts),
                'next': self._next(facts),
                'place': _place(facts),
                'target': self._target if is_seen else None,
                'obstacles': self._obstacles(),
                'nodes': [
                    [word.name, word.level, word.summary, _ms(now_s - word.came_s)]
                    for _, word in sorted(self._nodes.items())
                ],
                'checks': self._checks(now_s),
                'delays': self._delays(),
                'log': [list(line) for line in self._log if line[0] > after_line],
                'browsers': self._browsers,
            }

    def _obstacles(self) -> list[str]:
        """Return the sentence of the last decision, then what the slower diagnostics add."""
        found = [self._facts.get('obstacle', '')]
        for word in self._nodes.values():
            found += word.values.get('obstacles', '').split(' | ')
        by_fact = {sentence.partition(':')[0]: sentence for sentence in reversed(found)}
        return [by_fact[name] for name in reversed(by_fact) if name]

    def _next(self, facts: Facts) -> str:
        stage = stage_of(facts.get('stage', ''))
        mode, mavlink = str(self._known.get('follow_mode', '')), self._nodes.get('mavlink')
        waits_for = '' if mavlink is None else mavlink.values.get('waits_for', '')
        return next_step(stage, self._obstacles(), mode, ENGAGE, waits_for)

    def _checks(self, now_s: float) -> list[list[str]]:
        parts = {
            name: PartReport(word.level, word.summary, word.values, now_s - word.came_s)
            for name, word in self._nodes.items()
        }
        found = checklist(parts, self._computer)
        is_first = now_s - self._begun_s < FIRST_S
        return [
            [one.subject, 'UNKNOWN', 'not heard yet', '']
            if is_first and one.level != 'ok' and waits_for(one.subject, parts)
            else [one.subject, PAGE_LEVELS[one.level], one.state, one.mend]
            for one in found
        ]

    def _delays(self) -> list[list[str]]:
        found = []
        for word in self._nodes.values():
            for name, title in LATENCIES.items():
                median, tail = (word.values.get(f'{name}_ms_p{share}') for share in (50, 95))
                if median is not None and tail is not None:
                    found.append([title, median, tail])
        return found


def _told(facts: Facts) -> Json:
    proposal, setpoint = numbers(facts, 'proposal', 4), numbers(facts, 'setpoint', 4)
    battery = numbers(facts, 'battery', 1)
    return {
        'stage': facts.get('stage', 'disconnected'),
        'cause': facts.get('cause', ''),
        'reason': facts.get('reason', ''),
        'mode': facts.get('mode', ''),
        'armed': facts.get('armed', '') == 'true',
        'landed': facts.get('landed', '') == 'true',
        'sent': facts.get('sent', '') == 'true',
        'charge': _finite(battery[0]) if battery else None,
        'belief': _belief(facts),
        'proposal': _finites(proposal),
        'setpoint': _finites(setpoint),
    }


def _belief(facts: Facts) -> Json | None:
    """Return where the policy believes the target to be, seen or not; None: nowhere."""
    found = _finites(numbers(facts, 'belief', 2))
    if found is None or None in found:
        return None
    return {'bearing_rad': found[0], 'distance_m': found[1]}


def _place(facts: Facts) -> Json | None:
    position, home = numbers(facts, 'position_enu', 3), numbers(facts, 'home_enu', 3)
    euler, velocity = numbers(facts, 'euler_enu', 3), numbers(facts, 'velocity_enu', 3)
    if position is None or euler is None or None in (found := _finites((*position, *euler)) or []):
        return None
    return {
        'position': found[:3],
        'yaw': found[5],
        'home': _finites(home),
        'velocity': _finites(velocity),
    }


def _finites(values: tuple[float, ...] | None) -> list[float | None] | None:
    return None if values is None else [_finite(value) for value in values]


def _finite(value: float) -> float | None:
    """Return a number that JSON has; None: it has none."""
    return round(value, 4) if math.isfinite(value) else None


def _ms(age_s: float) -> int | None:
    return round(1e3 * age_s) if math.isfinite(age_s) else None
