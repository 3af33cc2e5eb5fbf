# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Clocks that are set while something is recorded: a computer that has none of its own. Pure.

A Jetson or Raspberry Pi without a battery for its clock starts in 1970, or where it was switched
off, and is set once a network or satellites tell the time: in the air, maybe.
"""

SECOND_NS = 1_000_000_000
SET_NS = SECOND_NS  # by more a clock was set; by less it is slewed, or a message was late


class ClockSteps:
    """Notices that a clock was set, by a steady one beside it; a slew or a pause is none."""

    def __init__(self) -> None:
        """Begin with the first reading."""
        self._apart_ns: int | None = None

    def take(self, now_ns: int, steady_s: float) -> int:
        """Return by how much it was set since the last reading, forward, ns; 0: it was not.

        Args:
            now_ns: the clock that may be set.
            steady_s: one that goes on through a sleep of the computer, read at the same time.

        """
        apart_ns = now_ns - round(steady_s * SECOND_NS)
        before_ns, self._apart_ns = self._apart_ns, apart_ns
        step_ns = 0 if before_ns is None else apart_ns - before_ns
        return step_ns if abs(step_ns) > SET_NS else 0


class StampOrder:
    """Notices stamps that begin anew: those of two messages in a row; one odd stamp is none."""

    def __init__(self) -> None:
        """Begin without a stamp."""
        self._newest_ns = 0
        self._odd_ns: int | None = None

    def begins_anew(self, stamp_ns: int) -> bool:
        """Take a stamp in; tell whether the ones before are of another time."""
        if stamp_ns >= self._newest_ns - SET_NS:
            self._newest_ns, self._odd_ns = max(stamp_ns, self._newest_ns), None
            return False
        odd_ns, self._odd_ns = self._odd_ns, stamp_ns
        if odd_ns is None or not odd_ns < stamp_ns <= odd_ns + SET_NS:
            return False
        self._newest_ns, self._odd_ns = stamp_ns, None
        return True

    def set_clock(self, step_ns: int) -> None:
        """Go on by a clock that was set by so much."""
        self._newest_ns += step_ns if self._newest_ns else 0
        self._odd_ns = None
