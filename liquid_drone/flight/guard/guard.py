# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The guard: what a policy proposes, made safe, or a stop with a reason. Pure, readable alone.

Between the policy and the autopilot stands only this. While proposals are fresh it keeps them
inside the :class:`.limits.Limits`. When the target is out of sight it slows down, faces the place
where it was, holds, then turns to look for it. When something is wrong, or not known, it stops,
holds for a moment, and then says nothing more, so that the autopilot's own setpoint-loss failsafe
acts. It follows again by itself only where a late picture was all that was wrong. It never repeats
an old proposal blindly, never steps in velocity, never flies back inside a limit by itself, and
never lets through a number that is not finite.

Frames: commands are FLU, heading-aligned; positions ENU. Time is the caller's (``now_s``).
"""

import math

from ...arrays import FourFloats
from ..facts import Evidence, first_wrong, known
from ..reason import Reason
from ..records import replace
from ..setpoint import Setpoint
from ..vehicle import VehicleState
from . import jumps, progress, target
from .drift_compensation import correction, expected, height_back
from .jerk_limit import shorten
from .limits import ZERO, Limits, Sighting, allowed, approach, height_correction
from .state import LONGEST_STEP_S, GuardInput, GuardState, Phase, Step

FUTURE_S = 0.25  # by which a picture's clock may be ahead of ours
_KEEPS_HEIGHT = frozenset(  # the estimate can be relied on while it stops for these
    {
        Reason.STALE_COMMAND,
        Reason.FUTURE_COMMAND,
        Reason.NOT_FINITE,
        Reason.CALLED_OFF,
        Reason.TARGET_GONE,
        Reason.LOW_BATTERY,
    }
)


def step(state: GuardState, given: GuardInput) -> Step:
    """Turn the newest proposal (None: nothing new) into a setpoint, or into nothing."""
    if state.ended:
        return Step(state, None, state.wrong or Reason.STALE_COMMAND)
    state = target.look(_take(state, given), given)
    state, jumped = _watch_jumps(state, given)
    vehicle = None if state.jumps is None else state.jumps.vehicle
    state = _watch_motion(state, given, vehicle)
    wrong, since_s = _what_is_wrong(state, given, vehicle, jumped)
    if wrong is not None:
        keeps = wrong in _KEEPS_HEIGHT and jumped is None and _knows_height(given, vehicle)
        state = replace(state, keeps_height=keeps and (state.wrong is None or state.keeps_height))
        return _stop(state, wrong, since_s, given, vehicle)
    if vehicle is None:  # never: that is no heartbeat
        return Step(replace(state, ended=True), None, Reason.NO_HEARTBEAT)
    return _go_on(state, given, vehicle)


def _take(state: GuardState, given: GuardInput) -> GuardState:
    proposal, now_s = given.proposal, given.now_s
    if proposal is None:
        return state
    if not proposal.is_finite:
        return replace(state, refused=Reason.NOT_FINITE)
    if proposal.stamp_s > now_s + FUTURE_S:
        return replace(state, refused=Reason.FUTURE_COMMAND)
    if not proposal.stamp_s > state.newest_s:
        return state
    fresh_s = min(proposal.stamp_s, now_s)
    passes = proposal.stamp_s > state.seen_s >= state.newest_s
    return replace(
        state,
        command=proposal.command,
        newest_s=proposal.stamp_s,
        fresh_s=max(fresh_s, state.fresh_s),
        passed_at_s=now_s if passes else state.passed_at_s,
        refused=None,
    )


def _watch_jumps(state: GuardState, given: GuardInput) -> tuple[GuardState, Reason | None]:
    if given.vehicle is None:
        return state, None
    before = state.jumps or jumps.begin(given.vehicle)
    after, jumped = jumps.watch(before, given.vehicle, given.limits)
    return replace(state, jumps=after), jumped


def _watch_motion(
    state: GuardState, given: GuardInput, vehicle: VehicleState | None
) -> GuardState:
    """Note since when it is tilted, and since when it does not do as commanded."""
    limits, now_s = given.limits, given.now_s
    if vehicle is None:
        return replace(state, tilted_since_s=None)
    if given.obeys:
        moves = progress.watch(
            state.progress, state.setpoint, vehicle, now_s, limits.flyaway_m_s, state.returned
        )
        state = replace(state, progress=moves)
    if limits.max_tilt_rad is None or vehicle.tilt_rad <= limits.max_tilt_rad:
        return replace(state, tilted_since_s=None)
    return state if state.tilted_since_s is not None else replace(state, tilted_since_s=now_s)


def _what_is_wrong(
    state: GuardState, given: GuardInput, vehicle: VehicleState | None, jumped: Reason | None
) -> tuple[Reason | None, float]:
    """Return the reason to stop, and since when it holds."""
    limits, now_s = given.limits, given.now_s
    if state.wrong is not None and not state.wrong.is_passing:
        return state.wrong, state.wrong_since_s
    since_s = state.wrong_since_s if state.wrong else now_s
    if given.called_off:
        return Reason.CALLED_OFF, since_s
    if given.two_command:
        return Reason.TWO_COMMAND, since_s
    fact = first_wrong(Evidence(now_s, vehicle, given.distance), limits)
    if fact is not None or jumped is not None:
        return jumped or (fact.reason if fact else None), since_s
    tilted, most_s = state.tilted_since_s, limits.stuck_after_s
    if tilted is not None and now_s - tilted > limits.tilt_s:
        return Reason.TILTED, since_s
    if most_s is not None and state.progress.away_s(now_s) > most_s:
        return Reason.FLYAWAY, since_s
    if most_s is not None and state.progress.stuck_s(now_s) > most_s:
        return Reason.NOT_MOVING, since_s
    expired_s = state.fresh_s + limits.command_age_s
    if now_s > expired_s:
        return state.refused or Reason.STALE_COMMAND, since_s if state.wrong else expired_s
    if target.lost_s(state, limits, now_s) > limits.lost_hold_s + limits.search_s:
        return Reason.TARGET_GONE, since_s
    return None, now_s


def _go_on(state: GuardState, given: GuardInput, vehicle: VehicleState) -> Step:
    """Follow; or, while the target is lost, hold facing its last place, then look around."""
    limits, now_s = given.limits, given.now_s
    if state.phase is Phase.SEARCH:
        state = target.go_on_searching(state, vehicle)
    else:
        state = target.begin_search(state, limits, vehicle, now_s)
    phase, wanted, reason = _wanted(state, vehicle, limits, now_s)
    wanted = target.kept_near(state, wanted, vehicle, limits, now_s)
    if phase is not Phase.FOLLOW and state.phase in (Phase.FOLLOW, Phase.STOP):
        state = replace(state, hold_height_m=vehicle.height_m)
    if phase is not Phase.FOLLOW and given.holds_height:
        wanted = (wanted[0], wanted[1], _climb(state, vehicle, limits), wanted[3])
    seen = _distance(state, given)
    wish, bound = allowed(wanted, vehicle, limits, seen)
    slows = math.hypot(*wanted[:3]) < math.hypot(*state.setpoint[:3])
    moves = wish if phase is Phase.FOLLOW else (wish[0], wish[1], 0.0, wish[3])
    if given.holds_place:
        state = _follow_place(state, wish, vehicle, now_s)
        back = _returned(state, wish, vehicle, phase)
        wish, _ = allowed(back, vehicle, limits, seen)
    hard = reason is Reason.UNSEEN and slows
    state = replace(state, wrong=None, phase=phase, returned=_less(wish, moves))
    state = _approach(state, wish, limits, now_s, stopping=hard)
    return Step(state, Setpoint(*state.setpoint), reason or bound)


def _approach(
    state: GuardState, wish: FourFloats, limits: Limits, now_s: float, stopping: bool
) -> GuardState:
    setpoint, slope, after_stop = approach(
        state.setpoint,
        state.slope,
        wish,
        limits,
        _dt_s(state, now_s),
        stopping=stopping,
        after_stop=state.after_stop,
    )
    return replace(state, last_s=now_s, setpoint=setpoint, slope=slope, after_stop=after_stop)


def _wanted(
    state: GuardState, vehicle: VehicleState, limits: Limits, now_s: float
) -> tuple[Phase, FourFloats, Reason | None]:
    """Return the phase, the command that the sightings allow, and why it is another one."""
    stage = target.stage(state, limits, now_s)
    if stage is Phase.SEARCH:
        return stage, (0.0, 0.0, 0.0, target.search_turn(state, limits)), Reason.SEARCHING
    turn = target.turn(state, vehicle, limits, now_s)
    if stage is Phase.HOLD:
        return stage, (0.0, 0.0, 0.0, turn or 0.0), Reason.TARGET_LOST
    most = target.speeds(state, limits, now_s)
    if most is None:
        return stage, state.command, None
    vx, vy, vz, yaw_rate = state.command
    v, climb = shorten(complex(vx, vy), most[0]), max(-most[1], min(most[1], vz))
    is_gone = now_s - state.seen_s > limits.unseen_after_s
    if is_gone and turn is not None and not target.believed(state, limits, now_s):
        yaw_rate = turn  # a policy without a belief turns anywhere
    allowed_now = v.real, v.imag, climb, yaw_rate
    return stage, allowed_now, None if allowed_now == state.command else Reason.UNSEEN


def _distance(state: GuardState, given: GuardInput) -> Sighting | None:
    """Return the last sighting with the range sensor's distance; without one: straight ahead."""
    seen = target.recent(state, given.now_s)
    if given.distance is None:
        return seen
    bearing_rad = 0.0 if seen is None else seen.bearing_rad
    known_m = math.inf if seen is None or seen.distance_m is None else seen.distance_m
    return Sighting(given.now_s, bearing_rad, min(known_m, given.distance.distance_m))


def _follow_place(
    state: GuardState, wish: FourFloats, vehicle: VehicleState, now_s: float
) -> GuardState:
    wanted, dt_s = complex(wish[0], wish[1]), _dt_s(state, now_s)
    return replace(state, place=expected(state.place, wanted, wish[2], vehicle, dt_s))


def _returned(
    state: GuardState, wish: FourFloats, vehicle: VehicleState, phase: Phase
) -> FourFloats:
    """Add what brings the vehicle back to its place; a held height has a loop of its own."""
    if state.place is None:
        return wish
    back = correction(state.place, vehicle)
    climb = height_back(state.place, vehicle) if phase is Phase.FOLLOW else 0.0
    return wish[0] + back.real, wish[1] + back.imag, wish[2] + climb, wish[3]


def _less(all_of_it: FourFloats, a_part: FourFloats) -> FourFloats:
    a, b = all_of_it, a_part
    return a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3]


def _dt_s(state: GuardState, now_s: float) -> float:
    return min(max(now_s - state.last_s, 0.0), LONGEST_STEP_S)


def _stop(
    state: GuardState,
    wrong: Reason,
    since_s: float,
    given: GuardInput,
    vehicle: VehicleState | None,
) -> Step:
    """Stop, hold, then fall silent; a passing reason that goes away before that is over."""
    limits, now_s = given.limits, given.now_s
    if state.wrong is None:
        state = replace(
            state, wrong_since_s=since_s, hold_height_m=None, place=None, returned=ZERO
        )
    stopped_s = now_s - state.wrong_since_s
    state = replace(state, wrong=wrong, phase=Phase.STOP)
    if stopped_s > limits.stop_s + limits.hold_s:
        return Step(replace(state, last_s=now_s, ended=True), None, wrong)
    climb = 0.0
    if vehicle is not None and given.holds_height and state.keeps_height:
        if state.hold_height_m is None:
            state = replace(state, hold_height_m=vehicle.height_m)
        climb = _climb(state, vehicle, limits)
    state = _approach(state, (0.0, 0.0, climb, 0.0), limits, now_s, stopping=True)
    return Step(state, Setpoint(*state.setpoint), wrong)


def _knows_height(given: GuardInput, vehicle: VehicleState | None) -> bool:
    """Tell whether all is known but what a stop may be for; once it is not, no height is held."""
    facts = known(Evidence(given.now_s, vehicle, given.distance), given.limits)
    return all(fact.is_good or fact.reason in _KEEPS_HEIGHT for fact in facts)


def _climb(state: GuardState, vehicle: VehicleState, limits: Limits) -> float:
    height_m = vehicle.height_m if state.hold_height_m is None else state.hold_height_m
    return height_correction(vehicle, height_m, limits)
