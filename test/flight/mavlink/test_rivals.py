# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Another program that sends setpoints to the same vehicle is seen, and ours never are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v10 import ardupilotmega as mavlink_1
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.flight.companion_session import CompanionSession
from liquid_drone.flight.engagement import Cause, Stage
from liquid_drone.flight.guard.limits import Limits, Sighting
from liquid_drone.flight.guard.state import Proposal
from liquid_drone.flight.mavlink.encoder import COMPANION_MARK
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.rivals import GUIDING_COMMANDS, LATELY_S
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport
from liquid_drone.flight.setpoint import Setpoint
from liquid_drone.flight.vehicle import GUIDED_LATELY_S
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass

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


@settings(max_examples=40, deadline=None)
@given(
    dialects,
    st.tuples(st.sampled_from([VEHICLE, 2]), st.sampled_from([191, 100, 240])),
    st.integers(3, 5),
    st.integers(0, 255),
    st.integers(2, 5),
    st.sampled_from([COMPANION_MARK, 0, 81]),
)
def test_a_second_companion_of_the_same_name_that_commands_is_noticed(
    dialect, who, status, number, times, mark
):
    """On a link of its own, of which the autopilot passes on its heartbeats alone.

    MAVROS, which many run beside it, is component 191 of the vehicle, too, and always active.
    """
    bench, other = Bench(), dialect.MAVLink(None, *who)
    other.seq = number
    for _ in range(times):
        packet = dialect.MAVLink_heartbeat_message(18, 8, 0, mark, status, 3).pack(other)
        found = bench.hear(packet, after_s=1.0)
        other.seq = (other.seq + 1) % 256
    is_twin = who == (VEHICLE, 191) and status == 4 and mark == COMPANION_MARK
    assert bool(found) is is_twin
    assert not is_twin or 'a second program is system 1 component 191 too' in found
    assert bench.hear(after_s=LATELY_S + 0.1) == ''  # it was ended


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(0, 14), st.integers(1, 3), st.booleans())
def test_our_heartbeats_that_a_router_reflects_are_no_second_companion(
    seconds, late_s, times, speaks
):
    bench, ours = Bench(), []
    for _ in range(seconds):
        bench.sent.clear()
        if speaks:
            bench.link.send_setpoint(Setpoint(), round(1e3 * bench.now_s))
        assert bench.hear(*ours[-1 - late_s :][:1] * times, after_s=1.0) == ''
        ours += [packet for packet in bench.sent if packet[7] == 0]  # HEARTBEAT


@pytest.mark.parametrize('shadow', [False, True])
def test_while_it_only_looks_on_others_may_fly(shadow):
    bench, sender = Bench(shadow), mavlink.MAVLink(None, 255, 190)
    packets = []
    for _ in range(3):
        packets.append(local(VEHICLE).pack(sender))
        sender.seq += 1
    assert bool(bench.hear(*packets)) is not shadow


def command_long(target, command, _current, dialect):
    args = target[0], target[1], command, 0, *[0.0] * 7
    return dialect.MAVLink_command_long_message(*args)


def command_int(target, command, _current, dialect):
    args = target[0], target[1], 6, command, 0, 0, *[0.0] * 4, 10, 10, 5.0
    return dialect.MAVLink_command_int_message(*args)


def item(target, command, current, dialect):
    args = target[0], target[1], 0, 3, command, current, 0, *[0.0] * 7
    return dialect.MAVLink_mission_item_message(*args)


def item_int(target, command, current, dialect):
    args = target[0], target[1], 0, 3, command, current, 0, *[0.0] * 4, 10, 10, 5.0
    return dialect.MAVLink_mission_item_int_message(*args)


def height(target, _command, current, dialect):
    """QGroundControl's "change altitude" of an ArduCopter (5636, 11671): an offset in height."""
    mask = [0xFFF8, 0x0DF8, 0x0DFB, 0x0DC7, 0x05C7][current]  # the last two name no place
    args = 0, *target, 7, mask, 0.0, 0.0, -2.0, *[0.0] * 8
    return dialect.MAVLink_set_position_target_local_ned_message(*args)


def place(target, _command, current, dialect):
    """Mission Planner's "fly to here" of an ArduCopter (1707, 3718)."""
    mask = [0xFFF8, 0x0DF8, 0x0DFB, 0x0DC7, 0x05C7][current]
    args = 0, *target, 6, mask, 10, 10, 5.0, *[0.0] * 8
    return dialect.MAVLink_set_position_target_global_int_message(*args)


GUIDES = [command_long, command_int, item, item_int, height, place]
commands = st.sampled_from([*GUIDING_COMMANDS, 16, 20, 22, 176, 400, 511, 512, 2004, 31010])
targets = st.tuples(st.sampled_from([0, VEHICLE, 2, 255]), st.sampled_from([0, 1, 100, 191]))


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(GUIDES), dialects, senders, targets, commands, st.integers(0, 4))
def test_whoever_tells_the_vehicle_where_to_go_is_known_at_the_first_word(
    kind, dialect, who, target, command, current
):
    """As stations do ("go to location", "fly to here", "change altitude"), and no mission."""
    bench, sender = Bench(), dialect.MAVLink(None, *who)
    bench.hear(kind(target, command, current, dialect).pack(sender))
    is_word = {
        **dict.fromkeys(GUIDES[:2], command in GUIDING_COMMANDS),
        **dict.fromkeys(GUIDES[2:4], current in (2, 3)),
    }.get(kind, current < 3)
    is_for_it = target[0] in (0, VEHICLE) and target[1] in (0, 1)
    vehicle = bench.link.vehicle
    assert vehicle.is_guided(bench.now_s) is (is_word and is_for_it)
    assert not vehicle.is_guided(bench.now_s + GUIDED_LATELY_S + 0.1)
    if is_word and is_for_it:
        assert f'system {who[0]} component {who[1]} guides the vehicle (' in vehicle.guided_by


class Flight:
    """A session that follows with a simulated ArduCopter, beside which others speak."""

    def __init__(self, shadow=False):
        plant = PointMass(position_enu=np.array([0.0, 0.0, 3.0]))
        self.autopilot = SimulatedAutopilot(plant, 'ardupilot', airborne=True)
        self.also, self.sent = [], []
        self.link = MavlinkLink(MemoryTransport(self._receive, self._send), shadow=shadow)
        self.session = CompanionSession(self.link, Limits(battery_cells=4.0), shadow)

    def _send(self, data):
        self.sent.append(data)
        self.autopilot.receive(data)

    def _receive(self):
        packets = [*self.autopilot.transmit(), *self.also]
        self.also.clear()
        return packets

    def live(self, seconds, rival=lambda: ()):
        decided, self.sent[:] = None, []
        for _ in range(round(20 * seconds)):
            self.also += rival()
            self.autopilot.advance(12)
            now_s = self.autopilot.now_ns / 1e9
            self.link.poll(now_s)
            self.session.note_rivals(self.link.rival)
            self.session.see(Sighting(now_s, 0.0))
            decided = self.session.decide(now_s, Proposal(now_s, (0.5, 0.0, 0.0, 0.0)))
            if decided is not None and decided.setpoint is not None:
                self.link.send_setpoint(decided.setpoint, round(1e3 * now_s) % 2**32)
            self.session.policy_was_reset()
        return decided

    def setpoints(self):
        return [data for data in self.sent if data[7:10] == bytes([84, 0, 0])]


WORDS = [*((kind, 192) for kind in GUIDES), (command_long, 193)]


@pytest.mark.parametrize('shadow', [False, True])
@pytest.mark.parametrize(('kind', 'command'), WORDS)
def test_where_a_station_guides_it_elsewhere_no_setpoint_follows(kind, command, shadow):
    """An ArduCopter stays in GUIDED and would fly our next setpoint: the click had no effect.

    One that is told to pause (ArduPilot 19908) stands, and goes on at the next "continue".
    """
    flight, station = Flight(shadow), mavlink.MAVLink(None, 255, 190)
    session, word = flight.session, kind((VEHICLE, 1), command, 2, mavlink).pack(station)
    flight.live(5.0)
    assert session.engage(True) == (True, Stage.READY.value)
    flight.autopilot.pilot_mode('GUIDED')
    assert flight.live(3.0).stage is Stage.ENGAGED
    flight.also.append(word)
    decided = flight.live(1.0)
    if shadow:
        assert decided.stage is Stage.ENGAGED
        return
    assert not flight.setpoints()
    assert (decided.stage, decided.cause) == (Stage.HANDED_BACK, Cause.TAKEN_OVER)
    done, words = session.engage(True)
    assert not done
    assert 'system 255 component 190 guides the vehicle' in words
    flight.live(GUIDED_LATELY_S)
    assert session.engage(True)[0]
    assert flight.live(1.0).stage is Stage.ENGAGED


@pytest.mark.parametrize(('kind', 'command'), WORDS)
def test_waiting_for_the_switch_it_takes_no_vehicle_from_its_way(kind, command):
    """An ArduCopter enters GUIDED for the word of a station, and the mode is not for us."""
    flight, station = Flight(), mavlink.MAVLink(None, 255, 190)
    flight.live(5.0)
    assert flight.session.engage(True)[0]
    flight.also.append(kind((VEHICLE, 1), command, 2, mavlink).pack(station))
    flight.autopilot.pilot_mode('GUIDED')
    flight.live(1.0)
    decided = flight.live(2.0 * GUIDED_LATELY_S)
    assert not flight.setpoints()
    assert (decided.stage, decided.cause) == (Stage.STANDBY, Cause.TAKEN_OVER)


@pytest.mark.parametrize('rate', [1, 10])
@pytest.mark.parametrize('kind', [local, globally, attitude])
def test_waiting_for_the_switch_it_does_not_mix_in_where_another_program_flies(kind, rate):
    """The mode was chosen for the other one: not even the zeros of a start may come between."""
    flight, other = Flight(), mavlink.MAVLink(None, VEHICLE, 197)

    def rival():
        other.seq = (other.seq + 1) % 256
        return [kind(VEHICLE).pack(other)] if other.seq % (20 // rate) == 0 else []

    flight.live(5.0)
    assert flight.session.engage(True)[0]
    flight.live(3.0, rival)
    flight.autopilot.pilot_mode('GUIDED')
    decided = flight.live(5.0, rival)
    assert not flight.setpoints()
    assert decided.stage is Stage.STANDBY
    assert decided.cause is (Cause.TAKEN_OVER if kind is globally else Cause.NOT_FIT)  # a place
    assert 'system 1 component 197' in decided.obstacle
