# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The pilot's hand on the sticks is a word to stop, where the autopilot makes nothing of it."""

import numpy as np
import pytest
import vehicles
from hypothesis import given
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink
from radio_flight import follow_for

from liquid_drone.flight.companion_session import CompanionSession
from liquid_drone.flight.engagement import Stage
from liquid_drone.flight.guard.limits import SIMULATION_LIMITS
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.profiles import RADIO, STICKS
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport
from liquid_drone.flight.pilot.sticks import StickWatch
from liquid_drone.sim.autopilot.personality import Mode
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass


class Stick:
    """A watch of two sticks, told 5 times a second, while the companion commands."""

    def __init__(self) -> None:
        self.watch, self.now_s, self.told = StickWatch((1, 2)), 0.0, 0

    def hold(
        self, roll: int, pitch: int, for_s: float, commands: bool = True, every_s: float = 0.2
    ) -> bool:
        told = False
        for _ in range(max(1, round(for_s / every_s))):
            self.now_s += every_s
            vehicle = vehicles.known(
                self.now_s, radio=(roll, pitch, 1500, 1500), radio_received_s=self.now_s
            )
            told = self.watch.take(self.now_s, vehicle, commands) or told
        self.told += told
        return told


sticks = st.integers(1000, 2000)


@given(
    sticks, sticks, st.lists(st.tuples(sticks, sticks), max_size=6), st.sampled_from([0.1, 0.2])
)
def test_a_stick_that_the_pilot_moves_calls_off_once(
    roll: int, pitch: int, then: list[tuple[int, int]], every_s: float
) -> None:
    """The natural response to a drone that flies at something (ArduPilot 6391, dronekit 701)."""
    stick, rests, is_due = Stick(), [roll, pitch], False
    assert not stick.hold(roll, pitch, 1.0, commands=False, every_s=every_s)
    for moved in then:
        rests = [1500 if abs(old - 1500) < 150 else old for old in rests]
        is_away = any(
            abs(new - 1500) >= 150 and abs(new - old) >= 150
            for new, old in zip(moved, rests, strict=True)
        )
        rests = [
            1500 if abs(new - 1500) < 150 else old for new, old in zip(moved, rests, strict=True)
        ]
        assert stick.hold(*moved, 1.0, every_s=every_s) is (is_away and not is_due)
        is_due = is_due or is_away
    assert stick.told == is_due


def test_a_stick_held_since_before_or_on_its_way_back_is_no_word() -> None:
    stick = Stick()
    stick.hold(1500, 1300, 1.0, commands=False)  # flies ahead by hand, and flips the switch
    assert not stick.hold(1500, 1300, 2.0)
    assert not stick.hold(1500, 1420, 0.2)
    assert not stick.hold(1500, 1500, 5.0)
    assert stick.hold(1500, 1300, 0.6)


@given(
    st.sampled_from([0, 65535, 700, 974, 2300]),
    st.sampled_from(['gap', 'value', 'sick', 'short']),
)
def test_a_radio_that_is_lost_moves_no_stick(value: int, how: str) -> None:
    stick = Stick()
    stick.hold(1500, 1500, 1.0, commands=False)
    told = []
    for _ in range(20):
        stick.now_s += 0.2
        radio = {
            'gap': (1900, 1900),
            'value': (value, 1500),
            'sick': (1900, 1900, 1500, 1500),
            'short': (1900,),
        }[how]
        received_s = stick.now_s - 2.0 if how == 'gap' else stick.now_s
        vehicle = vehicles.known(
            stick.now_s, radio=radio, radio_received_s=received_s, radio_is_healthy=how != 'sick'
        )
        told.append(stick.watch.take(stick.now_s, vehicle, commands=True))
    assert not any(told)
    assert not stick.hold(1500, 1500, 1.0)  # found again
    assert stick.hold(1900, 1500, 1.0)


def test_one_odd_reading_is_no_hand_on_a_stick() -> None:
    stick = Stick()
    stick.hold(1500, 1500, 1.0, commands=False)
    for _ in range(5):
        assert not stick.hold(1900, 1500, 0.2)
        assert not stick.hold(1500, 1500, 1.0)


@pytest.mark.parametrize('channels', [(1, 1), (0, 2), (1, 19), ()])
def test_sticks_are_channels_of_a_radio(channels: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match='channels of 1 to 18'):
        StickWatch(channels)


def counted(packet: bytes, count: int) -> bytes:
    """Return RC_CHANNELS with another number of channels; any other packet as it is."""
    message = mavlink.MAVLink(None).parse_buffer(packet)[0]
    if message.get_type() != 'RC_CHANNELS':
        return packet
    sender = mavlink.MAVLink(None, message.get_srcSystem(), message.get_srcComponent())
    sender.seq, message.chancount = message.get_seq(), count
    return bytes(message.pack(sender))


@pytest.mark.parametrize('kind', ['px4', 'ardupilot'])
@pytest.mark.parametrize('shadow', [False, True])
@pytest.mark.parametrize(('channel', 'count'), [(1, 8), (2, 8), (3, 8), (2, 0), (3, 1)])
def test_in_flight_sticks_stop_it_and_hand_back(
    kind: str, shadow: bool, channel: int, count: int
) -> None:
    """Of a joystick, too, whose channels an ArduPilot without a receiver counts as none.

    A PX4 ignores them in OFFBOARD as it comes (COM_RC_OVERRIDE 1; PX4 13618, 18629, 3682).
    """
    plant = PointMass(position_enu=np.array([0.0, 0.0, 3.0]))
    autopilot = SimulatedAutopilot(plant, kind, airborne=True)

    def receive() -> list[bytes]:
        return [counted(packet, count) for packet in autopilot.transmit()]

    need = STICKS if kind == 'ardupilot' else RADIO  # a real PX4 sends it unasked, at 20 Hz
    link = MavlinkLink(MemoryTransport(receive, autopilot.receive), besides=(need,))
    link.is_shadow = shadow
    session = CompanionSession(link, SIMULATION_LIMITS, shadow, sticks=StickWatch((1, 2, 3)))

    def fly(moved: int, for_s: float) -> Stage:
        autopilot.radio_us = tuple(moved if one == channel else 1500 for one in range(1, 9))
        return follow_for(for_s, autopilot, link, session)

    fly(1500, 5.0)
    assert session.engage(True)[0]
    fly(1500, 1.0)
    assert autopilot.pilot_mode(Mode.FOLLOW) or shadow
    assert fly(1500, 3.0) is Stage.ENGAGED
    is_obeyed = not shadow
    assert fly(1200, 3.0) is (Stage.HANDED_BACK if is_obeyed else Stage.ENGAGED)
    assert ('mode switch' in session.radio_refusal) is is_obeyed
    if is_obeyed:
        assert session.decision is not None
        assert session.decision.ended_as_meant
        assert fly(1500, 4.0) is Stage.HANDED_BACK
        assert np.linalg.norm(plant.truth().velocity_enu) < 0.1
    link.close()
