# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what counts as a success, and how sure a share of flights is."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.evaluate import scoring
from liquid_drone.sim.scenario.task import Task


def test_a_flight_that_keeps_to_the_task_is_a_success(flight, task):
    one = scoring.score(flight(), task)
    assert one.success
    assert one.failures == ()
    assert one.seed == 15000
    assert one.flown_s == 45.0
    assert one.in_view_share == 1.0
    assert one.min_distance_m == pytest.approx(3.0)
    assert one.max_distance_m == pytest.approx(3.0)
    assert one.mean_speed_m_s == pytest.approx(0.8)
    assert one.min_clearance_m == pytest.approx(2.7)  # passes (20, -3) with its radius of 0.3
    assert one.collision_s is None


@pytest.mark.parametrize(
    ('changes', 'failures'),
    [
        ({'collision': lambda t: t >= 44.9}, ('collision',)),
        ({'target_pixels': lambda t: 11 if t < 4.6 else 200}, ('lost_from_view',)),
        ({'target_position_enu': lambda t: [max(t, 0) * 0.8 + 1.4, 0, 0]}, ('too_close',)),
        ({'target_position_enu': lambda t: [max(t, 0) * 0.8 + 6.1, 0, 0]}, ('too_far',)),
        ({'following': lambda t: 0 <= t < 44}, ('ended_early',)),
        ({'following': lambda t: t >= 0 and not 20 < t < 21}, ('ended_early',)),
        ({'following': lambda t: False}, ('never_engaged',)),
        (
            {'collision': lambda t: t > 3, 'target_pixels': lambda t: 0},
            ('collision', 'lost_from_view'),
        ),
    ],
)
def test_each_way_to_fail_is_named(flight, task, changes, failures):
    one = scoring.score(flight(**changes), task)
    assert not one.success
    assert one.failures == failures
    assert set(one.failures) <= set(scoring.FAILURES)


@pytest.mark.parametrize(
    'changes',
    [
        {'target_pixels': lambda t: 0 if t < 4.49 else 12},  # just 90 % in view
        {'target_position_enu': lambda t: [max(t, 0) * 0.8 + (8 if t < 9.9 else 5.99), 0, 0]},
        {'target_position_enu': lambda t: [max(t, 0) * 0.8 + (1 if t < 9.9 else 1.51), 0, 0]},
        {'target_position_enu': lambda t: [max(t, 0) * 0.8 + 3, 0, -50]},  # height is no distance
        {'collision': lambda t: t > 45},  # landing, after the policy's time
        {'target_pixels': lambda t: 0 if t < 0 or t > 45 else 200},
        {'following': lambda t: 0 <= t < 45.5},
    ],
)
def test_just_within_the_task_is_a_success(flight, task, changes):
    assert scoring.score(flight(seconds=50.0, **changes), task).failures == ()


def test_a_flight_cut_short_is_no_success_even_if_all_was_well(flight, task):
    one = scoring.score(flight(seconds=9.0), task)
    assert one.failures == ('ended_early',)
    assert one.flown_s == 9.0
    assert one.mean_distance_m is None


def test_a_collision_before_the_policy_had_the_drone_counts(flight, task):
    one = scoring.score(flight(collision=lambda t: True), task)
    assert one.failures == ('collision',)
    assert one.collision_s == pytest.approx(-1.0)


def test_the_longest_time_out_of_view_is_found(flight, task):
    hidden = flight(target_pixels=lambda t: 0 if 2 <= t + 1e-9 < 3 or 5 <= t + 1e-9 < 7 else 200)
    assert scoring.score(hidden, task).longest_lost_s == pytest.approx(2.0)


def test_the_task_alone_sets_the_limits(flight, task):
    strict = replace(task, max_distance_m=2.9)
    assert scoring.score(flight(), strict).failures == ('too_far',)
    short = replace(task, duration_s=12.0)
    assert scoring.score(flight(seconds=12.0), short).success


def test_a_world_without_trees_has_no_clearance(flight, task):
    log = flight()
    log.obstacles = np.zeros((0, 3))
    assert scoring.score(log, task).min_clearance_m is None


@pytest.mark.parametrize(
    ('count', 'total', 'low', 'high'),
    [  # R: binom::binom.wilson, also in Newcombe (1998), table I
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_agrees_with_the_published_table(count, total, low, high):
    rate = scoring.wilson(count, total)
    assert rate.low == pytest.approx(low, abs=6e-5)
    assert rate.high == pytest.approx(high, abs=6e-5)


@given(st.integers(0, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_stays_in_bounds(counts):
    count, total = counts
    rate = scoring.wilson(count, total)
    assert 0.0 <= rate.low <= rate.share <= rate.high <= 1.0 or total == 0
    mirrored = scoring.wilson(total - count, total)
    assert math.isclose(rate.low, 1.0 - mirrored.high, abs_tol=1e-12)


def test_no_flights_say_nothing():
    rate = scoring.wilson(0, 0)
    assert (rate.low, rate.high, rate.share) == (0.0, 1.0, 0.0)
    assert scoring.summarise([]).success == rate


def test_impossible_counts_are_refused():
    with pytest.raises(ValueError, match='got 3 of 2'):
        scoring.wilson(3, 2)


def test_many_flights_are_summarised(flight, task):
    scores = [
        scoring.score(flight(), task),
        scoring.score(flight(collision=lambda t: t > 3), task),
        scoring.score(flight(distance_m=7.0, target_pixels=lambda t: 0), task),
        scoring.score(flight(following=lambda t: False), task),
    ]
    summary = scoring.summarise(scores)
    assert (summary.success.count, summary.success.total) == (1, 4)
    assert summary.no_collision.count == 2  # who never flew did not avoid anything
    assert summary.in_view.count == 2
    assert summary.distance_kept.count == 2
    assert summary.failures == {
        'never_engaged': 1,
        'collision': 1,
        'lost_from_view': 1,
        'too_far': 1,
    }
    assert summary == scoring.summarise(scores[::-1])


REACH = Task('reach', settle_s=25.0, max_distance_m=2.8, keep_distance_m=2.0, max_speed_m_s=0.4)


def arriving(stops: bool):
    """Fly to the target in twenty seconds, then stand, or drift to and fro."""
    drift = 0.0 if stops else 0.6
    return {
        'position_enu': lambda t: [min(max(t, 0.0), 20.0) * 0.5, 0.0, 2.0],
        'velocity_enu': lambda t: [0.5 if t < 20.0 else drift, 0.0, 0.0],
        'target_position_enu': lambda t: [12.0, 0.0, 0.0],
    }


def test_reaching_means_to_be_there_and_to_stand(flight):
    there, drifting = (scoring.score(flight(**arriving(stops)), REACH) for stops in (True, False))
    assert there.success
    assert there.reached_s == pytest.approx(18.4, abs=0.06)  # 2.8 m away
    assert drifting.failures == ('did_not_stop',)


def test_reaching_too_late_is_too_far(flight):
    late = arriving(stops=True) | {'target_position_enu': lambda t: [30.0, 0.0, 0.0]}
    result = scoring.score(flight(**late), REACH)
    assert result.failures == ('too_far',)
    assert result.reached_s is None
