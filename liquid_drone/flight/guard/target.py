# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the sightings of the target allow: full speed, a slowing, a hold, a search. Pure.

A target out of sight is acted on at once: no speed above that of the last sighting, and none at
all within ``unseen_stop_s``; turning stays free. One flash is no sighting: it takes ``found_s`` of
them, without a break, to count again.
"""

import math
from dataclasses import replace

from .limits import Limits, Sighting
from .state import GuardInput, GuardState

BREAK_S = 0.3  # between two sightings; after more than that the target was out of sight
MISSED_S = 0.12  # without a sighting: a picture or two came without the target
RECENT_S = 1.0  # a bearing older than that tells no direction


def look(state: GuardState, given: GuardInput) -> GuardState:
    """Note a new sighting; after a break, the target counts as seen after ``found_s`` of them."""
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
    return replace(
        state,
        seen_s=max(state.seen_s, sighting.stamp_s),
        seen_at_s=now_s,
        seen_speed_m_s=speed,
        seen_climb_m_s=abs(state.setpoint[2]),
    )


def lost_s(state: GuardState, limits: Limits, now_s: float) -> float:
    """Return for how long the target counts as lost; negative: it does not."""
    if limits.lost_after_s is None:
        return -math.inf
    return now_s - state.seen_s - limits.lost_after_s


def speeds(state: GuardState, limits: Limits, now_s: float) -> tuple[float, float] | None:
    """Return the largest speed and climb while the target is not seen; None: it is seen."""
    if limits.unseen_stop_s is None or now_s - state.seen_at_s <= MISSED_S:
        return None
    after_s, stop_s = limits.unseen_after_s, limits.unseen_stop_s
    gone = (now_s - state.seen_s - after_s) / max(stop_s - after_s, 1e-9)
    left = min(1.0, max(0.0, 1.0 - gone))
    most = min(state.seen_speed_m_s, limits.unseen_speed_m_s)
    return left * most, left * state.seen_climb_m_s


def recent(state: GuardState, now_s: float) -> Sighting | None:
    """Return the last sighting where it still tells a direction."""
    seen = state.sighting
    return seen if seen is not None and now_s - seen.stamp_s <= RECENT_S else None


def search_turn(state: GuardState, limits: Limits) -> float:
    """Turn to where the target left the image; to the left where it was never seen."""
    left = state.sighting is None or state.sighting.bearing_rad >= 0.0
    rate = min(limits.search_yaw_rate_rad_s, limits.yaw_rate_rad_s)
    return rate if left else -rate
