# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the autopilot's failsafes while nothing is flown, one question at a time; writes none.

What is read stays with the link, which also takes in each value that another station sets. A value
that was lost on the way is asked for again; a parameter that the firmware does not have, ever more
rarely.
"""

import math

from ..failsafes import FAILSAFES
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
        """Ask for one that is due; call it while nothing is flown."""
        profile = self._link.profile
        if profile is None or 0.0 <= now_s - self._asked_s < ASK_EVERY_S:
            return
        for one in FAILSAFES[profile.name]:
            due_s, pause_s = self._again_s.get(one.name, (-math.inf, FIRST_AGAIN_S))
            if due_s - now_s > LONGEST_AGAIN_S:  # the caller's clock began anew
                due_s = -math.inf
            if now_s < due_s:
                continue
            is_known = one.name in self._link.parameters
            pause_s = LONGEST_AGAIN_S if is_known else min(RARER * pause_s, LONGEST_AGAIN_S)
            self._again_s[one.name] = now_s + pause_s, pause_s
            self._asked_s = now_s
            self._link.request_parameter(one.name)
            return
