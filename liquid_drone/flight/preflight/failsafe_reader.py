# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the autopilot's failsafes while nothing is flown, one question at a time; writes none.

What is read stays with the link, which also takes in each value that another station sets. A value
that was lost on the way is asked for again; a parameter that the firmware does not have, ever more
rarely. One of several names is asked for by each of them: which one the firmware has is not known.
"""

import math

from ..failsafes import FAILSAFES, Failsafe
from ..mavlink.link import MavlinkLink

ASK_EVERY_S = 0.2
FIRST_AGAIN_S, LONGEST_AGAIN_S, RARER = 2.0, 60.0, 1.5


class FailsafeReader:
    """Keeps the parameters of one link known."""

    def __init__(self, link: MavlinkLink) -> None:
        """Begin with none asked for."""
        self._link, self._asked_s = link, -math.inf
        self._again_s: dict[str, tuple[float, float]] = {}  # due, and the pause after that

    def step(self, now_s: float) -> None:
        """Ask for one that is due, first those never asked for; call it while nothing is flown."""
        profile = self._link.profile
        if profile is None or 0.0 <= now_s - self._asked_s < ASK_EVERY_S:
            return
        names = [(one, name) for one in FAILSAFES[profile.name] for name in one.asked]
        due = [(one, name) for one, name in names if self._is_due(name, now_s)]
        if due:
            self._ask(*min(due, key=lambda found: found[1] in self._again_s), now_s)

    def _is_due(self, name: str, now_s: float) -> bool:
        due_s, _ = self._again_s.get(name, (-math.inf, 0.0))
        return now_s >= due_s or due_s - now_s > LONGEST_AGAIN_S  # the caller's clock began anew

    def _ask(self, one: Failsafe, name: str, now_s: float) -> None:
        _, pause_s = self._again_s.get(name, (0.0, FIRST_AGAIN_S))
        is_known = bool(one.answered(self._link.parameters))
        pause_s = LONGEST_AGAIN_S if is_known else min(RARER * pause_s, LONGEST_AGAIN_S)
        self._again_s[name] = now_s + pause_s, pause_s
        self._asked_s = now_s
        self._link.request_parameter(name)
