# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What waited in a socket while nobody read it: without a time of its own it is not new."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.flight.mavlink.codec import PAUSE_S, MavlinkCodec

KINDS = {
    'heartbeat_received_s': mavlink.MAVLink_heartbeat_message(2, 3, 129, 4, 4, 3),
    'landed_received_s': mavlink.MAVLink_extended_sys_state_message(0, 2),
    'battery_received_s': mavlink.MAVLink_sys_status_message(
        0, 0, 0, 0, 16000, -1, 80, 0, 0, 0, 0, 0, 0
    ),
    'estimator_received_s': mavlink.MAVLink_ekf_status_report_message(0x33F, *[0.0] * 5),
}


def packed(sender: mavlink.MAVLink, name: str) -> bytes:
    sender.seq = (sender.seq + 1) % 256
    return bytes(KINDS[name].pack(sender))


@pytest.mark.parametrize('name', sorted(KINDS))
@given(
    pauses=st.lists(
        st.one_of(st.floats(0.01, PAUSE_S - 0.01), st.floats(PAUSE_S + 0.01, 9.0)),
        min_size=1,
        max_size=12,
    ),
    heard=st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_what_is_read_after_a_pause_is_as_old_as_the_pause(name, pauses, heard):
    sender, codec, now_s = mavlink.MAVLink(None, 1, 1), MavlinkCodec(), 100.0
    for _ in range(3):
        codec.note_read(now_s)
        codec.receive(packed(sender, 'heartbeat_received_s'), now_s)
        now_s += 0.05
    codec.note_read(now_s)
    codec.receive(packed(sender, name), now_s)
    expected_s = now_s
    for pause_s, comes in zip(pauses, heard, strict=False):
        before_s, now_s = now_s, now_s + pause_s
        codec.note_read(now_s)
        if comes:
            codec.receive(packed(sender, name), now_s)
            expected_s = before_s if pause_s > PAUSE_S else now_s
        assert getattr(codec.vehicle, name) == expected_s
