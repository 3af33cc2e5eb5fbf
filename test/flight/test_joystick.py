# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A joystick that the pilot moves calls off, where the autopilot tells it in MANUAL_CONTROL."""

from dataclasses import replace

import numpy as np
import pytest
import vehicles
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink
from radio_flight import follow_for

from liquid_drone.flight.companion_session import CompanionSession
from liquid_drone.flight.engagement import Stage
from liquid_drone.flight.guard.limits import SIMULATION_LIMITS
from liquid_drone.flight.mavlink.codec import MavlinkCodec
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.profiles import JOYSTICK, STICKS
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport
from liquid_drone.flight.pilot.sticks import StickWatch
from liquid_drone.flight.vehicle import JoystickReading
from liquid_drone.sim.autopilot.personality import Mode
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass

VEHICLE, AUTOPILOT, STATION, NONE = (1, 1), (1, 1), (255, 190), 32767
PERIOD_S = 0.2
sixteen_bits = st.integers(-32768, 32767)
axes = st.integers(-1000, 1000)


class Joystick:
    """A watch that reads one sender's axes five times a second."""

    def __init__(self, sender: tuple[int, int] = AUTOPILOT) -> None:
        self.watch, self.sender, self.now_s = StickWatch((1, 2, 3)), sender, 0.0
        self.goes_below_0 = False

    def hold(
        self, *told: int | None, for_s: float = 1.0, commands: bool = True, **radio: object
    ) -> bool:
        is_told = False
        for _ in range(round(for_s / PERIOD_S)):
            self.now_s += PERIOD_S
            self.goes_below_0 = self.goes_below_0 or (told[2] or 0) < -20
            reading = JoystickReading(self.sender, self.now_s, told, self.goes_below_0)
            vehicle = vehicles.known(self.now_s, joysticks=(reading,), **radio)
            is_told = self.watch.take(self.now_s, vehicle, commands) or is_told
        return is_told

    def silence(self, for_s: float, *last: int) -> bool:
        reading = JoystickReading(self.sender, self.now_s, last, self.goes_below_0)
        vehicle, is_told = vehicles.known(self.now_s, joysticks=(reading,)), False
        for _ in range(round(for_s / PERIOD_S)):
            self.now_s += PERIOD_S
            is_told = self.watch.take(self.now_s, vehicle, True) or is_told
        return is_told


@given(
    st.tuples(axes, axes),
    st.lists(st.tuples(axes, axes), max_size=6),
    st.sampled_from([0, 500]),
)
def test_an_axis_that_the_pilot_moves_calls_off_once(
    rest: tuple[int, int], then: list[tuple[int, int]], throttle: int
) -> None:
    """PX4 22897: on other links its MANUAL_CONTROL alone tells of a joystick."""
    joystick, rests, is_due = Joystick(), list(rest), False
    assert not joystick.hold(*rest, throttle, commands=False)
    for moved in then:
        rests = [0 if abs(old) < 300 else old for old in rests]
        pairs = list(zip(moved, rests, strict=True))
        is_away = any(abs(new) >= 300 and abs(new - old) >= 300 for new, old in pairs)
        rests = [0 if abs(new) < 300 else old for new, old in pairs]
        assert joystick.hold(*moved, throttle) is (is_away and not is_due)
        is_due = is_due or is_away


@given(st.integers(-350, 350), st.sampled_from(['half', 'signed', 'lying']))
def test_a_throttle_counts_from_its_own_middle(by: int, kind: str) -> None:
    """PX4 tells it from 0 to 1000 until 1.13 and from -1000 on afterwards."""
    joystick = Joystick()
    middle, least = {'half': (500, 150), 'signed': (0, 300), 'lying': (0, 300)}[kind]
    by = abs(by) if kind == 'lying' else by
    if kind == 'signed':
        joystick.hold(0, 0, -900, commands=False)  # it was flown by hand
    joystick.hold(0, 0, middle, commands=False)
    assert not joystick.hold(0, 0, middle, for_s=3.0)
    assert joystick.hold(0, 0, middle + by) is (abs(by) >= least)


@pytest.mark.parametrize('kind', ['half', 'signed'])
def test_an_axis_held_since_before_or_on_its_way_back_is_no_word(kind: str) -> None:
    joystick = Joystick()
    middle = 500 if kind == 'half' else 0
    joystick.hold(0, 0, -500 if kind == 'signed' else 500, commands=False)
    joystick.hold(700, -400, middle + 400, commands=False)  # flies by hand, and flips the switch
    assert not joystick.hold(700, -400, middle + 400, for_s=2.0)
    assert not joystick.hold(450, -200, middle + (260 if middle else 110), for_s=0.4)
    assert not joystick.hold(0, 0, middle, for_s=5.0)
    assert joystick.hold(0, -400, middle)


@given(axes, axes, st.integers(0, 1000))
def test_a_joystick_that_stops_moves_nothing_and_one_that_is_not_there_neither(
    x: int, y: int, z: int
) -> None:
    joystick = Joystick()
    joystick.hold(0, 0, 500, commands=False)
    joystick.hold(x, y, z, for_s=PERIOD_S)  # one reading is none
    assert not joystick.silence(5.0, x, y, z)
    assert not joystick.hold(0, 0, 500)
    assert joystick.hold(900, 0, 500)


def test_an_axis_that_is_not_there_is_left_out_and_one_odd_reading_is_none() -> None:
    joystick = Joystick()
    joystick.hold(0, None, 500, commands=False)
    for _ in range(3):
        assert not joystick.hold(0, 900, 500, for_s=PERIOD_S)
        assert not joystick.hold(0, None, 500)
    assert not joystick.hold(None, None, 500, for_s=3.0)
    assert joystick.hold(900, None, 500)


@given(st.booleans(), st.integers(1000, 2000), axes)
def test_radio_and_joystick_at_once_are_watched_apart(is_radio: bool, roll: int, x: int) -> None:
    joystick = Joystick()
    sticks = {'radio': (roll, 1500, 1500), 'radio_received_s': 0.0}

    def hold(x: int, roll: int, commands: bool = True) -> bool:
        told = False
        for _ in range(5):
            sticks['radio'] = roll, 1500, 1500
            sticks['radio_received_s'] = joystick.now_s + PERIOD_S
            told = joystick.hold(x, 0, 500, for_s=PERIOD_S, commands=commands, **sticks) or told
        return told

    hold(x, roll, commands=False)
    assert not hold(x, roll)
    assert not hold(0, 1500)
    assert hold(0, 1900) if is_radio else hold(800, 1500)
    assert not hold(800, 1900)  # it is told once


class Air:
    """A vehicle whose packets are decoded."""

    def __init__(self, autopilot: int = 12) -> None:
        self.codec, self.now_s = MavlinkCodec(), 100.0
        self.voices = {}
        for _ in range(2):
            self.now_s += 1.0
            self.send(mavlink.MAVLink_heartbeat_message(2, autopilot, 129, 0, 4, 3), AUTOPILOT)

    def send(self, message: mavlink.MAVLink_message, sender: tuple[int, int], v1=False) -> bytes:
        voice = self.voices.setdefault(sender, mavlink.MAVLink(None, *sender))
        packet = bytes(message.pack(voice, force_mavlink1=v1))
        voice.seq = (voice.seq + 1) % 256
        self.codec.receive(packet, self.now_s)
        return packet

    @property
    def joysticks(self) -> tuple[JoystickReading, ...]:
        assert self.codec.vehicle is not None
        return self.codec.vehicle.joysticks


@given(
    st.sampled_from([3, 12]),
    st.lists(
        st.tuples(
            st.sampled_from([AUTOPILOT, STATION, (1, 240), (2, 1)]),
            st.integers(0, 3),
            *[st.one_of(axes, sixteen_bits)] * 4,
            st.integers(0, 65535),
            st.booleans(),
        ),
        max_size=8,
    ),
)
def test_every_sender_s_axes_are_read_where_they_are_for_this_vehicle(
    autopilot: int, told: list[tuple]
) -> None:
    air, expected = Air(autopilot), {}
    for sender, target, x, y, z, r, buttons, v1 in told:
        air.now_s += 1.0
        message = mavlink.MAVLink_manual_control_message(
            target, x, y, z, r, buttons, buttons2=buttons, s=x, t=y, aux1=z
        )
        air.send(message, sender, v1)
        read = tuple(one if abs(one) <= 1000 else None for one in (y, x, z))
        if target in (0, 1) and read != (None,) * 3:
            below = expected.get(sender, (0, 0, False))[2] or (read[2] or 0) < -20
            expected[sender] = air.now_s, read, below
    found = {one.sender: (one.received_s, one.axes, one.goes_below_0) for one in air.joysticks}
    assert found == expected


def test_a_copy_by_a_second_link_or_from_another_path_is_no_hand() -> None:
    air = Air()
    for sender in (AUTOPILOT, STATION):
        pulled = air.send(mavlink.MAVLink_manual_control_message(1, 900, 0, 500, 0, 0), sender)
        air.now_s += 0.3
        air.send(mavlink.MAVLink_manual_control_message(1, 0, 0, 500, 0, 0), sender)
        air.codec.receive(pulled, air.now_s)
        other = mavlink.MAVLink_manual_control_message(1, 800, 0, 500, 0, 7)
        air.codec.receive(bytes(other.pack(mavlink.MAVLink(None, *sender))), air.now_s, 'mirror')
        assert air.joysticks[-1].axes == (0, 0, 500)


def test_senders_are_bounded() -> None:
    air = Air()
    for system in range(2, 200):
        air.send(mavlink.MAVLink_manual_control_message(1, 0, 0, 500, 0, 0), (system, 190))
    assert len(air.joysticks) <= 4


class Ground:
    """A ground station on a link of its own, whose joystick the autopilot takes."""

    def __init__(self, autopilot: SimulatedAutopilot) -> None:
        self.autopilot, self.voice = autopilot, mavlink.MAVLink(None, *STATION)

    def packet(self, *axes: int) -> bytes:
        self.voice.seq = (self.voice.seq + 1) % 256
        message = mavlink.MAVLink_manual_control_message(1, *axes, 0, 0)
        return bytes(message.pack(self.voice))


@settings(max_examples=12, deadline=None)
@given(
    st.sampled_from(['px4', 'ardupilot']),
    st.sampled_from(['autopilot', 'forwarded']),
    st.sampled_from([(800, 0, 500), (0, -700, 500), (0, 0, 100), (-400, 300, 900)]),
    st.booleans(),
)
def test_in_flight_a_joystick_stops_it_and_hands_back(
    kind: str, way: str, pulled: tuple[int, ...], is_shadow: bool
) -> None:
    """By the autopilot's own stream, and by the station's message where it comes by."""
    plant = PointMass(position_enu=np.array([0.0, 0.0, 3.0]))
    autopilot = SimulatedAutopilot(plant, kind, airborne=True)
    ground, held = Ground(autopilot), [(0, 0, 500)]

    def receive() -> list[bytes]:
        packet = ground.packet(*held[-1])
        if way == 'forwarded':  # to a vehicle that ignores it
            return [*autopilot.transmit(), packet]
        autopilot.receive(packet, 1)
        return autopilot.transmit()

    link = MavlinkLink(MemoryTransport(receive, autopilot.receive), besides=(STICKS, JOYSTICK))
    link.is_shadow = is_shadow
    session = CompanionSession(link, SIMULATION_LIMITS, is_shadow, sticks=StickWatch((1, 2, 3)))
    follow_for(5.0, autopilot, link, session)
    assert session.engage(True)[0]
    follow_for(1.0, autopilot, link, session)
    assert autopilot.pilot_mode(Mode.FOLLOW) or is_shadow
    assert follow_for(3.0, autopilot, link, session) is Stage.ENGAGED
    held.append(pulled)
    stage = follow_for(3.0, autopilot, link, session)
    assert stage is (Stage.ENGAGED if is_shadow else Stage.HANDED_BACK)
    assert ('mode switch' in session.radio_refusal) is not is_shadow
    if not is_shadow:
        assert session.decision is not None
        assert session.decision.ended_as_meant
        assert np.linalg.norm(plant.truth().velocity_enu) < 0.1
    link.close()


@pytest.mark.parametrize('kind', ['px4', 'ardupilot'])
def test_the_stream_is_asked_for_where_there_is_one_and_again_after_it_was_lost(kind: str) -> None:
    plant = PointMass(position_enu=np.array([0.0, 0.0, 3.0]))
    autopilot = SimulatedAutopilot(plant, kind, airborne=True)
    asked: list[int] = []

    def send(packet: bytes) -> None:
        for message in mavlink.MAVLink(None).parse_buffer(packet) or ():
            if getattr(message, 'command', 0) == mavlink.MAV_CMD_SET_MESSAGE_INTERVAL:
                asked.append(int(message.param1))
        if autopilot.now_ns > 4e9 or asked[-1:] != [JOYSTICK.message_id]:  # the first is lost
            autopilot.receive(packet)

    link = MavlinkLink(MemoryTransport(autopilot.transmit, send), besides=(STICKS, JOYSTICK))
    for _ in range(20 * 40):
        link.poll(autopilot.now_ns / 1e9)
        autopilot.advance(12)
    assert (JOYSTICK.message_id in asked) is (kind == 'px4')
    assert asked.count(JOYSTICK.message_id) <= 2
    autopilot.radio_us = (1500, 1500, 1500, 1500)  # it tells of a radio, too
    for _ in range(20 * 3):
        link.poll(autopilot.now_ns / 1e9)
        autopilot.advance(12)
    assert link.vehicle is not None
    told = [replace(one, received_s=0.0) for one in link.vehicle.joysticks]
    none_told = [JoystickReading(AUTOPILOT, 0.0, (0, 0, 0))]
    assert told == (none_told if kind == 'px4' else [])
    link.close()
