# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What users of other MAVLink software reported, tried here as samples of its kind."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.flight.facts import BATTERY, LANDED, Evidence, known
from liquid_drone.flight.guard.limits import Limits
from liquid_drone.flight.mavlink import profiles
from liquid_drone.flight.mavlink.codec import MavlinkCodec
from liquid_drone.flight.mavlink.diagnosis import LinkFinding
from liquid_drone.flight.mavlink.framing import checksum
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.receiver import Receiver
from liquid_drone.flight.mavlink.station_inbox import StationInbox
from liquid_drone.flight.mavlink.telemetry.decode import HANDLERS
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass

LIMITS = Limits(battery_cells=4.0)
BATTERY_BIT = mavlink.MAV_SYS_STATUS_SENSOR_BATTERY
PX4, ARDUPILOT = 12, 3
QUADROTOR = mavlink.MAV_TYPE_QUADROTOR


def heartbeat(autopilot=PX4, kind=QUADROTOR, mode=393216, base_mode=129):
    return mavlink.MAVLink_heartbeat_message(kind, autopilot, base_mode, mode, 4, 3)


def status(percent=90, millivolts=16000, present=0, enabled=0, health=0):
    return mavlink.MAVLink_sys_status_message(
        present, enabled, health, 0, millivolts, -1, percent, 0, 0, 0, 0, 0, 0
    )


class Wire:
    """A codec, and what is sent to it, 0.1 s apart."""

    def __init__(self, autopilot=None):
        self.codec, self.now_s, self.number = MavlinkCodec(), 0.0, 0
        if autopilot is not None:
            self.send(heartbeat(autopilot))
            self.send(heartbeat(autopilot), after_s=1.0)

    def send(self, message, system=1, source='first', after_s=0.1):
        self.now_s += after_s
        sender = mavlink.MAVLink(None, system, 1)
        sender.seq, self.number = self.number, (self.number + 1) % 256
        packet = message.pack(sender)
        self.codec.receive(packet, self.now_s, source)
        return self.codec.vehicle

    def fact(self, spec, limits=LIMITS):
        facts = known(Evidence(self.now_s, self.codec.vehicle), limits)
        return next(fact for fact in facts if fact.spec is spec)


@given(st.sampled_from([PX4, ARDUPILOT]), st.integers(-1, 100), st.sampled_from([0, 65535]))
def test_a_charge_without_a_voltage_makes_no_battery_good(autopilot, percent, millivolts):
    wire = Wire(autopilot)
    for _ in range(2):
        wire.send(status(percent, millivolts))
    assert not wire.fact(BATTERY).is_good


masks = st.sampled_from([0, BATTERY_BIT, 0x0FFFFFFF, 0x0FFFFFFF & ~BATTERY_BIT])


@given(st.lists(st.tuples(masks, masks, masks), min_size=1, max_size=6))
def test_a_battery_that_the_autopilot_itself_finds_bad_twice_is_bad(reports):
    wire = Wire(ARDUPILOT)
    for present, enabled, health in reports:
        wire.send(status(present=present, enabled=enabled, health=health))
    bad = [bool(p & e & ~h & BATTERY_BIT) for p, e, h in reports]
    fact = wire.fact(BATTERY)
    assert fact.is_good is not (len(bad) > 1 and bad[-1] and bad[-2])
    if not fact.is_good:
        assert (fact.reason.code, 'unhealthy' in fact.sentence) == ('low_battery', True)


@given(st.lists(st.integers(0, 255), min_size=1, max_size=8))
def test_a_landed_state_that_nobody_knows_is_not_in_the_air(states):
    wire = Wire(PX4)
    for state in states:
        vehicle = wire.send(mavlink.MAVLink_extended_sys_state_message(0, state))
    assert vehicle.landed_told is {1: True, 2: False, 3: False, 4: False}.get(states[-1])
    assert wire.fact(LANDED).is_good is any(1 <= state <= 4 for state in states[-2:])


@given(st.sampled_from([PX4, ARDUPILOT]), st.lists(st.integers(0, 255), min_size=1, max_size=8))
def test_wings_under_the_type_of_a_multirotor_are_not_flown(autopilot, states):
    """Q_MAV_TYPE and MAV_TYPE say what one sets them to (ArduPilot 7137, 21596; PX4 4660)."""
    wire = Wire(autopilot)
    for state in states:
        wire.send(mavlink.MAVLink_extended_sys_state_message(state, 2))
    has_wings = len(states) > 1 and bool(states[-1]) and bool(states[-2])
    assert wire.fact(LANDED).is_good is not has_wings
    assert ('VTOL' in wire.fact(LANDED).sentence) is has_wings


def heard(messages):
    """Return a link after 6 s of heartbeats, with one of the messages beside each, in turn."""
    packets = []
    link = MavlinkLink(MemoryTransport(lambda: packets, lambda data: None))
    sender = mavlink.MAVLink(None, 1, 1)
    for step in range(60):
        message = messages[step % len(messages)]
        packets[:] = [m.pack(sender) for m in (heartbeat(), message)]
        link.poll(0.1 * (step + 1))
    return link


# heard() asks at tenths of a second: what carries such a stamp does answer us
others_ns = st.integers(1, 2**63 - 1).filter(lambda stamp: stamp % 10**8)


@settings(max_examples=20, deadline=None)
@given(st.lists(others_ns, min_size=1, max_size=8))
def test_the_clocks_of_others_answer_no_question_of_ours(stamps):
    link = heard([mavlink.MAVLink_timesync_message(10**9, stamp) for stamp in stamps])
    assert math.isinf(link.vehicle.answered_s)
    assert link.report.unanswered_s > 5.0
    assert link.report.diagnosis.finding is LinkFinding.UNANSWERED


addresses = st.tuples(st.sampled_from([0, 1, 7, 255]), st.sampled_from([0, 1, 190, 191]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([400, 511, 512]), addresses), min_size=1, max_size=4))
def test_the_acknowledgements_of_what_others_command_are_no_answers_to_us(acks):
    link = heard(
        [
            mavlink.MAVLink_command_ack_message(command, 0, 0, 0, system, component)
            for command, (system, component) in acks
        ]
    )
    ours = [
        command in (511, 512) and system in (0, 1) and component in (0, 191)
        for command, (system, component) in acks
    ]
    assert (link.report.unanswered_s < 1.0) is any(ours)


@pytest.mark.parametrize('autopilot', [PX4, ARDUPILOT])
def test_a_custom_mode_without_its_flag_is_no_mode_of_ours(autopilot):
    wire = Wire(autopilot)
    vehicle = wire.send(heartbeat(autopilot, mode=4, base_mode=128))
    assert vehicle.mode not in (4, 393216)
    assert vehicle.armed


def test_a_generic_type_during_the_start_is_waited_out():
    wire = Wire()
    for _ in range(3):
        assert wire.send(heartbeat(kind=mavlink.MAV_TYPE_GENERIC), after_s=1.0) is None
    assert wire.send(heartbeat(), after_s=1.0).autopilot == 'px4'
    assert wire.send(heartbeat(), after_s=1.0).is_introduced


@given(st.integers(0, 1))
def test_a_first_heartbeat_under_another_system_id_is_left_for_the_true_one(count):
    wire = Wire()
    for _ in range(count):
        wire.send(heartbeat(ARDUPILOT), system=7, after_s=1.0)
    for _ in range(2):
        wire.send(heartbeat(ARDUPILOT), system=1, after_s=1.0)
    assert wire.codec.vehicle.system_id == 1
    assert wire.codec.vehicle.is_introduced


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_two_vehicles_of_one_system_id_are_not_mixed_while_the_first_speaks(turns):
    wire = Wire(PX4)
    for step, is_other in enumerate(turns):
        place = 500.0 if is_other else 5.0
        message = mavlink.MAVLink_local_position_ned_message(
            1000 + 100 * step, place, 0, -3, 0, 0, 0
        )
        vehicle = wire.send(message, source='other' if is_other else 'first', after_s=0.03)
        assert vehicle.position_enu[1] in (0.0, 5.0)


def test_a_home_that_creeps_is_followed_by_no_limit_unseen():
    """PX4 corrects the altitude of home in flight: beyond what may differ, home has moved."""
    wire = Wire(PX4)
    wire.send(mavlink.MAVLink_extended_sys_state_message(0, 2))
    differs = []
    for step in range(40):
        up = 0.1 * step
        boot_ms = 1000 + 100 * step
        wire.send(mavlink.MAVLink_local_position_ned_message(boot_ms, 0, 0, -3, 0, 0, 0))
        place = 470000000, 80000000, round((500 + up) * 1000)
        wire.send(mavlink.MAVLink_home_position_message(*place, 0, 0, -up, [1, 0, 0, 0], 0, 0, 0))
        vehicle = wire.send(
            mavlink.MAVLink_global_position_int_message(
                boot_ms, 470000000, 80000000, 503000, round((3 - up) * 1000), 0, 0, 0, 0
            )
        )
        differs.append((vehicle.home_enu[2], vehicle.home_differs_m))
    ups = [one[0] for one in differs]
    assert ups[-1] == pytest.approx(3.9, abs=0.6)
    assert max(one[1] for one in differs) < 1.0


KINDS = {kind.msgname: kind for kind in mavlink.mavlink_map.values()}
READ = [*HANDLERS, 'PARAM_VALUE', 'COMMAND_ACK', 'COMMAND_LONG']


def framed(kind, payload):
    header = bytes([0xFD, len(payload), 0, 0, 7, 1, 1]) + kind.id.to_bytes(3, 'little')
    check = checksum(header[1:] + payload + bytes([kind.crc_extra]))
    return header + payload + check.to_bytes(2, 'little')


@given(st.sampled_from(READ), st.data())
def test_fields_that_newer_firmware_adds_change_nothing_that_is_read(name, data):
    kind, receiver = KINDS[name], Receiver(None, lambda: 0.0)
    size = kind.unpacker.size
    payload = data.draw(st.binary(min_size=size, max_size=size))
    more = data.draw(st.binary(min_size=1, max_size=255 - size))
    told = []
    for packet in (framed(kind, payload), framed(kind, payload + more)):
        (frame,) = receiver.frames(packet, None, 0.0)
        told.append(repr(receiver.decode(frame).to_dict()))
    assert told[0] == told[1]


@pytest.mark.parametrize('kind', ['px4', 'ardupilot'])
@pytest.mark.parametrize('times', [1, 2])
def test_what_a_router_sends_back_to_us_is_neither_vehicle_nor_answer(kind, times):
    """Routers reflect to a sender what it sent, once or from two ports (mavlink-router 107)."""
    autopilot = SimulatedAutopilot(PointMass(position_enu=np.zeros(3)), kind)
    reflected = []

    def send(packet):
        reflected.extend([packet] * times)
        autopilot.receive(packet)

    def fetch():
        arrived = [*autopilot.transmit(), *reflected]
        reflected.clear()
        return arrived

    link = MavlinkLink(MemoryTransport(fetch, send))
    link.attend_station(StationInbox(255, (191, 100)), 100)
    for _ in range(200):
        autopilot.advance(12)
        link.poll(autopilot.now_ns / 1e9)
    evidence = Evidence(autopilot.now_ns / 1e9, link.vehicle)
    assert [one.sentence for one in known(evidence, LIMITS) if not one.is_good] == []
    assert link.obstacle == ''
    assert link.commands_ignored == 0
    assert 0.0 <= link.trip_s < 0.2


MODES = [(PX4, profiles.PX4), (ARDUPILOT, profiles.ARDUPILOT)]


@given(st.sampled_from(MODES), st.data())
def test_every_mode_has_one_name_and_only_one_mode_is_ours(firmware, data):
    """PX4's external modes (1.14), ArduCopter's newest: each is another mode, with its name."""
    autopilot, profile = firmware
    known_modes = sorted(profile.mode_names)
    mode = data.draw(st.one_of(st.sampled_from(known_modes), st.integers(0, 2**32 - 1)))
    vehicle = Wire(autopilot).send(heartbeat(autopilot, mode=mode))
    assert vehicle.mode_is_ours is (mode == profile.follow_mode)
    named = profile.mode_names.get(mode, f'mode {mode}')
    assert vehicle.mode_name == named
    assert len(set(profile.mode_names.values())) == len(known_modes)


@given(
    st.sampled_from(MODES),
    st.floats(0.1, 14.0),
    st.lists(st.booleans(), min_size=1, max_size=20),
    st.integers(1, 255),
)
@example((ARDUPILOT, profiles.ARDUPILOT), 1.0, [True] + [False] * 13 + [True, False], 32)
def test_a_late_copy_of_a_heartbeat_brings_our_mode_back_never(firmware, late_s, switches, pace):
    """Two links behind one router: each packet again, up to 10 s later (mavlink-router 457)."""
    autopilot, profile = firmware
    sender, wire = mavlink.MAVLink(None, 1, 1), Wire(autopilot)
    begin_s, copies, is_ours = wire.now_s, [], False
    for step in range(20 * len(switches)):
        wire.now_s = begin_s + 0.05 * step
        while copies and copies[0][0] <= wire.now_s:
            wire.codec.receive(copies.pop(0)[1], wire.now_s, 'first')
            assert is_ours or not wire.codec.vehicle.mode_is_ours
        if step % 4 == 0:
            is_ours = switches[step // 20]
            mode = profile.follow_mode if is_ours else profile.hold_mode
            packet = heartbeat(autopilot, mode=mode).pack(sender)
            sender.seq = (sender.seq + pace) % 256
            copies.append((wire.now_s + late_s, packet))
            wire.codec.receive(packet, wire.now_s, 'first')
            assert is_ours or not wire.codec.vehicle.mode_is_ours


@pytest.mark.parametrize('autopilot', [PX4, ARDUPILOT])
def test_our_mode_is_seen_again_though_all_heartbeats_carry_one_number(autopilot):
    """A stream of 256 packets between two heartbeats makes each look like a copy."""
    ours, wire = {PX4: 393216, ARDUPILOT: 4}[autopilot], Wire(autopilot)
    for mode, times in ((ours, 3), (0, 3), (ours, 20)):
        for _ in range(times):
            wire.number = 7
            vehicle = wire.send(heartbeat(autopilot, mode=mode), after_s=1.0)
    assert vehicle.mode_is_ours
