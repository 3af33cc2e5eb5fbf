# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A vehicle that holds no height by itself is stopped: nothing moves it by what is unknown."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from vehicles import known

from liquid_drone.flight.guard import guard
from liquid_drone.flight.guard.limits import Limits
from liquid_drone.flight.guard.state import GuardInput, Proposal, start

LIMITS = replace(Limits(), lost_after_s=None, unseen_stop_s=None, stuck_after_s=None)
DT_S = 0.05
LOST = {
    'position': {'received_s': -99.0},
    'attitude': {'attitude_received_s': -99.0},
    'estimator': {'estimator_received_s': -99.0},
    'estimator without height': {'position_valid': False},
    'home': {'home_differs_m': 5.0},
    'answers': {'answered_s': -99.0},
    'height jumps up': {'position_enu': (0.0, 0.0, 14.5)},
    'height jumps down': {'position_enu': (0.0, 0.0, -9.5)},
}


@given(
    st.sampled_from(['called off', 'silent']),
    st.sampled_from(sorted(LOST)),
    st.integers(3, 18),
    st.booleans(),
)
def test_once_a_fact_is_lost_in_a_stop_no_height_is_held_any_more(why, lost, begins, passes):
    state, now = start(0.0), 0.0
    climbs = []
    for tick in range(75):
        now += DT_S
        stops = tick >= 50
        proposal = None if stops and why == 'silent' else Proposal(now, (0.5, 0.0, 0.0, 0.0))
        height_m = 3.0 if tick < 52 else 2.5  # a gust: it has something to climb back
        is_lost = tick == 50 + begins if passes else tick >= 50 + begins
        changes = LOST[lost] if is_lost else {}
        stamps = {'stamp_s': now, 'attitude_stamp_s': now}
        place = {'position_enu': (0.0, 0.0, height_m)}
        vehicle = known(now, **{**stamps, **place, **changes})
        given = GuardInput(
            now, vehicle, LIMITS, proposal, called_off=stops and why == 'called off'
        )
        state, setpoint, reason = guard.step(state, replace(given, holds_height=True))
        assert not stops or why == 'silent' or reason.is_stop
        climbs.append(None if setpoint is None else setpoint.vz_m_s)
    if not passes:
        assert not any(climbs[50 + begins + 5 :])
    assert any(climbs[50 : 50 + begins]) or why == 'silent'  # it was held before
