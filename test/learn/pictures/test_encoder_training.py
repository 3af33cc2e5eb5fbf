# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The encoder alone learns from pictures; the core, and what it is told, stay."""

import copy
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.errors import BundleError, ConfigError
from liquid_drone.learn.augmentation.config import Augmentation
from liquid_drone.learn.pictures.config import PictureConfig
from liquid_drone.learn.pictures.encoder_training import (
    EncoderBatches,
    FlightFrames,
    features_of,
    train_encoder,
)
from liquid_drone.learn.pictures.shards import Pictures
from liquid_drone.learn.recipe import Recipe, TrainConfig, check_whole
from liquid_drone.policy.config import HEATMAP, NetworkConfig
from liquid_drone.policy.network import Network
from liquid_drone.policy.weights import begin_with

SHAPE = (72, 128, 3)
CONFIG = PictureConfig(count=12, steps=4, pictures=4, frames=2)
TRAIN = TrainConfig(warmup_steps=1)


def pictures(count: int = 12, seed: int = 3) -> Pictures:
    """Return grey pictures, every second one with a red spot that is the target."""
    rng = np.random.default_rng(seed)
    frames = rng.integers(90, 140, size=(count, *SHAPE), dtype=np.uint8)
    target = np.zeros((count, 3), np.float32)
    for i in range(0, count, 2):
        row, column = int(rng.integers(8, 56)), int(rng.integers(8, 112))
        frames[i, row : row + 8, column : column + 8] = (210, 20, 20)
        target[i] = 1.0, (column + 4) / 64 - 1.0, 1.0 - (row + 4) / 36
    has_usual = np.arange(count) % 3 == 0
    return Pictures(frames, frames, has_usual, target, np.where(target[:, 0] > 0, 0.3, np.nan))


def flights() -> FlightFrames:
    """Return frames of flights with every kind of label, unknown ones too."""
    some = pictures(8, 4)
    target = some.target.copy()
    target[1] = np.nan
    return FlightFrames(some.frames, target, some.log_range)


def test_the_core_stays_and_the_encoder_moves(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = Network(NetworkConfig(vision=HEATMAP))
    before = copy.deepcopy(network.state_dict())
    teacher = copy.deepcopy(network.vision).eval()
    after = train_encoder(
        network, teacher, pictures(), flights(), CONFIG, TRAIN, tmp_path / 'e.pt'
    ).state_dict()
    moved = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert moved
    assert all(name.startswith(('vision.', 'auxiliary.')) for name in moved)


def test_a_stopped_training_goes_on_as_if_it_had_not(tmp_path: Path) -> None:
    torch.manual_seed(1)
    start = Network(NetworkConfig(vision=HEATMAP))
    teacher = copy.deepcopy(start.vision).eval()

    class StoppedError(Exception):
        pass

    def whole(path: Path, stop: int) -> dict[str, torch.Tensor]:
        def report(step: int, losses: dict[str, float]) -> None:
            if step == stop:
                raise StoppedError

        network = copy.deepcopy(start)
        try:
            done = train_encoder(
                network, teacher, pictures(), flights(), CONFIG, TRAIN, path, report, 0.0
            )
        except StoppedError:
            network = copy.deepcopy(start)
            done = train_encoder(network, teacher, pictures(), flights(), CONFIG, TRAIN, path)
        return done.state_dict()

    one, two = whole(tmp_path / 'a.pt', -1), whole(tmp_path / 'b.pt', 2)
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_batch_is_half_target_half_not_and_keeps_only_what_is_known() -> None:
    network = Network(NetworkConfig())
    teacher = network.vision.eval()
    batches = EncoderBatches(teacher, pictures(), flights(), CONFIG, TRAIN)
    pixels, target, away, kept = batches.batch(1, 2)
    assert pixels.shape == (6, *SHAPE)
    assert target[:4, 0].tolist() == [1.0, 1.0, 0.0, 0.0]
    assert torch.isnan(away[2:4]).all()
    assert not torch.isnan(kept[4:]).any()  # of flights all features are known
    again = batches.batch(1, 2)
    both = zip((pixels, target, away, kept), again, strict=True)
    assert all(torch.equal(a.nan_to_num(), b.nan_to_num()) for a, b in both)


@settings(max_examples=15, deadline=None)
@given(step=st.integers(0, 10**6), bearings=st.lists(st.floats(-0.8, 0.8), min_size=4, max_size=4))
def test_a_grey_patch_keeps_off_the_target_of_a_flight_s_frame(step, bearings):
    """The label said "seen" of a target behind a patch, and its features were to be kept."""
    frames = np.full((4, *SHAPE), 250, np.uint8)
    target = np.array([(1.0, bearing, 0.0) for bearing in bearings], np.float32)
    flown = FlightFrames(frames, target, np.zeros(4, np.float32))
    patches = Augmentation(
        brightness=0, contrast=0, colour=0, noise=0, flip=False, cutout_share=1.0
    )
    network, config = Network(NetworkConfig()), dataclasses.replace(CONFIG, frames=16)
    train = dataclasses.replace(TRAIN, augmentation=patches)
    batches = EncoderBatches(network.vision.eval(), pictures(), flown, config, train)
    pixels, label, _, _ = batches.batch(1, step)
    columns = ((label[4:, 1] + 1.0) / 2.0 * SHAPE[1]).long().clamp(0, SHAPE[1] - 1)
    shown = pixels[4:][torch.arange(16), :, columns]  # (16, h, 3): the target's column
    assert bool((shown == 250.0).all())


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31 - 1))
def test_a_mirrored_picture_has_a_mirrored_bearing_and_the_features_of_its_mirror_image(
    seed: int,
) -> None:
    """The red spot of a picture lies where the bearing says, mirrored or not."""
    network = Network(NetworkConfig())
    some = pictures()
    plain = Augmentation(brightness=0.0, contrast=0.0, colour=0.0, noise=0.0)
    batches = EncoderBatches(
        network.vision.eval(),
        some,
        flights(),
        CONFIG,
        dataclasses.replace(TRAIN, augmentation=plain),
    )
    pixels, target, _, kept = batches.batch(1, seed)
    flown, where = pixels[4:].float(), target[4:]
    for pixel, label in zip(flown, where, strict=True):
        if label[0] == 1.0:
            red = ((pixel[..., 0] - pixel[..., 1]) > 100.0).nonzero()
            column = red[:, 1].float().mean()
            assert (column + 0.5) / 64 - 1.0 == pytest.approx(float(label[1]), abs=0.02)
    assert torch.allclose(
        features_of(network.vision, flown.numpy().astype(np.uint8)), kept[4:], atol=0.02
    )


def test_a_teacher_that_sees_coarser_pictures_is_shown_the_same_ones_averaged() -> None:
    teacher = begin_with(Network(NetworkConfig()), 'follow-compact').vision.eval()
    some = pictures()
    whole = dataclasses.replace(
        some,
        frames=some.frames.repeat(2, axis=1).repeat(2, axis=2),
        usual=some.usual.repeat(2, axis=1).repeat(2, axis=2),
    )
    seen = flights()
    fine = FlightFrames(
        seen.frames.repeat(2, axis=1).repeat(2, axis=2), seen.target, seen.log_range
    )
    plain = dataclasses.replace(TRAIN, augmentation=Augmentation(noise=0.0))
    coarse = EncoderBatches(teacher, some, seen, CONFIG, plain).batch(1, 2)
    finer = EncoderBatches(teacher, whole, fine, CONFIG, plain, coarser=2).batch(1, 2)
    assert finer[0].shape == (6, 144, 256, 3)
    for a, b in zip(coarse[1:], finer[1:], strict=True):
        assert torch.allclose(a.nan_to_num(), b.nan_to_num(), atol=1e-5)


def test_a_start_that_sees_finer_pictures_is_refused_before_anything(tmp_path: Path) -> None:
    recipe = Recipe(
        'coarse',
        start='follow-compact',
        network=NetworkConfig(vision=dataclasses.replace(HEATMAP, reduce=4)),
        pictures=CONFIG,
    )
    with pytest.raises(ConfigError, match='averages 2 camera pixels into one per axis'):
        check_whole(recipe)


def test_at_first_a_heatmap_changes_no_feature(tmp_path: Path) -> None:
    plain = begin_with(Network(NetworkConfig()), 'follow-compact')
    grown = begin_with(Network(NetworkConfig(vision=HEATMAP)), 'follow-compact')
    some = pictures(4).frames
    assert torch.allclose(
        features_of(plain.vision, some), features_of(grown.vision, some), atol=1e-5
    )


def test_a_network_of_another_shape_is_refused() -> None:
    other = Network(NetworkConfig(vision=HEATMAP.NAMED['small']))
    with pytest.raises(BundleError, match=r'take the network of follow-compact'):
        begin_with(other, 'follow-compact')


@settings(max_examples=12)
@given(st.integers(0, 8), st.integers(0, 15))
def test_a_heatmap_finds_the_same_spot_wherever_it_is(row: int, column: int) -> None:
    torch.manual_seed(2)
    heatmap = Network(NetworkConfig(vision=HEATMAP)).vision.heatmap
    assert heatmap is not None
    maps = torch.zeros(1, 64, 9, 16)
    maps[0, :, row, column] = 3.0
    with torch.no_grad():
        heatmap.score[0].weight.zero_()
        heatmap.score[0].weight[:, :, 1, 1] = 1.0
        heatmap.score[0].bias.zero_()
        heatmap.score[2].weight.fill_(1.0)
        head, added = heatmap(maps)
    assert head[0, 1].item() == pytest.approx(-1.0 + 2.0 * column / 15.0, abs=1e-4)
    assert head[0, 2].item() == pytest.approx(1.0 - 2.0 * row / 8.0, abs=1e-4)
    assert not added.any()
