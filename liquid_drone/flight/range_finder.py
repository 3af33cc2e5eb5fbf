# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A range sensor's readings (REP 117) as a distance that one odd reading does not move.

Minus infinity and less than the least range: too near to measure, which is near. Plus infinity and
more than the largest: nothing in range. Not a number: no reading. Pure but for its memory.
"""

import math
from collections import deque
from statistics import median_low

from .facts import RangeReading

KEPT = 3  # readings, of which the middle one counts
TOO_NEAR_M = 0.0


class RangeFinder:
    """Keeps the last readings of one sensor."""

    def __init__(self) -> None:
        """Begin without a reading."""
        self._kept: deque[float] = deque(maxlen=KEPT)
        self._received_s = -math.inf

    def take(
        self, distance_m: float, least_m: float, most_m: float, received_s: float
    ) -> RangeReading:
        """Take in a reading; returns what is known after it.

        What is no reading keeps nothing fresh: after ``range_age_s`` of it, the distance is not
        known.
        """
        if not math.isnan(distance_m) and math.isfinite(received_s):
            self._received_s = received_s
            self._kept.append(_measured(distance_m, least_m, most_m))
        known = self._kept or (math.inf,)
        return RangeReading(self._received_s, median_low(known))


def _measured(distance_m: float, least_m: float, most_m: float) -> float:
    """Compare with the sensor's own limits, as far as they are numbers and it gives any."""
    if distance_m < max(0.0, least_m if math.isfinite(least_m) else 0.0):
        return TOO_NEAR_M
    return math.inf if distance_m > most_m > 0.0 else distance_m
