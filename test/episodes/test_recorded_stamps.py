# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: one stamp that cannot be a time costs at most its own picture."""

from types import SimpleNamespace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.episodes.recorded_stamps import SECOND_NS, is_set_back, pieces_of, stamp_ns_of

GAP_NS = SECOND_NS
step_ns = st.integers(1, GAP_NS) | st.just(10 * GAP_NS)


def kept(stamps_ns: list[int]) -> tuple[list[list[int]], list[int]]:
    """Return the stamps of each piece, and those that are late in one."""
    pieces = pieces_of(stamps_ns, GAP_NS)
    numbers = [number for piece in pieces for number in (*piece.kept, *piece.late)]
    assert sorted(numbers) == list(range(len(stamps_ns)))  # each once
    late = [stamps_ns[number] for piece in pieces for number in piece.late]
    return [[stamps_ns[number] for number in piece.kept] for piece in pieces], late


def split(stamps_ns: list[int]) -> list[list[int]]:
    """Return rising stamps in pieces, as their gaps have them."""
    cuts = np.flatnonzero(np.diff(stamps_ns) > GAP_NS) + 1
    return [part.tolist() for part in np.split(np.array(stamps_ns, np.int64), cuts) if len(part)]


@given(st.lists(step_ns, min_size=2, max_size=30), st.data())
def test_stamps_astray_are_pieces_of_their_own_and_those_around_them_stay_one(
    steps_ns: list[int], data: st.DataObject
) -> None:
    """realsense-ros 1027: one of them made every picture behind it come late."""
    stamps_ns = np.cumsum(steps_ns).tolist()
    at = data.draw(st.integers(0, len(stamps_ns)))
    apart_ns = data.draw(st.integers(2 * GAP_NS, 10**9 * SECOND_NS))
    count = data.draw(st.integers(1, 20))
    if data.draw(st.booleans()):
        begin_ns = stamps_ns[-1] + apart_ns
    else:
        begin_ns = stamps_ns[0] - apart_ns - count * GAP_NS
    strays_ns = [begin_ns + k * GAP_NS // 20 for k in range(count)]
    pieces, late = kept([*stamps_ns[:at], *strays_ns, *stamps_ns[at:]])
    assert sorted(pieces) == sorted([*split(stamps_ns), strays_ns])
    assert late == []


@given(st.lists(step_ns, max_size=30))
def test_stamps_that_rise_are_all_kept_whatever_their_gaps(steps_ns: list[int]) -> None:
    """A clock that is set forward stays there: the pictures behind it go on."""
    stamps_ns = np.cumsum(steps_ns).tolist()
    assert kept(stamps_ns) == (split(stamps_ns), [])
    assert not any(piece.is_astray for piece in pieces_of(stamps_ns, GAP_NS))


@given(st.lists(st.integers(-2 * GAP_NS, 2 * GAP_NS), max_size=60))
def test_whatever_a_clock_does_the_stamps_of_a_piece_rise_without_a_gap(steps: list[int]) -> None:
    for piece in kept(np.cumsum(steps, dtype=np.int64).tolist())[0]:
        assert all(0 < step_ns <= GAP_NS for step_ns in np.diff(piece))


@given(st.lists(st.integers(1, GAP_NS // 4), min_size=30, max_size=60), st.data())
def test_a_stamp_that_wobbles_costs_its_own_picture_alone(
    steps_ns: list[int], data: st.DataObject
) -> None:
    """One that was half a second ahead made all come late that were taken in that half second."""
    stamps_ns = np.cumsum(steps_ns).tolist()
    moved = data.draw(st.sets(st.integers(1, len(stamps_ns) - 1), max_size=4))
    wobbled = [
        stamp_ns + (data.draw(st.integers(-GAP_NS // 4, GAP_NS // 4)) if k in moved else 0)
        for k, stamp_ns in enumerate(stamps_ns)
    ]
    assert sum(map(len, kept(wobbled)[0])) >= len(stamps_ns) - len(moved)


@given(st.lists(st.integers(1, GAP_NS), min_size=2, max_size=30), st.data())
def test_a_clock_that_was_set_back_is_noticed_and_one_that_was_not_is_not(
    steps_ns: list[int], data: st.DataObject
) -> None:
    stamps_ns = np.cumsum(steps_ns).tolist()
    back_ns = GAP_NS + stamps_ns[-1] + data.draw(st.integers(0, 10**9 * SECOND_NS))
    assert not is_set_back(stamps_ns, GAP_NS)
    assert is_set_back([*stamps_ns, *(stamp_ns - back_ns for stamp_ns in stamps_ns)], GAP_NS)


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
