# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a picture's own description is obeyed; what cannot be used is one sentence."""

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin, TiffTags

from liquid_drone.errors import ImageError
from liquid_drone.pictures import decoded

RED, WHITE = (200, 0, 0), (255, 255, 255)
SCENE = np.full((40, 60, 3), WHITE, np.uint8)
SCENE[:20, :30] = RED  # the upper left is red


def saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def is_red(pixels: np.ndarray, row: int, column: int) -> bool:
    red, green, blue = (int(value) for value in pixels[row, column])
    return red > 120 and max(green, blue) < 90


def stored(orientation: int) -> np.ndarray:
    """Return the scene as a camera stores it that was held in one of EXIF's eight ways."""
    ways = {
        1: lambda p: p,
        2: np.fliplr,
        3: lambda p: np.rot90(p, 2),
        4: np.flipud,
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: np.rot90(p, 1),
        7: lambda p: np.rot90(p.transpose(1, 0, 2), 2),
        8: lambda p: np.rot90(p, -1),
    }
    return np.ascontiguousarray(ways[orientation](SCENE))


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('form', ['JPEG', 'PNG', 'TIFF', 'WEBP'])
def test_the_orientation_of_exif_is_obeyed(orientation: int, form: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.fromarray(stored(orientation)), form, exif=exif, quality=95)
    assert is_upright(decoded(data, 'photo').rgb)


def is_upright(pixels: np.ndarray) -> bool:
    places = ((10, 15), (10, 45), (30, 15), (30, 45))
    red = [is_red(pixels, *place) for place in places]
    return pixels.shape == SCENE.shape and red == [True, False, False, False]


ENTRIES = st.tuples(
    st.sampled_from([0x100, 0x103, 0x10F, 0x11A, 0x128, 0x8769, 0x8825, 0x927C, 0xA005, 0x9999]),
    st.integers(0, 14),
    st.sampled_from([0, 1, 2, 3, 7, 400, 2**31, 2**32 - 1]),
    st.binary(min_size=4, max_size=4),
)


@settings(max_examples=200)
@given(
    orientation=st.integers(1, 8),
    before=st.lists(ENTRIES, max_size=4),
    behind=st.lists(ENTRIES, max_size=4),
    order=st.sampled_from('<>'),
    rest=st.binary(max_size=40),
)
def test_broken_entries_of_exif_cost_neither_picture_nor_orientation(
    orientation: int, before: list[Any], behind: list[Any], order: str, rest: bytes
) -> None:
    """Telephones write zero by zero for a place that they do not know, editors worse."""
    turned = 0x0112, 3, 1, struct.pack(order + 'HH', orientation, 0)
    entries = [*before, turned, *behind]
    block = (b'II*\0' if order == '<' else b'MM\0*') + struct.pack(order + 'IH', 8, len(entries))
    for tag, kind, count, value in entries:
        block += struct.pack(order + 'HHI', tag, kind, count) + value
    block = b'Exif\0\0' + block + bytes(4) + rest
    data = saved(Image.fromarray(stored(orientation)), 'JPEG', quality=95)
    data = data[:2] + b'\xff\xe1' + struct.pack('>H', len(block) + 2) + block + data[2:]
    assert is_upright(decoded(data, 'photo').rgb)


@pytest.mark.parametrize('form', ['JPEG', 'PNG', 'WEBP'])
@given(exif=st.binary(max_size=60), has_head=st.booleans(), xmp=st.binary(max_size=40))
def test_exif_that_is_none_costs_no_picture(
    form: str, exif: bytes, has_head: bool, xmp: bytes
) -> None:
    exif = b'Exif\0\0II*\0\x08\0\0\0' + exif if has_head else exif
    more = {} if form == 'PNG' else {'xmp': b'<x:xmpmeta tiff:Orientation="' + xmp}
    data = saved(Image.fromarray(SCENE), form, exif=exif, **more)
    assert decoded(data, 'photo').rgb.size == SCENE.size


@pytest.mark.parametrize(
    ('mode', 'form'),
    [('P', 'PNG'), ('RGBA', 'PNG'), ('CMYK', 'JPEG'), ('CMYK', 'TIFF'), ('RGB', 'WEBP'),
     ('RGB', 'TIFF'), ('YCbCr', 'JPEG')],
)  # fmt: skip
def test_colours_are_those_of_the_picture(mode: str, form: str) -> None:
    picture = Image.fromarray(SCENE)
    picture = picture.quantize(8) if mode == 'P' else picture.convert(mode)
    pixels = decoded(saved(picture, form), 'photo').rgb
    assert is_red(pixels, 10, 15)
    assert not is_red(pixels, 30, 45)
    assert pixels[30, 45].min() > 230


@pytest.mark.parametrize(
    ('pixels', 'form'),
    [
        (SCENE[..., 1], 'PNG'),
        (SCENE[..., 1].astype(np.uint16) * 257, 'PNG'),
        (SCENE[..., 1].astype(np.float32) / 255.0, 'TIFF'),
        (SCENE[..., 1].astype(np.int32) * 257, 'TIFF'),
        (SCENE[..., 1] > 100, 'PNG'),
    ],
)
def test_grey_of_any_depth_becomes_bytes(pixels: np.ndarray, form: str) -> None:
    found = decoded(saved(Image.fromarray(pixels), form), 'photo').rgb
    assert np.abs(found.astype(int) - SCENE[..., 1, None]).max() <= 1


def test_transparency_is_told() -> None:
    rgba = np.dstack([SCENE, np.where(SCENE[..., 1] == 0, 255, 0).astype(np.uint8)])
    opaque = decoded(saved(Image.fromarray(rgba), 'PNG'), 'photo').opaque
    assert opaque is not None
    assert opaque[:20, :30].all()
    assert opaque.mean() == 0.25


def test_size_is_asked_before_anything_is_decoded() -> None:
    small = saved(Image.new('1', (1, 1)), 'PNG')
    start = small.index(b'IHDR')
    for size in (10_001, 2_000_000):
        side = size.to_bytes(4, 'big')
        head = b'IHDR' + side + side + small[start + 12 : start + 17]
        check = zlib.crc32(head).to_bytes(4, 'big')
        data = small[:start] + head + check + small[start + 21 :]
        with pytest.raises(ImageError, match='100 million'):
            decoded(data, 'photo')
    with pytest.raises(ImageError, match='at least 16'):
        decoded(small, 'photo', least=16)


@pytest.mark.parametrize('size', [(12_000, 9_000), (16_320, 12_240)])
def test_a_photograph_of_the_largest_sensors_is_read_at_half_its_size(
    size: tuple[int, int],
) -> None:
    """Telephones with 108 and 200 million pixels were refused."""
    picture = Image.new('L', size, 255)
    picture.paste(40, (0, 0, size[0] // 2, size[1] // 2))
    exif = Image.Exif()
    exif[0x0112] = 6
    found = decoded(saved(picture, 'JPEG', exif=exif), 'photo').rgb
    assert found.shape == (size[0] // 2, size[1] // 2, 3)
    assert found[100, -100].max() < 60  # the upper left is the upper right, turned
    assert found[100, 100].min() > 230


NOISE = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
GOOD = saved(Image.fromarray(NOISE), 'PNG')


@given(st.binary() | st.integers(0, len(GOOD) // 2).map(lambda cut: GOOD[:cut]))
def test_what_is_no_picture_is_one_sentence(data: bytes) -> None:
    with pytest.raises(ImageError) as caught:
        decoded(data, 'photo')
    assert '\n' not in str(caught.value)


@given(
    width=st.integers(1, 300),
    which=st.sampled_from([None, 0, 1, 2, 3, 8126466]),
    has_others=st.booleans(),
)
def test_the_preview_in_a_raw_file_is_not_taken_for_the_photograph(
    width: int, which: int | None, has_others: bool
) -> None:
    """A TIFF's first picture may be the small one, with the photograph in a sub-picture."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    if which is not None:
        tags[254] = which
    if has_others:
        tags.tagtype[330] = TiffTags.LONG
        tags[330] = (1000, 2000)
    data = saved(Image.new('RGB', (width, 9), RED), 'TIFF', tiffinfo=tags)
    if has_others and which in (1, 3):
        with pytest.raises(ImageError, match=f'a preview of {width}x9 pixels'):
            decoded(data, 'DJI_0001.DNG')
        return
    assert decoded(data, 'photo.tif').rgb.shape == (9, width, 3)


@given(st.binary(max_size=80))
def test_what_git_did_not_fetch_is_named(rest: bytes) -> None:
    pointer = b'version https://git-lfs.github.com/spec/v1\noid sha256:' + rest
    with pytest.raises(ImageError, match='git lfs pull'):
        decoded(pointer, 'photo.jpg')


@given(st.floats(0.5, 0.9))
def test_a_picture_that_was_not_copied_whole_is_to_be_copied_again(kept: float) -> None:
    data = saved(Image.effect_noise((64, 48), 80), 'JPEG', quality=95)
    with pytest.raises(ImageError, match='copy it again') as told:
        decoded(data[: round(kept * len(data))], 'photo.jpg')
    assert '\n' not in str(told.value)


def tiff_of_12_bits(values: np.ndarray) -> bytes:
    """Return a grey TIFF of 12 bits a pixel (H, W), two pixels in three bytes; W is even."""
    high, wide = values.shape
    first, second = (values[:, one::2].astype(np.uint32) for one in (0, 1))
    both = first << 12 | second
    packed = np.stack([both >> 16, both >> 8 & 255, both & 255], -1).astype(np.uint8).tobytes()
    rows = [(256, wide), (257, high), (258, 12), (259, 1), (262, 1), (273, 8), (277, 1)]
    rows += [(278, high), (279, len(packed))]
    entries = b''.join(struct.pack('<HHII', tag, 4, 1, value) for tag, value in rows)
    return (
        b'II*\0' + struct.pack('<I', 8 + len(packed)) + packed
        + struct.pack('<H', len(rows)) + entries + bytes(4)
    )  # fmt: skip


@given(st.integers(0, 2**32 - 1), st.sampled_from(['grey', 'packed', 'colour']), st.floats(0.5, 1))
def test_twelve_bits_are_as_bright_as_eight(seed: int, kind: str, most: float) -> None:
    """Cameras save 12 bits as such, or in 16: read as 16 bits they were nearly black."""
    shape = (6, 8, 3) if kind == 'colour' else (6, 8)
    values = np.random.default_rng(seed).integers(0, round(most * 4095), shape, dtype=np.uint16)
    values.ravel()[0] = round(most * 4095)
    coded = bytes(cv2.imencode('.png', values)[1])
    data = tiff_of_12_bits(values) if kind == 'packed' else coded
    rgb = decoded(data, 'photo').rgb
    wanted = values[..., ::-1] if kind == 'colour' else values[..., None].repeat(3, 2)
    assert np.abs(rgb - wanted / 4095.0 * 255.0).max() <= 1.0


@given(st.integers(0, 2**32 - 1), st.sampled_from([np.uint8, np.uint16]), st.booleans())
def test_a_dark_picture_stays_as_dark_as_it_is(seed: int, kind: type, has_colour: bool) -> None:
    """One bright pixel says that its bits are all meant; eight bits are never stretched."""
    most = 15 if kind is np.uint8 else 4000
    shape = (6, 8, 3) if has_colour else (6, 8)
    values = np.random.default_rng(seed).integers(0, most, shape).astype(kind)
    if kind is np.uint16:
        values.ravel()[0] = 65_535
    rgb = decoded(bytes(cv2.imencode('.png', values)[1]), 'photo').rgb
    scale = 1 if kind is np.uint8 else 257
    wanted = values[..., ::-1] if has_colour else values[..., None].repeat(3, 2)
    assert np.abs(rgb - wanted / scale).max() <= 1.0


@given(
    st.lists(st.integers(0, 2**31 - 1), max_size=1),
    st.sampled_from([255, 4_095, 65_535]),
    st.integers(0, 99),
)
def test_whole_numbers_of_32_bits_are_as_bright_as_they_were(
    beyond: list[int], white: int, seed: int
) -> None:
    """Programs save arrays of integers as they are: those of a byte were shown nearly black."""
    values = np.random.default_rng(seed).integers(0, white + 1, (6, 9), dtype=np.int32)
    values[0, 0] = white
    values.ravel()[1 : 1 + len(beyond)] = beyond
    data = saved(Image.fromarray(values), 'TIFF')
    if values.max() > 65_535:
        with pytest.raises(ImageError, match='at most 16 bits'):
            decoded(data, 'it')
        return
    if beyond:
        return  # one more value may be of the next range
    shown = decoded(data, 'it').rgb
    assert np.abs(shown[..., 0] - values * (255.0 / white)).max() <= 1.0
