# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated pilot's ground station: a plain MAVLink one, system 255, on a link of its own.

It heartbeats, keeps the sticks centred, sends what the pilot asks for and remembers what the
firmware says. All its times are simulated. It never sends a setpoint.
"""

import logging
import struct
from pathlib import Path
from typing import Any, NamedTuple

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ...errors import ConfigError, shown
from .. import udp
from ..autopilot.personality import Mode, Personality

logger = logging.getLogger(__name__)
GROUND_STATION, STATION_COMPONENT, AUTOPILOT, COMPANION = 255, 190, 1, 191
SECOND_NS = 1_000_000_000
HEARTBEAT_NS, STICKS_NS, ASK_AGAIN_NS = SECOND_NS, SECOND_NS // 5, SECOND_NS // 2
COMPANION_LOST_NS = 3 * SECOND_NS
LOWEST_US, CENTRED_US, CLIMBING_US = 1000, 1500, 1700  # the last: about 1 m/s
PREARM_CHECK = 0x10000000  # MAV_SYS_STATUS_PREARM_CHECK
WANTED = (1, 245)  # SYS_STATUS, EXTENDED_SYS_STATE: ArduPilot sends neither unasked
WANTED_PERIOD_US = 200_000.0
CUSTOM_MODE = mavlink.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED
_FLOAT, _INTEGER = struct.Struct('<f'), struct.Struct('<i')


class FirmwareParameter(NamedTuple):
    """A firmware parameter; PX4 wants to know whether it is a whole number."""

    name: str
    value: float
    is_integer: bool


def load_parameters(path: Path) -> tuple[FirmwareParameter, ...]:
    """Read a file of lines ``NAME value``; a value with a point is a float.

    Raises:
        ConfigError: a line that is neither that, nor a comment, nor empty.

    """
    found = []
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        words = line.partition('#')[0].split()
        try:
            if words:
                name, value = words
                found.append(FirmwareParameter(name, float(value), '.' not in value))
        except ValueError as error:
            raise ConfigError(
                f'{path}:{number}: expected NAME value, got {shown(line)}'
            ) from error
    return tuple(found)


class GroundStation:
    """Holds a UDP socket; close it. Call :meth:`step` at every camera frame."""

    def __init__(
        self,
        kind: Personality,
        bind: udp.Address = udp.ANY_PORT,
        peer: tuple[str, int] | None = None,
        system: int = 1,
    ) -> None:
        """Listen; ``peer`` is where to talk to, else whoever is heard first.

        Args:
            kind: the autopilot's.
            bind: the address to listen on.
            peer: see above.
            system: the autopilot's MAVLink system id; other systems are not heard.

        """
        self.kind, self.system = kind, system
        self._given_peer, self._now_ns = peer, 0
        self.forget()
        self._codec = mavlink.MAVLink(None, GROUND_STATION, STATION_COMPONENT)
        self._codec.robust_parsing = True
        self._socket = udp.listen(bind, 'the simulated ground station')

    def forget(self) -> None:
        """Know nothing about the firmware: it is started anew."""
        self.custom_mode: int | None = None
        self.armed = self.can_arm = False
        self.climbs = False  # by the throttle stick; on ArduPilot alone
        self.landed = True
        self.heard_ns: int | None = None  # the firmware's last heartbeat
        self.companion_ns: int | None = None  # the companion's, passed on by the firmware
        self.results: dict[int, int] = {}  # MAV_CMD to the last MAV_RESULT
        self.parameters: dict[str, bytes] = {}  # as they travel
        self.companion_texts: list[str] = []  # STATUSTEXT of the companion, piece by piece
        self.companion_values: dict[str, float] = {}  # NAMED_VALUE_FLOAT of the companion
        self.switches_us: dict[int, int] = {}  # channels 5 to 8 of the pilot's radio
        self.sends_sticks = True  # off: the pilot holds a radio of his own
        self._asked_ns: dict[object, int] = {}
        self._peer = self._given_peer

    @property
    def port(self) -> int:
        """The UDP port that it listens on."""
        return int(self._socket.getsockname()[1])

    @property
    def mode(self) -> Mode | None:
        """The present mode; None: not heard yet, or one that the simulation does not use."""
        return None if self.custom_mode is None else self.kind.mode_of(self.custom_mode)

    @property
    def has_companion(self) -> bool:
        """A companion computer has been heard lately, through the firmware."""
        return (
            self.companion_ns is not None and self._now_ns - self.companion_ns <= COMPANION_LOST_NS
        )

    def step(self, now_ns: int) -> None:
        """Take in what has come and send what is due at a simulated time."""
        self._now_ns = now_ns
        self._receive()
        if self._is_due('heartbeat', HEARTBEAT_NS):
            kind = mavlink.MAV_TYPE_GCS, mavlink.MAV_AUTOPILOT_INVALID
            state = mavlink.MAV_STATE_ACTIVE
            self.send(mavlink.MAVLink_heartbeat_message(*kind, 0, 0, state, 3))
        if self.heard_ns is None:
            return
        if self.sends_sticks and self._is_due('sticks', STICKS_NS):
            self.send(self._sticks())
            if self.switches_us and self.kind.integers_in_bytes:
                self.send(self._radio())
        if self.kind.text_everywhere and self._is_due('rates', 10 * SECOND_NS):
            for message_id in WANTED:
                self.command(mavlink.MAV_CMD_SET_MESSAGE_INTERVAL, message_id, WANTED_PERIOD_US)

    def _sticks(self) -> Any:
        """Centre the sticks: PX4 takes a joystick, ArduPilot the channels of a radio."""
        if self.kind.integers_in_bytes:
            return mavlink.MAVLink_manual_control_message(self.system, 0, 0, 500, 0, 0)
        return self._radio()

    def _radio(self) -> Any:
        throttle_us = CLIMBING_US if self.climbs else CENTRED_US
        throttle_us = throttle_us if self.armed else LOWEST_US  # else it refuses to arm
        switches = [self.switches_us.get(number, 0) for number in range(5, 9)]  # 0: not sent
        channels = [CENTRED_US, CENTRED_US, throttle_us, CENTRED_US, *switches]
        return mavlink.MAVLink_rc_channels_override_message(self.system, AUTOPILOT, *channels)

    # what the pilot asks for

    def ask_mode(self, mode: Mode) -> None:
        """Ask for a mode, at most twice a second."""
        number = self.kind.custom_modes[mode]
        if self._is_due(('mode', mode), ASK_AGAIN_NS):
            if self.kind.modes_in_two:
                main, sub = number >> 16 & 0xFF, number >> 24
                self.command(mavlink.MAV_CMD_DO_SET_MODE, CUSTOM_MODE, main, sub)
            else:
                self.command(mavlink.MAV_CMD_DO_SET_MODE, CUSTOM_MODE, number)

    def ask_arm(self) -> None:
        """Ask to arm, at most twice a second."""
        if self._is_due('arm', ASK_AGAIN_NS):
            self.command(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 1)

    def ask_takeoff(self) -> None:
        """Ask to climb to MIS_TAKEOFF_ALT above here, at most twice a second; PX4 alone."""
        if self._is_due('takeoff', ASK_AGAIN_NS):
            self.command(mavlink.MAV_CMD_NAV_TAKEOFF, 0, 0, 0, *[float('nan')] * 4)

    def stick(self, climbs: bool) -> None:
        """Push the throttle stick up, or let it go to the middle; ArduPilot alone."""
        if climbs is not self.climbs:
            self.climbs = climbs
            self.send(self._sticks())

    def ask_parameter(self, parameter: FirmwareParameter) -> bool:
        """Set a parameter, at most twice a second; True once the firmware has confirmed it."""
        raw, is_whole = self._raw(parameter), parameter.is_integer and self.kind.integers_in_bytes
        if self.parameters.get(parameter.name) == raw.pack():
            return True
        if self._is_due(('parameter', parameter.name), ASK_AGAIN_NS):
            number = mavlink.MAV_PARAM_TYPE_INT32 if is_whole else mavlink.MAV_PARAM_TYPE_REAL32
            name = parameter.name.encode('ascii')
            target = self.system, AUTOPILOT
            self.send(mavlink.MAVLink_param_set_message(*target, name, raw.value, number))
        return False

    def _raw(self, parameter: FirmwareParameter) -> 'Raw':
        if parameter.is_integer and self.kind.integers_in_bytes:
            return Raw.of_integer(round(parameter.value))
        return Raw(parameter.value)

    def command(self, number: int, *parameters: float) -> None:
        """Send a COMMAND_LONG once."""
        values = [*parameters, *[0.0] * (7 - len(parameters))]
        self.results.pop(number, None)
        self.send(mavlink.MAVLink_command_long_message(self.system, AUTOPILOT, number, 0, *values))

    def send(self, message: Any) -> None:
        """Send a message once, if it is known where to."""
        packet = bytes(message.pack(self._codec))
        self._codec.seq = (self._codec.seq + 1) % 256
        self.send_raw(packet)

    def send_raw(self, packet: bytes) -> None:
        """Send bytes on this link, such as those of another station that shares it."""
        if self._peer is None:
            return
        try:
            self._socket.sendto(packet, self._peer)
        except (BlockingIOError, ConnectionError):  # not there yet; everything is asked again
            return

    def _is_due(self, what: object, period_ns: int) -> bool:
        before_ns = self._asked_ns.get(what)
        if before_ns is not None and self._now_ns - before_ns < period_ns:
            return False
        self._asked_ns[what] = self._now_ns
        return True

    # what the firmware says

    def _receive(self) -> None:
        for data, peer in udp.waiting(self._socket):
            self._peer = self._peer or peer
            self._codec.buf, self._codec.buf_index = bytearray(), 0
            for message in self._codec.parse_buffer(data) or []:
                self._take(message)

    def _take(self, message: Any) -> None:
        if message.get_srcSystem() != self.system:
            return
        kind, component = message.get_type(), message.get_srcComponent()
        if kind == 'HEARTBEAT' and component == COMPANION:
            self.companion_ns = self._now_ns
        elif kind == 'STATUSTEXT' and component == COMPANION:
            self.companion_texts.append(message.text)
        elif kind == 'NAMED_VALUE_FLOAT' and component == COMPANION:
            self.companion_values[message.name] = message.value
        elif component == AUTOPILOT and kind in _HANDLERS:
            _HANDLERS[kind](self, message)

    def _on_heartbeat(self, message: Any) -> None:
        if message.autopilot == self.kind.autopilot:
            self.heard_ns, self.custom_mode = self._now_ns, message.custom_mode
            armed = bool(message.base_mode & mavlink.MAV_MODE_FLAG_SAFETY_ARMED)
            if armed != self.armed:
                self.armed = armed
                self.send(self._sticks())

    def _on_status(self, message: Any) -> None:
        self.can_arm = bool(message.onboard_control_sensors_health & PREARM_CHECK)

    def _on_landed(self, message: Any) -> None:
        self.landed = message.landed_state == mavlink.MAV_LANDED_STATE_ON_GROUND

    def _on_answer(self, message: Any) -> None:
        self.results[message.command] = message.result

    def _on_parameter(self, message: Any) -> None:
        self.parameters[message.param_id] = Raw(message.param_value).pack()

    def _on_text(self, message: Any) -> None:
        logger.info('%s says: %s', self.kind.name, message.text)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class Raw(NamedTuple):
    """A parameter's value as a float on the wire."""

    value: float

    @classmethod
    def of_integer(cls, number: int) -> 'Raw':
        """Hide the bytes of a whole number in a float, as PX4 wants it."""
        return cls(_FLOAT.unpack(_INTEGER.pack(number))[0])

    def pack(self) -> bytes:
        """Return its four bytes: comparing floats would lose numbers that are no numbers."""
        return _FLOAT.pack(self.value)


_HANDLERS = {
    'HEARTBEAT': GroundStation._on_heartbeat,
    'SYS_STATUS': GroundStation._on_status,
    'EXTENDED_SYS_STATE': GroundStation._on_landed,
    'COMMAND_ACK': GroundStation._on_answer,
    'PARAM_VALUE': GroundStation._on_parameter,
    'STATUSTEXT': GroundStation._on_text,
}
