# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One message of the autopilot into the vehicle's telemetry: a pure function for each kind.

A message that cannot be (not finite, late, repeated) changes nothing and keeps nothing fresh.
What one odd report must not decide is decided by two in a row: the landed state, an unusable
estimator, a restarted clock. NED and FRD become ENU and FLU here.
"""

import math
import struct
from collections.abc import Callable
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ....arrays import Vector
from ....geometry import enu_from_ned, ned_euler_from_enu
from ...records import replace
from ...vehicle import VehicleState, highest_v, packs_left, reported_lately
from ..profiles import Profile, detect
from ..timesync import is_restart, stamped
from .battery import note_pack, sampled
from .gimbal import look
from .joystick import hold

Decoder = Callable[[VehicleState, Any, float], VehicleState]
DOES_NOT_EXIST = 1  # MAV_PARAM_ERROR; pymavlink has the name from 2.4.50 on
NO_MODE = -1  # custom_mode does not count without its flag
BATTERY_BIT = mavlink.MAV_SYS_STATUS_SENSOR_BATTERY
FLOWN_BY = {  # parts without which it does not fly as it is commanded
    mavlink.MAV_SYS_STATUS_SENSOR_PROPULSION: 'propulsion (motors, ESCs, propellers)',
    mavlink.MAV_SYS_STATUS_SENSOR_3D_GYRO: 'gyroscopes',
    mavlink.MAV_SYS_STATUS_SENSOR_3D_ACCEL: 'accelerometers',
    mavlink.MAV_SYS_STATUS_AHRS: 'attitude',
}
FENCE = {mavlink.MAV_SYS_STATUS_GEOFENCE: 'its own fence (it is outside)'}  # in the air
RADIO_BIT = mavlink.MAV_SYS_STATUS_SENSOR_RC_RECEIVER
ON_GROUND = {
    mavlink.MAV_LANDED_STATE_ON_GROUND: True,
    mavlink.MAV_LANDED_STATE_IN_AIR: False,
    mavlink.MAV_LANDED_STATE_TAKEOFF: False,
    mavlink.MAV_LANDED_STATE_LANDING: False,
}
# ESTIMATOR_STATUS and EKF_STATUS_REPORT share their first bits
NEEDED_FLAGS = {
    mavlink.ESTIMATOR_ATTITUDE: 'attitude',
    mavlink.ESTIMATOR_VELOCITY_HORIZ: 'horizontal velocity',
    mavlink.ESTIMATOR_VELOCITY_VERT: 'vertical velocity',
    mavlink.ESTIMATOR_POS_HORIZ_ABS: 'horizontal position',
    mavlink.ESTIMATOR_POS_VERT_ABS: 'height',
}
FROM_START = (
    'horizontal position on the map (it knows only the way from its start, by optical flow, or by '
    'vision without an origin: set that, SET_GPS_GLOBAL_ORIGIN, or fly with satellites)'
)
ASSUMES = {mavlink.ESTIMATOR_CONST_POS_MODE: 'a measured position (it assumes one)'}
GLITCH = 'satellites that it believes (it reports a glitch)'
FORBIDDEN_ON_PX4 = {mavlink.ESTIMATOR_GPS_GLITCH: GLITCH}
FORBIDDEN_IN_AIR = {  # a PX4 at rest assumes its place beside its satellites, and may be shaken
    **ASSUMES,
    mavlink.ESTIMATOR_ACCEL_ERROR: 'accelerometers that it believes (vibration?)',
}
FORBIDDEN_ON_ARDUPILOT = {
    **ASSUMES,
    mavlink.EKF_UNINITIALIZED: 'its start',
    mavlink.EKF_GPS_GLITCHING: GLITCH,
}
# how far measurements are from what was estimated, in shares of what is taken; not finite: none
RATIOS = {
    'EKF_STATUS_REPORT': {
        'velocity': 'velocity_variance',
        'horizontal position': 'pos_horiz_variance',
        'heading': 'compass_variance',
        'height': 'pos_vert_variance',
    },
    'ESTIMATOR_STATUS': {
        'velocity': 'vel_ratio',
        'horizontal position': 'pos_horiz_ratio',
        'heading': 'mag_ratio',
        'height': 'pos_vert_ratio',
    },
}
REJECTED, FAR_OFF = 1.0, 2.0
MOST_VAGUE_M = 5.0  # PX4's own COM_POS_FS_EPH, where it is not widened
IN_PAIRS = 'velocity', 'horizontal position', 'heading'  # two of them, as ArduCopter's own check
ALONE = 'velocity', 'horizontal position', 'height'  # a compass errs near steel


def vector(x: float, y: float, z: float) -> Vector:
    """Turn a NED vector into ENU."""
    a, b, c = enu_from_ned([x, y, z]).tolist()
    return a, b, c


def _heartbeat(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    profile = detect(message.autopilot)
    has_mode = message.base_mode & mavlink.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED
    mode = message.custom_mode if has_mode else NO_MODE
    is_ours = profile is not None and mode == profile.follow_mode
    return replace(
        vehicle,
        mode=mode,
        mode_name=profile.mode_name(mode) if profile else str(mode),
        mode_is_ours=is_ours,
        told_speed_m_s=vehicle.told_speed_m_s if is_ours else math.inf,  # of this mode
        told_climb_m_s=vehicle.told_climb_m_s if is_ours else math.inf,
        armed=bool(message.base_mode & mavlink.MAV_MODE_FLAG_SAFETY_ARMED),
        heartbeat_received_s=now_s,
        status=message.system_status,
        status_before=vehicle.status,
    )


def _position(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    passed_s = now_s - vehicle.received_s
    stamp_s, odd_s = stamped(message.time_boot_ms, vehicle.stamp_s, vehicle.odd_stamp_s, passed_s)
    position = vector(message.x, message.y, message.z)
    velocity = vector(message.vx, message.vy, message.vz)
    vehicle, is_finite = _noted(vehicle, message, (*position, *velocity))
    vehicle = _timed(vehicle, message, stamp_s is not None)
    if stamp_s is None or not is_finite:
        return replace(vehicle, odd_stamp_s=odd_s)
    return replace(
        vehicle,
        stamp_s=stamp_s,
        odd_stamp_s=None,
        restarts=vehicle.restarts + is_restart(stamp_s - vehicle.stamp_s, passed_s),
        received_s=now_s,
        position_enu=position,
        velocity_enu=velocity,
    )


def _noted(
    vehicle: VehicleState, message: Any, numbers: tuple[float, ...]
) -> tuple[VehicleState, bool]:
    """Note whether a message has numbers that are not finite: it comes, and tells nothing."""
    is_finite = all(map(math.isfinite, numbers))
    known = _without(vehicle.not_finite, message, is_finite)
    return vehicle if known is None else replace(vehicle, not_finite=known), is_finite


def _timed(vehicle: VehicleState, message: Any, is_taken: bool) -> VehicleState:
    """Note whether a message has a time that goes on: else it comes, and tells nothing."""
    known = _without(vehicle.not_timed, message, is_taken)
    return vehicle if known is None else replace(vehicle, not_timed=known)


def _without(known: frozenset[str], message: Any, is_good: bool) -> frozenset[str] | None:
    """Return the names of messages without a good one's, or with a bad one's; None: as before."""
    name = frozenset({message.get_type()})
    if is_good is not bool(known & name):
        return None
    return known - name if is_good else known | name


def _attitude(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    passed_s = now_s - vehicle.attitude_received_s
    stamp_s, odd_s = stamped(
        message.time_boot_ms, vehicle.attitude_stamp_s, vehicle.attitude_odd_stamp_s, passed_s
    )
    angles = message.roll, message.pitch, message.yaw
    vehicle, is_finite = _noted(vehicle, message, angles)
    vehicle = _timed(vehicle, message, stamp_s is not None)
    if stamp_s is None or not is_finite:
        return replace(vehicle, attitude_odd_stamp_s=odd_s)
    roll, pitch, yaw = ned_euler_from_enu(*angles)
    return replace(
        vehicle,
        attitude_received_s=now_s,
        attitude_stamp_s=stamp_s,
        attitude_odd_stamp_s=None,
        roll=roll,
        pitch=pitch,
        yaw=yaw,
        rates_flu=_rates(message),
    )


def _rates(message: Any) -> Vector | None:
    rates = message.rollspeed, -message.pitchspeed, -message.yawspeed
    return rates if all(map(math.isfinite, rates)) else None


def _odometry(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    told = message.reset_counter
    is_sure = vehicle.reset_counter is None or told == vehicle.reset_told
    counter = told if is_sure else vehicle.reset_counter
    return replace(vehicle, reset_counter=counter, reset_told=told)


def _system(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    watched = message.onboard_control_sensors_present & message.onboard_control_sensors_enabled
    bad = watched & ~message.onboard_control_sensors_health
    parts = FLOWN_BY if _stands(vehicle) else FLOWN_BY | FENCE
    packs = packs_left(vehicle, now_s)
    battery = sampled(packs, message, not bad & BATTERY_BIT, now_s)
    return replace(
        vehicle,
        battery_received_s=now_s,
        battery=battery,
        battery_before=vehicle.battery,
        batteries=reported_lately(vehicle, battery, now_s),
        radio_is_healthy=not bad & RADIO_BIT,
        unfit=', '.join(words for bit, words in parts.items() if bad & bit),
        unfit_before=vehicle.unfit,
        battery_most_v=highest_v(vehicle, battery, now_s),
        packs=packs,
    )


def _stands(vehicle: VehicleState) -> bool:
    return vehicle.landed and vehicle.landed_told is True


def _landed(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    told = ON_GROUND.get(message.landed_state)  # None: undefined, or a state that nobody knows
    is_first = math.isinf(vehicle.landed_received_s)
    is_sure = told is not None and (is_first or told is vehicle.landed_told)
    return replace(
        vehicle,
        landed_received_s=now_s,
        landed_told=told,
        landed_before=vehicle.landed_told,
        wings_told=vehicle.wings_told + 1 if message.vtol_state else 0,
        taking_off=message.landed_state == mavlink.MAV_LANDED_STATE_TAKEOFF,
        landed=bool(told) if is_sure else vehicle.landed,
    )


def _lacks(flags: int, forbidden: dict[int, str]) -> str:
    is_relative = flags & mavlink.ESTIMATOR_POS_HORIZ_REL
    needed = NEEDED_FLAGS | ({mavlink.ESTIMATOR_POS_HORIZ_ABS: FROM_START} if is_relative else {})
    missing = [words for flag, words in needed.items() if not flags & flag]
    return ', '.join(missing + [words for flag, words in forbidden.items() if flags & flag])


def _disbelieved(message: Any) -> str:
    """Say which measurements the estimator rejects, where it follows none; empty: it follows."""
    ratios = {name: getattr(message, field) for name, field in RATIOS[message.get_type()].items()}
    rejected = [name for name, ratio in ratios.items() if ratio >= REJECTED]
    is_far = any(ratios[name] >= FAR_OFF for name in ALONE)
    if not is_far and len(set(rejected) & set(IN_PAIRS)) < 2:
        return ''
    return f'measurements that it believes (it rejects those of {" and ".join(rejected)})'


def _estimator(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    on_ardupilot = message.get_type() == 'EKF_STATUS_REPORT'
    forbidden = FORBIDDEN_ON_ARDUPILOT if on_ardupilot else FORBIDDEN_ON_PX4
    if not on_ardupilot and not _stands(vehicle):
        forbidden = FORBIDDEN_IN_AIR | forbidden
    accuracy_m = None if on_ardupilot else _accuracy_m(message)
    words = _lacks(message.flags, forbidden), _disbelieved(message), _vague(message)
    lacks = ', '.join(filter(None, words))
    is_first = math.isinf(vehicle.estimator_received_s)
    return replace(
        vehicle,
        estimator_received_s=now_s,
        estimator_lacks=lacks,
        accuracy_m=accuracy_m,
        position_valid=not lacks or (not is_first and not vehicle.estimator_lacks),
    )


def _vague(message: Any) -> str:
    """Say how badly the place is known (nan: not at all); empty: well enough, or ArduPilot."""
    told_m: float = getattr(message, 'pos_horiz_accuracy', 0.0)
    if told_m <= MOST_VAGUE_M:
        return ''
    return (
        f'a horizontal position to within {MOST_VAGUE_M:g} m (it knows its own to {told_m:.1f} m)'
    )


def _accuracy_m(message: Any) -> tuple[float, float] | None:
    """Return ESTIMATOR_STATUS's standard deviations; ArduPilot's report has ratios only."""
    told = message.pos_horiz_accuracy, message.pos_vert_accuracy
    return told if all(0.0 < one < math.inf for one in told) else None


def _radio(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    """Note all channels: chancount is the receiver's, and an ArduPilot counts no joystick's."""
    channels = tuple(getattr(message, f'chan{number}_raw') for number in range(1, 19))
    return replace(vehicle, radio_received_s=now_s, radio=channels)


def _unchanged(vehicle: VehicleState, message: Any, now_s: float) -> VehicleState:
    return vehicle


def parameter_answer(message: Any, profile: Profile | None) -> float | None:
    """Return a PARAM_VALUE as a number; PX4 hides whole numbers in a float's bytes.

    A PARAM_ERROR that says that there is none is not a number; any other one tells nothing: None.
    """
    if message.get_type() == 'PARAM_ERROR':
        return math.nan if message.error == DOES_NOT_EXIST else None
    is_whole = message.param_type == mavlink.MAV_PARAM_TYPE_INT32
    if is_whole and profile is not None and profile.integers_in_bytes:
        (whole,) = struct.unpack('<i', struct.pack('<f', message.param_value))
        return float(whole)
    return float(message.param_value)


HANDLERS: dict[str, Decoder] = {
    'HEARTBEAT': _heartbeat,
    'LOCAL_POSITION_NED': _position,
    'ATTITUDE': _attitude,
    'ODOMETRY': _odometry,
    'SYS_STATUS': _system,
    'BATTERY_STATUS': note_pack,
    'EXTENDED_SYS_STATE': _landed,
    'EKF_STATUS_REPORT': _estimator,
    'ESTIMATOR_STATUS': _estimator,
    'RC_CHANNELS': _radio,
    'MANUAL_CONTROL': hold,
    **dict.fromkeys(('GIMBAL_DEVICE_ATTITUDE_STATUS', 'MOUNT_ORIENTATION', 'MOUNT_STATUS'), look),
    'STATUSTEXT': _unchanged,  # of the link's texts
    'TIMESYNC': _unchanged,  # the codec's own
    # of the codec's home
    **dict.fromkeys(('HOME_POSITION', 'GLOBAL_POSITION_INT', 'DISTANCE_SENSOR'), _unchanged),
}
