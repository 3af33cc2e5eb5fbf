# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import os
import pty
import socket

import pytest

from liquid_drone.errors import ConfigError, LinkError
from liquid_drone.flight.mavlink.transport import (
    Address,
    UdpTransport,
    open_transport,
    parse_address,
)


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('/dev/ttyTHS1:921600', Address('serial', '/dev/ttyTHS1', 921600)),
        ('/dev/ttyTHS1', Address('serial', '/dev/ttyTHS1', 921600)),
        ('serial:///dev/ttyTHS1:57600', Address('serial', '/dev/ttyTHS1', 57600)),
        ('serial:/dev/ttyTHS1:57600', Address('serial', '/dev/ttyTHS1', 57600)),
        ('udpin:0.0.0.0:14540', Address('udpin', '0.0.0.0', 14540)),
        ('udpin://0.0.0.0:14540', Address('udpin', '0.0.0.0', 14540)),
        ('udpin://:14541', Address('udpin', '127.0.0.1', 14541)),
        ('udpin:14541', Address('udpin', '127.0.0.1', 14541)),
        ('udpin:0.0.0.0', Address('udpin', '0.0.0.0', 14540)),
        ('udp:127.0.0.1:1', Address('udpin', '127.0.0.1', 1)),
        ('udpout:10.0.0.2:14580', Address('udpout', '10.0.0.2', 14580)),
        ('tcp:127.0.0.1:5760', Address('tcp', '127.0.0.1', 5760)),
    ],
)
def test_the_usual_spellings_of_an_address(text, expected):
    assert parse_address(text) == expected


@pytest.mark.parametrize(
    'text', ['', 'ttyTHS1', 'udpin:a:b', 'http://x:1', 'udpin::99999', 'serial:']
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ConfigError):
        parse_address(text)


def test_a_busy_port_is_named_with_what_to_do():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(('127.0.0.1', 0))
        port = holder.getsockname()[1]
        with pytest.raises(LinkError, match=f'may hold UDP port {port}: stop it, or set'):
            open_transport(f'udpin:127.0.0.1:{port}')


def test_a_missing_device_a_wrong_one_and_an_odd_baud_rate_are_clear_errors():
    with pytest.raises(LinkError, match='No such file'):
        open_transport('/dev/no_such_port:57600')
    with pytest.raises(LinkError, match='not a serial port'):
        open_transport('/dev/null:57600')
    with pytest.raises(LinkError, match='12345 is not a standard one'):
        open_transport('/dev/null:12345')


def test_nobody_behind_a_tcp_address_is_a_clear_error():
    with socket.socket() as unused:
        unused.bind(('127.0.0.1', 0))
        port = unused.getsockname()[1]
        with pytest.raises(LinkError, match='check that the other side runs'):
            open_transport(f'tcp:127.0.0.1:{port}')


def test_listening_udp_answers_only_the_accepted_address():
    listener = UdpTransport('127.0.0.1', 0, listens=True)
    vehicle = UdpTransport('127.0.0.1', listener.port, listens=False)
    stranger = UdpTransport('127.0.0.1', listener.port, listens=False)
    listener.write(b'nobody is known yet')
    vehicle.write(b'vehicle')
    stranger.write(b'stranger')
    sources = dict(listener.read())
    assert set(sources) == {b'vehicle', b'stranger'}
    listener.accept(sources[b'vehicle'])
    listener.write(b'hello')
    assert [data for data, _ in vehicle.read()] == [b'hello']
    assert stranger.read() == []
    for transport in (listener, vehicle, stranger):
        transport.close()


def test_udp_goes_on_when_the_other_side_is_gone():
    target = UdpTransport('127.0.0.1', 0, listens=True)
    sender = UdpTransport('127.0.0.1', target.port, listens=False)
    target.close()
    for _ in range(3):
        sender.write(b'x')
        assert sender.read() == []
    sender.close()


def test_serial_carries_raw_bytes_both_ways():
    master, slave = pty.openpty()
    port = open_transport(f'{os.ttyname(slave)}:921600')
    sent = bytes(range(256))
    os.write(master, sent)
    assert b''.join(data for data, _ in port.read()) == sent
    port.write(b'\x03\x0a\x11')
    assert os.read(master, 10) == b'\x03\x0a\x11'
    assert port.read() == []
    port.close()
    os.close(slave)
    os.close(master)


def test_tcp_carries_bytes_and_tells_when_the_other_side_leaves():
    with socket.create_server(('127.0.0.1', 0)) as server:
        link = open_transport(f'tcp:127.0.0.1:{server.getsockname()[1]}')
        other, _ = server.accept()
        assert link.read() == []
        link.write(b'ping')
        assert other.recv(10) == b'ping'
        other.close()
        with pytest.raises(LinkError, match='closed by the other side'):
            link.read()
        link.close()
