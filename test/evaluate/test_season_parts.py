# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A season's parts are all of it, each alone changes nothing else, and no trunk moves."""

import pickle
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.errors import ConfigError
from liquid_drone.evaluate.report import overview
from liquid_drone.evaluate.scoring import summarise
from liquid_drone.evaluate.season_parts import (
    PARTS,
    load_season,
    parts_of,
    with_part,
    write_parts,
)
from liquid_drone.resources import names
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.scenario.season import Season
from liquid_drone.sim.world.layout import make_layout

SEASONS = st.sampled_from([load_season(name) for name in names('sim/seasons')])


def test_every_field_of_a_season_is_in_one_part():
    named = sorted(name for part in PARTS.values() for name in part)
    assert named == sorted({field.name for field in fields(Season)} - {'name'})


@given(SEASONS, SEASONS)
def test_all_parts_together_are_the_other_season(base, other):
    whole = base
    for part in PARTS:
        whole = with_part(whole, other, part)
    assert replace(whole, name='x', bush=()) == replace(other, name='x', bush=())
    assert whole.bush == (other.bush or other.broadleaf)


@given(SEASONS, SEASONS, st.sampled_from(sorted(PARTS)))
def test_a_part_alone_changes_nothing_else(base, other, part):
    found = with_part(base, other, part)
    for field in fields(Season):
        if field.name not in (*PARTS[part], 'name'):
            assert getattr(found, field.name) == getattr(base, field.name)


def test_a_season_is_not_taken_apart_by_itself():
    with pytest.raises(ConfigError, match='nothing to take apart'):
        parts_of(load_season('summer'), replace(load_season('summer'), name='again'))


def test_trunks_path_and_start_are_the_same_in_every_part(tmp_path):
    found = write_parts(tmp_path, 'summer', ['autumn', 'winter'])
    assert found[0] == 'summer'
    assert {'autumn', 'winter'} < set(found)
    assert len(found) >= 10
    table = overview({('forest', season, 'clear'): summarise([]) for season in found}, '')
    assert '| summer-with-winter-snow |' in table
    assert str(tmp_path) not in table
    parts = [season for season in found if 'winter' in season]
    first = make_layout(load_scenario(season='summer'), 15000)
    for season in parts:
        one = make_layout(load_scenario(season=season), 15000)
        for name in ('obstacles', 'route', 'start_position', 'start_yaw', 'wind_enu'):
            same = pickle.dumps(getattr(one, name)) == pickle.dumps(getattr(first, name))
            assert same, f'{season}: {name}'
