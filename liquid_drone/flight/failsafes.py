# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The autopilot's own failsafes as they should be set, and what to say of those that are not.

They are what is left when the companion is gone. The table is that of ``docs/SAFETY.md`` (a test
reads both). Parameters are read, never written.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

STICKS_BIT, OFFBOARD_BIT = 2, 4  # of COM_RC_OVERRIDE, of COM_RCL_EXCEPT
GUIDED_BIT = 4  # of FS_OPTIONS
NO_RADIO_BIT = 1  # of RC_OPTIONS
# of GUID_OPTIONS: the yaw stick ignored; place, velocity not held; the nose turned by the wind
LOOSE_BITS = 4 | 16 | 32 | 128
HEIGHT_AND_CIRCLE = 1 | 2  # of FENCE_TYPE


@dataclass(frozen=True)
class Spelling:
    """A name of one parameter in some versions of the firmware, and its value in their unit."""

    name: str
    wanted: str
    is_good: Callable[[float], bool]


@dataclass(frozen=True)
class Failsafe:
    """One parameter of the autopilot."""

    name: str
    wanted: str
    is_good: Callable[[float], bool]
    otherwise: str  # what happens where it is not so
    renamed: tuple[Spelling, ...] = ()  # in later versions
    or_else: tuple[Spelling, ...] = ()  # other parameters that serve as well
    is_former: bool = False  # of older firmware alone: where it is not answered, nothing is wrong

    @property
    def spellings(self) -> tuple[Spelling, ...]:
        """All its names, the oldest first."""
        return (Spelling(self.name, self.wanted, self.is_good), *self.renamed)

    @property
    def names(self) -> tuple[str, ...]:
        """All its names, the oldest first."""
        return tuple(one.name for one in self.spellings)

    @property
    def asked(self) -> tuple[str, ...]:
        """All that are to be asked for: its names, and those of what serves as well."""
        return (*self.names, *(other.name for other in self.or_else))

    def answered(self, values: Mapping[str, float]) -> str:
        """Return the name that was answered, of several the newest value; empty: none was.

        Not a number tells that the firmware has no such parameter; any other answer counts more.
        """
        answered = [name for name in reversed(list(values)) if name in self.names]
        numbers = [name for name in answered if not math.isnan(values[name])]
        return next(iter(numbers or answered), '')

    def complaint(self, values: Mapping[str, float]) -> str:
        """Return what is wrong with its answered value, in a sentence; empty: nothing."""
        if any(one.is_good(values.get(one.name, math.nan)) for one in self.or_else):
            return ''
        name = self.answered(values)
        if self.is_former and math.isnan(values.get(name, math.nan)):
            return ''
        if not name:
            wanted = ', or '.join(f'{one.name} {one.wanted}' for one in self.renamed)
            also = f' ({wanted})' if wanted else ''
            return f'{self.name} was not answered: look whether it is {self.wanted}{also}'
        if math.isnan(values[name]):
            return (
                f'this firmware has no {name}: look what it has in its place for {self.wanted}, '
                f'else {self.otherwise}'
            )
        told = next(one for one in self.spellings if one.name == name)
        if math.isfinite(values[name]) and told.is_good(values[name]):
            return ''
        return f'{name} is {values[name]:g}, should be {told.wanted}: else {self.otherwise}'


def _among(*values: int) -> Callable[[float], bool]:
    return lambda value: value in values


def _other_than(*unwanted: int) -> Callable[[float], bool]:
    return lambda value: value >= 0.0 and value not in unwanted


def _at_most(most: float) -> Callable[[float], bool]:
    return lambda value: 0.0 < value <= most


def _has_bits(bits: int) -> Callable[[float], bool]:
    return lambda value: value >= 0.0 and int(value) & bits == bits


def _lacks_bits(bits: int) -> Callable[[float], bool]:
    return lambda value: value >= 0.0 and not int(value) & bits


def _positive(value: float) -> bool:
    return value > 0.0


NO_FENCE = 'there is no fence but ours'
NO_TAKEOVER = "the radio's mode switch takes over nothing"
PX4 = (
    Failsafe('COM_OBL_RC_ACT', '5 (Hold)', _among(5), 'a lost companion is not held'),
    Failsafe(  # until 1.13; from 1.14 on the one above holds with and without a radio
        'COM_OBL_ACT',
        '1 (Hold), 0 (Land) or 2 (Return)',
        _among(0, 1, 2),
        'with the radio lost too it flies on as it was last told (-1), or stops its motors (3, 4)',
        is_former=True,
    ),
    Failsafe('COM_OF_LOSS_T', 'at most 1 s', _at_most(1.0), 'it flies on for longer'),
    Failsafe(
        'COM_RC_OVERRIDE',
        '3',
        _has_bits(STICKS_BIT),
        'sticks take over nothing in OFFBOARD',
        (Spelling('COM_RC_OVR_SPEED', 'such as 1', _positive),),  # from 1.18; 0: they do not
    ),
    Failsafe(
        'COM_RCL_EXCEPT',
        'without bit 2',
        _lacks_bits(OFFBOARD_BIT),
        'a lost radio does nothing in OFFBOARD',
    ),
    Failsafe(  # 1, 6, 8: a joystick alone, or first; 4: nobody
        'COM_RC_IN_MODE', 'another than 1, 4, 6 and 8', _other_than(1, 4, 6, 8), NO_TAKEOVER
    ),
    Failsafe('RC_MAP_FLTMODE', "your mode switch's channel", _positive, NO_TAKEOVER),
    Failsafe(
        'NAV_RCL_ACT', '2 (Return) or 1 (Hold)', _among(1, 2), 'a lost radio does other things'
    ),
    Failsafe('COM_LOW_BAT_ACT', '2 (Land) or 3', _among(2, 3), 'a low battery is a warning only'),
    Failsafe('GF_ACTION', '2 (Hold), or 3 (Return), 5 (Land)', _among(2, 3, 5), NO_FENCE),
    Failsafe('GF_MAX_HOR_DIST', 'such as 40 m', _positive, NO_FENCE),
    Failsafe('GF_MAX_VER_DIST', 'such as 15 m', _positive, NO_FENCE),
)
ARDUPILOT = (
    Failsafe('GUID_TIMEOUT', 'at most 1 s', _at_most(1.0), 'it flies on at full speed for longer'),
    Failsafe(
        'GUID_OPTIONS',
        'without bits 2, 4, 5, 7',
        _lacks_bits(LOOSE_BITS),
        'GUIDED holds no velocity, ignores the yaw stick, or turns into the wind',
    ),
    Failsafe('FLTMODE_CH', "your mode switch's channel", _positive, NO_TAKEOVER),
    Failsafe('RC_OPTIONS', 'without bit 0', _lacks_bits(NO_RADIO_BIT), NO_TAKEOVER),
    Failsafe('FS_THR_ENABLE', '1 (Return)', _among(1, 3, 4, 5, 6, 7), 'a lost radio does nothing'),
    Failsafe(
        'FS_OPTIONS',
        'without bit 2',
        _lacks_bits(GUIDED_BIT),
        'a lost radio does nothing in GUIDED',
    ),
    Failsafe(
        'BATT_FS_LOW_ACT',
        '1 (Land)',
        _among(1, 2, 3, 4, 6, 7),
        'a low battery does nothing, or (5) stops the motors in the air',
    ),
    Failsafe(  # from 4.7 on 0 reports only
        'FS_EKF_ACTION', '1 (Land)', _among(1, 2, 3), 'an estimator without a place does nothing'
    ),
    Failsafe(
        'FS_EKF_THRESH', 'such as 0.8', _positive, 'an estimator without a place is not noticed'
    ),
    Failsafe('BATT_LOW_VOLT', "your battery's", _positive, 'a low battery is not noticed'),
    Failsafe(
        'FENCE_ENABLE',
        '1',
        _among(1),
        NO_FENCE,
        or_else=(Spelling('FENCE_AUTOENABLE', '1, 2 or 3', _among(1, 2, 3)),),  # from 4.6
    ),
    Failsafe('FENCE_TYPE', 'with bits 0 and 1', _has_bits(HEIGHT_AND_CIRCLE), NO_FENCE),
    Failsafe('FENCE_ACTION', '1 (Return), or another than 0', _positive, NO_FENCE),
    Failsafe('FENCE_RADIUS', 'such as 40 m', _positive, NO_FENCE),
    Failsafe('FENCE_ALT_MAX', 'such as 15 m', _positive, NO_FENCE),
    Failsafe(
        'WPNAV_SPEED',
        'at most 200 cm/s',
        _at_most(200.0),
        'GUIDED itself limits little',
        (Spelling('WP_SPD', 'at most 2 m/s', _at_most(2.0)),),  # from 4.7
    ),
)
FAILSAFES: Mapping[str, tuple[Failsafe, ...]] = {'px4': PX4, 'ardupilot': ARDUPILOT}


def complaints(autopilot: str, values: Mapping[str, float]) -> dict[str, str]:
    """Return name and sentence of every parameter; the sentence is empty where it is good.

    Args:
        autopilot: name of its profile.
        values: what was read, by any name of each, the newest answer last; one that is missing
            was not answered, and one that is not a number does not exist.

    """
    return {
        one.answered(values) or one.name: one.complaint(values) for one in FAILSAFES[autopilot]
    }


def names(autopilot: str) -> tuple[str, ...]:
    """Return all names of all parameters, as they are asked for."""
    return tuple(name for one in FAILSAFES[autopilot] for name in one.asked)
