# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import cmath
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.errors import ConfigError
from liquid_drone.flight.guard import fence
from liquid_drone.flight.guard.limits import Limits, is_in_fence

SQUARE = (5 + 5j, -5 + 5j, -5 - 5j, 5 - 5j)
NOTCHED = (6 + 6j, -6 + 6j, -6 - 6j, 0 + 2j, 6 - 6j)  # a deep notch from the south
headings = st.floats(-math.pi, math.pi)


def test_a_polygon_is_read_and_nonsense_is_named():
    assert fence.parse_polygon('5,5; -5,5; -5,-5; 5,-5;') == SQUARE
    assert fence.parse_polygon(' ') is None
    for text, reason in (
        ('1,2; 3,4', 'three or more'),
        ('1,2; 3; 5,6', "'3' is not a corner"),
        ('0,0; 1,nan; 5,6', 'three or more'),
        ('0,0; 4,4; 4,0; 0,4', 'cross'),
    ):
        with pytest.raises(ConfigError, match=reason):
            fence.parse_polygon(text)
    with pytest.raises(ConfigError, match='cross'):
        Limits(fence_polygon=(0j, 4 + 4j, 4 + 0j, 4j))


@pytest.mark.parametrize(
    ('place', 'inside'),
    [
        (0j, False),
        (0 + 3j, True),
        (5 + 0j, True),
        (0 - 5j, False),
        (7 + 7j, False),
        (-5.9j, False),
    ],
)
def test_inside_and_outside_of_a_polygon_that_is_not_convex(place, inside):
    assert fence.is_inside(place, NOTCHED) is inside


def flown(polygon, start, heading, speed=2.0, seconds=30.0, lag_s=0.3):
    """Fly towards one heading, with the lag of a vehicle; return the places."""
    place, v, places = start, 0j, []
    for _ in range(round(seconds / 0.05)):
        goal = fence.within_polygon(cmath.rect(speed, heading), place, polygon)
        v += (goal - v) * 0.05 / lag_s
        place += v * 0.05
        places.append(place)
    return places


def outside_m(place, polygon):
    edges = fence._edges(polygon)
    away = min(abs(fence._nearest(place, a, b) - place) for a, b in edges)
    return 0.0 if fence.is_inside(place, polygon) else away


@settings(max_examples=150, deadline=None)
@given(headings, st.sampled_from([SQUARE, NOTCHED]))
def test_no_heading_leads_out_of_a_polygon(heading, polygon):
    places = flown(polygon, 0 + 3.5j, heading)
    assert max(outside_m(place, polygon) for place in places) < 0.3


def test_it_slides_along_an_edge_and_stops_in_the_corner():
    end = flown(SQUARE, 0j, math.radians(30.0), seconds=60.0)[-1]
    assert end.real == pytest.approx(5.0, abs=0.2)
    assert end.imag > 4.0


def test_outside_only_what_leads_back_is_left():
    assert fence.within_polygon(1 + 0j, 7 + 0j, SQUARE) == 0
    assert fence.within_polygon(-1 + 0j, 7 + 0j, SQUARE).real == pytest.approx(-1.0)


def test_both_fences_count_for_being_inside():
    from vehicles import known

    limits = Limits(fence_radius_m=6.0, fence_polygon=SQUARE)
    for place, inside in (
        ((3.0, 3.0, 2.0), True),
        ((4.9, 4.9, 2.0), False),
        ((0, 5.5, 2.0), False),
    ):
        vehicle = known(0.0, position_enu=place)
        assert is_in_fence(vehicle, limits) is inside
