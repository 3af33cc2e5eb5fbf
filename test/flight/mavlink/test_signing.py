# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import logging
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.errors import ConfigError
from liquid_drone.flight.mavlink.codec import MavlinkCodec
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.signing import EPOCH_S, SigningKey, ticks
from liquid_drone.flight.setpoint import Setpoint

SECRET = bytes(range(32))
TODAY_S = EPOCH_S + 10 * 365 * 86400.0
HEARTBEAT = mavlink.MAVLink_heartbeat_message(2, 12, 129, 393216, 4, 3)


def autopilot(secret=SECRET, now_s=TODAY_S, link_id=0):
    """Return what packs as an autopilot does that was given a key."""
    codec = mavlink.MAVLink(None, 1, 1)
    if secret is not None:
        codec.signing.secret_key, codec.signing.sign_outgoing = secret, True
        codec.signing.timestamp, codec.signing.link_id = ticks(now_s), link_id
    return codec


def companion(now_s=TODAY_S):
    return MavlinkCodec(key=SigningKey(SECRET), calendar_s=lambda: now_s)


def write(path, content, mode=0o600):
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_with_the_key_both_sides_hear_each_other():
    codec = companion()
    assert codec.receive(HEARTBEAT.pack(autopilot()), 1.0)
    listener = autopilot()
    listener.signing.allow_unsigned_callback = lambda *_: False
    for _ in range(3):
        (message,) = listener.parse_buffer(codec.encoder.setpoint(Setpoint(vx_m_s=1.0), 0))
        assert message.vx == 1.0
        assert message.get_signed()


def test_two_packets_of_one_instant_have_two_timestamps():
    codec = companion()
    codec.receive(HEARTBEAT.pack(autopilot()), 1.0)
    stamps = [codec.encoder.heartbeat()[-12:-6] for _ in range(50)]
    assert len(set(stamps)) == 50
    assert stamps == sorted(stamps, key=lambda raw: int.from_bytes(raw, 'little'))


@pytest.mark.parametrize(
    'peer',
    [
        autopilot(secret=None),
        autopilot(secret=bytes(32)),
        autopilot(now_s=TODAY_S - 120.0),  # recorded two minutes ago and played again
    ],
    ids=['unsigned', 'another key', 'too old'],
)
def test_without_a_good_signature_it_is_as_if_nothing_had_come(peer, caplog):
    codec = companion()
    for _ in range(3):
        assert not codec.receive(HEARTBEAT.pack(peer), 1.0)
    assert codec.vehicle is None
    assert caplog.text.count('without a good signature') == 1


def test_the_same_packet_again_is_not_heard():
    codec = companion()
    packet = HEARTBEAT.pack(autopilot())
    assert codec.receive(packet, 1.0)
    assert not codec.receive(packet, 2.0)


@given(st.floats(-50.0, 3e8), st.sampled_from([191, 100]))
def test_a_computer_whose_clock_is_behind_signs_by_the_vehicles(ahead_s, component):
    """A computer without a clock of its own, in the field (QGroundControl 14375)."""
    codec, friend = companion(), autopilot(now_s=TODAY_S + ahead_s)
    friend.signing.allow_unsigned_callback = lambda *_: False
    voice = codec.encoder if component == 191 else codec.voice(component)
    assert codec.receive(HEARTBEAT.pack(friend), 1.0)
    for _ in range(3):
        (message,) = friend.parse_buffer(voice.heartbeat())
        assert message.get_srcComponent() == component


@given(st.floats(61.0, 1e8))
def test_what_a_stranger_signs_moves_no_clock(ahead_s):
    codec = companion()
    assert codec.receive(HEARTBEAT.pack(autopilot()), 1.0)
    codec.receive(HEARTBEAT.pack(autopilot(b'?' * 32, TODAY_S + ahead_s)), 2.0)
    stamp = int.from_bytes(codec.encoder.heartbeat()[-12:-6], 'little')
    assert stamp < ticks(TODAY_S + 1.0)


def test_a_forged_packet_from_the_future_does_not_make_it_deaf():
    codec = companion()
    friend = autopilot()
    assert codec.receive(HEARTBEAT.pack(friend), 1.0)
    forger = autopilot(secret=b'?' * 32, now_s=TODAY_S + 1e8)
    assert not codec.receive(HEARTBEAT.pack(forger), 2.0)
    assert codec.receive(HEARTBEAT.pack(friend), 3.0)
    assert codec.vehicle.heartbeat_received_s == 3.0


def test_a_key_file_holds_bytes_or_digits(tmp_path):
    for content in (SECRET, SECRET.hex().encode(), SECRET.hex().upper().encode() + b'\n'):
        key = SigningKey.read(write(tmp_path / 'key', content))
        codec = mavlink.MAVLink(None)
        key.protect(codec)
        assert codec.signing.secret_key == SECRET


@pytest.mark.parametrize('mode', [0o644, 0o640, 0o604, 0o620, 0o601])
def test_a_key_that_others_may_use_is_refused(tmp_path, mode):
    path = write(tmp_path / 'key', SECRET, mode)
    with pytest.raises(ConfigError, match=f'got mode 0{mode:o}; mend it: chmod 600'):
        SigningKey.read(path)


@pytest.mark.parametrize('content', [b'', b'short', b'g' * 64, SECRET + b'x', b'ab' * 31])
def test_what_is_no_key_is_refused_without_being_shown(tmp_path, content):
    with pytest.raises(ConfigError) as caught:
        SigningKey.read(write(tmp_path / 'key', content))
    assert content.decode('latin-1') not in str(caught.value) or not content


def test_a_key_that_is_given_instead_of_its_file_is_not_repeated():
    with pytest.raises(ConfigError, match='names a file') as caught:
        SigningKey.read(Path(SECRET.hex()))
    assert SECRET.hex() not in str(caught.value)


def test_a_missing_key_and_a_wrong_clock_are_named(tmp_path):
    with pytest.raises(ConfigError, match='No such file'):
        SigningKey.read(tmp_path / 'key')
    path = write(tmp_path / 'key', SECRET)
    with pytest.raises(ConfigError, match='set the clock'):
        SigningKey.read(path, now_s=lambda: 3600.0)  # a board without a battery, after its start
    os.utime(path, (3600.0, 3600.0))
    SigningKey.read(path, now_s=lambda: 3601.0)


def test_the_key_is_in_no_text(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    path = write(tmp_path / 'key', SECRET)
    key = SigningKey.read(path)
    with MavlinkLink.open('udpin:127.0.0.1:0', signing_key=path) as link:
        link.poll(1.0)
        texts = [repr(key), str(key), repr(link), repr(vars(link)), caplog.text]
    for text in texts:
        assert SECRET.hex() not in text
        assert repr(SECRET) not in text
