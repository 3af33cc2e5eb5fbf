# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the target counts as seen: a decision on probabilities that does not flicker.

The probabilities of about the last tenth of a second are weighed together (an exponential mean),
and the decision changes only beyond a margin on the other side of the threshold (a Schmitt
trigger), so that one odd picture changes nothing. This word is for people and programs that read
it; the guard takes each picture's own (docs/decisions/learning/steady-sight.md).
"""

import math

from ..contract import SEEN_PROBABILITY

SETTLES_S = 0.12  # time constant of the mean
MARGIN = 0.4  # on both sides of the threshold, as a logit: 0.4 and 0.6 around one half
AFRESH_S = 1.0  # after a gap as long, or a step back in time, the next picture decides alone


class Sight:
    """Decides, picture after picture, whether the target is seen.

    Attributes:
        threshold: probability around which the decision changes, 0 to 1; may change in flight.

    """

    def __init__(self, threshold: float = SEEN_PROBABILITY) -> None:
        self.threshold = threshold
        self.forget()

    def forget(self) -> None:
        """Let the next picture decide alone."""
        self._mean, self._at_s, self._is_seen = math.nan, -math.inf, False

    def look(self, probability: float, stamp_s: float) -> bool:
        """Take the probability of a picture and return whether the target counts as seen.

        Args:
            probability: that the target is in the picture, 0 to 1; nan: not known, not seen.
            stamp_s: when it was exposed; the same picture again changes nothing.

        """
        if math.isnan(probability):
            self.forget()
            return False
        gap_s = stamp_s - self._at_s
        if gap_s == 0.0:
            return self._is_seen
        self._at_s = stamp_s
        if not 0.0 < gap_s <= AFRESH_S:
            self._mean = probability
            self._is_seen = probability >= self.threshold
            return self._is_seen
        self._mean += (1.0 - math.exp(-gap_s / SETTLES_S)) * (probability - self._mean)
        margin = -MARGIN if self._is_seen else MARGIN
        self._is_seen = self._mean >= moved(self.threshold, margin)
        return self._is_seen


def moved(probability: float, by: float) -> float:
    """Return the probability whose logit is larger by ``by``; 0 and 1 stay."""
    odds = probability * math.exp(by)
    return odds / (1.0 - probability + odds)
