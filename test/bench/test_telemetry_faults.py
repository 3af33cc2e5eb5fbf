# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the checker of ``bench endurance`` holds for delivered, through any radio."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.bench.telemetry_faults import (
    DEAF_S,
    MOST_CLIMB_M,
    SLACK_S,
    TelemetryFaults,
)
from liquid_drone.flight.guard.limits import Limits
from liquid_drone.sim.autopilot.link_faults import FaultyWire, LinkFaults
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass

ESTIMATOR = {'px4': 230, 'ardupilot': 193}
STEP_S = 0.05
shares = st.sampled_from([0.0, 0.2, 0.6])


@st.composite
def radios(draw):
    return LinkFaults(
        loss=draw(shares),
        double=draw(shares),
        late=draw(shares),
        damaged=draw(shares),
        dead=draw(st.booleans()),
    )


@pytest.mark.parametrize('kind', ['px4', 'ardupilot'])
@given(seed=st.integers(0, 2**16), spans=st.lists(radios(), min_size=1, max_size=6))
def test_a_message_without_a_time_counts_from_when_it_arrived_whole(kind, seed, spans):
    rng = np.random.default_rng(seed)
    limits = Limits()
    faults, wire = TelemetryFaults(rng, kind, limits), FaultyWire(rng)
    autopilot = SimulatedAutopilot(PointMass(), kind, airborne=True)
    number = ESTIMATOR[kind]
    sent, arrived_s, now_s = set(), 0.0, 0.0
    for span in spans:
        wire.faults = span
        for _ in range(60):
            now_s += STEP_S
            said = faults.carry(autopilot.transmit(), {}, now_s, span.dead)
            sent.update(said)
            arrived = wire.carry(said)
            faults.arrive(arrived, now_s)
            autopilot.advance()
            whole = [one for one in arrived if one in sent]
            if any(int.from_bytes(one[7:10], 'little') == number for one in whole):
                arrived_s = now_s
            limit_s = limits.estimator_age_s + limits.stop_s + SLACK_S
            is_due = now_s - arrived_s > limit_s
            assert is_due == (now_s - faults.delivered_s(number) > limit_s)
            assert bool(faults.unknown(now_s)) or not is_due


@given(
    speed_m_s=st.floats(-0.5, 0.5),
    deaf=st.lists(st.booleans(), min_size=36, max_size=36),
)
def test_what_the_vehicle_does_while_it_hears_nothing_is_not_the_guards(speed_m_s, deaf):
    """A jump watch of 1.8 s: only what moved while setpoints arrived counts."""
    faults = TelemetryFaults(np.random.default_rng(1), 'px4', Limits())
    height_m, obeyed_s, counted_m, now_s = 4.0, 10.0, 0.0, 10.0
    faults.dived(now_s, height_m, True, obeyed_s)
    faults.jumped(now_s, height_m, True)
    for is_deaf in deaf:
        now_s += STEP_S
        height_m += 2.0 * speed_m_s * STEP_S
        obeyed_s = obeyed_s if is_deaf else now_s
        if now_s - obeyed_s <= DEAF_S:
            counted_m += 2.0 * speed_m_s * STEP_S
        told = faults.dived(now_s, height_m, True, obeyed_s)
        if abs(abs(counted_m) - MOST_CLIMB_M) > 1e-6:
            assert bool(told) is (abs(counted_m) > MOST_CLIMB_M)
