# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the guard decides on and what it remembers from one step to the next. Plain data."""

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from ...arrays import FourFloats
from ..facts import RangeReading
from ..reason import Reason
from ..setpoint import Setpoint
from ..vehicle import VehicleState
from .drift_compensation import DriftState
from .jumps import JumpState
from .limits import ZERO, BelievedTarget, Limits, Sighting
from .progress import ProgressState

LONGEST_STEP_S = 0.2  # a longer pause between two steps does not allow a larger change


class Phase(Enum):
    """What the guard does with the vehicle."""

    FOLLOW = 'following'
    HOLD = 'holding'
    SEARCH = 'searching'
    STOP = 'stopping'


@dataclass(frozen=True)
class Proposal:
    """What the policy proposes, with the stamp of the image it acted on, on the caller's clock."""

    stamp_s: float
    command: FourFloats  # vx, vy, vz m/s FLU, yaw rate rad/s

    @property
    def is_finite(self) -> bool:
        """Every number can be flown."""
        return len(self.command) == 4 and all(map(math.isfinite, (self.stamp_s, *self.command)))


@dataclass(frozen=True)
class GuardInput:
    """All that one step is decided on.

    Attributes:
        now_s: the caller's time; going backwards counts as standing still.
        vehicle: telemetry of the vehicle; None: there is none.
        limits: what is allowed.
        proposal: the newest one received; giving an old one again does no harm.
        sighting: the newest one of the target; an old one again does no harm.
        belief: where the policy believes the target to be, the newest; None: nowhere.
        distance: of a range sensor; None: there is none.
        called_off: a human wants it to stop.
        two_command: somebody else publishes commands or pictures too.
        holds_height: run an altitude loop while stopped (PX4 holds no position by itself).
        holds_place: take the creep away while following (PX4, for the same reason).
        obeys: the vehicle flies what is decided; not in shadow mode.

    """

    now_s: float
    vehicle: VehicleState | None
    limits: Limits
    proposal: Proposal | None = None
    sighting: Sighting | None = None
    belief: BelievedTarget | None = None
    distance: RangeReading | None = None
    called_off: bool = False
    two_command: bool = False
    holds_height: bool = False
    holds_place: bool = False
    obeys: bool = True


@dataclass(frozen=True)
class GuardState:
    """What the guard remembers; start with :func:`start`."""

    last_s: float  # of the last step
    newest_s: float  # stamp of the newest image taken; others must be later
    fresh_s: float  # stamp of the last accepted proposal; at first the start
    begun_s: float  # the start
    seen_s: float  # stamp of the last sighting that counts; at first the start
    seen_at_s: float  # when it was noted
    passed_at_s: float = -math.inf  # when the first command of a later picture than that was taken
    seen_speed_m_s: float = 0.0  # of the setpoint then
    seen_climb_m_s: float = 0.0  # likewise, upward or downward
    sighting: Sighting | None = None  # the newest one
    belief: BelievedTarget | None = None  # likewise
    seen_from: complex | None = None  # the vehicle's place at the last sighting that counts
    seen_bearing_rad: float | None = None  # of the target then; None: never seen
    seen_heading_rad: float | None = None  # likewise, from east
    seen_distance_m: float | None = None  # of the target from there; None: not known
    search_left: bool | None = None  # the side to which this search turns
    search_about_rad: float | None = None  # the heading to both sides of which it looks first
    search_swept: int = 0  # how many of these sides it has looked at
    spotted_since_s: float = -math.inf  # since when there are sightings without a break
    command: FourFloats = ZERO  # the last accepted proposal
    setpoint: FourFloats = ZERO  # the last one given
    returned: FourFloats = ZERO  # of it: what brings the vehicle back to its place and height
    slope: FourFloats = ZERO  # its time derivative, m/s2 and rad/s2
    after_stop: bool = False  # the slope, or a part of it, comes from a stop
    refused: Reason | None = None  # why the newest proposal was not taken
    phase: Phase = Phase.FOLLOW
    wrong: Reason | None = None  # why it is stopping
    wrong_since_s: float = 0.0
    hold_height_m: float | None = None  # where it stands; None: not known when it stopped
    keeps_height: bool = False  # while it stops: all that tells heights was good so far
    place: DriftState | None = None  # where it should be by what it was told
    jumps: JumpState | None = None  # None before the first telemetry
    progress: ProgressState = field(default_factory=ProgressState)
    tilted_since_s: float | None = None
    ended: bool = False  # silent for good


class Step(NamedTuple):
    """One answer of the guard; no setpoint means: send nothing."""

    state: GuardState
    setpoint: Setpoint | None
    reason: Reason


def start(now_s: float, begun_s: float | None = None) -> GuardState:
    """Begin at zero velocity; the first proposal has ``command_age_s`` from now to arrive.

    Proposals from images not after ``begun_s`` (``now_s`` by default) will be ignored.
    """
    newest_s = now_s if begun_s is None else begun_s
    return GuardState(
        now_s, newest_s=newest_s, fresh_s=now_s, begun_s=now_s, seen_s=now_s, seen_at_s=now_s
    )
