# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A round whose core practises: its places are drawn once, its checkpoint is the practised one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch

from liquid_drone.contract import CommandSpec
from liquid_drone.learn import dagger
from liquid_drone.learn.behaviour_cloning import load_weights
from liquid_drone.learn.clips import open_clips
from liquid_drone.learn.drivers import DriverPlan
from liquid_drone.learn.flights.config import CollectConfig
from liquid_drone.learn.flights.jobs import jobs_of
from liquid_drone.learn.flights.training_flight import run_job
from liquid_drone.learn.frozen import rounds as frozen_rounds
from liquid_drone.learn.frozen.config import FrozenEncoder
from liquid_drone.learn.frozen.rounds import train_core_round, with_kept_encoder
from liquid_drone.learn.practice import practising, rounds
from liquid_drone.learn.practice.config import PracticeConfig
from liquid_drone.learn.recipe import Augmentation, Recipe, TrainConfig, Workspace
from liquid_drone.learn.rounds import half_way
from liquid_drone.learn.watcher import Silent
from liquid_drone.learn.work_found import with_identity
from liquid_drone.policy.config import NetworkConfig, VisionConfig
from liquid_drone.policy.network import Network
from liquid_drone.request import RequestSpec

PLAIN = Augmentation(brightness=0, contrast=0, colour=0, noise=0, flip=False, skip_share=0)
RECIPE = Recipe(
    'practises',
    task='out-of-view:120',  # it begins beside the picture
    frozen=FrozenEncoder('follow', views=1),
    network=NetworkConfig(
        vision=VisionConfig.NAMED['wide-scan'], request=RequestSpec(), belief=True, memory=True,
        surroundings=True,
    ),
    collect=CollectConfig(episodes=1, frames=90, teacher='camera-expert'),
    train=TrainConfig(
        steps=2, windows=2, length=8, warmup_steps=1, memory_steps=1, augmentation=PLAIN,
        precision='float32', device='cpu',
    ),
    practice=PracticeConfig(steps=2, flights=3, ticks=4, places=2, rehearsed=0),
)  # fmt: skip


@pytest.fixture(scope='module')
def clips(tmp_path_factory):
    """A flight of the expert."""
    folder = tmp_path_factory.mktemp('flown')
    plan = DriverPlan('expert', RECIPE.collect.disturbance, CommandSpec(), teacher='camera-expert')
    jobs = jobs_of(RECIPE, range(1), RECIPE.collect.frames, plan, folder / 'episodes')
    (job,) = with_identity(jobs)
    run_job(job)
    assert job.directory is not None
    return open_clips([job.directory], folder / 'cache', 2, CommandSpec(), {'red_backpack'})


def trained(recipe: Recipe, root, clips) -> tuple[Network, list[str]]:
    """Train its first round; return the network of the checkpoint, and what was noted."""
    work, notes = Workspace(root), list[str]()
    torch.manual_seed(0)
    network = Network(recipe.network)
    encoder = with_kept_encoder(recipe, work, network, clips, Silent())
    steps: list[int] = []

    def report(step: int, losses: dict[str, float]) -> None:
        steps.append(step)
        assert ('hits a minute' in losses) == (step >= recipe.train.steps)

    train_core_round(recipe, work, 0, network, encoder, clips, report, notes.append)
    assert steps == list(range(recipe.train.steps + recipe.practice.steps))
    return load_weights(Network(recipe.network), work.checkpoint(0)), notes


@pytest.fixture
def in_rounds(clips, monkeypatch):
    """A function that trains the first round of a recipe in a folder, as a command does."""
    monkeypatch.setattr(dagger, 'clips_of', lambda *_: clips)
    monkeypatch.setattr(dagger, '_episodes', lambda *_: [])
    monkeypatch.setattr(dagger, 'write_manifest', lambda *_: None)

    def train(recipe: Recipe, root) -> Network:
        work = Workspace(root)
        dagger.train_round(recipe, work, 0, Silent())
        return load_weights(Network(recipe.network), work.checkpoint(0))

    return train


def test_the_checkpoint_is_the_practised_core_and_places_are_drawn_once(
    tmp_path, clips, monkeypatch
):
    practised, notes = trained(RECIPE, tmp_path, clips)
    without, _ = trained(replace(RECIPE, practice=PracticeConfig()), tmp_path / 'without', clips)
    cells = practised.cell.state_dict(), without.cell.state_dict()
    assert any(not torch.equal(cells[0][name], cells[1][name]) for name in cells[0])
    for part in ('vision', 'memory'):
        kept = (getattr(one, part).state_dict() for one in (practised, without))
        for one, other in zip(*(part.values() for part in kept), strict=True):
            torch.testing.assert_close(one, other)
    assert any(note.startswith('practice: 2 places are drawn') for note in notes)

    def refuse(*_):
        raise AssertionError('drawn again')

    monkeypatch.setattr(rounds, 'draw_place', refuse)
    again, _ = trained(RECIPE, tmp_path, clips)
    for name, value in again.cell.state_dict().items():
        torch.testing.assert_close(value, cells[0][name])


@contextmanager
def interrupted_at(step: int, monkeypatch) -> Iterator[None]:
    """Expect what is trained in here to be interrupted at a step of practice."""
    learned = practising._learned

    def stops(progress, loss, clip, at):
        if at == step:
            raise KeyboardInterrupt
        learned(progress, loss, clip, at)

    with monkeypatch.context() as patched:
        patched.setattr(practising, '_learned', stops)
        try:
            yield
        except KeyboardInterrupt:
            return
    pytest.fail('it was not interrupted')


def test_a_practice_that_was_interrupted_goes_on_and_ends_as_it_would_have(
    tmp_path, in_rounds, monkeypatch
):
    recipe = replace(RECIPE, practice=replace(RECIPE.practice, steps=4))
    monkeypatch.setattr(practising, 'STRETCH', 2)
    at_once = in_rounds(recipe, tmp_path / 'at-once')
    with interrupted_at(3, monkeypatch):
        in_rounds(recipe, tmp_path / 'parted')
    partial = half_way(Workspace(tmp_path / 'parted').checkpoint(0))
    assert partial.is_file()

    def refuse(*_):
        raise AssertionError('the core is trained anew')

    monkeypatch.setattr(frozen_rounds, 'train_core', refuse)
    again = in_rounds(recipe, tmp_path / 'parted')
    assert not partial.exists()
    for name, value in again.state_dict().items():
        assert torch.equal(value, at_once.state_dict()[name]), name


def test_what_was_practised_by_another_recipe_is_kept_aside(tmp_path, in_rounds, monkeypatch):
    monkeypatch.setattr(practising, 'STRETCH', 1)
    with interrupted_at(1, monkeypatch):
        in_rounds(RECIPE, tmp_path / 'mine')
    other = replace(RECIPE, practice=replace(RECIPE.practice, ticks=5))
    found, anew = in_rounds(other, tmp_path / 'mine'), in_rounds(other, tmp_path / 'anew')
    for name, value in found.state_dict().items():
        assert torch.equal(value, anew.state_dict()[name]), name
