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
from dataclasses import replace

from ...arrays import FourFloats
from ..setpoint import Setpoint
from ..vehicle import VehicleState
from .drift_compensation import correction, expected
from .limits import Limits, Reason, Sighting, allowed, approach, height_correction
from .state import LONGEST_STEP_S, GuardInput, GuardState, Phase, Step

BREAK_S = 0.3  # between two sightings; after more than that the target was out of sight


def step(state: GuardState, given: GuardInput) -> Step:
    """Turn the newest proposal (None: nothing new) into a setpoint, or into nothing."""
    if state.ended:
        return Step(state, None, state.wrong or Reason.STALE_COMMAND)
    state = _look(_watch_tilt(_take(state, given), given), given)
    wrong, since_s = _what_is_wrong(state, given)
    if wrong is not None:
        return _stop(state, wrong, since_s, given)
    if given.vehicle is None:  # never: that is stale telemetry
        return Step(replace(state, ended=True), None, Reason.STALE_TELEMETRY)
    return _go_on(state, given, given.vehicle)


def _take(state: GuardState, given: GuardInput) -> GuardState:
    proposal, now_s, age_s = given.proposal, given.now_s, given.limits.command_age_s
    if proposal is None:
        return state
    if not proposal.is_finite:
        return replace(state, refused=True)
    is_new = proposal.stamp_s > state.newest_s
    is_from_the_future = proposal.stamp_s > now_s + age_s  # a clock jumped
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


def _look(state: GuardState, given: GuardInput) -> GuardState:
    """Note a new sighting; once lost, the target counts as seen after ``found_s`` of them."""
    before, sighting = state.sighting, given.sighting
    if sighting is None or not math.isfinite(sighting.stamp_s + sighting.bearing_rad):
        return state
    newest_s = -math.inf if before is None else before.stamp_s
    if not newest_s < sighting.stamp_s <= given.now_s:
        return state
    goes_on = sighting.stamp_s - newest_s <= BREAK_S
    since_s = state.spotted_since_s if goes_on else sighting.stamp_s
    lost = state.phase in (Phase.HOLD, Phase.SEARCH)
    seen_s = state.seen_s
    if not lost or sighting.stamp_s - since_s >= given.limits.found_s:
        seen_s = max(seen_s, sighting.stamp_s)
    return replace(state, sighting=sighting, spotted_since_s=since_s, seen_s=seen_s)


def _watch_tilt(state: GuardState, given: GuardInput) -> GuardState:
    vehicle, most = given.vehicle, given.limits.max_tilt_rad
    if vehicle is None or most is None or vehicle.tilt_rad <= most:
        return state if state.tilted_since_s is None else replace(state, tilted_since_s=None)
    is_known = state.tilted_since_s is not None
    return state if is_known else replace(state, tilted_since_s=given.now_s)


_FINAL = (Reason.CALLED_OFF, Reason.LOW_BATTERY, Reason.TILTED, Reason.TARGET_GONE)


def _what_is_wrong(state: GuardState, given: GuardInput) -> tuple[Reason | None, float]:
    """Return the reason to stop, and since when it holds."""
    limits, now_s = given.limits, given.now_s
    if state.wrong in _FINAL:
        return state.wrong, state.wrong_since_s
    wrong = Reason.CALLED_OFF if given.called_off else unfit(given.vehicle, limits, now_s)
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


def _go_on(state: GuardState, given: GuardInput, vehicle: VehicleState) -> Step:
    """Follow; or, while the target is lost, hold and then turn to the side where it was last."""
    limits, now_s = given.limits, given.now_s
    lost_s = _lost_s(state, limits, now_s)
    phase, target = Phase.FOLLOW, state.command
    if lost_s > 0.0:
        phase = Phase.HOLD if lost_s <= limits.lost_hold_s else Phase.SEARCH
        if state.phase in (Phase.FOLLOW, Phase.STOP):
            state = replace(state, hold_height_m=vehicle.height_m)
        turn = _search_turn(state, limits) if phase is Phase.SEARCH else 0.0
        climb = _climb(state, vehicle, limits) if given.holds_height else 0.0
        target = (0.0, 0.0, climb, turn)
    seen = _recent(state, now_s)
    target, reason = allowed(target, vehicle, limits, seen)
    if given.holds_place:
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


def _stop(state: GuardState, wrong: Reason, since_s: float, given: GuardInput) -> Step:
    """Stop, hold, then fall silent; follows again if the reason goes away before that."""
    vehicle, limits, now_s = given.vehicle, given.limits, given.now_s
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
        climb = _climb(state, vehicle, limits) if given.holds_height else 0.0
    zero, dt_s = (0.0, 0.0, climb, 0.0), _dt_s(state, now_s)
    setpoint, slope = approach(state.setpoint, state.slope, zero, limits, dt_s, stopping=True)
    state = replace(state, last_s=now_s, setpoint=setpoint, slope=slope)
    return Step(state, Setpoint(*setpoint), wrong)


def _climb(state: GuardState, vehicle: VehicleState, limits: Limits) -> float:
    height_m = vehicle.height_m if state.hold_height_m is None else state.hold_height_m
    return height_correction(vehicle, height_m, limits)
