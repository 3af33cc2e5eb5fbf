# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: rectified pictures have the angle of P, raw ones that of K, whichever is published."""

import math
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.errors import ImageError
from liquid_drone.image import horizontal_fov_deg
from liquid_drone.lens.field_of_view import NARROWEST_DEG, WIDEST_DEG
from liquid_drone.lens.lens import Lens, is_rectified

WIDE, HIGH = 1280, 720
RECTIFIED = (
    '/camera/image_rect',
    '/zed/left/image_rect_color/compressed',
    '/zed/zed_node/rgb/color/rect/image',
    '/camera/color_rect/image',
    '/cam0/image_undistorted',
    '/drone1/image_rectified',
)
RAW = (
    '/camera/image_raw',
    '/direct/image_raw/compressed',
    '/rectangle/image_raw',
    '/cam0/image',
    '/zed/zed_node/rgb/color/raw/image',
    '',
)


def message(
    k: float, p: float, d: tuple[float, ...] = (), model: str = 'plumb_bob', part: int = 0
) -> Any:
    """Return a camera_info by its focal lengths in pixels; 0: that matrix has zeros alone."""
    k_is, p_is = float(k != 0.0), float(p != 0.0)
    matrix = [k, 0, WIDE / 2 * k_is, 0, k, HIGH / 2 * k_is, 0, 0, k_is]
    # with the offset of a second camera of a pair
    projection = [p, 0, WIDE / 2 * p_is, -83.6 * p_is, 0, p, HIGH / 2 * p_is, 0, 0, 0, p_is, 0]
    roi = SimpleNamespace(x_offset=part, y_offset=0, width=part and WIDE - 2 * part, height=0)
    roi.height = HIGH if part else 0
    return SimpleNamespace(
        width=WIDE, height=HIGH, k=matrix, p=projection, d=d, distortion_model=model, roi=roi
    )


def fov_of(topic: str, info: Any) -> float | None:
    lens = Lens()
    lens.is_rectified = is_rectified(topic)
    lens.take_message(info)
    return lens.fov_deg


focals = st.floats(0.4 * WIDE, 1.5 * WIDE)
bent = st.tuples(st.floats(-0.3, -0.05), st.floats(0.0, 0.05), st.just(0.0), st.just(0.0))


@given(st.sampled_from(RECTIFIED), focals, focals, bent)
def test_rectified_pictures_have_the_angle_of_p(
    topic: str, k: float, p: float, d: tuple[float, ...]
) -> None:
    """They were cropped as those of the raw lens (ros-perception/image_pipeline 1035)."""
    assert fov_of(topic, message(k, p, d)) == pytest.approx(horizontal_fov_deg(WIDE, p))
    unknown_model = message(k, p, d, 'double_sphere')  # of the raw lens alone
    assert fov_of(topic, unknown_model) == pytest.approx(horizontal_fov_deg(WIDE, p))


@given(st.sampled_from(RAW), focals, focals, bent)
def test_raw_pictures_have_the_angle_of_k(
    topic: str, k: float, p: float, d: tuple[float, ...]
) -> None:
    """P is of no raw picture (microsoft/Azure_Kinect_ROS_Driver 44, orbbec/OrbbecSDK_ROS2 169)."""
    assert fov_of(topic, message(k, p)) == pytest.approx(horizontal_fov_deg(WIDE, k))
    assert fov_of(topic, message(k, p, d)) == fov_of(topic, message(k, 0.0, d))


@given(st.sampled_from(RECTIFIED + RAW), focals, st.integers(0, 100))
def test_a_camera_that_gives_p_alone_is_calibrated(topic: str, p: float, part: int) -> None:
    """It counted as not calibrated (luxonis/depthai-ros 598)."""
    expected = horizontal_fov_deg(WIDE - 2 * part, p)
    if not NARROWEST_DEG <= expected <= WIDEST_DEG:
        return
    info = message(0.0, p, (0.0,) * 8, 'rational_polynomial', part)
    assert fov_of(topic, info) == pytest.approx(expected)


@given(st.sampled_from(RECTIFIED + RAW), st.sampled_from([0.0, 1.0, -500.0, math.nan, math.inf]))
def test_a_placeholder_beside_k_of_zeros_is_not_calibrated_as_before(topic: str, p: float) -> None:
    assert fov_of(topic, message(0.0, p)) is None


@given(st.sampled_from(RECTIFIED), focals, st.sampled_from([1.0, -500.0, math.nan]))
def test_a_projection_that_cannot_be_is_refused_where_it_counts(
    topic: str, k: float, p: float
) -> None:
    with pytest.raises(ImageError, match='camera_info is refused'):
        fov_of(topic, message(k, p))


@given(st.sampled_from(RECTIFIED), focals)
def test_rectified_pictures_without_p_have_the_angle_of_k(topic: str, k: float) -> None:
    info = message(k, 0.0, (-0.2, 0.01, 0.0, 0.0))
    assert fov_of(topic, info) == pytest.approx(horizontal_fov_deg(WIDE, k))
