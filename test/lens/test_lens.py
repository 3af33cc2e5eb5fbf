# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what a camera says of itself is believed only where it can be true."""

import contextlib
import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.errors import ImageError
from liquid_drone.lens.field_of_view import NARROWEST_DEG, WIDEST_DEG, field_of_view_deg
from liquid_drone.lens.lens import Lens, Region, check_shape


def k_of(focal_px: float, width: int = 640, height: int = 480) -> list[float]:
    return [focal_px, 0.0, width / 2, 0.0, focal_px, height / 2, 0.0, 0.0, 1.0]


UNKNOWN = [0.0] * 9
PLACEHOLDERS = {
    'width 0': (0, 480, k_of(320.0)),
    'height 0': (640, 0, k_of(320.0)),
    'focal length 1': (640, 480, k_of(1.0)),
    'negative': (640, 480, k_of(-320.0)),
    'infinite': (640, 480, k_of(math.inf)),
    'not a number': (640, 480, k_of(math.nan)),
    'nothing': (640, 480, []),
    'a telescope': (640, 480, k_of(4000.0)),
    'one axis only': (640, 480, [320.0] + [0.0] * 8),
    'no middle': (640, 480, [320.0, 0.0, 0.0, 0.0, 320.0, 0.0, 0.0, 0.0, 1.0]),
    'not the middle': (640, 480, k_of(320.0, 1280, 480)),
}


@pytest.mark.parametrize('said', PLACEHOLDERS.values(), ids=PLACEHOLDERS)
def test_what_cannot_be_is_refused_in_words_and_no_picture_is_usable(
    said: tuple[int, int, list[float]],
) -> None:
    lens = Lens()
    with pytest.raises(ImageError, match='camera_info is refused: expected'):
        lens.take(*said)
    with pytest.raises(ImageError, match='calibrate the camera, or let its driver publish K'):
        lens.fov_of(640, 480)


@pytest.mark.parametrize('said', PLACEHOLDERS.values(), ids=PLACEHOLDERS)
def test_after_a_good_word_a_wrong_one_counts_as_not_said(
    said: tuple[int, int, list[float]],
) -> None:
    lens = Lens()
    lens.take(640, 480, k_of(320.0))
    with pytest.raises(ImageError):
        lens.take(*said)
    assert lens.fov_of(640, 480) == pytest.approx(90.0)
    assert lens.problem  # and it is told


def test_zeros_say_that_it_is_not_calibrated_and_silence_too() -> None:
    lens = Lens()
    assert lens.fov_of(640, 480) is None
    lens.take(640, 480, UNKNOWN)
    assert lens.fov_of(320, 200) is None


def test_a_picture_of_another_shape_is_not_that_lens() -> None:
    lens = Lens()
    lens.take(640, 480, k_of(320.0))
    assert lens.fov_of(320, 240) == pytest.approx(90.0)  # scaled: the same angle
    with pytest.raises(ImageError, match='camera_info is for 640x480, the image is 640x360'):
        lens.fov_of(640, 360)


focals = st.floats(0.5, 2.0)  # of a picture's width
middles = st.floats(0.4, 0.59)


@given(focals, middles, middles, st.integers(2, 8), st.booleans())
def test_the_matrix_of_binned_pictures_beside_the_size_of_all_pixels_is_refused(
    focal: float, across: float, down: float, binned: int, is_sensors: bool
) -> None:
    """basler/pylon-ros-camera 143, astuff/avt_vimba_camera 28 and 82: binned, and the reverse."""
    wide, high = 1296, 972
    k = [focal * wide, 0.0, across * wide, 0.0, focal * wide, down * high, 0.0, 0.0, 1.0]
    lens, told = Lens(), (wide * binned, high * binned)
    if is_sensors:
        k, told = [binned * one for one in k[:8]] + [1.0], (wide, high)
    with pytest.raises(ImageError, match=r'K is of pictures of another size|field of view'):
        lens.take(*told, k)
    lens.take(wide, high, [value / (binned if is_sensors else 1) for value in k[:8]] + [1.0])
    assert lens.fov_of(wide, high) == pytest.approx(math.degrees(2 * math.atan(0.5 / focal)))


@given(focals, st.integers(300, 1400), st.integers(300, 1000), st.integers(1, 4))
def test_pictures_of_a_region_of_interest_have_its_angle_and_not_that_of_the_sensor(
    focal: float, columns: int, rows: int, binned: int
) -> None:
    """ros-drivers/camera1394 36, basler/pylon-ros-camera 292; of the sensor's shape or not."""
    wide, high = 1440, 1080
    left, top = (wide - columns) // 2, (high - rows) // 2
    lens, part_deg = Lens(), math.degrees(2 * math.atan(columns / 2 / (focal * wide)))
    if not NARROWEST_DEG <= part_deg <= WIDEST_DEG:
        with pytest.raises(ImageError, match='field of view'):
            lens.take(wide, high, k_of(focal * wide, wide, high), (left, top, columns, rows))
        return
    lens.take(wide, high, k_of(focal * wide, wide, high), (left, top, columns, rows))
    assert lens.fov_of(columns // binned, rows // binned) == pytest.approx(part_deg)
    whole_deg = math.degrees(2 * math.atan(0.5 / focal))
    assert lens.fov_of(wide, high) == pytest.approx(whole_deg)  # cut by whoever reads them
    lens.take(wide, high, k_of(focal * wide, wide, high))
    assert lens.fov_of(wide // binned, high // binned) == pytest.approx(whole_deg)


@pytest.mark.parametrize('region', [(0, 0, 300, 300), (1300, 0, 300, 1080), (0, 900, 1440, 300)])
def test_a_region_off_the_middle_or_outside_is_refused(region: Region) -> None:
    lens = Lens()
    with pytest.raises(ImageError, match=r'cropped off the middle|a region of interest inside'):
        lens.take(1440, 1080, k_of(1000.0, 1440, 1080), region)


NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.lists(NUMBERS, max_size=12))
def test_any_camera_info_is_an_angle_that_can_be_or_a_sentence(
    width: int, height: int, k: list[float]
) -> None:
    try:
        fov_deg = field_of_view_deg(width, height, k)
    except ValueError:
        return
    assert fov_deg is None or NARROWEST_DEG <= fov_deg <= WIDEST_DEG


angles = st.floats(NARROWEST_DEG + 1.0, WIDEST_DEG - 1.0)


def focal_of(fov_deg: float) -> float:
    return 320.0 / math.tan(math.radians(fov_deg) / 2.0)


@given(angles, angles, st.lists(st.booleans(), min_size=4, max_size=40))
def test_the_words_of_two_cameras_on_one_topic_are_no_angle(
    first: float, second: float, order: list[bool]
) -> None:
    """Cameras that share a namespace: pictures were cropped by both in turn (realsense 2864)."""
    lens, said = Lens(), list[bool]()
    for is_second in order:
        said.append(is_second)
        lately = said[-10:]
        pairs = enumerate(itertools.pairwise(lately))
        count = sum(new != old and new in lately[:place] for place, (old, new) in pairs)
        is_mixed = abs(first - second) > 1.01 and count >= 2
        if 0.99 < abs(first - second) <= 1.01:
            return
        told = 640, 480, k_of(focal_of(second if is_second else first))
        if is_mixed:
            with pytest.raises(ImageError, match='two cameras publish it'):
                lens.take(*told)
            with pytest.raises(ImageError, match='camera_info changes to and fro between 640x480'):
                lens.fov_of(640, 480)
        else:
            lens.take(*told)
            assert lens.fov_of(640, 480) == pytest.approx(second if is_second else first)
    for _ in range(12):  # one of them was ended
        with contextlib.suppress(ImageError):
            lens.take(640, 480, k_of(focal_of(first)))
    assert lens.fov_of(640, 480) == pytest.approx(first)


@given(st.lists(angles, min_size=2, max_size=40), st.booleans())
def test_a_zoom_that_goes_in_and_one_stray_word_are_not_two_cameras(
    told: list[float], is_stray: bool
) -> None:
    lens = Lens()
    words = [told[0]] * 12 + [told[1]] + [told[0]] * 12 if is_stray else sorted(told)
    for fov_deg in words:
        lens.take(640, 480, k_of(focal_of(fov_deg)))
        assert lens.fov_of(640, 480) == pytest.approx(fov_deg)


@given(st.integers(16, 4000), st.integers(16, 4000))
def test_the_shape_of_two_pictures_and_of_a_camera_on_its_side_is_refused(
    width: int, height: int
) -> None:
    """A ZED as a USB camera (zed-ros-wrapper 280, raspicam_node 116), realsense-ros 3483."""
    if height <= width <= 2.6 * height:
        check_shape(width, height)
        return
    words = 'mounted on its side' if width < height else 'two pictures side by side'
    with pytest.raises(ImageError, match=words):
        check_shape(width, height)
