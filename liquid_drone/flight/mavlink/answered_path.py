# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which of a vehicle's addresses is listened to and answered: the first, while it speaks.

A router may send the same telemetry from two ports. If each packet moved the answer to where it
came from, setpoints would go to a port that leads nowhere.
"""

import math

SILENT_S = 1.5  # so long the first path may be silent before another one takes its place


class AnsweredPath:
    """Remembers one source of chunks, and when the vehicle spoke there."""

    def __init__(self) -> None:
        """Know no path yet."""
        self._source: object = None
        self._heard_s = -math.inf

    @property
    def source(self) -> object:
        """The path that is answered; None before the first, or where there is one only."""
        return self._source

    def admits(self, source: object, now_s: float) -> bool:
        """Tell whether what the vehicle sent from this source counts now."""
        silent_s = now_s - self._heard_s
        if source != self._source and 0.0 <= silent_s < SILENT_S:
            return False
        self._source, self._heard_s = source, now_s
        return True
