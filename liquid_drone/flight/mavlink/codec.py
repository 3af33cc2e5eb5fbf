# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""MAVLink bytes to what is known about the vehicle, and a companion's few messages to bytes.

The only place in this room that knows the dialect. It has no socket: the same code decodes and
encodes on a drone and in simulation. It listens to one vehicle's autopilot (component 1) alone,
and speaks as component 191 of that vehicle. It can encode neither arming nor a mode. Its only
clock is the calendar of signatures.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ...arrays import Vector
from ...errors import LinkError
from ...geometry import enu_from_ned, frd_from_flu, ned_euler_from_enu
from ..setpoint import Setpoint
from ..vehicle import VehicleState
from .profiles import Profile, detect
from .signing import SigningKey, Verifier, ticks
from .timesync import TimeSync

logger = logging.getLogger(__name__)
AUTOPILOT_COMPONENT = 1
COMPANION_COMPONENT = mavlink.MAV_COMP_ID_ONBOARD_COMPUTER  # 191
MULTIROTORS = frozenset(
    {
        mavlink.MAV_TYPE_QUADROTOR,
        mavlink.MAV_TYPE_COAXIAL,
        mavlink.MAV_TYPE_TRICOPTER,
        mavlink.MAV_TYPE_HEXAROTOR,
        mavlink.MAV_TYPE_OCTOROTOR,
        mavlink.MAV_TYPE_DODECAROTOR,
        mavlink.MAV_TYPE_DECAROTOR,
    }
)
NOT_A_VEHICLE = frozenset(
    {
        mavlink.MAV_TYPE_GCS,
        mavlink.MAV_TYPE_ONBOARD_CONTROLLER,
        mavlink.MAV_TYPE_GIMBAL,
        mavlink.MAV_TYPE_ADSB,
        mavlink.MAV_TYPE_CAMERA,
    }
)
# Only velocity and yaw rate are used: position, acceleration and yaw are ignored. 0x05C7, and with
# MAV_FRAME_BODY_NED the one form that PX4 and ArduPilot take alike.
VELOCITY_AND_YAW_RATE = (
    mavlink.POSITION_TARGET_TYPEMASK_X_IGNORE
    | mavlink.POSITION_TARGET_TYPEMASK_Y_IGNORE
    | mavlink.POSITION_TARGET_TYPEMASK_Z_IGNORE
    | mavlink.POSITION_TARGET_TYPEMASK_AX_IGNORE
    | mavlink.POSITION_TARGET_TYPEMASK_AY_IGNORE
    | mavlink.POSITION_TARGET_TYPEMASK_AZ_IGNORE
    | mavlink.POSITION_TARGET_TYPEMASK_YAW_IGNORE
)
POSITION_FLAGS = 0x1F  # of EKF_STATUS_REPORT: attitude, velocity, position and height can be used


class MavlinkCodec:
    """Knows one vehicle.

    The first autopilot heard is the vehicle unless a system id is given; others are ignored.
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
            profile: the only kind that is taken; None: the first heartbeat decides.
            system_id: the vehicle's; None: of the first autopilot heard.
            key: to sign with; what is not signed with it is then not listened to.
            calendar_s: seconds since 1970, for signatures.

        """
        self.profile = profile
        self.clock = TimeSync()
        self._wanted_id = system_id
        self._expected = profile
        self._vehicle: VehicleState | None = None
        self._parser = Verifier(None)
        self._parser.robust_parsing = True
        self._encoder = mavlink.MAVLink(None, system_id or 1, COMPANION_COMPONENT)
        self._calendar_s = calendar_s
        self._is_signed = key is not None
        if key is not None:
            key.protect(self._parser)
            key.protect(self._encoder)
        self._others: set[tuple[int, int]] = set()
        self._answers: list[bytes] = []

    @property
    def vehicle(self) -> VehicleState | None:
        """What is known; None before the first heartbeat."""
        return self._vehicle

    def receive(self, data: bytes, now_s: float, is_datagram: bool = True) -> bool:
        """Take in bytes; tells whether the vehicle itself spoke in them.

        Args:
            data: as they came; what is not MAVLink is dropped.
            now_s: time of arrival on the caller's clock.
            is_datagram: whole packets only; else a piece of a byte stream.

        Raises:
            LinkError: the vehicle is not the kind of autopilot that was asked for.

        """
        parser = self._parser
        if is_datagram:
            parser.buf, parser.buf_index = bytearray(), 0
        if self._is_signed:
            parser.signing.timestamp = ticks(self._calendar_s())
        heard = False
        for message in parser.parse_buffer(data) or []:
            handler = HANDLERS.get(message.get_type())
            if message.get_srcComponent() == AUTOPILOT_COMPONENT and handler is not None:
                heard = self._handle(message, handler, now_s) or heard
        del parser.buf[: parser.buf_index]  # pymavlink itself keeps what is read for long
        parser.buf_index = 0
        if parser.signing.reject_count:
            self._warn_once(0, 'or another sent packets without a good signature: refused')
        return heard

    def answers(self) -> list[bytes]:
        """Return what the vehicle asked for (its clock's questions), once."""
        answers, self._answers = self._answers, []
        return answers

    def _handle(self, message: Any, handler: Callable[..., VehicleState], now_s: float) -> bool:
        system = message.get_srcSystem()
        if self._vehicle is None:
            is_ours = system == self._wanted_id or self._wanted_id is None
            if not is_ours or message.get_type() != 'HEARTBEAT' or not self._meet(message, now_s):
                return False
        if self._vehicle is None or self._vehicle.system_id != system:
            self._warn_once(system, 'is not our vehicle and is ignored')
            return False
        if message.get_type() == 'HEARTBEAT' and message.type in NOT_A_VEHICLE:
            return False  # somebody who borrowed the autopilot's component id
        if message.get_type() == 'TIMESYNC':
            self._compare_clocks(message, now_s)
        else:
            self._vehicle = handler(self._vehicle, message, now_s)
        return True

    def _compare_clocks(self, message: Any, now_s: float) -> None:
        if message.tc1 == 0:
            answer = mavlink.MAVLink_timesync_message(round(now_s * 1e9), message.ts1)
            self._answers.append(self._pack(answer))
            return
        self.clock.answer(message.tc1, message.ts1, now_s)
        if self._vehicle is not None:
            self._vehicle = replace(self._vehicle, clock_offset_s=self.clock.offset_s)

    def _meet(self, heartbeat: Any, now_s: float) -> bool:
        if heartbeat.type in NOT_A_VEHICLE:
            return False
        found, system = detect(heartbeat.autopilot), heartbeat.get_srcSystem()
        if found is None:
            self._warn_once(system, f'has an unknown autopilot ({heartbeat.autopilot})')
            return False
        if heartbeat.type not in MULTIROTORS:  # ArduPlane's mode 4 is ACRO, not GUIDED
            self._warn_once(system, f'is no multirotor (MAV_TYPE {heartbeat.type}) and is ignored')
            return False
        if self._expected not in (None, found):
            raise LinkError(
                f'expected an autopilot of kind {self._expected.name if self._expected else ""}, '
                f'but system {system} is {found.name}; set autopilot to auto or {found.name}'
            )
        self.profile = found
        self._encoder.srcSystem = system
        mode = heartbeat.custom_mode
        self._vehicle = VehicleState(
            system_id=system,
            mode=mode,
            mode_name=found.mode_name(mode),
            armed=False,
            heartbeat_received_s=now_s,
            position_valid=not found.reports_position_flags,
        )
        logger.info('vehicle found: system %d, %s', system, found.name)
        return True

    def _warn_once(self, system: int, text: str) -> None:
        if (system, hash(text)) not in self._others:
            self._others.add((system, hash(text)))
            logger.warning('MAVLink system %d %s', system, text)

    def setpoint(self, setpoint: Setpoint, time_boot_ms: int) -> bytes:
        """Encode a setpoint: SET_POSITION_TARGET_LOCAL_NED in the body frame, FLU turned to FRD.

        Raises:
            LinkError: there is no vehicle to address yet.
            ValueError: a number that is not finite; the guard lets none through.

        """
        vx, vy, vz = frd_from_flu(setpoint.as_tuple()[:3]).tolist()
        yaw_rate = 0.0 - setpoint.yaw_rate_rad_s
        if not abs(vx) + abs(vy) + abs(vz) + abs(yaw_rate) < float('inf'):
            raise ValueError(f'a setpoint must be finite, got {setpoint}')
        message = mavlink.MAVLink_set_position_target_local_ned_message(
            time_boot_ms & 0xFFFFFFFF,
            self._target(),
            AUTOPILOT_COMPONENT,
            mavlink.MAV_FRAME_BODY_NED,
            VELOCITY_AND_YAW_RATE,
            *(0.0, 0.0, 0.0),
            *(vx + 0.0, vy + 0.0, vz + 0.0),
            *(0.0, 0.0, 0.0),
            0.0,
            yaw_rate,
        )
        return self._pack(message)

    def heartbeat(self, is_active: bool = True) -> bytes:
        """Encode the companion's own HEARTBEAT; active while it sends setpoints."""
        return self._pack(
            mavlink.MAVLink_heartbeat_message(
                mavlink.MAV_TYPE_ONBOARD_CONTROLLER,
                mavlink.MAV_AUTOPILOT_INVALID,
                0,
                0,
                mavlink.MAV_STATE_ACTIVE if is_active else mavlink.MAV_STATE_STANDBY,
                3,
            )
        )

    def ask_clock(self, now_s: float) -> bytes:
        """Encode TIMESYNC's question for the vehicle's clock."""
        return self._pack(mavlink.MAVLink_timesync_message(0, self.clock.ask(now_s)))

    def request_heartbeat(self) -> bytes:
        """Encode the question for the vehicle's HEARTBEAT, answered at once."""
        return self._command(mavlink.MAV_CMD_REQUEST_MESSAGE, 0.0, 0.0)

    def request_stream(self, message_id: int, rate_hz: float) -> bytes:
        """Encode the wish for a message at a rate."""
        command = mavlink.MAV_CMD_SET_MESSAGE_INTERVAL
        return self._command(command, float(message_id), 1e6 / rate_hz)

    def _command(self, command: int, param1: float, param2: float) -> bytes:
        return self._pack(
            mavlink.MAVLink_command_long_message(
                self._target(), AUTOPILOT_COMPONENT, command, 0, param1, param2, *[0.0] * 5
            )
        )

    def _target(self) -> int:
        if self._vehicle is None:
            raise LinkError('there is no vehicle to address: no heartbeat has come yet')
        return self._vehicle.system_id

    def _pack(self, message: Any) -> bytes:
        if self._is_signed:
            signing = self._encoder.signing  # every packet later than the one before
            signing.timestamp = max(signing.timestamp, ticks(self._calendar_s()))
        packet: bytes = message.pack(self._encoder)
        self._encoder.seq = (self._encoder.seq + 1) % 256
        return bytes(packet)


def _vector(x: float, y: float, z: float) -> Vector:
    a, b, c = enu_from_ned([x, y, z]).tolist()
    return a, b, c


def _heartbeat(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    profile = detect(message.autopilot)
    mode = message.custom_mode
    return replace(
        vehicle,
        mode=mode,
        mode_name=profile.mode_name(mode) if profile else str(mode),
        armed=bool(message.base_mode & mavlink.MAV_MODE_FLAG_SAFETY_ARMED),
        heartbeat_received_s=now_s,
    )


def _position(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    position = _vector(message.x, message.y, message.z)
    return replace(
        vehicle,
        stamp_s=message.time_boot_ms / 1000.0,
        received_s=now_s,
        position_enu=position,
        velocity_enu=_vector(message.vx, message.vy, message.vz),
        home_enu=position if vehicle.landed else vehicle.home_enu,
    )


def _attitude(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    roll, pitch, yaw = ned_euler_from_enu(message.roll, message.pitch, message.yaw)
    stamp_s = message.time_boot_ms / 1000.0
    return replace(
        vehicle,
        attitude_received_s=now_s,
        attitude_stamp_s=stamp_s,
        roll=roll,
        pitch=pitch,
        yaw=yaw,
    )


def _system(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    percent = message.battery_remaining
    return replace(vehicle, battery_remaining=None if percent < 0 else percent / 100.0)


def _landed(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    on_ground = mavlink.MAV_LANDED_STATE_ON_GROUND
    return replace(vehicle, landed=message.landed_state == on_ground)


def _estimator(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    return replace(vehicle, position_valid=message.flags & POSITION_FLAGS == POSITION_FLAGS)


def _text(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    logger.info('autopilot says: %s', message.text)
    return vehicle


def _nothing(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    return vehicle


HANDLERS: dict[str, Callable[[VehicleState, Any, float], VehicleState]] = {
    'HEARTBEAT': _heartbeat,
    'LOCAL_POSITION_NED': _position,
    'ATTITUDE': _attitude,
    'SYS_STATUS': _system,
    'EXTENDED_SYS_STATE': _landed,
    'EKF_STATUS_REPORT': _estimator,
    'STATUSTEXT': _text,
    'TIMESYNC': _nothing,  # the codec's own
}
