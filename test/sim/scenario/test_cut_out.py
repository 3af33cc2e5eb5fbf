# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: the object is found in any form of photograph; what is doubtful is told."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

from liquid_drone.errors import ConfigError
from liquid_drone.sim.scenario.cut_out import cut_out

MEADOW, OBJECT = (90, 150, 80), (150, 20, 20)  # RGB
STORED = {1: 0, 3: 2, 6: 1, 8: 3}  # EXIF orientation -> quarter turns of the stored picture


def drawn(
    size: tuple[int, int], middle: tuple[float, float], half: tuple[float, float], corners: int
) -> np.ndarray:
    """Return the mask (H, W) of an ellipse, or of a polygon, by shares of the picture."""
    width, height = size
    angles = np.arange(max(corners, 3)) * 2 * np.pi / max(corners, 3)
    x = (middle[0] + half[0] * np.sin(angles)) * width
    y = (middle[1] - half[1] * np.cos(angles)) * height
    mask = np.zeros((height, width), np.uint8)
    if corners < 3:
        centre = round(middle[0] * width), round(middle[1] * height)
        axes = round(half[0] * width), round(half[1] * height)
        cv2.ellipse(mask, centre, axes, 0, 0, 360, 1, -1)
    else:
        cv2.fillPoly(mask, [np.stack([x, y], 1).round().astype(np.int32)], 1)
    return mask > 0


def coloured(mask: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return the object before a noisy meadow (H, W, 3) RGB."""
    noise = np.random.default_rng(seed).normal(0, 8, (*mask.shape, 3))
    return (np.where(mask[..., None], OBJECT, MEADOW) + noise).clip(0, 255).astype(np.uint8)


def saved(path: Path, pixels: np.ndarray, mode: str, turn: int = 1) -> Path:
    """Write pixels (RGB or RGBA) in a mode and an orientation of EXIF."""
    stored = np.ascontiguousarray(np.rot90(pixels, STORED[turn]))
    exif = Image.Exif()
    exif[0x0112] = turn
    picture = Image.fromarray(stored)
    if mode == 'I;16':
        picture = Image.fromarray(np.asarray(picture.convert('L')).astype(np.uint16) * 257)
    elif mode == 'P':
        picture = picture.quantize(64, method=Image.Quantize.FASTOCTREE)
    else:
        picture = picture.convert(mode)
    file = path.with_suffix('.tif' if mode in ('CMYK', 'LAB', 'YCbCr') else '.png')
    picture.save(file, exif=exif)
    return file


def overlap(found: np.ndarray, true: np.ndarray) -> float:
    return float((found & true).sum() / (found | true).sum())


SIZES = st.tuples(st.integers(24, 400), st.integers(24, 400))
SHARES = st.tuples(st.floats(0.15, 0.42), st.floats(0.15, 0.42))


@settings(deadline=None, max_examples=30)
@given(
    SIZES,
    SHARES,
    st.integers(2, 7),
    st.sampled_from(['RGBA', 'LA', 'P']),
    st.sampled_from([*STORED]),
)
def test_a_mask_of_ones_own_is_taken_as_it_is(tmp_path_factory, size, half, corners, mode, turn):
    mask = drawn(size, (0.5, 0.5), half, corners)
    pixels = np.dstack([coloured(mask), np.where(mask, 255, 0).astype(np.uint8)])
    cut = cut_out(saved(tmp_path_factory.mktemp('p') / 'p', pixels, mode, turn))
    assert cut.is_own_mask
    assert overlap(cut.solid, mask) == 1.0
    assert cut.cropped()[1].any(axis=0).all()
    assert cut.cropped()[1].any(axis=1).all()


@settings(
    deadline=None, max_examples=12, phases=[Phase.reuse, Phase.generate]
)  # shrinking takes minutes
@given(
    st.tuples(st.integers(120, 500), st.integers(120, 500)),
    st.tuples(st.floats(0.2, 0.38), st.floats(0.2, 0.38)),
    st.sampled_from([2, 4, 5, 6]),
    st.sampled_from(['RGB', 'RGBA', 'P', 'CMYK', 'YCbCr', 'L', 'I;16']),
    st.sampled_from([*STORED]),
)
def test_an_object_before_its_background_is_found(
    tmp_path_factory, size, half, corners, mode, turn
):
    """RGBA is opaque here: no mask, though it has the channel."""
    mask = drawn(size, (0.5, 0.5), half, corners)
    pixels = coloured(mask)
    if mode == 'RGBA':
        pixels = np.dstack([pixels, np.full(mask.shape, 255, np.uint8)])
    cut = cut_out(saved(tmp_path_factory.mktemp('p') / 'p', pixels, mode, turn))
    assert not cut.is_own_mask
    assert overlap(cut.solid, mask) > 0.9
    assert not [doubt for doubt in cut.warnings if 'rectangle' not in doubt]


@pytest.mark.parametrize('radius', [80, 160, 240])
def test_no_rim_of_background_stays(tmp_path, radius):
    """A large photograph is searched in a small one: the edge is made exact afterwards."""
    mask = np.zeros((600, 800), np.uint8)
    cv2.circle(mask, (400, 300), radius, 1, -1)
    soft = cv2.GaussianBlur(coloured(mask > 0), (0, 0), 3.0)  # as of a lens
    solid = cut_out(saved(tmp_path / 'p', soft, 'RGB')).solid
    outside = solid & (mask == 0)
    assert outside.sum() < 0.5 * 2 * np.pi * radius  # half a pixel
    assert overlap(solid, mask > 0) > 0.97


@pytest.mark.parametrize(
    ('middle', 'half', 'size', 'told'),
    [
        ((0.5, 0.5), (0.04, 0.04), (600, 600), 'of the picture'),
        ((0.3, 0.5), (0.29, 0.2), (300, 300), 'edge of the picture (left)'),
        ((0.5, 0.7), (0.2, 0.28), (300, 300), 'edge of the picture (bottom)'),
        ((0.5, 0.5), (0.3, 0.3), (60, 50), 'pixels high'),
    ],
)
def test_what_is_doubtful_is_told_with_what_to_do(tmp_path, middle, half, size, told):
    mask = drawn(size, middle, half, 4)
    cut = cut_out(saved(tmp_path / 'p', coloured(mask), 'RGB'))
    doubts = [doubt for doubt in cut.warnings if told in doubt]
    assert doubts, cut.warnings
    assert ': ' in doubts[0]


def test_what_fills_the_picture_is_doubted(tmp_path):
    mask = np.zeros((200, 200), bool)
    mask[14:-14, 14:-14] = True
    cut = cut_out(saved(tmp_path / 'p', coloured(mask), 'RGB'))
    assert any('fills 74% of the picture' in doubt for doubt in cut.warnings)
    assert any('rectangle' in doubt for doubt in cut.warnings)


def test_an_outline_that_nobody_sees_is_doubted(tmp_path):
    """The lower half of the background has nearly the object's colour."""
    mask = drawn((300, 300), (0.5, 0.4), (0.2, 0.3), 2)
    pixels = coloured(mask)
    ground = np.zeros_like(mask)
    ground[150:] = True
    pixels[ground & ~mask] = (150, 30, 24)
    cut = cut_out(saved(tmp_path / 'p', pixels, 'RGB'))
    assert any('both sides have the same colour' in doubt for doubt in cut.warnings)


@pytest.mark.parametrize('own', [True, False])
def test_several_pieces_are_told(tmp_path, own):
    size = (300, 200)
    mask = drawn(size, (0.3, 0.5), (0.15, 0.3), 2) | drawn(size, (0.75, 0.5), (0.12, 0.25), 2)
    pixels = coloured(mask)
    pixels = np.dstack([pixels, np.where(mask, 255, 0).astype(np.uint8)]) if own else pixels
    cut = cut_out(saved(tmp_path / 'p', pixels, 'RGBA' if own else 'RGB'))
    assert any('2 pieces' in doubt for doubt in cut.warnings)
    assert (overlap(cut.solid, mask) > 0.9) is own


def one_photo() -> bytes:
    file = io.BytesIO()
    mask = drawn((80, 60), (0.5, 0.5), (0.3, 0.3), 2)
    Image.fromarray(coloured(mask)).save(file, 'JPEG')
    return file.getvalue()


PHOTO = one_photo()


@settings(deadline=None)
@given(
    st.binary(max_size=200)
    | st.integers(0, len(PHOTO) - 3).map(lambda end: PHOTO[:end])
    | st.tuples(st.integers(0, len(PHOTO) - 1), st.binary(min_size=1, max_size=9)).map(
        lambda hit: PHOTO[: hit[0]] + hit[1] + PHOTO[hit[0] + len(hit[1]) :]
    )
)
def test_a_broken_file_is_one_sentence_or_a_picture(tmp_path_factory, data):
    path = tmp_path_factory.mktemp('p') / 'photo.jpg'
    path.write_bytes(data)
    try:
        told = '' if cut_out(path).solid.any() else 'nothing'
    except ConfigError as error:
        told = str(error)
    assert '\n' not in told
    assert not told or 'photo.jpg' in told


def test_an_object_at_the_edge_is_not_found_and_the_way_out_is_told(tmp_path):
    mask = drawn((300, 300), (0.1, 0.5), (0.2, 0.2), 2)
    with pytest.raises(ConfigError, match='background of another colour all around'):
        cut_out(saved(tmp_path / 'p', coloured(mask), 'RGB'))


@pytest.mark.parametrize('size', [(1, 1), (15, 300), (16, 16), (17, 3000), (3000, 16)])
def test_a_tiny_or_thin_photograph_is_one_sentence_or_a_picture(tmp_path, size):
    path = saved(tmp_path / 'p', np.zeros((size[1], size[0], 3), np.uint8), 'RGB')
    with pytest.raises(ConfigError, match=r'at least 16|no object found'):
        cut_out(path)


def test_an_empty_mask_holds_no_object(tmp_path):
    with pytest.raises(ConfigError, match='no object found'):
        cut_out(saved(tmp_path / 'p', np.zeros((50, 50, 4), np.uint8), 'RGBA'))
