# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How a part of a flight stands, for operators: a level and a sentence. Pure.

OK: works, nothing to do. WARN: works, but something keeps it from doing all of it. ERROR: does not
do its work. STALE: nothing was heard from it; nobody says that of itself, who watches does.
"""

from dataclasses import dataclass
from enum import IntEnum

from .companion import Decision
from .engagement import ENGAGED_STAGES, Stage


class Level(IntEnum):
    """As in ``diagnostic_msgs/DiagnosticStatus``."""

    OK = 0
    WARN = 1
    ERROR = 2
    STALE = 3


@dataclass(frozen=True)
class Health:
    """A level, and the sentence that says why."""

    level: Level
    summary: str


def health(decision: Decision | None, rivals: str, obstacle: str) -> Health:
    """Say how the companion stands, as an operator reads it.

    Args:
        decision: the last one; None before the first.
        rivals: who else commands; empty: nobody.
        obstacle: what keeps from engaging; empty: nothing.

    """
    if decision is None or decision.stage is Stage.DISCONNECTED:
        return Health(Level.ERROR, f'no vehicle{f": {obstacle}" if obstacle else ""}')
    words = decision.stage.value
    if decision.stage in ENGAGED_STAGES:
        return _engaged(decision, rivals)
    if decision.stage is Stage.HANDED_BACK and not decision.ended_as_meant:
        reason = f': {decision.reason.value}' if decision.reason else ''
        return Health(Level.ERROR, f'{words} ({decision.cause.value}{reason})')
    if decision.stage is Stage.READY and decision.trouble:
        return Health(Level.OK, f'ready: {decision.trouble}')
    if obstacle:
        return Health(Level.WARN, f'{words}; cannot engage: {obstacle}')
    return Health(Level.OK, words)


def _engaged(decision: Decision, rivals: str) -> Health:
    words, reason = decision.stage.value, decision.reason
    if rivals:
        return Health(Level.ERROR, f'{words}: {rivals}')
    if decision.trouble:
        return Health(Level.WARN, f'{words}: {decision.trouble}')
    if reason is not None and reason.is_stop:
        return Health(Level.ERROR, f'{words}: {reason.value}')
    return Health(Level.OK if decision.stage is Stage.ENGAGED else Level.WARN, words)
