# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Lenses move the target and its label alike; styles change colours and move nothing."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.learn.augmentation.config import IF_ON, Augmentation, identity_of
from liquid_drone.learn.augmentation.lens import bent_frames, bent_target
from liquid_drone.learn.augmentation.picture import Lenses
from liquid_drone.learn.augmentation.style import (
    WIDEST_BAND,
    StyleDraw,
    style_amplitudes,
    styled,
)
from liquid_drone.learn.augmentation.windows import changed, draw_augmentation

ROWS, COLUMNS = 72, 128
seeds = st.integers(0, 2**31 - 1)
lenses = st.floats(-0.2, 0.2)
shares = st.floats(-0.8, 0.8)


def dot(bearing, elevation):
    """Return a frame (1, h, w, 3) with a bright spot there."""
    x = (np.arange(COLUMNS) + 0.5) / COLUMNS * 2.0 - 1.0
    y = 1.0 - (np.arange(ROWS) + 0.5) / ROWS * 2.0
    away = ((x[None] - bearing) * COLUMNS) ** 2 + ((y[:, None] - elevation) * ROWS) ** 2
    spot = (240.0 * np.exp(-away / 50.0)).astype(np.uint8)
    return torch.from_numpy(np.repeat(spot[None, ..., None], 3, axis=3))


def found(frames):
    """Return bearing and elevation of the bright spot."""
    light = frames[0, ..., 0].double().numpy()
    x = (np.arange(COLUMNS) + 0.5) / COLUMNS * 2.0 - 1.0
    y = 1.0 - (np.arange(ROWS) + 0.5) / ROWS * 2.0
    return light.sum(axis=0) @ x / light.sum(), light.sum(axis=1) @ y / light.sum()


@settings(max_examples=60, deadline=None)
@given(shares, st.floats(-0.7, 0.7), lenses)
def test_the_label_says_where_the_lens_shows_it(bearing, elevation, k):
    bent = bent_frames(dot(bearing, elevation), k)
    label = bent_target(np.array([[1.0, bearing, elevation]], np.float32), k, (ROWS, COLUMNS))
    if abs(label[0, 2]) < 0.8:  # nothing of the spot is cut off
        assert found(bent) == pytest.approx(label[0, 1:], abs=0.02)


@given(lenses)
def test_the_middles_of_the_sides_stay_and_what_is_not_there_does_not_move(k):
    target = np.array(
        [[1, -1, 0], [1, 1, 0], [1, 0, 0], [0, 0.3, 0.4], [np.nan, 0.3, 0.4]], np.float32
    )
    bent = bent_target(target, k, (ROWS, COLUMNS))
    np.testing.assert_allclose(bent, target, atol=1e-5)


def test_what_a_lens_moves_out_of_the_picture_is_unknown():
    top = np.array([[1.0, 0.0, 0.98]], np.float32)
    assert np.isnan(bent_target(top, 0.2, (ROWS, COLUMNS))).all()
    assert not np.isnan(bent_target(top, -0.2, (ROWS, COLUMNS))).any()


@settings(max_examples=30, deadline=None)
@given(seeds, lenses)
def test_a_lens_turned_left_for_right_is_the_same_lens(seed, k):
    rng = np.random.default_rng(seed)
    frames = torch.from_numpy(rng.integers(256, size=(2, ROWS, COLUMNS, 3), dtype=np.uint8))
    there, back = bent_frames(frames.flip(2), k).flip(2), bent_frames(frames, k)
    assert (there.int() - back.int()).abs().max() <= 1  # of 255, by rounding


@settings(max_examples=15, deadline=None)
@given(seeds, st.integers(0, WIDEST_BAND))
def test_a_whole_style_has_the_places_lowest_amplitudes_and_adds_nothing_finer(seed, band):
    rng = np.random.default_rng(seed)
    frames = torch.from_numpy(rng.integers(90, 150, size=(2, ROWS, COLUMNS, 3), dtype=np.uint8))
    photo = rng.integers(60, 110, size=(90, 200, 3), dtype=np.uint8)
    places = style_amplitudes([photo], (ROWS, COLUMNS))
    seen = styled(frames, StyleDraw(0.0, 1.0, band), places)
    amplitudes = torch.fft.rfft2(seen.permute(0, 3, 1, 2).float()).abs()
    low = slice(0, band + 1)
    for one in amplitudes[..., low, low]:
        assert (one - places[0][..., low, low]).abs().max() < 0.51 * ROWS * COLUMNS  # of a grey
    added = (seen.float() - frames.float()).permute(0, 3, 1, 2)
    spectrum = torch.fft.rfft2(added)
    spectrum[..., band + 1 : ROWS - band, :] = 0.0
    spectrum[..., band + 1 :] = 0.0
    coarse = torch.fft.irfft2(spectrum, s=(ROWS, COLUMNS))
    assert (added - coarse).abs().max() < 2.0  # of 255, by rounding: nothing finer was added


def test_a_style_of_the_picture_itself_or_of_no_share_changes_nothing():
    photo = np.random.default_rng(1).integers(256, size=(ROWS, COLUMNS, 3), dtype=np.uint8)
    frames, places = torch.from_numpy(photo)[None], style_amplitudes([photo], (ROWS, COLUMNS))
    other = style_amplitudes([np.full_like(photo, 9)], (ROWS, COLUMNS))
    for drawn, of in ((StyleDraw(0.5, 1.0, 3), places), (StyleDraw(0.5, 0.0, 3), other)):
        assert (styled(frames, drawn, of).int() - frames.int()).abs().max() <= 1


def test_windows_take_lens_and_style_alike_in_every_frame_and_only_if_asked():
    how = Augmentation(0.0, 0.0, 0.0, 0.0, flip=False, lens=0.2, style_share=1.0)
    rng = np.random.default_rng(4)
    frames = torch.from_numpy(rng.integers(256, size=(1, ROWS, COLUMNS, 3), dtype=np.uint8))
    window = frames.expand(3, -1, -1, -1)[None]
    label = np.array([[1.0, 0.5, 0.1]], np.float32)
    one = draw_augmentation(how, (ROWS, COLUMNS), label, rng)
    assert one.lens != 0.0
    assert one.style is not None
    grain = torch.zeros(256, 256, 3, dtype=torch.bfloat16)
    places = style_amplitudes([np.full((80, 80, 3), (200, 90, 30), np.uint8)], (ROWS, COLUMNS))
    seen, lens_alone = (changed(window, [one], grain, of)[0] for of in (places, None))
    assert torch.equal(seen[0], seen[2])
    assert not torch.equal(seen, lens_alone)
    off = dataclasses.replace(how, lens=0.0, style_share=0.0)
    plain, again = np.random.default_rng(5), np.random.default_rng(5)
    first = draw_augmentation(off, (ROWS, COLUMNS), label, plain)
    assert (first.lens, first.style) == (0.0, None)
    draw_augmentation(Augmentation(flip=False), (ROWS, COLUMNS), label, again)
    assert plain.random() == again.random()  # what is off draws nothing


def test_pictures_draw_lens_and_style_from_their_own_stream():
    photo = np.full((ROWS, COLUMNS, 3), 100, np.uint8)
    plain = Lenses(0.0, 1.0, [], (ROWS, COLUMNS)).drawn(np.random.default_rng(1))
    assert (plain.picture(photo) == photo).all()
    assert plain.target((1.0, 0.3, 0.2), (ROWS, COLUMNS)) == pytest.approx((1.0, 0.3, 0.2))
    red = np.full((50, 60, 3), (220, 30, 30), np.uint8)
    seen = Lenses(0.1, 1.0, [red], (ROWS, COLUMNS)).drawn(np.random.default_rng(1))
    shown = seen.picture(photo)
    assert shown[..., 0].mean() > 120.0
    assert shown[..., 1].mean() < 80.0


def test_older_work_stays_valid_where_both_are_off():
    assert not set(IF_ON) & set(identity_of(Augmentation()))
    assert set(IF_ON) <= set(identity_of(Augmentation(lens=0.1, style_share=0.2)))
