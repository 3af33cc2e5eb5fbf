# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the autopilot says in words is read by people: whole, and no more than they can read."""

import logging
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v10 import ardupilotmega as mavlink_1
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.telemetry.texts import AGAIN_S, BURST, EACH_S, WHOLE_S
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport

SAYS = 'autopilot says: '
STEP_S = 0.05


class Words:
    """A link to an autopilot that speaks, and the lines that it leaves in the log."""

    def __init__(self, caplog):
        self.packets, self.now_s, self.caplog = [], 0.0, caplog
        self.link = MavlinkLink(MemoryTransport(lambda: self.packets, lambda data: None))
        self.sender = mavlink.MAVLink(None, 1, 1)
        for _ in range(2):
            self.poll([mavlink.MAVLink_heartbeat_message(2, 3, 129, 4, 4, 3)], after_s=1.0)
        caplog.clear()
        caplog.set_level(logging.INFO)

    def poll(self, messages, after_s=STEP_S):
        self.now_s += after_s
        packed = []
        for message in messages:
            is_packed = isinstance(message, (bytes, bytearray))
            packed.append(bytes(message) if is_packed else bytes(message.pack(self.sender)))
            self.sender.seq = (self.sender.seq + 1) % 256
        self.packets[:] = packed
        self.link.poll(self.now_s)
        self.packets.clear()

    def wait(self, seconds):
        for _ in range(round(seconds / STEP_S)):
            self.poll([])

    @property
    def lines(self):
        told = [record.getMessage() for record in self.caplog.records]
        return [line.removeprefix(SAYS) for line in told if line.startswith(SAYS)]


def pieces(words, number, severity=4):
    """Cut a text as PX4 does, which numbers short ones too."""
    cut = [words[at : at + 50] for at in range(0, len(words) or 1, 50)]
    if len(cut[-1]) == 50:
        cut.append('')  # its end is a piece that is not full
    return [
        mavlink.MAVLink_statustext_message(severity, one.encode(), number, index)
        for index, one in enumerate(cut)
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(min_size=0, max_size=50), st.booleans())
def test_a_text_of_the_autopilot_is_one_line_of_the_log_in_both_versions(caplog, text, is_old):
    """Bytes that are no text (dronekit 845, MAVProxy 727)."""
    words = Words(caplog)
    if is_old:
        message = mavlink_1.MAVLink_statustext_message(6, text).pack(mavlink_1.MAVLink(None, 1, 1))
    else:
        message = mavlink.MAVLink_statustext_message(6, text)
    words.poll([message])
    (line,) = words.lines
    assert line.isprintable() or not line


@pytest.mark.parametrize('severity', range(8))
def test_a_text_of_the_autopilots_is_logged_as_severe_as_it_is(severity, caplog):
    """A lost motor is told in words alone by some firmware; MAV_SEVERITY 3 is an error."""
    words = Words(caplog)
    words.poll([mavlink.MAVLink_statustext_message(severity, b'Potential Thrust Loss (3)')])
    (record,) = (one for one in caplog.records if 'Thrust Loss' in one.message)
    assert (record.levelno == logging.ERROR) is (severity <= 3)


letters = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=260)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
@given(st.lists(letters, min_size=1, max_size=4, unique=True), st.randoms(), st.booleans())
def test_a_text_in_pieces_is_one_line(caplog, texts, chance, at_once):
    """PX4 14169 and ArduPilot 13039 cut them; in any order, others between them (27200, 34281)."""
    words = Words(caplog)
    messages = [one for number, text in enumerate(texts, 1) for one in pieces(text, number)]
    chance.shuffle(messages)
    for batch in [messages] if at_once else [[one] for one in messages]:
        words.poll(batch)
    assert sorted(words.lines) == sorted(texts)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
@given(letters.filter(lambda text: len(text) > 50), st.data())
def test_a_text_of_which_pieces_are_lost_is_told_with_gaps(caplog, text, data):
    words, messages = Words(caplog), pieces(text, 7)
    lost = data.draw(st.integers(0, len(messages) - 1))
    words.poll([one for one in messages if one.chunk_seq != lost])
    words.wait(WHOLE_S + 2 * STEP_S)
    (line,) = words.lines
    kept = [one.text for one in messages if one.chunk_seq != lost]
    assert re.sub(r'\.\.\.', '', line) == re.sub(r'\.\.\.', '', ''.join(kept))


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=15
)
@given(
    st.sampled_from(['the same', 'two in turn', 'all different']),
    st.integers(1, 30),
    st.sampled_from([20.0, 3.0]),
)
def test_a_flood_of_texts_fills_no_log_and_hides_no_error(caplog, kind, each_step, seconds):
    """'EKF yaw reset' took a whole link (ArduPilot 14034)."""
    words, count, error_s = Words(caplog), 0, seconds / 2.0
    for step in range(round(seconds / STEP_S)):
        texts = []
        for _ in range(each_step):
            count += 1
            ending = {'the same': 0, 'two in turn': count % 2, 'all different': count}[kind]
            texts.append(f'EKF3 IMU{ending} emergency yaw reset')
        messages = [mavlink.MAVLink_statustext_message(4, one.encode()) for one in texts]
        if step == round(error_s / STEP_S):
            messages.append(mavlink.MAVLink_statustext_message(2, b'Potential Thrust Loss (3)'))
        words.poll(messages)
    most = BURST + seconds / EACH_S + 1
    assert len(words.lines) <= (
        most + 1 if kind == 'all different' else 2 * (seconds / AGAIN_S) + 3
    )
    assert 'Potential Thrust Loss (3)' in words.lines
    words.wait(AGAIN_S + 1.0)
    words.poll([mavlink.MAVLink_statustext_message(4, b'all is well')])
    told = sum(int(found) for line in words.lines for found in re.findall(r'\((\d+) ', line))
    lines = sum('yaw reset' in line and 'times more' not in line for line in words.lines)
    assert lines + told == count  # what was left out is counted
