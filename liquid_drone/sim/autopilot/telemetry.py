# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the simulated autopilot says about itself: one function for each MAVLink message.

Pure: a snapshot in, a message out. Positions are the plant's own, sent in NED, without noise.
"""

import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ...arrays import FloatArray, Vector
from ...geometry import euler_from_quaternion, ned_euler_from_enu, ned_from_enu
from .flight import FlightState, PlantTruth
from .personality import Mode, Personality

ORIGIN_LAT_DEG, ORIGIN_LON_DEG, ORIGIN_ALT_M = 47.397742, 8.545594, 488.0  # PX4's usual test field
METRES_PER_DEGREE = 111_319.5
GOOD_ESTIMATE = 0x33F  # attitude, velocities, positions, height, and predicted positions
NOT_MEASURED_MV = 65535
CELL_FULL_V, CELL_EMPTY_V, CELLS = 4.2, 3.5, 4
FLOWN_A, STANDING_A = 15.0, 0.5  # drawn by a quadrotor of 2 kg, armed and not
SENSORS = (
    mavlink.MAV_SYS_STATUS_SENSOR_3D_GYRO
    | mavlink.MAV_SYS_STATUS_SENSOR_3D_ACCEL
    | mavlink.MAV_SYS_STATUS_SENSOR_3D_MAG
    | mavlink.MAV_SYS_STATUS_SENSOR_ABSOLUTE_PRESSURE
    | mavlink.MAV_SYS_STATUS_SENSOR_GPS
    | mavlink.MAV_SYS_STATUS_SENSOR_BATTERY
    | mavlink.MAV_SYS_STATUS_PREARM_CHECK
)
_GUIDED_BITS = {
    Mode.POSITION: mavlink.MAV_MODE_FLAG_MANUAL_INPUT_ENABLED,
    Mode.FOLLOW: mavlink.MAV_MODE_FLAG_GUIDED_ENABLED,
}

NO_CHANNEL = 65535
STICKS = 4  # roll, pitch, throttle, yaw


def _axes(roll_us: int, pitch_us: int, throttle_us: int, yaw_us: int) -> tuple[int, ...]:
    """Return a radio's sticks as a joystick's axes: x, y, z from 0 on, and r."""
    return 2 * (1500 - pitch_us), 2 * (roll_us - 1500), throttle_us - 1000, 2 * (yaw_us - 1500)


@dataclass(frozen=True)
class TelemetryErrors:
    """By how much the telemetry is wrong; a fake for tests, nothing by default."""

    shift_enu: Vector = (0.0, 0.0, 0.0)  # of the position, m
    yaw_rad: float = 0.0  # of the heading, counter-clockwise
    estimator_flags: int = GOOD_ESTIMATE
    measures_battery: bool = True


@dataclass(frozen=True)
class TelemetrySnapshot:
    """All that telemetry is made of."""

    kind: Personality
    state: FlightState
    truth: PlantTruth
    battery: float  # 0..1
    parameters: Mapping[str, float | int]
    errors: TelemetryErrors = field(default_factory=TelemetryErrors)
    radio_us: tuple[int, ...] = ()  # the pilot's channels; none: no radio is received
    joystick: tuple[int, ...] = ()  # of a ground station: x, y, z and r of MANUAL_CONTROL
    system_id: int = 1

    @property
    def position_enu(self) -> FloatArray:
        """Where the estimator believes to be."""
        believed: FloatArray = self.truth.position_enu + np.array(self.errors.shift_enu)
        return believed

    @property
    def time_boot_ms(self) -> int:
        """The plant's time in ms."""
        return self.truth.stamp_ns // 1_000_000

    @property
    def height_m(self) -> float:
        """Height above home."""
        return float(self.position_enu[2]) - self.state.home_enu[2]

    @property
    def heading_deg(self) -> float:
        """Clockwise from north, 0..360."""
        return math.degrees(self._ned_euler()[2]) % 360.0

    def _ned_euler(self) -> tuple[float, float, float]:
        roll, pitch, yaw = euler_from_quaternion(self.truth.quaternion_xyzw)
        return ned_euler_from_enu(roll, pitch, yaw + self.errors.yaw_rad)

    def heartbeat(self) -> Any:
        """HEARTBEAT: mode and armed flag."""
        state = self.state
        base_mode = mavlink.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED
        base_mode |= mavlink.MAV_MODE_FLAG_STABILIZE_ENABLED
        base_mode |= _GUIDED_BITS.get(state.mode, mavlink.MAV_MODE_FLAG_AUTO_ENABLED)
        base_mode |= mavlink.MAV_MODE_FLAG_SAFETY_ARMED if state.armed else 0
        status = mavlink.MAV_STATE_ACTIVE if state.armed else mavlink.MAV_STATE_STANDBY
        if state.failsafe:
            status = mavlink.MAV_STATE_CRITICAL
        return mavlink.MAVLink_heartbeat_message(
            mavlink.MAV_TYPE_QUADROTOR,
            self.kind.autopilot,
            base_mode,
            self.kind.custom_modes[state.mode],
            status,
            3,
        )

    def local_position(self) -> Any:
        """LOCAL_POSITION_NED: m and m/s from the plant's origin."""
        position = ned_from_enu(self.position_enu).tolist()
        velocity = ned_from_enu(self.truth.velocity_enu).tolist()
        return mavlink.MAVLink_local_position_ned_message(self.time_boot_ms, *position, *velocity)

    def attitude(self) -> Any:
        """ATTITUDE: FRD in NED, rad and rad/s."""
        x, y, z = self.truth.angular_velocity_flu.tolist()
        return mavlink.MAVLink_attitude_message(self.time_boot_ms, *self._ned_euler(), x, -y, -z)

    def sys_status(self) -> Any:
        """SYS_STATUS: healthy sensors, battery."""
        return mavlink.MAVLink_sys_status_message(
            *(SENSORS, SENSORS, SENSORS, 200),
            *(self._voltage_mv(), self._current_ca(), self._percent()),
            *[0] * 6,
        )

    def _current_ca(self) -> int:
        """Return what is drawn, in 10 mA; -1: not measured."""
        if not self.errors.measures_battery:
            return -1
        return round(100 * (FLOWN_A if self.state.armed else STANDING_A))

    def _voltage_mv(self) -> int:
        if not self.errors.measures_battery:
            return NOT_MEASURED_MV
        cell = CELL_EMPTY_V + (CELL_FULL_V - CELL_EMPTY_V) * self.battery
        return round(1000 * CELLS * cell)

    def _percent(self) -> int:
        return round(100 * self.battery) if self.errors.measures_battery else -1

    def battery_status(self) -> Any:
        """BATTERY_STATUS of the one pack."""
        cells = [self._voltage_mv() // CELLS] * CELLS + [65535] * (10 - CELLS)
        return mavlink.MAVLink_battery_status_message(
            0, 0, 1, 32767, cells, self._current_ca(), -1, -1, self._percent()
        )

    def extended_sys_state(self) -> Any:
        """EXTENDED_SYS_STATE: on the ground, taking off, in the air, landing."""
        landed = mavlink.MAV_LANDED_STATE_IN_AIR
        if self.state.landed:
            landed = mavlink.MAV_LANDED_STATE_ON_GROUND
        elif self.state.climb_to_m is not None:
            landed = mavlink.MAV_LANDED_STATE_TAKEOFF
        elif self.state.mode is Mode.LAND:
            landed = mavlink.MAV_LANDED_STATE_LANDING
        return mavlink.MAVLink_extended_sys_state_message(0, landed)

    def _global(self, position_enu: tuple[float, float, float]) -> tuple[int, int, int]:
        east, north, up = position_enu
        lat = ORIGIN_LAT_DEG + north / METRES_PER_DEGREE
        scale = METRES_PER_DEGREE * math.cos(math.radians(ORIGIN_LAT_DEG))
        lon = ORIGIN_LON_DEG + east / scale
        return round(lat * 1e7), round(lon * 1e7), round((ORIGIN_ALT_M + up) * 1000)

    def global_position(self) -> Any:
        """GLOBAL_POSITION_INT: where the map of a ground station shows it."""
        x, y, z = self.position_enu.tolist()
        velocity = [round(100 * v) for v in ned_from_enu(self.truth.velocity_enu).tolist()]
        return mavlink.MAVLink_global_position_int_message(
            self.time_boot_ms,
            *self._global((x, y, z)),
            round(1000 * self.height_m),
            *velocity,
            round(100 * self.heading_deg) % 36000,
        )

    def gps_raw(self) -> Any:
        """GPS_RAW_INT: a good 3D fix."""
        x, y, z = self.truth.position_enu.tolist()
        speed = round(100 * float(math.hypot(*self.truth.velocity_enu[:2])))
        return mavlink.MAVLink_gps_raw_int_message(
            self.truth.stamp_ns // 1000, 3, *self._global((x, y, z)), 80, 120, speed, 65535, 14
        )

    def vfr_hud(self) -> Any:
        """VFR_HUD: speeds, heading, height."""
        velocity = self.truth.velocity_enu
        speed = float(math.hypot(velocity[0], velocity[1]))
        height = ORIGIN_ALT_M + float(self.truth.position_enu[2])
        heading = round(self.heading_deg) % 360
        return mavlink.MAVLink_vfr_hud_message(speed, speed, heading, 0, height, velocity[2])

    def home_position(self) -> Any:
        """HOME_POSITION: where it was armed."""
        home = self.state.home_enu
        local = ned_from_enu(home).tolist()
        return mavlink.MAVLink_home_position_message(
            *self._global(home), *local, [1.0, 0.0, 0.0, 0.0], 0.0, 0.0, 0.0
        )

    def ekf_status(self) -> Any:
        """EKF_STATUS_REPORT: attitude, velocity, position and height are good."""
        return mavlink.MAVLink_ekf_status_report_message(self.errors.estimator_flags, *[0.05] * 5)

    def estimator_status(self) -> Any:
        """ESTIMATOR_STATUS: attitude, velocity, position and height are good."""
        return mavlink.MAVLink_estimator_status_message(
            self.truth.stamp_ns // 1000, self.errors.estimator_flags, *[0.05] * 6, 0.5, 0.5
        )

    def altitude(self) -> Any:
        """ALTITUDE: above the sea, the local origin and home."""
        up, height_m = float(self.position_enu[2]), self.height_m
        amsl_m = ORIGIN_ALT_M + up
        return mavlink.MAVLink_altitude_message(
            self.truth.stamp_ns // 1000, amsl_m, amsl_m, up, height_m, height_m, height_m
        )

    def autopilot_version(self) -> Any:
        """AUTOPILOT_VERSION: what it can do."""
        can = (
            mavlink.MAV_PROTOCOL_CAPABILITY_MAVLINK2
            | mavlink.MAV_PROTOCOL_CAPABILITY_SET_POSITION_TARGET_LOCAL_NED
            | mavlink.MAV_PROTOCOL_CAPABILITY_COMMAND_INT
        )
        can |= (
            mavlink.MAV_PROTOCOL_CAPABILITY_PARAM_ENCODE_BYTEWISE
            if self.kind.integers_in_bytes
            else mavlink.MAV_PROTOCOL_CAPABILITY_PARAM_ENCODE_C_CAST
        )
        return mavlink.MAVLink_autopilot_version_message(
            can, 0, 0, 0, 0, [0] * 8, [0] * 8, [0] * 8, 0, 0, self.kind.autopilot
        )

    def rc_channels(self) -> Any:
        """RC_CHANNELS: the pilot's radio; a channel that it has not is 65535."""
        values = [*self.radio_us, *[NO_CHANNEL] * 18][:18]
        if self.joystick and not self.kind.tells_joystick:  # ArduPilot overrides the radio's
            x, y, z, r = self.joystick
            values[:4] = 1500 + y // 2, 1500 - x // 2, 1000 + z, 1500 + r // 2
        return mavlink.MAVLink_rc_channels_message(
            self.time_boot_ms, len(self.radio_us), *values, 255
        )

    def manual_control(self) -> Any:
        """MANUAL_CONTROL: the sticks that are taken, joystick or radio; None: there are none.

        Its throttle goes from -1000 on, as that of PX4 1.14 to 1.16.
        """
        if not self.kind.tells_joystick or not (self.joystick or len(self.radio_us) >= STICKS):
            return None
        x, y, z, r = self.joystick or _axes(*self.radio_us[:STICKS])
        return mavlink.MAVLink_manual_control_message(self.system_id, x, y, 2 * z - 1000, r, 0)

    def parameter(self, index: int) -> Any:
        """PARAM_VALUE of one parameter, encoded as the firmware does."""
        name = list(self.parameters)[index]
        value = self.parameters[name]
        is_integer = isinstance(value, int)
        kind = mavlink.MAV_PARAM_TYPE_INT32 if is_integer else mavlink.MAV_PARAM_TYPE_REAL32
        if is_integer and self.kind.integers_in_bytes:
            value = struct.unpack('<f', struct.pack('<i', value))[0]
        return mavlink.MAVLink_param_value_message(
            name.encode(), float(value), kind, len(self.parameters), index
        )


# what can be streamed or requested, by message id
MESSAGES: Mapping[int, Callable[[TelemetrySnapshot], Any]] = {  # None: there is none now
    mavlink.MAVLINK_MSG_ID_HEARTBEAT: TelemetrySnapshot.heartbeat,
    mavlink.MAVLINK_MSG_ID_SYS_STATUS: TelemetrySnapshot.sys_status,
    mavlink.MAVLINK_MSG_ID_GPS_RAW_INT: TelemetrySnapshot.gps_raw,
    mavlink.MAVLINK_MSG_ID_ATTITUDE: TelemetrySnapshot.attitude,
    mavlink.MAVLINK_MSG_ID_LOCAL_POSITION_NED: TelemetrySnapshot.local_position,
    mavlink.MAVLINK_MSG_ID_GLOBAL_POSITION_INT: TelemetrySnapshot.global_position,
    mavlink.MAVLINK_MSG_ID_VFR_HUD: TelemetrySnapshot.vfr_hud,
    mavlink.MAVLINK_MSG_ID_BATTERY_STATUS: TelemetrySnapshot.battery_status,
    mavlink.MAVLINK_MSG_ID_AUTOPILOT_VERSION: TelemetrySnapshot.autopilot_version,
    mavlink.MAVLINK_MSG_ID_EKF_STATUS_REPORT: TelemetrySnapshot.ekf_status,
    mavlink.MAVLINK_MSG_ID_HOME_POSITION: TelemetrySnapshot.home_position,
    mavlink.MAVLINK_MSG_ID_ESTIMATOR_STATUS: TelemetrySnapshot.estimator_status,
    mavlink.MAVLINK_MSG_ID_ALTITUDE: TelemetrySnapshot.altitude,
    mavlink.MAVLINK_MSG_ID_EXTENDED_SYS_STATE: TelemetrySnapshot.extended_sys_state,
    mavlink.MAVLINK_MSG_ID_RC_CHANNELS: TelemetrySnapshot.rc_channels,
    mavlink.MAVLINK_MSG_ID_MANUAL_CONTROL: TelemetrySnapshot.manual_control,
}
