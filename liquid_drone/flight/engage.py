# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Who flies: when the companion may speak, and when it has given the vehicle back. Pure.

```
DISCONNECTED → STANDBY → READY → ENGAGING → ENGAGED ⇄ HOLDING ⇄ SEARCHING → HANDED_BACK
silent         silent    zeros   zeros      guard     guard     guard       silent, latched until
                                                                            a human engages anew
```

A human engages the companion (READY), and the pilot's switch to the companion's mode starts it.
Any other mode ends it at once. It never asks for a mode, never arms, and never resumes by itself.
"""

from dataclasses import dataclass
from enum import Enum

LONGEST_SILENCE_S = 0.5  # between two steps; after more than that a human must engage anew
POLICY_RESET_TIMEOUT_S = 2.0


class Stage(Enum):
    """Where the companion stands; the value is for people."""

    DISCONNECTED = 'no vehicle'
    STANDBY = 'standing by'
    READY = 'ready: waiting for the mode switch'
    ENGAGING = 'engaging: waiting for the policy to start afresh'
    ENGAGED = 'engaged'
    HOLDING = 'engaged: target lost, holding'
    SEARCHING = 'engaged: target lost, looking for it'
    HANDED_BACK = 'handed back: engage anew to go on'


class Cause(Enum):
    """Why a stage was entered, or why engaging was refused; the value is for people."""

    NONE = ''
    ENGAGED_BY_HUMAN = 'a human engaged it'
    DISENGAGED_BY_HUMAN = 'a human called it off'
    MODE_SWITCHED = 'the mode switch is ours'
    TAKEN_OVER = 'pilot, ground station or failsafe chose another mode'
    DISARMED = 'disarmed'
    LANDED = 'on the ground'
    SILENCE = 'the companion itself paused too long'
    POLICY_NOT_RESET = 'the policy did not start afresh in time'
    GUARD_STOPPED = 'the guard stopped it'
    NO_VEHICLE = 'no heartbeat from the vehicle'
    NO_POSITION = 'no fresh and usable position from the autopilot'
    TARGET_LOST = 'the target is lost'
    TARGET_FOUND = 'the target is found again'
    LOW_BATTERY = 'battery low'
    OUTSIDE_FENCE = 'outside the fence'


ENGAGED_STAGES = (Stage.ENGAGED, Stage.HOLDING, Stage.SEARCHING)


@dataclass(frozen=True)
class EngageState:
    """The stage, why, and since when on the caller's clock."""

    stage: Stage = Stage.DISCONNECTED
    cause: Cause = Cause.NONE
    since_s: float = 0.0

    @property
    def has_vehicle(self) -> bool:
        """The companion commands the vehicle now."""
        return self.stage is Stage.ENGAGING or self.is_engaged

    @property
    def is_engaged(self) -> bool:
        """The guard decides what is sent."""
        return self.stage in ENGAGED_STAGES


@dataclass(frozen=True)
class Situation:
    """What decides about the next stage."""

    connected: bool  # heartbeats are fresh
    in_our_mode: bool
    armed: bool
    landed: bool
    paused_s: float = 0.0  # since the last step
    policy_was_reset: bool = False
    guard_ended: bool = False  # while engaged; before that: the vehicle is unfit
    called_off: bool = False
    flying: Stage = Stage.ENGAGED  # what the guard does while engaged: that, HOLDING, SEARCHING


def request(state: EngageState, on: bool, obstacle: Cause, now_s: float) -> EngageState:
    """Do what a human asked: engage (unless an obstacle stands) or stand by.

    Called off while it flies, the guard stops it gently first; that is not decided here.
    """
    if on and state.stage in (Stage.STANDBY, Stage.HANDED_BACK) and obstacle is Cause.NONE:
        return EngageState(Stage.READY, Cause.ENGAGED_BY_HUMAN, now_s)
    if not on and state.stage in (Stage.READY, Stage.HANDED_BACK):
        return EngageState(Stage.STANDBY, Cause.DISENGAGED_BY_HUMAN, now_s)
    return state


def advance(state: EngageState, situation: Situation, now_s: float) -> EngageState:
    """Return the stage that follows from the situation; at most one change at a time."""
    stage, cause = _next(state, situation, now_s)
    if stage is state.stage:
        return state
    return EngageState(stage, cause, now_s)


def _next(state: EngageState, now: Situation, now_s: float) -> tuple[Stage, Cause]:
    if state.stage is Stage.DISCONNECTED:
        return (Stage.STANDBY, Cause.NONE) if now.connected else (state.stage, state.cause)
    if state.stage is Stage.HANDED_BACK:
        return state.stage, state.cause
    if state.has_vehicle:
        return _next_in_flight(state, now, now_s)
    if not now.connected:
        return Stage.DISCONNECTED, Cause.NO_VEHICLE
    if state.stage is Stage.READY and now.paused_s > LONGEST_SILENCE_S:
        return Stage.STANDBY, Cause.SILENCE
    if state.stage is Stage.READY and now.in_our_mode and now.armed and not now.landed:
        return Stage.ENGAGING, Cause.MODE_SWITCHED
    return state.stage, state.cause


def _next_in_flight(state: EngageState, now: Situation, now_s: float) -> tuple[Stage, Cause]:
    endings = {
        Cause.SILENCE: now.paused_s > LONGEST_SILENCE_S,
        Cause.TAKEN_OVER: not now.in_our_mode,
        Cause.DISARMED: not now.armed,
        Cause.LANDED: now.landed,
        Cause.GUARD_STOPPED: now.guard_ended,
        Cause.DISENGAGED_BY_HUMAN: now.called_off and state.stage is Stage.ENGAGING,
    }
    for cause, holds in endings.items():
        if holds:
            return Stage.HANDED_BACK, cause
    if state.is_engaged:
        cause = _FLYING_CAUSES[now.flying] if now.flying is not state.stage else state.cause
        return now.flying, cause
    if now.policy_was_reset:
        return Stage.ENGAGED, Cause.MODE_SWITCHED
    if now_s - state.since_s > POLICY_RESET_TIMEOUT_S:
        return Stage.HANDED_BACK, Cause.POLICY_NOT_RESET
    return state.stage, state.cause


_FLYING_CAUSES = {
    Stage.ENGAGED: Cause.TARGET_FOUND,
    Stage.HOLDING: Cause.TARGET_LOST,
    Stage.SEARCHING: Cause.TARGET_LOST,
}
