# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Telemetry that goes away, freezes, comes late or jumps, and what the companion must do then.

Used by :mod:`.endurance`. A message with a time of its own, or of our question, counts from when
it was sent on, whatever the radio did to it then. One without counts from when it arrived whole:
how long a radio held it back is nothing that a companion can know.
"""

import math
from dataclasses import replace

import numpy as np

from ..flight.facts import FACTS
from ..flight.guard.limits import Limits
from ..flight.mavlink.profiles import PROFILES
from ..sim.autopilot.simulated import SimulatedAutopilot
from ..sim.autopilot.telemetry import TelemetryErrors

STREAM_FAULTS = ('stream gone', 'stream frozen', 'stream late')
JUMPS = {
    'height jumps up': TelemetryErrors(shift_enu=(0.0, 0.0, 12.0)),
    'height jumps down': TelemetryErrors(shift_enu=(0.0, 0.0, -12.0)),
    'position jumps': TelemetryErrors(shift_enu=(9.0, -7.0, 0.0)),
    'heading jumps': TelemetryErrors(yaw_rad=1.2),
}
STATES = {
    'estimator unusable': TelemetryErrors(estimator_flags=0x1F),
    'battery not measured': TelemetryErrors(measures_battery=False),
}
WAY_UP_DEAD = 'way up dead'
TELEMETRY_FAULTS = (*STREAM_FAULTS, *JUMPS, *STATES, WAY_UP_DEAD)
LONGEST_S = 9.0  # of such a fault; the other ones are shorter
TIMESYNC, HEARTBEAT = 111, 0
STAMPED = (30, 32)  # ATTITUDE, LOCAL_POSITION_NED: a repeated one is old
MOST_ON_THE_WAY = 500  # packets; a radio holds some of them back while a few others pass
SLACK_S = 0.3  # steps, and the way of a message
JUMP_WATCH_S = 2.0
MOST_CLIMB_M = 0.8  # in that time, by a setpoint that was right before the jump
DEAF_S = 0.2  # since a setpoint arrived: then the vehicle flies on by the last one


def message_id(packet: bytes) -> int:
    """Return the message id of a MAVLink 2 packet."""
    return int.from_bytes(packet[7:10], 'little')


class TelemetryFaults:
    """Carries one vehicle's packets, and knows what cannot be known any more."""

    def __init__(self, rng: np.random.Generator, kind: str, limits: Limits) -> None:
        """Begin without a fault."""
        self._rng, self._ages_s = rng, _ages_s(kind, limits)
        self._stop_s = limits.stop_s
        self._stream = HEARTBEAT  # that a fault is about
        self._frozen: dict[int, bytes] = {}
        self._late: list[tuple[float, bytes]] = []
        self._late_s = 0.0
        self._delivered_s: dict[int, float] = {}
        self._on_the_way: dict[bytes, None] = {}  # those without a time of their own
        self._jump: tuple[float, float] | None = None  # when, height
        self._height_m = math.nan  # true, a step ago

    def begin(self, name: str) -> None:
        """Draw what a fault is about."""
        if name in STREAM_FAULTS:
            self._stream = int(self._rng.choice(sorted(self._ages_s)))
            self._late_s = float(self._rng.uniform(0.5, 4.0))

    def tell_wrong(self, active: dict[str, float], autopilot: SimulatedAutopilot) -> None:
        """Make the autopilot's telemetry wrong where a fault says so."""
        errors = TelemetryErrors()
        for name, one in (*JUMPS.items(), *STATES.items()):
            if name in active:
                changed = {
                    k: v for k, v in vars(one).items() if v != getattr(TelemetryErrors(), k)
                }
                if 'shift_enu' in changed:  # two jumps add up
                    x, y, z = (a + b for a, b in zip(errors.shift_enu, one.shift_enu, strict=True))
                    changed['shift_enu'] = x, y, z
                errors = replace(errors, **changed)
        autopilot.errors = errors

    def carry(
        self, packets: list[bytes], active: dict[str, float], now_s: float, is_dead: bool
    ) -> list[bytes]:
        """Return what goes on its way now."""
        sent: list[bytes] = []
        for packet in packets:
            number = message_id(packet)
            is_meant = number == self._stream
            if is_meant and 'stream gone' in active:
                continue
            if is_meant and 'stream frozen' in active:
                repeats = number in self._frozen
                sent.append(self._frozen.setdefault(number, packet))
                self._send(sent[-1], now_s, is_dead or (repeats and number in STAMPED))
                continue
            self._frozen.pop(number, None)
            if is_meant and 'stream late' in active:
                self._late.append((now_s + self._late_s, packet))
                continue
            sent.append(packet)
            self._send(packet, now_s, is_dead)
        due = [packet for due_s, packet in self._late if due_s <= now_s]
        self._late = [item for item in self._late if item[0] > now_s]
        for packet in due:
            self._send(packet, now_s, is_dead)
        return sent + due

    def _send(self, packet: bytes, now_s: float, is_lost: bool) -> None:
        number = message_id(packet)
        if number not in (*STAMPED, TIMESYNC):
            self._on_the_way[packet] = None
            if len(self._on_the_way) > MOST_ON_THE_WAY:
                self._on_the_way.pop(next(iter(self._on_the_way)))
        elif not is_lost:
            self._delivered_s[number] = now_s

    def arrive(self, packets: list[bytes], now_s: float) -> None:
        """Note what came through the radio whole."""
        for packet in packets:
            if packet in self._on_the_way:
                self._delivered_s[message_id(packet)] = now_s

    def delivered_s(self, number: int) -> float:
        """Return when a message of this id was delivered last; 0.0: never."""
        return self._delivered_s.get(number, 0.0)

    def unknown(self, now_s: float) -> str:
        """Name a fact for which the vehicle must stand by now; empty: none."""
        for number, (name, age_s) in self._ages_s.items():
            gone_s = now_s - self.delivered_s(number)
            if gone_s > age_s + self._stop_s + SLACK_S:
                return f'{name} was not delivered for {gone_s:.1f} s'
        return ''

    def jumped(self, now_s: float, height_m: float, has_vehicle: bool) -> None:
        """Note a jump that begins or ends now, with the true height; in flight it must show."""
        self._jump = (now_s, height_m) if has_vehicle else None

    def dived(self, now_s: float, height_m: float, has_vehicle: bool, obeyed_s: float) -> str:
        """Tell by how much a jump moved the vehicle; empty: it did not.

        What it moves while no setpoint reaches it, last at ``obeyed_s``, is none of the guard's.
        """
        moved_m, self._height_m = height_m - self._height_m, height_m
        if self._jump is not None and now_s - obeyed_s > DEAF_S:
            self._jump = (self._jump[0], self._jump[1] + moved_m)
        if self._jump is None or not has_vehicle or now_s - self._jump[0] > JUMP_WATCH_S:
            self._jump = None  # over, or the pilot flies
            return ''
        moved_m = height_m - self._jump[1]
        return f'{moved_m:+.1f} m of height after a jump' if abs(moved_m) > MOST_CLIMB_M else ''


def _ages_s(kind: str, limits: Limits) -> dict[int, tuple[str, float]]:
    """Return message id to (name, largest age)."""
    ids = {need.name: need.message_id for need in PROFILES[kind].streams}
    ids |= {'HEARTBEAT': HEARTBEAT, 'TIMESYNC': TIMESYNC}
    return {
        ids[name]: (name, getattr(limits, spec.age_limit) or math.inf)
        for spec in FACTS
        for name in spec.messages(kind)
    }
