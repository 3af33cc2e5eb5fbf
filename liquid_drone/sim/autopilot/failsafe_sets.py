# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The failsafe parameters that the simulated autopilot answers with, as one of three set-ups.

``factory``: as the firmware comes (ArduCopter 4.5.7, PX4 between 1.15 and 1.16). ``advised``: as
docs/SAFETY.md asks for. ``silent``: none of them is answered, as on a link that loses them.
Of these only the setpoint-loss time changes what the simulation does.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from ...errors import ConfigError

Values = Mapping[str, float | int]
FailsafeSet = Literal['factory', 'advised', 'silent']
FACTORY: FailsafeSet = 'factory'
FACTORY_VALUES: Mapping[str, Values] = MappingProxyType(
    {
        'px4': MappingProxyType(
            {
                'COM_OBL_RC_ACT': 5,  # not PX4's 0: the simulation holds when setpoints stop
                'COM_OF_LOSS_T': 1.0,
                'COM_RC_OVERRIDE': 1,
                'COM_RCL_EXCEPT': 0,
                'COM_RC_IN_MODE': 3,
                'RC_MAP_FLTMODE': 0,
                'NAV_RCL_ACT': 2,
                'COM_LOW_BAT_ACT': 0,
                'GF_ACTION': 2,
                'GF_MAX_HOR_DIST': 0.0,
                'GF_MAX_VER_DIST': 0.0,
            }
        ),
        'ardupilot': MappingProxyType(
            {
                'GUID_TIMEOUT': 3.0,
                'GUID_OPTIONS': 0,
                'FLTMODE_CH': 5,
                'RC_OPTIONS': 32,
                'FS_THR_ENABLE': 1,
                'FS_OPTIONS': 16,
                'FS_EKF_ACTION': 1,
                'FS_EKF_THRESH': 0.8,
                'BATT_FS_LOW_ACT': 0,
                'BATT_LOW_VOLT': 10.5,
                'FENCE_ENABLE': 0,
                'FENCE_TYPE': 7,
                'FENCE_ACTION': 1,
                'FENCE_RADIUS': 300.0,
                'FENCE_ALT_MAX': 100.0,
                'WPNAV_SPEED': 1000.0,
            }
        ),
    }
)
ADVISED_VALUES: Mapping[str, Values] = MappingProxyType(
    {
        'px4': MappingProxyType(
            {
                **FACTORY_VALUES['px4'],
                'COM_RC_OVERRIDE': 3,
                'RC_MAP_FLTMODE': 5,
                'COM_LOW_BAT_ACT': 2,
                'GF_MAX_HOR_DIST': 40.0,
                'GF_MAX_VER_DIST': 15.0,
            }
        ),
        'ardupilot': MappingProxyType(
            {
                **FACTORY_VALUES['ardupilot'],
                'GUID_TIMEOUT': 1.0,
                'BATT_FS_LOW_ACT': 1,
                'BATT_LOW_VOLT': 14.0,
                'FENCE_ENABLE': 1,
                'FENCE_RADIUS': 40.0,
                'FENCE_ALT_MAX': 15.0,
                'WPNAV_SPEED': 200.0,
            }
        ),
    }
)
SETS: Mapping[str, Mapping[str, Values]] = MappingProxyType(
    {FACTORY: FACTORY_VALUES, 'advised': ADVISED_VALUES, 'silent': {}}
)


def failsafe_set(name: str, kind: str) -> Values:
    """Return the parameters of a set-up by name, for ``px4`` or ``ardupilot``.

    Raises:
        ConfigError: another name.

    """
    if name not in SETS:
        raise ConfigError(f"unknown failsafes '{name}': expected {', '.join(SETS)}")
    return SETS[name].get(kind, {})
