# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a ground station or companion can ask of the simulated autopilot, message by message.

Unknown commands are answered with UNSUPPORTED and unknown messages not at all, as in firmware.
"""

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from .channel import MavlinkChannel
from .flight import ACCEPTED, DENIED, UNSUPPORTED, FlightState
from .personality import Personality
from .setpoints import DecodedSetpoint, decode
from .telemetry import MESSAGES, ORIGIN_ALT_M, TelemetrySnapshot

FORCE_DISARM = 21196
BROADCAST = 0


class Commanded(Protocol):
    """The autopilot that requests are for; each method returns a MAV_RESULT."""

    kind: Personality
    system_id: int
    state: FlightState
    parameters: dict[str, float]

    @property
    def now_ns(self) -> int:
        """The plant's time."""

    def snapshot(self) -> TelemetrySnapshot:
        """Return what telemetry is made of, now."""

    def arm(self) -> int:
        """Arm."""

    def disarm(self, force: bool = False) -> int:
        """Disarm; forced, it falls from the air."""

    def take_off(self, height_m: float) -> int:
        """Climb to a height above home."""

    def change_mode(self, custom_mode: int) -> int:
        """Change to a mode given by its number on the wire."""

    def change_mode_to(self, name: str) -> int:
        """Change to a mode given by its firmware name."""

    def take_setpoint(self, setpoint: DecodedSetpoint) -> None:
        """Note a setpoint that came over MAVLink."""

    def take_joystick(self, axes: tuple[int, ...]) -> None:
        """Note a ground station's joystick: x, y, z and r of MANUAL_CONTROL."""


@dataclass(frozen=True)
class Request:
    """One message for one autopilot, and the channel that the answer goes to."""

    autopilot: Commanded
    link: MavlinkChannel
    message: Any

    @property
    def parameters(self) -> tuple[float, ...]:
        """param1 to param7 of a COMMAND_LONG or COMMAND_INT."""
        m = self.message
        if m.get_type() == 'COMMAND_INT':
            return (m.param1, m.param2, m.param3, m.param4, m.x / 1e7, m.y / 1e7, m.z)
        return (m.param1, m.param2, m.param3, m.param4, m.param5, m.param6, m.param7)


def handle(request: Request) -> None:
    """Act on one message, where it is for this autopilot and known."""
    message = request.message
    system = getattr(message, 'target_system', BROADCAST)
    component = getattr(message, 'target_component', BROADCAST)
    if system not in (BROADCAST, request.autopilot.system_id) or component not in (BROADCAST, 1):
        return
    handler = HANDLERS.get(message.get_type())
    if handler is not None:
        handler(request)


def _heartbeat(request: Request) -> None:
    if request.message.type == mavlink.MAV_TYPE_GCS:
        request.link.note_ground_station(request.autopilot.now_ns)


def _command(request: Request) -> None:
    message = request.message
    handler = COMMANDS.get(message.command)
    result = UNSUPPORTED if handler is None else DENIED
    is_number = all(map(math.isfinite, request.parameters[:2]))
    if handler is not None and (is_number or message.command not in NEED_NUMBERS):
        result = handler(request)
    source = (message.get_srcSystem(), message.get_srcComponent())
    request.link.send(mavlink.MAVLink_command_ack_message(message.command, result, 0, 0, *source))


def _arm_disarm(request: Request) -> int:
    arm, force, *_ = request.parameters
    if arm == 1.0:
        return request.autopilot.arm()
    return request.autopilot.disarm(force=force == FORCE_DISARM)


def _takeoff(request: Request) -> int:
    height = request.parameters[6]
    kind = request.autopilot.kind
    if not math.isfinite(height) and kind.takeoff_parameter:
        height = request.autopilot.parameters[kind.takeoff_parameter]
    elif kind.takeoff_above_sea:
        height -= ORIGIN_ALT_M + request.autopilot.state.home_enu[2]
    if not math.isfinite(height) or not 0.0 < height < 1000.0:
        return DENIED
    return request.autopilot.take_off(height)


def _land(request: Request) -> int:
    return request.autopilot.change_mode_to('LAND')


def _return(request: Request) -> int:
    return request.autopilot.change_mode_to('RTL')


def _set_mode_command(request: Request) -> int:
    base_mode, main, sub, *_ = request.parameters
    if not int(base_mode) & mavlink.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED:
        return UNSUPPORTED
    if request.autopilot.kind.modes_in_two:
        sub = sub if math.isfinite(sub) else 0.0
        return request.autopilot.change_mode(int(main) << 16 | int(sub) << 24)
    return request.autopilot.change_mode(int(main))


def _request_message(request: Request) -> int:
    return _send_message(request, int(request.parameters[0]))


def _request_version(request: Request) -> int:
    return _send_message(request, mavlink.MAVLINK_MSG_ID_AUTOPILOT_VERSION)


def _request_home(request: Request) -> int:
    return _send_message(request, mavlink.MAVLINK_MSG_ID_HOME_POSITION)


def _send_message(request: Request, message_id: int) -> int:
    if message_id not in MESSAGES:
        return UNSUPPORTED
    request.link.send(MESSAGES[message_id](request.autopilot.snapshot()))
    return ACCEPTED


def _set_interval(request: Request) -> int:
    message_id, interval_us = int(request.parameters[0]), request.parameters[1]
    if message_id not in MESSAGES or not request.autopilot.kind.has_message_intervals:
        return UNSUPPORTED
    if message_id == mavlink.MAVLINK_MSG_ID_HEARTBEAT:
        return DENIED
    rates = request.autopilot.kind.streams_hz
    if interval_us < 0 or (interval_us == 0 and message_id not in rates):
        request.link.interval_ns.pop(message_id, None)
    elif interval_us == 0:
        request.link.interval_ns[message_id] = round(1e9 / rates[message_id])
    else:
        request.link.interval_ns[message_id] = round(interval_us * 1000)
    return ACCEPTED


def _get_interval(request: Request) -> int:
    message_id = int(request.parameters[0])
    if message_id not in MESSAGES:
        return UNSUPPORTED
    interval = request.link.interval_ns.get(message_id)
    microseconds = -1 if interval is None else interval // 1000
    request.link.send(mavlink.MAVLink_message_interval_message(message_id, microseconds))
    return ACCEPTED


def _set_mode(request: Request) -> None:
    if request.message.base_mode & mavlink.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED:
        result = request.autopilot.change_mode(request.message.custom_mode)
        request.link.send(mavlink.MAVLink_command_ack_message(11, result))


def _setpoint(request: Request) -> None:
    setpoint = decode(request.message, request.autopilot.kind)
    if setpoint is not None:
        request.autopilot.take_setpoint(setpoint)


def _joystick(request: Request) -> None:
    message = request.message
    if message.target in (BROADCAST, request.autopilot.system_id):
        request.autopilot.take_joystick((message.x, message.y, message.z, message.r))


def _data_stream(request: Request) -> None:
    message = request.message
    for message_id in DATA_STREAMS.get(message.req_stream_id, ()):
        if message.start_stop and message.req_message_rate:
            request.link.interval_ns[message_id] = round(1e9 / message.req_message_rate)
        else:
            request.link.interval_ns.pop(message_id, None)


def _parameter_list(request: Request) -> None:
    snapshot = request.autopilot.snapshot()
    for index in range(len(snapshot.parameters)):
        request.link.send(snapshot.parameter(index))


def _parameter_read(request: Request) -> None:
    names = list(request.autopilot.parameters)
    index = request.message.param_index
    if index == -1 and request.message.param_id in names:
        index = names.index(request.message.param_id)
    if 0 <= index < len(names):
        request.link.send(request.autopilot.snapshot().parameter(index))


def _parameter_set(request: Request) -> None:
    name, value = request.message.param_id, request.message.param_value
    if name not in request.autopilot.parameters:
        return
    is_integer = isinstance(request.autopilot.parameters[name], int)
    if is_integer and request.autopilot.kind.integers_in_bytes:
        value = struct.unpack('<i', struct.pack('<f', value))[0]
    if math.isfinite(value):
        request.autopilot.parameters[name] = int(value) if is_integer else value
    names = list(request.autopilot.parameters)
    request.link.send(request.autopilot.snapshot().parameter(names.index(name)))


def _mission_list(request: Request) -> None:
    message = request.message
    source = (message.get_srcSystem(), message.get_srcComponent())
    request.link.send(mavlink.MAVLink_mission_count_message(*source, 0, message.mission_type))


def _time_sync(request: Request) -> None:
    if request.message.tc1 == 0:
        now = request.autopilot.now_ns
        request.link.send(mavlink.MAVLink_timesync_message(now, request.message.ts1))


HANDLERS: dict[str, Callable[[Request], None]] = {
    'HEARTBEAT': _heartbeat,
    'COMMAND_LONG': _command,
    'COMMAND_INT': _command,
    'SET_MODE': _set_mode,
    'SET_POSITION_TARGET_LOCAL_NED': _setpoint,
    'MANUAL_CONTROL': _joystick,
    'REQUEST_DATA_STREAM': _data_stream,
    'PARAM_REQUEST_LIST': _parameter_list,
    'PARAM_REQUEST_READ': _parameter_read,
    'PARAM_SET': _parameter_set,
    'MISSION_REQUEST_LIST': _mission_list,
    'TIMESYNC': _time_sync,
}

_GROUPS = {
    mavlink.MAV_DATA_STREAM_EXTENDED_STATUS: (1, 24, 147, 245, 242),
    mavlink.MAV_DATA_STREAM_POSITION: (32, 33),
    mavlink.MAV_DATA_STREAM_EXTRA1: (30,),
    mavlink.MAV_DATA_STREAM_EXTRA2: (74,),
    mavlink.MAV_DATA_STREAM_EXTRA3: (193,),
}
DATA_STREAMS = {
    **_GROUPS,
    mavlink.MAV_DATA_STREAM_ALL: tuple(number for group in _GROUPS.values() for number in group),
}

NEED_NUMBERS = frozenset(
    {
        mavlink.MAV_CMD_DO_SET_MODE,
        mavlink.MAV_CMD_REQUEST_MESSAGE,
        mavlink.MAV_CMD_SET_MESSAGE_INTERVAL,
        mavlink.MAV_CMD_GET_MESSAGE_INTERVAL,
    }
)

COMMANDS: dict[int, Callable[[Request], int]] = {
    mavlink.MAV_CMD_COMPONENT_ARM_DISARM: _arm_disarm,
    mavlink.MAV_CMD_NAV_TAKEOFF: _takeoff,
    mavlink.MAV_CMD_NAV_LAND: _land,
    mavlink.MAV_CMD_NAV_RETURN_TO_LAUNCH: _return,
    mavlink.MAV_CMD_DO_SET_MODE: _set_mode_command,
    mavlink.MAV_CMD_REQUEST_MESSAGE: _request_message,
    mavlink.MAV_CMD_REQUEST_AUTOPILOT_CAPABILITIES: _request_version,
    mavlink.MAV_CMD_GET_HOME_POSITION: _request_home,
    mavlink.MAV_CMD_SET_MESSAGE_INTERVAL: _set_interval,
    mavlink.MAV_CMD_GET_MESSAGE_INTERVAL: _get_interval,
}
