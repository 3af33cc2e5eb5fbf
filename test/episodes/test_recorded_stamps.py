# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: one stamp that cannot be a time costs at most its own picture."""

from types import SimpleNamespace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.episodes.recorded_stamps import SECOND_NS, stamp_ns_of, without_strays

GAP_NS = SECOND_NS
PICTURE = np.zeros((1, 1, 3), np.uint8)
step_ns = st.integers(1, GAP_NS) | st.just(10 * GAP_NS)


def kept(stamps_ns: list[int]) -> tuple[list[int], list[int]]:
    left_out: list[int] = []
    pictures = ((stamp_ns, PICTURE) for stamp_ns in stamps_ns)
    return [one for one, _ in without_strays(pictures, GAP_NS, left_out.append)], left_out


@given(st.lists(step_ns, min_size=2, max_size=30), st.data())
def test_a_stamp_far_ahead_of_those_around_it_is_left_out_alone(
    steps_ns: list[int], data: st.DataObject
) -> None:
    """realsense-ros 1027: it made every picture behind it come late, and the import fail."""
    stamps_ns = np.cumsum(steps_ns).tolist()
    at = data.draw(st.integers(1, len(stamps_ns) - 1))
    stray_ns = stamps_ns[at] + data.draw(st.integers(GAP_NS + 1, 10**9 * SECOND_NS))
    assert kept([*stamps_ns[:at], stray_ns, *stamps_ns[at:]]) == (stamps_ns, [stray_ns])


@given(st.lists(step_ns, max_size=30))
def test_stamps_that_rise_are_all_kept_whatever_their_gaps(steps_ns: list[int]) -> None:
    """A clock that is set forward stays there: the pictures behind it go on."""
    stamps_ns = np.cumsum(steps_ns).tolist()
    assert kept(stamps_ns) == (stamps_ns, [])


@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**32 - 1), st.integers(1, 2**62))
def test_a_stamp_before_1970_or_none_is_that_of_the_recorder(
    sec: int, nanosec: int, bag_ns: int
) -> None:
    """realsense-ros 1547 stamped before 1970, zed-ros-wrapper 969 never."""
    stamp_ns = sec * SECOND_NS + nanosec
    stamp = SimpleNamespace(sec=sec, nanosec=nanosec)
    message = SimpleNamespace(header=SimpleNamespace(stamp=stamp))
    assert stamp_ns_of(message, bag_ns) == (stamp_ns if stamp_ns > 0 else bag_ns)
    assert stamp_ns_of(SimpleNamespace(), bag_ns) == bag_ns
