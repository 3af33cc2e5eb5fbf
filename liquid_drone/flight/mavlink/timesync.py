# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The autopilot's clock beside ours, by MAVLink TIMESYNC (https://mavlink.io/en/services/timesync).

Arrival times do not tell how old telemetry is: a radio or a full buffer may have kept it. With the
offset between the clocks its own stamp tells. Answers that were long under way, or that do not
agree with the others (a restarted autopilot, simulated time at another pace), are not trusted.
One question that two clocks answer tells of two vehicles under one system id.
"""

import math
from collections import OrderedDict, deque

ASK_EVERY_S = 0.1  # so often that a bad radio loses no fifteen answers in a row
SAMPLES = 8  # answers that are remembered
ENOUGH = 3  # that agree, before the offset is used
LONGEST_TRIP_S = 0.5
SLACK_S = 0.02  # beyond what the trips explain
SECOND_NS = 1_000_000_000
QUESTIONS = 16  # of which a late answer still shows that ours arrive
TWINS_OF, TWINS = 50, 2  # so many of the last questions, answered by another clock too, are two
WRAP_S = 2**32 / 1000.0  # time_boot_ms begins anew after 49.7 days
AHEAD_S = 5.0  # by which a stamp may run ahead of the time that passed here
LATE_S = 3.0  # by which a message may be late
SAME_MOMENT_S = 60.0  # nearer to what is expected than any delay of telemetry


class TimeSync:
    """Estimates ``our time - autopilot's time`` from the quickest of the last answers."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._answers: deque[tuple[float, float]] = deque(maxlen=SAMPLES)  # trip s, offset s
        self._questions: deque[int] = deque(maxlen=QUESTIONS)  # not answered yet
        self._first: OrderedDict[int, tuple[float, float]] = OrderedDict()  # theirs, trip; s
        self._by_two: deque[bool] = deque(maxlen=TWINS_OF)  # of each that was answered
        self.answered_s = -math.inf  # when the newest question that was answered was asked
        self.heard_s = -math.inf  # when an answer to one of our last questions came
        self.newest_trip_s = 0.0  # of the newest question that was answered

    @property
    def offset_s(self) -> float | None:
        """What to add to the autopilot's time to get ours; None: not known."""
        return min(self._answers)[1] if len(self._answers) >= ENOUGH else None

    @property
    def trip_s(self) -> float | None:
        """The quickest way there and back of the last answers; None: there are too few."""
        return min(self._answers)[0] if len(self._answers) >= ENOUGH else None

    def ask(self, now_s: float) -> int:
        """Return the stamp in ns (ts1) for a question at ``now_s``; old ones are given up."""
        self._questions.append(round(now_s * SECOND_NS))
        return self._questions[-1]

    def answer(self, theirs_ns: int, asked_ns: int, now_s: float) -> None:
        """Take in an answer (tc1, ts1); that of each question counts once."""
        asked_s, theirs_s = asked_ns / SECOND_NS, theirs_ns / SECOND_NS
        if asked_ns not in self._questions:
            self._answered_again(asked_ns, theirs_s, now_s - asked_s)
            return
        self._questions.remove(asked_ns)
        self._note_first(asked_ns, theirs_s, now_s - asked_s)
        self.heard_s = now_s
        trip_s = now_s - asked_s
        if asked_s >= self.answered_s:  # an answer may have waited in a buffer
            self.answered_s, self.newest_trip_s = asked_s, max(trip_s, 0.0)
        if not 0.0 <= trip_s <= LONGEST_TRIP_S:
            return
        offset_s = (asked_s + now_s) / 2.0 - theirs_s
        if self._answers:
            best_trip_s, best_s = min(self._answers)
            if abs(offset_s - best_s) > (trip_s + best_trip_s) / 2.0 + SLACK_S:
                self._answers.clear()
        self._answers.append((trip_s, offset_s))

    @property
    def is_of_two(self) -> bool:
        """Two answered lately, each by a clock of its own."""
        return sum(self._by_two) >= TWINS

    def _note_first(self, asked_ns: int, theirs_s: float, trip_s: float) -> None:
        self._first[asked_ns] = theirs_s, trip_s
        if len(self._first) > QUESTIONS:
            self._first.popitem(last=False)
        self._by_two.append(False)

    def _answered_again(self, asked_ns: int, theirs_s: float, trip_s: float) -> None:
        """Compare a further answer to one question: a doubled one fits the same clock.

        A clock's time in the answer lies between question and arrival, so that two answers of one
        clock differ by less than the later one was under way.
        """
        if asked_ns not in self._first:
            return
        first_s, first_trip_s = self._first[asked_ns]
        ahead_s, most_s = theirs_s - first_s, trip_s if theirs_s > first_s else first_trip_s
        if abs(ahead_s) > max(most_s, 0.0) + SLACK_S:
            place = list(self._first).index(asked_ns) - len(self._first)
            self._by_two[place] = True


def boot_time_s(time_boot_ms: int, expected_s: float | None) -> float:
    """Return an autopilot's stamp without its wrap after 49.7 days.

    Args:
        time_boot_ms: 32 bits of milliseconds.
        expected_s: about what it should be, by the clocks' offset or by the stamp before; None:
            not known.

    Returns:
        Seconds since the autopilot's start; where no number of wraps explains it (it started
        anew), the stamp as it came.

    """
    stamp_s = time_boot_ms / 1000.0
    if expected_s is None:
        return stamp_s
    wrapped_s = stamp_s + round((expected_s - stamp_s) / WRAP_S) * WRAP_S
    return wrapped_s if abs(wrapped_s - expected_s) <= SAME_MOMENT_S else stamp_s


def stamped(
    time_boot_ms: int, newest_s: float, odd_s: float | None, passed_s: float
) -> tuple[float | None, float | None]:
    """Judge a time since boot: the stamp to take or None, and the odd one to remember.

    Late and repeated messages are dropped. A stamp that does not fit is taken when the next one
    goes on from it: then the autopilot restarted.
    """
    stamp_s = boot_time_s(time_boot_ms, newest_s if math.isfinite(passed_s) else None)
    if math.isinf(passed_s) or 0.0 < stamp_s - newest_s <= passed_s + AHEAD_S:
        return stamp_s, None
    if 0.0 <= newest_s - stamp_s <= LATE_S:
        return None, odd_s
    goes_on = odd_s is not None and 0.0 < stamp_s - odd_s <= passed_s + AHEAD_S
    return (stamp_s, None) if goes_on else (None, stamp_s)


def is_restart(step_s: float, passed_s: float) -> bool:
    """Tell whether a stamp that was taken does not go on from the one before."""
    return math.isfinite(passed_s) and not 0.0 < step_s <= passed_s + AHEAD_S
