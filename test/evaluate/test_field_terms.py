# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what the terms of the field say of a flight, and how two pilots are compared."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liquid_drone.cli.main import main
from liquid_drone.evaluate.flights_file import Flown, to_line
from liquid_drone.evaluate.scoring import score, summarise
from liquid_drone.evaluate.statistics.paired import paired
from liquid_drone.sim.scenario.task import load_task

OCCLUSION = load_task('occlusion:4')
DRAWN = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # ``flight`` makes new ones
)


def ways(aside_m):
    """Somebody who walks beside the target until 20 s, then stays behind."""
    return [[[0.4 * k, aside_m if k < 40 else aside_m + 9.0] for k in range(120)]]


@pytest.fixture
def terms(flight, task):
    def made(others=(), **changes):
        log = flight(**changes)
        if others:
            log.meta['others'] = others
        return score(log, task).terms

    return made


def test_a_perfect_flight_has_the_highest_terms(terms, task):
    one = terms()
    assert one.tracking_rate == 1.0
    assert one.reward == pytest.approx(1.0 - abs(3.0 / task.keep_distance_m - 1.0), abs=0.01)
    assert one.losses_s == ()
    assert one.followed == ''


def test_the_reward_has_a_floor(terms):
    assert terms(target_position_enu=lambda t: [max(t, 0) * 0.8 - 30.0, 0, 0]).reward == -1.0


@settings(DRAWN, max_examples=6)
@given(begin=st.floats(2.0, 20.0), long=st.floats(0.6, 20.0))
def test_each_loss_is_as_long_as_the_target_is_out_of_view(flight, begin, long):
    log = flight(target_pixels=lambda t: 0 if begin <= t < begin + long else 99)
    (loss,) = score(log, load_task('follow')).terms.losses_s
    assert loss == pytest.approx(long, abs=0.051)


def test_a_loss_at_the_end_is_not_found_again(terms):
    one = terms(target_pixels=lambda t: 0 if t > 40 else 99)
    assert one.is_lost_at_end
    assert one.losses_s == ()


def test_hidden_for_as_long_as_the_track_hides_is_no_failure_and_much_longer_is_one(flight):
    def hidden(until):
        return flight(50.0, target_pixels=lambda t: 0 if 20 < t < until else 99)

    assert score(hidden(28.0), OCCLUSION).success
    assert score(hidden(30.0), OCCLUSION).failures == ('not_reacquired',)


def test_who_goes_on_with_the_target_after_a_crossing_followed_the_right_one(terms):
    assert terms(others=ways(1.5)).followed == 'target'


def test_who_goes_on_with_the_other_failed(flight, task):
    away = flight(target_position_enu=lambda t: [max(t, 0) * 0.8 + 3, 0 if t < 20 else 20, 0])
    away.meta['others'] = [[[0.4 * k + 3, 1.0 if k < 40 else 0.0] for k in range(120)]]
    one = score(away, task)
    assert one.terms.followed == 'other'
    assert 'wrong_person' in one.failures
    lost = flight(
        position_enu=lambda t: [0, 0, 2.0],
        target_position_enu=lambda t: [3 if t < 20 else 60, 0, 0],
    )
    lost.meta['others'] = [[[3, 1.0 if k < 40 else 60.0] for k in range(120)]]
    assert score(lost, task).terms.followed == 'nobody'


def test_a_summary_counts_losses_and_who_was_followed(flight, task):
    found = [score(flight(target_pixels=lambda t: 0 if 5 < t < 7 else 99), task) for _ in range(3)]
    terms = summarise(found).terms
    assert terms.losses == terms.reacquired == 3
    assert terms.median_loss_s == pytest.approx(1.95, abs=0.1)


@settings(DRAWN, max_examples=12)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_two_pilots_are_compared_seed_by_seed(flight, outcomes):
    one = score(flight(3.0), load_task('follow'))
    ours = [replace(one, seed=k, success=a) for k, (a, _) in enumerate(outcomes)]
    theirs = [replace(one, seed=k, success=b) for k, (_, b) in enumerate(outcomes)]
    found = paired(ours, [*reversed(theirs), replace(one, seed=10**6)])
    won = np.array(outcomes)
    assert found.seeds == len(outcomes)
    assert found.only_ours - found.only_theirs == won[:, 0].sum() - won[:, 1].sum()
    assert found.difference.value == pytest.approx(won[:, 0].mean() - won[:, 1].mean())
    assert found.difference.low <= found.difference.value <= found.difference.high
    assert 0.0 < found.mcnemar_p <= 1.0


def test_pilots_without_a_common_seed_are_not_compared(flight, task):
    one = score(flight(), task)
    with pytest.raises(ValueError, match='none in common'):
        paired([one], [replace(one, seed=1)])


def test_report_against_prints_a_line_for_each_place_that_both_flew(
    tmp_path, flight, task, capsys
):
    one = score(flight(), task)
    for name, won in (('ours', True), ('theirs', False)):
        who = {'world': 'forest', 'season': 'summer', 'task': 'follow', 'weather': 'clear'}
        lines = [
            to_line(Flown(replace(one, seed=k, success=won), '0' * 16), who) for k in range(8)
        ]
        (tmp_path / name).mkdir()
        (tmp_path / name / 'flights.jsonl').write_text(''.join(lines))
    assert main(['report', str(tmp_path / 'ours'), '--against', str(tmp_path / 'theirs')]) == 0
    (line,) = capsys.readouterr().out.splitlines()[2:]
    assert '| follow | forest | summer | clear | 8 | 8 | 0 | +100.0% |' in line
    assert line.endswith('| 0.00781 |')
