# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How often new commands come: below a rate the last picture is too old before the next one comes.

Each command answers one picture. A camera that exposes for longer in little light, or a computer
that is too slow or too hot, gives fewer of them, each of which is fresh when it comes: then the
drone is braked between two of them and hardly moves, and nothing that is looked at alone is wrong.
"""

import math
from collections import deque

from .facts import PICTURE
from .guard.limits import Limits

SPAN_S = 3.0  # over which commands are counted
GAP_S = 2.0  # without one: it begins anew
LEAST_HZ = PICTURE.needed_rate_hz
AGE_S = 0.08  # of a picture when its command is flown
FULL_HZ = 1.0 / (Limits.unseen_after_s - AGE_S)  # with fewer, speed is lost between two commands
MOST = 1024  # of a span
WHY = 'the camera is slow (in little light many expose for longer) or the computer is'


class CommandRate:
    """Counts the commands of one companion by the stamps of their pictures."""

    def __init__(self) -> None:
        """Begin with none."""
        self._came = deque[float](maxlen=MOST)
        self._stamp_s = self._began_s = -math.inf

    def note(self, stamp_s: float, now_s: float) -> None:
        """Note the newest command; one that was noted already is none.

        Args:
            stamp_s: of its picture.
            now_s: of the step that it is there for, on the same clock.

        """
        if stamp_s == self._stamp_s:
            return
        last_s = self._came[-1] if self._came else -math.inf
        if not 0.0 <= now_s - last_s <= GAP_S:
            self._came.clear()
            self._began_s = now_s
        self._stamp_s = stamp_s
        self._came.append(now_s)

    def hz(self, now_s: float) -> float | None:
        """Return how many come in a second; None: not known yet, or none comes."""
        if not self._came or not now_s - self._came[-1] <= GAP_S:
            return None
        if now_s - self._began_s < SPAN_S:
            return None
        return sum(0.0 <= now_s - one < SPAN_S for one in self._came) / SPAN_S

    def obstacle(self, now_s: float) -> str:
        """Say that too few come to be engaged; empty: enough, or not known."""
        rate_hz = self.hz(now_s)
        if rate_hz is None or rate_hz >= LEAST_HZ:
            return ''
        return f'commands come {rate_hz:.1f} times a second, at least {LEAST_HZ:g}: {WHY}'

    def trouble(self, now_s: float) -> str:
        """Say, for the pilot, that too few come to follow well; empty: enough, or not known."""
        rate_hz = self.hz(now_s)
        if rate_hz is None or rate_hz >= FULL_HZ:
            return ''
        how = 'slowly' if rate_hz >= LEAST_HZ else 'hardly at all'
        return f'it follows {how}: {rate_hz:.1f} commands a second, {FULL_HZ:.0f} are needed'
