# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures beside a round's flights: what each step sees of them, and what it teaches."""

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.contract import load_contract
from liquid_drone.learn.behaviour_cloning import TrainingProgress, running_average, save_progress
from liquid_drone.learn.export_round import export_round
from liquid_drone.learn.fine_tune import retrain_recipe
from liquid_drone.learn.pictures.beside import PicturesBeside
from liquid_drone.learn.pictures.config import PictureConfig
from liquid_drone.learn.pictures.encoder_stage import logits_of, parted, shards_of_recipe
from liquid_drone.learn.pictures.shards import Pictures, joined, make_shard, read_shard
from liquid_drone.learn.recipe import Workspace
from liquid_drone.policy.config import NetworkConfig
from liquid_drone.policy.network import Network
from liquid_drone.policy.weights import begin_with


def pictures(labels: list[float]) -> Pictures:
    """Return pictures that are as bright as their number, with their labels and bearings."""
    count = len(labels)
    frames = np.empty((count, 72, 128, 3), np.uint8)
    frames[:] = 20 * np.arange(1, count + 1, dtype=np.uint8)[:, None, None, None]
    target = np.array([(shown, 0.5, 0.0) for shown in labels], np.float32)
    unknown = np.full(count, np.nan, np.float32)
    return Pictures(frames, frames, np.zeros(count, np.bool_), target, unknown)


@settings(max_examples=15, deadline=None)
@given(
    labels=st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=1, max_size=10).filter(
        lambda labels: not np.isnan(labels).all()
    ),
    step=st.integers(0, 10**6),
)
def test_a_step_sees_each_kind_equally_often_and_nothing_that_is_unknown(labels, step):
    beside = PicturesBeside(pictures(labels), 8, 3)
    pixels, target = beside.batch(step)
    known = {label for label in labels if not np.isnan(label)}
    assert set(target[:, 0]) == known
    assert all((target[:, 0] == label).sum() == 8 // len(known) for label in known)
    assert set(np.abs(target[:, 1])) == {0.5}
    again, same = PicturesBeside(pictures(labels), 8, 3).batch(step)
    assert torch.equal(pixels, again)
    assert np.array_equal(target, same)


def test_they_teach_the_encoder_and_the_head_and_not_the_core():
    network = Network(NetworkConfig())
    losses = PicturesBeside(pictures([0.0, 1.0]), 2, 1).losses(network, 0)
    torch.stack(list(losses.values())).sum().backward()
    moved = {name for name, p in network.named_parameters() if p.grad is not None}
    assert any(name.startswith('vision') for name in moved)
    assert not any(name.startswith('cell') for name in moved)


def test_an_odd_number_is_refused():
    with pytest.raises(ValueError, match='even'):
        PictureConfig(beside=3)


@pytest.mark.parametrize('photo_share', [0.0, 1.0])
def test_lookalikes_are_shown_as_often_as_a_target_and_never_as_one(tmp_path: Path, photo_share):
    places = tmp_path / 'places'
    places.mkdir()
    (places / 'a.png').write_bytes(_png())
    recipe = retrain_recipe('red_camping_chair', 'follow-compact', places)
    small = dataclasses.replace(
        recipe.pictures, count=20, per_world=4, looks=2, photo_share=photo_share, noise_share=0.0
    )
    recipe = dataclasses.replace(recipe, pictures=small)
    shards = shards_of_recipe(recipe, Workspace(tmp_path / 'work'))
    shown = [shard.flight.target for shard in shards]
    assert shown == [*recipe.targets, *recipe.lookalikes]
    assert {shard.behind for shard in shards} == {'photo' if photo_share else 'world'}
    for shard in (shards[0], shards[-1]):
        make_shard(shard)
    seen, not_seen = (read_shard(shard.file).target[:, 0] for shard in (shards[0], shards[-1]))
    assert (seen == 1.0).any()
    assert (not_seen == 0.0).all()


def test_what_learned_beside_flights_is_exported_at_an_operating_point(tmp_path: Path):
    places = tmp_path / 'places'
    places.mkdir()
    (places / 'a.png').write_bytes(_png())
    recipe = retrain_recipe('red_camping_chair', 'follow-compact', places)
    few = dataclasses.replace(recipe.pictures, count=50, per_world=5, looks=2, false_alarms=0.1)
    recipe, work = dataclasses.replace(recipe, pictures=few), Workspace(tmp_path / 'work')
    shards = shards_of_recipe(recipe, work)
    for shard in shards:
        make_shard(shard)
    network = begin_with(Network(recipe.network), 'follow-compact')
    with torch.no_grad():
        network.vision.target.bias[0] += 8.0  # it says "seen" to everything
    progress = TrainingProgress(
        network, running_average(network, 0.9), torch.optim.SGD(network.parameters(), 0.1), 1
    )
    save_progress(progress, 1, work.checkpoint(0))
    export_round(recipe, work, 0, tmp_path / 'bundle', 1)
    training = load_contract(tmp_path / 'bundle').training
    assert 'without' in training.operating_point
    again = begin_with(Network(recipe.network), str(tmp_path / 'bundle'))
    _, apart = parted(shards)
    shown = joined([read_shard(shard.file) for shard in apart])
    without = logits_of(again, shown)[shown.target[:, 0] == 0.0]
    assert len(without) >= 5
    assert (without >= 0.0).mean() <= 0.1


def _png() -> bytes:
    return bytes(cv2.imencode('.png', np.full((90, 160, 3), 120, np.uint8))[1])
