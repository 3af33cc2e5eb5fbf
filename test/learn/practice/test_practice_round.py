# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A round whose core practises: its places are drawn once, its checkpoint is the practised one."""

from dataclasses import replace

import pytest
import torch

from liquid_drone.contract import CommandSpec
from liquid_drone.learn.behaviour_cloning import load_weights
from liquid_drone.learn.clips import open_clips
from liquid_drone.learn.drivers import DriverPlan
from liquid_drone.learn.flights.config import CollectConfig
from liquid_drone.learn.flights.jobs import jobs_of
from liquid_drone.learn.flights.training_flight import run_job
from liquid_drone.learn.frozen.config import FrozenEncoder
from liquid_drone.learn.frozen.rounds import train_core_round, with_kept_encoder
from liquid_drone.learn.practice import rounds
from liquid_drone.learn.practice.config import PracticeConfig
from liquid_drone.learn.recipe import Augmentation, Recipe, TrainConfig, Workspace
from liquid_drone.learn.watcher import Silent
from liquid_drone.learn.work_found import with_identity
from liquid_drone.policy.config import NetworkConfig, VisionConfig
from liquid_drone.policy.network import Network
from liquid_drone.request import RequestSpec

PLAIN = Augmentation(brightness=0, contrast=0, colour=0, noise=0, flip=False, skip_share=0)
RECIPE = Recipe(
    'practises',
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
    practice=PracticeConfig(steps=2, flights=3, ticks=4, places=2),
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
