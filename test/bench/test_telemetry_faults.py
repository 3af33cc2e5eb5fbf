# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the checker of ``bench endurance`` holds for delivered, through any radio."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.bench.telemetry_faults import SLACK_S, TelemetryFaults
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
