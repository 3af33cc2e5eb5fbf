# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a picture that flight refuses is not shown of a recording as if it were good."""

import contextlib
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.encodings import decode, decode_compressed
from liquid_drone.episodes.ros_pictures import picture_of
from liquid_drone.errors import ImageError

SOURCES = ('rgb8', 'bgr8', 'mono8', 'yuv422_yuy2', 'uyvy', 'bayer_rggb8', 'nv12', '8UC1', '8UC3')
FORMATS = st.sampled_from(['jpeg', 'png', '', 'bgr8', 'compressedDepth', '16UC1; compressedDepth'])
described = FORMATS | st.builds(
    '{}; {} compressed {}'.format,
    st.sampled_from(SOURCES),
    st.sampled_from(['jpeg', 'png']),
    st.sampled_from(['mono8', 'bgr8', 'rgb8', '']),
)


def compressed(words: str, has_colour: bool) -> Any:
    pixels = np.full((6, 8, 3) if has_colour else (6, 8), 90, np.uint8)
    ending = '.png' if 'png' in words else '.jpg'
    return SimpleNamespace(format=words, data=cv2.imencode(ending, pixels)[1].ravel())


@given(described, st.booleans())
def test_compressed_pictures_have_one_answer_in_flight_and_of_a_recording(
    words: str, has_colour: bool
) -> None:
    """Some image_transport pack YUV and Bayer as grey: infer showed it, and flight refused it."""
    message = compressed(words, has_colour)
    flown, shown = None, None
    with contextlib.suppress(ImageError):
        flown = decode_compressed(words, message.data)
    with contextlib.suppress(ImageError):
        shown = picture_of(message)
    assert (flown is None) is (shown is None)
    assert flown is None or np.abs(flown.astype(int) - shown).max() <= 3
    lost = words.endswith('compressed mono8') and not words.startswith(('mono8', '8UC1'))
    assert (flown is None) is (lost or 'Depth' in words)


@given(
    st.integers(1, 400), st.integers(1, 4), st.integers(0, 63), st.sampled_from(['mono8', '8UC1'])
)
def test_grey_rows_may_be_padded_but_colours_called_grey_are_refused(
    width: int, height: int, padding: int, encoding: str
) -> None:
    """The first third of each row was shown as if it were the picture."""
    for step in (width + padding, 3 * width):
        message = SimpleNamespace(
            encoding=encoding, width=width, height=height, step=step, is_bigendian=0
        )
        message.data = np.zeros(height * step, np.uint8)
        if step == 3 * width and 2 * width >= 256:
            with pytest.raises(ImageError, match='a picture in colour is called grey'):
                picture_of(message)
            with pytest.raises(ImageError, match='a picture in colour is called grey'):
                decode(encoding, width, height, step, message.data)
        else:
            assert picture_of(message).shape == (height, width, 3)


WIDE, HIGH = 40, 12
ROWS = {'rgb8': 3 * WIDE, 'nv12': WIDE, 'yuyv': 2 * WIDE, 'mono16': 2 * WIDE, 'bgra8': 4 * WIDE}


@given(st.sampled_from(sorted(ROWS)), st.integers(0, 9), st.integers(0, 5), st.integers(0, 39))
def test_rows_or_planes_that_lie_elsewhere_are_refused(
    encoding: str, wider: int, more: int, rest: int
) -> None:
    """raspicam_node 77, libcamera 141: a buffer aligned to 16 rows and columns, unsaid."""
    rows = HIGH * 3 // 2 if encoding == 'nv12' else HIGH
    step = ROWS[encoding]
    size = (rows + more) * (step + wider) + rest
    message = SimpleNamespace(
        encoding=encoding, width=WIDE, height=HIGH, step=step, is_bigendian=0
    )
    message.data = np.zeros(size, np.uint8)
    if size - rows * step >= step:
        with pytest.raises(ImageError, match='set step and height to those of its buffer'):
            picture_of(message)
        return
    assert picture_of(message).shape == (HIGH, WIDE, 3)
