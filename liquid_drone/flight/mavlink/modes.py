# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The names of the autopilots' modes, by the custom_mode of their heartbeats. Data.

PX4's number holds a main mode and a sub mode (its px4_custom_mode.h; External modes are those of
programs beside it, such as ROS 2's, from 1.14 on). ArduPilot's are ArduCopter's.
"""

from collections.abc import Mapping
from types import MappingProxyType


def px4_mode(main: int, sub: int = 0) -> int:
    """Return the custom_mode of a PX4's main and sub mode."""
    return main << 16 | sub << 24


_POSCTL, _AUTO = 3, 4
_PX4_MAIN = {
    1: 'MANUAL',
    2: 'ALTCTL',
    _POSCTL: 'POSCTL',
    5: 'ACRO',
    6: 'OFFBOARD',
    7: 'STABILIZED',
    8: 'RATTITUDE',
    10: 'TERMINATION',
    11: 'ALTITUDE_CRUISE',
}
_PX4_POSCTL = {1: 'POSCTL.ORBIT', 2: 'POSCTL.SLOW'}
_PX4_AUTO = {
    1: 'AUTO.READY',
    2: 'AUTO.TAKEOFF',
    3: 'AUTO.LOITER',
    4: 'AUTO.MISSION',
    5: 'AUTO.RTL',
    6: 'AUTO.LAND',
    7: 'AUTO.RTGS',
    8: 'AUTO.FOLLOW_TARGET',
    9: 'AUTO.PRECLAND',
    10: 'AUTO.VTOL_TAKEOFF',
    **{10 + number: f'EXTERNAL{number}' for number in range(1, 9)},
    20: 'AUTO.DESCEND',  # of newer firmware; before that it calls itself AUTO.LAND
}
PX4_MODES: Mapping[int, str] = MappingProxyType(
    {
        **{px4_mode(main): name for main, name in _PX4_MAIN.items()},
        **{px4_mode(_POSCTL, sub): name for sub, name in _PX4_POSCTL.items()},
        **{px4_mode(_AUTO, sub): name for sub, name in _PX4_AUTO.items()},
    }
)
ARDUPILOT_MODES: Mapping[int, str] = MappingProxyType(
    {
        0: 'STABILIZE',
        1: 'ACRO',
        2: 'ALT_HOLD',
        3: 'AUTO',
        4: 'GUIDED',
        5: 'LOITER',
        6: 'RTL',
        7: 'CIRCLE',
        9: 'LAND',
        11: 'DRIFT',
        13: 'SPORT',
        14: 'FLIP',
        15: 'AUTOTUNE',
        16: 'POSHOLD',
        17: 'BRAKE',
        18: 'THROW',
        19: 'AVOID_ADSB',
        20: 'GUIDED_NOGPS',
        21: 'SMART_RTL',
        22: 'FLOWHOLD',
        23: 'FOLLOW',
        24: 'ZIGZAG',
        25: 'SYSTEMID',
        26: 'AUTOROTATE',
        27: 'AUTO_RTL',
        28: 'TURTLE',
        29: 'RATE_ACRO',
    }
)
