# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: one way to resize, and another camera's picture cropped to the policy's angle."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.contract import CameraSpec
from liquid_drone.errors import ImageError
from liquid_drone.image import fitted, is_too_narrow, reduced, window

CAMERA = CameraSpec()


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_a_picture_of_the_policys_camera_is_left_as_it_is() -> None:
    image = noise(144, 256)
    assert fitted(image, CAMERA) is not None
    assert np.array_equal(fitted(image, CAMERA), image)
    assert np.array_equal(fitted(image, CAMERA, 80.0), image)


def test_a_learner_reduces_as_a_node_resizes() -> None:
    image = noise(288, 512)
    assert np.array_equal(reduced(image, 2), fitted(image, CAMERA))


def test_four_by_three_loses_rows_not_columns() -> None:
    assert window(640, 480, CAMERA) == (0, 60, 640, 360)


def test_a_wider_lens_is_cropped_to_the_policys_angle() -> None:
    left, _, width, _ = window(1280, 720, CAMERA, 110.0)
    half_px = 1280 / 2 / math.tan(math.radians(55.0)) * math.tan(math.radians(40.0))
    assert width == pytest.approx(2 * half_px, abs=1)
    assert left == pytest.approx((1280 - width) / 2, abs=1)


def test_a_narrower_lens_is_used_whole_and_known_as_too_narrow() -> None:
    assert window(1280, 720, CAMERA, 60.0) == (0, 0, 1280, 720)
    assert is_too_narrow(CAMERA, 60.0)
    assert not is_too_narrow(CAMERA, 78.0)


@given(st.integers(1, 4000), st.integers(1, 4000), st.floats(10.0, 150.0) | st.none())
def test_the_window_lies_in_the_picture(width: int, height: int, fov_deg: float | None) -> None:
    left, top, used_width, used_height = window(width, height, CAMERA, fov_deg)
    assert 0 <= left < left + used_width <= width
    assert 0 <= top < top + used_height <= height


def test_grey_or_float_pictures_are_refused() -> None:
    for image in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)):
        with pytest.raises(ImageError, match='expected an RGB image'):
            fitted(image, CAMERA)
