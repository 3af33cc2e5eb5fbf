# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a target head apart learns from all flights so far, and nothing else changes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.noise_flight import clip

from liquid_drone.contract import load_contract
from liquid_drone.errors import BundleError, ConfigError, EpisodeError
from liquid_drone.learn.behaviour_cloning import load_weights
from liquid_drone.learn.clips import CachedFrames, Clip
from liquid_drone.learn.export_round import export_round
from liquid_drone.learn.frozen.config import FrozenEncoder
from liquid_drone.learn.frozen.head_training import FRAMES, HeadBatches, train_head
from liquid_drone.learn.frozen.rounds import train_core_round, with_kept_encoder
from liquid_drone.learn.pictures.operating_point import move_logit
from liquid_drone.learn.recipe import Augmentation, Recipe, TrainConfig, Workspace, check_whole
from liquid_drone.learn.watcher import Silent
from liquid_drone.policy.config import WIDE_SCAN, WIDE_SCAN_HEAD, NetworkConfig
from liquid_drone.policy.network import Network
from liquid_drone.policy.weights import keep_encoder_of

PLAIN = Augmentation(brightness=0, contrast=0, colour=0, noise=0, skip_share=0)
TRAIN = TrainConfig(
    steps=1, windows=1, length=4, warmup_steps=1, augmentation=PLAIN, precision='float32',
    device='cpu',
)  # fmt: skip
RECIPE = Recipe(
    'apart',
    frozen=FrozenEncoder('follow', head_steps=60, views=1),
    network=NetworkConfig(vision=WIDE_SCAN_HEAD),
    train=TRAIN,
)


def dim(folder, number: int, frames: int = 64) -> Clip:
    """Return a flight in which the target is a dark square, in every second frame."""
    rng, plain = np.random.default_rng(number), clip(folder, number, frames)
    pixels = rng.integers(60, 90, (frames, 72, 128, 3)).astype(np.uint8)
    target = np.zeros((frames, 3), np.float32)
    auxiliary = np.full((frames, 17), np.nan, np.float32)
    for frame in range(0, frames, 2):
        column, row = int(rng.integers(8, 104)), int(rng.integers(8, 48))
        pixels[frame, row : row + 16, column : column + 16] = (50, 5, 5)
        target[frame] = 1.0, (column + 8) / 64.0 - 1.0, 1.0 - (row + 8) / 36.0
        auxiliary[frame, 0] = rng.uniform(-1.0, 1.0)
    np.save(plain.frames.file, pixels)
    kept = CachedFrames(plain.frames.file, pixels.shape)
    return replace(plain, frames=kept, target=target, auxiliary=auxiliary)


def seen(network: Network, clips: list[Clip]) -> np.ndarray:
    """Return the logit of every frame."""
    pixels = np.concatenate([np.asarray(one.frames[:]) for one in clips])
    with torch.no_grad():
        return network.vision.look(torch.from_numpy(pixels).float().permute(0, 3, 1, 2))[1].numpy()


def test_it_learns_what_the_encoder_s_own_head_missed_and_nothing_else_changes(tmp_path):
    network = keep_encoder_of(Network(RECIPE.network), 'follow')
    before = {name: value.clone() for name, value in network.state_dict().items()}
    clips, others = [dim(tmp_path, 0), dim(tmp_path, 1)], [dim(tmp_path, 2)]
    shown = others[0].target[:, 0] > 0.5
    missed = np.mean(seen(network, others)[shown, 0] < 0.0)
    train_head(network, clips, TRAIN, 60)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]) or name.startswith('vision.apart.'), name
    after = seen(network, others)
    assert missed > 0.5
    assert np.mean(after[shown, 0] > 0.0) > 0.9
    assert np.mean(after[~shown, 0] < 0.0) > 0.9
    assert np.abs(after[shown, 1] - others[0].target[shown, 1]).mean() < 0.25
    assert all(one.requires_grad for one in network.parameters())


def test_flights_that_tell_nothing_of_the_target_teach_no_head(tmp_path):
    plain = clip(tmp_path, 0)
    unknown = replace(plain, target=np.full_like(plain.target, np.nan))
    network = keep_encoder_of(Network(RECIPE.network), 'follow')
    with pytest.raises(EpisodeError, match='no frame of the flights tells'):
        train_head(network, [unknown], TRAIN, 1)


@settings(max_examples=20, deadline=None)
@given(
    near=st.integers(1, 9), far=st.integers(20, 400), unknown=st.integers(0, 20),
    empty=st.integers(0, 30), seed=st.integers(0, 99),
)  # fmt: skip
def test_near_ones_are_drawn_as_often_as_far_ones_however_few_they_are(
    tmp_path_factory, near, far, unknown, empty, seed
):
    frames, folder = near + far + unknown + empty, tmp_path_factory.mktemp('c')
    plain = clip(folder, 0, frames)
    away = np.r_[np.full(near, -1.0), np.full(far, 0.1), np.full(unknown + empty, np.nan)]
    shown = np.r_[np.ones(near + far), np.full(unknown, np.nan), np.zeros(empty)]
    target = np.stack([shown, np.zeros(frames), np.zeros(frames)], 1).astype(np.float32)
    auxiliary = np.repeat(away[:, None], 17, 1).astype(np.float32)
    marked = replace(plain, target=target, auxiliary=auxiliary)
    pixels = np.zeros((frames, 72, 128, 3), np.uint8)
    pixels[:near] = 200
    np.save(plain.frames.file, pixels)
    batches = HeadBatches([marked], replace(TRAIN, seed=seed))
    assert len(batches) == near + far + empty
    drawn, labels = batches.batch(3)
    again, _ = batches.batch(3)
    assert torch.equal(drawn, again)
    is_near = drawn.float().mean(dim=(1, 2, 3)).numpy() > 100.0
    with_it = labels[:, 0] > 0.5
    assert not np.isnan(labels[:, 0]).any()
    assert with_it.sum() == FRAMES // 2
    assert len(labels) == FRAMES // (1 if empty else 2)
    assert 0.2 < is_near[with_it].mean() < 0.8
    assert not is_near[~with_it].any()


def test_the_features_know_nothing_of_it_and_another_operating_point_is_its_own():
    network = keep_encoder_of(Network(RECIPE.network), 'follow')
    plain = keep_encoder_of(Network(NetworkConfig(vision=WIDE_SCAN)), 'follow')
    pixels = torch.from_numpy(np.random.default_rng(1).integers(0, 255, (3, 3, 72, 128))).float()
    with torch.no_grad():
        theirs, mine = plain.vision.look(pixels), network.vision.look(pixels)
        assert all(torch.equal(a, b) for a, b in zip(theirs, mine, strict=True))
        move_logit(network, 1.5)
        torch.nn.init.normal_(network.vision.apart.score[0].weight)
        after = network.vision.look(pixels)
    assert torch.equal(after[0], mine[0])
    assert not torch.allclose(after[1], mine[1])
    assert network.vision.heatmap.moved == plain.vision.heatmap.moved


def test_a_round_trains_it_and_its_bundle_answers_with_it(tmp_path):
    work, clips = Workspace(tmp_path), [dim(tmp_path, number) for number in range(2)]
    (tmp_path / 'train').mkdir()
    network, notes = Network(RECIPE.network), []
    encoder = with_kept_encoder(RECIPE, work, network, clips, Silent())
    train_core_round(RECIPE, work, 0, network, encoder, clips, lambda *_: None, notes.append)
    assert 'target head: 60 steps' in notes
    kept = load_weights(Network(RECIPE.network), work.checkpoint(0))
    export_round(RECIPE, work, 0, tmp_path / 'bundle', 128)
    assert load_contract(tmp_path / 'bundle').training.frames == 128
    from liquid_drone.runtime.runner import PolicyRunner

    runner, image = PolicyRunner(tmp_path / 'bundle'), np.full((144, 256, 3), 75, np.uint8)
    image[60:92, 100:132] = (50, 5, 5)
    assert runner.step(image, 0).target_probability > 0.5
    with pytest.raises(BundleError, match='head_apart True'):
        keep_encoder_of(Network(NetworkConfig(vision=WIDE_SCAN)), str(tmp_path / 'bundle'))
    again = keep_encoder_of(Network(RECIPE.network), str(tmp_path / 'bundle'))
    assert np.allclose(seen(again, clips), seen(kept, clips), atol=0.05)  # of half precision


@pytest.mark.parametrize(
    ('vision', 'frozen'),
    [
        (WIDE_SCAN, {'bundle': 'follow', 'head_steps': 5}),
        (WIDE_SCAN_HEAD, {'bundle': 'follow'}),
    ],
)
def test_a_head_that_is_not_there_and_one_that_nothing_teaches_are_refused(vision, frozen):
    recipe = Recipe('odd', network=NetworkConfig(vision=vision), frozen=FrozenEncoder(**frozen))
    with pytest.raises(ConfigError, match='head_steps are of a target head apart'):
        check_whole(recipe)
    with pytest.raises(ValueError, match='expected a bundle'):
        FrozenEncoder(head_steps=5)
