# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""REP 117: what a range sensor says without a distance."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.flight.facts import Evidence, known
from liquid_drone.flight.judgements import FactLimits, Standing
from liquid_drone.flight.range_finder import LATELY_S, MOST_M, RangeFinder

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


frames = st.lists(st.text(max_size=8), min_size=2, max_size=4, unique=True)


measured = st.lists(st.floats(0.1, 40.0), min_size=4, max_size=4)


@settings(max_examples=40)
@given(frames, st.floats(2.0, 8.0), st.floats(0.02, 0.4), measured)
def test_of_several_sensors_on_one_topic_none_is_believed(names, ahead_m, every_s, measured_m):
    """A ring of sensors behind one driver, or two drivers (vl53l1x_ros 12, rosaria 39)."""
    finder, now_s, last = RangeFinder(), 0.0, None
    for _ in range(12):
        now_s += every_s
        last = finder.take(ahead_m, 0.3, 40.0, now_s, names[0])
    assert (last.distance_m, last.received_s, finder.trouble) == (ahead_m, now_s, '')
    began_s = now_s
    for turn in range(round(1.5 / every_s)):
        now_s += every_s
        name = names[turn % len(names)] if turn > 1 else names[1]
        last = finder.take(measured_m[turn % 4], 0.3, 40.0, now_s, name)
        assert 'they come from several' in finder.trouble
        assert repr(names[0][:8]) in finder.trouble
    assert last.received_s <= began_s
    assert last.distance_m == ahead_m
    (fact,) = (one for one in known(Evidence(now_s, None, last), FactLimits())
               if one.spec.name == 'distance to the target')  # fmt: skip
    assert fact.standing is Standing.UNKNOWN
    now_s += LATELY_S + 0.1
    for _ in range(2):  # the others were switched off
        last = finder.take(3.0, 0.3, 40.0, now_s, names[0])
    assert (last.received_s, finder.trouble) == (now_s, '')


@given(st.lists(st.booleans(), min_size=4, max_size=60), st.floats(0.02, 0.2))
def test_one_odd_message_of_another_sensor_costs_itself_alone(odd, every_s):
    finder, heard, now_s = RangeFinder(), -math.inf, 0.0
    for number, is_odd in enumerate(odd):
        now_s += every_s
        is_odd = is_odd and number and now_s - heard > LATELY_S + 0.01
        heard = now_s if is_odd else heard
        finder.take(2.0 if not is_odd else 0.4, 0.3, 8.0, now_s, 'down' if is_odd else 'ahead')
        reading = finder.take(2.0, 0.3, 8.0, now_s, 'ahead')
        assert (reading.distance_m, reading.received_s) == (2.0, now_s)


@given(st.floats(1.2, 60.0), st.sampled_from([0.0, 2.0, 40.0, 2000.0, 40000.0]))
def test_millimetres_are_no_reading(target_m, most_m):
    """By them everything is far away, and nothing keeps the distance (zephyr 5693)."""
    finder = RangeFinder()
    known = finder.take(round(1000.0 * target_m), 0.0, most_m, 1.0)
    assert known.received_s == -math.inf
    assert 'expected metres' in finder.trouble
    assert finder.take(MOST_M, 0.0, 0.0, 2.0).received_s == 2.0
    assert finder.trouble == ''
