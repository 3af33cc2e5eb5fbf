# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The card tells what was measured, and says so where nothing was."""

import dataclasses
import shutil

from liquid_drone.contract import (
    CARD_FILE,
    FORMAT_VERSION,
    Contract,
    TimeSpec,
    Training,
    load_contract,
)
from liquid_drone.policy.card import add_flights, add_results, card_text
from liquid_drone.request import RequestSpec

BARE = Contract(FORMAT_VERSION, 'mine', 4, 8, training=Training('dog', ('forest',), ('summer',)))


def test_without_results_it_says_that_there_are_none():
    assert 'not been evaluated' in card_text(BARE)
    assert 'untested' in card_text(BARE)


def test_a_constant_time_step_is_called_so():
    assert '| time step | measured, 0.005..0.2 s' in card_text(BARE)
    constant = dataclasses.replace(BARE, time=TimeSpec(min_s=0.05, max_s=0.05))
    assert '| time step | constant, 0.05 s' in card_text(constant)


def test_results_stand_with_their_intervals():
    table = {
        'forest-summer': {'count': 46, 'total': 50, 'low': 0.812, 'high': 0.968},
        'target head': 'says "not seen" in 1.0% of 200 frames',
    }
    text = card_text(dataclasses.replace(BARE, evaluation={'test seeds': table}))
    assert '| test seeds, forest-summer | 46 of 50 | 81% to 97% |' in text
    assert '| test seeds, target head | says "not seen" in 1.0% of 200 frames | |' in text


def test_results_added_to_a_bundle_leave_it_the_same_policy(bundle, tmp_path):
    bundle = shutil.copytree(bundle, tmp_path / 'copy')
    before = load_contract(bundle)
    table = {'urban-winter': {'count': 1, 'total': 2, 'low': 0.1, 'high': 0.9}}
    add_results(bundle, 'test seeds', table)
    after = load_contract(bundle)
    assert after.bundle_hash() == before.bundle_hash()
    assert after.evaluation['test seeds'] == table
    assert 'urban-winter | 1 of 2' in (bundle / CARD_FILE).read_text()


def test_more_flights_of_the_same_seeds_take_the_place_of_fewer(bundle, tmp_path):
    bundle = shutil.copytree(bundle, tmp_path / 'copy')
    few, many = ({'count': n, 'total': n, 'low': 0.9, 'high': 1.0} for n in (20, 100))
    what, begin = 'task follow, dog', 'test seeds 15000 to '
    add_flights(bundle, 'test', range(15_000, 15_020), what, {'forest': few, 'urban': few})
    add_flights(bundle, 'test', range(15_000, 15_020), what, {'forest-fog2': few})
    add_flights(bundle, 'test', range(15_000, 15_020), 'task reach, dog', {'urban': few})
    add_flights(bundle, 'test', range(15_000, 15_100), what, {'urban': many})
    add_flights(bundle, 'validation', range(10_000, 10_200), what, {'urban': many})
    evaluation = load_contract(bundle).evaluation
    assert evaluation[f'{begin}15019, {what}'] == {'forest': few, 'forest-fog2': few}
    assert evaluation[f'{begin}15019, task reach, dog'] == {'urban': few}
    assert evaluation[f'{begin}15099, {what}'] == {'urban': many}


def test_a_card_says_what_may_be_asked_for_and_that_it_believes():
    asked = dataclasses.replace(BARE, format_version=2, request=RequestSpec(), belief=True)
    text = card_text(asked)
    assert 'distance 2..8 m, by default 3.2; height 0..5 m, by default 1.1' in text
    assert 'position of the target, seen or not' in text
    assert '| request |' not in card_text(BARE)
