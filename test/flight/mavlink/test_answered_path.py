# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Telemetry that a router mirrors must not draw the setpoints away."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.flight.mavlink.answered_path import SILENT_S, AnsweredPath
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.setpoint import Setpoint
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass


def udp():
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.bind(('127.0.0.1', 0))
    end.settimeout(5.0)
    return end


def received(end):
    """Return how many datagrams wait at a socket."""
    end.setblocking(False)
    count = 0
    while True:
        try:
            end.recv(2048)
            count += 1
        except BlockingIOError:
            return count


@pytest.mark.parametrize('mirror_first', [False, True], ids=['mirror later', 'mirror first'])
def test_every_packet_twice_from_two_ports_is_answered_on_the_first(mirror_first):
    autopilot = SimulatedAutopilot(PointMass())
    with MavlinkLink.open('udpin:127.0.0.1:0') as link, udp() as vehicle, udp() as mirror:
        here = ('127.0.0.1', link.transport.port)
        vehicle.sendto(autopilot.transmit()[0], here)
        vehicle.sendto(b'', here)
        link.poll(0.0)
        for step in range(100):
            autopilot.advance()
            for packet in autopilot.transmit():
                for end in (mirror, vehicle) if mirror_first else (vehicle, mirror):
                    end.sendto(packet, here)
            link.poll(step * 0.05)
            link.send_setpoint(Setpoint(), step)
        assert received(vehicle) > 100
        assert received(mirror) == 0
        assert link.vehicle.stamp_s == pytest.approx(autopilot.now_ns / 1e9, abs=0.06)


@given(st.lists(st.tuples(st.floats(0.0, 2.0), st.integers(0, 3)), max_size=60))
def test_a_path_is_left_only_after_its_silence_and_never_two_are_taken(arrivals):
    path, now_s, taken, heard_s = AnsweredPath(), 0.0, None, 0.0
    for wait_s, source in arrivals:
        now_s += wait_s
        admitted = path.admits(source, now_s)
        if taken is not None and source != taken:
            assert admitted is (now_s - heard_s >= SILENT_S)
        elif source == taken:
            assert admitted
        if admitted:
            taken, heard_s = source, now_s
        assert path.source == taken


def test_the_vehicle_is_followed_to_another_port_when_the_first_falls_silent():
    autopilot = SimulatedAutopilot(PointMass())
    with MavlinkLink.open('udpin:127.0.0.1:0') as link, udp() as first, udp() as second:
        here = ('127.0.0.1', link.transport.port)
        for step in range(80):
            autopilot.advance()
            for packet in autopilot.transmit():
                (first if step < 40 else second).sendto(packet, here)
            link.poll(step * 0.05)
            link.send_setpoint(Setpoint(), step)
        assert received(second) > 3
