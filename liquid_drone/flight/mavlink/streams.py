# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Telemetry streams: asked for, and asked for again whenever one falls below the rate it needs.

A request may be lost, refused, or undone later by another program on the same port. Only what
arrives counts; the acknowledgement tells why it does not. Requests back off, so that a port that
cannot deliver is not flooded. Pure but for its memory: the link sends what is due.
"""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

WATCH_S = 2.0  # before a stream is judged for the first time
PERIODS = 4.0  # of the needed rate, over which a slow stream is counted
FIRST_BACK_OFF_S, LONGEST_BACK_OFF_S = 1.0, 8.0
GOOD_AGAIN_S = 10.0  # at a good rate, before the back-off begins anew
# Without a message for so many periods of the rate asked for, and so long, or for two of the rate
# needed, a stream is asked for: before what it tells is too old to fly on.
SILENT_PERIODS, SILENT_S = 4.0, 0.5
ACKNOWLEDGED_S = 0.3  # so long one request's answer is waited for
SLOW_HZ = 1.0  # such streams are also asked for one message at once
ARRIVALS = 256  # remembered for each stream
SELDOM_S = 30.0  # what never came is asked for so often, where many vehicles have it not
SET_MESSAGE_INTERVAL = 511  # MAV_CMD
ANSWERS = ('accepted', 'rejected for now', 'denied', 'unsupported', 'failed')  # MAV_RESULT


@dataclass(frozen=True)
class StreamNeed:
    """A message to receive: the rate to ask for, and the least one that is enough."""

    name: str
    message_id: int
    ask_hz: float
    need_hz: float
    is_flown_on: bool = False  # below its need the vehicle must not be engaged
    is_extra: bool = False  # a vehicle without it lacks nothing
    is_optional: bool = False  # and many have it not: asked for seldom, until it has come
    autopilots: tuple[str, ...] = ()  # names of those that have it; none: all


@dataclass(frozen=True)
class StreamRate:
    """How a stream arrives, beside what is needed."""

    need: StreamNeed
    rate_hz: float
    is_enough: bool
    asked: int  # times, all in all
    answer: str  # the last acknowledgement in words; empty: none

    def __str__(self) -> str:
        """Name rate and need."""
        return f'{self.need.name} {self.rate_hz:.1f} Hz (needs {self.need.need_hz:g})'


class RequestKind(Enum):
    """How a message is asked for."""

    INTERVAL = 'MAV_CMD_SET_MESSAGE_INTERVAL'
    ONCE = 'MAV_CMD_REQUEST_MESSAGE'
    GROUP = 'REQUEST_DATA_STREAM'  # of old firmware


@dataclass(frozen=True)
class StreamRequest:
    """A request that is due."""

    kind: RequestKind
    number: int  # message id; of a GROUP: the MAV_DATA_STREAM
    rate_hz: float


@dataclass
class _Stream:
    need: StreamNeed
    arrivals: deque[float] = field(default_factory=lambda: deque(maxlen=ARRIVALS))
    asked: int = 0
    tries: int = 0  # since it was good for a while
    asked_s: float = -math.inf
    good_since_s: float | None = None
    answer: str = ''

    @property
    def span_s(self) -> float:
        """The time over which arrivals are counted."""
        return max(WATCH_S, PERIODS / self.need.need_hz)

    def rate_hz(self, now_s: float, watched_s: float) -> float:
        span_s = min(self.span_s, max(watched_s, 1e-3))
        return sum(0.0 <= now_s - one < span_s for one in self.arrivals) / span_s

    def is_enough(self, now_s: float, watched_s: float) -> bool:
        """One arrival may be late or lost."""
        if self.need.is_optional and not self.arrivals:
            return True
        span_s = min(self.span_s, max(watched_s, 1e-3))
        needed, count = max(1.0, self.need.need_hz * span_s - 1.0) - 1e-6, 0
        for one in reversed(self.arrivals):  # the newest few are enough, most of the time
            count += 0.0 <= now_s - one < span_s
            if count >= needed:
                return True
        return False

    def is_silent(self, now_s: float) -> bool:
        """It came, and now nothing more does."""
        if not self.arrivals:
            return False
        soon_s = max(SILENT_S, SILENT_PERIODS / self.need.ask_hz)
        return now_s - self.arrivals[-1] > min(soon_s, 2.0 / self.need.need_hz)

    def back_off_s(self) -> float:
        return min(FIRST_BACK_OFF_S * 2.0 ** min(self.tries - 1, 10), LONGEST_BACK_OFF_S)


class StreamKeeper:
    """Counts what arrives from one vehicle, and tells what to ask for."""

    def __init__(
        self,
        needs: Sequence[StreamNeed],
        come_by_themselves: bool = False,
        groups: Mapping[int, int] | None = None,
    ) -> None:
        """Begin.

        Args:
            needs: the most important first.
            come_by_themselves: the autopilot streams without being asked, so that only what
                does not arrive is asked for; else all is, at once.
            groups: message id to MAV_DATA_STREAM, for firmware that knows nothing else.

        """
        self._streams = {need.message_id: _Stream(need) for need in needs}
        self._groups = groups or {}
        self._is_silent = not come_by_themselves
        self._began_s: float | None = None
        self._newest_s = -math.inf
        self._waiting: tuple[int, float] | None = None  # asked for alone, and when

    def heard(self, message_id: int, now_s: float) -> None:
        """Count a message that arrived."""
        stream = self._streams.get(message_id)
        if stream is not None:
            stream.arrivals.append(now_s)

    def acknowledged(self, command: int, result: int) -> None:
        """Take in a COMMAND_ACK; it names no message, so it counts for one asked for alone."""
        if command == SET_MESSAGE_INTERVAL and self._waiting is not None:
            stream = self._streams[self._waiting[0]]
            known = 0 <= result < len(ANSWERS)
            stream.answer = ANSWERS[result] if known else f'result {result}'
            self._waiting = None

    def due(self, now_s: float) -> list[StreamRequest]:
        """Return what to ask for now."""
        if self._began_s is None or now_s < self._newest_s:  # the caller's clock began anew
            self._restart(now_s)
            if self._is_silent:
                return [self._ask(stream, now_s) for stream in self._streams.values()]
        self._newest_s = now_s
        if self._watched_s(now_s) < WATCH_S or self._is_waiting(now_s):
            return []
        for stream in self._streams.values():
            if self._is_due(stream, now_s):
                self._waiting = stream.need.message_id, now_s
                return [self._ask(stream, now_s), *self._other_ways(stream)]
        return []

    def rates(self, now_s: float) -> tuple[StreamRate, ...]:
        """Return how each stream arrives."""
        watched_s = self._watched_s(now_s)
        return tuple(
            StreamRate(
                stream.need,
                stream.rate_hz(now_s, watched_s),
                watched_s < WATCH_S or stream.is_enough(now_s, watched_s),
                stream.asked,
                stream.answer,
            )
            for stream in self._streams.values()
        )

    def _restart(self, now_s: float) -> None:
        self._began_s = self._newest_s = now_s
        self._waiting = None
        for stream in self._streams.values():
            stream.arrivals.clear()
            stream.asked_s, stream.tries, stream.good_since_s = -math.inf, 0, None

    def _watched_s(self, now_s: float) -> float:
        return 0.0 if self._began_s is None else now_s - self._began_s

    def _is_waiting(self, now_s: float) -> bool:
        if self._waiting is not None and now_s - self._waiting[1] >= ACKNOWLEDGED_S:
            self._streams[self._waiting[0]].answer = ''
            self._waiting = None
        return self._waiting is not None

    def _is_due(self, stream: _Stream, now_s: float) -> bool:
        if stream.need.is_optional and not stream.arrivals:  # a request may be lost, or undone
            return now_s - stream.asked_s >= SELDOM_S
        is_enough = stream.is_enough(now_s, self._watched_s(now_s))
        if is_enough and not stream.is_silent(now_s):
            stream.good_since_s = now_s if stream.good_since_s is None else stream.good_since_s
            if now_s - stream.good_since_s >= GOOD_AGAIN_S:
                stream.tries = 0
            return False
        stream.good_since_s = None
        return now_s - stream.asked_s >= stream.back_off_s()

    def _ask(self, stream: _Stream, now_s: float) -> StreamRequest:
        stream.asked += 1
        stream.tries += 1
        stream.asked_s = now_s
        return StreamRequest(RequestKind.INTERVAL, stream.need.message_id, stream.need.ask_hz)

    def _other_ways(self, stream: _Stream) -> list[StreamRequest]:
        """Return what else may help: the message once; its group, where intervals did not."""
        need, others = stream.need, []
        if need.need_hz <= SLOW_HZ:
            others.append(StreamRequest(RequestKind.ONCE, need.message_id, need.ask_hz))
        group = self._groups.get(need.message_id)
        if group is not None and stream.tries > 2 and stream.answer != ANSWERS[0]:
            others.append(StreamRequest(RequestKind.GROUP, group, need.ask_hz))
        return others
