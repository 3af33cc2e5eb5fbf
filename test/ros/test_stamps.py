# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a stamp counts once, and no clock makes anything look fresher than it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.errors import ImageError
from liquid_drone.ros.stamps import FEWEST, FUTURE_S, RESTART_S, StampGate

SECOND_NS = 10**9
NOW_NS = 1_800_000_000 * SECOND_NS
PERIOD_NS = SECOND_NS // 30
LIMIT_S = 0.2


def gate(oldest_s: float | None = LIMIT_S) -> StampGate:
    return StampGate('the image', oldest_s, 'max_image_age_s')


def feed(found: StampGate, count: int, delay_s: float, begin_ns: int = NOW_NS) -> list[bool]:
    """Give a steady stream; return for each whether it counted."""
    used = []
    for index in range(count):
        now_ns = begin_ns + index * PERIOD_NS
        try:
            used.append(not found.admit(now_ns - round(delay_s * SECOND_NS), now_ns).is_repeated)
        except ImageError:
            used.append(False)
    return used


STAMPS = st.lists(
    st.tuples(st.integers(-400, 400), st.integers(0, 60)), min_size=1, max_size=60
)  # ms from now; ms until the next


@given(STAMPS, st.sampled_from([LIMIT_S, None]))
def test_a_stamp_counts_once_and_its_age_is_never_less_than_its_stay(
    arrivals: list[tuple[int, int]], oldest_s: float | None
) -> None:
    found, counted, now_ns = gate(oldest_s), [], NOW_NS
    for apart_ms, wait_ms in arrivals:
        stamp_ns = now_ns + apart_ms * 10**6
        try:
            admission = found.admit(stamp_ns, now_ns)
        except ImageError:
            pass
        else:
            assert admission.age_s == max(0.0, -apart_ms * 1e6 / SECOND_NS)
            assert admission.is_repeated == (stamp_ns in counted)
            if oldest_s is not None:
                assert -oldest_s <= apart_ms / 1e3 <= oldest_s
                # what is new is the newest; what is not acted on again may be any of them
                assert admission.is_repeated or stamp_ns > max(counted, default=-1)
            counted.append(stamp_ns)
        now_ns += wait_ms * 10**6


def test_a_clock_that_is_steadily_ahead_is_measured_then_explained() -> None:
    found = gate()
    used = feed(found, 30, delay_s=-0.15)
    assert not any(used[: FEWEST - 1])
    assert all(used[FEWEST:])
    assert found.offset_s == pytest.approx(-0.15, abs=1e-6)


@pytest.mark.parametrize('ahead_s', [FUTURE_S + 0.05, 3.0, 3600.0])
def test_one_stamp_from_the_future_is_refused_and_blocks_nothing(ahead_s: float) -> None:
    found = gate()
    assert all(feed(found, 20, delay_s=0.02))
    later_ns = NOW_NS + 20 * PERIOD_NS
    with pytest.raises(ImageError, match="ahead of this computer's clock"):
        found.admit(later_ns + round(ahead_s * SECOND_NS), later_ns)
    assert all(feed(found, 20, delay_s=0.02, begin_ns=later_ns + PERIOD_NS))


def test_a_clock_that_is_hours_ahead_is_never_taken() -> None:
    assert not any(feed(gate(), 300, delay_s=-7200.0))


def test_an_old_one_and_one_out_of_order_are_refused_in_words() -> None:
    found = gate()
    feed(found, 3, delay_s=0.02)
    with pytest.raises(ImageError, match='more than max_image_age_s'):
        found.admit(NOW_NS - SECOND_NS, NOW_NS + SECOND_NS)
    with pytest.raises(ImageError, match='came after a newer one'):
        found.admit(NOW_NS - 10**7, NOW_NS + 3 * PERIOD_NS)


def test_where_this_clock_begins_anew_so_do_the_stamps() -> None:
    found = gate()
    assert all(feed(found, 5, delay_s=0.02))
    assert all(feed(found, 5, delay_s=0.02, begin_ns=NOW_NS - 10 * SECOND_NS))  # a bag in a loop


def test_a_recording_without_its_clock_may_begin_again() -> None:
    found = gate(None)
    assert all(feed(found, 300, delay_s=1e6))
    assert all(feed(found, 20, delay_s=1e6 + 100.0, begin_ns=NOW_NS + 300 * PERIOD_NS))


@pytest.mark.parametrize('stamp_ns', [-1, 2**31 * SECOND_NS])
def test_what_is_no_time_is_refused(stamp_ns: int) -> None:
    with pytest.raises(ImageError, match='no time'):
        gate(None).admit(stamp_ns, NOW_NS)


def test_a_driver_that_does_not_stamp_is_told_so() -> None:
    with pytest.raises(ImageError, match='has no stamp'):
        gate().admit(0, NOW_NS)


@given(length=st.integers(2, 400), rounds=st.integers(2, 4), period_ns=st.integers(10**7, 10**8))
def test_a_recording_played_again_without_its_clock_is_answered_again(
    length: int, rounds: int, period_ns: int
) -> None:
    found = gate(None)
    is_long = (length - 1) * period_ns > RESTART_S * SECOND_NS  # else it may be what waited
    for _ in range(rounds):
        stamps = [NOW_NS + index * period_ns for index in range(length)]
        new = [not found.admit(stamp_ns, NOW_NS).is_repeated for stamp_ns in stamps]
        assert all(new) or not is_long


@given(apart_s=st.floats(4e7, 2e9), is_ahead=st.booleans())
def test_a_stamp_of_simulated_or_steady_time_is_called_so(apart_s: float, is_ahead: bool) -> None:
    now_ns = 10**18
    apart_ns = round(apart_s * 1e9)
    stamp_ns = now_ns + apart_ns if is_ahead else max(1, now_ns - apart_ns)
    if stamp_ns < 2**31 * 10**9:
        with pytest.raises(ImageError, match='use_sim_time'):
            gate().admit(stamp_ns, now_ns)
