# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Streams are asked for, and asked for again; what still does not come is known by its rate."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.profiles import PROFILES
from liquid_drone.flight.mavlink.streams import (
    LONGEST_BACK_OFF_S,
    SELDOM_S,
    WATCH_S,
    StreamKeeper,
    StreamNeed,
)
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport
from liquid_drone.sim.autopilot.link_faults import FaultyWire, LinkFaults
from liquid_drone.sim.autopilot.personality import personality
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass

KINDS = ('px4', 'ardupilot')
REQUESTS = {
    mavlink.MAV_CMD_SET_MESSAGE_INTERVAL: 'interval',
    mavlink.MAV_CMD_REQUEST_MESSAGE: 'once',
}


class Port:
    """A link to a simulated autopilot, with a way up that loses packets."""

    def __init__(self, kind='ardupilot', loss=0.0, **changes):
        self.autopilot = SimulatedAutopilot(PointMass(), replace(personality(kind), **changes))
        self.up = FaultyWire(np.random.default_rng(3), LinkFaults(loss=loss))
        self.asked = []
        self.link = MavlinkLink(MemoryTransport(self.autopilot.transmit, self._deliver))
        self._decoder = mavlink.MAVLink(None)

    def _deliver(self, data):
        for message in self._decoder.parse_buffer(data):
            if message.get_type() == 'REQUEST_DATA_STREAM':
                self.asked.append('group')
            elif message.get_type() == 'COMMAND_LONG' and message.param1 != 0.0:
                self.asked.append(REQUESTS[message.command])
        for packet in self.up.carry([data]):
            self.autopilot.receive(packet)

    @property
    def now_s(self):
        return self.autopilot.now_ns / 1e9

    def run(self, seconds):
        for _ in range(round(seconds * 20)):
            self.link.poll(self.now_s)
            self.autopilot.advance()
        self.link.poll(self.now_s)
        return self

    @property
    def rates(self):
        return {rate.need.name: rate for rate in self.link.report.rates}

    @property
    def is_good(self):
        return bool(self.rates) and all(rate.is_enough for rate in self.rates.values())


@pytest.mark.parametrize('kind', KINDS)
def test_on_a_good_port_all_streams_come_and_nobody_is_bothered(kind):
    port = Port(kind).run(20.0)
    assert port.is_good
    assert port.rates['LOCAL_POSITION_NED'].rate_hz == pytest.approx(20.0, abs=1.0)
    by_itself = PROFILES[kind].streams_by_itself  # then only for what it may not have
    assert len(port.asked) == (3 if by_itself else len(port.rates))


@settings(max_examples=8, deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 2**32), st.floats(0.0, 0.6))
@example('px4', 2842008, 0.5)  # good for a while by single messages, then asked for again
def test_lost_requests_are_repeated_until_the_streams_come_and_stay(kind, seed, loss):
    port = Port(kind, loss, streams_hz={})
    port.up = FaultyWire(np.random.default_rng(seed), LinkFaults(loss=loss))
    good_s = 0
    for _ in range(400):
        good_s = good_s + 1 if port.run(1.0).is_good else 0
        if good_s == 40:
            break
    assert good_s == 40
    port.up = FaultyWire(np.random.default_rng(seed), LinkFaults(loss=1.0))  # all is granted now
    port.run(60.0)
    assert port.is_good


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('rates', [{}, {32: 1.0, 30: 1.0}, {24: 1.0, 74: 4.0}], ids=str)
def test_another_program_that_resets_the_rates_is_answered_within_seconds(kind, rates):
    port = Port(kind).run(10.0)
    for _ in range(3):
        port.autopilot.channel().reset_rates(rates)
        port.run(4.0)
        flown_on = [rate for rate in port.rates.values() if rate.need.is_flown_on]
        assert all(rate.is_enough for rate in flown_on)
        port.run(12.0)
        assert port.is_good


@settings(max_examples=12, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.sets(st.sampled_from([32, 30, 1, 245]), min_size=1),
    st.integers(0, 20),
)
def test_streams_that_fall_silent_in_flight_are_back_before_flight_has_to_stop(
    kind, messages, late
):
    port = Port(kind).run(6.0 + 0.05 * late)
    fast = messages & {32, 30}
    port.autopilot.channel().reset_rates(dict.fromkeys({32, 30, 1, 245, 193} - messages, 20.0))
    oldest_s = 0.0
    for _ in range(60):
        port.run(0.05)
        oldest_s = max(oldest_s, port.link.vehicle.estimate_age_s(port.now_s))
    assert oldest_s < (0.9 if fast else 0.2)  # flight stops at 1.0
    port.run(6.0)
    assert port.is_good


def test_px4_at_one_hertz_on_a_telemetry_port_is_brought_to_the_needed_rate():
    port = Port('px4', streams_hz={32: 1.0, 30: 1.0, 1: 1.0, 245: 1.0})
    port.run(2.0)
    assert port.rates['LOCAL_POSITION_NED'].rate_hz <= 1.5
    port.run(4.0)
    assert port.rates['LOCAL_POSITION_NED'].rate_hz == pytest.approx(20.0, abs=1.0)
    assert port.rates['LOCAL_POSITION_NED'].answer == 'accepted'


@pytest.mark.parametrize('kind', KINDS)
def test_a_port_that_cannot_deliver_is_known_by_its_rates_and_asked_ever_more_seldom(kind):
    port = Port(kind)
    port.autopilot.channel().bytes_per_s = 120.0  # 1200 baud
    port.run(60.0)
    position = port.rates['LOCAL_POSITION_NED']
    assert not position.is_enough
    assert position.rate_hz < 4.0
    before = position.asked
    port.run(60.0)
    again = port.rates['LOCAL_POSITION_NED'].asked - before
    assert 1 <= again <= 60.0 / LONGEST_BACK_OFF_S + 1
    assert 'LOCAL_POSITION_NED' in str(position)


def test_firmware_that_knows_no_intervals_is_asked_for_its_groups():
    port = Port('ardupilot', has_message_intervals=False).run(30.0)
    assert port.is_good
    assert 'group' in port.asked
    assert port.rates['LOCAL_POSITION_NED'].answer == 'unsupported'


@pytest.mark.parametrize('kind', KINDS)
def test_streams_and_groups_are_named_as_the_dialect_has_them(kind):
    profile = PROFILES[kind]
    for need in profile.streams:
        assert mavlink.mavlink_map[need.message_id].msgname == need.name
        assert need.ask_hz >= 2.0 * need.need_hz
    groups = {
        mavlink.MAV_DATA_STREAM_EXTENDED_STATUS,
        mavlink.MAV_DATA_STREAM_RC_CHANNELS,
        mavlink.MAV_DATA_STREAM_POSITION,
        mavlink.MAV_DATA_STREAM_EXTRA1,
        mavlink.MAV_DATA_STREAM_EXTRA3,
    }
    assert set(profile.stream_groups.values()) <= groups


def test_a_message_that_is_sent_once_is_asked_for_once_more_when_it_is_missing():
    home = StreamNeed('HOME_POSITION', mavlink.MAVLINK_MSG_ID_HOME_POSITION, 1.0, 0.2)
    keeper = StreamKeeper([home])
    asked = [request.kind.name for step in range(200) for request in keeper.due(step * 0.05)]
    assert asked.count('ONCE') >= 2
    assert asked.count('INTERVAL') == asked.count('ONCE') + 1


@given(st.lists(st.tuples(st.floats(-5.0, 5.0), st.integers(0, 400), st.integers(-1, 6))))
def test_any_arrivals_answers_and_clocks_are_survived_and_requests_stay_few(events):
    keeper = StreamKeeper(PROFILES['ardupilot'].streams, False, {32: 6})
    now_s, asked = 0.0, 0
    for wait_s, message_id, result in events:
        now_s += wait_s
        keeper.heard(message_id, now_s)
        keeper.acknowledged(511, result)
        asked += len(keeper.due(now_s))
        assert all(rate.rate_hz >= 0.0 for rate in keeper.rates(now_s))
    assert asked <= (len(events) + 1) * len(PROFILES['ardupilot'].streams)


@settings(max_examples=30)
@given(st.booleans(), st.integers(0, 40), st.integers(5, 20))
def test_what_only_some_vehicles_have_is_asked_for_seldom_and_sooner_where_it_came(
    by_itself, came, silent_s
):
    """A sensor that looks down, a gimbal (mavros 745; ArduPilot 4750)."""
    need = StreamNeed('DISTANCE_SENSOR', 132, 4.0, 2.0, is_extra=True, is_optional=True)
    keeper, asked, begins_s = StreamKeeper([need], by_itself), [], 70.0
    end_s = begins_s + 0.25 * came
    for number in range(4 * (85 + silent_s)):
        now_s = 0.25 * number
        asked += [now_s for _ in keeper.due(now_s)]
        if begins_s <= now_s < end_s:
            keeper.heard(132, now_s)
    first_s = WATCH_S if by_itself else 0.0  # the first request may be lost, or undone
    assert [one for one in asked if one < 70.0] == [first_s + SELDOM_S * k for k in range(3)]
    assert bool([one for one in asked if end_s <= one < 85.0 + silent_s]) is (
        came > 0 or 85.0 + silent_s > first_s + 3 * SELDOM_S
    )
    (rate,) = keeper.rates(0.25 * number)
    assert rate.is_enough is (came == 0)


@settings(max_examples=8, deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 2**32), st.floats(0.1, 0.6))
def test_a_lost_request_leaves_no_sensor_unread(kind, seed, loss):
    """What an autopilot sends only if it is asked is there after some tries, whatever was lost."""
    port = Port(kind, streams_hz={})
    need = StreamNeed('RC_CHANNELS', 65, 5.0, 2.0, is_extra=True, is_optional=True)
    wire = MemoryTransport(port.autopilot.transmit, port._deliver)
    port.link = MavlinkLink(wire, besides=(need,))
    port.up = FaultyWire(np.random.default_rng(seed), LinkFaults(loss=loss))
    for _ in range(40):
        if port.run(15.0).rates['RC_CHANNELS'].rate_hz > 2.0:
            return
    raise AssertionError('it never came')
