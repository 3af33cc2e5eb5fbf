# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a picture that waited, in a driver or on its way, is not stamped as if it were new."""

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.camera import live
from liquid_drone.camera.frame import Source, SourceConfig
from liquid_drone.camera.frame_age import (
    AHEAD_S,
    BELIEVED_S,
    DRIFT,
    LATE_FOR_S,
    SOONER_S,
    STANDS,
    DriverAge,
    StreamAge,
)
from liquid_drone.camera.source import open_source
from liquid_drone.errors import CameraError

EPS_S = 1e-6
periods = st.floats(0.02, 0.2)
stalls = st.dictionaries(st.integers(1, 120), st.floats(0.05, 8.0), max_size=4)


def arrivals(taken_s: list[float], stalls: dict[int, float], opened_s: float) -> list[float]:
    """Return when each is read: in order, 2 ms each, and none while the way is held up."""
    read_s, came = opened_s, []
    for index, taken in enumerate(taken_s):
        read_s = max(read_s + 0.002, taken + stalls.get(index, 0.0))
        came.append(read_s)
    return came


@given(
    periods,
    stalls,
    st.floats(0.0, 5.0),
    st.floats(-1e6, 1e6),
    st.floats(-DRIFT, DRIFT) | st.just(0.0),
)
def test_of_a_stream_nothing_that_waited_longer_than_others_is_fresh(
    period_s: float, stalls: dict[int, float], opened_s: float, own_zero_s: float, drift: float
) -> None:
    """At the start too: what waits while a stream is opened comes in one burst."""
    age, taken_s = StreamAge(), [index * period_s for index in range(150)]
    came_s = arrivals(taken_s, stalls, opened_s)
    least_s = came_s[0] - taken_s[0]
    for taken, now_s in zip(taken_s, came_s, strict=True):
        told = age.take(now_s, own_zero_s + taken * (1.0 + drift))
        waited_s, slack_s = now_s - taken, 2.0 * DRIFT * now_s + EPS_S
        if waited_s > least_s + slack_s:
            assert told is not None
            assert waited_s - least_s - slack_s <= told <= waited_s + slack_s
        elif waited_s < least_s - SOONER_S - slack_s or taken == 0.0:
            assert told is None
        least_s = min(least_s, waited_s)


steps = st.floats(-1e5, -1.0) | st.floats(3.0 * AHEAD_S, 1e5)  # of a clock that is set


@given(
    st.lists(st.tuples(st.integers(10, 40), steps), min_size=1, max_size=6),
    periods,
    st.dictionaries(st.integers(1, 150), steps, max_size=8),
    st.integers(0, 150),
    st.floats(0.0, 3.0),
)
def test_a_clock_that_is_set_and_a_single_odd_time_forgive_no_lateness(
    lengths: list[tuple[int, float]],
    period_s: float,
    odd: dict[int, float],
    late_from: int,
    late_s: float,
) -> None:
    """Of a recorder's stream each fiftieth time may be hours off; each of them forgave it all."""
    age, index, set_by_s, strays = StreamAge(), 0, 0.0, len(odd)
    for length, step_s in lengths:
        for number in range(length):
            waited_s, taken_s = late_s * (index >= late_from), index * period_s
            told = age.take(taken_s + waited_s, taken_s + set_by_s + odd.get(index, 0.0))
            if told is not None and not (late_from == 0 or 0 in odd):
                slack_s = EPS_S + 2.0 * DRIFT * (taken_s + waited_s)
                most_s = waited_s + slack_s + (strays + 1) * (period_s + late_s) * bool(strays)
                assert waited_s - slack_s <= told <= most_s
            assert strays or told is not None or number < 2
            index += 1
        set_by_s += step_s


@given(st.integers(3, 60), st.integers(1, 200), periods)
def test_a_picture_that_comes_again_under_its_time_is_never_fresh(
    moves: int, stands: int, period_s: float
) -> None:
    """A server sends the last one on while its camera hangs; the thirtieth counted as new."""
    age = StreamAge()
    told = [
        age.take(index * period_s, min(index, moves) * period_s) for index in range(moves + stands)
    ]
    assert set(told[moves + 1 :]) <= {None}
    assert age.has_times


def test_a_stream_without_times_is_taken_as_it_comes() -> None:
    age = StreamAge()
    told = [age.take(0.05 * index, 0.0) for index in range(3 * STANDS)]
    assert set(told[-STANDS:]) == {0.0}
    assert not age.is_hopeless(0.05 * 3 * STANDS)


@given(st.floats(1.05, 3.0), periods)
def test_a_stream_that_falls_behind_for_good_is_hopeless(slower: float, period_s: float) -> None:
    """A decoder that is too slow: it would be seconds behind, and further with each picture."""
    age, now_s, index = StreamAge(), 0.0, 0
    while not age.is_hopeless(now_s):
        told = age.take(now_s, index * period_s)
        assert index == 0 or (
            told is not None and told >= (slower - 1.0 - DRIFT * slower) * index * period_s - 0.01
        )
        now_s, index = now_s + slower * period_s, index + 1
        assert now_s < 200.0
    assert now_s > LATE_FOR_S


@given(st.lists(st.floats(0.0, 3600.0), min_size=1, max_size=20), st.floats(0.0, 0.9 * BELIEVED_S))
def test_of_a_driver_what_waited_is_as_old_as_it_is(waits: list[float], first_s: float) -> None:
    """After a pause the oldest buffers come first; a second counted as none before."""
    age, taken_s, now_s = DriverAge(), 100.0, 100.0 + first_s
    assert age.take(now_s, taken_s) == pytest.approx(first_s, abs=EPS_S)
    for wait_s in waits:
        taken_s = now_s + 0.01
        now_s = taken_s + wait_s
        assert age.take(now_s, taken_s) == pytest.approx(wait_s, abs=EPS_S)


@given(st.floats(BELIEVED_S + 0.1, 1e9), st.integers(2, 100), st.booleans())
def test_times_of_another_clock_and_one_that_stands_are_no_ages(
    off_s: float, count: int, is_ahead: bool
) -> None:
    other, stands = DriverAge(), DriverAge()
    for index in range(count):
        now_s = 1000.0 + 0.05 * index
        assert other.take(now_s, now_s + (off_s if is_ahead else -off_s)) == 0.0
        assert stands.take(now_s, 1000.0) <= BELIEVED_S


class Stream:
    """A capture that is read at once: each picture with its time in the stream."""

    def __init__(self, waits_s: list[float]) -> None:
        self.waits_s, self.at = waits_s, -1
        self.began_s = time.monotonic()

    def grab(self) -> bool:
        self.at += 1
        time.sleep(0.011 if self.at < 5 else 0.0)
        return self.at < len(self.waits_s)

    def retrieve(self) -> tuple[bool, Any]:
        return True, np.full((4, 6), self.at % 256, np.uint8)

    def get(self, _name: int) -> float:
        return 1e3 * (time.monotonic() - self.began_s + 50.0 - self.waits_s[self.at])


def read_until_it_breaks(opened: Source) -> tuple[dict[int, float], str]:
    """Return the age of each picture by its stamp, and why there were no more."""
    ages: dict[int, float] = {}
    try:
        while frame := opened.read():
            ages[int(frame.image[0, 0, 0])] = (time.time_ns() - frame.stamp_ns) / 1e9
    except CameraError as error:
        return ages, str(error)
    return ages, ''


def test_the_stamp_of_a_stream_is_when_the_picture_was_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits_s = [0.0] * 10 + [3.0, 2.9, 2.8, 0.5, 0.0]
    monkeypatch.setattr(live, 'pyav', lambda: None)
    monkeypatch.setattr(live, '_open_live', lambda _: Stream(waits_s))
    ages, why = read_until_it_breaks(open_source(SourceConfig('rtsp', 'rtsp://127.0.0.1/x')))
    assert 'gives no more pictures' in why
    assert 0 not in ages
    for number, age_s in ages.items():
        assert age_s == pytest.approx(waits_s[number], abs=0.05)


def test_a_stream_that_stays_behind_is_a_broken_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, 'pyav', lambda: None)
    monkeypatch.setattr(live, '_open_live', lambda _: Stream([0.0] * 10 + [30.0] * 10))
    monkeypatch.setattr('liquid_drone.camera.frame_age.LATE_FOR_S', -1.0)
    config = SourceConfig('rtsp', 'rtsp://user:secret@127.0.0.1/x')
    _, why = read_until_it_breaks(open_source(config))
    assert 'for 5 s: too slow to decode here' in why
    assert 'secret' not in why
