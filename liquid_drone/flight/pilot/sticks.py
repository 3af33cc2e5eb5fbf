# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The pilot's sticks, of a radio (RC_CHANNELS) or a joystick (MANUAL_CONTROL): moved, they stop.

Whoever sees a drone fly at something pulls the sticks. In ArduCopter's GUIDED nothing follows but
by the yaw stick, and a companion would fly on; a PX4 takes over by itself (COM_RC_OVERRIDE). A
stick counts as moved where it is away from its middle and from where it was: one that is still
held as it was when the mode was switched is no word, and neither is its way back to the middle.
A PX4 tells of a joystick in MANUAL_CONTROL alone; each of those that are heard is watched apart.
"""

import math
from typing import NamedTuple

from ..vehicle import JoystickReading, VehicleState
from .radio import CHANNELS, MOST_US

MIDDLE_US, MOVED_US = 1500, 150  # of sticks, which go 500 each way; PX4 takes 30 % too
MOVED_S = 0.15  # so long, by two readings at least: one odd reading is none
GAP_S = 1.0  # without a reading of them: radio or joystick is lost
LEAST_STICK_US = 975  # below it a throttle tells of a lost radio (ArduPilot's FS_THR_VALUE)
MOVED = 300  # of a joystick's axis, which goes 1000 each way
# A throttle from 0 to 1000 (QGroundControl; PX4 until 1.13) has its middle at 500; one that goes
# below 0 (PX4 1.14 to 1.16) at 0, and so has one that lay there, whatever it is
HALF_WAY, MOVED_OF_HALF = 500, 150


class Stick(NamedTuple):
    """One reading of one stick, in its own units."""

    value: float
    middle: float
    moved: float  # so far off counts


class _Sticks:
    """The sticks of one radio or joystick."""

    def __init__(self) -> None:
        self.read_s = self._since_s = -math.inf
        # where each was, or its middle since it was there; None: never told
        self.rests: tuple[float | None, ...] = ()

    def rest(self) -> None:
        """Begin anew: what is moved now counts from its next reading."""
        self._since_s = -math.inf

    def are_moved(self, sticks: tuple[Stick | None, ...], came_s: float, commands: bool) -> bool:
        """Tell whether one is moved, for long enough; None: a stick that is not told."""
        self.read_s = came_s
        old = self.rests if commands and self.rests else (None,) * len(sticks)
        rests = tuple(_known(stick, rest) for stick, rest in zip(sticks, old, strict=True))
        is_moved = any(map(_is_moved, sticks, rests))
        self.rests = tuple(map(_rest, sticks, rests))
        if not is_moved:
            self.rest()
            return False
        self._since_s = came_s if math.isinf(self._since_s) else self._since_s
        return came_s - self._since_s >= MOVED_S - 1e-6


def _known(stick: Stick | None, rest: float | None) -> float | None:
    return stick.value if rest is None and stick is not None else rest


def _is_moved(stick: Stick | None, rest: float | None) -> bool:
    if stick is None or rest is None:
        return False
    return min(abs(stick.value - stick.middle), abs(stick.value - rest)) >= stick.moved


def _rest(stick: Stick | None, rest: float | None) -> float | None:
    is_there = stick is not None and abs(stick.value - stick.middle) < stick.moved
    return stick.middle if stick is not None and is_there else rest


class StickWatch:
    """Watches some channels of the radio, and all joysticks, while the companion commands."""

    def __init__(self, channels: tuple[int, ...]) -> None:
        """Begin with sticks that were never seen.

        Args:
            channels: of roll, pitch and throttle, 1..18.

        Raises:
            ValueError: none, no channels of a radio, or one of them twice.

        """
        is_each_one = len(set(channels)) == len(channels) > 0
        if not is_each_one or not all(1 <= one <= CHANNELS for one in channels):
            raise ValueError(f'expected channels of 1 to {CHANNELS}, each once, got {channels}')
        self.channels = channels
        self._radio, self._joysticks = _Sticks(), dict[tuple[int, int], _Sticks]()
        self._is_told = False

    def take(self, now_s: float, vehicle: VehicleState | None, commands: bool) -> bool:
        """Tell once, while the companion commands, that the pilot moves a stick.

        Args:
            now_s: on the clock of the vehicle's ``radio_received_s``.
            vehicle: None before it is heard.
            commands: the companion does.

        """
        if not commands:
            self._is_told = False
        if vehicle is None:
            return False
        radio = self._channels(vehicle)
        is_moved = _take(self._radio, radio, vehicle.radio_received_s, now_s, commands)
        known = {one.sender: self._joysticks.get(one.sender) for one in vehicle.joysticks}
        self._joysticks = {sender: found or _Sticks() for sender, found in known.items()}
        for one in vehicle.joysticks:
            watched = self._joysticks[one.sender]
            sticks = _axes(one, watched.rests[-1] if commands and watched.rests else None)
            is_moved = _take(watched, sticks, one.received_s, now_s, commands) or is_moved
        tells = is_moved and commands and not self._is_told
        self._is_told = self._is_told or tells
        return tells

    def _channels(self, vehicle: VehicleState) -> tuple[Stick | None, ...]:
        """Return their readings; none: the radio is not received, or sends no such channels."""
        if not vehicle.radio_is_healthy or max(self.channels) > len(vehicle.radio):
            return ()
        found = tuple(vehicle.radio[channel - 1] for channel in self.channels)
        if not all(LEAST_STICK_US <= one <= MOST_US for one in found):
            return ()
        return tuple(Stick(one, MIDDLE_US, MOVED_US) for one in found)


def _axes(told: JoystickReading, throttle_rest: float | None) -> tuple[Stick | None, ...]:
    """Return roll, pitch and throttle; the middle of the last depends on where it lay."""
    *level, z = told.axes
    rest = z if throttle_rest is None else throttle_rest
    is_around_0 = told.goes_below_0 or rest is None or abs(rest) < MOVED_OF_HALF
    middle, moved = (0, MOVED) if is_around_0 else (HALF_WAY, MOVED_OF_HALF)
    sticks = [None if one is None else Stick(one, 0, MOVED) for one in level]
    return (*sticks, None if z is None else Stick(z, middle, moved))


def _take(
    watched: _Sticks,
    sticks: tuple[Stick | None, ...],
    came_s: float,
    now_s: float,
    commands: bool,
) -> bool:
    if not commands or not 0.0 <= now_s - came_s <= GAP_S:
        watched.rest()
    if not 0.0 <= now_s - came_s <= GAP_S or came_s <= watched.read_s:
        return False
    if not any(stick is not None for stick in sticks):
        watched.read_s = came_s
        watched.rest()
        return False
    return watched.are_moved(sticks, came_s, commands)
