# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: errors are of the right moment, and the filter they stand beside is what it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.errors import BundleError
from liquid_drone.evaluate.belief_error import WatchedFlight, errors_of, hidings, table, watch
from liquid_drone.runtime.runner import PolicyRunner
from liquid_drone.sim.scenario.scenario import load_scenario


def flight(visible, off_m=0.0, speed=(0.8, 0.3)):
    """Return a flight in which the target walks straight on, with a belief so far beside it."""
    stamps = 100.0 + 0.05 * np.arange(len(visible))
    place = np.outer(stamps - 100.0, speed)
    believed = place + np.array([off_m, 0.0])
    return WatchedFlight(stamps, np.array(visible), place, believed, np.ones(len(visible)))


@given(st.integers(25, 60), st.integers(1, 100), st.integers(1, 40), st.floats(0.0, 3.0))
def test_a_straight_walk_is_held_by_the_filter_and_a_belief_has_its_own_error(a, b, c, off_m):
    visible = [True] * a + [False] * b + [True] * c
    (hidden,) = hidings(flight(visible))
    assert hidden == (a - 1, a + b)
    for one in errors_of([flight(visible, off_m)], (0.5, 1.0, 2.0)):
        assert one.hidings == int(one.after_s <= 0.05 * b + 1e-6)
        if one.hidings:
            assert one.belief_m == pytest.approx(off_m, abs=1e-6)
            assert one.kalman_m < 0.35  # it had a second or more to learn the speed
            assert one.still_m == pytest.approx(one.after_s * np.hypot(0.8, 0.3), abs=0.05)


@given(st.lists(st.booleans(), max_size=200))
def test_a_hiding_begins_after_a_second_of_sight_and_ends_with_the_flight(visible):
    for last, end in hidings(flight(visible)):
        assert all(visible[last - 19 : last + 1])
        assert not any(visible[last + 1 : end])
        assert end == len(visible) or visible[end]


def test_no_hiding_is_an_empty_row():
    (one,) = errors_of([flight([True] * 50)], (1.0,))
    assert (one.hidings, one.belief_m) == (0, None)
    assert '| 1 | 0 |' in table([one])


def test_a_bundle_without_a_belief_is_refused(bundle):
    with pytest.raises(BundleError, match='has no belief'):
        watch(load_scenario(), 10_007, PolicyRunner(bundle))
