# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: colours that a picture names by numbers (cICP, nclx) are shown as they were seen."""

import io
import struct
import zlib

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, features

from liquid_drone.colour.code_points import PRIMARIES, Primaries
from liquid_drone.errors import ImageError
from liquid_drone.pictures import decoded

Bytes = npt.NDArray[np.uint8]
WHITE = np.array([0.3127 / 0.3290, 1.0, (1.0 - 0.3127 - 0.3290) / 0.3290])  # D65, from its x and y
CURVES = {1: 'sRGB', 13: 'sRGB', 4: '2.2', 8: '1.0'}


def to_xyz(primaries: Primaries) -> npt.NDArray[np.float64]:
    columns = np.array([[x / y, 1.0, (1.0 - x - y) / y] for x, y in primaries]).T
    return np.asarray(columns * np.linalg.solve(columns, WHITE))


def told(rgb: Bytes, primaries: int, curve: int) -> Bytes:
    """Return sRGB colours as another space has them."""
    shares = rgb / 255.0
    light = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    there = light @ (np.linalg.inv(to_xyz(PRIMARIES[primaries])) @ to_xyz(PRIMARIES[1])).T
    there = np.clip(there, 0.0, 1.0)
    if CURVES[curve] == 'sRGB':
        bent = np.where(there <= 0.0031308, there * 12.92, 1.055 * there ** (1 / 2.4) - 0.055)
    else:
        bent = there ** (1.0 / float(CURVES[curve]))
    return np.rint(bent * 255.0).astype(np.uint8)


def png(rgb: Bytes, numbers: bytes | None, mode: str = 'RGB') -> bytes:
    """Return a PNG with a chunk of such numbers behind its header."""
    picture, file = Image.fromarray(rgb), io.BytesIO()
    (picture.quantize(256) if mode == 'P' else picture.convert(mode)).save(file, 'PNG')
    data = file.getvalue()
    if numbers is None:
        return data
    chunk = b'cICP' + numbers
    framed = struct.pack('>I', len(numbers)) + chunk + struct.pack('>I', zlib.crc32(chunk))
    return data[:33] + framed + data[33:]


@settings(max_examples=40)
@given(
    primaries=st.sampled_from(list(PRIMARIES)),
    curve=st.sampled_from(list(CURVES)),
    mode=st.sampled_from(['RGB', 'RGBA', 'P']),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_colour_is_the_same_by_whatever_numbers(
    primaries: int, curve: int, mode: str, seed: int
) -> None:
    """A red of Display P3 was shown paler than it was, and linear light far too dark."""
    rgb = np.random.default_rng(seed).integers(60, 200, (4, 4, 3), dtype=np.uint8)
    numbers = bytes([primaries, curve, 0, 1])
    found = decoded(png(told(rgb, primaries, curve), numbers, mode), 'photo').rgb
    assert np.abs(found.astype(int) - rgb).max() <= 4


@given(
    numbers=st.binary(max_size=3).filter(lambda numbers: len(numbers) != 2)
    | st.binary(min_size=5, max_size=6)
    | st.tuples(st.integers(0, 255), st.sampled_from([0, 2, 3, 7, 9, 17, 19, 255])).map(bytes)
)
def test_numbers_that_are_none_or_unknown_are_srgb(numbers: bytes) -> None:
    rgb = np.full((3, 3, 3), (200, 30, 30), np.uint8)
    content = numbers + b'\0\1' if len(numbers) == 2 else numbers
    assert np.array_equal(decoded(png(rgb, content), 'photo').rgb, rgb)


@pytest.mark.parametrize(('curve', 'name'), [(16, 'PQ'), (18, 'HLG')])
@pytest.mark.parametrize('primaries', [1, 2, 9])
def test_hdr_is_refused(primaries: int, curve: int, name: str) -> None:
    """It was shown grey and pale, without a word."""
    data = png(np.full((3, 3, 3), 128, np.uint8), bytes([primaries, curve, 0, 1]))
    with pytest.raises(ImageError, match=rf'^photo is HDR \({name}\), .* without HDR'):
        decoded(data, 'photo')


@pytest.mark.skipif('avif' not in features.get_supported(), reason='this Pillow writes no AVIF')
@pytest.mark.parametrize('name', ['P3', 'PQ'])
def test_an_avif_is_read_by_its_numbers(name: str) -> None:
    file, rgb = io.BytesIO(), np.full((16, 16, 3), (180, 60, 60), np.uint8)
    Image.fromarray(told(rgb, 12, 13)).save(file, 'AVIF', quality=100, subsampling='4:4:4')
    data = bytearray(file.getvalue())
    at = data.index(b'colrnclx') + 8
    data[at : at + 4] = struct.pack('>2H', 12, 16 if name == 'PQ' else 13)
    if name == 'PQ':
        with pytest.raises(ImageError, match='is HDR'):
            decoded(bytes(data), 'photo')
    else:
        assert np.abs(decoded(bytes(data), 'photo').rgb.astype(int) - rgb).max() <= 6
