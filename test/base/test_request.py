# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what is asked for is read strictly, held to what was trained, and come to smoothly."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.errors import ConfigError
from liquid_drone.request import (
    CHANGE_PER_S,
    STEEPEST,
    FlightRequest,
    RequestInForce,
    RequestSpec,
    as_numbers,
    request_at,
    requested,
)

SPEC = RequestSpec()
some = st.one_of(st.none(), st.floats(0.5, 50.0))
REQUESTS = st.builds(FlightRequest, some, some, some)


@given(REQUESTS)
def test_a_request_is_read_back_from_its_own_words(request_):
    again = FlightRequest.parse(str(request_))
    for mine, its in zip(request_.values, again.values, strict=True):
        assert (mine is None) == (its is None)
        assert mine is None or math.isclose(mine, its, rel_tol=1e-4)


@pytest.mark.parametrize(
    'text',
    [
        *('far', 'distance', 'distance:x', 'distance:1,distance:2', 'distance:nan', 'speed:0'),
        *('up:1', 'distance:-3', 'height:1e9', ';'),
    ],
)
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(ConfigError, match='request'):
        FlightRequest.parse(text)


@given(REQUESTS)
def test_a_policy_is_given_only_what_it_was_trained_for(request_):
    values = SPEC.complete(request_)
    for value, one in zip(values, SPEC.ranges, strict=True):
        assert one.low <= value <= one.high
    assert values[1] <= SPEC.steepest * values[0] + 1e-9


@given(st.lists(st.tuples(REQUESTS, st.floats(0.0, 0.3)), max_size=30))
def test_what_is_in_force_never_steps(changes):
    force = RequestInForce(SPEC)
    for request_, dt_s in changes:
        before, goal = force.values, force.ask(request_)
        after = force.step(dt_s)
        for old, new, end, rate in zip(before, after, goal, CHANGE_PER_S, strict=True):
            assert abs(new - old) <= rate * dt_s + 1e-9
            assert min(old, end) - 1e-9 <= new <= max(old, end) + 1e-9
    for _ in range(200):
        force.step(0.2)
    assert force.values == pytest.approx(force.goal)


@given(st.integers(0, 1000))
def test_a_drawn_request_can_be_flown_as_it_is(seed):
    request_ = SPEC.draw(np.random.default_rng(seed))
    assert SPEC.complete(request_) == pytest.approx(request_.values)
    assert request_.height_m <= STEEPEST * request_.distance_m + 1e-9


def test_what_is_left_open_is_not_asked_for():
    assert not FlightRequest()
    assert FlightRequest(4.0).over(FlightRequest(2.0, 1.0)) == FlightRequest(4.0, 1.0)
    assert requested((4.0, math.nan, math.inf)) == FlightRequest(4.0)
    assert requested(as_numbers(FlightRequest(4.0))) == FlightRequest(4.0)
    assert SPEC.complete(FlightRequest()) == SPEC.defaults
    with pytest.raises(ConfigError, match='distance_m must be'):
        requested((-1.0, 0.0, 0.0))


def test_the_newest_request_of_a_flight_holds():
    plan = ((0.0, FlightRequest(2.0)), (5.0, FlightRequest(6.0)))
    assert [request_at(plan, t).distance_m for t in (0.0, 4.9, 5.0, 99.0)] == [2.0, 2.0, 6.0, 6.0]
    assert request_at((), 1.0) == FlightRequest()
