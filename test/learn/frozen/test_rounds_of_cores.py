# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Rounds behind a kept encoder: it is trained once, features once a flight, memories go on."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from support.noise_flight import clip

from liquid_drone.contract import CommandSpec
from liquid_drone.episodes import episode
from liquid_drone.errors import EpisodeError
from liquid_drone.evaluate.pilots.camera_expert import SEARCH_RAD_S
from liquid_drone.learn import behaviour_cloning
from liquid_drone.learn.behaviour_cloning import load_weights
from liquid_drone.learn.drivers import DriverPlan
from liquid_drone.learn.flights.config import CollectConfig, Disturbance
from liquid_drone.learn.flights.jobs import jobs_of
from liquid_drone.learn.flights.training_flight import run_job
from liquid_drone.learn.frozen import views
from liquid_drone.learn.frozen.config import FrozenEncoder
from liquid_drone.learn.frozen.rounds import train_core_round, with_kept_encoder
from liquid_drone.learn.pictures.config import PictureConfig
from liquid_drone.learn.pictures.encoder_stage import (
    logits_of,
    make_pictures,
    shards_of_recipe,
)
from liquid_drone.learn.pictures.shards import read_shard
from liquid_drone.learn.recipe import (
    Augmentation,
    DaggerConfig,
    Recipe,
    TrainConfig,
    Workspace,
)
from liquid_drone.learn.rounds import rounds_of
from liquid_drone.learn.watcher import Silent
from liquid_drone.learn.work_found import with_identity
from liquid_drone.policy.config import NetworkConfig
from liquid_drone.policy.network import Network
from liquid_drone.request import RequestSpec
from liquid_drone.workers.executor import ThisProcess

PLAIN = Augmentation(brightness=0, contrast=0, colour=0, noise=0, flip=False, skip_share=0)
TRAIN = TrainConfig(
    steps=2, windows=2, length=4, warmup_steps=1, memory_steps=1, augmentation=PLAIN
)
TRAIN = replace(TRAIN, precision='float32', device='cpu')
RECIPE = Recipe(
    'cores',
    frozen=FrozenEncoder('follow-compact', encoder_steps=2, views=1),
    network=NetworkConfig(request=RequestSpec(), belief=True, memory=True),
    collect=CollectConfig(episodes=1, frames=6, teacher='camera-expert'),
    train=TRAIN,
    dagger=DaggerConfig(rounds=3),
)


class Titles(Silent):
    """Keeps the stages that were begun."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def begin(self, title: str, total: int, unit: str) -> None:
        self.begun.append(title)


def test_the_encoder_is_trained_once_memories_go_on_and_cores_begin_anew(tmp_path, monkeypatch):
    work, told = Workspace(tmp_path), Titles()
    looked: list[str] = []
    features = views._features

    def counted(network, flight, *rest):
        looked.append(flight.frames.file.name)
        return features(network, flight, *rest)

    monkeypatch.setattr(views, '_features', counted)
    clips = [clip(tmp_path, number) for number in range(3)]
    (tmp_path / 'train').mkdir()
    kept, begun, cores = [], [], []
    for index, seen in enumerate((clips[:2], clips)):
        torch.manual_seed(1)
        network = Network(RECIPE.network)
        encoder = with_kept_encoder(RECIPE, work, network, seen, told)
        kept.append({name: value.clone() for name, value in network.vision.state_dict().items()})
        steps: list[int] = []

        def report(step: int, losses: dict[str, float], steps: list[int] = steps) -> None:
            steps.append(step)

        def note(text: str, network: Network = network, begun: list[torch.Tensor] = begun) -> None:
            if 'features' in text:
                begun.append(network.memory.measure.features.weight.clone())
                cores.append([one.clone() for one in network.cell.parameters()])

        train_core_round(RECIPE, work, index, network, encoder, seen, report, note)
        assert steps == [0, 1]
    assert told.begun == ['encoder']
    assert all(torch.equal(kept[0][name], value) for name, value in kept[1].items())
    first = load_weights(Network(RECIPE.network), work.checkpoint(0))
    assert torch.equal(first.memory.measure.features.weight, begun[1])
    assert not torch.equal(begun[0], begun[1])
    assert all(torch.equal(a, b) for a, b in zip(*cores, strict=True))
    trained = first.cell.parameters()
    assert any(not torch.equal(a, b) for a, b in zip(cores[0], trained, strict=True))
    assert all(torch.equal(first.vision.state_dict()[n], value) for n, value in kept[0].items())
    assert looked == ['0.frames.npy', '1.frames.npy', '2.frames.npy']


@pytest.mark.parametrize('held_out', [2, 3, 5])
def test_flights_that_are_all_held_out_leave_nothing_to_learn_from(tmp_path, held_out):
    """Of three flights with five held out, one was learned from and two were judged."""
    frozen = FrozenEncoder('follow-compact', views=1, held_out=held_out)
    recipe, work = replace(RECIPE, frozen=frozen), Workspace(tmp_path)
    (tmp_path / 'train').mkdir()
    clips, network = [clip(tmp_path, number) for number in range(3)], Network(RECIPE.network)
    encoder = with_kept_encoder(recipe, work, network, clips, Silent())
    given = recipe, work, 0, network, encoder, clips, lambda *_: None, lambda _: None
    if held_out < len(clips):
        train_core_round(*given)
        told = json.loads(work.checkpoint(0).with_suffix('.held-out.json').read_text())
        assert told['flights'] == held_out
        return
    with pytest.raises(EpisodeError, match=f'held_out is {held_out}, and there are 3 flights'):
        train_core_round(*given)


def test_a_shipped_encoder_is_another_one_after_it_was_trained_on(tmp_path):
    network = Network(RECIPE.network)
    as_it_ships = replace(RECIPE, frozen=FrozenEncoder('follow-compact'))
    with_kept_encoder(as_it_ships, Workspace(tmp_path), network, [], Silent())
    shipped = {name: value.clone() for name, value in network.vision.state_dict().items()}
    (tmp_path / 'train').mkdir()
    with_kept_encoder(RECIPE, Workspace(tmp_path), network, [clip(tmp_path, 1)], Silent())
    after = network.vision.state_dict()
    assert any(not torch.equal(after[name], value) for name, value in shipped.items())


def test_who_teaches_is_part_of_every_round_and_of_a_flight_s_identity(tmp_path):
    plans = [one.driver for one in rounds_of(RECIPE, Workspace(tmp_path))]
    assert [(plan.kind, plan.teacher) for plan in plans] == [
        ('expert', 'camera-expert'), ('expert', 'camera-expert'), ('mixed', 'camera-expert'),
    ]  # fmt: skip
    plain = replace(plans[0], teacher='expert')
    jobs = [jobs_of(RECIPE, range(2), 6, plan, None) for plan in (plans[0], plain)]
    camera, expert = ([job.identity for job in with_identity(some)] for some in jobs)
    assert not set(camera) & set(expert)


@pytest.mark.parametrize('teacher', ['expert', 'camera-expert'])
def test_a_teacher_that_has_not_seen_the_target_looks_for_it(tmp_path, teacher):
    """The target begins somewhere around the drone: who knows all turns to it at once."""
    recipe = replace(RECIPE, task='out-of-view:180', tasks=(), lookalikes=())
    still = Disturbance(clean_share=1.0)
    plan = DriverPlan('expert', still, CommandSpec(), teacher=teacher)
    sides = set()
    for job in jobs_of(recipe, range(3, 9), 3, plan, tmp_path):
        run_job(replace(job, requests=()))
        flown = episode.load(job.directory)
        label, seen = flown.column('label')[0], flown.column('target_mask')[0, 2] > 0
        if seen:
            continue
        sides.add(float(np.sign(label[3])))
        if teacher == 'camera-expert':
            assert label.tolist() == pytest.approx([0.0, 0.0, 0.0, SEARCH_RAD_S])
    assert sides == ({1.0} if teacher == 'camera-expert' else {1.0, -1.0})


def test_a_new_encoder_learns_from_flights_and_pictures_before_it_is_kept(tmp_path):
    pictures = PictureConfig(count=24, per_world=12, looks=2, beside=4, false_alarms=0.25)
    recipe = replace(
        RECIPE, frozen=FrozenEncoder('new', encoder_steps=2, views=1), pictures=pictures,
        worlds=('forest',), seasons=('summer', 'winter'),
    )  # fmt: skip
    work, clips = Workspace(tmp_path), [clip(tmp_path, 1)]
    make_pictures(recipe, work, ThisProcess(), Silent())
    kept = {}
    for name, one in {
        'both': recipe,
        'flights': replace(recipe, pictures=PictureConfig()),
    }.items():
        here = Workspace(tmp_path / name)
        (here.root / 'train').mkdir(parents=True)
        if name == 'both':
            (here.root / 'pictures').symlink_to(work.root / 'pictures')
        torch.manual_seed(1)
        network = Network(one.network)
        begun = network.vision.features.weight.clone()
        file = with_kept_encoder(one, here, network, clips, Silent())
        assert file == here.encoder
        assert not torch.equal(network.vision.features.weight, begun)
        kept[name] = network
    both, flights = (kept[name].vision.state_dict() for name in ('both', 'flights'))
    assert any(not torch.equal(both[name], flights[name]) for name in both)
    apart = read_shard(shards_of_recipe(recipe, work)[0].file)
    wrong = logits_of(kept['both'], apart)[apart.target[:, 0] <= 0.5] >= 0.0
    assert wrong.mean() <= 0.25  # 0.5 is where so many are taken for the target
    again = Network(recipe.network)
    with_kept_encoder(recipe, Workspace(tmp_path / 'both'), again, clips, Silent())
    assert all(torch.equal(again.vision.state_dict()[name], both[name]) for name in both)


@pytest.mark.parametrize(
    ('frozen', 'pictures', 'told'),
    [
        (('new', 0), 0, 'a new encoder has learned nothing'),
        (('', 5), 0, 'expected a bundle'),
        (('new', 5), 24, 'beside flights'),
    ],
)
def test_an_encoder_that_could_learn_nothing_is_refused(frozen, pictures, told):
    def made():
        bundle, steps = frozen
        kept = FrozenEncoder(bundle, encoder_steps=steps)
        return replace(RECIPE, frozen=kept, pictures=PictureConfig(count=pictures))

    with pytest.raises(ValueError, match=told):
        made()


def test_an_encoder_that_was_stopped_goes_on_and_says_where_it_is(tmp_path, monkeypatch):
    work, clips = Workspace(tmp_path), [clip(tmp_path, 1)]
    (tmp_path / 'train').mkdir()
    recipe = replace(RECIPE, frozen=FrozenEncoder('follow-compact', encoder_steps=4, views=1))
    monkeypatch.setattr(behaviour_cloning, 'CHECKPOINT_S', 0.0)  # after every step

    class Stops(Titles):
        """Counts the steps; the first time it stops after two of them."""

        def __init__(self, last: int) -> None:
            super().__init__()
            self.counts: list[int] = []
            self.last = last

        def advance(self, count: int, *rest: float, **numbers: float) -> None:
            if len(self.counts) == self.last:
                raise KeyboardInterrupt
            self.counts.append(count)

    first, second = Stops(2), Stops(99)
    with pytest.raises(KeyboardInterrupt):
        with_kept_encoder(recipe, work, Network(recipe.network), clips, first)
    with_kept_encoder(recipe, work, Network(recipe.network), clips, second)
    assert sum(first.counts) == 2
    assert second.counts[0] > 1
    assert sum(second.counts) == 4
