# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what counts as keeping to a lane."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liquid_drone.evaluate import scoring
from liquid_drone.sim.scenario.lane import Lane
from liquid_drone.sim.scenario.task import Task
from liquid_drone.sim.scenario.track import Track

TASK = Task(
    'lane',
    duration_s=10.0,
    settle_s=2.0,
    min_distance_m=0.0,
    max_distance_m=1.0,
    target_speed_m_s=(0.8, 0.8),
    lane=Lane(min_progress=0.8),
)

SHARED = [HealthCheck.function_scoped_fixture]  # the fixture is a factory


def in_lane(flight, aside_m=0.0, **changes):
    """A flight at 0.8 m/s along x; the lane is beside it."""
    log = flight(seconds=10.0, **changes)
    log.meta['lane'] = [[-5.0 + 0.5 * i, aside_m] for i in range(80)]
    return log


@settings(max_examples=20, deadline=None, suppress_health_check=SHARED)
@given(aside_m=st.floats(-2.0, 2.0))
def test_a_flight_is_in_the_lane_up_to_its_half_width(flight, aside_m):
    one = scoring.score(in_lane(flight, aside_m), TASK)
    assert one.max_distance_m == pytest.approx(abs(aside_m), abs=0.01)
    if abs(abs(aside_m) - 1.0) > 0.02:
        assert one.failures == (() if abs(aside_m) < 1.0 else ('left_lane',))


@pytest.mark.parametrize(
    ('changes', 'failures'),
    [
        ({'position_enu': lambda t: [0.6 * t, 0.0, 1.5]}, ('no_progress',)),
        ({'position_enu': lambda t: [-0.5 * t + 4.0, 0.0, 1.5]}, ('no_progress',)),
        ({'position_enu': lambda t: [0.8 * t, 1.1 * (t > 9.0), 1.5]}, ('left_lane',)),
        ({'position_enu': lambda t: [0.8 * t, 1.1 * (t < 1.9), 1.5]}, ()),  # not yet settled
        ({'target_pixels': lambda t: 0 if t < 2 else 20}, ('lost_from_view',)),
        ({'collision': lambda t: t > 9.0}, ('collision',)),
        ({'following': lambda t: 0 <= t < 9}, ('ended_early',)),
    ],
)
def test_each_way_to_fail_is_named(flight, changes, failures):
    one = scoring.score(in_lane(flight, **changes), TASK)
    assert one.failures == failures
    assert set(one.failures) <= set(scoring.FAILURES)
    kept = scoring.summarise([one]).distance_kept.count
    assert kept == (not set(failures) & {'no_progress', 'left_lane', 'ended_early'})


def test_a_track_is_no_lane():
    with pytest.raises(ValueError, match='expected a track or a lane'):
        Task('both', track=Track(), lane=Lane())
