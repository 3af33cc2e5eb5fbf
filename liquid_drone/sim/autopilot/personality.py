# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The two characters that the simulated autopilot can play, as data.

What each one does was measured on the firmware itself (ArduCopter 4.5.7, PX4 between 1.15 and
1.16). The parameters are the few that change what the simulation does, under their real names;
those that are only answered stand in ``failsafe_sets``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from ...arrays import Vector
from ...errors import ConfigError


class Mode(Enum):
    """What the autopilot is doing, whatever the firmware calls it."""

    POSITION = 'position'  # the pilot's sticks, here always centred
    HOLD = 'hold'  # hover by itself
    FOLLOW = 'follow'  # obey the companion's setpoints
    TAKEOFF = 'takeoff'
    LAND = 'land'
    RETURN = 'return'


@dataclass(frozen=True)
class Personality:
    """How one firmware differs from the other."""

    name: str
    autopilot: int  # HEARTBEAT.autopilot
    custom_modes: Mapping[Mode, int]
    mode_names: Mapping[Mode, str]
    parameters: Mapping[str, float | int]
    loss_parameter: str  # name of the setpoint-loss time, s
    streams_hz: Mapping[int, float]  # message id to rate, sent without being asked
    setpoint_frames: Mapping[int, str]  # MAV_FRAME to 'body' or 'world'
    heartbeat_on_change: bool
    text_everywhere: bool  # else STATUSTEXT goes only where a ground station heartbeats
    fails_over_to_hold: bool  # on setpoint loss; else it stops without a mode change
    needs_stream_to_follow: bool
    rises_by_setpoint: bool  # velocity alone takes off; else NAV_TAKEOFF is needed
    nose_follows_motion: bool  # when a setpoint says nothing about yaw
    integers_in_bytes: bool  # parameters travel as bytes in a float
    modes_in_two: bool  # DO_SET_MODE carries main and sub mode apart
    takeoff_above_sea: bool  # NAV_TAKEOFF carries metres above sea level; else above home
    takeoff_parameter: str  # the height where NAV_TAKEOFF names none; '': it must name one
    unarmable: frozenset[Mode]
    max_speed_m_s: float  # reached when 30 m/s was asked for
    drift_enu_m_s: Vector  # creeps so at zero velocity setpoints
    tells_joystick: bool = False  # in MANUAL_CONTROL; else its axes are channels of RC_CHANNELS
    joystick_lasts_s: float = 0.5  # after its last message: COM_RC_LOSS_T, RC_OVERRIDE_TIME
    has_message_intervals: bool = True  # else only REQUEST_DATA_STREAM changes rates

    def mode_of(self, custom_mode: int) -> Mode | None:
        """Return the mode of a number on the wire; None: the simulation has no such mode."""
        modes = {number: mode for mode, number in self.custom_modes.items()}
        return modes.get(custom_mode)


# Message ids: 30 ATTITUDE and 32 LOCAL_POSITION_NED at every camera frame; 1 SYS_STATUS,
# 245 EXTENDED_SYS_STATE, 147 BATTERY_STATUS, 24 GPS_RAW_INT, 33 GLOBAL_POSITION_INT, 74 VFR_HUD,
# 242 HOME_POSITION, 230 ESTIMATOR_STATUS, 141 ALTITUDE
_PX4_STREAMS = {
    30: 20,
    32: 20,
    1: 1,
    245: 5,
    147: 0.5,
    24: 1,
    33: 5,
    74: 4,
    242: 0.5,
    230: 1,
    141: 5,
}

PX4 = Personality(
    name='px4',
    autopilot=12,
    custom_modes=MappingProxyType(
        {
            Mode.POSITION: 196608,
            Mode.HOLD: 50593792,
            Mode.FOLLOW: 393216,
            Mode.TAKEOFF: 33816576,
            Mode.LAND: 100925440,
            Mode.RETURN: 84148224,
        }
    ),
    mode_names=MappingProxyType(
        {
            Mode.POSITION: 'POSCTL',
            Mode.HOLD: 'AUTO.LOITER',
            Mode.FOLLOW: 'OFFBOARD',
            Mode.TAKEOFF: 'AUTO.TAKEOFF',
            Mode.LAND: 'AUTO.LAND',
            Mode.RETURN: 'AUTO.RTL',
        }
    ),
    parameters=MappingProxyType(
        {'COM_OF_LOSS_T': 1.0, 'COM_OBL_RC_ACT': 5, 'MAV_SYS_ID': 1, 'MIS_TAKEOFF_ALT': 2.5}
    ),
    loss_parameter='COM_OF_LOSS_T',
    streams_hz=MappingProxyType(_PX4_STREAMS),
    setpoint_frames=MappingProxyType({1: 'world', 8: 'body'}),
    heartbeat_on_change=False,
    text_everywhere=False,
    fails_over_to_hold=True,
    needs_stream_to_follow=True,
    rises_by_setpoint=True,
    nose_follows_motion=False,
    integers_in_bytes=True,
    modes_in_two=True,
    takeoff_above_sea=True,
    takeoff_parameter='MIS_TAKEOFF_ALT',
    unarmable=frozenset(),
    max_speed_m_s=9.3,
    drift_enu_m_s=(-0.213, 0.035, 0.122),  # 12.8 m west, 2.1 m north, 7.3 m up in 60 s
    tells_joystick=True,
)

ARDUPILOT = Personality(
    name='ardupilot',
    autopilot=3,
    custom_modes=MappingProxyType(
        {Mode.POSITION: 5, Mode.HOLD: 17, Mode.FOLLOW: 4, Mode.LAND: 9, Mode.RETURN: 6}
    ),
    mode_names=MappingProxyType(
        {
            Mode.POSITION: 'LOITER',
            Mode.HOLD: 'BRAKE',
            Mode.FOLLOW: 'GUIDED',
            Mode.LAND: 'LAND',
            Mode.RETURN: 'RTL',
        }
    ),
    parameters=MappingProxyType({'GUID_TIMEOUT': 3.0, 'SYSID_THISMAV': 1}),
    loss_parameter='GUID_TIMEOUT',
    streams_hz=MappingProxyType({}),  # silent but for the heartbeat until asked
    setpoint_frames=MappingProxyType({1: 'world', 7: 'world', 8: 'body', 9: 'body'}),
    heartbeat_on_change=True,
    text_everywhere=True,
    fails_over_to_hold=False,
    needs_stream_to_follow=False,
    rises_by_setpoint=False,
    nose_follows_motion=True,
    integers_in_bytes=False,
    modes_in_two=False,
    takeoff_above_sea=False,
    takeoff_parameter='',
    unarmable=frozenset({Mode.HOLD, Mode.LAND, Mode.RETURN}),
    max_speed_m_s=9.5,
    drift_enu_m_s=(0.0, 0.0, 0.0),
    joystick_lasts_s=3.0,
)

PERSONALITIES: Mapping[str, Personality] = MappingProxyType({'px4': PX4, 'ardupilot': ARDUPILOT})


def personality(name: str) -> Personality:
    """Return a personality by name.

    Raises:
        ConfigError: for a name that is neither px4 nor ardupilot.

    """
    if name not in PERSONALITIES:
        raise ConfigError(f"unknown autopilot '{name}': expected {', '.join(PERSONALITIES)}")
    return PERSONALITIES[name]
