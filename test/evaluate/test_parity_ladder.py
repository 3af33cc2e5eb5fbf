# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Each rung says how far it is from PyTorch, or why it was not run."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone import resources
from liquid_drone.contract import (
    CONTRACT_FILE,
    CORE_FILE,
    VISION_FILE,
    Training,
    largest_difference,
    load_contract,
    sha256_of,
)
from liquid_drone.errors import BundleError, ConfigError
from liquid_drone.evaluate import parity_ladder
from liquid_drone.evaluate.parity_ladder import Rung, climb
from liquid_drone.evaluate.scoring import wilson
from liquid_drone.evaluate.trained_places import task_of
from liquid_drone.policy.config import WEIGHTS_FILE
from liquid_drone.policy.network import Network
from liquid_drone.policy.weights import config_of, load_weights_of
from liquid_drone.runtime import libraries
from liquid_drone.runtime.providers import Backend


def test_the_shipped_policy_is_the_same_in_pytorch_and_on_the_cpu(monkeypatch):
    monkeypatch.setattr(
        libraries, 'why_not', lambda name: None if name == 'cpu' else f'no {name} here'
    )
    rungs = list(climb(resources.bundle('follow')))
    assert [rung.verdict for rung in rungs] == ['passed', 'passed', *['not run'] * 4]
    assert all(rung.difference is not None and rung.difference < 1e-4 for rung in rungs[:2])
    assert rungs[1].step_ms is not None
    assert 'no INT8 variant' in rungs[2].reason
    assert rungs[3].reason == 'no cuda here'


def test_a_bundle_without_weights_leaves_the_first_rung_out(tmp_path):
    copy = tmp_path / 'follow'
    shutil.copytree(resources.bundle('follow'), copy)
    (copy / WEIGHTS_FILE).unlink()
    first = next(climb(copy))
    assert first.verdict == 'not run'
    assert WEIGHTS_FILE in first.reason


def altered(bundle, how):
    """Make a bundle whose parts do not belong together, each whole in itself."""
    document = json.loads((bundle / CONTRACT_FILE).read_text())
    core, vision, weights = (bundle / name for name in (CORE_FILE, VISION_FILE, WEIGHTS_FILE))
    if how == 'weights cut':
        weights.write_bytes(weights.read_bytes()[:1000])
    else:
        core_bytes = core.read_bytes()
        core.write_bytes(vision.read_bytes())
        vision.write_bytes(core_bytes)
    for file in (core, vision):
        document['sha256'][file.name] = sha256_of(file)
    (bundle / CONTRACT_FILE).write_text(json.dumps(document))


def _only_weights(bundle, contract):
    """Read the weights as the first rung does, and compute nothing."""
    load_weights_of(Network(config_of(str(bundle))), str(bundle))
    return 0.0


@pytest.mark.parametrize('how', ['weights cut', 'graphs swapped'])
def test_a_bundle_that_cannot_be_opened_is_an_error_and_no_rung_that_was_not_run(
    how, tmp_path, monkeypatch
):
    """It used to be a rung that this machine lacks, and exit code 0."""
    copy = tmp_path / 'follow'
    shutil.copytree(resources.bundle('follow'), copy)
    altered(copy, how)
    monkeypatch.setattr(parity_ladder, '_torch_difference', _only_weights)
    with pytest.raises((BundleError, ConfigError)):
        list(climb(copy))


@pytest.mark.parametrize('targets', ['orange_traffic_cone', 'dog, red_backpack'])
def test_a_rung_is_flown_after_what_the_bundle_follows(targets, monkeypatch):
    """It was flown after a red backpack, whatever it had learned to follow."""
    training = Training(targets, ('urban', 'forest'), ('winter', 'summer'))
    bundle = resources.bundle('follow')
    contract = replace(load_contract(bundle), training=training)
    flown = []

    def fly(trial, seed):
        flown.append((trial.flight.world, trial.flight.season, trial.flight.target, seed))
        return SimpleNamespace(score=SimpleNamespace(success=True))

    monkeypatch.setattr(parity_ladder, 'fly_seed', fly)
    passed = Rung('cpu fp32', 0.0, 1e-3, bundle=bundle, backend=Backend())
    assert parity_ladder._flown(passed, contract, 2, 'follow').flights == wilson(2, 2)
    where = 'urban', 'winter', targets.partition(',')[0]
    assert flown == [(*where, 10_000), (*where, 10_001)]
    nowhere = replace(contract, training=Training('unknown'))
    with pytest.raises(ConfigError, match='does not say where in the simulator it was trained'):
        parity_ladder._flown(passed, nowhere, 2, 'follow')


TASKS = st.sampled_from(resources.names('config/tasks'))


@given(st.lists(st.tuples(TASKS, st.sampled_from(['', ':1.6'])), max_size=4))
def test_a_rung_is_flown_in_the_task_that_the_bundle_was_judged_by(judged):
    """A bundle that flies to a target and stops was judged by whether it follows one."""
    tasks = [task + level for task, level in judged]
    tables = {f'test seeds 15000 to {15_000 + k}, task {t}, dog': {} for k, t in enumerate(tasks)}
    contract = replace(load_contract(resources.bundle('follow')), evaluation=tables)
    assert task_of(contract) == ('follow' if 'follow' in tasks or not tasks else tasks[0])


@pytest.mark.parametrize(
    ('table', 'task'),
    [
        ('test seeds 15000 to 15012, task reach, red_backpack', 'reach'),
        ('validation seeds 10000 to 10001, task brisk:1.6, dog', 'brisk:1.6'),
        ('test seeds 15000 to 15012, task my_own, red_backpack', 'follow'),
        ('photographs, the task of a person', 'follow'),
    ],
)
def test_the_task_is_read_from_a_table_of_flights(table, task):
    contract = load_contract(resources.bundle('follow'))
    assert task_of(replace(contract, evaluation={table: {}})) == task


def test_the_shipped_bundles_fly_what_they_learned():
    told = {name: task_of(load_contract(resources.bundle(name))) for name in ('follow', 'reach')}
    assert told == {'follow': 'follow', 'reach': 'reach'}


def test_an_unknown_task_is_told_before_anything_is_run():
    with pytest.raises(ConfigError, match='flollow'):
        next(climb(resources.bundle('follow'), task='flollow'))


@pytest.mark.parametrize(('difference', 'verdict'), [(1e-3, 'passed'), (0.1, 'failed')])
def test_the_verdict_is_the_tolerances(difference, verdict):
    assert Rung('cuda fp32', difference, 2e-3).verdict == verdict


def test_answers_that_are_not_finite_are_infinitely_far():
    assert largest_difference([1.0, 2.0], [1.0, 2.0]) == 0.0
    assert largest_difference([0.5], [0.25]) == 0.25  # absolute below 1
    assert largest_difference([110.0], [100.0]) == pytest.approx(0.1)
    assert largest_difference([np.nan], [1.0]) == np.inf
