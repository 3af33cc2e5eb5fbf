# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Who else guides the vehicle: autopilots fly the newest setpoint or place, whoever sent it.

Seen is what the router lets come here. Routers also reflect what was sent: a setpoint of ours that
comes back is none of anybody else's. Only what the autopilot would take counts. Programs stream
setpoints; one command to go somewhere is a human's word at a ground station, and so is one
setpoint that names a place or a height. An autopilot passes no setpoint on, but the heartbeat of a
second companion: that says whether it commands.
"""

import math
from collections import deque
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ..records import replace
from ..vehicle import VehicleState
from .encoder import COMPANION_COMPONENT, COMPANION_MARK
from .framing import Frame
from .roster import AUTOPILOT_COMPONENT

SETPOINTS = {
    mavlink.MAVLINK_MSG_ID_SET_ATTITUDE_TARGET: 'SET_ATTITUDE_TARGET',
    mavlink.MAVLINK_MSG_ID_SET_POSITION_TARGET_LOCAL_NED: 'SET_POSITION_TARGET_LOCAL_NED',
    mavlink.MAVLINK_MSG_ID_SET_POSITION_TARGET_GLOBAL_INT: 'SET_POSITION_TARGET_GLOBAL_INT',
}
PLACED = tuple(SETPOINTS)[1:]  # these may name a place
ORBIT = 34  # MAV_CMD_DO_ORBIT; pymavlink has the name from 2.4.50 on
GUIDING_COMMANDS = {
    mavlink.MAV_CMD_DO_REPOSITION: 'DO_REPOSITION',
    mavlink.MAV_CMD_DO_CHANGE_ALTITUDE: 'DO_CHANGE_ALTITUDE',
    ORBIT: 'DO_ORBIT',
    mavlink.MAV_CMD_CONDITION_YAW: 'CONDITION_YAW',
    # turns to a place (one word in three versions), or stands; it stays in GUIDED for both
    mavlink.MAV_CMD_DO_SET_ROI_LOCATION: 'DO_SET_ROI_LOCATION',
    mavlink.MAV_CMD_DO_SET_ROI: 'DO_SET_ROI',
    mavlink.MAV_CMD_NAV_ROI: 'NAV_ROI',
    mavlink.MAV_CMD_DO_PAUSE_CONTINUE: 'DO_PAUSE_CONTINUE',
    mavlink.MAV_CMD_OVERRIDE_GOTO: 'OVERRIDE_GOTO',
}
COMMANDS = (mavlink.MAVLINK_MSG_ID_COMMAND_LONG, mavlink.MAVLINK_MSG_ID_COMMAND_INT)
ITEMS = (mavlink.MAVLINK_MSG_ID_MISSION_ITEM, mavlink.MAVLINK_MSG_ID_MISSION_ITEM_INT)
TO_AUTOPILOT = (0, AUTOPILOT_COMPONENT)  # components; 0 is everybody
GUIDED_ITEMS = (2, 3)  # MISSION_ITEM.current, as older stations guide: a place, a height
PLACES = 1 | 2 | 4  # of a type_mask: what of x, y and z is ignored
ACROSS, UP_OR_DOWN = (0, 1), (2, 3)  # kinds of speed of DO_CHANGE_SPEED
ITS_OWN_SPEED = -2.0  # likewise: the vehicle's default again
LATELY_S, ENOUGH = 5.0, 2  # so many setpoints of others within that time are a rival
OURS = 1024  # of our setpoints that may come back yet: nearly a minute of them
OUR_HEARTBEATS = 16  # likewise, by one a second


def heed(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    """Note what somebody tells the autopilot: where to go or turn, or how fast to fly at most.

    Args:
        vehicle: that is flown.
        message: a COMMAND_LONG, COMMAND_INT, MISSION_ITEM, MISSION_ITEM_INT or setpoint.
        now_s: time of arrival.

    """
    is_for_it = message.target_system in (0, vehicle.system_id)
    if not is_for_it or message.target_component not in TO_AUTOPILOT:
        return vehicle
    is_command = message.get_msgId() in COMMANDS
    if is_command and message.command == mavlink.MAV_CMD_DO_CHANGE_SPEED:
        return _at_speed(vehicle, message.param1, message.param2)
    told = GUIDING_COMMANDS.get(message.command, '') if is_command else ''
    if message.get_msgId() in ITEMS and message.current in GUIDED_ITEMS:
        told = f'{message.get_type()}, current {message.current}'
    if message.get_msgId() in PLACED and message.type_mask & PLACES != PLACES:
        told = message.get_type()
    if not told:
        return vehicle
    who = f'system {message.get_srcSystem()} component {message.get_srcComponent()}'
    return replace(vehicle, guided_s=now_s, guided_by=f'{who} guides the vehicle ({told})')


def _at_speed(vehicle: VehicleState, kind: float, m_s: float) -> VehicleState:
    """Note DO_CHANGE_SPEED: an autopilot that flies slower than commanded would look stuck."""
    if not (m_s == ITS_OWN_SPEED or 0.0 < m_s < math.inf):
        return vehicle
    told_m_s = math.inf if m_s == ITS_OWN_SPEED else m_s
    if kind in ACROSS:
        return replace(vehicle, told_speed_m_s=told_m_s)
    return replace(vehicle, told_climb_m_s=told_m_s) if kind in UP_OR_DOWN else vehicle


class SetpointRivals:
    """Remembers our last setpoints, and when others sent theirs."""

    def __init__(self) -> None:
        """Know none."""
        self._ours: deque[tuple[int, bytes]] = deque(maxlen=OURS)
        self._heartbeats: deque[tuple[int, bytes]] = deque(maxlen=OUR_HEARTBEATS)
        self._heard: deque[tuple[float, str]] = deque(maxlen=ENOUGH)

    def note_ours(self, packet: bytes) -> None:
        """Remember a setpoint (MAVLink 2) that leaves."""
        self._ours.append((packet[4], _content(packet, 10)))

    def is_ours(self, frame: Frame) -> bool:
        """Tell whether a setpoint is one of ours that comes back, in either version."""
        return _told(frame) in self._ours

    def note_our_heartbeat(self, packet: bytes) -> None:
        """Remember a HEARTBEAT (MAVLink 2) that leaves."""
        self._heartbeats.append((packet[4], _content(packet, 10)))

    def hear_heartbeat(self, frame: Frame, message: Any, vehicle: int, now_s: float) -> None:
        """Note the heartbeat of another program that is this companion too, and commands.

        Args:
            frame: a HEARTBEAT of anybody.
            message: the same, decoded; MAVROS has the same ids, and another custom_mode.
            vehicle: the system that is flown.
            now_s: time of arrival.

        """
        is_named = (frame.system, frame.component) == (vehicle, COMPANION_COMPONENT)
        commands = message.system_status == mavlink.MAV_STATE_ACTIVE
        is_like_us = is_named and commands and message.custom_mode == COMPANION_MARK
        if is_like_us and _told(frame) not in self._heartbeats:
            who = f'a second program is system {vehicle} component {COMPANION_COMPONENT}'
            self._heard.append((now_s, f'{who} too, and says that it commands (HEARTBEAT)'))

    def take(self, frame: Frame, target: int, vehicle: int, now_s: float) -> None:
        """Note a setpoint of somebody else's; ``target`` is the system that it is for."""
        if target in (0, vehicle):
            name = SETPOINTS[frame.message_id]
            who = f'system {frame.system} component {frame.component}'
            self._heard.append((now_s, f'{who} sends setpoints to the vehicle as well ({name})'))

    def sentence(self, now_s: float) -> str:
        """Name who commands besides us; empty: nobody."""
        recent = [words for heard_s, words in self._heard if 0.0 <= now_s - heard_s <= LATELY_S]
        if len(recent) < ENOUGH:
            return ''
        return f'{recent[-1]}: end that program, or this one'


def _told(frame: Frame) -> tuple[int, bytes]:
    """Return the number and content of a packet, in either version."""
    is_new = frame.version == 2
    number = frame.packet[4 if is_new else 2]
    return number, _content(frame.packet, 10 if is_new else 6)


def _content(packet: bytes, begin: int) -> bytes:
    """Return the payload; zeros at its end do not travel in MAVLink 2."""
    return packet[begin : begin + packet[1]].rstrip(b'\0')
