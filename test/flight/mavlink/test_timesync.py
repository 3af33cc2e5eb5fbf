# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import pytest

from liquid_drone.flight.mavlink.timesync import ENOUGH, SAMPLES, TimeSync

BOOT_S = 1000.0  # on our clock, when the autopilot's clock began


def compare(sync, now_s, there_s=0.01, back_s=0.01, boot_s=BOOT_S, pace=1.0):
    """Ask once; the autopilot answers after some way there, and the answer takes some way back."""
    asked_ns = sync.ask(now_s)
    theirs_s = (now_s + there_s - boot_s) * pace
    sync.answer(round(theirs_s * 1e9), asked_ns, now_s + there_s + back_s)
    return sync


def test_a_few_answers_that_agree_give_the_offset():
    sync = TimeSync()
    for number in range(ENOUGH):
        assert sync.offset_s is None
        compare(sync, 2000.0 + number)
    assert sync.offset_s == pytest.approx(BOOT_S, abs=1e-6)
    assert sync.trip_s == pytest.approx(0.02, abs=1e-6)


def test_the_quickest_answer_counts():
    sync = TimeSync()
    for number in range(SAMPLES):
        slow = 0.2 if number != 4 else 0.001
        compare(sync, 2000.0 + number, there_s=slow, back_s=0.001)
    assert sync.offset_s == pytest.approx(BOOT_S, abs=1e-3)


@pytest.mark.parametrize('slow_s', [0.6, 30.0])
def test_an_answer_that_was_long_under_way_does_not_count(slow_s):
    sync = TimeSync()
    for number in range(20):
        compare(sync, 2000.0 + number, back_s=slow_s)
    assert sync.offset_s is None


def test_only_the_last_question_is_answered_and_only_once():
    sync = TimeSync()
    for number in range(ENOUGH - 1):
        compare(sync, 2000.0 + number)
    old = sync.ask(2010.0)
    new = sync.ask(2011.0)
    sync.answer(round(1011.01e9), old, 2011.02)
    sync.answer(0, 12345, 2011.02)  # nobody asked
    assert sync.offset_s is None
    sync.answer(round(1011.01e9), new, 2011.02)
    assert sync.offset_s == pytest.approx(BOOT_S, abs=1e-6)
    sync.answer(0, new, 2011.03)  # repeated on the way, and altered
    assert sync.offset_s == pytest.approx(BOOT_S, abs=1e-6)


def test_a_restart_of_the_autopilot_is_noticed_at_once_and_then_learned():
    sync = TimeSync()
    for number in range(6):
        compare(sync, 2000.0 + number)
    compare(sync, 2010.0, boot_s=2008.0)
    assert sync.offset_s is None
    for number in range(ENOUGH):
        compare(sync, 2011.0 + number, boot_s=2008.0)
    assert sync.offset_s == pytest.approx(2008.0, abs=1e-6)


@pytest.mark.parametrize('pace', [0.5, 0.9, 1.1, 20.0])
def test_clocks_at_another_pace_are_never_believed(pace):
    sync = TimeSync()
    for number in range(30):
        compare(sync, 2000.0 + number, pace=pace)
        assert sync.offset_s is None
