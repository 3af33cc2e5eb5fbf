# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a lens that bends is cropped where the policy's view ends; OpenCV is the measure."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from liquid_drone.contract import CameraSpec
from liquid_drone.image import horizontal_fov_deg, window
from liquid_drone.lens.field_of_view import (
    BROWN,
    FISHEYE,
    NARROWEST_DEG,
    STRAIGHT,
    WIDEST_DEG,
    Distortion,
    field_of_view_deg,
)

WIDE, HIGH = 1280, 960
EDGE_RAD = math.radians(CameraSpec().horizontal_fov_deg / 2)
small = st.floats(-0.05, 0.05)


def k_of(focal_px: float) -> list[float]:
    return [focal_px, 0.0, WIDE / 2, 0.0, focal_px, HIGH / 2, 0.0, 0.0, 1.0]


def shown_at(distortion: Distortion, focal_px: float, angle_rad: float) -> float:
    """Return the pixels from the axis to where OpenCV shows what is so far beside it."""
    point = np.array([[[math.tan(angle_rad), 0.0, 1.0]]])
    matrix, nothing = np.array(k_of(focal_px)).reshape(3, 3), np.zeros(3)
    project = cv2.fisheye.projectPoints if distortion.model in FISHEYE else cv2.projectPoints
    if distortion.model in FISHEYE:
        pixels, _ = project(point, nothing, nothing, matrix, np.array(distortion.d))
    else:
        pixels, _ = project(point, nothing, nothing, matrix, np.array(distortion.d))
    return float(pixels.ravel()[0]) - WIDE / 2


fisheyes = st.builds(
    Distortion, st.sampled_from(['equidistant', 'fisheye']), st.tuples(small, small, small, small)
)
browns = st.builds(
    Distortion,
    st.just('plumb_bob'),
    st.tuples(st.floats(-0.3, 0.2), st.floats(0.0, 0.1), st.just(0.0), st.just(0.0), small),
)
rationals = st.builds(
    Distortion,
    st.just('rational_polynomial'),
    st.tuples(
        *(st.floats(-0.3, 0.3), small, st.just(0.0), st.just(0.0)),
        *(small, st.floats(-0.1, 0.3), small, small),
    ),
)


@given(fisheyes | browns | rationals, st.floats(0.3, 0.55))
def test_what_a_policy_sees_ends_at_its_edge_whatever_the_lens(
    distortion: Distortion, focal: float
) -> None:
    """A fisheye of 150 degrees was cropped as if its picture were flat: a fifth too wide."""
    focal_px = focal * WIDE
    shown_px = [shown_at(distortion, focal_px, angle) for angle in np.linspace(0.0, EDGE_RAD, 41)]
    assume(np.diff(shown_px).min() > 0.0)  # a picture that folds back before that is no lens'
    edge_px = shown_px[-1]
    fov_deg = field_of_view_deg(WIDE, HIGH, k_of(focal_px), distortion)
    _, _, columns, _ = window(WIDE, HIGH, CameraSpec(), fov_deg)
    assert columns == pytest.approx(min(2 * edge_px, WIDE), abs=2.0)


@given(fisheyes | browns | rationals, st.floats(0.8, 2.0))
def test_a_narrow_lens_has_the_angle_of_its_edge(distortion: Distortion, focal: float) -> None:
    shown_px = np.array([shown_at(distortion, focal * WIDE, at) for at in np.linspace(0, 1.5, 61)])
    rising = int(np.argmin(np.append(np.diff(shown_px) > 0.0, False)))
    assume(shown_px[rising] > WIDE / 2)  # a picture that folds back before its edge is no lens'
    fov_deg = field_of_view_deg(WIDE, HIGH, k_of(focal * WIDE), distortion)
    assert fov_deg is not None
    edge_px = shown_at(distortion, focal * WIDE, math.radians(fov_deg / 2))
    assert edge_px == pytest.approx(WIDE / 2, rel=0.002)


@given(st.floats(0.2, 3.0), st.sampled_from([*BROWN, *STRAIGHT, 'their_own']), st.integers(0, 14))
def test_a_lens_without_distortion_is_a_pinhole(focal: float, model: str, count: int) -> None:
    distortion = Distortion(model, (0.0,) * count)
    expected = horizontal_fov_deg(WIDE, focal * WIDE)
    assert field_of_view_deg(WIDE, HIGH, k_of(focal * WIDE), distortion) == pytest.approx(expected)


@given(st.sampled_from(STRAIGHT), browns | rationals, st.floats(0.3, 2.0))
def test_coefficients_count_where_their_model_has_no_name(
    model: str, named: Distortion, focal: float
) -> None:
    """They were left out (autowarefoundation/autoware 1344, UbiquityRobotics/fiducials 91)."""
    if any(named.d):
        k = k_of(focal * WIDE)
        unnamed = Distortion(model, named.d)
        assert field_of_view_deg(WIDE, HIGH, k, unnamed) == field_of_view_deg(WIDE, HIGH, k, named)


@given(st.sampled_from(STRAIGHT), st.sampled_from([1, 2, 3, 4, 6, 7, 9]), st.floats(0.01, 0.1))
def test_so_many_coefficients_without_a_name_may_be_of_any_lens(
    model: str, count: int, number: float
) -> None:
    with pytest.raises(ValueError, match='expected a distortion_model of'):
        field_of_view_deg(WIDE, HIGH, k_of(640.0), Distortion(model, (number,) * count))


@given(st.sampled_from(['double_sphere', 'ftheta', 'omni', 'their own']), st.floats(0.01, 2.0))
def test_a_model_that_is_not_known_is_refused_with_what_to_do(model: str, number: float) -> None:
    with pytest.raises(ValueError, match='let the camera driver publish rectified pictures'):
        field_of_view_deg(WIDE, HIGH, k_of(640.0), Distortion(model, (number,)))


@given(st.floats(-1e300, -4.0), st.sampled_from(['plumb_bob', 'equidistant']))
def test_a_picture_that_folds_back_is_no_lens(number: float, model: str) -> None:
    distortion = Distortion(model, (number, 0.0, 0.0, 0.0))
    with pytest.raises(ValueError, match='would fold back'):
        field_of_view_deg(WIDE, HIGH, k_of(400.0), distortion)


ANY = st.floats(allow_nan=True, allow_infinity=True)


@given(st.text(max_size=50) | st.sampled_from([*BROWN, *FISHEYE]), st.lists(ANY, max_size=16))
def test_any_distortion_is_an_angle_that_can_be_or_a_sentence(
    model: str, numbers: list[float]
) -> None:
    distortion = Distortion(model, tuple(numbers))
    try:
        fov_deg = field_of_view_deg(WIDE, HIGH, k_of(640.0), distortion)
    except ValueError:
        return
    assert fov_deg is not None
    assert NARROWEST_DEG <= fov_deg <= WIDEST_DEG
