# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""After five seconds of nothing useful one sentence says what arrives instead, and what to do."""

import os
import pty
import random
import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.flight.companion_session import CompanionSession
from liquid_drone.flight.guard.limits import Limits
from liquid_drone.flight.mavlink.codec import MavlinkCodec
from liquid_drone.flight.mavlink.diagnosis import PATIENCE_S, LinkEvidence, LinkFinding, diagnose
from liquid_drone.flight.mavlink.framing import Tally
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.profiles import PX4
from liquid_drone.flight.mavlink.roster import Speaker
from liquid_drone.flight.mavlink.signing import EPOCH_S, SigningKey, ticks
from liquid_drone.flight.mavlink.streams import StreamNeed, StreamRate
from liquid_drone.flight.mavlink.transport.address import Address
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport
from liquid_drone.sim.autopilot.personality import personality
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass

SECRET = bytes(range(32))
TODAY_S = EPOCH_S + 10 * 365 * 86400.0


class Line:
    """A link on which the test says what arrives; what leaves is kept, or goes to an autopilot."""

    def __init__(self, codec=None, address=None, deliver=None):
        self.arriving = []
        self.now_s = 0.0
        transport = MemoryTransport(self._fetch, deliver or (lambda data: None))
        self.link = MavlinkLink(transport, codec, address=address)

    def _fetch(self):
        arrived, self.arriving = self.arriving, []
        return arrived

    def run(self, seconds, say=lambda step: []):
        for step in range(round(seconds * 20)):
            self.arriving += say(step)
            self.link.poll(self.now_s)
            self.now_s += 0.05
        return self.link.report.diagnosis


def beat(system=1, component=1, autopilot=12, kind=2, sender=None, **options):
    sender = sender or mavlink.MAVLink(None, system, component)
    message = mavlink.MAVLink_heartbeat_message(kind, autopilot, 129, 393216, 4, 3)
    return lambda step: [bytes(message.pack(sender, **options))] if step % 20 == 0 else []


def noise(step):
    return [random.Random(step).randbytes(40)]


def wrong_dialect(step):
    packet = bytearray(beat()(0)[0])
    packet[-1] ^= 0x55
    return [bytes(packet)] if step % 5 == 0 else []


def signer(secret=SECRET):
    sender = mavlink.MAVLink(None, 1, 1)
    sender.signing.secret_key, sender.signing.sign_outgoing = secret, True
    sender.signing.timestamp = ticks(TODAY_S)
    return sender


def with_key():
    return MavlinkCodec(key=SigningKey(SECRET), calendar_s=lambda: TODAY_S)


def ground_station(step):
    return beat(255, 190, 8, 6)(step)


CASES = {
    'nothing': (MavlinkCodec, lambda step: [], LinkFinding.SILENCE, 'its TX goes to our RX'),
    'noise': (MavlinkCodec, noise, LinkFinding.NOISE, 'baud rate is probably not 57600'),
    'wrong dialect': (MavlinkCodec, wrong_dialect, LinkFinding.WRONG_CHECKSUMS, 'another MAVLink'),
    'heartbeats': (
        MavlinkCodec,
        beat(),
        LinkFinding.UNANSWERED,
        'only heartbeats of system 1 arrive',
    ),
    'MAVLink 1': (MavlinkCodec, beat(force_mavlink1=True), LinkFinding.MAVLINK_1, 'to MAVLink 2'),
    'another system': (
        lambda: MavlinkCodec(system_id=1),
        beat(system=2),
        LinkFinding.OTHER_SYSTEM,
        'system 2 (px4) speaks, system 1 does not: set system_id to 2',
    ),
    'a ground station': (
        MavlinkCodec,
        ground_station,
        LinkFinding.GROUND_STATIONS,
        'ground stations',
    ),
    'a camera': (MavlinkCodec, beat(1, 100, 8, 30), LinkFinding.NO_AUTOPILOT, 'component 100'),
    'a PX4 under another component': (
        *(MavlinkCodec, beat(1, 50, 12, 2), LinkFinding.NO_AUTOPILOT, 'set MAV_COMP_ID to 1'),
    ),
    'an aeroplane': (
        MavlinkCodec,
        beat(autopilot=3, kind=1),
        LinkFinding.UNUSABLE_AUTOPILOT,
        'no multirotor',
    ),
    'unknown autopilot': (
        MavlinkCodec,
        beat(autopilot=4),
        LinkFinding.UNUSABLE_AUTOPILOT,
        'unknown autopilot (4)',
    ),
    'other kind': (
        lambda: MavlinkCodec(PX4),
        beat(autopilot=3),
        LinkFinding.UNUSABLE_AUTOPILOT,
        'set autopilot to auto or ardupilot',
    ),
    'not signed': (with_key, beat(), LinkFinding.NOT_SIGNED, 'are not signed'),
    'another key': (
        with_key,
        beat(sender=signer(bytes(32))),
        LinkFinding.WRONG_SIGNATURE,
        'another key',
    ),
    'MAVLink 1 for a key': (
        with_key,
        beat(force_mavlink1=True),
        LinkFinding.MAVLINK_1,
        'be signed',
    ),
    'signed': (
        MavlinkCodec,
        beat(sender=signer()),
        LinkFinding.WE_DO_NOT_SIGN,
        'signing_key_file',
    ),
}


@pytest.mark.parametrize('case', CASES)
def test_each_kind_of_nothing_useful_is_told_apart_in_one_sentence(case, caplog):
    make, say, finding, words = CASES[case]
    line = Line(make(), Address('serial', '/dev/ttyTHS1', 57600))
    assert line.run(4.0, say).finding in (LinkFinding.WAITING, LinkFinding.GOOD)
    diagnosis = line.run(7.0, say)
    assert diagnosis.finding is finding
    assert words in diagnosis.sentence
    assert '\n' not in diagnosis.sentence
    assert diagnosis.obstacle == diagnosis.sentence
    line.run(7.0, say)
    assert caplog.text.count('the link to the autopilot: ') == 1  # logged once
    assert words in caplog.text


@pytest.mark.parametrize('kind', ['px4', 'ardupilot'])
def test_a_sender_with_a_new_port_for_each_packet_is_told_as_that(kind):
    """A bridge that sends from no port of its own (MAVSDK 1803, rust-mavlink 146)."""
    plant = PointMass(position_enu=np.array([0.0, 0.0, 3.0]))
    autopilot = SimulatedAutopilot(plant, kind, airborne=True)
    with MavlinkLink.open('udpin:127.0.0.1:0') as link:
        port = link.transport.port
        for _ in range(140):
            for packet in autopilot.transmit():
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                    one.sendto(packet, ('127.0.0.1', port))
            link.poll(autopilot.now_ns / 1e9)
            autopilot.advance(12)
        assert link.report.diagnosis.finding is LinkFinding.UNANSWERED
        assert 'send from one port' in link.obstacle


def test_a_loopback_that_hears_nothing_says_that_it_takes_nothing_from_outside():
    line = Line(address=Address('udpin', '127.0.0.1', 14540))
    assert '127.0.0.1 takes nothing from outside' in line.run(6.0).sentence


@pytest.mark.parametrize('baud', ['wrong', 'right'])
def test_a_serial_port_with_a_wrong_baud_rate_is_noise(baud):
    master, slave = pty.openpty()
    autopilot = SimulatedAutopilot(PointMass())
    with MavlinkLink.open(f'{os.ttyname(slave)}:57600') as link:
        for step in range(140):
            autopilot.advance()
            data = b''.join(autopilot.transmit())
            garbled = bytes((byte * 37 + 11) % 256 for byte in data)  # bits at other places
            os.write(master, garbled if baud == 'wrong' else data)
            link.poll(step * 0.05)
        finding = link.report.diagnosis.finding
    assert finding is (LinkFinding.NOISE if baud == 'wrong' else LinkFinding.UNANSWERED)
    os.close(slave)
    os.close(master)


def attached(autopilot):
    line = Line(deliver=autopilot.receive)

    def say(_step):
        autopilot.advance()
        return autopilot.transmit()

    return line, say


def test_a_good_link_is_good_and_stays_so():
    for kind in ('px4', 'ardupilot'):
        line, say = attached(SimulatedAutopilot(PointMass(), kind))
        for _ in range(20):
            assert line.run(1.0, say).obstacle in ('', LinkFinding.WAITING.value)
        assert line.link.obstacle == ''
        assert line.link.report.unanswered_s < 1.5


def test_streams_that_do_not_come_and_slow_ones_keep_from_engaging_with_a_sentence():
    deaf = replace(personality('px4'), streams_hz={}, has_message_intervals=False)
    autopilot = SimulatedAutopilot(PointMass(), deaf)
    line, say = attached(autopilot)
    session = CompanionSession(line.link, Limits())
    diagnosis = line.run(8.0, say)
    session.decide(line.now_s, None)
    assert diagnosis.finding is LinkFinding.HEARTBEATS_ONLY
    done, words = session.engage(True)
    assert not done
    assert 'LOCAL_POSITION_NED 0.0 Hz (needs 4)' in words
    assert 'unsupported' in words
    autopilot.channel().reset_rates({32: 1.0, 30: 20.0, 1: 1.0, 245: 1.0})
    diagnosis = line.run(8.0, say)
    assert diagnosis.finding is LinkFinding.SLOW_STREAMS
    assert 'LOCAL_POSITION_NED 1.0 Hz (needs 4)' in session.engage(True)[1]
    assert 'ATTITUDE' not in session.engage(True)[1]
    autopilot.channel().reset_rates({32: 20.0, 30: 20.0, 1: 1.0, 245: 1.0})
    assert line.run(3.0, say).finding is LinkFinding.GOOD
    assert line.link.report.values()['rate_ATTITUDE'] == '20.0 Hz, needs 4'


def test_before_there_is_a_vehicle_engaging_is_refused_with_the_reason():
    line = Line(address=Address('serial', '/dev/ttyTHS1', 57600))
    session = CompanionSession(line.link, Limits())
    line.run(6.0, noise)
    done, words = session.engage(True)
    assert not done
    assert words.startswith('cannot engage: no vehicle yet: ')
    assert 'baud rate' in words


@settings(max_examples=40, deadline=None)
@given(
    first=st.sampled_from([1, 2]),
    other=st.sampled_from([1, 2, 3, 255]),
    component=st.sampled_from([1, 191]),
    autopilot=st.sampled_from([3, 12, 8]),
    kind=st.sampled_from([2, 13, 5, 6, 10]),  # quadrotor, hexarotor, antenna tracker, GCS, rover
    wanted=st.sampled_from([None, 1, 2]),
    until=st.integers(0, 12),
)
def test_of_several_vehicles_on_one_link_the_own_one_must_be_named(
    first, other, component, autopilot, kind, wanted, until
):
    """On one network each one's port hears the others (mavros 1565, MAVSDK 1425)."""
    line = Line(MavlinkCodec(system_id=wanted))
    own = beat(wanted or first, sender=mavlink.MAVLink(None, wanted or first, 1))
    others = beat(other, component, autopilot, kind)
    found = line.run(
        8.0, lambda step: own(step) + (others(step - 10) if step < 20 * until else [])
    )
    is_other = component == 1 and autopilot != 8 and kind in (2, 13) and other != (wanted or first)
    is_heard = 7.95 - (until - 0.5) <= PATIENCE_S  # from its last heartbeat to the end
    is_doubt = is_other and is_heard and wanted is None
    assert (found.finding is LinkFinding.SEVERAL_VEHICLES) is is_doubt
    if is_doubt:
        assert f'system {other} (' in found.obstacle
        assert 'set system_id to its number' in found.obstacle
    line.run(6.0, own)
    assert line.link.report.diagnosis.finding is not LinkFinding.SEVERAL_VEHICLES


def test_the_documents_name_every_finding():
    text = (Path(__file__).resolve().parents[3] / 'docs' / 'FLIGHT.md').read_text()
    table = text.split('| finding |')[1].split('\n\n')[0]
    named = {line.split('`')[1] for line in table.splitlines()[2:]}
    silent = (LinkFinding.GOOD, LinkFinding.WAITING)
    assert named == {finding.value for finding in LinkFinding if finding not in silent}


SPEAKERS = st.builds(
    Speaker,
    st.integers(1, 255),
    st.integers(0, 255),
    st.just(0.0),
    st.one_of(st.none(), st.sampled_from([3, 4, 8, 12])),
    st.one_of(st.none(), st.integers(0, 45)),
)
TALLIES = st.builds(Tally, *[st.integers(0, 5000) for _ in range(10)])
RATES = st.builds(
    StreamRate,
    st.just(StreamNeed('ATTITUDE', 30, 20.0, 4.0, True)),
    st.floats(0.0, 50.0),
    st.booleans(),
    st.integers(0, 50),
    st.sampled_from(['', 'accepted', 'denied']),
)
EVIDENCE = st.builds(
    LinkEvidence,
    kind=st.sampled_from(['', 'serial', 'udpin', 'udpout', 'tcp']),
    listened_s=st.floats(0.0, 100.0),
    trouble=st.sampled_from(['', 'sending fails: Network is down (ENETDOWN)']),
    tally=TALLIES,
    speakers=st.lists(SPEAKERS, max_size=6).map(tuple),
    wanted_system=st.one_of(st.none(), st.integers(1, 255)),
    has_key=st.booleans(),
    refusal=st.sampled_from(['', 'is no multirotor']),
    vehicle=st.one_of(st.none(), st.integers(1, 255)),
    known_s=st.floats(0.0, 100.0),
    quiet_s=st.floats(0.0, 100.0),
    beatless_s=st.floats(0.0, 100.0),
    unanswered_s=st.floats(0.0, 100.0),
    rates=st.lists(RATES, max_size=3).map(tuple),
)


@settings(max_examples=300)
@given(EVIDENCE)
def test_whatever_arrives_there_is_one_finding_and_one_sentence_for_what_is_wrong(evidence):
    diagnosis = diagnose(evidence)
    is_wrong = diagnosis.finding not in (LinkFinding.GOOD, LinkFinding.WAITING)
    assert bool(diagnosis.sentence) is is_wrong
    assert bool(diagnosis.obstacle) is (diagnosis.finding is not LinkFinding.GOOD)
    assert '\n' not in diagnosis.sentence
    if diagnosis.finding is LinkFinding.GOOD:
        assert evidence.vehicle is not None
        assert evidence.quiet_s <= 5.0


@pytest.mark.parametrize('autopilot', [3, 12])
@given(st.sampled_from([0, 255]) | st.integers(1, 254), st.booleans(), st.integers(0, 8))
def test_a_vehicle_whose_id_means_everybody_or_the_ground_stations_is_not_flown(
    autopilot, system, is_named, doubled
):
    """All on the link flew the setpoints for system 0 (ArduPilot 14364, mavlink 1245)."""
    left: list[bytes] = []
    codec = MavlinkCodec(system_id=system if is_named and system else None)
    line = Line(codec, deliver=left.append)
    heartbeats = beat(system, autopilot=autopilot)
    found = line.run(7.0, lambda step: heartbeats(step) * (2 if step < doubled else 1))
    is_vehicle = system not in (0, 255)
    assert (line.link.vehicle is not None) is is_vehicle
    assert (found.finding is LinkFinding.UNUSABLE_AUTOPILOT) is not is_vehicle
    if not is_vehicle:
        assert f'MAVLink system {system} has a system id' in found.obstacle
        assert 'MAV_SYS_ID; SYSID_THISMAV' in found.obstacle
        assert {packet[7] for packet in left} == {mavlink.MAVLINK_MSG_ID_HEARTBEAT}
        assert not {packet[5] for packet in left} & {0, 255} or is_named


@pytest.mark.parametrize('wanted', [None, 1])
@pytest.mark.parametrize('new', [2, 17, 250])
def test_an_autopilot_that_was_given_another_id_is_told_with_what_helps(new, wanted):
    """With system_id 0 the first one heard was taken: to set it to 0 helps nobody."""
    line = Line(MavlinkCodec(system_id=wanted))
    line.run(3.0, beat(1))
    sentence = line.run(12.0, beat(new)).sentence
    assert f'system {new} (px4) speaks, system 1 does not' in sentence
    assert ('start the companion anew' in sentence) is (wanted is None)
    assert (f'set system_id to {new}' in sentence) is (wanted is not None)


BEATS = {  # what becomes of the heartbeats in flight, and what is found then
    'left out': (lambda beat: None, LinkFinding.NO_HEARTBEATS),
    'an aeroplane': (lambda beat: setattr(beat, 'type', 1), LinkFinding.UNUSABLE_AUTOPILOT),
    'generic': (lambda beat: setattr(beat, 'type', 0), LinkFinding.UNUSABLE_AUTOPILOT),
    'other firmware': (lambda beat: setattr(beat, 'autopilot', 4), LinkFinding.UNUSABLE_AUTOPILOT),
}


@pytest.mark.parametrize('kind', ['px4', 'ardupilot'])
@pytest.mark.parametrize('became', BEATS)
@pytest.mark.parametrize('has_telemetry', [True, False])
def test_heartbeats_that_no_longer_count_are_told_while_the_rest_goes_on(
    kind, became, has_telemetry, caplog
):
    """Calibration, a router's filter, firmware put on under way: the link was called good."""
    change, finding = BEATS[became]
    line, say = attached(SimulatedAutopilot(PointMass(), kind))
    line.run(8.0, say)
    assert line.link.obstacle == ''
    reader, writer = mavlink.MAVLink(None), mavlink.MAVLink(None, 1, 1)

    def changed(step):
        told = []
        for message in reader.parse_buffer(b''.join(say(step))) or []:
            is_beat = message.get_type() == 'HEARTBEAT'
            if is_beat:
                change(message)
            if (has_telemetry and not is_beat) or (is_beat and became != 'left out'):
                told.append(bytes(message.pack(writer)))
        return told

    found = set()
    for _ in range(240):
        found.add(line.run(0.05, changed).finding)
    is_silent = became == 'left out' and not has_telemetry
    last = LinkFinding.SILENCE if is_silent else finding
    assert line.link.report.diagnosis.finding is last
    assert found <= {LinkFinding.GOOD, LinkFinding.WAITING, last}
    assert caplog.text.count('the link to the autopilot: ') == 1
    line.run(2.0, say)
    assert line.link.obstacle == ''  # the true ones are back


@settings(max_examples=12, deadline=None, phases=[Phase.generate])
@given(st.sampled_from(['px4', 'ardupilot']), st.floats(0.0, 2.0), st.floats(6.2, 9.0))
def test_a_link_that_is_cut_is_never_called_slow(kind, later_s, cut_s):
    """Nor do heartbeats arrive on it: the rates of a silence say nothing about the streams."""
    line, say = attached(SimulatedAutopilot(PointMass(), kind))
    line.run(8.0 + later_s, say)
    found = [line.run(0.05).finding for _ in range(round(cut_s * 20))]
    assert set(found) == {LinkFinding.GOOD, LinkFinding.WAITING, LinkFinding.SILENCE}


def test_a_recording_that_is_played_again_and_again_is_told_as_that():
    line, say = attached(SimulatedAutopilot(PointMass()))
    recorded = []

    def record(step):
        recorded.append(say(step))
        return recorded[-1]

    line.run(8.0, record)
    diagnosis = line.run(12.0, lambda step: recorded[-20 + step % 20])
    assert diagnosis.finding is LinkFinding.ONLY_COPIES
    assert 'a recording that is played' in diagnosis.sentence
