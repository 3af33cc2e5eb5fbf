# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A second, slower way on which each packet comes again changes nothing that is known."""

import math
from dataclasses import fields, replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.flight.facts import Evidence, known
from liquid_drone.flight.guard.limits import Limits
from liquid_drone.flight.mavlink.codec import MavlinkCodec
from liquid_drone.flight.mavlink.copies import (
    ABOUT_S,
    COPIED_S,
    TIMED,
    UNTIMED,
    PacketCopies,
)
from liquid_drone.flight.mavlink.profiles import PROFILES
from liquid_drone.flight.mavlink.telemetry.decode import HANDLERS
from liquid_drone.flight.vehicle import VehicleState
from liquid_drone.sim.autopilot.personality import Mode
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.autopilot.telemetry import GOOD_ESTIMATE
from liquid_drone.sim.physics.point_mass import PointMass

STEP_S = 0.05
BEGIN_S = 2.0  # when the slower way is there
SYS_STATUS, EXTENDED_SYS_STATE = 1, 245
RECEIVED = [one.name for one in fields(VehicleState) if one.name.endswith('received_s')]


def number(packet):
    return int.from_bytes(packet[7:10], 'little')


def times_of(vehicle):
    """Return when all that has no time of its own came, batteries' own reports included."""
    packs = {f'battery {newest.number}': newest.received_s for newest, _ in vehicle.packs}
    return {name: getattr(vehicle, name) for name in RECEIVED} | packs


def without_times(vehicle):
    packs = tuple(tuple(replace(one, received_s=0.0) for one in pair) for pair in vehicle.packs)
    batteries = tuple(dict.fromkeys(one for _, one in vehicle.batteries))
    return replace(vehicle, packs=packs, batteries=batteries, **dict.fromkeys(RECEIVED, 0.0))


class Doubled:
    """An autopilot heard twice: directly, and with each packet again some time later."""

    def __init__(self, kind, late_s):
        self.autopilot = SimulatedAutopilot(PointMass(), kind, airborne=True)
        self.once, self.twice = MavlinkCodec(), MavlinkCodec()
        self.late_s, self.under_way, self.stopped = late_s, [], frozenset()
        self.differ = 0  # steps in a row

    @property
    def now_s(self):
        return self.autopilot.now_ns / 1e9

    def step(self):
        now_s = self.now_s
        for packet in self.autopilot.transmit():
            if number(packet) in self.stopped:
                continue
            for codec in (self.once, self.twice):
                codec.receive(packet, now_s)
            # the way begins with a packet that has a time: what comes before is not known as late
            if now_s > BEGIN_S and (self.under_way or number(packet) in TIMED):
                self.under_way.append((now_s + self.late_s, packet))
        while self.under_way and self.under_way[0][0] <= now_s:
            self.twice.receive(self.under_way.pop(0)[1], now_s)
        if self.once.profile is not None and now_s < 2 * STEP_S:
            for need in self.once.profile.streams:
                packet = self.once.encoder.request_stream(need.message_id, need.ask_hz)
                self.autopilot.receive(packet)
        self._compare()
        self.autopilot.advance()

    def _compare(self):
        """Nothing is fresher than without copies, and nothing other for more than two reports.

        What is the same by chance at the moment when a copy is due comes beside that copy.
        """
        once, twice = self.once.vehicle, self.twice.vehicle
        if once is None or twice is None:
            return
        times = times_of(once)
        fresher = [one - times.get(name, one) for name, one in times_of(twice).items()]
        late = [one for one in fresher if math.isfinite(one) and abs(one) > ABOUT_S]
        assert max(late, default=0.0) <= 0.0
        is_same = without_times(twice) == without_times(once)
        self.differ = 0 if is_same and not late else self.differ + 1
        assert self.differ * STEP_S <= 2.1


def _mode(doubled):
    doubled.autopilot.change_mode(doubled.autopilot.kind.custom_modes[Mode.HOLD])


def _ours(doubled):
    doubled.autopilot.state = replace(doubled.autopilot.state, mode=Mode.FOLLOW)


def _landed(doubled):
    doubled.autopilot.state = replace(doubled.autopilot.state, landed=True)


def _battery(doubled):
    doubled.autopilot.battery = 0.1


def _estimator(doubled):
    bad = GOOD_ESTIMATE & ~mavlink.ESTIMATOR_POS_HORIZ_ABS
    doubled.autopilot.errors = replace(doubled.autopilot.errors, estimator_flags=bad)


def _silent(doubled):
    doubled.stopped = frozenset({SYS_STATUS, EXTENDED_SYS_STATE})


HAPPENINGS = [_mode, _ours, _landed, _battery, _estimator, _silent]


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(['px4', 'ardupilot']),
    st.one_of(st.just(0.0), st.floats(0.05, 14.0)),
    st.lists(st.tuples(st.integers(1, 80), st.sampled_from(HAPPENINGS)), min_size=1, max_size=5),
)
@example('px4', 1.75, [(1, _mode), (1, _ours), (19, _mode), (60, _ours)])  # a number comes again
@example('px4', 4.5, [(1, _mode)])  # a battery's report beside a copy of one before
def test_what_comes_again_later_is_as_if_it_had_not_come(kind, late_s, story):
    """Two modems behind one router, the second up to 10 s behind (mavlink-router 457)."""
    doubled = Doubled(kind, late_s)
    while doubled.now_s < BEGIN_S + 1.0:
        doubled.step()
    for steps, happens in story:
        for _ in range(steps):
            doubled.step()
        happens(doubled)
    for _ in range(round((late_s + 6.0) / STEP_S)):
        doubled.step()
    assert doubled.differ * STEP_S < 1.1


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(['px4', 'ardupilot']), st.sampled_from([0, 1, 64, 85, 128, 251, 255]))
def test_packets_that_are_the_same_by_chance_are_all_new(kind, pace):
    """Senders that count no packets (Tower 578), or whose numbers return with each report."""
    autopilot, codec, now_s = SimulatedAutopilot(PointMass(), kind, airborne=True), None, 0.0
    sender, codec = mavlink.MAVLink(None, 1, 1), MavlinkCodec()
    reader = mavlink.MAVLink(None)
    for step in range(400):
        now_s = autopilot.now_ns / 1e9
        for message in reader.parse_buffer(b''.join(autopilot.transmit())) or []:
            codec.receive(message.pack(sender), now_s)
        sender.seq = (sender.seq + pace) % 256
        if codec.profile is not None:
            autopilot.receive(codec.ask_clock(now_s))
        if step == 3:
            for need in codec.profile.streams:
                autopilot.receive(codec.encoder.request_stream(need.message_id, need.ask_hz))
        autopilot.advance()
        if step > 200:
            facts = known(Evidence(now_s, codec.vehicle), Limits(battery_cells=4.0))
            assert [fact.sentence for fact in facts if not fact.is_good] == []


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(['px4', 'ardupilot']),
    st.sampled_from([0, 1, 32, 51, 64, 85, 128, 255]),
    st.sampled_from([0.2, 0.5, 1.0]),
    st.floats(0.5, 40.0),
)
def test_our_mode_comes_back_from_a_sender_whose_numbers_return(kind, pace, every_s, away_s):
    """After a takeover, and as soon as no heartbeat of before it can be under way any more."""
    profile, codec, now_s, began_s = PROFILES[kind], MavlinkCodec(), 0.0, 5.0
    sender = mavlink.MAVLink(None, 1, 1)
    while now_s < began_s + away_s + COPIED_S + 3.0:
        is_away = began_s <= now_s < began_s + away_s
        mode = profile.hold_mode if is_away else profile.follow_mode
        heartbeat = mavlink.MAVLink_heartbeat_message(2, profile.autopilot, 129, mode, 4, 3)
        codec.receive(heartbeat.pack(sender), now_s)
        sender.seq = (sender.seq + pace) % 256
        if is_away and now_s > began_s + 2.0 * every_s:
            assert not codec.vehicle.mode_is_ours
        now_s += every_s
    assert codec.vehicle.mode_is_ours
    assert now_s - codec.vehicle.heartbeat_received_s < 3.0


def test_every_message_that_is_read_has_a_time_or_has_none():
    kinds = {kind.msgname: kind for kind in mavlink.mavlink_map.values()}
    for name in set(HANDLERS) - {'STATUSTEXT', 'TIMESYNC'}:
        fields, ident = kinds[name].fieldnames, kinds[name].id
        has_time = {'time_boot_ms', 'time_usec'} & set(fields) and name != 'HOME_POSITION'
        assert ident in (TIMED if has_time else UNTIMED)


@given(st.lists(st.tuples(st.integers(0, 300), st.floats(0.0, 0.1)), max_size=400))
def test_it_remembers_a_bounded_number_of_packets(packets):
    copies, now_s = PacketCopies(), 0.0
    for packet, passed_s in packets:
        now_s += passed_s
        copies.take(30, packet.to_bytes(2, 'big'), now_s)
    assert sum(map(len, copies._arrivals.values())) <= len(packets)


@pytest.mark.parametrize('late_s', [0.0, 3.0, 20.0])
def test_a_packet_with_a_time_comes_twice_only_as_a_copy(late_s):
    copies = PacketCopies()
    copies.take(30, b'attitude', 10.0)
    assert copies.is_copy(30, b'attitude', 10.0 + late_s) is (late_s < 15.0)
    assert not copies.is_copy(30, b'another', 10.0 + late_s)
