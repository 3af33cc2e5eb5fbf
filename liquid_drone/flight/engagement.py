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
:data:`TRANSITIONS` is all there is: nothing changes a stage but a line of that table. The drawing
in ``docs/FLIGHT.md`` is made from it by :func:`diagram`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from .records import replace

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


def stage_of(text: str) -> Stage:
    """Return the stage of a recorded name or of its words; of anything else: no vehicle."""
    found = (stage for stage in Stage if text in (stage.name.lower(), stage.value))
    return next(found, Stage.DISCONNECTED)


class Cause(Enum):
    """Why a stage was entered, or why engaging was refused; the value is for people."""

    NONE = ''
    ENGAGED_BY_HUMAN = 'a human engaged it'
    DISENGAGED_BY_HUMAN = 'a human called it off'
    MODE_SWITCHED = 'the mode switch is ours'
    TAKEN_OVER = 'pilot, ground station or failsafe chose another mode or place'
    DISARMED = 'disarmed'
    LANDED = 'on the ground'
    SILENCE = 'the companion itself paused too long'
    POLICY_NOT_RESET = 'the policy did not start afresh in time'
    GUARD_STOPPED = 'the guard stopped it'
    NO_VEHICLE = 'no heartbeat from the vehicle'
    NOT_FIT = 'something that must be known is not known or not good'
    TARGET_LOST = 'the target is lost'
    TARGET_FOUND = 'the target is found again'
    OUTSIDE = 'outside the fence or the altitude band'


SPOKEN = {  # what is sent in a stage; in all others: nothing
    Stage.READY: 'zeros',
    Stage.ENGAGING: 'zeros',
    Stage.ENGAGED: "the guard's setpoint",
    Stage.HOLDING: "the guard's setpoint",
    Stage.SEARCHING: "the guard's setpoint",
}
ENGAGED_STAGES = (Stage.ENGAGED, Stage.HOLDING, Stage.SEARCHING)
# for a handed back vehicle: a human wished it
ENDS_AS_MEANT = (Cause.TAKEN_OVER, Cause.DISARMED, Cause.LANDED, Cause.DISENGAGED_BY_HUMAN)


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
    in_our_mode: bool  # in shadow mode: always, for the pilot goes on flying
    armed: bool
    landed: bool
    guided: bool = False  # somebody else told the autopilot lately where to go; not in shadow mode
    disarmed: bool = False  # since the last step
    taking_off: bool = False  # by the autopilot itself; a setpoint would end that
    outside: bool = False  # of fence or altitude band
    paused_s: float = 0.0  # since the last step
    stage_s: float = 0.0  # since the stage was entered; filled in by advance
    policy_was_reset: bool = False
    guard_ended: bool = False  # while engaged; before that: a fact is not good
    called_off: bool = False
    flying: Stage = Stage.ENGAGED  # what the guard does while engaged: that, HOLDING, SEARCHING

    @property
    def may_start(self) -> bool:
        """The mode switch is ours, and the vehicle is in the air, where its takeoff is over."""
        return self.in_our_mode and self.armed and not self.landed and not self.taking_off


@dataclass(frozen=True)
class Transition:
    """One line of the table: from any of some stages to another, for a cause, when it holds."""

    sources: tuple[Stage, ...]
    target: Stage
    cause: Cause
    when: Callable[[Situation], bool]
    words: str  # the condition, for the drawing


_GROUND = (Stage.STANDBY, Stage.READY)  # connected, without the vehicle
_HOLDERS = (Stage.ENGAGING, *ENGAGED_STAGES)
_LOST = (Stage.HOLDING, Stage.SEARCHING)

# The first line that fits is taken, one at each step. Endings come first.
TRANSITIONS = (
    Transition(
        _HOLDERS,
        Stage.HANDED_BACK,
        Cause.SILENCE,
        lambda now: now.paused_s > LONGEST_SILENCE_S,
        f'no step for {LONGEST_SILENCE_S} s',
    ),
    Transition(
        _HOLDERS,
        Stage.HANDED_BACK,
        Cause.TAKEN_OVER,
        lambda now: not now.in_our_mode,
        'another mode or place',
    ),
    Transition(_HOLDERS, Stage.HANDED_BACK, Cause.DISARMED, lambda now: not now.armed, 'disarmed'),
    Transition(_HOLDERS, Stage.HANDED_BACK, Cause.LANDED, lambda now: now.landed, 'landed'),
    Transition(
        _HOLDERS,
        Stage.HANDED_BACK,
        Cause.GUARD_STOPPED,
        lambda now: now.guard_ended,
        'the guard gave up',
    ),
    Transition(
        (Stage.ENGAGING,),
        Stage.HANDED_BACK,
        Cause.DISENGAGED_BY_HUMAN,
        lambda now: now.called_off,
        'called off',
    ),
    Transition(
        (Stage.ENGAGING,),
        Stage.ENGAGED,
        Cause.MODE_SWITCHED,
        lambda now: now.policy_was_reset,
        'the policy started afresh',
    ),
    Transition(
        (Stage.ENGAGING,),
        Stage.HANDED_BACK,
        Cause.POLICY_NOT_RESET,
        lambda now: now.stage_s > POLICY_RESET_TIMEOUT_S,
        f'the policy did not start afresh in {POLICY_RESET_TIMEOUT_S:g} s',
    ),
    Transition(
        _LOST,
        Stage.ENGAGED,
        Cause.TARGET_FOUND,
        lambda now: now.flying is Stage.ENGAGED,
        'target seen again',
    ),
    Transition(
        (Stage.ENGAGED, Stage.SEARCHING),
        Stage.HOLDING,
        Cause.TARGET_LOST,
        lambda now: now.flying is Stage.HOLDING,
        'target lost',
    ),
    Transition(
        (Stage.ENGAGED, Stage.HOLDING),
        Stage.SEARCHING,
        Cause.TARGET_LOST,
        lambda now: now.flying is Stage.SEARCHING,
        'still lost',
    ),
    Transition(
        _GROUND,
        Stage.DISCONNECTED,
        Cause.NO_VEHICLE,
        lambda now: not now.connected,
        'no heartbeat',
    ),
    Transition(
        (Stage.READY,),
        Stage.STANDBY,
        Cause.SILENCE,
        lambda now: now.paused_s > LONGEST_SILENCE_S,
        f'no step for {LONGEST_SILENCE_S} s',
    ),
    Transition(  # who engaged it meant that flight, and no later one
        (Stage.READY,), Stage.STANDBY, Cause.DISARMED, lambda now: now.disarmed, 'disarmed'
    ),
    Transition(  # it would take the vehicle from the way there, seconds later
        (Stage.READY,), Stage.STANDBY, Cause.TAKEN_OVER, lambda now: now.guided, 'another place'
    ),
    Transition(
        (Stage.READY,),
        Stage.STANDBY,
        Cause.NOT_FIT,
        lambda now: now.guard_ended,
        'a fact is not good',
    ),
    Transition(
        (Stage.READY,),
        Stage.HANDED_BACK,
        Cause.OUTSIDE,
        lambda now: now.may_start and now.outside,
        'mode switch is ours, outside fence or altitude band',
    ),
    Transition(
        (Stage.READY,),
        Stage.ENGAGING,
        Cause.MODE_SWITCHED,
        lambda now: now.may_start,
        'mode switch is ours, in the air, no takeoff',
    ),
    Transition(
        (Stage.DISCONNECTED,), Stage.STANDBY, Cause.NONE, lambda now: now.connected, 'heartbeat'
    ),
)


@dataclass(frozen=True)
class HumanRequest:
    """A line of the table of what a human asks for."""

    sources: tuple[Stage, ...]
    on: bool  # engage, or stand by
    target: Stage
    cause: Cause
    words: str


WISHES = (
    HumanRequest(
        (Stage.STANDBY, Stage.HANDED_BACK),
        True,
        Stage.READY,
        Cause.ENGAGED_BY_HUMAN,
        'a human engages, no obstacle',
    ),
    HumanRequest(
        (Stage.READY, Stage.HANDED_BACK),
        False,
        Stage.STANDBY,
        Cause.DISENGAGED_BY_HUMAN,
        'a human disengages',
    ),
)


def request(state: EngageState, on: bool, may_engage: bool, now_s: float) -> EngageState:
    """Do what a human asked: engage (where nothing keeps from it) or stand by.

    Called off while it flies, the guard stops it gently first; that is not decided here.
    """
    if on and not may_engage:
        return state
    for wish in WISHES:
        if on is wish.on and state.stage in wish.sources:
            return EngageState(wish.target, wish.cause, now_s)
    return state


def advance(state: EngageState, situation: Situation, now_s: float) -> EngageState:
    """Return the stage that follows from the situation; at most one change at a time."""
    situation = replace(situation, stage_s=now_s - state.since_s)
    for line in TRANSITIONS:
        if state.stage in line.sources and line.when(situation):
            return EngageState(line.target, line.cause, now_s)
    return state


def diagram() -> str:
    """Draw the tables as a Mermaid state diagram, as ``docs/FLIGHT.md`` shows it."""
    lines = ['stateDiagram-v2', f'    [*] --> {Stage.DISCONNECTED.name}']
    lines += [
        f'    {stage.name}: {stage.name}<br>{SPOKEN.get(stage, "silent")}' for stage in Stage
    ]
    arrows: dict[tuple[str, str], list[str]] = {}
    for line in (*WISHES, *TRANSITIONS):
        for source in line.sources:
            arrows.setdefault((source.name, line.target.name), []).append(line.words)
    lines += [
        f'    {source} --> {target}: {", ".join(words)}'
        for (source, target), words in arrows.items()
    ]
    return '\n'.join(lines)
