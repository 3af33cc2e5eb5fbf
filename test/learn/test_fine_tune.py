# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Teaching a policy a new target: where it starts, whose turn it is, and a whole tiny one."""

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from notebook import short_task

from liquid_drone import resources
from liquid_drone.cli.commands import retrain
from liquid_drone.cli.commands.retrain import RetrainArguments
from liquid_drone.cli.main import main
from liquid_drone.contract import Training, load_contract, save_contract
from liquid_drone.episodes.episode import find_episodes, load_info, save
from liquid_drone.errors import BundleError
from liquid_drone.evaluate import protocol, scoring
from liquid_drone.evaluate.scoring import wilson
from liquid_drone.learn import fine_tune
from liquid_drone.learn.flights.config import CollectConfig
from liquid_drone.learn.recipe import (
    DaggerConfig,
    Recipe,
    TrainConfig,
    ValidationConfig,
    check_whole,
)
from liquid_drone.policy import weights
from liquid_drone.policy.config import CoreConfig, NetworkConfig, VisionConfig
from liquid_drone.policy.export import export
from liquid_drone.policy.network import Network

NONE = wilson(0, 2)
SMALL = NetworkConfig(VisionConfig(convolutions=((8, 5, 4), (8, 3, 4)), features=16), CoreConfig())


@pytest.fixture(scope='module')
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a bundle of a small untrained network, with its weights."""
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp('bundles') / 'base'
    network = Network(SMALL).eval()
    export(network, 'base', Training('red_backpack', ('forest',), ('summer', 'winter')), path)
    weights.save_weights(network, path)
    return path


def test_weights_come_back_to_the_bit(base: Path) -> None:
    torch.manual_seed(3)
    first = Network(SMALL)
    again = weights.load_weights_of(Network(weights.config_of(str(base))), str(base))
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_weights_of_another_shape_are_refused(base: Path) -> None:
    with pytest.raises(BundleError, match='does not fit'):
        weights.load_weights_of(Network(NetworkConfig()), str(base))


def test_a_bundle_without_weights_is_refused(bundle: Path) -> None:
    with pytest.raises(BundleError, match='expected a policy bundle with its weights'):
        fine_tune.retrain_recipe('dog', str(bundle))


def test_the_recipe_comes_from_the_bundle(base: Path) -> None:
    recipe = fine_tune.retrain_recipe('dog', str(base))
    assert recipe.targets == ('dog', 'dog', 'red_backpack')
    assert (recipe.worlds, recipe.seasons) == (('forest',), ('summer', 'winter'))
    assert recipe.network == SMALL
    assert recipe.name == 'base-dog'


def test_a_known_target_alone_needs_no_turns() -> None:
    assert fine_tune.turns('dog', ('dog',)) == ('dog',)
    assert fine_tune.turns('dog', ('cone', 'car')) == ('dog', 'dog', 'cone', 'car')


FILES = ('red_backpack', 'dog', 'my/own thing.yaml', 'thing.yaml')
RECORDED = ('our_dog', 'thing', 'neighbours_cat')  # one as a file is called


@settings(max_examples=8, deadline=None)
@given(st.sets(st.sampled_from(FILES), min_size=1), st.sets(st.sampled_from(RECORDED)), st.data())
def test_a_bundle_that_learned_from_recordings_goes_on_with_what_can_be_flown(
    base: Path, tmp_path_factory: pytest.TempPathFactory, files, recorded, data
) -> None:
    folder = tmp_path_factory.mktemp('again')
    shutil.copytree(base, folder / 'base')
    shutil.copytree(resources.find('sim/targets'), folder / 'my')
    for name in ('my/own thing.yaml', 'thing.yaml'):
        shutil.copyfile(folder / 'my' / 'dog.yaml', folder / name)
    names = data.draw(st.permutations([*files, *recorded]))
    training = Training(', '.join(names), ('forest',), ('summer',))
    save_contract(replace(load_contract(base), training=training), folder / 'base')
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        recipe = fine_tune.recorded_recipe('our_dog', str(folder / 'base'))
        assert set(recipe.targets) == files
        check_whole(recipe)
        assert set(fine_tune.retrain_recipe('dog', 'base').targets) == {'dog', *files}
    if any('yaml' in name for name in files):
        with pytest.raises(BundleError, match=r'learned with .*yaml.* not there from this folder'):
            fine_tune.retrain_recipe('dog', str(folder / 'base'))


def test_a_bundle_that_nothing_can_validate_names_the_way_on(base: Path, tmp_path: Path) -> None:
    shutil.copytree(base, tmp_path / 'base')
    training = Training('our_dog', ('forest',), ('summer',))
    save_contract(replace(load_contract(base), training=training), tmp_path / 'base')
    with pytest.raises(BundleError, match='recorded flights alone'):
        fine_tune.recorded_recipe('our_dog', str(tmp_path / 'base'))


def test_flights_of_own_worlds_lie_below_the_work_directory(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = tmp_path / 'elsewhere' / 'my place.yaml'
    world.parent.mkdir()
    shutil.copyfile(resources.named_file('sim/worlds', 'forest'), world)
    shutil.copytree(base, tmp_path / 'new')
    training = Training('red_backpack', (str(world), 'urban'), ('summer',))
    save_contract(replace(load_contract(base), training=training), tmp_path / 'new')
    flown: list[Path] = []
    monkeypatch.setattr(protocol, 'evaluate', lambda _t, _s, out, *_: flown.append(out) or [])
    monkeypatch.setattr(scoring, 'summarise', lambda _: SimpleNamespace(failures={}, success=NONE))
    args = RetrainArguments(target='dog', start=str(base), flights=2)
    retrain.report(args, tmp_path / 'new', tmp_path / 'work')
    assert len(set(flown)) == 6  # two places each: after both targets, and before
    assert all(tmp_path / 'work' in out.parents for out in flown)


def test_cut_outs_lie_in_the_work_directory_of_the_training(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All bundles that lie in a folder called bundle shared one, and one's replaced another's."""
    shutil.copytree(base, tmp_path / 'data' / 'mine' / 'bundle')
    photo = np.full((120, 100, 3), 160, np.uint8)
    photo[30:90, 30:70] = (30, 40, 200)
    cv2.imwrite(str(tmp_path / 'photo.png'), photo)
    monkeypatch.chdir(tmp_path)
    args = RetrainArguments(target='thing', start='data/mine/bundle', photos=(Path('photo.png'),))
    made = retrain._from_photos(args)
    recipe = fine_tune.retrain_recipe(str(made), 'data/mine/bundle')
    assert made.parent == Path('data') / recipe.name / 'target'


@pytest.mark.slow
def test_a_tiny_retraining_ends_in_a_bundle_that_names_both_targets(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tiny(target: str, start: str, places: Path | None = None) -> Recipe:
        recipe = made(target, start, places)
        few = {'count': 5, 'per_world': 1, 'looks': 1, 'beside': 2}
        return replace(
            recipe,
            task=short_task(tmp_path),
            pictures=replace(recipe.pictures, **few) if places else recipe.pictures,
            collect=CollectConfig(episodes=3, frames=12),
            train=TrainConfig(steps=2, windows=2, length=8, warmup_steps=1),
            dagger=DaggerConfig(rounds=2, episodes=1, frames=12),
            validation=ValidationConfig(flights=1, final_flights=1, detection_flights=1),
        )

    made = fine_tune.retrain_recipe
    monkeypatch.setattr(fine_tune, 'retrain_recipe', tiny)
    photos = tmp_path / 'places'
    photos.mkdir()
    cv2.imwrite(str(photos / 'a.png'), np.full((90, 160, 3), 120, np.uint8))
    line = ['retrain', '--target', 'orange_traffic_cone', '--from', str(base), '--flights', '0']
    line += ['--places', str(photos), '--processes', '1']
    assert main([*line, '--data', str(tmp_path / 'work'), '--out', str(tmp_path / 'new')]) == 0
    contract = load_contract(tmp_path / 'new')
    assert contract.training.target == 'orange_traffic_cone, red_backpack'
    assert len(list((tmp_path / 'work' / 'pictures').glob('*.npz'))) == 5
    episodes = sorted(path.parent.name for path in tmp_path.rglob('episode.json'))
    assert len(episodes) >= 6
    assert fine_tune.retrain_recipe('dog', str(tmp_path / 'new')).targets[:2] == ('dog', 'dog')


def test_an_unknown_target_is_told_before_anything_is_flown(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ['retrain', '--target', 'unicorn', '--from', str(base), '--data', str(tmp_path / 'w')]
    assert main(line) == 2
    assert 'unicorn' in capsys.readouterr().err
    assert not (tmp_path / 'w').exists()


@pytest.mark.parametrize('places', ['nowhere', '.'])
def test_a_folder_without_photographs_of_places_is_told(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], places: str
) -> None:
    line = ['retrain', '--target', 'red_camping_chair', '--from', str(base)]
    assert main([*line, '--data', str(tmp_path / 'w'), '--places', str(tmp_path / places)]) == 2
    assert '--places: expected' in capsys.readouterr().err
    assert not (tmp_path / 'w').exists()


def test_recorded_flights_alone_teach_a_bundle(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_recording
) -> None:
    """The simulator knows nothing of what was followed; what the flights taught is there."""
    for seed in range(2):
        save(make_recording(seed), tmp_path / 'flights' / f'flight-{seed:02d}')

    def tiny(target: str, start: str) -> Recipe:
        return replace(
            made(target, start),
            task=short_task(tmp_path),
            train=TrainConfig(steps=2, windows=2, length=8, warmup_steps=1),
            validation=ValidationConfig(flights=1, final_flights=1, detection_flights=0),
        )

    made = fine_tune.recorded_recipe
    monkeypatch.setattr(fine_tune, 'recorded_recipe', tiny)
    line = ['retrain', '--target', 'our_dog', '--from', str(base), '--flights', '0']
    line += ['--data', str(tmp_path / 'work'), '--only-bags', '--bags', str(tmp_path / 'flights')]
    assert main(line) == 0
    new = tmp_path / 'work' / 'bundle'
    contract = load_contract(new)
    assert contract.training.target == 'red_backpack, our_dog'
    assert contract.training.frames == 80
    before, after = (weights.load_weights_of(Network(SMALL), str(path)) for path in (base, new))
    assert not torch.equal(before.vision.features.weight, after.vision.features.weight)


@pytest.mark.parametrize('runs', [('ab', 'b'), ('a', 'bc', 'ab'), ('abc', 'abc'), ('c', 'a', 'c')])
def test_a_run_learns_from_the_flights_that_it_names_alone(
    runs: tuple[str, ...], tmp_path: Path, make_recording, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of an earlier run were learned from as well, without a word."""
    for seed, name in enumerate('abc'):
        save(make_recording(seed), tmp_path / name / 'flight')
    hashes = {name: load_info(tmp_path / name / 'flight').sha256 for name in 'abc'}
    before = ''
    for names in runs:
        bags = tuple(tmp_path / name for name in names)
        retrain._take(RetrainArguments(target='our_dog', bags=bags), tmp_path / 'work')
        there = {load_info(place).sha256 for place in find_episodes(tmp_path / 'work')}
        assert there == {hashes[name] for name in names}
        assert ('are kept aside' in capsys.readouterr().err) == bool({*before} - {*names})
        before = names


def test_recorded_flights_that_are_none_are_told(base: Path, tmp_path: Path, capsys) -> None:
    line = ['retrain', '--target', 'our_dog', '--from', str(base), '--only-bags']
    assert main(line) == 2
    assert '--bags' in capsys.readouterr().err
