# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""MAVLink bytes to what is known about the vehicle.

It has no socket: the same code decodes on a drone and in simulation. It listens to one vehicle's
autopilot alone, known by its system, its component (1) and its kind, and on one path at a time.
Its only clock is the calendar of signatures.
"""

import logging
import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ..records import replace
from ..vehicle import NEVER, VehicleState
from .answered_path import AnsweredPath
from .copies import PAUSE_S, UNSTAMPED, UNTIMED, PacketCopies
from .encoder import MavlinkEncoder
from .framing import Frame
from .profiles import Profile, detect
from .receiver import Receiver
from .rivals import COMMANDS, ITEMS, SETPOINTS, TO_AUTOPILOT, SetpointRivals, heed
from .roster import (
    AUTOPILOT_COMPONENT,
    MULTIROTORS,
    NO_AUTOPILOT,
    Introductions,
    Roster,
    refused,
)
from .signing import SigningKey
from .station_inbox import StationInbox, addressee
from .telemetry import beside
from .telemetry.decode import HANDLERS, parameter_answer
from .telemetry.home import HomeFinder
from .timesync import TimeSync

logger = logging.getLogger(__name__)
MOST_WARNINGS = 20
MOST_ANSWERS = 8
MOST_ARRIVED = 1000  # messages that wait to be counted


class MavlinkCodec:
    """Knows one vehicle.

    The first autopilot heard is the vehicle unless a system id is given; others are ignored. Until
    two heartbeats in a row tell the same, its heartbeat counts as not received, and another
    autopilot that tells the same twice takes its place: one odd heartbeat decides nothing.
    """

    def __init__(
        self,
        profile: Profile | None = None,
        system_id: int | None = None,
        key: SigningKey | None = None,
        calendar_s: Callable[[], float] = time.time,
    ) -> None:
        """Wait for a vehicle.

        Args:
            profile: the only kind that is taken; None: the first heartbeats decide.
            system_id: the vehicle's; None: of the first autopilot heard.
            key: to sign with; what is not signed with it is then not listened to.
            calendar_s: seconds since 1970, for signatures.

        """
        self.profile = profile
        self.clock = TimeSync()
        self._home = HomeFinder(is_local=False)
        self.wanted_id = system_id
        self._expected = profile
        self._vehicle: VehicleState | None = None
        self.receiver = Receiver(key, calendar_s)
        self.roster = Roster()
        self._introductions = Introductions()
        self._is_sure = False  # two heartbeats in a row told the vehicle's kind
        self.path = AnsweredPath()
        self._copies = PacketCopies()
        self._other_mode_s = -math.inf  # the last heartbeat of another mode than ours
        self.rivals = SetpointRivals()
        self.encoder = MavlinkEncoder(system_id, key, calendar_s)
        self._speak_as = partial(MavlinkEncoder, system_id, key, calendar_s)
        self._voices = [self.encoder]
        self.inbox: StationInbox | None = None  # where a ground station is attended
        self._read_s = -math.inf  # when this was read last, on the caller's clock
        self._waited_since_s: float | None = None  # what is read now may have waited since then
        self._others: set[tuple[int, int]] = set()
        self._answers: list[bytes] = []
        self._arrived: list[Any] = []
        # requested ones; None: not answered yet; NaN: the autopilot has none
        self.parameters: dict[str, float | None] = {}
        self.refusal = ''  # why the last autopilot that is not known was not taken

    def voice(self, component: int) -> MavlinkEncoder:
        """Return an encoder that speaks as another component of the vehicle."""
        made = self._speak_as(component)
        if self._vehicle is not None:
            made.address(self._vehicle.system_id)
        self._voices.append(made)
        return made

    def ask_clock(self, now_s: float) -> bytes:
        """Encode TIMESYNC's question for the vehicle's clock."""
        return self.encoder.time_sync(0, self.clock.ask(now_s))

    @property
    def vehicle(self) -> VehicleState | None:
        """What is known; None before the first heartbeat."""
        return self._vehicle

    def receive(self, data: bytes, now_s: float, source: object = None) -> bool:
        """Take in bytes; tells whether the vehicle itself spoke in them, on the path answered.

        Args:
            data: as they came: a datagram, or a piece of a stream, cut anywhere.
            now_s: time of arrival on the caller's clock.
            source: whom they came from; None where there is one only.

        """
        heard = False
        for frame in self.receiver.frames(data, source, now_s):
            heard = self._take(frame, source, now_s) or heard
        return heard

    def note_read(self, now_s: float, is_all: bool = True) -> None:
        """Note that what had arrived is received now, be it nothing.

        Args:
            now_s: on the caller's clock.
            is_all: nothing waits any longer. Else, as in a flood or where the socket fails, what
                is received now and later may have waited since it was so last.

        """
        paused = now_s - self._read_s > PAUSE_S and math.isfinite(self._read_s)
        self._waited_since_s = self._read_s if paused else None
        if is_all:
            self._read_s = now_s

    def _came_s(self, now_s: float) -> float:
        """Return when what is read now may have come."""
        return now_s if self._waited_since_s is None else self._waited_since_s

    def _take(self, frame: Frame, source: object, now_s: float) -> bool:
        if not self._is_vehicles(frame) and frame.message_id != mavlink.MAVLINK_MSG_ID_HEARTBEAT:
            self.roster.note(frame.system, frame.component, now_s)
            if frame.message_id in (*COMMANDS, *ITEMS):
                self._hear_command(frame, source, now_s)
            elif frame.message_id in SETPOINTS:
                self._hear_setpoint(frame, source, now_s)
            elif frame.message_id in beside.DECODERS:
                self._hear_beside(frame, source, now_s)
            elif self._vehicle is not None and frame.system != self._vehicle.system_id:
                self._warn_once(frame.system, 'is not our vehicle and is ignored')
            return False
        if self._is_vehicles(frame) and not self.path.is_open_to(source, now_s):
            self.receiver.tally.other_path += 1  # not decoded: its signature would be used up
            return False
        message = self.receiver.decode(frame)
        if message is None:
            if self.receiver.has_key:
                self._warn_once(0, 'or another sent packets without a good signature: refused')
            return False
        for voice in self._voices if self.receiver.has_key else ():
            voice.note_signature(self.receiver.newest_signature)
        if frame.message_id == mavlink.MAVLINK_MSG_ID_HEARTBEAT:
            self.roster.note(frame.system, frame.component, now_s, message.autopilot, message.type)
            self._introduce(message, frame.packet, now_s)
            vehicle = 0 if self._vehicle is None else self._vehicle.system_id
            self.rivals.hear_heartbeat(frame, message, vehicle, now_s)
            if self.inbox is not None:
                self.inbox.hear_heartbeat(frame, message, vehicle)
        return self._is_vehicles(frame) and self._handle(message, source, now_s)

    def _hear_command(self, frame: Frame, source: object, now_s: float) -> None:
        """Take in a station's command to us, or somebody's that guides the vehicle elsewhere."""
        vehicle, is_here = self._vehicle, source == self.path.source
        if vehicle is None:
            return
        to_us = frame.message_id in COMMANDS and addressee(frame)[1] not in TO_AUTOPILOT
        if to_us and self.inbox is not None:
            self._hear_station(self.inbox, vehicle.system_id, frame, is_here, now_s)
        elif is_here and not to_us:
            message = self.receiver.decode(frame)
            self._vehicle = vehicle if message is None else heed(vehicle, message, now_s)

    def _hear_station(
        self, inbox: StationInbox, system: int, frame: Frame, is_here: bool, now_s: float
    ) -> None:
        fault = inbox.fault(frame, system, is_here)
        if fault is None:
            return
        message = None if fault else self.receiver.decode(frame)
        if message is None:
            inbox.refuse(frame.system, fault or 'without a good signature')
        else:
            inbox.put(message, self._came_s(now_s))

    def _hear_setpoint(self, frame: Frame, source: object, now_s: float) -> None:
        """Take in another's setpoint, on the path of the autopilot and as it would take it."""
        vehicle = self._vehicle
        if vehicle is None or source != self.path.source or self.rivals.is_ours(frame):
            return
        message = self.receiver.decode(frame)
        if message is not None:
            self.rivals.take(frame, message.target_system, vehicle.system_id, now_s)
            self._vehicle = heed(vehicle, message, now_s)

    def _hear_beside(self, frame: Frame, source: object, now_s: float) -> None:
        """Take in a gimbal of the vehicle, which speaks for itself, or somebody's joystick."""
        vehicle, number, packet = self._vehicle, frame.message_id, bytes(frame.packet)
        if vehicle is None or source != self.path.source:
            return
        is_copy = number in UNTIMED and self._copies.is_copy(number, packet, now_s)
        if is_copy or not beside.may_tell(frame, vehicle.system_id):
            return
        message = self.receiver.decode(frame)
        if message is not None:
            self._copies.take(number, packet, now_s)
            self._vehicle = beside.DECODERS[number](vehicle, message, self._came_s(now_s))

    def _is_vehicles(self, frame: Frame) -> bool:
        key = frame.system, frame.component
        return self._vehicle is not None and key == (self._vehicle.system_id, AUTOPILOT_COMPONENT)

    def answers(self) -> list[bytes]:
        """Return what the vehicle asked for (its clock's questions), once."""
        answers, self._answers = self._answers, []
        return answers

    def arrived(self) -> list[Any]:
        """Return the vehicle's messages since the last call, oldest first."""
        arrived, self._arrived = self._arrived, []
        return arrived

    def _handle(self, message: Any, source: object, now_s: float) -> bool:
        kind, vehicle = message.get_type(), self._vehicle
        if kind == 'HEARTBEAT' and not self._is_of_kind(message):
            return False  # somebody who borrowed the autopilot's component id
        number, packet = message.get_msgId(), bytes(message.get_msgbuf())
        if self._copies.is_copy(number, packet, now_s):
            return False
        is_doubtful = kind == 'HEARTBEAT' and self._brings_our_mode_back(message, now_s)
        self._copies.take(number, packet, now_s, not is_doubtful)
        if is_doubtful:
            return False  # it is told anew, where it is true
        self.path.admits(source, now_s)
        self._arrived.append(message)
        del self._arrived[:-MOST_ARRIVED]
        handler = HANDLERS.get(kind)
        if kind == 'TIMESYNC':
            self._compare_clocks(message, now_s)
        elif kind in ('PARAM_VALUE', 'PARAM_ERROR'):
            value = parameter_answer(message, self.profile)
            if value is not None and message.param_id in self.parameters:
                del self.parameters[message.param_id]  # the newest answer stands last
                self.parameters[message.param_id] = value
        elif handler is not None and vehicle is not None:
            came_s = self._came_s(now_s) if kind in UNSTAMPED else now_s
            vehicle = self._home.take(handler(vehicle, message, came_s), message, now_s)
            heartbeat_s = vehicle.heartbeat_received_s if self._is_sure else NEVER
            self._vehicle = replace(vehicle, heartbeat_received_s=heartbeat_s)
        return True

    def _brings_our_mode_back(self, heartbeat: Any, now_s: float) -> bool:
        """Tell whether what may be an old heartbeat says that the pilot's takeover is over."""
        vehicle, profile = self._vehicle, self.profile
        if vehicle is None or profile is None or vehicle.mode_is_ours:
            return False
        is_ours: bool = heartbeat.custom_mode == profile.follow_mode
        if not is_ours:
            self._other_mode_s = now_s
            return False
        return self._copies.came_lately(bytes(heartbeat.get_msgbuf()), now_s, self._other_mode_s)

    def _compare_clocks(self, message: Any, now_s: float) -> None:
        if message.tc1 == 0:
            self._answers.append(self.encoder.time_sync(round(now_s * 1e9), message.ts1))
            del self._answers[:-MOST_ANSWERS]
            return
        self.clock.answer(message.tc1, message.ts1, now_s)
        if self._vehicle is not None:
            self._vehicle = replace(
                self._vehicle,
                answered_s=self.clock.answered_s,
                trip_s=self.clock.newest_trip_s,
                is_of_two=self.clock.is_of_two,
                clock_offset_s=self.clock.offset_s,
            )

    def _introduce(self, heartbeat: Any, packet: bytes, now_s: float) -> None:
        """Find the vehicle, until it is sure."""
        found, system = detect(heartbeat.autopilot), heartbeat.get_srcSystem()
        is_wanted = self.wanted_id in (None, system)
        if self._is_sure or not is_wanted or heartbeat.get_srcComponent() != AUTOPILOT_COMPONENT:
            return
        told = heartbeat.autopilot, heartbeat.type
        is_second = self._introductions.is_second(system, told, packet, now_s)
        if heartbeat.autopilot == NO_AUTOPILOT:
            return
        self.refusal = refused(heartbeat, found, self._expected)
        if self.refusal or found is None:
            self._warn_once(system, self.refusal)
            return
        vehicle = self._vehicle
        is_known = vehicle is not None and (vehicle.system_id, self.profile) == (system, found)
        if vehicle is None or (is_second and not is_known):
            self._meet(heartbeat, found, now_s)
        self._is_sure = is_second

    def _meet(self, heartbeat: Any, found: Profile, now_s: float) -> None:
        system, mode = heartbeat.get_srcSystem(), heartbeat.custom_mode
        self.profile, self._home = found, HomeFinder(found.tells_local_home)
        self.clock, self.path, self._copies = TimeSync(), AnsweredPath(), PacketCopies()
        for voice in self._voices:
            voice.address(system)
        self._vehicle = VehicleState(
            system_id=system,
            mode=mode,
            mode_name=found.mode_name(mode),
            armed=False,
            heartbeat_received_s=NEVER,
            autopilot=found.name,
            position_valid=False,
        )
        logger.info('vehicle found: system %d, %s', system, found.name)

    def _is_of_kind(self, heartbeat: Any) -> bool:
        is_same = detect(heartbeat.autopilot) is self.profile and heartbeat.type in MULTIROTORS
        if is_same or heartbeat.autopilot == NO_AUTOPILOT:
            self.refusal = '' if is_same else self.refusal
            return is_same
        self.refusal = (
            f'now sends heartbeats of another kind (MAV_AUTOPILOT {heartbeat.autopilot}, MAV_TYPE '
            f'{heartbeat.type}), ignored: if its firmware was changed, start the companion anew'
        )
        self._warn_once(heartbeat.get_srcSystem(), self.refusal)
        return False

    def _warn_once(self, system: int, text: str) -> None:
        key = system, hash(text)
        if key not in self._others and len(self._others) < MOST_WARNINGS:
            self._others.add(key)
            logger.warning('MAVLink system %d %s', system, text)
