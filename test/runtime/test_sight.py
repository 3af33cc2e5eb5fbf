# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what counts as seen neither flickers nor comes late, nor hangs on one odd picture."""

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.runtime.sight import MARGIN, Sight, moved

CLEAR, AWAY = 0.95, 0.05
frames_s = st.floats(1 / 60, 0.1)  # between two pictures
likely = st.floats(0.0, 1.0)


@given(st.lists(st.tuples(frames_s, likely), min_size=2, max_size=200), st.floats(0.05, 0.95))
def test_the_answer_changes_only_where_pictures_said_so_beyond_the_margin(frames, threshold):
    sight, now_s, answers = Sight(threshold), 0.0, []
    for gap_s, probability in frames:
        now_s += gap_s
        answers.append((sight.look(probability, now_s), probability))
    low, high = moved(threshold, -MARGIN), moved(threshold, MARGIN)
    assert answers[0][0] == (frames[0][1] >= threshold)
    for (before, _), (after, probability) in pairwise(answers):
        if after and not before:
            assert probability >= high  # the mean rose to it in this picture
        if before and not after:
            assert probability < low


@given(frames_s, st.booleans(), st.integers(1, 40))
def test_what_comes_or_goes_is_followed_within_0_3_s_once(gap_s, comes, frames):
    sight, now_s = Sight(), 0.0
    for _ in range(frames):
        assert sight.look(AWAY if comes else CLEAR, now_s) is not comes
        now_s += gap_s
    began_s, answers = now_s, []
    while now_s <= began_s + 1.0:
        answers.append((now_s, sight.look(CLEAR if comes else AWAY, now_s)))
        now_s += gap_s
    changed_s = next(at_s for at_s, is_seen in answers if is_seen is comes)
    assert changed_s - began_s <= 0.3
    assert all(is_seen is comes for at_s, is_seen in answers if at_s >= changed_s)


@given(st.integers(3, 40), st.booleans(), st.integers(10, 30))
def test_one_odd_picture_of_many_changes_nothing(before, is_seen, rate_hz):
    usual, odd = (CLEAR, AWAY) if is_seen else (AWAY, CLEAR)
    sight, answers = Sight(), []
    for number in range(before + 40):
        answers.append(sight.look(odd if number == before else usual, number / rate_hz))
    if rate_hz >= 15:  # at ten a second one picture is what is known of a tenth of a second
        assert all(answer is is_seen for answer in answers)
    assert answers[-1] is is_seen


@given(st.lists(likely, min_size=1, max_size=8), likely, st.sampled_from((-0.5, 1.5, 60.0)))
def test_after_a_gap_or_a_step_back_the_next_picture_decides_alone(past, probability, gap_s):
    sight = Sight()
    for number, one in enumerate(past):
        sight.look(one, 10.0 + 0.05 * number)
    assert sight.look(probability, 10.0 + 0.05 * (len(past) - 1) + gap_s) is (probability >= 0.5)


@given(st.lists(likely, min_size=1, max_size=8), likely)
def test_the_same_picture_again_changes_nothing_and_what_is_not_known_is_not_seen(past, other):
    sight = Sight()
    answers = [sight.look(one, 0.05 * number) for number, one in enumerate(past)]
    assert sight.look(other, 0.05 * (len(past) - 1)) is answers[-1]
    assert sight.look(math.nan, 0.05 * len(past)) is False
    assert sight.look(other, 0.05 * (len(past) + 1)) is (other >= 0.5)


@given(st.sampled_from((0.0, 1.0)), st.lists(likely, min_size=1, max_size=20))
def test_a_threshold_at_an_end_says_always_or_hardly_ever(threshold, pictures):
    sight = Sight(threshold)
    answers = [sight.look(one, 0.05 * number) for number, one in enumerate(pictures)]
    if threshold == 0.0:
        assert all(answers)
    elif max(pictures) < 1.0:
        assert not any(answers)
