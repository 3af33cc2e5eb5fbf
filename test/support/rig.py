# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Real firmware over an open field, flown by our companion with scripted proposals, 20 Hz."""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone import resources, schema
from liquid_drone.flight.companion import Companion, Decision
from liquid_drone.flight.engagement import Stage
from liquid_drone.flight.guard.limits import SIMULATION_LIMITS, Sighting
from liquid_drone.flight.guard.state import Proposal
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.setpoint import Setpoint
from liquid_drone.geometry import euler_from_quaternion
from liquid_drone.sim.autopilot.personality import Mode
from liquid_drone.sim.firmware.autopilot import FirmwareAutopilot
from liquid_drone.sim.firmware.open_field import OpenField
from liquid_drone.sim.firmware.process import VARIABLES, Firmware, find
from liquid_drone.sim.scenario.vehicle import Vehicle

FRAME_S = 0.05
Command = tuple[float, float, float, float]  # vx, vy, vz FLU heading-aligned m/s, yaw rate rad/s
STILL: Command = (0.0, 0.0, 0.0, 0.0)


def firmware_or_skip(kind: str) -> Firmware:
    """Return the firmware that an environment variable names, or skip the test."""
    path = os.environ.get(VARIABLES[kind])
    if not path:
        pytest.skip(f'no {kind} firmware: set {VARIABLES[kind]} to its SITL binary')
    return find(kind, path)


@dataclass
class Row:
    """One frame as it was when the companion decided."""

    time_s: float
    position: np.ndarray  # (3,) ENU
    velocity: np.ndarray  # (3,) FLU heading-aligned
    yaw_rate: float  # of the body, rad/s, counter-clockwise
    mode: int | None  # as the pilot's ground station knows it
    known_mode: int | None  # as the companion knows it
    stage: Stage | None
    sent: Setpoint | None
    tilt_deg: float


@dataclass
class Rig:
    """Holds firmware, link and companion; close it."""

    firmware: Firmware
    log: Path
    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        vehicle = schema.load_yaml(Vehicle, resources.named_file('sim/vehicles', 'x500'))
        self.field = OpenField(vehicle)
        self.autopilot = FirmwareAutopilot(self.field, self.firmware, log=self.log, height_m=3.0)
        self.link = MavlinkLink.open(f'udpin:127.0.0.1:{self.autopilot.companion_port}')
        self.companion: Companion | None = None
        self.decision: Decision | None = None

    @property
    def now_s(self) -> float:
        return self.autopilot.now_ns / 1e9

    @property
    def stage(self) -> Stage | None:
        return None if self.companion is None else self.companion.stage

    def frame(self, command: Command = STILL, speaks: bool = True) -> Row:
        """Decide, send, let a frame pass; without ``speaks`` the companion is not run at all."""
        sent = self._decide(command) if speaks else None
        motion = self.field.motion
        roll, pitch, yaw = euler_from_quaternion(motion.quaternion_xyzw)
        c, s = math.cos(yaw), math.sin(yaw)
        vx, vy, vz = motion.velocity_enu
        row = Row(
            self.now_s,
            np.array(motion.position_enu),
            np.array([c * vx + s * vy, c * vy - s * vx, vz]),
            motion.rates_flu[2],
            self.autopilot.station.custom_mode,
            None if self.link.vehicle is None else self.link.vehicle.mode,
            self.stage,
            sent,
            math.degrees(math.acos(min(1.0, math.cos(roll) * math.cos(pitch)))),
        )
        self.rows.append(row)
        self.autopilot.advance(12)
        return row

    def _decide(self, command: Command) -> Setpoint | None:
        now_s = self.now_s
        self.link.poll(now_s)
        vehicle, profile = self.link.vehicle, self.link.profile
        if profile is None:
            return None
        if self.companion is None:
            self.companion = Companion(profile, SIMULATION_LIMITS)
        self.companion.see(Sighting(now_s - 1e-3, 0.0))  # or the guard goes looking for a target
        self.decision = self.companion.step(now_s, vehicle, Proposal(now_s, command))
        if self.decision.reset_policy:
            self.companion.policy_was_reset()
        if self.decision.setpoint is not None:
            self.link.send_setpoint(self.decision.setpoint, round(now_s * 1000))
        return self.decision.setpoint

    def fly(self, seconds: float, command: Command = STILL, speaks: bool = True) -> list[Row]:
        """Fly a command for some simulated seconds."""
        return [self.frame(command, speaks) for _ in range(round(seconds / FRAME_S))]

    def until(
        self, is_true: Callable[[], bool], limit_s: float, command: Command = STILL
    ) -> float:
        """Fly until something holds; return how long it took, or fail."""
        began_s = self.now_s
        while not is_true():
            assert self.now_s - began_s < limit_s, f'not within {limit_s} s'
            self.frame(command)
        return self.now_s - began_s

    def boot_and_climb(self) -> None:
        """Wait until it would arm, arm, and climb to 3 m."""
        pilot = self.autopilot
        while not pilot.is_ready:
            assert self.now_s < 200.0, 'the firmware would not arm'
            self.frame()
        self.until(pilot.pilot_arm, 20.0)
        self.until(lambda: pilot.pilot_takeoff(3.0), 20.0)
        self.until(lambda: not pilot.climbing and not pilot.landed, 30.0)
        self.fly(3.0)

    def engage(self) -> None:
        """A human engages the companion, the pilot flips the switch."""
        assert self.companion is not None
        companion = self.companion
        self.until(lambda: companion.engage(True)[0], 10.0)
        self.until(lambda: self.autopilot.pilot_mode(Mode.FOLLOW), 10.0)
        self.until(lambda: self.stage is Stage.ENGAGED, 5.0)

    def second_station(self, mode: Mode) -> None:
        """Ask for a mode as another ground station, system 254, once."""
        number = self.autopilot.kind.custom_modes[mode]
        values = [float(number)] + [0.0] * 5
        if self.firmware.kind == 'px4':
            values = [float(number >> 16 & 0xFF), float(number >> 24), *[0.0] * 4]
        station = self.autopilot.station
        codec = mavlink.MAVLink(None, 254, 190)
        message = mavlink.MAVLink_command_long_message(
            1,
            1,
            mavlink.MAV_CMD_DO_SET_MODE,
            0,
            mavlink.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED,
            *values,
        )
        station.send_raw(bytes(message.pack(codec)))

    def close(self) -> None:
        self.link.close()
        self.autopilot.close()
