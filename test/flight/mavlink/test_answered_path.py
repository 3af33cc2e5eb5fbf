# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Telemetry that a router mirrors must not draw the setpoints away."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.flight.mavlink.answered_path import (
    OWN_ANSWER_S,
    SILENT_S,
    UNPROVEN_S,
    AnsweredPath,
)
from liquid_drone.flight.mavlink.codec import MavlinkCodec
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.signing import EPOCH_S, SigningKey, ticks
from liquid_drone.flight.setpoint import Setpoint
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass


def udp():
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.bind(('127.0.0.1', 0))
    end.settimeout(5.0)
    return end


def waiting(end):
    """Return the datagrams that wait at a socket."""
    end.setblocking(False)
    packets = []
    while True:
        try:
            packets.append(end.recv(2048))
        except BlockingIOError:
            return packets


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
            for data in waiting(vehicle):
                autopilot.receive(data)
        assert autopilot.setpoint.time_boot_ms == 99
        assert len(waiting(mirror)) == 0
        assert link.vehicle.stamp_s == pytest.approx(autopilot.now_ns / 1e9, abs=0.06)


def test_signed_telemetry_that_is_mirrored_is_read_on_the_first_path():
    secret, today_s = bytes(range(32)), EPOCH_S + 1e8
    codec = MavlinkCodec(key=SigningKey(secret), calendar_s=lambda: today_s)
    sender = mavlink.MAVLink(None, 1, 1)
    sender.signing.secret_key, sender.signing.sign_outgoing = secret, True
    sender.signing.timestamp = ticks(today_s)
    beat = mavlink.MAVLink_heartbeat_message(2, 12, 129, 393216, 4, 3)
    codec.receive(bytes(beat.pack(sender)), 0.0, 'first')
    for step in range(1, 20):
        packet = bytes(beat.pack(sender))
        assert not codec.receive(packet, step * 0.1, 'mirror')
        assert codec.receive(packet, step * 0.1, 'first')
    assert codec.receiver.tally.bad_signature == 0


@given(st.lists(st.tuples(st.floats(0.0, 2.0), st.integers(0, 3), st.booleans()), max_size=60))
def test_a_path_is_left_only_after_its_silence_or_when_it_never_answered(arrivals):
    path, now_s, taken, heard_s, taken_s, changes = AnsweredPath(), 0.0, None, 0.0, 0.0, -1
    proven = set()
    for wait_s, source, is_answered in arrivals:
        now_s += wait_s
        is_silent = taken is None or now_s - heard_s >= SILENT_S
        is_dead_end = taken not in proven and now_s - taken_s >= UNPROVEN_S
        admitted = path.admits(source, now_s)
        assert admitted is (source == taken or is_silent or is_dead_end)
        if admitted and source != taken:
            taken, taken_s, changes = source, now_s, changes + 1
        heard_s = now_s if admitted else heard_s
        assert path.source == taken
        if is_answered:
            path.answered(now_s)
            if changes == 0 or now_s - taken_s >= OWN_ANSWER_S:
                proven.add(taken)


def test_a_first_path_that_leads_nowhere_is_left_for_the_one_that_answers():
    autopilot = SimulatedAutopilot(PointMass())
    with MavlinkLink.open('udpin:127.0.0.1:0') as link, udp() as vehicle, udp() as mirror:
        here = ('127.0.0.1', link.transport.port)
        for step in range(240):
            autopilot.advance()
            for packet in autopilot.transmit():
                for end in (mirror, vehicle):  # the mirror's come first
                    end.sendto(packet, here)
            link.poll(step * 0.05)
            link.send_setpoint(Setpoint(), step)
            for data in waiting(vehicle):
                autopilot.receive(data)
            if step == 160:
                waiting(mirror)
        assert autopilot.setpoint is not None
        assert len(waiting(mirror)) == 0  # once it was left it is not gone back to


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
        assert len(waiting(second)) > 3
