# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A link on which everything goes wrong: no exception, nothing outside limits, and recovery."""

import contextlib
import math

import numpy as np
import pytest
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.bench import endurance
from liquid_drone.bench.endurance import EnduranceFlight
from liquid_drone.bench.endurance_checker import Checker, Figures
from liquid_drone.flight.companion import Companion
from liquid_drone.flight.engagement import Stage
from liquid_drone.flight.guard.limits import Limits, Sighting
from liquid_drone.flight.guard.state import Proposal
from liquid_drone.flight.mavlink.codec import MavlinkCodec
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.telemetry.decode import HANDLERS
from liquid_drone.sim.autopilot.link_faults import (
    FaultyWire,
    LinkFaults,
    UdpProxy,
)
from liquid_drone.sim.autopilot.personality import Mode
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.autopilot.udp import UdpEndpoint
from liquid_drone.sim.physics.point_mass import PointMass

FUZZED_BYTES = 1_000_000
HEARTBEAT = mavlink.MAVLink_heartbeat_message(2, 12, 129, 393216, 4, 3)


class Quiet(EnduranceFlight):
    """A flight in which only that goes wrong which the test says."""

    def __init__(self, kind, folder):
        self.broken = Figures()
        super().__init__(kind, np.random.default_rng(4), folder, self.broken)
        self._next_fault_s = math.inf

    def live(self, seconds, *faults):
        self.active = dict.fromkeys(faults, self.now_s + seconds)
        for _ in range(round(seconds / endurance.STEP_S)):
            self.step()
        return self

    @property
    def stage(self):
        return self.session.stage


@pytest.fixture(params=['px4', 'ardupilot'])
def flight(request, tmp_path):
    made = Quiet(request.param, tmp_path)
    with contextlib.closing(made):
        made.live(6.0)
        assert made.stage is Stage.ENGAGED
        yield made
    assert made.broken.violations == []


@pytest.mark.parametrize(
    'faults',
    [
        LinkFaults(loss=0.3),
        LinkFaults(double=0.5),
        LinkFaults(late=0.3),
        LinkFaults(damaged=0.3),
        LinkFaults(junk=0.5),
        LinkFaults(loss=0.1, double=0.1, late=0.1, damaged=0.1, junk=0.2),
    ],
    ids=lambda faults: str({k: v for k, v in vars(faults).items() if v}),
)
def test_a_bad_radio_does_not_end_the_flight(flight, faults, monkeypatch):
    monkeypatch.setitem(endurance.RADIO_FAULTS, 'bad radio', faults)
    flight.live(12.0, 'bad radio')
    assert flight.stage is Stage.ENGAGED
    assert flight.broken.hand_backs == {}


def test_after_two_seconds_of_blackout_it_stands_and_then_flies_again(flight):
    flight.live(2.0, 'blackout')
    assert (
        flight.session.decision.setpoint is None
        or max(flight.session.decision.setpoint.as_tuple()) < 0.05
    )
    flight.live(1.0)
    assert flight.broken.longest_deaf_s < 1.1
    flight.live(12.0)
    assert flight.stage is Stage.ENGAGED


@pytest.mark.parametrize('fault', ['mirrored path', 'cut datagrams', 'requests lost'])
def test_what_routers_and_bridges_do_does_not_end_the_flight(flight, fault):
    flight.live(12.0, fault)
    assert flight.stage is Stage.ENGAGED
    assert flight.broken.hand_backs == {}
    assert flight.broken.longest_deaf_s < 1.1


@pytest.mark.parametrize('fault', ['network gone', 'streams reset', 'slow port'])
def test_what_takes_telemetry_away_stops_it_and_it_flies_again_afterwards(flight, fault):
    flight.live(4.0, fault)
    flight.rng = np.random.default_rng(0)
    flight.live(14.0)
    assert flight.stage is Stage.ENGAGED
    assert flight.broken.longest_slow_s < 10.0


def test_another_vehicle_on_the_same_port_changes_nothing(flight):
    flight.live(10.0, 'another vehicle')
    assert flight.stage is Stage.ENGAGED
    assert flight.link.vehicle.system_id == 1
    assert flight.broken.hand_backs == {}
    assert flight.stranger.setpoint is None


def test_an_autopilot_that_restarts_is_flown_again_by_a_human_only(flight, monkeypatch):
    """Each engagement afterwards had a human, also where the firmware's failsafe ended one."""
    flight.live(4.0, 'autopilot restarts')
    assert flight.stage in (Stage.HANDED_BACK, Stage.READY)
    engagements, engage, presses = flight.broken.engagements, flight.session.engage, []

    def press(on):
        answer = engage(on)
        presses.append(on and answer[0])
        return answer

    waiting = flight.stage is Stage.READY
    monkeypatch.setattr(flight.session, 'engage', press)
    flight.rng = np.random.default_rng(0)
    flight.live(12.0)
    assert flight.stage is Stage.ENGAGED
    assert 1 <= flight.broken.engagements - engagements <= sum(presses) + waiting


def test_a_wire_does_what_it_says():
    rng = np.random.default_rng(1)
    packets = [bytes([number % 256] * 30) for number in range(4000)]
    for name in ('loss', 'double', 'late', 'damaged', 'junk'):
        arrived = FaultyWire(rng, LinkFaults(**{name: 0.25})).carry(packets)
        unharmed = len(set(packets) & set(arrived)) == 256
        assert unharmed
        count = {'loss': 3000, 'double': 5000, 'junk': 5000}.get(name, 4000)
        assert len(arrived) == pytest.approx(count, abs=120)
        changed = sum(packet not in packets for packet in arrived)
        expected = 1000 if name in ('damaged', 'junk') else 0
        assert changed == pytest.approx(expected, abs=120)
        in_order = [packet for packet in arrived if packet in packets] == packets
        assert in_order is (name == 'junk')
    assert FaultyWire(rng, LinkFaults(dead=True)).carry(packets) == []


def test_through_a_lossy_proxy_on_udp_it_engages_and_flies():
    rng = np.random.default_rng(2)
    plant = PointMass(position_enu=np.array([0.0, 0.0, 4.0]))
    autopilot = SimulatedAutopilot(plant, airborne=True)
    figures, companion, stages = Figures(), None, set()
    checker = Checker(Limits(), figures)
    faults = LinkFaults(loss=0.3, double=0.1, late=0.1, damaged=0.1, junk=0.2)
    with MavlinkLink.open('udpin:127.0.0.1:0') as link:
        here = ('127.0.0.1', link.transport.port)
        with UdpProxy(here, rng) as proxy, UdpEndpoint(autopilot, [proxy.address]) as endpoint:
            proxy.to_companion.faults = proxy.to_vehicle.faults = faults
            for step in range(400):
                now_s = 1.0 + step * 0.05
                endpoint.flush()
                proxy.poll()
                if link.poll(now_s) is not None:
                    companion = companion or Companion(link.profile)
                    decision = companion_step(companion, link, now_s)
                    stages.add(decision.stage)
                    if decision.setpoint is not None:
                        packet = link._codec.encoder.setpoint(decision.setpoint, step * 50)
                        checker.look([packet], now_s, decision, True)
                if Stage.READY in stages:
                    autopilot.pilot_mode(Mode.FOLLOW)
                proxy.poll()
                endpoint.poll()
                autopilot.advance()
    assert Stage.ENGAGED in stages
    assert figures.violations == []
    assert plant.position_enu[0] > 2.0  # it flew


def companion_step(companion, link, now_s):
    companion.see(Sighting(now_s, 0.0))
    decision = companion.step(now_s, link.vehicle, Proposal(now_s, (0.5, 0.0, 0.0, 0.0)))
    if decision.stage in (Stage.STANDBY, Stage.HANDED_BACK):
        companion.engage(True)
    if decision.reset_policy:
        companion.policy_was_reset()
    if decision.setpoint is not None:
        link.send_setpoint(decision.setpoint, round(now_s * 1000))
    return decision


def junk(rng):
    return rng.bytes(int(rng.integers(1, 300)))


def damaged(rng):
    """Return a good packet in which a few bytes are others."""
    packet = bytearray(HEARTBEAT.pack(mavlink.MAVLink(None, 1, 1)))
    for _ in range(int(rng.integers(1, 6))):
        packet[int(rng.integers(len(packet)))] = int(rng.integers(256))
    return bytes(packet)


KINDS = [kind for kind in mavlink.mavlink_map.values() if kind.msgname in HANDLERS]
NUMBERS = [0.0, -1.0, 1e30, -3e38, math.nan, math.inf, -math.inf]


def impossible(of_type, rng):
    """Return any value of a field's type."""
    if of_type == 'float':
        return NUMBERS[int(rng.integers(len(NUMBERS)))]
    bits = 8 * int(''.join(filter(str.isdigit, of_type))) // 8
    low = -(2 ** (bits - 1)) if of_type.startswith('int') else 0
    return int(rng.integers(low, low + 2 ** min(bits, 62)))


def nonsense(rng):
    """Return a packet from the vehicle itself with a good checksum and impossible numbers."""
    kind = KINDS[int(rng.integers(len(KINDS)))]
    by_name = {}
    for name, length in zip(kind.ordered_fieldnames, kind.array_lengths, strict=True):
        of_type = kind.fieldtypes[kind.fieldnames.index(name)]
        if of_type == 'char':
            by_name[name] = rng.bytes(20)
        elif length:
            by_name[name] = [impossible(of_type, rng) for _ in range(length)]
        else:
            by_name[name] = impossible(of_type, rng)
    if kind.msgname == 'HEARTBEAT':
        by_name.update(type=2, custom_mode=393216, base_mode=129)
    return kind(**by_name).pack(mavlink.MAVLink(None, 1, 1))


def fuzz(make, size):
    """Feed a codec and a companion in flight with ``size`` bytes; return the codec."""
    rng, codec = np.random.default_rng(9), MavlinkCodec()
    codec.receive(HEARTBEAT.pack(mavlink.MAVLink(None, 1, 1)), 0.0)
    companion, now_s, fed, largest = Companion(codec.profile), 0.0, 0, 0
    while fed < size:
        now_s += 0.01
        packet = make(rng)
        fed += len(packet)
        codec.receive(packet, now_s)
        codec.answers()
        decision = companion.step(now_s, codec.vehicle, Proposal(now_s, (9.0, 9.0, 9.0, 9.0)))
        companion.engage(True)
        companion.policy_was_reset()
        companion.see(Sighting(now_s, 0.0))
        if decision.setpoint is not None:
            vx, vy, vz, rate = decision.setpoint.as_tuple()
            limits = companion.limits
            assert math.hypot(vx, vy) <= limits.speed_m_s + 1e-6
            assert abs(vz) <= limits.climb_m_s + 1e-6
            assert abs(rate) <= limits.yaw_rate_rad_s + 1e-6
        largest = max(largest, codec.receiver.pending)
    assert largest < 1000  # nothing is kept for ever
    return codec


@pytest.mark.parametrize('make', [junk, damaged, nonsense])
def test_a_million_bytes_of_nonsense_neither_raise_nor_deafen(make):
    codec = fuzz(make, FUZZED_BYTES // 3)
    friend = mavlink.MAVLink(None, 1, 1)
    for step in range(20):  # a stream finds its step again within a few packets
        codec.receive(HEARTBEAT.pack(friend), 1e6 - 19.0 + step)
    assert codec.vehicle.heartbeat_received_s == 1e6
    assert codec.vehicle.mode_name == 'OFFBOARD'
