# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import contextlib
import ipaddress
import os
import pty
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.errors import ConfigError, LinkError
from liquid_drone.flight.mavlink.transport.address import Address, parse_address
from liquid_drone.flight.mavlink.transport.network import UdpTransport, lasting_port
from liquid_drone.flight.mavlink.transport.opening import open_transport, serial_ports


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('/dev/ttyTHS1:921600', Address('serial', '/dev/ttyTHS1', 921600)),
        ('/dev/ttyTHS1', Address('serial', '/dev/ttyTHS1', 921600)),
        ('serial:///dev/ttyTHS1:57600', Address('serial', '/dev/ttyTHS1', 57600)),
        ('serial:/dev/ttyTHS1:57600', Address('serial', '/dev/ttyTHS1', 57600)),
        ('/dev/ttyACM0,57600', Address('serial', '/dev/ttyACM0', 57600)),
        ('/dev/odd,name', Address('serial', '/dev/odd,name', 921600)),
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


PORTS = st.from_regex(r'[0-9](\.[0-9]){0,2}:1\.[0-9](-port[0-9])?', fullmatch=True)
PARENTS = st.sampled_from(['pci-0000:00:14.0-usb-0', 'platform-3610000.usb-usb-0', 'platform-x.0'])
BY_PATH = st.builds('/dev/serial/by-path/{}:{}'.format, PARENTS, PORTS)
NAMES = st.from_regex(
    r'usb-[A-Z][a-z_]{1,9}([0-9A-F]{2}:){1,5}[0-9A-F]{2}-if0[0-9]', fullmatch=True
)
BY_ID = NAMES.map('/dev/serial/by-id/{}'.format)
OTHER_NAMES = st.sampled_from(['/dev/serial/by-path/acpi-PNP0501:00', '/dev/serial/by-id/plain'])


@given(
    st.one_of(BY_PATH, BY_ID, OTHER_NAMES),
    st.sampled_from([None, 9600, 57600, 921600, 1000000]),
    st.sampled_from(['', 'serial:', 'serial://']),
)
def test_the_lasting_names_of_serial_ports_are_whole_with_and_without_a_baud_rate(
    device, baud, kind
):
    found = parse_address(kind + device + ('' if baud is None else f':{baud}'))
    assert found == Address('serial', device, baud or 921600)
    if baud is not None:  # as MAVProxy, pymavlink and dronekit have it (dronekit 378, 483)
        assert parse_address(f'{kind}{device},{baud}') == found
    assert parse_address(str(found)) == found


@pytest.mark.parametrize(
    'text', ['', 'ttyTHS1', 'udpin:a:b', 'http://x:1', 'udpin::99999', 'serial:']
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ConfigError):
        parse_address(text)


@given(st.ip_addresses(v=6), st.sampled_from(['udpin', 'udpout', 'tcp']), st.booleans())
def test_ipv6_is_refused_as_that(address, kind, in_brackets):
    """It came as "Name or service not known", or as a busy port (MAVProxy 1052)."""
    where = f'[{address}]' if in_brackets else str(address)
    with pytest.raises(ConfigError, match='IPv6 is not spoken here'):
        parse_address(f'{kind}:{where}:14540')


def test_to_listen_at_the_address_of_the_other_side_is_told_as_that():
    """``udp://HOST:PORT`` sends in MAVSDK (MAVSDK-Python 592) and listens here."""
    with pytest.raises(
        LinkError, match=r'set connection to udpout:192\.0\.2\.7:14540, or listen on'
    ):
        open_transport('udp://192.0.2.7:14540')


def test_a_busy_port_is_named_with_what_to_do():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(('127.0.0.1', 0))
        port = holder.getsockname()[1]
        with pytest.raises(LinkError, match=f'may hold UDP port {port}: stop it, or set'):
            open_transport(f'udpin:127.0.0.1:{port}')


def test_a_missing_device_a_wrong_one_and_an_odd_baud_rate_are_clear_errors():
    with pytest.raises(LinkError, match='No such file'):
        open_transport('/dev/no_such_port:57600')
    with pytest.raises(LinkError, match='after a reset a port may have another one; here are: '):
        open_transport('/dev/no_such_port')
    with pytest.raises(LinkError, match='not a serial port'):
        open_transport('/dev/null:57600')
    with pytest.raises(LinkError, match='12345 is not a standard one'):
        open_transport('/dev/null:12345')


def test_the_ports_that_are_here_are_named_the_lasting_ones_first(tmp_path):
    (tmp_path / 'serial' / 'by-id').mkdir(parents=True)
    for name in ('ttyACM1', 'serial/by-id/usb-Auterion_PX4-if00', 'ttyTHS1', 'tty1', 'null'):
        (tmp_path / name).touch()
    names = [Path(one).name for one in serial_ports(tmp_path)]
    assert names == ['usb-Auterion_PX4-if00', 'ttyACM1', 'ttyTHS1']


@pytest.mark.parametrize('host', ['255.255.255.255', '127.255.255.255'])
def test_a_broadcast_address_is_refused(host):
    """It would command every vehicle of the network (mavros 477, 1043; meta-intel-aero 84)."""
    with pytest.raises(LinkError, match=r'broadcast address; setpoints are for one vehicle'):
        open_transport(f'udpout:{host}:14550')


@given(st.integers(224, 239), st.integers(0, 2**24 - 1))
def test_a_multicast_address_is_refused(first, rest):
    """Vehicles of a swarm listen to one (pymavlink 249, ArduPilot 9952)."""
    host = ipaddress.ip_address((first << 24) + rest)
    with pytest.raises(LinkError, match=r'multicast address; setpoints are for one vehicle'):
        open_transport(f'udpout:{host}:14550')


def test_nobody_behind_a_tcp_address_is_a_clear_error():
    with socket.socket() as unused:
        unused.bind(('127.0.0.1', 0))
        port = unused.getsockname()[1]
        with pytest.raises(LinkError, match='check that the other side runs'):
            open_transport(f'tcp:127.0.0.1:{port}')


def test_started_anew_it_is_heard_by_an_autopilot_that_answers_the_first_port_for_ever():
    """A PX4 until September 2026 (MAVSDK 2598, 3062; PX4 21608, 28518)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as autopilot:
        autopilot.bind(('127.0.0.1', 0))
        address = f'udpout:127.0.0.1:{autopilot.getsockname()[1]}'
        first = None
        for _ in range(3):
            link = open_transport(address)
            link.write(b'heartbeat')
            autopilot.settimeout(5.0)
            first = first or autopilot.recvfrom(100)[1]
            autopilot.sendto(b'telemetry', first)
            assert [data for data, _ in link.read()] == [b'telemetry']
            link.close()


@given(st.ip_addresses(v=4), st.integers(1, 65535))
def test_the_port_that_is_sent_from_stays_and_is_none_that_systems_give(host, port):
    here = lasting_port(str(host), port)
    assert here == lasting_port(str(host), port)
    assert 20_000 <= here < 30_000


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


@pytest.fixture
def port():
    """Return a pseudo terminal's device, held open by nobody but the kernel's other end."""
    master, slave = pty.openpty()
    try:
        name = os.ttyname(slave)
        os.close(slave)
        yield name
    finally:
        os.close(master)


def test_a_serial_port_is_taken_by_one_opener_only(port):
    first = open_transport(f'{port}:57600')
    with pytest.raises(LinkError, match=f'{port} is in use by this program or another one'):
        open_transport(f'{port}:57600')
    first.write(b'still mine')
    first.close()
    open_transport(f'{port}:57600').close()


HOLDER = """
import sys
from liquid_drone.flight.mavlink.transport.opening import open_transport
locks = sys.argv[2] == 'locks'
port = open_transport(sys.argv[1] + ':57600') if locks else open(sys.argv[1], 'rb')
print('open', flush=True)
sys.stdin.read()
port.close()  # a pseudo terminal, unlike a port, stays exclusive when its program is gone
"""


@contextlib.contextmanager
def another_program(port, how):
    command = [sys.executable, '-c', HOLDER, port, how]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == 'open\n'
        yield other.pid
        other.stdin.close()


def test_another_program_on_the_port_is_named_and_the_port_is_refused(port):
    with (
        another_program(port, 'locks') as pid,
        pytest.raises(LinkError, match=rf'in use by .+ \(process {pid}\): stop it first'),
    ):
        open_transport(f'{port}:57600')
    open_transport(f'{port}:57600').close()


def test_a_program_that_holds_the_port_without_a_lock_is_named_in_a_warning(port, caplog):
    with another_program(port, 'reads') as pid:
        open_transport(f'{port}:57600').close()
    assert f'process {pid}' in caplog.text
    assert 'takes bytes that the other misses' in caplog.text
