# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The mavlink node's parameters; those of the guard are the fields of its limits."""

from dataclasses import Field, fields
from typing import Any, NamedTuple

from ..errors import ConfigError
from ..flight.guard.fence import EXAMPLE, parse_polygon
from ..flight.guard.limits import Limits
from ..flight.mavlink.profiles import JOYSTICK, RADIO, STICKS
from ..flight.mavlink.streams import StreamNeed
from ..flight.pilot.radio import RadioSwitch
from ..flight.pilot.sticks import StickWatch
from ..flight.station.camera_messages import StationVideo
from ..flight.station.desk import StationSetup
from ..ros.parameters import OFF, Parameter

POLYGON = 'fence_polygon'
SMALLER, LARGER, FIXED = -1, 1, 0  # which value is the tighter one, and may be set in flight


class LimitRange(NamedTuple):
    """What one limit of the guard may be."""

    low: float
    high: float
    tighter: int
    meaning: str


RANGES = {
    'speed_m_s': LimitRange(0.1, 20.0, SMALLER, 'largest horizontal speed'),
    'climb_m_s': LimitRange(0.05, 5.0, SMALLER, 'largest vertical speed'),
    'yaw_rate_rad_s': LimitRange(0.05, 3.0, SMALLER, 'largest yaw rate'),
    'acceleration_m_s2': LimitRange(0.1, 10.0, SMALLER, 'largest acceleration in flight'),
    'jerk_m_s3': LimitRange(0.5, 200.0, SMALLER, 'largest jerk in flight'),
    'yaw_acceleration_rad_s2': LimitRange(0.1, 20.0, FIXED, 'largest change of the yaw rate'),
    'stop_acceleration_m_s2': LimitRange(0.5, 50.0, FIXED, 'acceleration of a stop'),
    'stop_jerk_m_s3': LimitRange(1.0, 500.0, FIXED, 'jerk of a stop'),
    'floor_m': LimitRange(0.0, 100.0, LARGER, 'least height above home'),
    'ceiling_m': LimitRange(0.5, 500.0, SMALLER, 'largest height above home'),
    'fence_radius_m': LimitRange(1.0, 1000.0, SMALLER, 'largest distance from home'),
    'min_distance_m': LimitRange(0.3, 50.0, LARGER, 'least distance to the target'),
    'min_battery': LimitRange(0.05, 0.95, LARGER, 'least charge, 0..1'),
    'min_cell_v': LimitRange(2.5, 4.2, LARGER, 'least voltage of a cell'),
    'battery_cells': LimitRange(1.0, 30.0, FIXED, 'number of cells; off: if one number fits'),
    'max_tilt_rad': LimitRange(0.1, 1.5, SMALLER, 'largest tilt'),
    'tilt_s': LimitRange(0.05, 5.0, SMALLER, 'time for which max_tilt_rad may be exceeded'),
    'heartbeat_age_s': LimitRange(1.1, 10.0, SMALLER, 'largest age of the heartbeat'),
    'answer_age_s': LimitRange(0.3, 10.0, SMALLER, 'largest age of an answer to our messages'),
    'estimate_age_s': LimitRange(0.1, 5.0, SMALLER, 'largest age of position and attitude'),
    'estimator_age_s': LimitRange(0.5, 30.0, SMALLER, "largest age of the estimator's status"),
    'home_age_s': LimitRange(2.0, 60.0, SMALLER, 'largest age of home'),
    'home_agrees_m': LimitRange(0.3, 20.0, SMALLER, 'largest difference of reports of home'),
    'landed_age_s': LimitRange(1.0, 10.0, SMALLER, 'largest age of the landed state'),
    'battery_age_s': LimitRange(1.0, 60.0, SMALLER, 'largest age of the battery'),
    'gimbal_age_s': LimitRange(0.5, 30.0, SMALLER, "largest age of a gimbal's report"),
    'gimbal_rad': LimitRange(
        0.1, 3.2, SMALLER, 'largest angle of a gimbal from straight ahead, or of its roll'
    ),
    'range_age_s': LimitRange(0.1, 5.0, SMALLER, "largest age of a range sensor's distance"),
    'command_age_s': LimitRange(0.05, 1.0, SMALLER, 'largest age of the image of a command'),
    'hold_s': LimitRange(0.1, 10.0, FIXED, 'time of zeros after a stop, before silence'),
    'position_jump_m': LimitRange(0.2, 50.0, SMALLER, 'largest motion without velocity'),
    'height_jump_m': LimitRange(0.1, 20.0, SMALLER, 'largest change of height without velocity'),
    'yaw_jump_rad': LimitRange(0.05, 3.0, SMALLER, 'largest turn between two reports'),
    'stuck_after_s': LimitRange(0.5, 30.0, SMALLER, 'time commanded and not moving'),
    'flyaway_m_s': LimitRange(0.5, 20.0, SMALLER, 'largest excess speed for stuck_after_s'),
    'unseen_after_s': LimitRange(0.05, 5.0, SMALLER, 'time without a sighting: slows down'),
    'unseen_stop_s': LimitRange(0.1, 10.0, SMALLER, 'time without a sighting: at a halt'),
    'unseen_speed_m_s': LimitRange(0.05, 20.0, SMALLER, 'largest speed without a sighting'),
    'lost_after_s': LimitRange(0.1, 30.0, SMALLER, 'time without a sighting: holds'),
    'believed_beyond_m': LimitRange(
        0.1, 50.0, SMALLER, 'by belief alone: distance beyond the place of the last sighting'
    ),
    'lost_hold_s': LimitRange(0.1, 60.0, FIXED, 'time of holding before it searches'),
    'search_s': LimitRange(0.1, 600.0, SMALLER, 'time of searching before it hands back'),
    'search_yaw_rate_rad_s': LimitRange(0.05, 3.0, SMALLER, 'yaw rate of the search'),
    'found_s': LimitRange(0.05, 5.0, LARGER, 'time of sightings: follows again'),
}


def _limit(field: Field[Any]) -> Parameter:
    """Return the parameter of one limit; None in the limits is the word ``off`` here."""
    given = RANGES[field.name]
    return Parameter(
        f'limits.{field.name}',
        OFF if field.default is None else float(field.default),  # type: ignore[arg-type]
        given.meaning,
        low=given.low,
        high=given.high,
        can_be_off='None' in str(field.type),
        tighter=given.tighter,
    )


LIMITS = tuple(_limit(field) for field in fields(Limits) if field.name != POLYGON)
PARAMETERS = (
    Parameter(
        'connection',
        'udpin:127.0.0.1:14540',
        'MAVLink address: udpin:HOST:PORT, udpout:HOST:PORT, tcp:HOST:PORT or /dev/DEVICE:BAUD',
    ),
    Parameter(
        'autopilot',
        'auto',
        'kind of autopilot; auto takes the kind in its heartbeat',
        choices=('auto', 'px4', 'ardupilot'),
    ),
    Parameter(
        'rate_hz',
        20.0,
        'least rate of setpoints; a new command is sent at once',
        low=5.0,
        high=100.0,
    ),
    Parameter(
        'realtime_priority',
        10,
        "priority of the setpoints' thread (SCHED_FIFO), if the system allows it; 0: normal",
        low=0,
        high=99,
    ),
    Parameter('lockstep', False, 'simulation only: decide once per simulated camera frame'),
    Parameter(
        'exact_telemetry',
        True,
        'in lockstep: wait for the telemetry of each frame; off for firmware with its own clock',
    ),
    Parameter('publish_tf', True, 'publish odom to base_link on /tf, from the autopilot'),
    Parameter(
        'system_id',
        0,
        "the vehicle's MAVLink system id; 0: that of the first autopilot received",
        low=0,
        high=254,
    ),
    Parameter(
        'signing_key_file',
        '',
        'file of the MAVLink 2 signing key, for its owner only (chmod 600); empty: not signed',
    ),
    Parameter(
        'shadow', False, 'decide, show and record, but send no setpoint: the pilot keeps flying'
    ),
    Parameter(
        'tell_pilot',
        True,
        'send texts (STATUSTEXT) and numbers to the ground station',
    ),
    Parameter(
        'engage_channel',
        0,
        "channel of the pilot's radio: off to on engages, back disengages; 0: none",
        low=0,
        high=18,
    ),
    Parameter(
        'engage_pwm',
        1700,
        'pulse width in us from which that channel is on; 200 us below it is off',
        low=1100,
        high=2100,
    ),
    Parameter(
        'shadow_channel',
        0,
        'channel that switches shadow mode while nothing is commanded; 0: none',
        low=0,
        high=18,
    ),
    Parameter('shadow_pwm', 1700, 'pulse width in us: that channel is on', low=1100, high=2100),
    Parameter(
        'stick_channels',
        '1,2,3',
        'roll, pitch and throttle of the radio: moving one calls off, as GUIDED and OFFBOARD may '
        'ignore them, and so do those of a joystick; empty: none does',
    ),
    Parameter(
        'station_id',
        0,
        'system id of the ground station that tracks and stops; QGroundControl: 255; 0: none',
        low=0,
        high=255,
    ),
    Parameter('station_engages', False, 'that station may engage, by MAV_CMD_USER_1 with 1'),
    Parameter(
        'station_camera',
        100,
        'component id of its camera for the station; change it if a camera has this one',
        low=100,
        high=105,
    ),
    Parameter(
        'stream_uri',
        '',
        'your own stream for the station: rtsp://, udp://, or the UDP port to which H.264 is '
        'sent; empty: that of the stream node, if it runs',
    ),
    Parameter('stream_width', 1280, 'width of its pictures', low=16, high=16384),
    Parameter('stream_height', 720, 'height of its pictures', low=16, high=16384),
    Parameter('stream_fov_deg', 80.0, 'horizontal angle of its pictures', low=10.0, high=170.0),
    Parameter('engage_at_start', False, 'simulation only: engage without a human'),
    *LIMITS,
    Parameter(
        f'limits.{POLYGON}',
        '',
        f"corners 'east,north; ...' in metres from home, such as '{EXAMPLE}'; empty: none",
    ),
)


def radio_from(values: dict[str, Any], does: str) -> RadioSwitch | None:
    """Return the switch of the radio that does something, engage or shadow; None: none.

    Raises:
        ConfigError: one switch for both.

    """
    channel = values[f'{does}_channel']
    if channel and values['engage_channel'] == values['shadow_channel']:
        raise ConfigError(
            f'engage_channel and shadow_channel are both {channel}: one switch cannot do both'
        )
    return RadioSwitch(channel, values[f'{does}_pwm']) if channel else None


def sticks_from(values: dict[str, Any]) -> StickWatch | None:
    """Return what watches the pilot's sticks; None: nothing does.

    Raises:
        ConfigError: no channels of a radio.

    """
    given: str = values['stick_channels']
    if not given.strip():
        return None
    try:
        return StickWatch(tuple(int(one) for one in given.split(',')))
    except ValueError as error:
        raise ConfigError(
            f"parameter 'stick_channels': expected channels of the radio such as '1,2,3', or "
            f"nothing, got '{given}'"
        ) from error


def radio_streams(is_switched: bool, are_sticks_watched: bool) -> tuple[StreamNeed, ...]:
    """Return what is to be received of the pilot's radio and joystick.

    Args:
        is_switched: a switch of the radio is obeyed.
        are_sticks_watched: sticks call off.

    """
    joystick = (JOYSTICK,) if are_sticks_watched else ()
    if is_switched:
        return (RADIO, *joystick)
    return (STICKS, *joystick) if are_sticks_watched else ()


def station_from(values: dict[str, Any]) -> StationSetup | None:
    """Return the ground station that is answered; None: none.

    Raises:
        ConfigError: a stream that no station shows.

    """
    names = 'stream_uri', 'stream_width', 'stream_height', 'stream_fov_deg'
    video = StationVideo(*(values[name] for name in names))
    if not values['station_id']:
        return None
    return StationSetup(
        values['station_id'], values['station_engages'], values['station_camera'], video
    )


def limits_from(values: dict[str, Any]) -> Limits:
    """Make the guard's limits from the parameters' values.

    Raises:
        ConfigError: limits that cannot be flown.

    """
    given = {field.name: values[f'limits.{field.name}'] for field in fields(Limits)}
    given[POLYGON] = parse_polygon(given[POLYGON])
    try:
        return Limits(**given)
    except ValueError as error:
        raise ConfigError(f'parameters limits.*: {error}') from error
