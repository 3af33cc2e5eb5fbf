# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a camera whose colours end in flight is handed back, and one without any is told."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.arrays import Image
from liquid_drone.camera.colours import GONE_S, PAUSE_S, SteadyColours, has_colours
from liquid_drone.errors import ImageError

WAYS = ('raw', 'jpeg', 'yuyv', 'nv12')  # by which a picture comes
sizes = st.tuples(st.sampled_from([32, 144, 480]), st.sampled_from([64, 256, 640]))


def scene(height: int, width: int, seed: int, is_grey: bool) -> Image:
    """Return a picture with edges and noise, of colours or as by night."""
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    picture = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    noisy = np.clip(picture + random.normal(0.0, 4.0, picture.shape), 0, 255).astype(np.uint8)
    grey = np.asarray(cv2.cvtColor(noisy, cv2.COLOR_RGB2GRAY))
    return np.repeat(grey[..., None], 3, axis=2) if is_grey else noisy


def sent(image: Image, way: str) -> Image:
    """Return the picture as it is received."""
    if way == 'jpeg':
        coded = np.asarray(cv2.imencode('.jpg', cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1])
        return np.asarray(cv2.imdecode(coded, 1))[..., ::-1]
    if way == 'yuyv':
        packed = cv2.cvtColor(image, cv2.COLOR_RGB2YUV_YUYV)
        return np.asarray(cv2.cvtColor(packed, cv2.COLOR_YUV2RGB_YUYV))
    if way == 'nv12':
        planes = cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420)
        return np.asarray(cv2.cvtColor(planes, cv2.COLOR_YUV2RGB_I420))
    return image


@settings(max_examples=40, deadline=None)
@given(sizes, st.integers(0, 2**32 - 1), st.sampled_from(WAYS), st.booleans())
def test_colours_are_told_from_none_whichever_way_a_picture_came(
    size: tuple[int, int], seed: int, way: str, is_grey: bool
) -> None:
    assert has_colours(sent(scene(*size, seed, is_grey), way)) is not is_grey


@given(st.integers(0, 255), st.booleans())
def test_a_flat_picture_tells_nothing(level: int, is_noisy: bool) -> None:
    """A covered lens, a decoder without a key frame."""
    image = np.full((144, 256, 3), level, dtype=np.uint8)
    if is_noisy:
        image[::2] = min(level + 1, 255)
    assert has_colours(image) is None


COLOUR, GREY, FLAT = (
    scene(36, 64, 1, False),
    scene(36, 64, 1, True),
    np.zeros((36, 64, 3), np.uint8),
)


@given(
    st.lists(st.tuples(st.sampled_from('cgf'), st.floats(0.02, 2.0)), min_size=1, max_size=60),
)
def test_where_colours_end_no_picture_counts_until_a_flight_is_handed_back(
    story: list[tuple[str, float]],
) -> None:
    colours, now_s, gave_some, grey_since_s, until_s = SteadyColours(), 0.0, False, None, -1.0
    missing = False
    for kind, step_s in story:
        now_s += step_s
        if kind == 'c':
            gave_some, grey_since_s, missing = True, None, False
        elif kind == 'g':
            grey_since_s = now_s if grey_since_s is None else grey_since_s
            missing = now_s - grey_since_s >= GONE_S
            if missing and gave_some:
                gave_some, until_s = False, now_s + PAUSE_S
        image = {'c': COLOUR, 'g': GREY, 'f': FLAT}[kind]
        if missing and now_s < until_s:
            with pytest.raises(ImageError, match='night mode'):
                colours.check(image, now_s)
        else:
            colours.check(image, now_s)
        assert colours.are_missing is missing
