# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A switch of the pilot's radio (RC_CHANNELS) that engages and calls off.

Only the way from off to on engages, never a switch that is on already: it must have been off for
a while and then stay on, on a radio that is received all the time. A gap, a value that no radio
sends, a receiver that the autopilot finds unhealthy or a channel that jumps begin it anew. So does
a switch that moves at one moment with other channels: a receiver without a radio that sets all
channels to what it was taught, or that hears its radio again, is no hand on a switch. Pure.
"""

import math
from collections import deque
from dataclasses import dataclass

from ..vehicle import VehicleState

LEAST_US, MOST_US = 800, 2200  # what a radio sends; 0 and 65535 are no values
BELOW_US = 200  # off is so far below on; between the two the switch is on its way
ON_WAY_S = 1.0  # so long a three-way switch may stand between them
OFF_S = 0.5  # so long it must have been off before
ON_S = 0.3  # so long it must be on
LEAST_READINGS = 3  # in each of the two
GAP_S = 0.6  # without a reading: the radio is lost
JUMPS, JUMPS_S = 3, 4.0  # so many changes within so long: a channel that jumps
CHANNELS = 18
STEP_US, OTHERS = 300, 2  # so many other channels that step so far between two readings


@dataclass(frozen=True)
class RadioSwitch:
    """Which channel, and from where on it is on."""

    channel: int  # 1..18
    on_us: int = 1700

    def __post_init__(self) -> None:
        if not 1 <= self.channel <= CHANNELS:
            raise ValueError(f'a radio has channels 1 to {CHANNELS}, got {self.channel}')
        if not LEAST_US + BELOW_US < self.on_us < MOST_US:
            raise ValueError(
                f'a channel counts as on from {LEAST_US + BELOW_US} to {MOST_US} us, '
                f'got {self.on_us}'
            )

    def position(self, vehicle: VehicleState) -> bool | None:
        """Return whether it is on; None: on its way, or no value that a radio sends.

        Raises:
            LookupError: the radio is not received.

        """
        channels = vehicle.radio
        if not vehicle.radio_is_healthy or self.channel > len(channels):
            raise LookupError
        pwm = channels[self.channel - 1]
        if not LEAST_US <= pwm <= MOST_US:
            raise LookupError
        if pwm >= self.on_us:
            return True
        return False if pwm <= self.on_us - BELOW_US else None


class RadioWatch:
    """Watches one switch; tells once what the pilot did with it."""

    def __init__(self, switch: RadioSwitch, off_by_hand: bool = False) -> None:
        """Begin with a switch that was never off.

        Args:
            switch: to watch.
            off_by_hand: its way to off must be seen, and be the pilot's, to be told; else off is
                told whenever it is found so.

        """
        self.switch, self._off_by_hand = switch, off_by_hand
        self._read_s = self._clear_s = -math.inf  # newest reading; newest one that is on or off
        self._channels: tuple[int, ...] = ()  # of the reading before
        self._is_on: bool | None = None  # where it stands; None: lost
        self._stood_on = False  # where it stood before it was lost
        self._since_s, self._count = -math.inf, 0  # since when, and in how many readings
        self._was_off = False  # for long enough before it went on
        self._is_told = True  # what it did last
        self._changes: deque[float] = deque(maxlen=JUMPS)

    def take(self, now_s: float, vehicle: VehicleState | None) -> bool | None:
        """Take in what is known; return True (engage) or False (call off) once, else None.

        Args:
            now_s: on the clock of the vehicle's ``radio_received_s``.
            vehicle: None before it is heard.

        """
        came_s = -math.inf if vehicle is None else vehicle.radio_received_s
        if vehicle is None or not 0.0 <= now_s - came_s <= GAP_S:
            self._lose()
            return None
        if came_s > self._read_s:
            if came_s - self._read_s > GAP_S:
                self._lose()
            self._read_s = came_s
            self._read(vehicle)
        return self._told()

    @property
    def is_on(self) -> bool:
        """The switch stands on now, for long enough, since whenever."""
        return bool(self._is_on) and self._stood(ON_S)

    def _lose(self) -> None:
        self._stood_on = self._stood_on if self._is_on is None else self._is_on
        self._is_on, self._is_told = None, True

    def _read(self, vehicle: VehicleState) -> None:
        before, self._channels = self._channels, vehicle.radio
        try:
            is_on = self.switch.position(vehicle)
        except LookupError:
            self._lose()
            return
        if is_on is None:  # on its way
            if self._read_s - self._clear_s > ON_WAY_S:
                self._lose()
            return
        if is_on is not self._is_on:
            self._turn(is_on, self._moved_alone(before))
        self._clear_s, self._count = self._read_s, self._count + 1

    def _moved_alone(self, before: tuple[int, ...]) -> bool:
        steps = zip(before, self._channels, strict=False)
        stepped = [
            number
            for number, (old, new) in enumerate(steps, start=1)
            if number != self.switch.channel and abs(new - old) >= STEP_US
        ]
        return len(stepped) < OTHERS

    def _turn(self, is_on: bool, alone: bool) -> None:
        before = self._is_on
        if before is None:  # found again: on engages nothing, and off is told where it was on
            self._was_off = False
            self._is_told = is_on or not self._stood_on or self._off_by_hand
        else:
            self._changes.append(self._read_s)
            self._was_off = is_on and alone and self._stood(OFF_S)
            self._is_told = self._off_by_hand and not (is_on or alone)
        self._is_on, self._stood_on = is_on, is_on
        self._since_s, self._count = self._read_s, 0

    def _stood(self, for_s: float) -> bool:
        return self._clear_s - self._since_s >= for_s - 1e-6 and self._count >= LEAST_READINGS

    def _told(self) -> bool | None:
        if self._is_told or not self._stood(ON_S):
            return None
        self._is_told = True
        if not self._is_on:
            return False
        jumps = len(self._changes) == JUMPS and self._read_s - self._changes[0] < JUMPS_S
        return True if self._was_off and not jumps else None
