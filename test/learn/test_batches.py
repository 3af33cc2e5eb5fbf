# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Training data: cached once, cut reproducibly, mirrored with everything that has a side."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from liquid_drone.contract import CommandSpec
from liquid_drone.learn.augmentation.config import Augmentation
from liquid_drone.learn.augmentation.windows import changed, colour_mix, draw_augmentation
from liquid_drone.learn.auxiliary_labels import nearness
from liquid_drone.learn.batches import TrainingBatch, Windows, mirror, pick_frames
from liquid_drone.learn.clips import open_clips
from liquid_drone.learn.recipe import TrainConfig

PLAIN = Augmentation(brightness=0.0, contrast=0.0, colour=0.0, noise=0.0, flip=False, skip_share=0)


@pytest.fixture
def clips(episodes, tmp_path):
    return open_clips(episodes, tmp_path / 'cache', 2, CommandSpec())


def test_a_cache_is_filled_once_and_gives_the_same_again(episodes, clips, tmp_path):
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / 'cache').iterdir()}
    again = open_clips(episodes, tmp_path / 'cache', 2, CommandSpec())
    assert files == {path: path.stat().st_mtime_ns for path in (tmp_path / 'cache').iterdir()}
    assert len(files) == 8
    for a, b in zip(clips, again, strict=True):
        assert np.array_equal(a.frames, b.frames)
        assert a.frames.shape == (40, 72, 128, 3)


def test_labels_are_shares_of_the_limits(clips, make_recording):
    expected = make_recording(0).column('label') / np.array(CommandSpec().limits)
    np.testing.assert_allclose(clips[0].label, expected, rtol=1e-6)


def test_a_batch_is_its_key(clips):
    """A resumed training must see the batches that it would have seen."""
    config = TrainConfig(windows=3, length=16)
    first, again = (Windows(clips, config, 0.05).batch(1, 0, 7) for _ in range(2))
    other = Windows(clips, config, 0.05).batch(1, 0, 8)
    assert torch.equal(first.pixels, again.pixels)
    assert torch.equal(first.label, again.label)
    assert not torch.equal(first.label, other.label)


def test_dt_is_the_time_between_the_frames_that_are_shown(clips):
    """With frames left out, the network must be told of the longer time."""
    config = TrainConfig(windows=16, length=16, augmentation=Augmentation(skip_share=1.0))
    batch = Windows(clips, config, 0.05).batch(0)
    assert batch.dt_s[:, 0].numpy() == pytest.approx(0.05)
    assert batch.dt_s.max() > 0.09
    steps = np.round(batch.dt_s.numpy() / 0.05)
    np.testing.assert_allclose(batch.dt_s.numpy(), steps * 0.05, atol=1e-5)


@pytest.mark.parametrize('available', [16, 17, 60])
def test_picked_frames_lie_within_the_clip(available):
    config = TrainConfig(length=16, augmentation=Augmentation(skip_share=1.0))
    for seed in range(50):
        index = pick_frames(available, config, np.random.default_rng(seed))
        assert index[0] >= 0
        assert index[-1] < available
        assert (np.diff(index) >= 1).all()


def test_mirroring_twice_changes_nothing_and_once_turns_every_side():
    label = torch.tensor([1.0, 2.0, 3.0, 4.0]).expand(2, 2, 4)
    target = torch.tensor([1.0, 0.5, 0.2]).expand(2, 2, 3)
    auxiliary = torch.arange(9.0).expand(2, 2, 9)
    batch = TrainingBatch(
        torch.rand(2, 2, 4, 6, 3),
        torch.full((2, 2), 0.05),
        label,
        target,
        auxiliary,
        torch.tensor([1.0, 0.4, 0.1]).expand(2, 2, 3),
        torch.tensor([3.0, 1.0, 1.5]).expand(2, 2, 3),
        label / 2.0,
    )
    which = torch.tensor([True, False])
    once = mirror(batch, which)
    assert once.label[0, 0].tolist() == [1.0, -2.0, 3.0, -4.0]
    assert once.target[0, 0].tolist() == [1.0, -0.5, pytest.approx(0.2)]
    assert once.auxiliary[0, 0].tolist() == [0.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]
    assert torch.equal(once.pixels[0], batch.pixels[0].flip(2))
    assert once.belief[0, 0].tolist() == [1.0, pytest.approx(-0.4), pytest.approx(0.1)]
    assert torch.equal(once.request, batch.request)
    assert once.flown[0, 0].tolist() == [0.5, -1.0, 1.5, -2.0]
    for a, b, c in zip(mirror(once, which), batch, once, strict=True):
        assert torch.equal(a, b)
        assert torch.equal(b[1], c[1])


def show(pixels, how, seed=0, target=None):
    """Change one window (T, h, w, 3) as drawn from a seed."""
    rng = np.random.default_rng(seed)
    target = np.zeros((len(pixels), 3), np.float32) if target is None else target
    one = draw_augmentation(how, tuple(pixels.shape[1:3]), target, rng)
    grain = torch.from_numpy(rng.normal(size=(256, 256, 3))).to(torch.bfloat16)
    return changed(pixels[None], [one], grain)[0]


def test_without_augmentation_the_pixels_are_those_of_the_camera(clips):
    frames = torch.from_numpy(np.array(clips[0].frames[:4]))
    assert torch.equal(show(frames, PLAIN), frames.to(torch.bfloat16))


def test_recoloured_pixels_stay_in_range(clips):
    frames = torch.from_numpy(np.array(clips[0].frames[:4]))
    how = Augmentation(
        brightness=0.9, contrast=0.9, colour=0.9, noise=0.9, hue_deg=90.0, season_style=True
    )
    for seed in range(10):
        shown = show(frames, how, seed)
        assert shown.min() >= 0.0
        assert shown.max() <= 255.0


def test_windows_changed_together_are_those_changed_one_by_one(clips):
    """On a graphics card a batch is changed at once, on a CPU window by window."""
    how = Augmentation(hue_deg=30.0, blur_share=0.5, cutout_share=0.5)
    rng = np.random.default_rng(3)
    frames = torch.from_numpy(np.stack([clip.frames[:5] for clip in clips]))
    drawn = [draw_augmentation(how, (72, 128), np.zeros((5, 3), np.float32), rng) for _ in clips]
    grain = torch.randn(256, 256, 3).to(torch.bfloat16)
    together = changed(frames, drawn, grain)
    alone = [
        changed(window[None], [one], grain) for window, one in zip(frames, drawn, strict=True)
    ]
    assert torch.equal(together, torch.cat(alone))
    assert any(one.blurred for one in drawn)
    assert any(one.patch for one in drawn)


def test_nearness_is_on_the_side_of_the_trunk():
    """Sectors run from left to right, as the columns of the image do."""
    trunks = np.array([[4.0, 2.0, 0.2], [30.0, 0.0, 0.5]])  # left ahead; far ahead
    near = nearness(np.zeros(3), 0.0, trunks, math.radians(80.0))
    assert near[:3].max() == pytest.approx(1.0 - (math.hypot(4.0, 2.0) - 0.2) / 10.0)
    assert near[4:].max() == 0.0
    turned = nearness(np.zeros(3), math.radians(60.0), trunks, math.radians(80.0))
    assert turned[:4].max() == 0.0
    assert turned[4:].max() > 0.5


def test_hue_turns_colours_and_leaves_grey():
    how = Augmentation(hue_deg=60.0)
    mix = colour_mix(how, np.random.default_rng(1))
    assert mix @ np.full(3, 100.0) == pytest.approx(np.full(3, 100.0))
    turned = [colour_mix(how, np.random.default_rng(k)) @ [200.0, 40.0, 40.0] for k in range(9)]
    assert np.std(turned, axis=0).max() > 10.0
    style = colour_mix(Augmentation(season_style=True), np.random.default_rng(1))
    assert style @ np.full(3, 100.0) == pytest.approx(np.full(3, 100.0))
    assert np.abs(style - np.eye(3)).max() > 0.05


def test_a_patch_hides_something_but_never_the_target():
    how, hidden = dataclasses.replace(PLAIN, cutout_share=1.0), 0
    for k in range(60):
        x = -0.9 + 0.03 * k
        target = np.tile(np.array([1.0, x, 0.0], np.float32), (4, 1))
        shown = show(torch.full((4, 72, 128, 3), 255, dtype=torch.uint8), how, k, target)
        column = min(int((x + 1.0) / 2.0 * 128), 127)
        assert (shown[:, :, max(column - 8, 0) : column + 8] == 255.0).all()
        hidden += bool((shown != 255.0).any())
    assert hidden > 20


def test_a_window_out_of_focus_is_smoother_and_as_bright():
    pixels = (torch.rand(2, 72, 128, 3) * 255.0).to(torch.uint8)
    blurred = show(pixels, dataclasses.replace(PLAIN, blur_share=1.0))
    assert blurred.shape == pixels.shape
    assert blurred.float().std() < 0.6 * pixels.float().std()
    assert blurred.float().mean().item() == pytest.approx(pixels.float().mean().item(), abs=1.0)


def test_what_is_switched_off_draws_nothing():
    """Switching hue, blur or patch on must not change what else is drawn before it."""
    rng, again = np.random.default_rng(3), np.random.default_rng(3)
    one = draw_augmentation(Augmentation(flip=False), (72, 128), np.zeros((1, 3), np.float32), rng)
    assert (one.mix, one.blurred, one.patch, one.mirrored) == (None, False, None, False)
    again.random(8)  # contrast, three gains, brightness, noise and where that is cut from
    assert rng.random() == again.random()
