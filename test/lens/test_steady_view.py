# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A camera that zooms, or changes its size, in flight is not flown on."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.errors import ImageError
from liquid_drone.lens.steady_view import MOST_ZOOM, PAUSE_S, SteadyView

SIZES = st.tuples(st.integers(16, 4000), st.integers(16, 4000))
ANGLES = st.floats(20.0, 140.0)
VIEWS = st.tuples(st.integers(16, 4000), st.integers(16, 4000), ANGLES | st.none())


def zoomed(fov_deg: float, zoom: float) -> float:
    return math.degrees(2.0 * math.atan(math.tan(math.radians(fov_deg) / 2.0) / zoom))


def used(view: SteadyView, told: tuple[int, int, float | None], now_s: float) -> bool:
    try:
        view.check(told, now_s)
    except ImageError:
        return False
    view.note_used(told)
    return True


@given(before=VIEWS, after=VIEWS)
def test_another_view_counts_once_a_flight_has_been_handed_back(
    before: tuple[int, int, float | None], after: tuple[int, int, float | None]
) -> None:
    view = SteadyView()
    assert used(view, before, 0.0)
    if not used(view, after, 1.0):
        assert not used(view, before, 1.5)  # nor does the old one, which is another change
        assert not used(view, after, 1.9 + PAUSE_S)
        assert used(view, after, 2.0 + 2.0 * PAUSE_S)
        return
    is_known = before[2] is not None and after[2] is not None
    assert is_known or before[:2] == after[:2]


@given(size=SIZES, other=SIZES)
def test_another_size_of_a_camera_that_is_not_calibrated_is_another_view(
    size: tuple[int, int], other: tuple[int, int]
) -> None:
    view = SteadyView()
    assert used(view, (*size, None), 0.0)
    assert used(view, (*other, None), 0.1) is (size == other)


@given(size=SIZES, other=SIZES, fov_deg=ANGLES, steps=st.lists(st.floats(1.0, 1.05), max_size=20))
def test_a_zoom_is_noticed_however_slow_and_whatever_the_size(
    size: tuple[int, int], other: tuple[int, int], fov_deg: float, steps: list[float]
) -> None:
    view, zoom = SteadyView(), 1.0
    assert used(view, (*size, fov_deg), 0.0)
    for step in steps:
        zoom *= step
        is_used = used(view, (*other, zoomed(fov_deg, zoom)), 0.1)
        assert is_used is (zoom <= MOST_ZOOM) or zoom == pytest.approx(MOST_ZOOM)
        if not is_used:
            return


@given(size=SIZES, fov_deg=ANGLES)
def test_a_camera_info_may_come_behind_the_first_pictures_and_may_not_go(
    size: tuple[int, int], fov_deg: float
) -> None:
    view = SteadyView()
    assert used(view, (*size, None), 0.0)
    assert used(view, (*size, fov_deg), 0.1)
    assert not used(view, (*size, zoomed(fov_deg, 1.2)), 0.2)
    assert not used(view, (*size, None), 0.3 + PAUSE_S)


@given(
    told=VIEWS,
    turns=st.lists(st.tuples(st.integers(0, 2), st.floats(0.02, 2.0)), min_size=1, max_size=60),
)
def test_another_camera_counts_once_a_flight_has_been_handed_back(
    told: tuple[int, int, float | None], turns: list[tuple[int, float]]
) -> None:
    """Whoever publishes two cameras on one topic tells them by their frame."""
    view, now_s, before, changed_s = SteadyView(), 0.0, None, -math.inf
    for number, passed_s in turns:
        now_s, frame = now_s + passed_s, f'camera_{number}'
        if before is not None and frame != before:
            changed_s = now_s
        before = frame
        if now_s < changed_s + PAUSE_S:
            with pytest.raises(ImageError, match='in the frame'):
                view.check(told, now_s, frame)
        else:
            view.check(told, now_s, frame)
            view.note_used(told, frame)


@given(told=VIEWS, numbers=st.lists(st.integers(0, 10**9), min_size=2, max_size=20))
def test_a_driver_that_counts_its_pictures_in_the_frame_is_one_camera(
    told: tuple[int, int, float | None], numbers: list[int]
) -> None:
    view = SteadyView()
    for now_s, number in enumerate(numbers):
        view.check(told, float(now_s), str(number))
        view.note_used(told, str(number))
