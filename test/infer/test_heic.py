# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Photographs of telephones in HEIC: read by an optional package, or told by name."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from liquid_drone import pictures
from liquid_drone.errors import ImageError
from liquid_drone.footage.footage import open_footage
from liquid_drone.pictures import decoded


def heic(picture: Image.Image, **options: Any) -> bytes:
    pytest.importorskip('pi_heif', reason="needs pip install 'liquid_drone[heic]'")
    heif = pytest.importorskip('pillow_heif', reason="needs pip install 'liquid_drone[test]'")
    heif.register_heif_opener()
    file = io.BytesIO()
    picture.save(file, 'HEIF', quality=95, **options)
    pictures._register_heic.cache_clear()  # the package that reads is another one
    return file.getvalue()


def test_without_the_package_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of the folder is shown, and the photograph is told."""
    monkeypatch.setitem(sys.modules, 'pi_heif', None)
    pictures._register_heic.cache_clear()
    (tmp_path / 'IMG_1.HEIC').write_bytes(b'\0\0\0\x18ftypheic' + bytes(40))
    Image.new('RGB', (32, 32)).save(tmp_path / 'a.png')
    footage = open_footage([tmp_path])
    assert [frame.name for frame in footage.frames()] == ['a.png']
    words = footage.left_out['IMG_1.HEIC']
    assert 'is HEIC' in words
    assert "pip install 'liquid_drone[heic]'" in words
    assert 'save it as PNG or JPEG' in words


@settings(max_examples=20, deadline=None)
@given(
    orientation=st.integers(1, 8),
    width=st.integers(33, 80),
    height=st.integers(33, 80),
    has_profile=st.booleans(),
)
def test_it_is_shown_upright_in_its_colours(
    orientation: int, width: int, height: int, has_profile: bool
) -> None:
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[: height // 2, : width // 2] = (200, 30, 30)
    exif = Image.Exif()
    exif[0x0112] = orientation
    more = {}
    if has_profile:
        more['icc_profile'] = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
    found = decoded(heic(Image.fromarray(rgb), exif=exif.tobytes(), **more), 'IMG_1.HEIC')
    way = pictures.WAYS.get(orientation)
    shown = Image.fromarray(rgb) if way is None else Image.fromarray(rgb).transpose(way)
    expected = np.asarray(shown)
    assert found.rgb.shape == expected.shape
    rows, columns = (slice(6, size, size // 3) for size in expected.shape[:2])
    difference = found.rgb[rows, columns].astype(int) - expected[rows, columns]
    assert np.median(np.abs(difference)) <= 8


@given(cut=st.floats(0.0, 0.99))
def test_a_cut_one_is_one_sentence(cut: float) -> None:
    data = heic(Image.new('RGB', (64, 48), (200, 30, 30)))
    with pytest.raises(ImageError, match='photo'):
        decoded(data[: max(16, int(cut * len(data)))], 'photo')
