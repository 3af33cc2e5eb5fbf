# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Work that hangs is told and ended from another thread; work that goes on is left alone."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.runtime.hang_watch import HangWatch, WatchedWork

TICK_S = 0.002


@settings(max_examples=20, deadline=None)
@given(steps=st.lists(st.booleans(), max_size=20))
def test_of_any_steps_the_first_that_hangs_ends_it_and_no_other_does(steps: list[bool]) -> None:
    codes: list[int] = []
    ended = threading.Event()

    def end(code: int) -> None:
        codes.append(code)
        ended.set()

    told: list[str] = []
    watch = HangWatch(lambda words: pytest.fail(words), told.append, end, TICK_S)
    for hangs in steps:
        with watch.over(WatchedWork('it', 60.0, TICK_S * 5 if hangs else 60.0, 'wait')):
            assert ended.wait(20.0 if hangs else TICK_S * 3) is hangs
        if hangs:
            break
    watch.close()
    assert codes == [2] * any(steps)
    assert len(told) == any(steps)
    assert all('it hangs, for ' in words for words in told)


def test_many_short_steps_are_not_one_long_one() -> None:
    told: list[object] = []
    watch = HangWatch(told.append, told.append, told.append, TICK_S)
    step = WatchedWork('it', 50 * TICK_S, 100 * TICK_S, 'wait')
    pause = threading.Event()
    for _ in range(400):
        with watch.over(step):
            pause.wait(TICK_S)
    watch.close()
    assert told == []


def test_loading_that_takes_long_is_told_ever_more_rarely() -> None:
    told: list[str] = []
    ended: list[object] = []
    watch = HangWatch(told.append, ended.append, ended.append, TICK_S)
    with watch.over(WatchedWork('loading', 10 * TICK_S, None, 'wait')):
        threading.Event().wait(1.0)
    watch.close()
    assert told[0] == 'loading takes 0.02 s so far: wait'
    assert 3 <= len(told) <= 7
    assert ended == []
