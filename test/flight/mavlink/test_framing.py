# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""MAVLink cut anywhere, mixed with others' and with junk, is read; nothing else counts."""

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.flight.mavlink.framing import LONGEST_FRAME, Framer, Tally, checksum
from liquid_drone.flight.mavlink.receiver import MOST_SENDERS, Receiver

SECRET = bytes(range(32))
SEEDS = st.integers(0, 2**32).map(random.Random)


@st.composite
def packets(draw):
    """Return the packets of one sender: both versions, signed ones, short and long."""
    codec = mavlink.MAVLink(None, draw(st.integers(1, 255)), draw(st.integers(1, 255)))
    made = []
    for number in draw(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=12)):
        message = draw(
            st.sampled_from(
                [
                    mavlink.MAVLink_heartbeat_message(2, 12, 129, number, 4, 3),
                    mavlink.MAVLink_attitude_message(number, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
                    mavlink.MAVLink_local_position_ned_message(number, 1, 2, 3, 4, 5, 6),
                    mavlink.MAVLink_statustext_message(6, b'\xfd\xfe' * 12),
                ]
            )
        )
        if draw(st.booleans()):
            codec.signing.secret_key, codec.signing.sign_outgoing = SECRET, True
        is_old = draw(st.booleans())
        codec.signing.sign_outgoing = codec.signing.sign_outgoing and not is_old
        made.append(bytes(message.pack(codec, force_mavlink1=is_old)))
        codec.seq = (codec.seq + 1) % 256
    return made


def cut(rng, data):
    """Return the same bytes in pieces of 1 to 64."""
    pieces = []
    while data:
        size = rng.choice((1, 2, rng.randint(1, 64)))
        pieces.append(data[:size])
        data = data[size:]
    return pieces


@given(packets(), SEEDS)
def test_cut_anywhere_into_pieces_of_1_to_64_bytes_everything_is_read(sent, rng):
    framer, tally, read = Framer(), Tally(), []
    for piece in cut(rng, b''.join(sent)):
        read += framer.feed(piece, tally)
    assert [frame.packet for frame in read] == sent
    assert tally.noise == tally.wrong_checksum == framer.pending == 0
    assert tally.frames == len(sent)


@given(st.lists(packets(), min_size=2, max_size=4), SEEDS)
def test_pieces_of_several_senders_in_any_order_are_read_each_by_itself(several, rng):
    sent = dict(enumerate(several))
    queues = {source: cut(rng, b''.join(made)) for source, made in sent.items()}
    receiver, read = Receiver(None, float), {source: [] for source in sent}
    while queues:
        source = rng.choice(sorted(queues))
        frames = receiver.frames(queues[source].pop(0), source, 1.0)
        read[source] += [frame.packet for frame in frames]
        queues = {source: left for source, left in queues.items() if left}
    assert read == sent
    assert receiver.tally.noise == receiver.pending == 0


@given(packets(), SEEDS)
def test_junk_between_whole_datagrams_hides_none_of_them(sent, rng):
    framer, tally, read = Framer(), Tally(), []
    for packet in sent:
        framer.feed(rng.randbytes(rng.randint(0, 300)), tally)
        framer.feed(bytes([rng.choice((0xFD, 0xFE))]) + rng.randbytes(rng.randint(0, 9)), tally)
        read += [frame.packet for frame in framer.feed(packet, tally)]
        assert framer.pending < LONGEST_FRAME
    assert [packet for packet in read if packet in sent] == sent


@given(SEEDS)
def test_after_a_damaged_packet_in_a_stream_the_next_ones_are_found(rng):
    codec = mavlink.MAVLink(None, 1, 1)
    good = [bytes(mavlink.MAVLink_attitude_message(n, *[0.5] * 6).pack(codec)) for n in range(30)]
    damaged = bytearray(good[0])
    damaged[rng.randrange(len(damaged))] ^= rng.randint(1, 255)
    framer, tally, read = Framer(), Tally(), []
    for piece in cut(rng, bytes(damaged) + b''.join(good[1:])):
        read += [frame.packet for frame in framer.feed(piece, tally)]
    assert len(read) >= len(good) - 1 - LONGEST_FRAME // len(good[0])
    assert read == good[-len(read) :]


@given(st.binary(max_size=600))
def test_the_checksum_is_mavlinks(data):
    assert checksum(data) == mavlink.x25crc(data).crc


def test_what_was_refused_is_counted_by_its_kind():
    codec = mavlink.MAVLink(None, 1, 1)
    good = bytes(mavlink.MAVLink_attitude_message(7, *[0.5] * 6).pack(codec))
    wrong = good[:-1] + bytes([good[-1] ^ 1])
    unknown = good[:7] + b'\x30\xff\x7f' + good[10:]
    framer, tally = Framer(), Tally()
    framer.feed(good + wrong + good + unknown + good, tally)
    assert (tally.frames, tally.wrong_checksum, tally.unknown) == (3, 1, 1)
    noise = hashlib.sha512(b'a wrong baud rate').digest() * 20
    framer, tally = Framer(), Tally()
    framer.feed(noise, tally)
    assert tally.noise > 0.6 * len(noise)
    assert tally.frames == 0


def test_the_number_of_senders_is_bounded():
    receiver = Receiver(None, float)
    for source in range(10 * MOST_SENDERS):
        receiver.frames(b'\xfd', source, 1.0)
    assert receiver.pending == MOST_SENDERS


@pytest.mark.parametrize('flags', [0x02, 0x80, 0xFF])
def test_a_frame_with_flags_that_nobody_knows_is_not_taken(flags):
    packet = bytearray(mavlink.MAVLink_attitude_message(7, *[0.5] * 6).pack(mavlink.MAVLink(None)))
    packet[2] = flags
    extra = mavlink.MAVLink_attitude_message.crc_extra
    packet[-2:] = checksum(bytes(packet[1:-2]) + bytes([extra])).to_bytes(2, 'little')
    assert Framer().feed(bytes(packet), Tally()) == []
