# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A study trains every arm on the same data, flies the same seeds, resumes, and counts right."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone import resources
from liquid_drone.errors import ConfigError, SimulationError
from liquid_drone.evaluate.field_terms import FieldTerms
from liquid_drone.evaluate.flights_file import FLIGHTS, Flown, to_line
from liquid_drone.evaluate.html_report.study_section import study
from liquid_drone.evaluate.scoring import FlightScore
from liquid_drone.learn.frozen.config import FrozenEncoder
from liquid_drone.learn.recipe import Recipe, TrainConfig
from liquid_drone.learn.study import running
from liquid_drone.learn.study.analysis import analyse, measured, write_analysis
from liquid_drone.learn.study.plan import (
    StudyPlace,
    encoder_of,
    encoder_recipe,
    load_plan,
    recipe_of,
    trainings_of,
)
from liquid_drone.learn.study.running import Runner, StudyFolder, is_done, run_study
from liquid_drone.learn.study.tuning import TuningConfig, draw_rates, tune
from liquid_drone.policy.config import CoreConfig, NetworkConfig

PLAN = {
    'name': 'two', 'trainings': 3, 'flights': 4, 'split': 'validation', 'draws': 20,
    'recipe': {'name': 'base', 'train': {'steps': 7}, 'collect': {'episodes': 3}},
    'arms': {
        'gru': {'network': {'core': {'cell': 'gru'}}},
        'mlp': {'network': {'core': {'cell': 'mlp'}}, 'train': {'learning_rate': 0.5}},
    },
    'reference': 'gru', 'places': [{'season': 'summer'}, {'season': 'autumn'}],
    'primary': 'forest-autumn',
}  # fmt: skip
WHO = {'world': 'forest', 'target': 'red_backpack', 'task': 'follow', 'autopilot': 'px4'}


def written(tmp_path, **changes):
    file = tmp_path / 'plan.yaml'
    file.write_text(yaml.safe_dump({**PLAN, **changes}))
    return str(file)


def flown(plan, folder, training, in_view):
    """Write what evaluate would have: a share of frames in view for each place and seed."""
    for place in plan.places:
        path = folder.flights(training, place.name)
        path.mkdir(parents=True)
        who = {**WHO, 'bundle_hash': training.name, 'season': place.season}
        lines = []
        for seed in plan.seeds:
            share = in_view(training, place.name, seed)
            score = FlightScore(seed, share > 0.9, (), 45.0, share, 0, None, 2, 3, 4, None, 1)
            lines.append(to_line(Flown(score, '0' * 16), who))
        (path / FLIGHTS).write_text(''.join(lines))


def test_arms_differ_by_their_network_seed_and_tuning_alone(tmp_path):
    plan = load_plan(written(tmp_path))
    recipes = {one.name: recipe_of(plan, one) for one in trainings_of(plan)}
    assert list(recipes) == ['gru-1', 'mlp-1', 'gru-2', 'mlp-2', 'gru-3', 'mlp-3']
    assert recipes['mlp-2'].train.learning_rate == 0.5
    assert recipes['gru-3'].train == replace(plan.recipe.train, seed=3)
    base = plan.recipe
    for one in recipes.values():
        same = replace(one, name=base.name, network=base.network, train=base.train)
        assert same == base


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'reference': 'lstm'}, 'reference must be one of gru, mlp'),
        ({'places': [{'season': 'summer'}] * 2, 'primary': ''}, 'expected different places'),
        ({'primary': 'moon'}, 'primary must be one of forest-summer'),
        ({'baseline': 'moon'}, 'baseline must be one of forest-summer'),
        ({'baseline': 'forest-autumn'}, 'another place than primary'),
        ({'arms': {'gru': {'network': {'core': {'cell': 'abacus'}}}}}, "unknown cell 'abacus'"),
        ({'arms': {'gru': {'train': {'sleep': 1}}}}, "unknown field 'sleep'"),
        ({'flights': 1}, 'flights must be 2..5000'),
        ({'split': 'validation', 'offset': 4999}, 'cannot take'),
        ({'arms': {'../up': {}}, 'reference': '../up'}, 'arm must be'),
    ],
)
def test_a_plan_that_cannot_be_run_is_refused_before_anything(tmp_path, changes, words):
    with pytest.raises(ConfigError, match=words):
        load_plan(written(tmp_path, **changes))


def test_the_numbers_are_those_of_the_flights_and_say_what_is_missing(tmp_path):
    plan, folder = load_plan(written(tmp_path)), StudyFolder(tmp_path / 'out')
    trainings = trainings_of(plan)

    def in_view(training, place, seed):
        home = place == 'forest-summer'
        return 1.0 if home else {'gru': 0.8, 'mlp': 0.2}[training.arm] + 0.01 * training.seed

    for one in trainings[:-1]:
        flown(plan, folder, one, in_view)
    found = analyse(plan, folder.root)
    assert not found['is_whole']
    assert found['arms']['mlp']['trainings'] == 2
    flown(plan, folder, trainings[-1], in_view)
    found = analyse(plan, folder.root)
    assert found['is_whole']
    assert found['bundles']['gru-2'] == 'gru-2'
    gru = found['arms']['gru']
    assert np.array(gru['scores']) == pytest.approx(np.array([[1, 0.81], [1, 0.82], [1, 0.83]]))
    against = found['comparisons']['mlp']
    assert against['difference']['value'] == pytest.approx(0.6)
    assert against['improvement']['value'] == against['cliffs_delta'] == 1.0
    assert against['p'] == pytest.approx(2 / 20)
    text = write_analysis(found, folder.root)
    assert '| mlp | 3 of 3 | 1.000 (1.000 to 1.000) | 0.220' in text
    assert json.loads((folder.root / 'study.json').read_text()) == found


def test_what_an_arm_loses_from_one_place_to_another_is_compared_seed_by_seed(tmp_path):
    places = {'primary': 'forest-autumn', 'baseline': 'forest-summer'}
    plan, folder = load_plan(written(tmp_path, **places)), StudyFolder(tmp_path / 'out')

    def in_view(training, place, seed):
        home = 0.9 - 0.1 * training.seed + 0.01 * (seed % 7)
        return home if place == 'forest-summer' else home - {'gru': 0.1, 'mlp': 0.3}[training.arm]

    for one in trainings_of(plan):
        flown(plan, folder, one, in_view)
    against = analyse(plan, folder.root)['comparisons']['mlp']
    difference = against['difference']
    assert [difference[key] for key in ('value', 'low', 'high')] == pytest.approx([0.2] * 3)


def test_the_reward_of_a_policy_that_never_got_the_drone_is_the_least():
    terms = FieldTerms(tracking_rate=0.5, reward=0.7)
    score = FlightScore(1, True, (), 45.0, 0.9, 0, None, 2, 3, 4, None, 1, terms=terms)
    assert (measured(score, 'reward'), measured(score, 'in_view_share')) == (0.7, 0.9)
    assert measured(replace(score, terms=None), 'reward') == -1.0


SHARED = {
    'encoders': {'count': 2, 'train': {'length': 2}, 'views': 3},
    'trainings': 4,
    'recipe': {**PLAN['recipe'], 'dagger': {'rounds': 1}},
}  # fmt: skip


def test_cores_behind_shared_encoders_take_them_in_turn(tmp_path):
    plan = load_plan(written(tmp_path, **SHARED))
    assert [encoder_of(plan, one) for one in trainings_of(plan) if one.arm == 'gru'] == [
        1,
        2,
        1,
        2,
    ]
    assert encoder_recipe(plan, 2).train == replace(plan.recipe.train, length=2, seed=2)
    one = recipe_of(plan, trainings_of(plan)[0], 'a/bundle', {'weight_decay': 0.02})
    assert one.frozen == FrozenEncoder('a/bundle', views=3)  # and no step of the encoder
    assert one.train == replace(plan.recipe.train, seed=1, weight_decay=0.02)
    own = {**PLAN['recipe'], 'dagger': {'rounds': 2, 'behind': 1}}
    plan = load_plan(written(tmp_path, **{**SHARED, 'recipe': own}))
    one = recipe_of(plan, trainings_of(plan)[0], 'a/bundle')
    assert (one.dagger.rounds, one.validation.last_rounds) == (2, 1)  # and the last one flies
    assert encoder_recipe(plan, 1).dagger.rounds == 1
    with pytest.raises(ConfigError, match='first round alone'):
        load_plan(written(tmp_path, **{**SHARED, 'recipe': PLAN['recipe']}))
    with pytest.raises(ConfigError, match='expected encoders'):
        load_plan(written(tmp_path, tuning={'draws': 2}))


def test_a_design_of_cells_by_encoders_pairs_its_trainings_and_shares_out_the_variance(tmp_path):
    plan, folder = load_plan(written(tmp_path, **SHARED)), StudyFolder(tmp_path / 'out')
    better = {'gru': 0.1, 'mlp': 0.0}
    for one in trainings_of(plan):
        share = 0.3 * encoder_of(plan, one) + better[one.arm] + 0.001 * one.seed
        flown(plan, folder, one, lambda *_, share=share: share)
    found = analyse(plan, folder.root)
    assert found['comparisons']['mlp']['p'] == pytest.approx(2 / 2**4)
    frozen = replace(
        plan.recipe, frozen=FrozenEncoder('follow-compact')
    )  # one encoder for all: likewise
    behind_one = replace(plan, encoders=replace(plan.encoders, count=0), recipe=frozen)
    assert analyse(behind_one, folder.root)['comparisons'] == found['comparisons']
    shares = found['variance_shares']
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares['encoder'] == pytest.approx(0.302 / (0.3 + 0.1) - 0.755 + 0.9, abs=0.02)
    assert set(found['variance_shares_by_place']) == {place.name for place in plan.places}
    text = write_analysis(found, folder.root)
    assert 'Shares of the variance in forest-autumn: cell 10%' in text
    assert text.count('Shares of the variance in ') == len(plan.places)


def test_an_exploratory_arm_is_compared_over_its_own_encoders_without_a_test(tmp_path):
    arms = {'lstm': {'network': {'core': {'cell': 'lstm'}}, 'trainings': 2, 'exploratory': True}}
    plan = load_plan(
        written(tmp_path, **SHARED | {'encoders': {'count': 4}}, arms=PLAN['arms'] | arms)
    )
    folder, ahead = StudyFolder(tmp_path / 'out'), {'gru': 0.2, 'mlp': 0.1, 'lstm': 0.0}
    for one in trainings_of(plan):
        share = 0.2 * encoder_of(plan, one) + ahead[one.arm]
        flown(plan, folder, one, lambda *_, share=share: share)
    found = analyse(plan, folder.root)
    against = found['comparisons']
    assert against['lstm']['difference']['value'] == pytest.approx(0.2)  # of encoders 1 and 2
    assert (against['lstm']['trainings'], against['lstm']['p']) == ([2, 2], None)
    assert against['mlp']['p_holm'] == against['mlp']['p'] == pytest.approx(2 / 2**4)
    shares = found['variance_shares']  # of the two arms behind all encoders
    assert shares == pytest.approx({'cell': 1 / 21, 'encoder': 20 / 21, 'rest': 0.0}, abs=1e-9)
    assert '| lstm | 0.200' in write_analysis(found, folder.root)
    assert '<b>Exploratory</b>, gru against lstm: +0.2' in study(found)


def test_pairs_have_the_same_seed_while_trainings_are_missing(tmp_path):
    plan, folder = load_plan(written(tmp_path, **SHARED)), StudyFolder(tmp_path / 'out')
    for one in trainings_of(plan):
        if one.name not in ('gru-1', 'mlp-4'):
            share = 0.2 * one.seed + {'gru': 0.1, 'mlp': 0.0}[one.arm]
            flown(plan, folder, one, lambda *_, share=share: share)
    found = analyse(plan, folder.root)['comparisons']['mlp']
    assert found['difference']['value'] == pytest.approx(0.1)
    assert found['trainings'] == [2, 2]


def test_a_tuning_goes_on_where_it_was_and_takes_the_least_loss(tmp_path, monkeypatch):
    module = 'liquid_drone.learn.study.tuning'
    kept = FrozenEncoder(str(resources.bundle('follow-compact')))
    arms, config = (
        {'gru': Recipe('a', frozen=kept), 'mlp': Recipe('b', frozen=kept)},
        TuningConfig(draws=3),
    )
    monkeypatch.setattr(f'{module}._flights', lambda *_: [])
    asked = []

    def loss(recipe, tuning, flights, number, file):
        asked.append((recipe.name, number))
        if len(asked) == 5:
            raise KeyboardInterrupt
        return [0.5, 0.1, 0.3][number]

    monkeypatch.setattr(f'{module}._loss', loss)
    file = tmp_path / 'tuning.json'
    with pytest.raises(KeyboardInterrupt):
        tune(arms, config, tmp_path, file, print)
    found = tune(arms, config, tmp_path, file, print)
    assert asked == [*(('a', n) for n in range(3)), ('b', 0), ('b', 1), ('b', 1), ('b', 2)]
    assert found == {'gru': draw_rates(1), 'mlp': draw_rates(1)}
    slower = replace(arms['mlp'], train=TrainConfig(clip=0.5))
    smaller = replace(arms['mlp'], network=NetworkConfig(core=CoreConfig(neurons=12)))
    summer = FrozenEncoder(str(resources.bundle('follow-summer')))
    for other in (slower, smaller, replace(arms['mlp'], frozen=summer)):
        with pytest.raises(ConfigError, match='the draws of mlp are of another'):
            tune({**arms, 'mlp': other}, config, tmp_path, file, print)
    for longer in (replace(config, steps=751), replace(config, held_out=4)):
        with pytest.raises(ConfigError, match='the draws of gru are of another'):
            tune(arms, longer, tmp_path, file, print)
    told = json.loads(file.read_text())
    older = {
        arm: [{k: v for k, v in one.items() if k != 'of'} for one in told[arm]] for arm in told
    }
    file.write_text(json.dumps(older))
    assert tune(arms, config, tmp_path, file, print) == found
    file.write_text(file.read_text().replace('"weight_decay": ', '"weight_decay": 1'))
    with pytest.raises(ConfigError, match='another one'):
        tune(arms, config, tmp_path, file, print)


def test_what_is_flown_is_not_flown_again_and_another_plan_is_refused(tmp_path, monkeypatch):
    plan, folder = load_plan(written(tmp_path)), StudyFolder(tmp_path / 'out')
    for one in trainings_of(plan):
        flown(plan, folder, one, lambda *_: 1.0)
    monkeypatch.setattr(Runner, 'run', lambda *_: pytest.fail('nothing is missing'))
    run_study(plan, folder.root, 1, print)
    changed = load_plan(written(tmp_path, flights=5))
    assert not any(is_done(changed, folder, one) for one in trainings_of(changed))
    (folder.root / 'trainings' / 'gru-1' / 'recipe.yaml').write_text('name: other\n')
    with pytest.raises(ConfigError, match='another study'):
        run_study(changed, folder.root, 1, print)


def test_an_encoder_of_another_plan_is_refused(tmp_path):
    """Once it was trained nobody looked what by, and cores were trained behind it."""
    plan, folder = load_plan(written(tmp_path, **SHARED)), StudyFolder(tmp_path / 'out')
    for number in (1, 2):
        here = folder.encoder(number)
        running._write_recipe(here, encoder_recipe(plan, number))
        shutil.copytree(resources.bundle('follow-compact'), here / 'data' / 'bundle')
    running._share_encoders(plan, folder, 1, Runner(), pytest.fail)
    for change in ({'train': {'length': 3}}, {'network': {'core': {'cell': 'gru'}}}):
        encoders = {**SHARED['encoders'], **change}
        other = load_plan(written(tmp_path, **{**SHARED, 'encoders': encoders}))
        with pytest.raises(ConfigError, match='the plan has changed since'):
            running._share_encoders(other, folder, 1, Runner(), pytest.fail)


def test_a_step_that_fails_is_named_with_its_log(tmp_path):
    with pytest.raises(SimulationError, match='ended with code 2: read'):
        Runner().run(['collect', '--recipe', 'none'], tmp_path / 'a' / 'collect.log')
    assert "unknown recipe 'none'" in (tmp_path / 'a' / 'collect.log').read_text()
    stopped = Runner()
    stopped.stop()
    with pytest.raises(SimulationError, match='stopped'):
        stopped.run(['--version'], tmp_path / 'log')


@given(
    levels=st.lists(
        st.floats(0.1, 9.9).map(lambda x: round(x, 2)), min_size=2, max_size=5, unique=True
    )
)
def test_places_that_differ_in_a_level_alone_have_names_of_their_own(levels):
    names = [StudyPlace(task=f'brisk:{level:g}').name for level in levels]
    assert len(set(names)) == len(levels)
