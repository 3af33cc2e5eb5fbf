# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How old a live picture is when it is read: one that waited on its way is not fresh.

Drivers and streams give each picture a time of their own. That of V4L2 is this machine's; of a
stream only differences count, and the picture that came soonest is taken for fresh. Where a source
gives no time, the age is not known and counts as none. Pure but for its memory.
"""

import math
from collections import deque
from statistics import median

BELIEVED_S = 1.0  # a first time further away is not of the clock that it is compared with
DRIFT = 1e-3  # by which the clock of a camera may be faster or slower
SOONER_S = 0.005  # than any before: then those before had waited, and this one perhaps too
STANDS = 30  # pictures under one time, from the first one on: it is none
AHEAD_S = 5.0  # by which a time may go on faster than ours: more than that waits nowhere
STEPS = 8  # between times, of which the middle one is the pace
LATE_S, LATE_FOR_S = 1.0, 5.0  # a stream so late for so long does not get better by itself
# Of images that have no times: the pace is that of a window, if the window before had the same and
# no image came later than two periods, or than a radio that sleeps between beacons holds it back;
# what comes faster than a share of the period is worked off, until nothing waits for two windows.
WINDOW_S, LEAST_IMAGES, ALIKE, LATER, WORKED_OFF = 1.0, 4, 0.1, 2.0, 0.9
HELD_S = 0.25


class DriverAge:
    """The age by a driver's times on the monotonic clock."""

    def __init__(self) -> None:
        """Know nothing of the driver."""
        self._is_ours = False  # its times are of the monotonic clock
        self._own_s = math.nan

    def take(self, now_s: float, own_s: float) -> float:
        """Return the age of a picture; 0: not known.

        Args:
            now_s: monotonic, when it was read.
            own_s: the driver's time of it.

        """
        age_s, goes_on, self._own_s = now_s - own_s, own_s > self._own_s, own_s
        if 0.0 <= age_s <= BELIEVED_S:
            self._is_ours = True
            return age_s
        self._is_ours = self._is_ours and goes_on and age_s > 0.0
        return age_s if self._is_ours else 0.0  # what waited longer was stamped all the same


class StreamAge:
    """The age by a stream's own times.

    One time that does not go on from those before is left out, and two in a row that go on from
    each other are a clock that was set, or begins anew: what was late by then is late by it too.
    """

    def __init__(self, held: int = 0) -> None:
        """Begin with a stream that was just opened: what comes first has waited meanwhile.

        Args:
            held: pictures that the decoder holds back: each is as old as so many are apart.

        """
        self.held = held
        self._lately_s: deque[tuple[float, float]] = deque(maxlen=held + 1)
        self._own_s, self._came_s = math.nan, 0.0  # of the last picture whose time goes on
        self._odd: tuple[float, float] | None = None  # likewise, of one behind it that does not
        self._least_s: float | None = None  # from a picture's time to its arrival, at the soonest
        self._steps_s = deque[float](maxlen=STEPS)
        self._stands = 0
        self._bad_since_s: float | None = None

    def take(self, now_s: float, own_s: float) -> float | None:
        """Return the age of a picture beyond that of the soonest one; None: it may have waited.

        Args:
            now_s: monotonic, when it was read.
            own_s: its time in the stream.

        """
        age_s, held_s = self._age_s(now_s, own_s), self._held_s(now_s, own_s)
        age_s = None if age_s is None or held_s is None else age_s + held_s
        is_good = age_s is not None and age_s < LATE_S
        if is_good:
            self._bad_since_s = None
        elif self._bad_since_s is None:
            self._bad_since_s = now_s
        return age_s

    @property
    def has_times(self) -> bool:
        """They have gone on: one that comes again is of a picture that comes again."""
        return bool(self._steps_s)

    def is_hopeless(self, now_s: float) -> bool:
        """Tell whether no picture was fresh for long: only opening it anew helps."""
        return self._bad_since_s is not None and now_s - self._bad_since_s > LATE_FOR_S

    def _held_s(self, now_s: float, own_s: float) -> float | None:
        """Return for how long the decoder held a picture back; None: not known yet."""
        self._lately_s.append((now_s, own_s))
        came_s, first_s = self._lately_s[0]
        is_known = len(self._lately_s) > self.held
        by_own_s = own_s - first_s if own_s - first_s <= now_s - came_s + AHEAD_S else 0.0
        return max(now_s - came_s, by_own_s) if is_known else None

    def _age_s(self, now_s: float, own_s: float) -> float | None:
        if own_s == self._own_s:
            self._stands += 1
            return None if self.has_times or self._stands < STANDS else 0.0
        self._stands, behind_s = 0, now_s - own_s
        if self._least_s is None:
            self._own_s, self._came_s, self._least_s = own_s, now_s, behind_s
            return None
        if not _goes_on(own_s - self._own_s, now_s - self._came_s):
            self._note_odd(now_s, own_s)
            return None
        self._odd = None
        self._steps_s.append(own_s - self._own_s)
        known_s = self._least_s + DRIFT * (now_s - self._came_s)
        self._own_s, self._came_s = own_s, now_s
        self._least_s = min(behind_s, known_s)
        return None if behind_s < known_s - SOONER_S else behind_s - self._least_s

    def _note_odd(self, now_s: float, own_s: float) -> None:
        """Remember a time that does not go on; the second one of a new count is gone on from.

        The first one was taken at the pace of those before.
        """
        odd, self._odd = self._odd, (now_s, own_s)
        if odd is None or not _goes_on(own_s - odd[1], now_s - odd[0]):
            return
        pace_s = median(self._steps_s) if self._steps_s else 0.0
        self._least_s = (self._least_s or 0.0) + self._own_s + pace_s - odd[1]
        self._own_s, self._came_s, self._odd = own_s, now_s, None


def _goes_on(step_s: float, passed_s: float) -> bool:
    """Tell whether a time is later than another, and not by more than can have waited."""
    return 0.0 < step_s <= passed_s + AHEAD_S


class ArrivalAge:
    """The age of images without times, by the pace at which they come.

    An image that comes later than the pace has waited for so long at most, and those that come
    sooner work it off. What is never worked off was left out by the sender: it is forgiven where
    images come at a steady pace. A way that is always full hides what waits in it.
    """

    def __init__(self) -> None:
        """Begin with a stream that was just opened: what comes first has waited meanwhile."""
        self._came_s: float | None = None
        self._period_s: float | None = None
        self._waited_s = 0.0  # at most
        self._pace_s = math.nan  # of the window before
        self._since_s, self._spacings = 0.0, list[float]()  # of the window
        self._least_s, self._was_free = math.inf, False

    def take(self, now_s: float) -> float | None:
        """Return for how long an image waited at most; None: the pace is not known yet.

        Args:
            now_s: monotonic, when it came.

        """
        before_s, self._came_s = self._came_s, now_s
        if before_s is None:
            self._begin_window(now_s)
            return None
        spacing_s = now_s - before_s
        self._spacings.append(spacing_s)
        if self._period_s is not None:
            self._wait(spacing_s, self._period_s)
        if now_s - self._since_s >= WINDOW_S and len(self._spacings) >= LEAST_IMAGES:
            pace_s, longest_s = (now_s - self._since_s) / len(self._spacings), max(self._spacings)
            is_even = longest_s <= max(LATER * pace_s, HELD_S)
            if not is_even or spacing_s >= longest_s / LATER:  # no burst is counted in part
                self._end_window(pace_s, is_even)
                self._begin_window(now_s)
        return None if self._period_s is None else self._waited_s

    def _begin_window(self, now_s: float) -> None:
        self._since_s, self._spacings, self._least_s = now_s, [], math.inf

    def _wait(self, spacing_s: float, period_s: float) -> None:
        self._waited_s = max(0.0, self._waited_s + spacing_s - period_s)
        self._least_s = min(self._least_s, self._waited_s)

    def _end_window(self, pace_s: float, is_even: bool) -> None:
        is_steady = is_even and abs(pace_s - self._pace_s) <= ALIKE * self._pace_s
        both_s = (pace_s + self._pace_s) / 2.0  # a burst more or less in a window
        self._pace_s = pace_s if is_even else math.nan
        if self._period_s is None and is_steady:
            for spacing_s in self._spacings:  # what waits now was held back in this window
                self._wait(spacing_s, both_s)
        is_faster = self._period_s is not None and pace_s < WORKED_OFF * self._period_s
        is_free = self._least_s == 0.0  # nothing waited, at some time
        if is_steady and (not is_faster or (is_free and self._was_free)):
            self._period_s = both_s
            self._waited_s -= self._least_s
        self._was_free = is_free


class ImageAge:
    """The age of images of which each may have a time of its own: by these, or by their pace."""

    def __init__(self) -> None:
        """Begin with a stream that was just opened."""
        self._pace, self._times = ArrivalAge(), StreamAge()

    @property
    def has_times(self) -> bool:
        """They have times of their own that go on."""
        return self._times.has_times

    def take(self, now_s: float, own_s: float | None) -> float | None:
        """Return the age of an image; None: it may have waited.

        Args:
            now_s: monotonic, when it came.
            own_s: its own time; one that is the same for all is none.

        """
        by_pace_s = self._pace.take(now_s)
        by_time_s = None if own_s is None else self._times.take(now_s, own_s)
        return by_time_s if own_s is not None and self.has_times else by_pace_s
