# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which of a vehicle's addresses is listened to and answered: the first, while it speaks.

A router may send the same telemetry from two ports. If each packet moved the answer to where it
came from, setpoints would go to a port that leads nowhere. A path on which nothing of ours was
ever answered may be such a port: it is left for another one. One that was answered stays.
"""

import math

SILENT_S = 1.5  # so long the path may be silent before another one takes its place
UNPROVEN_S = 3.0  # so long a path may leave all questions unanswered while another one speaks
OWN_ANSWER_S = 1.0  # after a change; an earlier answer may be to a question on the other path
MOST_PROVEN = 16


class AnsweredPath:
    """Remembers one source of chunks, when the vehicle spoke there, and where it answered."""

    def __init__(self) -> None:
        """Know no path yet."""
        self._source: object = None
        self._heard_s = self._taken_s = -math.inf
        self._has_changed = False
        self._proven: list[object] = []  # sources on which we were answered

    @property
    def source(self) -> object:
        """The path that is answered; None before the first, or where there is one only."""
        return self._source

    def is_open_to(self, source: object, now_s: float) -> bool:
        """Tell whether what the vehicle sends from this source would count now."""
        is_known = math.isfinite(self._heard_s)
        return (is_known and source == self._source) or self._is_left(now_s)

    def admits(self, source: object, now_s: float) -> bool:
        """Note that the vehicle spoke from this source; tells whether that counts."""
        if not self.is_open_to(source, now_s):
            return False
        if source != self._source or math.isinf(self._heard_s):
            self._has_changed = math.isfinite(self._heard_s)
            self._source, self._taken_s = source, now_s
        self._heard_s = now_s
        return True

    def answered(self, now_s: float) -> None:
        """Note that the vehicle answered a question of ours."""
        is_own = not self._has_changed or now_s - self._taken_s >= OWN_ANSWER_S
        if is_own and self._source not in self._proven:
            self._proven = [*self._proven[1 - MOST_PROVEN :], self._source]

    def _is_left(self, now_s: float) -> bool:
        silent_s, taken_s = now_s - self._heard_s, now_s - self._taken_s
        is_dead_end = self._source not in self._proven and taken_s >= UNPROVEN_S
        return not 0.0 <= silent_s < SILENT_S or is_dead_end
