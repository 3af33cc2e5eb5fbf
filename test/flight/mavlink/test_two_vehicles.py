# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Two vehicles under one system id on one path: what is sent to one, both would fly."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.flight.companion_session import CompanionSession
from liquid_drone.flight.guard.limits import Limits, Sighting
from liquid_drone.flight.guard.state import Proposal
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.timesync import TWINS, TimeSync
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport
from liquid_drone.sim.autopilot.personality import Mode
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass

STEP_S = 0.05
ways = st.floats(0.0, 3.0)


@given(st.lists(st.lists(st.tuples(ways, ways), min_size=1, max_size=3), max_size=60), st.data())
def test_however_often_one_clock_answers_it_is_one(questions, data):
    """Routers double question and answer, each on a way of its own (mavlink-router 457)."""
    sync, arrivals = TimeSync(), []
    boot_s = data.draw(st.floats(0.0, 1e6))
    for number, roads in enumerate(questions):
        asked_s = 1e6 + 0.1 * number
        asked_ns = sync.ask(asked_s)
        for there_s, back_s in roads:
            theirs_ns = round((asked_s + there_s - boot_s) * 1e9)
            arrivals.append((asked_s + there_s + back_s, theirs_ns, asked_ns))
        for arrival in sorted(one for one in arrivals if one[0] <= asked_s):
            arrivals.remove(arrival)
            sync.answer(arrival[1], arrival[2], arrival[0])
        assert not sync.is_of_two


@given(st.floats(0.0, 0.5), st.floats(0.0, 0.5), st.floats(0.1, 1e6), st.booleans())
def test_two_clocks_that_answer_one_question_are_two(there_s, back_s, apart_s, is_later):
    sync, trip_s = TimeSync(), there_s + back_s
    apart_s += trip_s
    for number in range(TWINS):
        assert not sync.is_of_two
        asked_s = 2e6 + 0.1 * number
        asked_ns = sync.ask(asked_s)
        for boot_s in (apart_s, 0.0) if is_later else (0.0, apart_s):
            theirs_ns = round((asked_s + there_s - boot_s) * 1e9)
            sync.answer(theirs_ns, asked_ns, asked_s + trip_s)
    assert sync.is_of_two
    for number in range(60):  # the other one is switched off
        asked_ns = sync.ask(2e6 + 10.0 + 0.1 * number)
        sync.answer(asked_ns, asked_ns, 2e6 + 10.0 + 0.1 * number)
    assert not sync.is_of_two


@settings(max_examples=12, deadline=None)
@given(
    st.sampled_from(['px4', 'ardupilot']),
    st.integers(5, 400),
    st.floats(-60.0, 60.0),
    st.integers(0, 120),
)
def test_of_two_vehicles_under_one_id_neither_is_flown(kind, steps_ahead, east_m, comes_after):
    """Both as they come, with system id 1 (QGroundControl 14812, 3321; mavros 872)."""
    first = SimulatedAutopilot(PointMass(position_enu=np.array([0.0, 0.0, 3.0])), kind, 1, True)
    other = SimulatedAutopilot(PointMass(position_enu=np.array([east_m, 0.0, 3.0])), kind, 1, True)
    other.advance(12 * steps_ahead)
    step, moved_after, said = 0, [], set()

    def fetch():
        packets = first.transmit()
        others = other.transmit()
        return packets + others if step >= comes_after else packets

    def send(packet):
        first.receive(packet)
        if step >= comes_after:
            other.receive(packet)

    link = MavlinkLink(MemoryTransport(fetch, send))
    session = CompanionSession(link, Limits(battery_cells=4.0))
    for step in range(400):
        now_s = first.now_ns / 1e9
        link.poll(now_s)
        decision = session.decide(now_s, Proposal(now_s, (0.8, 0.0, 0.0, 0.0)))
        if session.companion is not None:
            session.companion.see(Sighting(now_s, 0.0))
            if step < 360:
                session.engage(True)
            session.companion.policy_was_reset()
            said.update(session.obstacles())
        if decision is not None and decision.setpoint is not None:
            link.send_setpoint(decision.setpoint, round(1e3 * now_s))
            if step > comes_after + 60:
                moved_after.append(decision.setpoint)
        if step % 40 == 20:
            first.pilot_mode(Mode.FOLLOW)
        first.advance()
        other.advance()
    assert moved_after == []
    assert any('two answer as system 1' in one or 'home' in one or 'fence' in one for one in said)
