# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A companion's few messages to bytes: setpoint, heartbeat, questions.

Neither arming nor a mode can be encoded. It speaks as component 191 of the vehicle's own system.
"""

import math
from collections.abc import Callable
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ...errors import LinkError
from ...geometry import frd_from_flu
from ..setpoint import Setpoint
from .roster import AUTOPILOT_COMPONENT
from .signing import SigningKey, ticks

COMPANION_COMPONENT = mavlink.MAV_COMP_ID_ONBOARD_COMPUTER  # 191
COMPANION_MARK = 0x6C64726F  # custom_mode of its heartbeat: MAVROS is 1.191 and active, too
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

CHUNK_BYTES, MOST_CHUNKS = 50, 4  # of a STATUSTEXT
NAME_BYTES = 10
MOST_FLOAT = 3.4028234e38  # that a MAVLink message can say; beyond it a number is infinite
ANSWERS = (  # to a ground station
    mavlink.MAVLink_command_ack_message,
    mavlink.MAVLink_camera_information_message,
    mavlink.MAVLink_camera_settings_message,
    mavlink.MAVLink_camera_capture_status_message,
    mavlink.MAVLink_storage_information_message,
    mavlink.MAVLink_video_stream_information_message,
    mavlink.MAVLink_video_stream_status_message,
    mavlink.MAVLink_camera_tracking_image_status_message,
)


class MavlinkEncoder:
    """Packs messages for one vehicle, signed where there is a key."""

    def __init__(
        self,
        system: int | None,
        key: SigningKey | None,
        calendar_s: Callable[[], float],
        component: int = COMPANION_COMPONENT,
    ) -> None:
        """Begin without a vehicle to address.

        Args:
            system: to speak as until the vehicle is known.
            key: to sign with.
            calendar_s: seconds since 1970, for signatures.
            component: to speak as.

        """
        self._encoder = mavlink.MAVLink(None, system or 1, component)
        self._calendar_s = calendar_s
        self._is_signed = key is not None
        self._vehicle: int | None = None
        self._text_id = 0  # of the last text in several pieces
        if key is not None:
            key.protect(self._encoder)

    def address(self, system: int) -> None:
        """Speak to this vehicle from now on, as a part of it."""
        self._vehicle = self._encoder.srcSystem = system

    def note_signature(self, timestamp: int) -> None:
        """Sign later than this from now on: the vehicle's clock may be ahead of ours.

        A computer without a battery for its clock is hours behind where there is no network, and
        what is signed then would be refused as too old.
        """
        signing = self._encoder.signing
        signing.timestamp = max(signing.timestamp, timestamp)

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
                COMPANION_MARK,
                mavlink.MAV_STATE_ACTIVE if is_active else mavlink.MAV_STATE_STANDBY,
                3,
            )
        )

    def camera_heartbeat(self) -> bytes:
        """Encode the HEARTBEAT of a camera; by its mark another one of this id is told from it."""
        return self._pack(
            mavlink.MAVLink_heartbeat_message(
                mavlink.MAV_TYPE_CAMERA,
                mavlink.MAV_AUTOPILOT_INVALID,
                0,
                COMPANION_MARK,
                mavlink.MAV_STATE_ACTIVE,
                3,
            )
        )

    def answer(self, message: Any) -> bytes:
        """Encode an answer to a ground station.

        Raises:
            ValueError: any other message; nothing that commands can be encoded here.

        """
        if not isinstance(message, ANSWERS):
            raise ValueError(f'expected an answer to a station, got {message.get_type()}')
        return self._pack(message)

    def text(self, severity: int, text: str) -> list[bytes]:
        """Encode words for the pilot: STATUSTEXT, in as many pieces as they need.

        What is not ASCII, or no letter (0), becomes a question mark; words beyond four pieces are
        cut. The last of several pieces is not full: that is how a station knows it.
        """
        words = text.replace('\0', '?').encode('ascii', 'replace')
        most = MOST_CHUNKS * CHUNK_BYTES - 1
        if len(words) > most:
            words = words[: most - 3] + b'...'
        pieces = [words[at : at + CHUNK_BYTES] for at in range(0, len(words), CHUNK_BYTES)]
        if len(pieces) > 1:
            pieces += [b''] if len(pieces[-1]) == CHUNK_BYTES else []
            self._text_id = self._text_id % 0xFFFF + 1  # 0 is a text in one piece
        number = self._text_id if len(pieces) > 1 else 0
        return [
            self._pack(mavlink.MAVLink_statustext_message(severity, piece, number, index))
            for index, piece in enumerate(pieces)
        ]

    def named_value(self, name: str, value: float, time_boot_ms: int) -> bytes:
        """Encode a number that a ground station plots by its name, of at most ten letters."""
        given = name.encode('ascii')[:NAME_BYTES]
        said = value if not abs(value) > MOST_FLOAT else math.copysign(math.inf, value)
        return self._pack(
            mavlink.MAVLink_named_value_float_message(time_boot_ms & 0xFFFFFFFF, given, said)
        )

    def time_sync(self, theirs_ns: int, asked_ns: int) -> bytes:
        """Encode TIMESYNC: a question with tc1 of 0, or the answer to one."""
        return self._pack(mavlink.MAVLink_timesync_message(theirs_ns, asked_ns))

    def request_heartbeat(self) -> bytes:
        """Encode the question for the vehicle's HEARTBEAT, answered at once."""
        return self.request_once(mavlink.MAVLINK_MSG_ID_HEARTBEAT)

    def request_stream(self, message_id: int, rate_hz: float) -> bytes:
        """Encode the wish for a message at a rate."""
        command = mavlink.MAV_CMD_SET_MESSAGE_INTERVAL
        return self._command(command, float(message_id), 1e6 / rate_hz)

    def request_once(self, message_id: int) -> bytes:
        """Encode the request for one message, at once."""
        return self._command(mavlink.MAV_CMD_REQUEST_MESSAGE, float(message_id), 0.0)

    def request_parameter(self, name: str) -> bytes:
        """Encode the request for one parameter's value; nothing here can set one."""
        return self._pack(
            mavlink.MAVLink_param_request_read_message(
                self._target(), AUTOPILOT_COMPONENT, name.encode('ascii'), -1
            )
        )

    def request_group(self, group: int, rate_hz: float) -> bytes:
        """Encode the request for a group of messages, as old firmware knows it."""
        return self._pack(
            mavlink.MAVLink_request_data_stream_message(
                self._target(), AUTOPILOT_COMPONENT, group, round(rate_hz), 1
            )
        )

    def _command(self, command: int, param1: float, param2: float) -> bytes:
        return self._pack(
            mavlink.MAVLink_command_long_message(
                self._target(), AUTOPILOT_COMPONENT, command, 0, param1, param2, *[0.0] * 5
            )
        )

    def _target(self) -> int:
        if self._vehicle is None:
            raise LinkError('there is no vehicle to address: no heartbeat has come yet')
        return self._vehicle

    def _pack(self, message: Any) -> bytes:
        if self._is_signed:
            signing = self._encoder.signing  # every packet later than the one before
            signing.timestamp = max(signing.timestamp, ticks(self._calendar_s()))
        packet: bytes = message.pack(self._encoder)
        self._encoder.seq = (self._encoder.seq + 1) % 256
        return bytes(packet)
