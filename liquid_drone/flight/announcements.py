# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a ground station is told in words: the stage, why it does not engage, why it handed back.

Texts for STATUSTEXT, with their MAV_SEVERITY. At most one leaves each second, and only when it
says something else than the last one: numbers that change (a height, a battery) are no news. What
happened in between is told in turn; what keeps from engaging is told as it is now. To take over is
told before all that waits. Pure.
"""

import re
from collections import deque
from dataclasses import dataclass
from enum import IntEnum

from .companion import Decision
from .engagement import ENGAGED_STAGES, Cause, Stage
from .reason import Reason

EVERY_S = 1.0
MOST_WAITING = 6  # events; older ones are dropped
SETTLED_S = 1.0  # so long a reason must last before it is told: flickering is no news
NAME = 'follow'  # before each text: other programs speak to the pilot too
TOLD_WHILE_FOLLOWING = (Reason.AT_HEIGHT_LIMIT, Reason.AT_FENCE, Reason.NEAR_TARGET)
_NUMBER = re.compile(r'-?\d+(\.\d+)?')


class Severity(IntEnum):
    """How a ground station shows a text (MAV_SEVERITY)."""

    CRITICAL = 2
    WARNING = 4
    NOTICE = 5
    INFO = 6


@dataclass(frozen=True)
class Announcement:
    """A text for the pilot."""

    severity: Severity
    text: str

    def says_the_same(self, other: 'Announcement | None') -> bool:
        """Tell whether only numbers differ."""
        return other is not None and _NUMBER.sub('#', self.text) == _NUMBER.sub('#', other.text)


class Announcer:
    """Gets every decision, and gives the texts that are due."""

    def __init__(self, follow_mode: str, is_shadow: bool = False) -> None:
        """Begin with nothing told.

        Args:
            follow_mode: name of the mode that the pilot switches to.
            is_shadow: nothing is sent; each text says so.

        """
        self._mode = follow_mode
        self.is_shadow = is_shadow  # may change
        self._waiting = deque[Announcement]()  # what is critical stands first
        self._standing: Announcement | None = None  # how it stands, told last
        self._told_s: float | None = None
        self._before: Decision | None = None
        self._new: tuple[Announcement, float] | None = None  # not told yet, and since when

    def take(
        self, now_s: float, decision: Decision | None, obstacle: str = ''
    ) -> Announcement | None:
        """Take in a decision; return the text that is to be sent now.

        Args:
            now_s: on the caller's clock.
            decision: the last one; None before the first.
            obstacle: what keeps from engaging besides, such as the link's; empty: nothing.

        """
        if decision is not None:
            self._note(now_s, decision, obstacle or decision.obstacle)
        if not self._waiting or not self._is_due(now_s):
            return None
        self._told_s = now_s
        return self._waiting.popleft()

    def say(self, severity: Severity, text: str) -> None:
        """Add a text that is told in its turn, such as the answer to a pilot's request."""
        name = f'{NAME} (shadow)' if self.is_shadow else NAME
        if severity is Severity.CRITICAL:  # what was before it is over, and would keep it waiting
            self._waiting.clear()
        elif len(self._waiting) == MOST_WAITING:
            del self._waiting[self._waiting[0].severity is Severity.CRITICAL]
        self._waiting.append(Announcement(severity, f'{name}: {text}'))

    def _is_due(self, now_s: float) -> bool:
        return self._told_s is None or not 0.0 <= now_s - self._told_s < EVERY_S

    def _note(self, now_s: float, decision: Decision, obstacle: str) -> None:
        before, self._before = self._before, decision
        if before is None or before.stage is not decision.stage:
            self._new = None
            self._add(event(decision, self._mode, obstacle))
            return
        standing = condition(decision, obstacle, self._mode)
        if standing.says_the_same(self._standing):
            self._new = None
        elif self._new is None or not standing.says_the_same(self._new[0]):
            self._new = standing, now_s
        elif not 0.0 <= now_s - self._new[1] < SETTLED_S:
            self._new = None
            self._add(standing)

    def _add(self, one: Announcement) -> None:
        self._standing = one
        if one.text:
            self.say(one.severity, one.text)


def event(decision: Decision, follow_mode: str, obstacle: str) -> Announcement:
    """Return what to say of a stage that was just entered."""
    stage, cause = decision.stage, decision.cause
    if stage is Stage.HANDED_BACK:
        return _handed_back(decision)
    if stage is Stage.READY:
        return _ready(decision, follow_mode)
    if stage is Stage.ENGAGED:
        found = cause is Cause.TARGET_FOUND
        return Announcement(Severity.NOTICE, 'target found' if found else 'engaged, following')
    if stage in (Stage.HOLDING, Stage.SEARCHING):
        return Announcement(Severity.WARNING, stage.value.removeprefix('engaged: '))
    if stage is Stage.STANDBY:
        return condition(decision, obstacle, follow_mode)
    return Announcement(Severity.INFO, stage.value)


def condition(decision: Decision, obstacle: str, follow_mode: str) -> Announcement:
    """Return what to say while a stage lasts; without a text: nothing."""
    if decision.stage in (Stage.STANDBY, Stage.HANDED_BACK):
        words = f'cannot engage: {obstacle}' if obstacle else 'can be engaged'
        return Announcement(Severity.INFO, words)
    reason = decision.reason
    if decision.stage is Stage.READY:
        return _ready(decision, follow_mode)
    if decision.trouble:
        return Announcement(Severity.WARNING, decision.trouble)
    if decision.stage in ENGAGED_STAGES and reason is not None:
        if reason.is_stop:
            return Announcement(Severity.WARNING, f'stopped: {reason.value}')
        if reason in TOLD_WHILE_FOLLOWING:
            return Announcement(Severity.INFO, reason.value)
    return Announcement(Severity.INFO, '')


def _ready(decision: Decision, follow_mode: str) -> Announcement:
    words = decision.trouble or f'switch to {follow_mode}'
    return Announcement(Severity.NOTICE, f'ready: {words}')


def _handed_back(decision: Decision) -> Announcement:
    reason = decision.reason.value if decision.reason else decision.cause.value
    if decision.ended_as_meant:
        meant = reason if decision.cause is Cause.GUARD_STOPPED else decision.cause.value
        return Announcement(Severity.INFO, f'handed back: {meant}')
    return Announcement(Severity.CRITICAL, f'handed back: {reason}; take over')
