# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What differs between the autopilots: modes, loss behaviour, what a companion must ask for.

One profile each, chosen from ``HEARTBEAT.autopilot``. The figures were measured on
firmware (ArduCopter 4.5.7, PX4 between 1.15 and 1.16). Nothing here talks to anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ...errors import ConfigError
from ..facts import ATTITUDE, FACTS, POSITION
from .modes import ARDUPILOT_MODES, PX4_MODES
from .streams import StreamNeed

# MAVLink id and the rate to ask for; position and attitude come at the simulator's camera rate
FLOWN_ON = (POSITION, ATTITUDE)
_ASKED = {
    'LOCAL_POSITION_NED': (32, 20.0),
    'ATTITUDE': (30, 20.0),
    'SYS_STATUS': (1, 2.0),
    'EXTENDED_SYS_STATE': (245, 2.0),
    'EKF_STATUS_REPORT': (193, 2.0),
    'ESTIMATOR_STATUS': (230, 2.0),
    'HOME_POSITION': (242, 1.0),
    'GLOBAL_POSITION_INT': (33, 5.0),
}
# of each battery in turn, where there are several
PACKS = StreamNeed('BATTERY_STATUS', 147, 2.0, 0.2, is_extra=True)
# of a sensor that looks down and of a gimbal, where there are any
BESIDES = (
    StreamNeed('DISTANCE_SENSOR', 132, 4.0, 2.0, is_extra=True, is_optional=True),
    StreamNeed('GIMBAL_DEVICE_ATTITUDE_STATUS', 285, 2.0, 0.5, is_extra=True, is_optional=True),
)
RADIO = StreamNeed('RC_CHANNELS', 65, 10.0, 5.0)  # where a switch of the radio engages
# where the sticks call it off; many links have no radio behind them
STICKS = StreamNeed('RC_CHANNELS', 65, 5.0, 2.0, is_extra=True, is_optional=True)
# of a joystick; an ArduPilot tells of one in RC_CHANNELS, and has no such stream
JOYSTICK = StreamNeed(
    'MANUAL_CONTROL', 69, 5.0, 2.0, is_extra=True, is_optional=True, autopilots=('px4',)
)
# ArduPilot's groups of messages (MAV_DATA_STREAM), before it knew intervals (4.0)
_EXTENDED_STATUS, _RADIO, _POSITION, _EXTRA1, _EXTRA3 = 2, 3, 6, 10, 12
_ARDUPILOT_GROUPS = {
    32: _POSITION,
    30: _EXTRA1,
    1: _EXTENDED_STATUS,
    245: _EXTENDED_STATUS,
    193: _EXTRA3,
    33: _POSITION,
    65: _RADIO,
}


def _streams(autopilot: str) -> tuple[StreamNeed, ...]:
    """Return what the facts need; what comes unasked (HEARTBEAT, TIMESYNC) is left out."""
    return tuple(
        StreamNeed(name, *_ASKED[name], fact.needed_rate_hz, fact in FLOWN_ON)
        for fact in FACTS
        for name in fact.messages(autopilot)
        if name in _ASKED
    )


@dataclass(frozen=True)
class Profile:
    """One autopilot as a companion sees it."""

    name: str
    autopilot: int  # HEARTBEAT.autopilot
    follow_mode: int  # the custom mode in which setpoints are obeyed
    hold_mode: int  # the autopilot's own hover
    mode_names: Mapping[int, str]
    setpoint_loss_s: float  # silence after which the autopilot acts by itself, by default
    loss: str  # what it then does, in words
    engages: str  # what brings it into follow_mode, in words
    least_rate_hz: float  # a slower stream of setpoints counts as lost
    heartbeat_poll_s: float | None  # ask for HEARTBEAT so often; None: sent on every change
    streams: tuple[StreamNeed, ...] = ()
    streams_by_itself: bool = False  # only what does not arrive is asked for; else all, at once
    stream_groups: Mapping[int, int] = field(default_factory=dict)  # message to MAV_DATA_STREAM
    integers_in_bytes: bool = False  # of parameters, whose values travel as floats
    tells_local_home: bool = False  # HOME_POSITION has coordinates of the local frame
    needs_stream: bool = False  # of setpoints, or its follow_mode is refused and left
    holds_position: bool = False  # at zero velocity; else the guard holds height and place

    def mode_name(self, custom_mode: int) -> str:
        """Name a custom mode; unknown ones are named by their number."""
        return self.mode_names.get(custom_mode, f'mode {custom_mode}')


PX4 = Profile(
    name='px4',
    autopilot=12,
    follow_mode=393216,
    hold_mode=50593792,
    mode_names=PX4_MODES,
    setpoint_loss_s=1.0,  # COM_OF_LOSS_T
    loss='COM_OBL_RC_ACT: 5 holds; 0 gives it to the sticks and, with none, lands and disarms',
    engages='the mode switch; refused in the air until setpoints have come for 0.5 s',
    least_rate_hz=2.0,  # below 1 Hz it flaps between OFFBOARD and failsafe
    heartbeat_poll_s=0.2,  # a takeover is seen after 0.25 s instead of 1 s
    streams=(*_streams('px4'), PACKS, *BESIDES),
    integers_in_bytes=True,
    tells_local_home=True,
    needs_stream=True,
    streams_by_itself=True,
)

ARDUPILOT = Profile(
    name='ardupilot',
    autopilot=3,
    follow_mode=4,
    hold_mode=17,
    mode_names=ARDUPILOT_MODES,
    setpoint_loss_s=3.0,  # GUID_TIMEOUT
    loss='flies on at full speed until then, stops, and stays in GUIDED',
    engages='the mode switch, with a position that can be used; no stream is needed',
    least_rate_hz=0.5,
    heartbeat_poll_s=None,
    streams=(*_streams('ardupilot'), PACKS, *BESIDES),
    stream_groups=MappingProxyType(_ARDUPILOT_GROUPS),
    holds_position=True,
)

PROFILES: Mapping[str, Profile] = MappingProxyType({'px4': PX4, 'ardupilot': ARDUPILOT})


def detect(autopilot: int) -> Profile | None:
    """Return the profile of a ``HEARTBEAT.autopilot`` value; None: an autopilot we do not know."""
    return next((item for item in PROFILES.values() if item.autopilot == autopilot), None)


def named(name: str) -> Profile | None:
    """Return the profile of a name; ``auto`` gives None: decided by the first heartbeat.

    Raises:
        ConfigError: for a name that is none of auto, px4, ardupilot.

    """
    if name == 'auto':
        return None
    if name not in PROFILES:
        raise ConfigError(f"unknown autopilot '{name}': expected auto, {', '.join(PROFILES)}")
    return PROFILES[name]
