# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the sightings of the target allow: full speed, a slowing, a hold, a search. Pure.

A target out of sight is acted on at once: no speed above that of the last sighting, and none at
all within ``unseen_stop_s``. The vehicle turns to where it was seen last, since a policy without
a belief turns anywhere then. One flash is no sighting: it takes ``found_s`` of them, without a
break, to count again.
"""

import cmath
import math

from ...arrays import FourFloats
from ..records import replace
from ..vehicle import VehicleState
from . import fence
from .limits import Limits, Sighting, from_home
from .state import GuardInput, GuardState, Phase

BREAK_S = 0.3  # between two sightings; after more than that the target was out of sight
MISSED_S = 0.12  # without a sighting: a picture or two came without the target, or none came
ANSWER_S = 0.03  # in which a picture's sighting follows its command
TURN_PER_S = 1.5  # of the angle to the place of the last sighting
RECENT_S = 1.0  # a bearing older than that tells no direction
SWEEP_RAD = math.radians(50.0)  # looked to either side of the last place, before all around
SIDES = 2


def look(state: GuardState, given: GuardInput) -> GuardState:
    """Note a new sighting; after a break, the target counts as seen after ``found_s`` of them."""
    state = _with_belief(state, given)
    before, sighting, now_s = state.sighting, given.sighting, given.now_s
    if sighting is None or not math.isfinite(sighting.stamp_s + sighting.bearing_rad):
        return state
    newest_s = state.begun_s if before is None else before.stamp_s
    if not newest_s < sighting.stamp_s <= now_s:
        return state
    goes_on = sighting.stamp_s - newest_s <= BREAK_S
    since_s = state.spotted_since_s if goes_on else sighting.stamp_s
    state = replace(state, sighting=sighting, spotted_since_s=since_s)
    if sighting.stamp_s - since_s < given.limits.found_s:
        return state
    speed = math.hypot(state.setpoint[0], state.setpoint[1])
    vehicle, distance_m = given.vehicle, sighting.distance_m
    if distance_m is None and state.belief is not None and believed(state, given.limits, now_s):
        distance_m = state.belief.distance_m
    return replace(
        state,
        seen_from=None if vehicle is None else from_home(vehicle),
        seen_bearing_rad=sighting.bearing_rad,
        seen_heading_rad=None if vehicle is None else vehicle.yaw + sighting.bearing_rad,
        seen_distance_m=distance_m,
        seen_s=max(state.seen_s, sighting.stamp_s),
        seen_at_s=now_s,
        seen_speed_m_s=speed,
        seen_climb_m_s=abs(state.setpoint[2]),
    )


def _with_belief(state: GuardState, given: GuardInput) -> GuardState:
    belief = given.belief
    if belief is None or not belief.is_finite or belief.distance_m <= 0.0:
        return state
    newest_s = state.begun_s if state.belief is None else state.belief.stamp_s
    return replace(state, belief=belief) if newest_s < belief.stamp_s <= given.now_s else state


def believed(state: GuardState, limits: Limits, now_s: float) -> bool:
    """Tell whether the policy believes the target to be somewhere now; never where that is off."""
    if state.belief is None or limits.believed_beyond_m is None:
        return False
    return now_s - state.belief.stamp_s <= BREAK_S


def lost_s(state: GuardState, limits: Limits, now_s: float) -> float:
    """Return for how long the target counts as lost; negative: it does not."""
    if limits.lost_after_s is None:
        return -math.inf
    return now_s - state.seen_s - limits.lost_after_s


def stage(state: GuardState, limits: Limits, now_s: float) -> Phase:
    """Return what its being out of sight asks for: to follow, to hold, to search.

    One that was never seen left no place to wait at: it is searched for at once.
    """
    lost = lost_s(state, limits, now_s)
    if lost > limits.lost_hold_s:
        return Phase.SEARCH
    stop_s, nowhere = limits.unseen_stop_s, state.seen_bearing_rad is None
    if (
        nowhere
        and math.isfinite(lost)
        and stop_s is not None
        and not believed(state, limits, now_s)
    ):
        return Phase.SEARCH if now_s - state.seen_s > stop_s else Phase.FOLLOW
    return Phase.HOLD if lost > 0.0 else Phase.FOLLOW


def speeds(state: GuardState, limits: Limits, now_s: float) -> tuple[float, float] | None:
    """Return the largest speed and climb while the target is not seen; None: it is seen.

    Between two pictures of a slow camera the last one tells, for at most ``unseen_after_s``.
    """
    if limits.unseen_stop_s is None or now_s - state.seen_at_s <= MISSED_S:
        return None
    after_s, stop_s = limits.unseen_after_s, limits.unseen_stop_s
    told = state.newest_s > state.seen_s and now_s - state.passed_at_s > ANSWER_S
    if not told and now_s - state.seen_s <= after_s:
        return None  # no picture came since, or the newest one's sighting may be under way
    gone = (now_s - state.seen_s - after_s) / max(stop_s - after_s, 1e-9)
    left = max(min(1.0, max(0.0, 1.0 - gone)), _carried(state, limits, now_s))
    most = min(state.seen_speed_m_s, limits.unseen_speed_m_s)
    return left * most, left * state.seen_climb_m_s


def _carried(state: GuardState, limits: Limits, now_s: float) -> float:
    """Return the share of the last sighting's speed that a belief lets last; 0: none.

    It ends in the time in which it would end without one, so that the vehicle stands when the
    target counts as lost.
    """
    stop_s, known = limits.unseen_stop_s, state.seen_from is not None
    if None in (limits.lost_after_s, limits.believed_beyond_m, stop_s) or not known:
        return 0.0
    if state.seen_distance_m is None or not believed(state, limits, now_s):
        return 0.0
    assert limits.lost_after_s is not None  # looked for above
    assert stop_s is not None
    ends_in_s = limits.lost_after_s - (now_s - state.seen_s)
    return min(1.0, max(0.0, ends_in_s / max(stop_s - limits.unseen_after_s, 1e-9)))


def kept_near(
    state: GuardState, wanted: FourFloats, vehicle: VehicleState, limits: Limits, now_s: float
) -> FourFloats:
    """Slow down where belief alone leads too far beyond the place of the last sighting."""
    from_there, distance_m, beyond_m = (
        state.seen_from,
        state.seen_distance_m,
        limits.believed_beyond_m,
    )
    is_seen = speeds(state, limits, now_s) is None
    if is_seen or from_there is None or distance_m is None or beyond_m is None:
        return wanted
    if _carried(state, limits, now_s) <= 0.0:
        return wanted
    v, heading = complex(wanted[0], wanted[1]), cmath.rect(1.0, vehicle.yaw)
    place, enu = from_home(vehicle) - from_there, v * heading
    kept = fence.within_circle(enu, place, distance_m + beyond_m)
    v = v if kept == enu else kept * heading.conjugate()
    return v.real, v.imag, wanted[2], wanted[3]


def recent(state: GuardState, now_s: float) -> Sighting | None:
    """Return the last sighting where it still tells a direction."""
    seen = state.sighting
    return seen if seen is not None and now_s - seen.stamp_s <= RECENT_S else None


def begin_search(
    state: GuardState, limits: Limits, vehicle: VehicleState, now_s: float
) -> GuardState:
    """Choose the side: where the target is believed, else where it left the image.

    Both sides of the place where it is believed, or was seen last, are looked at first. For one
    that was never seen the vehicle turns on, as the policy turned it: what is there, it has seen.
    """
    bearing_rad, about_rad = state.seen_bearing_rad, state.seen_heading_rad
    if bearing_rad is None:
        bearing_rad = state.setpoint[3]
    if believed(state, limits, now_s) and state.belief is not None:
        bearing_rad = state.belief.bearing_rad
        about_rad = vehicle.yaw + bearing_rad
    return replace(
        state, search_left=bearing_rad >= 0.0, search_about_rad=about_rad, search_swept=0
    )


def go_on_searching(state: GuardState, vehicle: VehicleState) -> GuardState:
    """Turn to the other side once one side is looked at; after both, on and all around."""
    if state.search_about_rad is None or state.search_swept >= SIDES:
        return state
    way = 1.0 if state.search_left else -1.0
    beyond = way * math.remainder(vehicle.yaw - state.search_about_rad, math.tau)
    if beyond < SWEEP_RAD:
        return state
    swept = state.search_swept + 1
    turns_back = swept < SIDES
    return replace(state, search_swept=swept, search_left=state.search_left is not turns_back)


def turn(state: GuardState, vehicle: VehicleState, limits: Limits, now_s: float) -> float | None:
    """Return the turn, rad/s, to where it is believed or was seen last; None: that is not known.

    Within the limits a drone that has lost its target over the edge of the picture sees it again
    in the time of that turn.
    """
    if believed(state, limits, now_s) and state.belief is not None:
        angle_rad = state.belief.bearing_rad
    elif state.seen_heading_rad is not None:
        angle_rad = math.remainder(state.seen_heading_rad - vehicle.yaw, math.tau)
    else:
        return None
    return max(-limits.yaw_rate_rad_s, min(limits.yaw_rate_rad_s, TURN_PER_S * angle_rad))


def search_turn(state: GuardState, limits: Limits) -> float:
    """Turn to the side that was chosen when the search began, all around if need be."""
    rate = min(limits.search_yaw_rate_rad_s, limits.yaw_rate_rad_s)
    return -rate if state.search_left is False else rate
