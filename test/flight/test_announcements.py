# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the ground station is told: every stage once, at most one text a second, no flicker."""

import itertools

from hypothesis import given
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.flight.announcements import EVERY_S, Announcement, Announcer, Severity
from liquid_drone.flight.companion import Decision
from liquid_drone.flight.engagement import Cause, Stage
from liquid_drone.flight.mavlink.encoder import CHUNK_BYTES, MOST_CHUNKS, MavlinkEncoder
from liquid_drone.flight.reason import Reason

STEP_S = 0.05


def decision(stage: Stage, cause: Cause = Cause.NONE, **more: object) -> Decision:
    return Decision(None, False, stage, cause, **more)  # type: ignore[arg-type]


class Pilot:
    """Reads what is told."""

    def __init__(self) -> None:
        self.announcer, self.now_s = Announcer('GUIDED'), 50.0
        self.heard: list[tuple[float, Announcement]] = []

    def sees(self, shown: Decision, for_s: float, obstacle: str = '') -> list[str]:
        before = len(self.heard)
        for _ in range(max(1, round(for_s / STEP_S))):
            self.now_s += STEP_S
            text = self.announcer.take(self.now_s, shown, obstacle)
            if text is not None:
                self.heard.append((self.now_s, text))
        return [text.text for _, text in self.heard[before:]]


def test_a_flight_is_told_from_the_first_stage_to_the_last() -> None:
    pilot = Pilot()
    assert pilot.sees(decision(Stage.STANDBY, obstacle='no position'), 3.0) == [
        'follow: cannot engage: no position'
    ]
    assert pilot.sees(decision(Stage.STANDBY), 3.0) == ['follow: can be engaged']
    assert pilot.sees(decision(Stage.READY), 3.0) == ['follow: ready: switch to GUIDED']
    assert pilot.sees(decision(Stage.ENGAGING), 1.5)
    assert pilot.sees(decision(Stage.ENGAGED), 3.0) == ['follow: engaged, following']
    fence = decision(Stage.ENGAGED, reason=Reason.AT_FENCE)
    assert pilot.sees(fence, 9.0) == ['follow: following, kept inside the fence']
    assert pilot.sees(decision(Stage.HOLDING, Cause.TARGET_LOST), 3.0) == [
        'follow: target lost, holding'
    ]
    assert pilot.sees(decision(Stage.ENGAGED, Cause.TARGET_FOUND), 3.0) == ['follow: target found']
    gone = decision(Stage.HANDED_BACK, Cause.GUARD_STOPPED, reason=Reason.LOW_BATTERY)
    assert pilot.sees(gone, 0.1) == ['follow: handed back: battery low; take over']
    assert pilot.heard[-1][1].severity is Severity.CRITICAL
    meant = decision(Stage.HANDED_BACK, Cause.TAKEN_OVER, reason=Reason.FOLLOWING)
    pilot.sees(decision(Stage.STANDBY), 2.0)
    told = pilot.sees(meant, 1.0)
    assert 'take over' not in told[0]
    assert pilot.heard[-1][1].severity is Severity.INFO


def test_a_stop_and_the_end_of_it_are_told_again_each_time() -> None:
    pilot = Pilot()
    flying = decision(Stage.ENGAGED, reason=Reason.FOLLOWING)
    stopped = decision(Stage.ENGAGED, reason=Reason.STALE_COMMAND)
    pilot.sees(flying, 3.0)
    for _ in range(3):
        assert pilot.sees(stopped, 3.0) == ['follow: stopped: no fresh command from the policy']
        assert pilot.sees(flying, 3.0) == []


def test_numbers_that_change_are_no_news() -> None:
    pilot, told = Pilot(), []
    for height in range(60):
        told += pilot.sees(decision(Stage.STANDBY), 0.5, f'outside: {0.1 * height:.1f} m')
    assert told == ['follow: cannot engage: outside: 0.0 m']


STAGES = st.builds(
    decision,
    st.sampled_from(list(Stage)),
    st.sampled_from(list(Cause)),
    reason=st.none() | st.sampled_from(list(Reason)),
    obstacle=st.sampled_from(['', 'no battery', 'no position for 3 s', 'no position for 9 s']),
)


@given(st.lists(st.tuples(STAGES, st.floats(0.05, 4.0)), max_size=30))
def test_whatever_happens_texts_are_a_second_apart_and_the_last_stage_is_told(
    way: list[tuple[Decision, float]],
) -> None:
    pilot = Pilot()
    for shown, for_s in way:
        pilot.sees(shown, for_s)
    times = [at for at, _ in pilot.heard]
    assert all(b - a >= EVERY_S - 1e-6 for a, b in itertools.pairwise(times))
    if way:
        again = pilot.sees(way[-1][0], 12.0)
        assert pilot.heard
        assert pilot.sees(way[-1][0], 12.0) == []  # nothing is repeated
        assert len(again) <= 7


@given(
    st.lists(st.tuples(STAGES, st.floats(0.05, 0.4)), max_size=30),
    st.lists(st.text(min_size=1, max_size=5), max_size=8),
    st.lists(STAGES, max_size=15),
)
def test_to_take_over_is_told_within_a_second_whatever_waits(
    way: list[tuple[Decision, float]], words: list[str], after: list[Decision]
) -> None:
    """Behind a target that was lost and found again and again it waited up to six seconds."""
    pilot = Pilot()
    for shown, for_s in way:
        pilot.sees(shown, for_s)
    pilot.sees(decision(Stage.ENGAGED), 0.05)
    for text in words:
        pilot.announcer.say(Severity.NOTICE, text)
    gone = decision(Stage.HANDED_BACK, Cause.GUARD_STOPPED, reason=Reason.LOW_BATTERY)
    told = pilot.sees(gone, 0.05)
    for shown in after:
        told += pilot.sees(shown, 0.05)
    told += pilot.sees(decision(Stage.STANDBY), EVERY_S)
    handed_back = [text for text in told if text.endswith('take over')]
    assert handed_back
    assert told.index(handed_back[0]) == 0


LENGTHS = st.sampled_from([0, 1, 49, 50, 51, 99, 100, 101, 149, 150, 151, 198, 199, 200, 201, 250])


@given(st.text(max_size=400) | LENGTHS.map('x'.__mul__), st.integers(0, 7))
def test_a_text_arrives_whole_in_pieces_that_belong_together(text: str, severity: int) -> None:
    encoder = MavlinkEncoder(1, None, lambda: 0.0)
    reader = mavlink.MAVLink(None)
    reader.robust_parsing = True
    packets = encoder.text(severity, text)
    found = [one for packet in packets for one in reader.parse_buffer(packet) or []]
    assert len(found) == len(packets) <= MOST_CHUNKS
    assert [one.chunk_seq for one in found] == list(range(len(found)))
    assert len({one.id for one in found}) <= 1
    assert all((one.id == 0) == (len(found) == 1) for one in found)
    # a station shows a text of several pieces at the first that is not full
    assert all(len(one.text) == CHUNK_BYTES for one in found[:-1])
    assert len(found) < 2 or len(found[-1].text) < CHUNK_BYTES
    words = b''.join(packet[10:-2][1:51].ljust(50, b'\0')[:50] for packet in packets).rstrip(b'\0')
    expected = text.replace('\0', '?').encode('ascii', 'replace')
    if len(expected) < CHUNK_BYTES * MOST_CHUNKS:
        assert words == expected
    else:
        assert words.endswith(b'...')


def test_each_long_text_has_a_number_of_its_own() -> None:
    encoder = MavlinkEncoder(1, None, lambda: 0.0)
    reader = mavlink.MAVLink(None)
    numbers = [
        one.id
        for _ in range(70_000 // 1000)
        for packet in encoder.text(6, 'x' * 60)
        for one in reader.parse_buffer(packet)
    ]
    assert numbers == [number for number in range(1, 71) for _ in range(2)]
