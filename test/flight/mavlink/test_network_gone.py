# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A network or a port that fails in any way: survived, counted, reported, tried again."""

import errno
import logging
import os
import shutil
import socket
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.errors import LinkError
from liquid_drone.flight.mavlink.link import MavlinkLink, open_reconnecting
from liquid_drone.flight.mavlink.transport.address import parse_address
from liquid_drone.flight.mavlink.transport.network import SOCKET_IS_GONE, UdpTransport
from liquid_drone.flight.mavlink.transport.opening import NOT_YET, Opener
from liquid_drone.flight.mavlink.transport.reconnect import Reconnecting
from liquid_drone.flight.mavlink.transport.troubles import Troubles
from liquid_drone.flight.setpoint import Setpoint
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass

# not a trouble: nothing is there, or there is no room (BlockingIOError)
WAITS = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EALREADY, errno.EINPROGRESS}
NUMBERS = sorted(set(errno.errorcode) - WAITS)
PEER = ('10.0.0.2', 14580)


class FailingSocket:
    """A socket that fails with the error of the moment; 0: works."""

    def __init__(self, *_):
        self.number = 0
        self.sent = []
        self.inbox = []

    def _fail(self):
        if self.number:
            raise OSError(self.number, os.strerror(self.number))

    def sendto(self, data, peer):
        self._fail()
        self.sent.append((data, peer))

    def recvfrom(self, _size):
        self._fail()
        if not self.inbox:
            raise BlockingIOError
        return self.inbox.pop(0), PEER

    def setblocking(self, _): ...
    def bind(self, _): ...
    def close(self): ...


class FailingNetwork:
    """A link on sockets that the test breaks; each newly opened one works until it is broken."""

    def __init__(self):
        self.clock = SimpleNamespace(s=0.0)
        self.sockets = []
        self.troubles = Troubles(lambda: self.clock.s)
        self.transport = Reconnecting(
            self.open(), self.open, lambda: self.clock.s, troubles=self.troubles
        )
        self.autopilot = SimulatedAutopilot(PointMass())
        self.link = MavlinkLink(self.transport)

    def open(self):
        made = FailingSocket()
        self.sockets.append(made)
        return UdpTransport('0.0.0.0', 14540, True, self.troubles, lambda *_: made)

    def live(self, steps, sending=0, receiving=0):
        for _ in range(steps):
            self.clock.s += 0.05
            self.autopilot.advance()
            arrived, end = self.autopilot.transmit(), self.sockets[-1]
            end.inbox += [] if sending or receiving else arrived
            end.number = receiving
            self.link.poll(self.clock.s)
            end.number = sending
            if self.link.vehicle is not None:
                self.link.send_setpoint(Setpoint(), 0)
        return self


@settings(max_examples=50)
@given(st.sampled_from(NUMBERS), st.booleans())
def test_any_error_of_sending_and_receiving_is_survived_counted_and_tried_again(number, sends):
    network = FailingNetwork().live(5)
    before = len(network.sockets[-1].sent)
    network.live(10, sending=number if sends else 0, receiving=0 if sends else number)
    name = errno.errorcode[number]
    assert any(name in key for key in network.troubles.counts)
    network.live(25 if number not in SOCKET_IS_GONE else 45)
    assert len(network.sockets) == (1 if number not in SOCKET_IS_GONE else 2)
    assert len(network.sockets[-1].sent) > before + 20 or number in SOCKET_IS_GONE
    assert network.link.vehicle.heartbeat_age_s(network.clock.s) <= 1.05
    assert network.troubles.sentence == ''


def test_an_error_is_reported_once_and_again_every_ten_seconds(caplog):
    network = FailingNetwork().live(5)
    network.live(500, sending=errno.ENETUNREACH)  # 25 s
    assert caplog.text.count('Network is unreachable (ENETUNREACH); trying again') == 3
    assert network.troubles.counts['sending ENETUNREACH'] > 400
    assert 'ENETUNREACH' in network.troubles.sentence


def test_a_flood_of_errors_or_of_datagrams_does_not_hold_the_loop():
    network = FailingNetwork()
    network.sockets[-1].number = errno.ECONNREFUSED
    assert network.transport.read() == []
    network.sockets[-1].number = 0
    network.sockets[-1].inbox = [b'x'] * 100_000
    assert len(network.transport.read()) < 1000


@pytest.mark.parametrize('number', sorted(NOT_YET))
def test_a_network_that_is_late_at_the_start_is_waited_for(number, monkeypatch):
    opener = Opener(parse_address('udpin:127.0.0.1:0'))
    works = opener._open

    def fails(waits):
        raise OSError(number, 'not yet')

    monkeypatch.setattr(opener, '_open', fails)
    transport = open_reconnecting(opener)
    clock = SimpleNamespace(s=0.0)
    transport._clock = lambda: clock.s
    transport.write(b'lost')
    assert transport.read() == []
    assert 'opening' in opener.troubles.sentence
    monkeypatch.setattr(opener, '_open', works)
    clock.s += 2.0
    assert transport.read() == []
    assert transport.port > 0
    assert opener.troubles.sentence == ''
    transport.close()


def test_an_address_that_this_computer_does_not_have_yet_is_waited_for(caplog):
    with MavlinkLink.open('udpin:192.0.2.77:14540') as link:  # TEST-NET-1
        link.poll(1.0)
        assert link.transport.inner is None
    assert "'udpin:192.0.2.77:14540'" in caplog.text
    assert caplog.text.count('\n') < 5


def test_a_name_of_a_host_is_looked_up_once(monkeypatch):
    asked = []
    monkeypatch.setattr(socket, 'gethostbyname', lambda host: asked.append(host) or '127.0.0.1')
    opener = Opener(parse_address('udpin:autopilot:0'))
    for _ in range(3):
        opener.open(waits=False).close()
    assert asked.count('autopilot') == 1


def test_a_name_that_cannot_be_one_is_one_sentence():
    with pytest.raises(LinkError, match='cannot open the MAVLink connection'):
        MavlinkLink.open('tcp:' + 'a' * 300 + ':1')


IN_A_NAMESPACE = """
    import subprocess, time, logging
    from liquid_drone.flight.mavlink.link import MavlinkLink
    from liquid_drone.flight.setpoint import Setpoint
    from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
    from liquid_drone.sim.autopilot.udp import UdpEndpoint
    from liquid_drone.sim.physics.point_mass import PointMass

    def ip(*words):
        subprocess.run(['ip', *words], check=True)

    ip('link', 'set', 'lo', 'up')
    late = MavlinkLink.open('udpin:10.9.8.7:14540')  # no interface has it yet
    late.poll(0.0)
    assert late.transport.inner is None
    ip('addr', 'add', '10.9.8.7/32', 'dev', 'lo')
    late.transport._clock = lambda: time.monotonic() + 10.0
    late.poll(1.0)
    autopilot = SimulatedAutopilot(PointMass())
    here = ('10.9.8.7', late.transport.port)
    with late as link, UdpEndpoint(autopilot, [here]) as endpoint:
        def live(seconds, began):
            for step in range(round(seconds * 20)):
                autopilot.advance()
                try:
                    endpoint.flush()
                    endpoint.poll()
                except OSError:  # the simulated autopilot's own network is the same one
                    pass
                if link.poll(began + step * 0.05) is not None:
                    link.send_setpoint(Setpoint(), 0)
            return began + seconds

        now = live(3.0, 2.0)
        assert link.vehicle is not None
        ip('addr', 'del', '10.9.8.7/32', 'dev', 'lo')
        now = live(3.0, now)
        counts = dict(link.transport.troubles.counts)
        assert any(key.startswith('sending E') for key in counts), counts
        ip('addr', 'add', '10.9.8.7/32', 'dev', 'lo')
        now = live(3.0, now)
        assert link.vehicle.heartbeat_age_s(now) < 1.2
        assert link.transport.troubles.sentence == '', link.transport.troubles.sentence
        assert autopilot.setpoint is not None
    print('survived')
"""


def test_a_real_network_that_goes_and_comes_back():
    if shutil.which('unshare') is None or shutil.which('ip') is None:
        pytest.skip('unshare and ip are needed for a network of its own')
    alone = ['unshare', '-rn']
    if subprocess.run([*alone, 'ip', 'link'], capture_output=True).returncode:
        pytest.skip('this system allows no network namespaces to users')
    program = [sys.executable, '-c', textwrap.dedent(IN_A_NAMESPACE)]
    done = subprocess.run([*alone, *program], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip().endswith('survived'), done.stderr


WITH_A_SILENT_NAME_SERVER = """
    import socket, subprocess, time
    from liquid_drone.flight.mavlink.link import MavlinkLink

    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(('127.0.0.1', 53))
        with MavlinkLink.open('{kind}:drone.example:14550') as link:
            turns = []
            link.transport._clock = lambda: 10.0 * len(turns)  # it is tried anew in each turn
            for _ in range(5):
                began = time.monotonic()
                link.poll(began)
                turns.append(time.monotonic() - began)
            assert 'looked up' in link.transport.troubles.sentence
    print(max(turns))
"""


@pytest.mark.parametrize('kind', ['udpout', 'tcp', 'udpin'])
def test_a_name_server_that_does_not_answer_keeps_nobody_waiting(tmp_path, kind):
    """Each try kept the loop 10 s: no service was answered, nor Ctrl-C taken."""
    settings = tmp_path / 'resolv.conf'
    settings.write_text('nameserver 127.0.0.1\n')
    mounted = f'mount --bind {settings} /etc/resolv.conf && exec "$@"'
    alone = ['unshare', '-rmn', 'sh', '-c', mounted, 'sh']
    if shutil.which('unshare') is None or shutil.which('ip') is None:
        pytest.skip('unshare and ip are needed for a network of its own')
    if subprocess.run([*alone, 'ip', 'link'], capture_output=True).returncode:
        pytest.skip('this system allows no network namespaces to users')
    text = textwrap.dedent(WITH_A_SILENT_NAME_SERVER.replace('{kind}', kind))
    program = [*alone, sys.executable, '-c', text]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120)
    assert done.stdout, done.stderr
    assert float(done.stdout) < 5.0  # resolvers wait for 5 s, twice


def test_nothing_secret_is_in_a_sentence(caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Exception, match='not a MAVLink address') as caught:
        MavlinkLink.open('tcp://pilot:hunter2@host:5760')
    assert 'hunter2' not in str(caught.value) + caplog.text


def test_ever_other_errors_are_reported_once_a_second(caplog):
    network = FailingNetwork().live(5)
    others = [number for number in NUMBERS if number not in SOCKET_IS_GONE][:60]
    for number in others:
        network.live(1, sending=number)
    assert caplog.text.count('trying again') <= 4  # three seconds
    assert network.troubles.counts.total() > 55
