# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a photograph's colours are those of its profile, as its camera saw them."""

import io
import struct
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from liquid_drone.errors import ImageError
from liquid_drone.pictures import decoded

Floats = npt.NDArray[np.float64]
D65, D50 = np.array([0.95046, 1.0, 1.08906]), np.array([0.96420, 1.0, 0.82491])
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
SPACES = {  # chromaticities of red, green and blue, and the gamma
    'Display P3': (((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)), 2.2),
    'Adobe RGB': (((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), 2.2),
    'ProPhoto': (((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001)), 1.8),
    'a scanner, gamma 1.8': (SRGB, 1.8),
}


def to_xyz(primaries: tuple[tuple[float, float], ...]) -> Floats:
    """Return the matrix from linear colours to XYZ, under the white of a profile."""
    columns = np.array([[x / y, 1.0, (1.0 - x - y) / y] for x, y in primaries]).T
    to_d65 = columns * np.linalg.solve(columns, D65)
    scale = np.diag((BRADFORD @ D50) / (BRADFORD @ D65))
    return np.asarray(np.linalg.inv(BRADFORD) @ scale @ BRADFORD @ to_d65)


def profile(space: str) -> bytes:
    """Return an ICC profile of version 2: a matrix and a gamma."""
    primaries, gamma = SPACES[space]
    matrix = to_xyz(primaries)

    def xyz(values: Floats) -> bytes:
        return b'XYZ \0\0\0\0' + struct.pack('>3i', *(round(v * 65536) for v in values))

    curve = b'curv\0\0\0\0' + struct.pack('>IHxx', 1, round(gamma * 256))
    name = space.encode() + b'\0'
    described = b'desc\0\0\0\0' + struct.pack('>I', len(name)) + name + bytes(78)
    tags = {b'desc': described, b'cprt': b'text\0\0\0\0none\0', b'wtpt': xyz(D50)}
    for index, colour in enumerate((b'r', b'g', b'b')):
        tags |= {colour + b'XYZ': xyz(matrix[:, index]), colour + b'TRC': curve}
    at, table, content = 132 + 12 * len(tags), b'', b''
    for tag, data in tags.items():
        table += tag + struct.pack('>2I', at + len(content), len(data))
        content += data + bytes(-len(data) % 4)
    head = struct.pack('>I4xI12s', at + len(content), 0x02100000, b'mntrRGB XYZ ')
    head += struct.pack('>6H', 2026, 1, 1, 0, 0, 0) + b'acsp' + bytes(28)
    head += struct.pack('>3i', *(round(v * 65536) for v in D50)) + bytes(48)
    return head + struct.pack('>I', len(tags)) + table + content


def in_space(rgb: npt.NDArray[np.uint8], space: str) -> npt.NDArray[np.uint8]:
    """Return sRGB colours as the numbers that another space has for them."""
    primaries, gamma = SPACES[space]
    shares = rgb / 255.0
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    there = linear @ (np.linalg.inv(to_xyz(primaries)) @ to_xyz(SRGB)).T
    return np.rint(np.clip(there, 0.0, 1.0) ** (1.0 / gamma) * 255.0).astype(np.uint8)


def saved(pixels: npt.NDArray[np.uint8], form: str, mode: str, icc: bytes) -> bytes:
    picture, file = Image.fromarray(pixels), io.BytesIO()
    picture = picture.quantize(256) if mode == 'P' else picture.convert(mode)
    options: dict[str, Any] = {'lossless': True} if form == 'WEBP' else {}
    picture.save(file, form, icc_profile=icc, **options)
    return file.getvalue()


@pytest.mark.parametrize('space', SPACES)
@pytest.mark.parametrize(
    ('form', 'mode'),
    [('PNG', 'RGB'), ('PNG', 'RGBA'), ('PNG', 'P'), ('TIFF', 'RGB'), ('WEBP', 'RGB')],
)
@settings(max_examples=2)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_colour_is_the_same_in_every_space(space: str, form: str, mode: str, seed: int) -> None:
    """A red of Display P3 has less red in it than the same numbers in sRGB: it was paler."""
    # of darker ones eight bits of ProPhoto tell too few apart
    rgb = np.random.default_rng(seed).integers(70, 216, (4, 4, 3), dtype=np.uint8)
    found = decoded(saved(in_space(rgb, space), form, mode, profile(space)), 'photo').rgb
    assert np.abs(found.astype(int) - rgb).max() <= 4


@settings(max_examples=12)
@given(
    icc=st.binary(min_size=1, max_size=300)
    | st.integers(1, 400).map(lambda cut: profile('Adobe RGB')[:cut]),
    mode=st.sampled_from(['RGB', 'L', 'P', 'RGBA', 'CMYK', '1']),
)
def test_a_broken_profile_or_one_of_another_kind_changes_nothing(icc: bytes, mode: str) -> None:
    pixels = np.full((2, 2, 3), (200, 30, 30), np.uint8)
    form = 'TIFF' if mode == 'CMYK' else 'PNG'
    with_it = decoded(saved(pixels, form, mode, icc), 'photo').rgb
    assert np.array_equal(with_it, decoded(saved(pixels, form, mode, b''), 'photo').rgb)


def test_pictures_in_srgb_stay_as_they_are_to_the_last_bit() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
    rgb = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert np.array_equal(decoded(saved(rgb, 'PNG', 'RGB', srgb), 'photo').rgb, rgb)


def test_a_pillow_without_colour_management_refuses_what_it_would_show_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lacking(*_: Any) -> None:
        raise ImportError('The _imagingcms C module is not installed')

    monkeypatch.setattr(ImageCms, 'buildTransform', lacking)
    pixels = np.full((2, 2, 3), 77, np.uint8)
    icc = profile('ProPhoto')
    with pytest.raises(ImageError, match=r'^photo: its colours .* save it as sRGB'):
        decoded(saved(pixels, 'PNG', 'RGB', icc + b'!'), 'photo')
    assert decoded(saved(pixels, 'PNG', 'RGB', b'sRGB' + icc), 'photo').rgb.max() == 77
