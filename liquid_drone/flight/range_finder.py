# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A range sensor's readings (REP 117) as a distance that one odd reading does not move.

Minus infinity and less than the least range: too near to measure, which is near. Plus infinity and
more than the largest: nothing in range. Not a number: no reading. Nor are those of two sensors,
of which one may look down, and millimetres, by which everything is far away. Pure but for its
memory.
"""

import math
from collections import deque
from statistics import median_low

from ..errors import shown
from .facts import RangeReading

KEPT = 3  # readings, of which the middle one counts
TOO_NEAR_M = 0.0
MOST_M = 1000.0  # farther than sensors on drones measure; a target at 1.2 m in millimetres
LATELY_S = 2.0  # what another sensor said so lately is mixed with this one's
ENOUGH = 2  # readings of others within that time are another sensor


class RangeFinder:
    """Keeps the last readings of one sensor."""

    def __init__(self) -> None:
        """Begin without a reading."""
        self._kept: deque[float] = deque(maxlen=KEPT)
        self._received_s = -math.inf
        self._owner, self._owned_s = '', -math.inf  # the sensor's frame, and its last reading
        self._others: deque[tuple[float, str]] = deque(maxlen=ENOUGH)
        self.trouble = ''  # with the newest reading, in a sentence; empty: none

    def take(
        self,
        distance_m: float,
        least_m: float,
        most_m: float,
        received_s: float,
        frame: str = '',
    ) -> RangeReading:
        """Take in a reading; returns what is known after it.

        What is no reading keeps nothing fresh: after ``range_age_s`` of it, the distance is not
        known.

        Args:
            distance_m: measured.
            least_m: the sensor's least range.
            most_m: its largest.
            received_s: on the caller's clock.
            frame: of the sensor, by which several on one topic are told apart.

        """
        if not math.isnan(distance_m) and math.isfinite(received_s):
            self.trouble = self._mixed(frame, received_s) or _unit(distance_m)
            if not self.trouble:
                self._received_s = received_s
                self._kept.append(_measured(distance_m, least_m, most_m))
        known = self._kept or (math.inf,)
        return RangeReading(self._received_s, median_low(known))

    def _mixed(self, frame: str, now_s: float) -> str:
        """Name the sensors that measure, where they are several; the reading counts for none.

        One odd message of another sensor costs nothing but itself.
        """
        if abs(now_s - self._owned_s) > LATELY_S:
            self._owner = frame
        if frame == self._owner:
            self._owned_s = now_s
        else:
            self._others.append((now_s, frame))
        lately = [name for then_s, name in self._others if abs(now_s - then_s) <= LATELY_S]
        if frame == self._owner and len(lately) < ENOUGH:
            return ''
        names = ', '.join(shown(one) for one in sorted({self._owner, *lately}))
        return (
            f'expected readings of one sensor, they come from several ({names}): give those of '
            'the one that looks ahead alone'
        )


def _unit(distance_m: float) -> str:
    if not MOST_M < distance_m < math.inf:
        return ''
    return (
        f'expected metres, at most {MOST_M:g}, got {distance_m:g}: if its driver publishes '
        'millimetres, let it divide by 1000; what is out of range is infinite (REP 117)'
    )


def _measured(distance_m: float, least_m: float, most_m: float) -> float:
    """Compare with the sensor's own limits, as far as they are numbers and it gives any."""
    if distance_m < max(0.0, least_m if math.isfinite(least_m) else 0.0):
        return TOO_NEAR_M
    return math.inf if distance_m > most_m > 0.0 else distance_m
