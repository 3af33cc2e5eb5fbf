# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""REP 117: what a range sensor says without a distance."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.flight.range_finder import RangeFinder

anything = st.floats(allow_nan=True, allow_infinity=True)


def taken(*readings, least_m=0.3, most_m=8.0):
    finder, last = RangeFinder(), None
    for second, distance_m in enumerate(readings):
        last = finder.take(distance_m, least_m, most_m, float(second))
    return last


@pytest.mark.parametrize(
    ('reading', 'expected'),
    [(-math.inf, 0.0), (0.0, 0.0), (0.2, 0.0), (math.inf, math.inf), (9.0, math.inf), (2.5, 2.5)],
)
def test_too_near_is_near_and_nothing_in_range_is_far(reading, expected):
    assert taken(*[reading] * 3).distance_m == expected


def test_what_is_not_a_number_keeps_nothing_fresh():
    assert taken(math.nan).received_s == -math.inf
    assert taken(2.0, 2.0, math.nan, math.nan).received_s == 1.0


@given(st.floats(0.3, 8.0), st.floats(0.3, 8.0), anything)
def test_one_odd_reading_decides_nothing(first, second, odd):
    known = taken(first, odd, second).distance_m
    assert min(first, second) <= known <= max(first, second)


@given(st.lists(anything, max_size=8), anything, anything)
def test_whatever_comes_the_distance_is_a_number_and_not_negative(readings, least_m, most_m):
    if readings:
        assert taken(*readings, least_m=least_m, most_m=most_m).distance_m >= 0.0


def test_a_driver_that_leaves_its_limits_empty_is_not_read_as_nothing_in_range():
    assert taken(2.0, 2.0, 2.0, least_m=0.0, most_m=0.0).distance_m == 2.0
