# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Another program that sends setpoints to the same vehicle is seen, and ours never are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v10 import ardupilotmega as mavlink_1
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.rivals import LATELY_S
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport
from liquid_drone.flight.setpoint import Setpoint

VEHICLE = 1


class Bench:
    """A link with a vehicle, to which others speak as well."""

    def __init__(self, shadow=False):
        self.packets, self.sent, self.now_s = [], [], 0.0
        self.link = MavlinkLink(
            MemoryTransport(lambda: self.packets, self.sent.append), shadow=shadow
        )
        self.vehicle = mavlink.MAVLink(None, VEHICLE, 1)
        self.hear()
        self.hear()

    def hear(self, *packets, after_s=0.5):
        self.now_s += after_s
        heartbeat = mavlink.MAVLink_heartbeat_message(2, 12, 129, 393216, 4, 3)
        self.packets[:] = [heartbeat.pack(self.vehicle), *packets]
        self.vehicle.seq = (self.vehicle.seq + 1) % 256
        self.link.poll(self.now_s)
        return self.link.rival


def local(target, dialect=mavlink):
    args = 0, target, 1, 1, 0x5C7, *[0.0] * 3, 1.0, *[0.0] * 7
    return dialect.MAVLink_set_position_target_local_ned_message(*args)


def globally(target, dialect=mavlink):
    args = 0, target, 1, 6, 0, 10, 10, *[0.0] * 9
    return dialect.MAVLink_set_position_target_global_int_message(*args)


def attitude(target, dialect=mavlink):
    args = 0, target, 1, 0, [1.0, 0.0, 0.0, 0.0], *[0.0] * 4
    return dialect.MAVLink_set_attitude_target_message(*args)


kinds, dialects = (
    st.sampled_from([local, globally, attitude]),
    st.sampled_from([mavlink, mavlink_1]),
)
senders = st.tuples(st.integers(1, 255), st.integers(1, 255)).filter(lambda one: one != (1, 1))


@settings(max_examples=60, deadline=None)
@given(kinds, dialects, senders, st.integers(0, 255), st.integers(1, 4))
def test_whoever_else_sends_setpoints_to_the_vehicle_is_named(kind, dialect, who, target, times):
    """Two programs on one vehicle: the newest setpoint is flown (mavlink 1210, PX4 25273)."""
    bench, sender = Bench(), dialect.MAVLink(None, *who)
    for _ in range(times):
        found = bench.hear(kind(target, dialect).pack(sender))
        sender.seq = (sender.seq + 1) % 256
    is_rival = times > 1 and target in (0, VEHICLE)
    assert bool(found) is is_rival
    assert not is_rival or f'system {who[0]} component {who[1]} sends setpoints' in found
    assert bench.hear(after_s=LATELY_S + 0.1) == ''  # it was ended


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=60), st.integers(0, 50), st.booleans())
def test_what_a_router_reflects_of_ours_is_nobody_elses(speeds, late, is_old):
    """In either version of MAVLink, once and again, some seconds later (mavlink-router 107)."""
    bench, reader, back = Bench(), mavlink.MAVLink(None), []
    for speed in speeds:
        bench.sent.clear()
        assert bench.link.send_setpoint(Setpoint(speed, 0.0, 0.0, speed), round(1e3 * bench.now_s))
        (packet,) = bench.sent
        if is_old:
            message = reader.parse_buffer(packet)[0]
            sender = mavlink_1.MAVLink(None, message.get_srcSystem(), message.get_srcComponent())
            sender.seq = message.get_seq()
            fields = [getattr(message, name) for name in message.fieldnames]
            twin = mavlink_1.MAVLink_set_position_target_local_ned_message(*fields)
            packet = twin.pack(sender)
        back.append(packet)
        assert bench.hear(*back[-1 - late :][:1] * 2, after_s=0.05) == ''


@pytest.mark.parametrize('shadow', [False, True])
def test_while_it_only_looks_on_others_may_fly(shadow):
    bench, sender = Bench(shadow), mavlink.MAVLink(None, 255, 190)
    packets = []
    for _ in range(3):
        packets.append(local(VEHICLE).pack(sender))
        sender.seq += 1
    assert bool(bench.hear(*packets)) is not shadow
