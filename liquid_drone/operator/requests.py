# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a page may ask for, and the way to the thread that flies. Nothing else can be asked for.

A request is strictly read, waits in a bounded queue, is carried out by the flight's own thread
within a second or not at all, and is answered in a sentence. Who carries it out asks the companion
as every human does, and its refusal is the answer.
"""

import json
import math
import queue
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field

from ..errors import shown
from ..request import NAMES

WAITING = 16  # requests, of all pages
LATE_S = 1.0  # a request that waited longer is not carried out, but for a hand-back
TIGHTENABLE = {  # limit: whether a smaller number is the tighter one
    'speed_m_s': True,
    'ceiling_m': True,
    'floor_m': False,
    'min_distance_m': False,
}
SWITCHES = ('shadow', 'attention')
PLAIN = ('press', 'hold', 'release', 'hand_back', 'record')


class OperatorRequestError(ValueError):
    """What came from a page is no request."""


@dataclass(frozen=True)
class OperatorRequest:
    """One thing that an operator asks for."""

    # engage, hand_back, shadow, attention, record, tighten, request; of a page also press, hold,
    # release
    do: str
    is_on: bool = False  # of shadow and attention
    limit: str = ''  # of tighten
    name: str = ''  # of request: distance_m, height_m, speed_m_s
    value: float = 0.0  # of tighten and request
    number: int = 0  # of what a page has seen


@dataclass(frozen=True)
class OperatorAnswer:
    """Whether it was done, and a sentence."""

    done: bool
    words: str


@dataclass(frozen=True)
class WaitingRequest:
    """A request with the place for its answer."""

    request: OperatorRequest
    came_s: float
    answer: 'Future[OperatorAnswer]' = field(default_factory=Future)

    def tell(self, done: bool, words: str) -> None:
        """Answer it, once."""
        if self.answer.set_running_or_notify_cancel():
            self.answer.set_result(OperatorAnswer(done, words))


def read_request(text: str) -> OperatorRequest:
    """Read a page's message.

    Raises:
        OperatorRequestError: it is anything else.

    """
    try:
        found = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise OperatorRequestError('expected JSON') from error
    if not isinstance(found, dict):
        raise OperatorRequestError('expected a JSON object')
    do = found.get('do')
    if do in PLAIN and set(found) == {'do'}:
        return OperatorRequest(do)
    if do == 'seen' and set(found) == {'do', 'n'} and type(found['n']) is int:
        return OperatorRequest(do, number=found['n'])
    if do in SWITCHES and set(found) == {'do', 'on'} and type(found['on']) is bool:
        return OperatorRequest(do, is_on=found['on'])
    if do == 'tighten' and set(found) == {'do', 'limit', 'value'}:
        return OperatorRequest(do, limit=_limit(found['limit']), value=_number(found['value']))
    if do == 'request' and set(found) == {'do', 'name', 'value'} and found['name'] in NAMES:
        return OperatorRequest(do, name=str(found['name']), value=_number(found['value']))
    raise OperatorRequestError(f'expected a request, got {shown(found)}')


def _limit(name: object) -> str:
    if not isinstance(name, str) or name not in TIGHTENABLE:
        raise OperatorRequestError(f'expected one of {", ".join(TIGHTENABLE)}, got {shown(name)}')
    return name


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e6:
        raise OperatorRequestError(f'expected a number, got {shown(value)}')
    return float(value)


def _no_number(word: str) -> float:
    raise OperatorRequestError(f'expected a number, got {word}')


class RequestQueue:
    """From the server's thread to the one that flies."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin empty."""
        self._clock = clock
        self._waiting: queue.Queue[WaitingRequest] = queue.Queue(WAITING)

    def ask(self, request: OperatorRequest) -> 'Future[OperatorAnswer]':
        """Put a request; its answer comes to the future. For the server's thread."""
        waiting = WaitingRequest(request, self._clock())
        try:
            self._waiting.put_nowait(waiting)
        except queue.Full:
            waiting.tell(False, 'too many requests wait: is the flight still running?')
        return waiting.answer

    def take(self) -> Iterator[WaitingRequest]:
        """Yield what is to be carried out now, oldest first. For the thread that flies."""
        while True:
            try:
                waiting = self._waiting.get_nowait()
            except queue.Empty:
                return
            late_s = self._clock() - waiting.came_s
            if late_s > LATE_S and waiting.request.do != 'hand_back':
                waiting.tell(False, f'not done: it waited {late_s:.1f} s; ask again')
            elif waiting.answer.cancelled():
                continue
            else:
                yield waiting


HOLD_S, GAP_S = 1.0, 0.6  # held so long engages; without a word for so long it was let go


class HeldButton:
    """The engage button of one page: it counts only while the page goes on saying it is held."""

    def __init__(self) -> None:
        """Begin not pressed."""
        self._since_s = self._last_s = -math.inf
        self._is_held = False

    def press(self, now_s: float) -> None:
        """Begin anew."""
        self._since_s = self._last_s = now_s
        self._is_held = True

    def release(self) -> None:
        """Let go."""
        self._is_held = False

    def hold(self, now_s: float) -> bool:
        """Note that it is still held; True once, when it was held for long enough."""
        self._is_held = self._is_held and 0.0 <= now_s - self._last_s <= GAP_S
        self._last_s = now_s
        if not self._is_held or now_s - self._since_s < HOLD_S:
            return False
        self._is_held = False
        return True
