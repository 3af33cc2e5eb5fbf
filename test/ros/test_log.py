# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a sentence is on the log at once, no sentence floods it, and none is lost for long."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.ros import log

STREAMS = st.lists(
    st.tuples(
        st.floats(0.001, 3.0),
        st.sampled_from(['{} s old', 'frame {} m', 'no picture', 'twice {}']),
    ),
    min_size=1,
    max_size=300,
)


@given(stream=STREAMS)
def test_nothing_is_said_twice_within_a_second_and_the_first_at_once(
    stream: list[tuple[float, str]],
) -> None:
    now_s = 0.0
    seldom, said = log.Seldom(lambda: now_s), list[float]()
    for number, (pause_s, words) in enumerate(stream):
        now_s += pause_s
        if seldom.is_due(words.format(number)):
            said.append(now_s)
    assert said[0] == stream[0][0]
    assert all(after - before >= log.FIRST_S for before, after in itertools.pairwise(said))


def test_what_goes_on_for_an_hour_is_said_some_seventy_times_and_what_comes_again_at_once() -> (
    None
):
    now_s = 0.0
    seldom, said = log.Seldom(lambda: now_s), 0
    for step in range(20 * 3600):  # at 20 Hz
        now_s = 0.05 * step
        said += seldom.is_due(f'the image is {step / 7:.3g} s old')
    assert 60 <= said <= 70
    now_s += 2.0 * log.MOST_S
    assert seldom.is_due('the image is 3 s old')
    now_s += log.FIRST_S
    assert seldom.is_due('the image is 4 s old')
    now_s += log.FIRST_S
    assert seldom.is_due('another sentence')
