# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: an encoder that goes on learning sees what it missed, and tells its core the rest."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.noise_flight import clip

from liquid_drone import resources
from liquid_drone.errors import ConfigError, EpisodeError
from liquid_drone.learn.behaviour_cloning import load_weights
from liquid_drone.learn.clips import CachedFrames, Clip
from liquid_drone.learn.export_round import export_round
from liquid_drone.learn.flights.config import CollectConfig
from liquid_drone.learn.frozen import encoder_tuning
from liquid_drone.learn.frozen.config import FrozenEncoder
from liquid_drone.learn.frozen.encoder_tuning import TargetBatches, tune_encoder
from liquid_drone.learn.frozen.rounds import train_core_round, with_kept_encoder
from liquid_drone.learn.recipe import Augmentation, Recipe, TrainConfig, Workspace
from liquid_drone.learn.rounds import rounds_of
from liquid_drone.learn.watcher import Silent
from liquid_drone.policy.config import WIDE, WIDE_SCAN, NetworkConfig
from liquid_drone.policy.network import Network
from liquid_drone.policy.weights import keep_encoder_of

PLAIN = Augmentation(brightness=0, contrast=0, colour=0, noise=0, skip_share=0)
TRAIN = TrainConfig(
    steps=1, windows=1, length=4, warmup_steps=1, augmentation=PLAIN, precision='float32',
    device='cpu',
)  # fmt: skip
RECIPE = Recipe(
    'tuned',
    frozen=FrozenEncoder('follow', tune_steps=25, views=1),
    network=NetworkConfig(vision=WIDE_SCAN),
    train=TRAIN,
)


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_tuning, 'FRAMES', 16)
    monkeypatch.setattr(encoder_tuning, 'RATE', 1e-3)
    monkeypatch.setattr(encoder_tuning, 'CHECKPOINT_S', 0.0)  # after each step


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


def told(network: Network, clips: list[Clip]) -> np.ndarray:
    """Return the features of every frame, with the scan."""
    pixels = np.concatenate([np.asarray(one.frames[:]) for one in clips])
    with torch.no_grad():
        return network.vision.look(torch.from_numpy(pixels).float().permute(0, 3, 1, 2))[0].numpy()


@pytest.mark.usefixtures('small_steps')
def test_it_learns_what_it_missed_and_tells_of_other_frames_what_it_told(tmp_path):
    network = keep_encoder_of(Network(RECIPE.network), 'follow')
    core = {k: v.clone() for k, v in network.state_dict().items() if not k.startswith('vision.')}
    clips, others = [dim(tmp_path, 0), dim(tmp_path, 1)], [dim(tmp_path, 2)]
    shown = others[0].target[:, 0] > 0.5
    before, missed = told(network, others), np.mean(seen(network, others)[shown, 0] < 0.0)
    tuned = tune_encoder(network, clips, TRAIN, 25, tmp_path / 'encoder.partial')
    for name, value in core.items():
        assert torch.equal(tuned.state_dict()[name], value), name
    after, now = seen(tuned, others), told(tuned, others)
    assert missed > 0.5
    assert np.mean(after[shown, 0] > 0.0) > 0.9
    assert np.mean(after[~shown, 0] < 0.0) > 0.9
    assert np.abs(after[shown, 1] - others[0].target[shown, 1]).mean() < 0.25
    moved = ((now - before) ** 2)[~shown].mean() / before.var(axis=0).mean()
    assert 0.0 < moved < 0.5
    assert np.abs(now[:, -16:] - before[:, -16:]).mean() < 0.2  # the scan


@pytest.mark.usefixtures('small_steps')
@pytest.mark.parametrize('stopped', [1, 3])
def test_one_that_was_interrupted_becomes_the_same(tmp_path, stopped):
    folder, config = tmp_path, replace(TRAIN, seed=stopped)
    clips = [dim(folder, 0)]

    def report(step, losses):
        if step == stopped:
            raise KeyboardInterrupt

    def begun():
        return keep_encoder_of(Network(RECIPE.network), 'follow')

    whole = tune_encoder(begun(), clips, config, 6, folder / 'whole.partial')
    with pytest.raises(KeyboardInterrupt):
        tune_encoder(begun(), clips, config, 6, folder / 'half.partial', report=report)
    rest = []
    again = tune_encoder(
        begun(), clips, config, 6, folder / 'half.partial', None, lambda step, _: rest.append(step)
    )
    assert rest[0] == stopped  # it went on
    for name, value in whole.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name


def test_flights_that_tell_nothing_of_the_target_tune_nothing(tmp_path):
    plain = clip(tmp_path, 0)
    unknown = replace(plain, target=np.full_like(plain.target, np.nan))
    network = keep_encoder_of(Network(RECIPE.network), 'follow')
    with pytest.raises(EpisodeError, match='no frame of the flights tells'):
        tune_encoder(network, [unknown], TRAIN, 1, tmp_path / 'encoder.partial')


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
    batches = TargetBatches([marked], replace(TRAIN, seed=seed))
    assert len(batches) == near + far + empty
    drawn, labels = batches.batch(3)
    again, _ = batches.batch(3)
    assert torch.equal(drawn, again)
    is_near = drawn.float().mean(dim=(1, 2, 3)).numpy() > 100.0
    with_it = labels[:, 0] > 0.5
    assert not np.isnan(labels[:, 0]).any()
    assert with_it.sum() == encoder_tuning.FRAMES // 2
    assert len(labels) == encoder_tuning.FRAMES // (1 if empty else 2)
    assert 0.2 < is_near[with_it].mean() < 0.8
    assert not is_near[~with_it].any()


@pytest.mark.usefixtures('small_steps')
def test_a_recipe_tunes_once_and_its_bundle_answers_with_what_came_of_it(tmp_path):
    work, clips = Workspace(tmp_path), [dim(tmp_path, number) for number in range(2)]
    (tmp_path / 'train').mkdir()
    network = Network(RECIPE.network)
    encoder = with_kept_encoder(RECIPE, work, network, clips, Silent())
    assert encoder == work.encoder
    assert not list(tmp_path.rglob('*.partial'))
    again = Network(RECIPE.network)
    with_kept_encoder(RECIPE, work, again, clips[:1], Silent())  # a later round: not anew
    assert np.array_equal(seen(again, clips), seen(network, clips))
    train_core_round(RECIPE, work, 0, network, encoder, clips, lambda *_: None, lambda _: None)
    kept = load_weights(Network(RECIPE.network), work.checkpoint(0))
    assert np.array_equal(seen(kept, clips), seen(network, clips))
    export_round(RECIPE, work, 0, tmp_path / 'bundle', 128)
    from liquid_drone.runtime.runner import PolicyRunner

    runner, image = PolicyRunner(tmp_path / 'bundle'), np.full((144, 256, 3), 75, np.uint8)
    image[60:92, 100:132] = (50, 5, 5)
    assert runner.step(image, 0).target_probability > 0.5


@pytest.mark.usefixtures('small_steps')
def test_another_operating_point_is_that_of_the_encoder_that_was_tuned(tmp_path):
    (tmp_path / 'train').mkdir()
    clips, work = [dim(tmp_path, 0)], Workspace(tmp_path)
    at = replace(RECIPE, frozen=replace(RECIPE.frozen, tune_steps=1, threshold=0.25))
    plain, moved = Network(RECIPE.network), Network(RECIPE.network)
    with_kept_encoder(
        replace(at, frozen=replace(at.frozen, threshold=0.5)), work, plain, clips, Silent()
    )
    with_kept_encoder(at, work, moved, clips, Silent())
    lower = seen(moved, clips)[:, 0] - seen(plain, clips)[:, 0]
    assert lower == pytest.approx(np.log(3.0), abs=1e-4)


@pytest.mark.parametrize(
    ('given_', 'said'),
    [
        ({'tune_steps': 5}, 'expected the bundle'),
        ({'bundle': 'new', 'encoder_steps': 5, 'tune_steps': 5}, 'go on with a bundle'),
        ({'bundle': 'follow', 'encoder_steps': 5, 'tune_steps': 5}, 'go on with a bundle'),
        ({'bundle': 'follow', 'scan_steps': 5, 'tune_steps': 5}, 'go on with a bundle'),
    ],
)
def test_what_cannot_be_tuned_is_refused(given_, said):
    with pytest.raises(ValueError, match=said):
        FrozenEncoder(**given_)


@pytest.mark.usefixtures('small_steps')
def test_a_bundle_without_the_network_s_scan_is_not_tuned(tmp_path):
    (tmp_path / 'train').mkdir()
    recipe = replace(RECIPE, frozen=replace(RECIPE.frozen, bundle='follow-memory'))
    network = Network(recipe.network)
    with pytest.raises(ConfigError, match='the scan of follow-memory is not that of the network'):
        with_kept_encoder(recipe, Workspace(tmp_path), network, [dim(tmp_path, 0)], Silent())
    plain = replace(recipe, network=NetworkConfig(vision=WIDE))
    with_kept_encoder(
        plain, Workspace(tmp_path), Network(plain.network), [dim(tmp_path, 0)], Silent()
    )


def test_the_bundle_flies_beside_the_expert_before_any_round():
    shared = replace(RECIPE, collect=CollectConfig(expert_share=0.4))
    first, second, later = (one.driver for one in rounds_of(shared, Workspace(Path('w')))[:3])
    for one in (first, second):
        assert (one.kind, one.expert_share, one.bundle) == (
            'mixed',
            0.4,
            resources.bundle('follow'),
        )
    assert later.bundle == Workspace(Path('w')).bundle(0)
    assert rounds_of(RECIPE, Workspace(Path('w')))[0].driver.kind == 'expert'
    with pytest.raises(ValueError, match='expected its name in start'):
        Recipe('alone', collect=CollectConfig(expert_share=0.4))
