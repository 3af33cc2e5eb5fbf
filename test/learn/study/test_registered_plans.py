# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: the plans of the registered study are those of its page."""

from dataclasses import replace

import pytest
import yaml

from liquid_drone.contract import TimeSpec
from liquid_drone.errors import ConfigError
from liquid_drone.learn.study.plan import (
    encoder_of,
    encoder_recipe,
    load_plan,
    recipe_of,
    trainings_of,
)
from liquid_drone.policy.config import NetworkConfig
from liquid_drone.resources import named_file


def test_the_registered_study_can_be_read_and_is_as_the_page_says():
    plan = load_plan('cells-by-season')
    assert len(trainings_of(plan)) == 40
    assert (plan.seeds[0], plan.seeds[-1]) == (16000, 16024)
    assert (plan.measure, plan.primary_place) == ('in_view_share', 'forest-autumn')


@pytest.mark.parametrize(
    ('name', 'count'),
    [('nine-cells', 95), ('cells-behind-small-encoders', 20), ('four-cells-elsewhere', 40)],
)
def test_parts_c_k_and_f_k_fly_the_same_new_seeds(name, count):
    plan = load_plan(name)
    assert len(trainings_of(plan)) == count
    assert (plan.seeds[0], plan.seeds[-1]) == (16500, 16505)
    tested = {arm for arm, one in plan.arms.items() if not one.exploratory}
    assert len(tested) == (7 if name == 'nine-cells' else 1)


def test_part_d_k_has_two_arms_that_differ_in_their_dt_alone():
    plan = load_plan('dt-behind-an-encoder')
    measured, constant = (plan.arms[name].network for name in ('measured', 'constant'))
    assert measured == NetworkConfig()
    assert constant == NetworkConfig(time=TimeSpec(min_s=0.05, max_s=0.05))
    assert len(trainings_of(plan)) == 20


def test_part_c_k2_flies_trainings_of_c_k():
    whole, part = load_plan('nine-cells'), load_plan('four-cells-elsewhere')
    rates = {'learning_rate': 0.001}
    for one in trainings_of(part):
        assert recipe_of(part, one, 'b', rates) == recipe_of(whole, one, 'b', rates)
        assert encoder_of(part, one) == encoder_of(whole, one)


def test_part_a_k_trains_cells_of_c_k_behind_its_encoders_with_flights_of_their_own():
    whole, part = load_plan('nine-cells'), load_plan('four-cells-own-flights')
    assert (len(trainings_of(part)), part.seeds) == (40, whole.seeds)
    assert [encoder_recipe(part, k) for k in (1, 10)] == [
        encoder_recipe(whole, k) for k in (1, 10)
    ]
    for one in trainings_of(part):
        of_c_k, here = recipe_of(whole, one, 'b'), recipe_of(part, one, 'b')
        assert replace(here, dagger=of_c_k.dagger) == of_c_k
        assert encoder_of(part, one) == encoder_of(whole, one)


@pytest.mark.parametrize('name', ['world', 'season', 'weather', 'task'])
def test_a_place_that_is_not_there_is_refused_before_anything_is_trained(tmp_path, name):
    text = named_file('config/studies', 'nine-cells').read_text()
    plan = yaml.safe_load(text)
    plan['places'].append({**plan['places'][0], name: 'town'})
    (tmp_path / 'plan.yaml').write_text(yaml.safe_dump(plan))
    with pytest.raises(ConfigError, match='town'):
        load_plan(str(tmp_path / 'plan.yaml'))
