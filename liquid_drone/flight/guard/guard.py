# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The guard: what a policy proposes, made safe, or a stop with a reason. Pure, readable alone.

Between the policy and the autopilot stands only this. While proposals are fresh it keeps them
inside the :class:`.limits.Limits`. When the target is lost it holds, then turns to look for it.
When something is wrong it stops, holds for a moment, and then says nothing more, so that the
autopilot's own setpoint-loss failsafe acts. It never repeats an old proposal blindly, never steps
in velocity, and never lets through a number that is not finite.

Frames: commands are FLU, heading-aligned; positions ENU. Time is the caller's (``now_s``).
"""

import math
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from ...arrays import FourFloats
from ..setpoint import Setpoint
from ..vehicle import VehicleState
from .drift_compensation import DriftState, correction, expected
from .limits import ZERO, Limits, Reason, Sighting, allowed, approach, height_correction

LONGEST_STEP_S = 0.2  # a longer pause between two steps does not allow a larger change
BREAK_S = 0.3  # between two sightings; after more than that the target was out of sight


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
class GuardState:
    """What the guard remembers; start with :func:`start`."""

    last_s: float  # of the last step
    newest_s: float  # stamp of the newest image taken; others must be later
    fresh_s: float  # stamp of the last accepted proposal; at first the start
    seen_s: float  # when the target counted as seen last; at first the start
    sighting: Sighting | None = None  # the newest one
    spotted_since_s: float = 0.0  # since when there are sightings without a break
    command: FourFloats = ZERO  # the last accepted proposal
    setpoint: FourFloats = ZERO  # the last one given
    slope: FourFloats = ZERO  # its time derivative, m/s2 and rad/s2
    refused: bool = False  # the newest proposal was not finite
    phase: Phase = Phase.FOLLOW
    wrong: Reason | None = None  # why it is stopping
    wrong_since_s: float = 0.0
    hold_height_m: float | None = None  # where it stands; None: not known when it stopped
    place: DriftState | None = None  # where it should be by what it was told
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
    return GuardState(now_s, newest_s=newest_s, fresh_s=now_s, seen_s=now_s)


def step(
    state: GuardState,
    proposal: Proposal | None,
    vehicle: VehicleState | None,
    limits: Limits,
    now_s: float,
    holds_height: bool = False,
    holds_place: bool = False,
    called_off: bool = False,
    sighting: Sighting | None = None,
) -> Step:
    """Turn the newest proposal (None: nothing new) into a setpoint, or into nothing.

    Args:
        state: from the step before.
        proposal: the newest one known; giving an old one again does no harm.
        vehicle: what is known about the vehicle.
        limits: what is allowed.
        now_s: the caller's time; going backwards counts as standing still.
        holds_height: run an altitude loop while stopped (PX4 holds no position by itself).
        holds_place: take the horizontal creep away while following (PX4, for the same reason).
        called_off: a human wants it to stop.
        sighting: the newest one known of the target; an old one again does no harm.

    """
    if state.ended:
        return Step(state, None, state.wrong or Reason.STALE_COMMAND)
    state = _watch_tilt(_take(state, proposal, limits, now_s), vehicle, limits, now_s)
    state = _look(state, sighting, limits, now_s)
    wrong, since_s = _what_is_wrong(state, vehicle, limits, now_s, called_off)
    if wrong is not None:
        return _stop(state, wrong, since_s, vehicle, limits, now_s, holds_height)
    if vehicle is None:  # never: that is stale telemetry
        return Step(replace(state, ended=True), None, Reason.STALE_TELEMETRY)
    return _go_on(state, vehicle, limits, now_s, holds_height, holds_place)


def _take(
    state: GuardState, proposal: Proposal | None, limits: Limits, now_s: float
) -> GuardState:
    if proposal is None:
        return state
    if not proposal.is_finite:
        return replace(state, refused=True)
    is_new = proposal.stamp_s > state.newest_s
    is_from_the_future = proposal.stamp_s > now_s + limits.command_age_s  # a clock jumped
    if not is_new or is_from_the_future:
        return state
    fresh_s = min(proposal.stamp_s, now_s)
    return replace(
        state,
        command=proposal.command,
        newest_s=proposal.stamp_s,
        fresh_s=max(fresh_s, state.fresh_s),
        refused=False,
    )


def _look(
    state: GuardState, sighting: Sighting | None, limits: Limits, now_s: float
) -> GuardState:
    """Note a new sighting; once lost, the target counts as seen after ``found_s`` of them."""
    before = state.sighting
    if sighting is None or not math.isfinite(sighting.stamp_s + sighting.bearing_rad):
        return state
    newest_s = -math.inf if before is None else before.stamp_s
    if not newest_s < sighting.stamp_s <= now_s:
        return state
    goes_on = sighting.stamp_s - newest_s <= BREAK_S
    since_s = state.spotted_since_s if goes_on else sighting.stamp_s
    lost = state.phase in (Phase.HOLD, Phase.SEARCH)
    seen_s = state.seen_s
    if not lost or sighting.stamp_s - since_s >= limits.found_s:
        seen_s = max(seen_s, sighting.stamp_s)
    return replace(state, sighting=sighting, spotted_since_s=since_s, seen_s=seen_s)


def _watch_tilt(
    state: GuardState, vehicle: VehicleState | None, limits: Limits, now_s: float
) -> GuardState:
    if vehicle is None or limits.max_tilt_rad is None or vehicle.tilt_rad <= limits.max_tilt_rad:
        return state if state.tilted_since_s is None else replace(state, tilted_since_s=None)
    return state if state.tilted_since_s is not None else replace(state, tilted_since_s=now_s)


_FINAL = (Reason.CALLED_OFF, Reason.LOW_BATTERY, Reason.TILTED, Reason.TARGET_GONE)


def _what_is_wrong(
    state: GuardState,
    vehicle: VehicleState | None,
    limits: Limits,
    now_s: float,
    called_off: bool,
) -> tuple[Reason | None, float]:
    """Return the reason to stop, and since when it holds."""
    if state.wrong in _FINAL:
        return state.wrong, state.wrong_since_s
    wrong = Reason.CALLED_OFF if called_off else unfit(vehicle, limits, now_s)
    tilted = state.tilted_since_s
    if wrong is None and tilted is not None and now_s - tilted > limits.tilt_s:
        wrong = Reason.TILTED
    expired_s = state.fresh_s + limits.command_age_s
    if wrong is None and now_s > expired_s:
        wrong = Reason.NOT_FINITE if state.refused else Reason.STALE_COMMAND
        return wrong, state.wrong_since_s if state.wrong else expired_s
    if wrong is None and _lost_s(state, limits, now_s) > limits.lost_hold_s + limits.search_s:
        wrong = Reason.TARGET_GONE
    return wrong, state.wrong_since_s if state.wrong else now_s


def _lost_s(state: GuardState, limits: Limits, now_s: float) -> float:
    """Return for how long the target counts as lost; negative: it does not."""
    if limits.lost_after_s is None:
        return -math.inf
    return now_s - state.seen_s - limits.lost_after_s


def unfit(vehicle: VehicleState | None, limits: Limits, now_s: float) -> Reason | None:
    """Return why this vehicle cannot be commanded now; None: it can."""
    if vehicle is None or vehicle.heartbeat_age_s(now_s) > limits.heartbeat_age_s:
        return Reason.STALE_TELEMETRY
    if vehicle.estimate_age_s(now_s) > limits.estimate_age_s:
        return Reason.STALE_TELEMETRY
    turned = vehicle.roll, vehicle.pitch, vehicle.yaw
    motion = (*vehicle.position_enu, *vehicle.velocity_enu, *vehicle.home_enu, *turned)
    if not vehicle.position_valid or not all(map(math.isfinite, motion)):
        return Reason.NO_POSITION
    battery = vehicle.battery_remaining
    if limits.min_battery is not None and battery is not None and battery < limits.min_battery:
        return Reason.LOW_BATTERY
    return None


def _go_on(
    state: GuardState,
    vehicle: VehicleState,
    limits: Limits,
    now_s: float,
    holds_height: bool,
    holds_place: bool,
) -> Step:
    """Follow; or, while the target is lost, hold and then turn to the side where it was last."""
    lost_s = _lost_s(state, limits, now_s)
    phase, target = Phase.FOLLOW, state.command
    if lost_s > 0.0:
        phase = Phase.HOLD if lost_s <= limits.lost_hold_s else Phase.SEARCH
        if state.phase in (Phase.FOLLOW, Phase.STOP):
            state = replace(state, hold_height_m=vehicle.height_m)
        turn = _search_turn(state, limits) if phase is Phase.SEARCH else 0.0
        climb = _climb(state, vehicle, limits) if holds_height else 0.0
        target = (0.0, 0.0, climb, turn)
    seen = _recent(state, now_s)
    target, reason = allowed(target, vehicle, limits, seen)
    if holds_place:
        state = _follow_place(state, target, vehicle, now_s)
        target, _ = allowed(_returned(state, target, vehicle), vehicle, limits, seen)
    if phase is not Phase.FOLLOW:
        reason = Reason.TARGET_LOST if phase is Phase.HOLD else Reason.SEARCHING
    setpoint, slope = approach(state.setpoint, state.slope, target, limits, _dt_s(state, now_s))
    state = replace(state, last_s=now_s, setpoint=setpoint, slope=slope, wrong=None, phase=phase)
    return Step(state, Setpoint(*setpoint), reason)


def _follow_place(
    state: GuardState, target: FourFloats, vehicle: VehicleState, now_s: float
) -> GuardState:
    wanted, dt_s = complex(target[0], target[1]), _dt_s(state, now_s)
    return replace(state, place=expected(state.place, wanted, vehicle, dt_s))


def _returned(state: GuardState, target: FourFloats, vehicle: VehicleState) -> FourFloats:
    """Add what brings the vehicle back to its place."""
    if state.place is None:
        return target
    back = correction(state.place, vehicle)
    return target[0] + back.real, target[1] + back.imag, target[2], target[3]


def _recent(state: GuardState, now_s: float) -> Sighting | None:
    seen = state.sighting
    return seen if seen is not None and now_s - seen.stamp_s <= 1.0 else None


def _search_turn(state: GuardState, limits: Limits) -> float:
    """Turn to where the target left the image; to the left where it was never seen."""
    left = state.sighting is None or state.sighting.bearing_rad >= 0.0
    rate = min(limits.search_yaw_rate_rad_s, limits.yaw_rate_rad_s)
    return rate if left else -rate


def _dt_s(state: GuardState, now_s: float) -> float:
    return min(max(now_s - state.last_s, 0.0), LONGEST_STEP_S)


def _stop(
    state: GuardState,
    wrong: Reason,
    since_s: float,
    vehicle: VehicleState | None,
    limits: Limits,
    now_s: float,
    holds_height: bool,
) -> Step:
    """Stop, hold, then fall silent; follows again if the reason goes away before that."""
    if state.wrong is None:
        state = replace(state, wrong_since_s=since_s, hold_height_m=None, place=None)
    stopped_s = now_s - state.wrong_since_s
    state = replace(state, wrong=wrong, phase=Phase.STOP)
    if stopped_s > limits.stop_s + limits.hold_s:
        return Step(replace(state, last_s=now_s, ended=True), None, wrong)
    climb = 0.0
    if vehicle is not None and unfit(vehicle, limits, now_s) in (None, Reason.LOW_BATTERY):
        if state.hold_height_m is None:
            state = replace(state, hold_height_m=vehicle.height_m)
        climb = _climb(state, vehicle, limits) if holds_height else 0.0
    setpoint, slope = approach(
        state.setpoint,
        state.slope,
        (0.0, 0.0, climb, 0.0),
        limits,
        _dt_s(state, now_s),
        stopping=True,
    )
    state = replace(state, last_s=now_s, setpoint=setpoint, slope=slope)
    return Step(state, Setpoint(*setpoint), wrong)


def _climb(state: GuardState, vehicle: VehicleState, limits: Limits) -> float:
    height_m = vehicle.height_m if state.hold_height_m is None else state.hold_height_m
    return height_correction(vehicle, height_m, limits)
