# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Answers one ground station: shows it the target, stops when it says so, engages by one command.

Each command is answered in the companion's own step, after the setpoint has left, and asks the
session as every human does. Tracking commands engage nothing: the policy knows one target, so a
point or a rectangle is accepted where that one is, and refused everywhere else.
CAMERA_STOP_TRACKING means hold and hand back. MAV_CMD_USER_1 with 1 engages where the pilot
allowed it, with 0 it hands back.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ..announcements import Severity
from ..companion_session import CompanionSession
from ..engagement import Stage
from ..guard.limits import Sighting
from ..mavlink.encoder import COMPANION_COMPONENT
from ..mavlink.link import MavlinkLink
from ..mavlink.station_inbox import StationCommand, StationInbox
from . import camera_messages as camera
from .camera_messages import StationVideo

ENGAGE = mavlink.MAV_CMD_USER_1  # 31010; parameter 1: 1 engages, 0 hands back
TRACKING = mavlink.MAVLINK_MSG_ID_CAMERA_TRACKING_IMAGE_STATUS
BOOT_BITS = 0xFFFFFFFF  # of time_boot_ms, which begins anew after 49.7 days
HEARTBEAT_S = 1.0
RECENT_S = 0.5  # an older sighting is not shown
TRACK_S = 0.2  # between two of the target's places, whoever asks for as much or a little less
SLOWEST_FAST_S = 0.5  # QGroundControl asks for that
NEAR = 0.1  # of the picture's width: a click so near is meant for the target
TARGET_M = 0.5  # half of what a person measures, for the box where the distance is known
LATE_S, AGAIN_S = 1.0, 5.0
STANDS_BY = (Stage.STANDBY, Stage.HANDED_BACK)  # in any other, to engage changes nothing
ACCEPTED, DENIED = mavlink.MAV_RESULT_ACCEPTED, mavlink.MAV_RESULT_DENIED
UNSUPPORTED = mavlink.MAV_RESULT_UNSUPPORTED


@dataclass(frozen=True)
class StationSetup:
    """Which station is answered, and as what."""

    system: int  # QGroundControl: 255
    engages: bool = False  # by MAV_CMD_USER_1
    camera: int = mavlink.MAV_COMP_ID_CAMERA  # 100
    video: StationVideo = field(default_factory=StationVideo)

    def inbox(self) -> StationInbox:
        """Return where its commands wait."""
        return StationInbox(self.system, (COMPANION_COMPONENT, self.camera))


class StationAnswer(NamedTuple):
    """A MAV_RESULT, what is sent after it, and what the pilot is told; empty: nothing."""

    result: int
    messages: tuple[Any, ...] = ()
    words: str = ''


class StationDesk:
    """Serves the station of one companion; call :meth:`serve` at every step."""

    def __init__(
        self,
        link: MavlinkLink,
        session: CompanionSession,
        setup: StationSetup,
        say: Callable[[Severity, str], None],
    ) -> None:
        """Begin to listen to the station.

        Args:
            link: carries the commands and the answers.
            session: is asked, and decides.
            setup: which station.
            say: tells the pilot something in words.

        """
        self._link, self._session, self._setup, self._say = link, session, setup, say
        self._inbox = setup.inbox()
        link.attend_station(self._inbox, setup.camera)
        self._sighting: Sighting | None = None
        self._distance_m: float | None = None
        self._heartbeat_s = self._tracked_s = -math.inf
        self._every_s: float | None = None  # between two of the target's places; None: not asked
        self._last: tuple[StationCommand, StationAnswer] | None = None
        self._now_s = -math.inf
        self._handlers: dict[int, Callable[[StationCommand], StationAnswer]] = {
            mavlink.MAV_CMD_REQUEST_MESSAGE: self._request,
            mavlink.MAV_CMD_SET_MESSAGE_INTERVAL: self._interval,
            mavlink.MAV_CMD_CAMERA_TRACK_POINT: self._track_point,
            mavlink.MAV_CMD_CAMERA_TRACK_RECTANGLE: self._track_rectangle,
            mavlink.MAV_CMD_CAMERA_STOP_TRACKING: self._stop,
            ENGAGE: self._engage,
            **dict.fromkeys(OLD_REQUESTS, self._request_old),
        }

    def note_sighting(self, sighting: Sighting) -> None:
        """Note where the target is seen."""
        self._sighting = sighting

    def note_distance(self, distance_m: float | None) -> None:
        """Note how far away it is; None: not known."""
        self._distance_m = distance_m

    def show_video(self, video: StationVideo) -> None:
        """Name another stream from now on."""
        self._setup = replace(self._setup, video=video)

    def serve(self, now_s: float) -> None:
        """Answer what waits, and send what is due."""
        self._now_s = now_s
        if self._link.vehicle is None:
            return
        if not 0.0 <= now_s - self._heartbeat_s < HEARTBEAT_S:
            self._heartbeat_s = now_s
            self._link.show_camera()
        while self._inbox.reports:
            self._say(Severity.NOTICE, self._inbox.reports.popleft())
        for command in self._inbox.take():
            self._answer(command)
        every_s = self._every_s
        if every_s is not None and not 0.0 <= now_s - self._tracked_s < every_s - 1e-6:
            self._tracked_s = now_s
            self._send(self._setup.camera, self._tracking())

    # answering

    def _answer(self, command: StationCommand) -> None:
        answer = self._before(command)
        if answer is None:
            handler = self._handlers.get(command.number)
            answer = StationAnswer(UNSUPPORTED) if handler is None else handler(command)
            self._last = command, answer
            if answer.words:
                is_good = answer.result == ACCEPTED
                self._say(Severity.INFO if is_good else Severity.NOTICE, answer.words)
        ack = camera.acknowledgement(command.number, answer.result, command.sender)
        self._send(command.target, ack)
        for message in answer.messages:
            self._send(command.target, message)

    def _before(self, command: StationCommand) -> StationAnswer | None:
        """Return the answer that got lost, where a command is sent again; else None.

        A stop is done each time: it may have been engaged since, and its first packet lost.
        """
        if command.confirmation == 0 or self._last is None or command.stops:
            return None
        last, answer = self._last
        is_same = (last.number, last.parameters) == (command.number, command.parameters)
        return answer if is_same and 0.0 <= command.came_s - last.came_s <= AGAIN_S else None

    def _send(self, component: int, message: Any) -> None:
        self._link.answer_station(message, component)

    def _message(self, number: int) -> Any:
        """Return a message about the camera; None: there is none of this kind."""
        boot_ms, video = round(1000.0 * self._now_s) & BOOT_BITS, self._setup.video
        made: dict[int, Callable[[], Any]] = {
            mavlink.MAVLINK_MSG_ID_CAMERA_INFORMATION: lambda: camera.camera_information(
                boot_ms, video
            ),
            mavlink.MAVLINK_MSG_ID_CAMERA_SETTINGS: lambda: camera.camera_settings(boot_ms),
            mavlink.MAVLINK_MSG_ID_CAMERA_CAPTURE_STATUS: lambda: camera.capture_status(boot_ms),
            mavlink.MAVLINK_MSG_ID_STORAGE_INFORMATION: lambda: camera.storage_information(
                boot_ms
            ),
            TRACKING: self._tracking,
        }
        if video.uri:
            made[mavlink.MAVLINK_MSG_ID_VIDEO_STREAM_INFORMATION] = lambda: (
                camera.stream_information(video)
            )
            made[mavlink.MAVLINK_MSG_ID_VIDEO_STREAM_STATUS] = lambda: camera.stream_status(video)
        make = made.get(number)
        return None if make is None else make()

    def _sent(self, command: StationCommand, number: int) -> StationAnswer:
        message = self._message(number) if command.target == self._setup.camera else None
        if message is None:
            return StationAnswer(UNSUPPORTED)
        return StationAnswer(ACCEPTED, (message,))

    def _request(self, command: StationCommand) -> StationAnswer:
        return self._sent(command, _whole(command.parameters[0]))

    def _request_old(self, command: StationCommand) -> StationAnswer:
        return self._sent(command, OLD_REQUESTS[command.number])

    def _interval(self, command: StationCommand) -> StationAnswer:
        number, interval_us = command.parameters[:2]
        if _whole(number) != TRACKING or command.target != self._setup.camera:
            return StationAnswer(UNSUPPORTED)
        if not math.isfinite(interval_us):
            return StationAnswer(DENIED)
        if interval_us < 0.0:
            self._every_s = None
        else:
            asked_s = interval_us / 1e6
            self._every_s = TRACK_S if asked_s <= SLOWEST_FAST_S else asked_s
        return StationAnswer(ACCEPTED)

    # tracking

    def _place(self) -> tuple[float, float] | None:
        """Return where the target is in the picture; None: not seen now."""
        seen = self._sighting
        if seen is None or not 0.0 <= self._now_s - seen.stamp_s <= RECENT_S:
            return None
        return self._setup.video.point(seen.bearing_rad, seen.elevation_rad)

    def _tracking(self) -> Any:
        distance_m, radius = self._distance_m, math.nan
        if distance_m is not None and 0.0 < distance_m < math.inf:
            radius = self._setup.video.radius(TARGET_M, distance_m)
        return camera.tracking_status(self._place(), radius)

    def _track_point(self, command: StationCommand) -> StationAnswer:
        x, y, radius = command.parameters[:3]
        reach = max(radius, NEAR) if math.isfinite(radius) else NEAR
        return self._track((x, y, x, y), min(reach, 2.0 * NEAR))

    def _track_rectangle(self, command: StationCommand) -> StationAnswer:
        left, top, right, bottom = command.parameters[:4]
        return self._track((left, top, right, bottom), 0.0)

    def _track(self, box: tuple[float, float, float, float], reach: float) -> StationAnswer:
        left, top, right, bottom = box
        if not all(0.0 <= one <= 1.0 for one in box) or left > right or top > bottom:
            return StationAnswer(DENIED, (), 'cannot track: expected a place in the picture')
        place = self._place()
        if place is None:
            return StationAnswer(DENIED, (), 'cannot track: no target is seen')
        x, y = place
        if left - reach <= x <= right + reach and top - reach <= y <= bottom + reach:
            return StationAnswer(ACCEPTED, (), 'this target is followed when engaged')
        words = 'cannot track that: it knows one target only, shown by the box'
        return StationAnswer(DENIED, (), words)

    # flying

    def _stop(self, command: StationCommand) -> StationAnswer:
        done, words = self._session.engage(False)
        return StationAnswer(ACCEPTED if done else DENIED, (), f'station: stop: {words}')

    def _engage(self, command: StationCommand) -> StationAnswer:
        wish = command.parameters[0]
        if wish == 0.0:
            return self._stop(command)
        if wish != 1.0:
            return StationAnswer(DENIED, (), 'station: expected 1 (engage) or 0 (hand back)')
        if not command.is_long:
            words = 'station: not engaged: a COMMAND_INT cannot tell that it is sent again'
            return StationAnswer(mavlink.MAV_RESULT_COMMAND_LONG_ONLY, (), words)
        refusal = self._refusal(command)
        if refusal:
            return StationAnswer(DENIED, (), f'station: not engaged: {refusal}')
        done, words = self._session.engage(True)
        return StationAnswer(ACCEPTED if done else DENIED, (), '' if done else words)

    def _refusal(self, command: StationCommand) -> str:
        """Say why a station may not engage now, whatever the session would say."""
        if not self._setup.engages:
            return 'station_engages is off'
        if command.confirmation:
            return 'a repeated command whose first was not received; ask again'
        if not 0.0 <= self._now_s - command.came_s <= LATE_S:
            return 'the command waited too long; ask again'
        if command.is_old and self._session.stage in STANDS_BY:
            return (
                'it came by before, or was sent before the stop: a second link is late; ask again'
            )
        return ''


OLD_REQUESTS = {  # MAV_CMD to the message that it asks for, as older stations do
    mavlink.MAV_CMD_REQUEST_CAMERA_INFORMATION: mavlink.MAVLINK_MSG_ID_CAMERA_INFORMATION,
    mavlink.MAV_CMD_REQUEST_CAMERA_SETTINGS: mavlink.MAVLINK_MSG_ID_CAMERA_SETTINGS,
    mavlink.MAV_CMD_REQUEST_CAMERA_CAPTURE_STATUS: mavlink.MAVLINK_MSG_ID_CAMERA_CAPTURE_STATUS,
    mavlink.MAV_CMD_REQUEST_STORAGE_INFORMATION: mavlink.MAVLINK_MSG_ID_STORAGE_INFORMATION,
    mavlink.MAV_CMD_REQUEST_VIDEO_STREAM_INFORMATION: (
        mavlink.MAVLINK_MSG_ID_VIDEO_STREAM_INFORMATION
    ),
    mavlink.MAV_CMD_REQUEST_VIDEO_STREAM_STATUS: mavlink.MAVLINK_MSG_ID_VIDEO_STREAM_STATUS,
}


def _whole(number: float) -> int:
    """Return a message's number; -1: none."""
    return int(number) if math.isfinite(number) and number == int(number) else -1
