# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What must hold while everything goes wrong: each packet that leaves a companion is read."""

import math
from collections import Counter
from dataclasses import dataclass, field

from ..flight.companion import Decision
from ..flight.guard.drift_compensation import MOST_M_S
from ..flight.guard.limits import Limits
from ..flight.guard.state import LONGEST_STEP_S
from ..flight.mavlink.profiles import Profile
from ..flight.recorder import HOLDERS
from ..flight.setpoint import Setpoint
from ..sim.autopilot.channel import MavlinkChannel

HARMLESS = ('HEARTBEAT', 'COMMAND_LONG', 'REQUEST_DATA_STREAM', 'TIMESYNC')  # beside setpoints


@dataclass
class Figures:
    """What happened, and what should not have."""

    simulated_s: float = 0.0
    following_s: float = 0.0  # engaged, not holding or searching
    setpoints: int = 0
    engagements: int = 0
    hand_backs: Counter[str] = field(default_factory=Counter)  # by cause
    faults: Counter[str] = field(default_factory=Counter)
    episodes: int = 0  # read again from the disk
    lost_episodes: int = 0
    longest_deaf_s: float = 0.0  # after the radio was good again, until the vehicle was heard
    longest_slow_s: float = 0.0  # after all was good again, until all streams came as needed
    link_errors: int = 0  # of the network, survived
    memory_mb: list[float] = field(default_factory=list)  # resident, at ten points in time
    violations: list[str] = field(default_factory=list)


class Checker:
    """Reads what leaves the companion, as an autopilot would."""

    def __init__(self, limits: Limits, figures: Figures) -> None:
        """Begin without a setpoint."""
        self._limits, self._figures = limits, figures
        self._parser = MavlinkChannel(1, {})
        self._last: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
        self._last_s = -math.inf

    def look(
        self, packets: list[bytes], now_s: float, decision: Decision, mode_is_ours: bool
    ) -> None:
        """Check the packets of one step."""
        for packet in packets:
            for message in self._parser.parse(packet):
                if message.get_type() == 'SET_POSITION_TARGET_LOCAL_NED':
                    velocity = message.vx, message.vy, message.vz
                    self._check((*velocity, message.yaw_rate), now_s, decision, mode_is_ours)
                elif message.get_type() not in HARMLESS:
                    self.violated(now_s, f'sent {message.get_type()}')
                elif getattr(message, 'command', 511) not in (511, 512):
                    self.violated(now_s, f'sent command {message.command}')

    def _check(
        self,
        sent: tuple[float, float, float, float],
        now_s: float,
        decision: Decision,
        mode_is_ours: bool,
    ) -> None:
        self._figures.setpoints += 1
        limits, rounding = self._limits, 1e-5  # numbers travel as float32
        within = (
            math.hypot(sent[0], sent[1]) <= limits.speed_m_s + rounding
            and abs(sent[2]) <= limits.climb_m_s + rounding
            and abs(sent[3]) <= limits.yaw_rate_rad_s + rounding
        )
        if not within:  # what is not finite compares false
            self.violated(now_s, f'setpoint {sent} is outside the limits')
        if any(sent) and not (mode_is_ours and decision.stage.name.lower() in HOLDERS):
            self.violated(now_s, f'setpoint {sent} while {decision.stage.value}')
        dt_s = min(now_s - self._last_s, LONGEST_STEP_S)
        step = math.dist(sent[:3], self._last[:3])
        is_flown = mode_is_ours or any(sent)  # zeros in another mode move nothing
        if is_flown and step > math.sqrt(2.0) * limits.stop_acceleration_m_s2 * dt_s + rounding:
            self.violated(now_s, f'a step of {step:.2f} m/s')
        self._last, self._last_s = sent, now_s

    def violated(self, now_s: float, what: str) -> None:
        """Note a broken promise."""
        self._figures.violations.append(f'{now_s:.2f} s: {what}')


def moves(setpoint: Setpoint, profile: Profile) -> bool:
    """Tell whether a setpoint is more than bringing a vehicle back to where it stands."""
    *velocity, turn = setpoint.as_tuple()
    holds_m_s = 0.0 if profile.holds_position else MOST_M_S
    return abs(turn) > 0.0 or max(map(abs, velocity)) > holds_m_s
