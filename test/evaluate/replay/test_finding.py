# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A flight is found by its id, flown again as it was, and told apart from every other flight."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.cli.main import main
from liquid_drone.errors import ConfigError
from liquid_drone.evaluate.flights_file import FLIGHTS, Flown, flight_id, to_line
from liquid_drone.evaluate.protocol import TRIAL, Trial, identity
from liquid_drone.evaluate.replay.finding import find_flights, flights_below, trial_of
from liquid_drone.evaluate.replay.regressions import (
    add_regressions,
    by_flight,
    load_regressions,
)
from liquid_drone.evaluate.scoring import score
from liquid_drone.schema import plain
from liquid_drone.sim.flight_spec import FlightSpec

WHO = {'bundle_hash': 'expert', 'world': 'forest', 'season': 'winter', 'target': 'red_backpack'}
WHO |= {'task': 'follow', 'autopilot': 'px4', 'weather': 'fog:2', 'vehicle': 'x500'}
WHO |= {'renderer': 'tiny', 'providers': 'cpu', 'scenario': '0'}


@pytest.fixture
def results(tmp_path, flight, task):
    """A directory of two places with two flights each."""
    judged = score(flight(seconds=3.0), task)
    for season in ('summer', 'winter'):
        folder = tmp_path / season
        folder.mkdir()
        lines = [
            to_line(Flown(replace(judged, seed=seed), f'{seed:016x}'), {**WHO, 'season': season})
            for seed in (15000, 15001)
        ]
        (folder / FLIGHTS).write_text(''.join(lines))
    return tmp_path


def test_the_id_stands_in_the_line_and_finds_its_flight_from_the_first_digits(results):
    rows = [
        json.loads(line)
        for path in results.rglob(FLIGHTS)
        for line in path.read_text().splitlines()
    ]
    assert len({row['id'] for row in rows}) == 4
    for row in rows:
        (found,) = find_flights([row['id'][:8]], results)
        assert (found.id, found.flown.score.seed) == (row['id'], row['score']['seed'])
        assert found.who['season'] == row['season'] == found.folder.name


@pytest.mark.parametrize('more', [[], ['--film'], ['--add-to-regressions']])
def test_no_flight_that_failed_is_told_and_none_at_all_is_an_error(
    results, tmp_path, task, flight, more, capsys, monkeypatch
):
    """Both were ``0 of 0 equal``, and a file of no regressions."""
    empty = tmp_path / 'empty'
    empty.mkdir()
    monkeypatch.chdir(empty)
    assert main(['replay', '--failed', '--folder', str(empty), *more]) == 2
    assert 'no flights below' in capsys.readouterr().err
    well = replace(score(flight(seconds=3.0), task), success=True, failures=())
    for path in results.rglob(FLIGHTS):
        path.write_text(to_line(Flown(well, f'{well.seed:016x}'), WHO))
    assert main(['replay', '--failed', '--folder', str(results), *more]) == 0
    assert 'failed: nothing is flown again' in capsys.readouterr().out
    assert not list(empty.iterdir())


@pytest.mark.parametrize('asked', ['0', 'zzzz', '', '.*.*.*'])
def test_what_is_no_single_id_is_refused(results, asked):
    with pytest.raises(ConfigError, match='expected the id of one flight'):
        find_flights([asked], results)


@given(
    name=st.sampled_from(sorted(WHO)),
    value=st.text(min_size=1, max_size=8),
    seed=st.integers(0, 2**31),
    other=st.integers(0, 2**31),
)
def test_whatever_makes_a_flight_makes_its_id(name, value, seed, other):
    same = flight_id(WHO, seed) == flight_id({**WHO, name: value}, other)
    assert same == (WHO[name] == value and seed == other)


def test_a_flight_of_before_the_notes_is_flown_by_its_names(results):
    found = next(flights_below(results / 'winter'))
    trial = trial_of(found)
    assert trial.bundle is None
    assert trial.flight == FlightSpec(season='winter', weather='fog:2', renderer='tiny')


def test_what_was_noted_beside_the_flights_goes_before_names(results):
    spec = FlightSpec(season='winter', weather='fog:1')
    noted = {'flight': plain(spec), 'bundle': None, 'providers': 'cpu', 'precision': 'fp32'}
    (results / 'winter' / TRIAL).write_text(json.dumps(noted))
    assert trial_of(next(flights_below(results / 'winter'))).flight == spec


def test_another_policy_than_the_one_that_flew_is_refused(results, bundle):
    found = next(flights_below(results / 'winter'))
    found = replace(found, who={**found.who, 'bundle_hash': 'aaaaaaaaaaaa'})
    with pytest.raises(ConfigError, match='with the bundle aaaaaaaaaaaa'):
        trial_of(found, bundle)
    real = identity(Trial(FlightSpec(renderer='tiny'), bundle))['bundle_hash']
    found = replace(found, who={**found.who, 'bundle_hash': real})
    assert trial_of(found, bundle).bundle == bundle


def test_regressions_are_added_once_and_come_back_as_places_with_seeds(results, tmp_path):
    pairs = [(found, trial_of(found)) for found in flights_below(results)]
    file = tmp_path / 'kept' / 'regressions.yaml'
    assert add_regressions(file, pairs[:3]) == 3
    assert add_regressions(file, pairs) == 1
    kept = load_regressions(file).flights
    assert {one.id for one in kept} == {found.id for found, _ in pairs}
    groups = by_flight(kept)
    assert sorted(spec.season for spec in groups) == ['summer', 'winter']
    assert list(groups.values()) == [[15000, 15001], [15000, 15001]]
    assert {spec.weather for spec in groups} == {'fog:2'}


@pytest.mark.parametrize(
    'text',
    [
        'flights: []',
        'flights: [{id: a, seed: -1}]',
        'flights: [{id: a, seed: 1, flight: {seed: "3"}}]',
        'flights: [{id: a, seed: 1, flight: {renderer: crayon}}]',
        'flights: []\nformat_version: 9',
    ],
)
def test_a_file_that_is_no_list_of_flights_is_refused(tmp_path, text):
    (tmp_path / 'r.yaml').write_text(text)
    with pytest.raises(ConfigError, match=r'expected|must be'):
        by_flight(load_regressions(tmp_path / 'r.yaml').flights)
