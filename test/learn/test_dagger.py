# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A whole recipe, tiny, with the real simulator: every stage runs, resumes, ends in a bundle."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from notebook import Notebook, short_task

from liquid_drone.cli.commands import collect as collect_verb
from liquid_drone.cli.commands import export as export_verb
from liquid_drone.cli.commands.collect import RecipeArguments
from liquid_drone.contract import CommandSpec, load_contract
from liquid_drone.episodes import episode
from liquid_drone.episodes.recording import COLUMNS
from liquid_drone.errors import ConfigError, EpisodeError
from liquid_drone.learn.dagger import frames_of, run_rounds
from liquid_drone.learn.drivers import DriverPlan
from liquid_drone.learn.export_round import export_round
from liquid_drone.learn.flights.collecting import collect
from liquid_drone.learn.flights.config import CollectConfig, Disturbance
from liquid_drone.learn.flights.jobs import jobs_of
from liquid_drone.learn.flights.training_flight import run_job
from liquid_drone.learn.recipe import (
    DaggerConfig,
    Recipe,
    TrainConfig,
    ValidationConfig,
    Workspace,
    load_recipe,
)
from liquid_drone.learn.rounds import rounds_of
from liquid_drone.learn.validation import Score, best_round
from liquid_drone.policy.config import CoreConfig, NetworkConfig, VisionConfig
from liquid_drone.resources import names
from liquid_drone.runtime.runner import PolicyRunner
from liquid_drone.seeds import split_of
from liquid_drone.workers.executor import ThisProcess
from liquid_drone.workers.pool import LocalProcesses

TINY = Recipe(
    'tiny',
    network=NetworkConfig(
        VisionConfig(convolutions=((8, 5, 4), (8, 3, 4)), features=16), CoreConfig()
    ),
    collect=CollectConfig(episodes=2, frames=12),
    train=TrainConfig(steps=3, windows=2, length=8, warmup_steps=1),
    dagger=DaggerConfig(rounds=3, episodes=1, frames=12),
    validation=ValidationConfig(flights=1, final_flights=1, detection_flights=1),
)


def plan() -> DriverPlan:
    return DriverPlan('expert', Disturbance(), CommandSpec())


def test_an_episode_is_its_seed(tmp_path):
    """Whichever process flies it and whatever came before: the same seed, the same frames."""
    first = jobs_of(TINY, range(5, 6), 8, plan(), tmp_path / 'a')[0]
    between = jobs_of(TINY, range(6, 7), 4, plan(), tmp_path / 'b')[0]
    again = replace(first, directory=tmp_path / 'c' / 'again')
    for job in (first, between, again):
        run_job(job)
    assert first.directory is not None
    assert again.directory is not None
    one, two = episode.load(first.directory), episode.load(again.directory)
    assert one.jpegs == two.jpegs
    for name in COLUMNS:
        assert np.array_equal(one.column(name), two.column(name)), name


def test_labels_are_the_expert_s_and_not_what_was_flown(tmp_path):
    job = jobs_of(TINY, range(8, 9), 12, plan(), tmp_path)[0]
    noisy = replace(job.plan, disturbance=Disturbance(strength=(0.6, 0.6), clean_share=0.0))
    run_job(replace(job, plan=noisy))
    assert job.directory is not None
    recording = episode.load(job.directory)
    difference = recording.column('label') - recording.column('executed')
    assert np.abs(difference).mean() > 0.05
    assert recording.info.pilot == 'expert'
    assert split_of(recording.info.seed) == 'train'


@pytest.mark.slow
def test_a_tiny_recipe_from_nothing_to_a_bundle(tmp_path):
    tiny = replace(TINY, task=short_task(tmp_path))
    work, notebook = Workspace(tmp_path), Notebook()
    assert collect(tiny, work, ThisProcess(), notebook) == 24
    best = run_rounds(tiny, work, (ThisProcess(), LocalProcesses(1)), notebook)
    assert sorted(flown_by(tiny, work)) == ['dagger-2', 'expert-0', 'expert-1']
    assert flown_by(tiny, work)['dagger-2'] == {load_contract(work.bundle(0)).bundle_hash()}
    again = Notebook()
    assert run_rounds(tiny, work, (ThisProcess(), LocalProcesses(1)), again) == best
    assert not [title for title in again.titles if 'training' in title]  # nothing done twice
    out = tmp_path / 'out'
    export_round(tiny, work, best.round, out, frames_of(tiny, work, best.round), 'tiny')
    assert PolicyRunner(out).contract.name == 'tiny'


@pytest.mark.slow
def test_the_flights_of_a_round_wait_for_the_policy_that_flies_them(tmp_path):
    """Each policy flies for the round after its own, and the last one is the bundle."""
    waiting = replace(
        TINY, task=short_task(tmp_path), dagger=replace(TINY.dagger, behind=1),
        validation=replace(TINY.validation, last_rounds=1),
    )  # fmt: skip
    work = Workspace(tmp_path)
    assert collect(waiting, work, ThisProcess(), Notebook()) == 24
    assert run_rounds(waiting, work, (ThisProcess(), LocalProcesses(1)), Notebook()).round == 2
    flown = flown_by(waiting, work)
    assert sorted(flown) == ['dagger-1', 'dagger-2', 'expert-0']
    for index in (1, 2):
        pilot = load_contract(work.bundle(index - 1)).bundle_hash()
        assert flown[f'dagger-{index}'] == {pilot}
    told = json.loads((tmp_path / 'training.json').read_text())
    assert [one['episodes'] for one in told['rounds']] == [2, 1, 1]


def flown_by(recipe, work):
    """Return the folders of episodes, with the pilots of each."""
    folders = {one.episodes for one in rounds_of(recipe, work)}
    return {
        folder.name: {episode.load_info(path).pilot for path in episode.find_episodes(folder)}
        for folder in folders
    }


def test_training_without_episodes_names_the_command(tmp_path):
    with pytest.raises(EpisodeError, match='liquid-drone collect'):
        frames_of(TINY, Workspace(tmp_path), 0)


@pytest.mark.parametrize(('first', 'so_far'), [((4, 4, 0.1), 1), ((40, 40, 0.1), 0)])
def test_the_best_round_is_the_last_one_with_most_good_flights(tmp_path, first, so_far):
    """A round with fewer validation flights is not compared with one that has more.

    Nor is an earlier one with as many: ``export`` took it, and ``train`` another.
    """
    work = Workspace(tmp_path)
    with pytest.raises(ConfigError, match='train'):
        best_round(TINY, work)
    (tmp_path / 'validation').mkdir()
    for index, (flights, good, error) in enumerate([first, (40, 30, 0.3), (40, 30, 0.2)]):
        if index == 2:  # of a training that goes on
            assert best_round(TINY, work) == so_far
        score = Score(index, flights, good, {}, error)
        path = tmp_path / 'validation' / f'round-{index}.json'
        path.write_text(json.dumps(vars(score)))
    assert best_round(TINY, work) == 2


def test_every_shipped_recipe_loads():
    for name in names('config/recipes'):
        assert load_recipe(name).name == name


def test_the_verbs_say_what_is_missing(tmp_path):
    of = RecipeArguments(data=tmp_path)
    with pytest.raises(ConfigError, match='liquid-drone train'):
        export_verb.run(export_verb.ExportArguments(of=of, round=3, out=tmp_path / 'x'))
    with pytest.raises(ConfigError, match='unknown recipe'):
        collect_verb.run(collect_verb.CollectArguments(of=RecipeArguments(recipe='nothing')))
    assert not list(Path(tmp_path).iterdir())
