# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.flight.mavlink.codec import MavlinkCodec
from liquid_drone.flight.mavlink.timesync import (
    ENOUGH,
    LONGEST_TRIP_S,
    QUESTIONS,
    SAMPLES,
    WRAP_S,
    TimeSync,
    boot_time_s,
)

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


@given(st.floats(0.0, 40.0), st.floats(-30.0, 30.0))
def test_a_stamp_is_unwrapped_to_what_is_expected(wraps, off_s):
    true_ms = round(wraps * WRAP_S * 1000.0)
    expected_s = true_ms / 1000.0 + off_s
    assert boot_time_s(true_ms % 2**32, expected_s) == pytest.approx(true_ms / 1000.0, abs=0.01)


@given(st.integers(0, 2**32 - 1), st.floats(0.0, 1e8))
def test_a_stamp_that_no_wrap_explains_is_left_as_it_is(time_boot_ms, expected_s):
    given_s = boot_time_s(time_boot_ms, expected_s)
    is_as_it_came = given_s == time_boot_ms / 1000.0
    assert is_as_it_came or abs(given_s - expected_s) <= 60.0
    assert boot_time_s(time_boot_ms, None) == time_boot_ms / 1000.0


def position(now_s, boot_s):
    message = mavlink.MAVLink_local_position_ned_message(
        round((now_s - boot_s) * 1000.0) % 2**32, 1, 2, -3, 0, 0, 0
    )
    attitude = mavlink.MAVLink_attitude_message(message.time_boot_ms, *[0.0] * 6)
    return packed(message) + packed(attitude)


def packed(message):
    return bytes(message.pack(mavlink.MAVLink(None, 1, 1)))


@pytest.mark.parametrize('knows_clocks', [True, False])
def test_after_49_days_telemetry_is_as_fresh_as_before(knows_clocks):
    for boot_s in (10.0 - WRAP_S, 10.0 - 2 * WRAP_S):
        codec = MavlinkCodec()
        codec.receive(packed(mavlink.MAVLink_heartbeat_message(2, 12, 129, 393216, 4, 3)), 0.0)
        for step in range(400):
            now_s = step * 0.05
            if knows_clocks and step % 20 == 0:
                codec.ask_clock(now_s)
                theirs = round((now_s - boot_s) * 1e9)
                asked = round(now_s * 1e9)
                codec.receive(packed(mavlink.MAVLink_timesync_message(theirs, asked)), now_s)
            codec.receive(position(now_s, boot_s), now_s)
            assert codec.vehicle.estimate_age_s(now_s) < 0.01
        assert (codec.vehicle.clock_offset_s is not None) is knows_clocks


def test_an_autopilot_that_starts_anew_is_stale_until_its_clock_is_known_again():
    codec, boot_s, ages = MavlinkCodec(), 0.0, []
    codec.receive(packed(mavlink.MAVLink_heartbeat_message(2, 12, 129, 393216, 4, 3)), 1000.0)
    for step in range(400):
        now_s = 1000.0 + step * 0.05
        boot_s = 1009.0 if step >= 200 else boot_s
        if step % 20 == 0:
            codec.ask_clock(now_s)
            answer = mavlink.MAVLink_timesync_message(
                round((now_s - boot_s) * 1e9), round(now_s * 1e9)
            )
            codec.receive(packed(answer), now_s)
        codec.receive(position(now_s, boot_s), now_s)
        ages.append(codec.vehicle.estimate_age_s(now_s))
    assert max(ages[:200]) < 0.01
    assert max(ages[220:]) < 0.01  # a second later nothing is believed of the old clock


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0.0, 3.0)), min_size=1, max_size=40),
    st.randoms(use_true_random=False),
)
def test_an_answer_tells_of_the_moment_in_which_it_was_asked_for(answers, order):
    """Whatever waited in a buffer and comes at once: it proves nothing about now."""
    sync, arrivals = TimeSync(), []
    for number, (is_answered, way_s) in enumerate(answers):
        asked_s = 100.0 + 0.1 * number
        asked_ns = sync.ask(asked_s)
        if is_answered:
            arrivals.append((asked_s + way_s, asked_s, asked_ns))
    order.shuffle(arrivals)
    newest_s = -math.inf
    for arrived_s, asked_s, asked_ns in arrivals:
        was_s = sync.heard_s
        sync.answer(1, asked_ns, arrived_s)
        if number - round((asked_s - 100.0) / 0.1) < QUESTIONS:  # older ones are given up
            newest_s = max(newest_s, asked_s)
            assert sync.heard_s == arrived_s
        else:
            assert sync.heard_s == was_s
        assert sync.answered_s == pytest.approx(newest_s)
    sync.answer(1, 77, 900.0)  # nobody asked
    assert sync.answered_s == pytest.approx(newest_s)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.0, 1.4),
    st.floats(0.0, 1.4),
    st.floats(0.0, 1e5),
    st.just(0.0) | st.floats(1.0, 2e9) | st.floats(-2e5, -1.0),
)
def test_over_a_slow_link_telemetry_is_never_younger_than_it_may_be(
    there_s, back_s, boot_s, ahead_s
):
    """Cellular and satellite links: answers of seconds were not compared, so telemetry was new.

    TIMESYNC may be answered by another clock, such as UNIX time, than that of the stamps.
    """
    codec, arrivals = MavlinkCodec(), []
    codec.receive(packed(mavlink.MAVLink_heartbeat_message(2, 12, 129, 393216, 4, 3)), 0.0)
    for step in range(120):
        now_s = 200000.0 + 0.05 * step
        arrivals.append((now_s + back_s, 0, position(now_s, boot_s)))
        if step % 2 == 0:
            asked_ns = round(now_s * 1e9)
            codec.ask_clock(now_s)
            theirs_ns = max(1, round((now_s + there_s - boot_s + ahead_s) * 1e9))
            answer = packed(mavlink.MAVLink_timesync_message(theirs_ns, asked_ns))
            arrivals.append((now_s + there_s + back_s, 1, answer))
        arrivals.sort()
        while arrivals and arrivals[0][0] <= now_s:
            codec.receive(arrivals.pop(0)[2], now_s)
        vehicle = codec.vehicle
        if not math.isinf(vehicle.answered_s) and now_s - vehicle.answered_s <= 1.5:
            trip_s, told_s = there_s + back_s, vehicle.estimate_age_s(now_s)
            assert told_s > back_s - 0.01 - min(trip_s, LONGEST_TRIP_S) / 2
            assert told_s < trip_s + 0.16 or ahead_s
