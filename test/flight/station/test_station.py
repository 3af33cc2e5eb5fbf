# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""QGroundControl's sequences against the companion as a camera; strangers and garbled messages.

The sequences are those of QGroundControl 5 (QGCCameraManager, VehicleCameraControl): each question
by MAV_CMD_REQUEST_MESSAGE first, by the old command where that was not answered.
"""

import math
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.errors import ConfigError
from liquid_drone.flight.announcements import Severity
from liquid_drone.flight.companion_session import CompanionSession
from liquid_drone.flight.engagement import Stage
from liquid_drone.flight.guard.limits import SIMULATION_LIMITS, Sighting
from liquid_drone.flight.guard.state import Proposal
from liquid_drone.flight.mavlink.codec import MavlinkCodec
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.signing import SigningKey, ticks
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport
from liquid_drone.flight.station import camera_messages
from liquid_drone.flight.station.camera_messages import StationVideo
from liquid_drone.flight.station.desk import StationDesk, StationSetup
from liquid_drone.sim.autopilot.personality import Mode
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass

QGC, CAMERA, COMPANION = 255, 100, 191
STREAM = StationVideo('rtsp://192.168.1.10:8554/main')
INFORMATION, SETTINGS, STORAGE, CAPTURE = 259, 260, 261, 262
STREAMS, STREAM_STATUS, TRACKING = 269, 270, 275
ACCEPTED, DENIED, UNSUPPORTED = 0, 2, 3
BESIDE = 'HEARTBEAT', 'COMMAND_ACK'
LEFT_UP = Sighting(0.0, 0.2, elevation_rad=0.1)


class Station:
    """QGroundControl behind an autopilot: what it sends comes on the autopilot's own path."""

    def __init__(self, kind: str = 'px4', key: bytes | None = None, **setup: Any) -> None:
        plant = PointMass(position_enu=np.array([0.0, 0.0, 3.0]))
        self.autopilot = SimulatedAutopilot(plant, kind, airborne=True)
        self.codec = mavlink.MAVLink(None, QGC, 190)
        self.parser = mavlink.MAVLink(None)
        self.parser.robust_parsing = True
        self.relayed: list[bytes] = []
        self.heard: list[Any] = []
        self.said: list[str] = []
        signing = None if key is None else SigningKey(key)
        self.link = MavlinkLink(
            MemoryTransport(self.transmit, self.receive), MavlinkCodec(None, None, signing)
        )
        self.session = CompanionSession(self.link, SIMULATION_LIMITS)
        made = StationSetup(**{'system': QGC, 'engages': True, 'video': STREAM, **setup})
        self.desk = StationDesk(self.link, self.session, made, self.say)
        self.sees: Sighting | None = LEFT_UP
        self.up_s = 0.0  # for which the companion was on before the autopilot

    def say(self, severity: Severity, text: str) -> None:
        self.said.append(text)

    def transmit(self) -> list[bytes]:
        relayed, self.relayed = self.relayed, []
        return [*self.autopilot.transmit(), *relayed]

    def receive(self, data: bytes) -> None:
        self.autopilot.receive(data)
        self.heard += self.parser.parse_buffer(data) or []

    @property
    def now_s(self) -> float:
        return self.up_s + self.autopilot.now_ns / 1e9

    def fly(self, frames: int = 1) -> None:
        for _ in range(frames):
            self.autopilot.advance(12)
            self.link.poll(self.now_s)
            if self.sees is not None:
                seen = Sighting(
                    self.now_s - 1e-3,
                    self.sees.bearing_rad,
                    elevation_rad=self.sees.elevation_rad,
                )
                self.session.see(seen)
                self.desk.note_sighting(seen)
            decision = self.session.decide(self.now_s, Proposal(self.now_s, (0.5, 0.0, 0.0, 0.0)))
            if decision is not None and decision.reset_policy:
                self.session.policy_was_reset()
            if decision is not None and decision.setpoint is not None:
                self.link.send_setpoint(decision.setpoint, round(1e3 * self.now_s))
            self.desk.serve(self.now_s)

    def until(self, stage: Stage) -> None:
        for _ in range(200):
            if self.session.stage is stage:
                return
            self.fly()
            if stage is Stage.ENGAGED and self.autopilot.has_stream:
                self.autopilot.pilot_mode(Mode.FOLLOW)  # by the station's mode list
        raise AssertionError(self.session.stage)

    def send(self, number: int, *values: float, component: int = CAMERA, **more: int) -> None:
        system, again = more.get('system', 1), more.get('again', 0)
        given_values = [*values, *[0.0] * (7 - len(values))]
        message = mavlink.MAVLink_command_long_message(
            system, component, number, again, *given_values
        )
        self.relayed.append(bytes(message.pack(self.codec)))
        self.codec.seq = (self.codec.seq + 1) % 256

    def ask(self, number: int, *values: float, **more: int) -> tuple[int, list[Any]]:
        """Send a command; return the result and what came besides; -1: no answer."""
        self.heard.clear()
        self.send(number, *values, **more)
        self.fly(2)
        acks = [one for one in self.heard if one.get_type() == 'COMMAND_ACK']
        assert all((one.target_system, one.target_component) == (QGC, 190) for one in acks)
        others = [
            one
            for one in self.heard
            if one.get_srcComponent() == CAMERA
            and one.get_type() not in ('HEARTBEAT', 'COMMAND_ACK')
        ]
        return (acks[0].result if len(acks) == 1 and acks[0].command == number else -1), others


@pytest.fixture(params=['px4', 'ardupilot'])
def station(request: pytest.FixtureRequest) -> Station:
    made = Station(request.param)
    made.fly(80)
    assert made.session.stage is Stage.STANDBY
    assert not made.session.obstacles()
    return made


def test_qgroundcontrol_finds_the_camera_and_what_it_can_do(station: Station) -> None:
    station.fly(25)
    beats = [one for one in station.heard if one.get_srcComponent() == CAMERA]
    assert {(one.type, one.autopilot) for one in beats if one.get_type() == 'HEARTBEAT'} == {
        (mavlink.MAV_TYPE_CAMERA, mavlink.MAV_AUTOPILOT_INVALID)
    }
    for way in ((512, INFORMATION), (521, 1.0)):
        result, (told,) = station.ask(*way)
        assert result == ACCEPTED
        assert bytes(told.vendor_name).rstrip(b'\0') == b'liquid_drone'
        wanted = (
            mavlink.CAMERA_CAP_FLAGS_HAS_TRACKING_POINT
            | mavlink.CAMERA_CAP_FLAGS_HAS_TRACKING_RECTANGLE
            | mavlink.CAMERA_CAP_FLAGS_HAS_VIDEO_STREAM
        )
        assert told.flags == wanted


@pytest.mark.parametrize(
    ('ways', 'kind'),
    [
        (((512, SETTINGS), (522, 1.0)), 'CAMERA_SETTINGS'),
        (((512, STREAMS, 1.0), (2504, 1.0)), 'VIDEO_STREAM_INFORMATION'),
        (((512, STREAM_STATUS, 1.0), (2505, 1.0)), 'VIDEO_STREAM_STATUS'),
        (((512, CAPTURE), (527, 1.0)), 'CAMERA_CAPTURE_STATUS'),
        (((512, STORAGE), (525, 0.0, 1.0)), 'STORAGE_INFORMATION'),
    ],
)
def test_each_question_is_answered_by_the_new_and_by_the_old_command(
    ways: tuple[tuple[float, ...], ...], kind: str
) -> None:
    station = Station()
    station.fly(60)
    for number, *values in ways:
        result, messages = station.ask(int(number), *values)
        assert (result, [one.get_type() for one in messages]) == (ACCEPTED, [kind])


WRAP_S = 2**32 / 1000.0  # of time_boot_ms


@pytest.mark.parametrize('up_s', [WRAP_S - 5.0, WRAP_S - 2.0, WRAP_S + 1.0, 2.5 * WRAP_S, 1e9])
def test_a_companion_that_is_on_for_weeks_answers_too(up_s: float) -> None:
    """A drone in a box is never switched off; milliseconds in 32 bits last for 49.7 days."""
    station = Station()
    station.up_s = up_s
    station.fly(80)
    assert station.session.stage is Stage.STANDBY
    for number in (INFORMATION, SETTINGS, CAPTURE, STORAGE, STREAMS, TRACKING):
        result, (told,) = station.ask(512, number)
        assert result == ACCEPTED
        told_s = getattr(told, 'time_boot_ms', round(1000.0 * station.now_s)) / 1000.0
        assert abs(math.remainder(told_s - station.now_s, WRAP_S)) < 1.0


def test_the_stream_is_the_users_own_and_without_one_there_is_none(station: Station) -> None:
    _, (told,) = station.ask(512, STREAMS, 1.0)
    assert (told.uri, told.type, told.count, told.hfov) == (STREAM.uri, 0, 1, 80)
    bare = Station(video=StationVideo())
    bare.fly(60)
    assert bare.ask(512, STREAMS, 1.0) == (UNSUPPORTED, [])
    _, (told,) = bare.ask(512, INFORMATION)
    assert not told.flags & mavlink.CAMERA_CAP_FLAGS_HAS_VIDEO_STREAM


def test_a_stream_that_is_sent_to_a_port_is_named_once_it_is_known(station: Station) -> None:
    bare = Station(video=StationVideo())
    bare.fly(60)
    sent = StationVideo('5600', 640, 360, 80.0, 30.0, 2000)
    bare.desk.show_video(sent)
    _, (told,) = bare.ask(512, STREAMS, 1.0)
    assert (told.uri, told.type, told.encoding) == ('5600', 1, 1)  # RTP over UDP, H.264
    assert (told.resolution_h, told.resolution_v, told.framerate) == (640, 360, 30.0)
    assert told.bitrate == 2_000_000
    assert bare.ask(512, INFORMATION)[1][0].flags & mavlink.CAMERA_CAP_FLAGS_HAS_VIDEO_STREAM
    bare.desk.show_video(StationVideo())
    assert bare.ask(512, STREAMS, 1.0) == (UNSUPPORTED, [])


TEXT = st.text(max_size=8) | st.sampled_from(('640', '360', '80.0', 'nan', '-1', '1e99', '5600'))


@given(st.dictionaries(st.sampled_from(sorted(StationVideo().described())), TEXT))
def test_a_garbled_description_of_a_stream_is_refused_and_a_good_one_comes_through(
    garbled: dict[str, str],
) -> None:
    good = StationVideo('5600', 640, 360, 80.0, 30.0, 2000)
    texts = {name: str(value) for name, value in good.described().items()}
    assert StationVideo.from_description(texts) == good
    try:
        video = StationVideo.from_description({**texts, **garbled})
    except ConfigError:
        return
    if not video.uri:  # none is named
        return
    told = mavlink.MAVLink(None, 1, 100)
    assert camera_messages.stream_information(video).pack(told)
    assert camera_messages.stream_status(video).pack(told)


@pytest.mark.parametrize(
    'uri', ['http://x/', 'rtsp://user:secret@x/', f'rtsp://{"x" * 200}', 'nonsense', 'rtsp:/' * 30]
)
def test_a_stream_that_no_station_shows_or_with_a_password_is_refused(uri: str) -> None:
    with pytest.raises(ConfigError, match='stream_uri') as refused:
        StationVideo(uri)
    assert 'secret' not in str(refused.value)


def test_a_click_on_the_target_is_accepted_one_elsewhere_is_refused_and_engages_neither(
    station: Station,
) -> None:
    place = STREAM.point(LEFT_UP.bearing_rad, LEFT_UP.elevation_rad)
    assert place is not None
    x, y = place
    assert x < 0.5
    assert y < 0.5
    assert station.ask(2004, x + 0.03, y, 0.05)[0] == ACCEPTED
    assert station.ask(2005, x - 0.1, y - 0.1, x + 0.1, y + 0.1)[0] == ACCEPTED
    for number, *values in (
        (2004, 0.9, 0.9, 0.05),
        (2004, 0.9, 0.9, 50.0),  # a radius that takes in everything
        (2005, 0.8, 0.8, 0.9, 0.9),
        (2005, 0.9, 0.9, 0.1, 0.1),
        (2004, math.nan, 0.5, 0.0),
        (2005, math.inf, -1.0, 3.0, 0.0),
    ):
        assert station.ask(int(number), *values)[0] == DENIED
    station.sees = None
    station.fly(20)
    assert station.ask(2004, x, y, 0.05)[0] == DENIED
    assert 'one target only' in ' '.join(station.said)
    assert station.said[-1] == 'cannot track: no target is seen'
    assert station.session.stage is Stage.STANDBY


def test_the_box_comes_at_five_hertz_once_asked_for_and_ends_when_nobody_wants_it(
    station: Station,
) -> None:
    def boxes(frames: int = 40) -> list[Any]:
        station.heard.clear()
        station.fly(frames)
        kind = 'CAMERA_TRACKING_IMAGE_STATUS'
        return [one for one in station.heard if one.get_type() == kind]

    assert boxes() == []
    assert station.ask(511, TRACKING, 500000.0)[0] == ACCEPTED  # as QGroundControl asks
    found = boxes()
    assert 9 <= len(found) <= 11  # in two seconds
    place = STREAM.point(LEFT_UP.bearing_rad, LEFT_UP.elevation_rad)
    assert (found[-1].point_x, found[-1].point_y) == pytest.approx(place, abs=1e-3)
    assert (found[-1].tracking_status, found[-1].tracking_mode) == (1, 1)
    assert math.isnan(found[-1].radius)
    station.desk.note_distance(5.0)
    assert 0.0 < boxes(5)[-1].radius < 0.2
    station.sees = None
    assert boxes()[-1].tracking_status == 0
    assert station.ask(511, TRACKING, 1e6)[0] == ACCEPTED
    assert len(boxes()) == 2
    assert station.ask(511, TRACKING, math.nan)[0] == DENIED
    assert station.ask(511, TRACKING, -1.0)[0] == ACCEPTED
    assert boxes() == []


def test_a_flight_by_the_stations_messages_alone(station: Station) -> None:
    for _ in range(2):  # engaged, stopped, engaged again
        assert station.ask(31010, 1.0, component=COMPANION)[0] == ACCEPTED
        assert station.session.stage is Stage.READY
        station.until(Stage.ENGAGED)
        station.fly(20)
        assert station.ask(2010)[0] == ACCEPTED
        station.until(Stage.HANDED_BACK)
        station.autopilot.pilot_mode(Mode.HOLD)
        station.fly(40)
    assert station.ask(31010, 1.0, component=COMPANION)[0] == ACCEPTED
    station.until(Stage.ENGAGED)
    station.autopilot.pilot_mode(Mode.HOLD)  # taken over
    station.until(Stage.HANDED_BACK)
    assert station.ask(31010, 0.0, component=COMPANION)[0] == ACCEPTED
    assert station.session.stage is Stage.STANDBY


def test_what_the_companion_refuses_the_station_is_refused(station: Station) -> None:
    station.autopilot.battery = 0.05
    station.fly(80)
    assert station.ask(31010, 1.0, component=COMPANION)[0] == DENIED
    assert 'battery' in station.said[-1]
    for value in (2.0, -1.0, math.nan, math.inf, 0.5):
        assert station.ask(31010, value, component=COMPANION)[0] == DENIED
    assert station.session.stage is Stage.STANDBY


def test_a_station_that_may_not_engage_stops_all_the_same() -> None:
    station = Station(engages=False)
    station.fly(80)
    assert station.ask(31010, 1.0, component=COMPANION)[0] == DENIED
    assert 'station_engages' in station.said[-1]
    station.session.engage(True)
    station.until(Stage.ENGAGED)
    assert station.ask(2010)[0] == ACCEPTED
    station.until(Stage.HANDED_BACK)


def test_a_repeated_or_a_late_command_engages_nothing(station: Station) -> None:
    assert station.ask(31010, 1.0, component=COMPANION, again=1)[0] == DENIED
    assert station.session.stage is Stage.STANDBY
    assert station.ask(31010, 1.0, component=COMPANION)[0] == ACCEPTED
    station.session.engage(False)
    assert station.ask(31010, 1.0, component=COMPANION, again=1)[0] == ACCEPTED  # the lost answer
    assert station.session.stage is Stage.STANDBY
    station.send(31010, 1.0, component=COMPANION)
    station.autopilot.advance(480)  # the companion hung for two seconds, and reads it then
    station.fly(3)
    assert 'waited too long' in station.said[-1]
    assert station.session.stage is not Stage.READY


def test_a_flood_of_questions_takes_neither_the_link_nor_the_stop_away(station: Station) -> None:
    station.session.engage(True)
    station.until(Stage.ENGAGED)
    station.heard.clear()
    for number in range(400):
        station.send(512, INFORMATION)
        if number == 100:
            station.send(2010)
    station.fly(2)
    answers = [one for one in station.heard if one.get_type() == 'CAMERA_INFORMATION']
    assert 0 < len(answers) <= 4  # in two steps
    station.until(Stage.HANDED_BACK)


STRANGERS = {
    'a second station': ({'source': 254}, 'not of the station 255'),
    'a camera': ({'source': 1, 'source_component': 154}, 'not of the station 255'),
    'for another drone': ({'system': 2}, 'for system 2, this is 1'),
    'past the autopilot': ({'path': 'elsewhere'}, "not on the autopilot's path"),
}


@pytest.mark.parametrize('name', STRANGERS)
def test_strangers_are_ignored_and_reported_once(name: str) -> None:
    differs, why = STRANGERS[name]
    station = Station()
    station.fly(80)
    stranger = mavlink.MAVLink(
        None, differs.get('source', QGC), differs.get('source_component', 190)
    )
    station.heard.clear()
    for number, target in ((31010, COMPANION), (2004, CAMERA), (2010, CAMERA)) * 20:
        message = mavlink.MAVLink_command_long_message(
            differs.get('system', 1), target, number, 0, 1.0, *[0.0] * 6
        )
        packet = bytes(message.pack(stranger))
        if 'path' in differs:
            station.link._codec.receive(packet, station.now_s, differs['path'])
        else:
            station.relayed.append(packet)
    station.fly(5)
    assert not [one for one in station.heard if one.get_type() == 'COMMAND_ACK']
    assert station.session.stage is Stage.STANDBY
    assert [one for one in station.said if why in one] == [station.said[0]]
    assert station.link.commands_ignored == 60


def test_an_unsigned_command_is_ignored_where_signing_is_on_and_a_signed_one_is_obeyed() -> None:
    key = bytes(range(32))
    signer = mavlink.MAVLink(None, 1, 1)
    station = Station(key=key)
    plain = station.autopilot.transmit

    def signed() -> list[bytes]:
        reader = mavlink.MAVLink(None)
        found = [one for data in plain() for one in reader.parse_buffer(data) or []]
        signer.signing.timestamp = max(signer.signing.timestamp, ticks(time.time()))
        return [bytes(one.pack(signer)) for one in found]

    station.autopilot.transmit = signed  # type: ignore[method-assign]
    for codec in (signer, station.parser):
        SigningKey(key).protect(codec)
    station.fly(80)
    assert station.session.stage is Stage.STANDBY
    station.send(31010, 1.0, component=COMPANION)
    station.fly(3)
    assert station.session.stage is Stage.STANDBY
    assert 'without a good signature' in station.said[0]
    SigningKey(key).protect(station.codec)
    station.codec.signing.timestamp = ticks(time.time()) + 100
    assert station.ask(31010, 1.0, component=COMPANION)[0] == ACCEPTED
    assert station.session.stage is Stage.READY


NUMBERS = st.floats(width=32) | st.sampled_from([0.0, 1.0, 255.0, 259.0, 275.0, -1.0])
KNOWN = [510, 511, 512, 521, 522, 525, 527, 2004, 2005, 2010, 2504, 2505, 400, 176]

FUZZED = Station()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(KNOWN) | st.integers(0, 65535).filter(lambda one: one != 31010),
            st.lists(NUMBERS, min_size=7, max_size=7),
            st.sampled_from([CAMERA, COMPANION]),
            st.integers(0, 255),
        ),
        max_size=5,
    ),
    st.binary(max_size=40),
)
def test_whatever_a_station_sends_nothing_engages_and_each_command_is_answered(
    commands: list[tuple[int, list[float], int, int]], junk: bytes
) -> None:
    station = FUZZED
    if station.now_s < 3.0:
        station.fly(60)
    station.heard.clear()
    for number, values, component, again in commands:
        station.send(number, *values, component=component, again=again)
        station.relayed.append(junk)
        station.fly()
    station.fly(3)
    answered = [one.command for one in station.heard if one.get_type() == 'COMMAND_ACK']
    assert len(answered) <= len(commands)
    assert set(answered) <= {number for number, *_ in commands}
    assert station.session.stage is Stage.STANDBY


def test_only_answers_can_be_encoded_for_a_station() -> None:
    station = Station()
    station.fly(10)
    arm = mavlink.MAVLink_command_long_message(1, 1, 400, 0, 1.0, *[0.0] * 6)
    with pytest.raises(ValueError, match='answer to a station'):
        station.link.answer_station(arm, COMPANION)


@pytest.mark.parametrize('kind', ['px4', 'ardupilot'])
@settings(max_examples=6)
@given(
    late_s=st.floats(0.2, 10.0),
    between=st.integers(1, 60),
    stop=st.sampled_from([(31010, 0.0, COMPANION), (2010, 0.0, CAMERA)]),
    is_first=st.booleans(),
)
def test_a_command_that_a_second_link_brings_late_engages_nothing_after_a_stop(
    kind, late_s, between, stop, is_first
):
    """Two modems behind one router: by the slower one every packet comes again, or for once."""
    station = Station(kind)
    station.fly(80)
    station.send(31010, 1.0, component=COMPANION)
    late = station.relayed[-1]
    if is_first:  # lost on the quick way: the human asked again
        station.relayed.clear()
        station.send(31010, 1.0, component=COMPANION)
    station.until(Stage.ENGAGED)
    station.codec.seq = (station.codec.seq + between) % 256
    number, value, component = stop
    station.send(number, value, component=component)
    station.fly(40)
    assert station.session.stage is Stage.HANDED_BACK
    for _ in range(round(20.0 * late_s)):
        station.fly()
    station.relayed.append(late)
    station.fly(40)
    assert station.session.stage is Stage.HANDED_BACK
    assert 'second link' in station.said.pop()
    station.fly(20)
    station.ask(31010, 1.0, component=COMPANION)  # a human, anew
    assert not [words for words in station.said if 'second link' in words]


@pytest.mark.parametrize('number', [31010, 2010])
@pytest.mark.parametrize('kind', ['px4', 'ardupilot'])
def test_a_stop_in_a_command_int_is_a_stop(kind, number):
    """Stations and libraries send either message, and wait for an answer to it."""
    station = Station(kind)
    station.fly(80)
    station.send(31010, 1.0, component=COMPANION)
    station.until(Stage.ENGAGED)
    component = CAMERA if number == 2010 else COMPANION
    stop = mavlink.MAVLink_command_int_message(
        1, component, 0, number, 0, 0, *[0.0] * 4, 0, 0, 0.0
    )
    station.heard.clear()
    station.relayed.append(bytes(stop.pack(station.codec)))
    station.fly(40)
    assert station.session.stage is Stage.HANDED_BACK
    acks = [one for one in station.heard if one.get_type() == 'COMMAND_ACK']
    assert [one.result for one in acks if one.command == number] == [ACCEPTED]
    engage = mavlink.MAVLink_command_int_message(
        1, COMPANION, 0, 31010, 0, 0, 1.0, *[0.0] * 3, 0, 0, 0.0
    )
    station.codec.seq += 1
    station.relayed.append(bytes(engage.pack(station.codec)))
    station.fly(3)
    assert station.session.stage is Stage.HANDED_BACK  # it may be one that is sent again
    assert 'COMMAND_INT' in station.said[-1]


@pytest.mark.parametrize('stop', [(2010, CAMERA), (31010, COMPANION)])
@pytest.mark.parametrize('kind', ['px4', 'ardupilot'])
def test_a_stop_whose_first_packet_was_lost_stops_what_was_engaged_since(kind, stop):
    """It had the answer of the stop before it, and the drone flew on."""
    station = Station(kind)
    station.fly(80)
    number, component = stop
    assert station.ask(number, component=component)[0] == ACCEPTED
    station.session.engage(True)  # on the operator's page
    station.until(Stage.ENGAGED)
    for again in (1, 2):
        assert station.ask(number, component=component, again=again)[0] == ACCEPTED
    station.until(Stage.HANDED_BACK)


@pytest.mark.parametrize('camera', [CAMERA, 101])
def test_another_camera_under_the_same_id_is_told_once_and_ours_that_comes_back_is_none(camera):
    """Cameras on gimbals are component 100 of the vehicle too, and each answers a station."""
    station = Station('px4', camera=camera)
    station.fly(80)
    other = mavlink.MAVLink(None, 1, CAMERA)
    for _ in range(3):
        beat = mavlink.MAVLink_heartbeat_message(
            mavlink.MAV_TYPE_CAMERA, mavlink.MAV_AUTOPILOT_INVALID, 0, 0, 4, 3
        )
        ours = [one for one in station.heard if one.get_type() == 'HEARTBEAT']
        assert {one.get_srcComponent() for one in ours} == {camera, COMPANION}
        station.heard.clear()
        station.relayed += [bytes(one.get_msgbuf()) for one in ours]  # a router reflects them
        station.fly(2)
        assert other.seq or not station.said
        station.relayed.append(bytes(beat.pack(other)))
        other.seq += 1
        station.fly(40)
    told = [words for words in station.said if 'another camera' in words]
    assert len(told) == (camera == CAMERA)
    assert all('station_camera' in words for words in told)


def test_a_doubled_command_engages_once_and_says_nothing():
    station = Station('px4')
    station.fly(80)
    station.send(31010, 1.0, component=COMPANION)
    station.relayed *= 2
    station.until(Stage.ENGAGED)
    assert not station.said
