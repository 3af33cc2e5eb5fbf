# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What waited in a socket while nobody read it: without a time of its own it is not new."""

import errno
import os
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.errors import LinkError
from liquid_drone.flight.mavlink.codec import PAUSE_S, MavlinkCodec
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.transport.chunks import Chunk, Transport
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport
from liquid_drone.flight.mavlink.transport.network import (
    MOST_DATAGRAMS,
    TcpTransport,
    UdpTransport,
)
from liquid_drone.flight.mavlink.transport.reconnect import Reconnecting
from liquid_drone.flight.mavlink.transport.serial_port import SerialTransport

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


@pytest.mark.parametrize('name', sorted(KINDS))
@given(
    reads=st.lists(
        st.tuples(st.floats(0.01, 0.9), st.booleans(), st.booleans()), min_size=1, max_size=30
    )
)
def test_where_more_waits_than_is_read_a_message_is_as_old_as_the_wait(name, reads):
    """A flood, or a socket that fails: reading goes on, and what is read is not new."""
    sender, codec, now_s = mavlink.MAVLink(None, 1, 1), MavlinkCodec(), 100.0
    for _ in range(3):
        codec.note_read(now_s)
        codec.receive(packed(sender, 'heartbeat_received_s'), now_s)
        now_s += 0.05
    codec.note_read(now_s)
    codec.receive(packed(sender, name), now_s)
    told_s = all_read_s = now_s
    for after_s, is_all, comes in reads:
        now_s += after_s
        codec.note_read(now_s, is_all)
        if comes:
            codec.receive(packed(sender, name), now_s)
            told_s = now_s if now_s - all_read_s <= PAUSE_S else all_read_s
        if is_all:
            all_read_s = now_s
        assert getattr(codec.vehicle, name) == told_s


def read_all(transport: Transport, most: int) -> list[bool]:
    """Read until nothing is left; return whether each reading said so."""
    said = []
    while not said or not said[-1]:
        transport.read()
        said.append(transport.is_emptied)
        assert len(said) <= most
    return said


def socket_that(recvfrom: Callable[[int], tuple[bytes, object]]) -> UdpTransport:
    made = SimpleNamespace(
        setblocking=lambda _: None, bind=lambda _: None, close=lambda: None, recvfrom=recvfrom
    )
    return UdpTransport('127.0.0.1', 0, True, make=lambda *_: made)


@pytest.mark.parametrize('flood', [0, 1, MOST_DATAGRAMS - 1, MOST_DATAGRAMS, 3 * MOST_DATAGRAMS])
def test_a_socket_says_whether_more_waits(flood):
    waiting = [(b'x', None)] * flood

    def recvfrom(_size):
        if not waiting:
            raise BlockingIOError
        return waiting.pop()

    said = read_all(socket_that(recvfrom), 9)
    assert len(said) == 1 + flood // MOST_DATAGRAMS


def test_a_socket_that_fails_has_not_been_emptied():
    def failing(_size):
        raise OSError(errno.ENETDOWN, 'down')

    transport = socket_that(failing)
    assert transport.read() == []
    assert not transport.is_emptied


def test_what_came_while_the_connection_was_gone_is_as_old_as_that():
    sender, inbox = mavlink.MAVLink(None, 1, 1), []
    now_s = 100.0
    is_broken = False

    class Breaking(MemoryTransport):
        def read(self) -> list[Chunk]:
            if is_broken:
                raise LinkError('gone')
            return super().read()

    def fetch() -> list[bytes]:
        waiting, inbox[:] = list(inbox), []
        return waiting

    def opened() -> Breaking:
        return Breaking(fetch, lambda _: None)

    link = MavlinkLink(Reconnecting(opened(), opened, lambda: now_s))
    for _ in range(3):
        inbox.append(packed(sender, 'heartbeat_received_s'))
        link.poll(now_s)
        now_s += 0.05
    inbox.append(packed(sender, 'estimator_received_s'))
    link.poll(now_s)
    told_s, is_broken = now_s, True
    for step in range(40):
        now_s += 0.05
        if step == 3:
            inbox.append(packed(sender, 'estimator_received_s'))
        is_broken = step < 8
        link.poll(now_s)
    assert not inbox
    assert link.vehicle is not None
    assert link.vehicle.estimator_received_s == told_s
    inbox.append(packed(sender, 'estimator_received_s'))
    link.poll(now_s)
    assert link.vehicle.estimator_received_s == now_s


@pytest.mark.parametrize('kind', ['tcp', 'serial'])
def test_a_stream_is_read_to_its_end(kind):
    with ExitStack() as closing:
        if kind == 'tcp':
            server = closing.enter_context(socket.create_server(('127.0.0.1', 0)))
            transport: Transport = TcpTransport(*server.getsockname())
            peer = closing.enter_context(server.accept()[0])
            send = peer.sendall
        else:
            master, slave = os.openpty()
            closing.callback(os.close, master)
            closing.callback(os.close, slave)
            transport = SerialTransport(os.ttyname(slave), 115200)
            send = partial(os.write, master)
        closing.callback(transport.close)
        send(b'x' * 3000)
        arrived, tries = b'', 0
        while len(arrived) < 3000 and tries < 1000:
            arrived += b''.join(data for data, _ in transport.read())
            assert transport.is_emptied
            tries += 1
            time.sleep(0.001)
        assert arrived == b'x' * 3000
