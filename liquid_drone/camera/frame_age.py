# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How old a live picture is when it is read: one that waited on its way is not fresh.

Drivers and streams give each picture a time of their own. That of V4L2 is this machine's; of a
stream only differences count, and the picture that came soonest is taken for fresh. Where a source
gives no time, the age is not known and counts as none. Pure but for its memory.
"""

import math

BELIEVED_S = 1.0  # a first time further away is not of the clock that it is compared with
DRIFT = 1e-3  # by which the clock of a camera may be faster or slower
SOONER_S = 0.005  # than any before: then those before had waited, and this one perhaps too
STANDS = 30  # pictures under one time: it is none
LATE_S, LATE_FOR_S = 1.0, 5.0  # a stream so late for so long does not get better by itself


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
    """The age by a stream's own times."""

    def __init__(self) -> None:
        """Begin with a stream that was just opened: what comes first has waited meanwhile."""
        self._own_s = math.nan
        self._read_s = 0.0
        self._least_s: float | None = None  # from a picture's time to its arrival, at the soonest
        self._stands = 0
        self._bad_since_s: float | None = None

    def take(self, now_s: float, own_s: float) -> float | None:
        """Return the age of a picture beyond that of the soonest one; None: it may have waited.

        Args:
            now_s: monotonic, when it was read.
            own_s: its time in the stream.

        """
        age_s = self._age_s(now_s, own_s)
        is_good = age_s is not None and age_s < LATE_S
        if is_good:
            self._bad_since_s = None
        elif self._bad_since_s is None:
            self._bad_since_s = now_s
        return age_s

    def is_hopeless(self, now_s: float) -> bool:
        """Tell whether no picture was fresh for long: only opening it anew helps."""
        return self._bad_since_s is not None and now_s - self._bad_since_s > LATE_FOR_S

    def _age_s(self, now_s: float, own_s: float) -> float | None:
        before_s, self._own_s = self._own_s, own_s
        passed_s, self._read_s = now_s - self._read_s, now_s
        if own_s == before_s:
            self._stands += 1
            return None if self._stands < STANDS else 0.0
        self._stands, behind_s = 0, now_s - own_s
        if self._least_s is None or not own_s > before_s:  # it begins, or begins anew
            self._least_s = behind_s
            return None
        known_s = self._least_s + DRIFT * passed_s
        self._least_s = min(behind_s, known_s)
        return None if behind_s < known_s - SOONER_S else behind_s - self._least_s
