# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How fast a ground station lets the vehicle fly is how fast it is commanded to fly."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink
from radio_flight import follow_for

from liquid_drone.flight.companion_session import CompanionSession
from liquid_drone.flight.engagement import Stage
from liquid_drone.flight.guard.limits import Limits
from liquid_drone.flight.mavlink.codec import MavlinkCodec
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport
from liquid_drone.flight.reason import Reason
from liquid_drone.sim.autopilot.personality import Mode
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass

VEHICLE, OURS, LOITER = 1, 4, 5
CHANGE_SPEED = mavlink.MAV_CMD_DO_CHANGE_SPEED


def told(target: tuple[int, int], kind: float, m_s: float, as_int: bool) -> bytes:
    """Encode DO_CHANGE_SPEED of a ground station."""
    if as_int:
        args = *target, 6, CHANGE_SPEED, 0, 0, kind, m_s, -1.0, 0.0, 0, 0, 0.0
        message = mavlink.MAVLink_command_int_message(*args)
    else:
        args = *target, CHANGE_SPEED, 0, kind, m_s, -1.0, *[0.0] * 4
        message = mavlink.MAVLink_command_long_message(*args)
    return bytes(message.pack(mavlink.MAVLink(None, 255, 190)))


def heartbeat(mode: int, number: int) -> bytes:
    sender = mavlink.MAVLink(None, VEHICLE, 1)
    sender.seq = number % 256
    return bytes(mavlink.MAVLink_heartbeat_message(2, 3, 209, mode, 4, 3).pack(sender))


numbers = st.sampled_from([-2.0, -1.0, 0.0, math.nan, math.inf]) | st.floats(
    0.0625, 50.0, width=32
)
targets = st.tuples(st.sampled_from([0, VEHICLE, 2]), st.sampled_from([0, 1, 191]))
words = st.tuples(targets, st.integers(-1, 4), numbers, st.booleans(), st.booleans())


@settings(max_examples=150, deadline=None)
@given(st.lists(words, max_size=8))
def test_the_last_speed_told_in_our_mode_counts(
    words: list[tuple[tuple[int, int], int, float, bool, bool]],
) -> None:
    codec, across, climb = MavlinkCodec(), math.inf, math.inf
    for number in range(2):
        codec.receive(heartbeat(OURS, number), 1.0 * number)
    for number, (target, kind, m_s, as_int, leaves) in enumerate(words, start=2):
        codec.receive(told(target, kind, m_s, as_int), 1.0 * number)
        is_for_it = target[0] in (0, VEHICLE) and target[1] in (0, 1)
        is_number = m_s == -2.0 or (m_s > 0.0 and math.isfinite(m_s))
        if is_for_it and is_number and 0 <= kind <= 3:
            value = math.inf if m_s == -2.0 else m_s
            across, climb = (value, climb) if kind < 2 else (across, value)
        if leaves:  # as it begins a mode, an ArduCopter takes its own speeds
            codec.receive(heartbeat(LOITER, 2 * number), 1.0 * number)
            across = climb = math.inf
        assert codec.vehicle is not None
        assert (codec.vehicle.told_speed_m_s, codec.vehicle.told_climb_m_s) == (across, climb)
        codec.receive(heartbeat(OURS, 2 * number + 1), 1.0 * number + 0.5)


class SlowedAutopilot:
    """An ArduCopter that flies no faster than it was told to."""

    def __init__(self) -> None:
        self.plant = PointMass(position_enu=np.array([0.0, 0.0, 3.0]))
        self.simulated = SimulatedAutopilot(self.plant, 'ardupilot', airborne=True)
        self.most_m_s, self.also, self.asked_m_s = math.inf, list[bytes](), 0.0

    def transmit(self) -> list[bytes]:
        packets = [*self.simulated.transmit(), *self.also]
        self.also.clear()
        return packets

    def receive(self, data: bytes) -> None:
        if data[7:10] == bytes([84, 0, 0]):
            message = mavlink.MAVLink(None).parse_buffer(data)[0]
            self.asked_m_s = math.hypot(message.vx, message.vy)
            share = min(1.0, self.most_m_s / max(self.asked_m_s, 1e-9))
            message.vx, message.vy = message.vx * share, message.vy * share
            sender = mavlink.MAVLink(None, message.get_srcSystem(), message.get_srcComponent())
            sender.seq = message.get_seq()
            data = bytes(message.pack(sender))
        self.simulated.receive(data)


@pytest.mark.parametrize('most_m_s', [0.1, 0.4, 5.0])
@pytest.mark.parametrize('kind', [0, 1])
def test_a_vehicle_that_a_station_slows_down_is_followed_with_slowly(
    most_m_s: float, kind: int
) -> None:
    """It was commanded on at full speed, and let go of as one that is stuck."""
    autopilot = SlowedAutopilot()
    link = MavlinkLink(MemoryTransport(autopilot.transmit, autopilot.receive))
    session = CompanionSession(link, Limits(battery_cells=4.0, fence_radius_m=100.0))

    def fly(for_s: float) -> Stage:
        return follow_for(for_s, autopilot.simulated, link, session)

    fly(5.0)
    assert session.engage(True)[0]
    fly(1.0)
    assert autopilot.simulated.pilot_mode(Mode.FOLLOW)
    assert fly(3.0) is Stage.ENGAGED
    assert autopilot.asked_m_s == pytest.approx(0.8)
    autopilot.most_m_s = most_m_s
    autopilot.also.append(told((VEHICLE, 1), kind, most_m_s, as_int=False))
    assert fly(8.0) is Stage.ENGAGED
    assert autopilot.asked_m_s == pytest.approx(min(most_m_s, 0.8))
    assert session.decision is not None
    assert session.decision.reason is (Reason.LIMITED if most_m_s < 0.8 else Reason.FOLLOWING)
    autopilot.most_m_s = math.inf
    autopilot.also.append(told((VEHICLE, 1), kind, -2.0, as_int=False))
    fly(5.0)
    assert autopilot.asked_m_s == pytest.approx(0.8)
    link.close()
