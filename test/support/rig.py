# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Real firmware over an open field, flown by our companion with scripted proposals, 20 Hz."""

import json
import math
import os
import sys
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
from liquid_drone.flight.mavlink.transport.chunks import Chunk, Transport
from liquid_drone.flight.setpoint import Setpoint
from liquid_drone.flight.vehicle import VehicleState
from liquid_drone.geometry import euler_from_quaternion
from liquid_drone.sim.autopilot.personality import Mode
from liquid_drone.sim.firmware.autopilot import FirmwareAutopilot
from liquid_drone.sim.firmware.ground_station import FirmwareParameter
from liquid_drone.sim.firmware.kinds import KINDS
from liquid_drone.sim.firmware.open_field import OpenField
from liquid_drone.sim.firmware.process import Firmware, find
from liquid_drone.sim.scenario.vehicle import Vehicle

FRAME_S = 0.05
Command = tuple[float, float, float, float]  # vx, vy, vz FLU heading-aligned m/s, yaw rate rad/s
STILL: Command = (0.0, 0.0, 0.0, 0.0)


def firmware_or_skip(kind: str) -> Firmware:
    """Return the firmware that an environment variable names, or skip the test."""
    path = os.environ.get(KINDS[kind].variable)
    if not path:
        pytest.skip(f'no {kind} firmware: set {KINDS[kind].variable} to its SITL binary')
    return find(kind, path)


class CuttableTransport:
    """A transport whose two directions can be cut, and on which another station may speak."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.up = self.down = True  # to the vehicle, and from it

    @property
    def is_emptied(self) -> bool:
        return self._transport.is_emptied

    def read(self) -> list[Chunk]:
        chunks = self._transport.read()
        return chunks if self.down else []

    def write(self, data: bytes) -> None:
        if self.up:
            self._transport.write(data)

    def accept(self, source: object) -> None:
        self._transport.accept(source)

    def close(self) -> None:
        self._transport.close()


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
    yaw: float  # of the body, rad, counter-clockwise from east
    reason: str | None  # the guard's code
    told: np.ndarray  # (3,) ENU, the position as the companion knows it
    speed_m_s: float = field(init=False)  # horizontal

    def __post_init__(self) -> None:
        self.speed_m_s = float(np.hypot(*self.velocity[:2]))


@dataclass
class Rig:
    """Holds firmware, link and companion; close it."""

    firmware: Firmware
    log: Path
    connected: bool = True  # else the companion starts later, by :meth:`connect`
    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        vehicle = schema.load_yaml(Vehicle, resources.named_file('sim/vehicles', 'x500'))
        self.field = OpenField(vehicle)
        self.autopilot = FirmwareAutopilot(self.field, self.firmware, log=self.log, height_m=3.0)
        self.link: MavlinkLink | None = None
        self.companion: Companion | None = None
        self.decision: Decision | None = None
        if self.connected:
            self.connect()

    def connect(self) -> None:
        """Start the companion, which has heard nothing yet."""
        link = MavlinkLink.open(f'udpin:127.0.0.1:{self.autopilot.companion_port}')
        self.way = link._transport = CuttableTransport(link.transport)
        self.link, self.companion = link, None

    @property
    def now_s(self) -> float:
        return self.autopilot.now_ns / 1e9

    @property
    def stage(self) -> Stage | None:
        return None if self.companion is None else self.companion.stage

    @property
    def vehicle(self) -> VehicleState | None:
        """What the companion knows."""
        return None if self.link is None else self.link.vehicle

    @property
    def ours(self) -> int:
        """The custom mode in which the firmware obeys the companion."""
        return int(self.autopilot.kind.custom_modes[Mode.FOLLOW])

    @property
    def reason(self) -> str | None:
        """The guard's code."""
        decision = self.decision
        return None if decision is None or decision.reason is None else decision.reason.code

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
            None if self.vehicle is None else self.vehicle.mode,
            self.stage,
            sent,
            math.degrees(math.acos(min(1.0, math.cos(roll) * math.cos(pitch)))),
            yaw,
            self.reason,
            np.array((math.nan,) * 3 if self.vehicle is None else self.vehicle.position_enu),
        )
        self.rows.append(row)
        self.autopilot.advance(12)
        return row

    def _decide(self, command: Command) -> Setpoint | None:
        now_s = self.now_s
        if self.link is None:
            return None
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

    def can_engage(self, limit_s: float = 10.0) -> str:
        """A human engages the companion, again and again; return '' or why it is still refused."""
        began_s = self.now_s
        while True:
            done, sentence = (False, '') if self.companion is None else self.companion.engage(True)
            if done or self.now_s - began_s > limit_s:
                return '' if done else sentence or 'no companion'
            self.frame()

    def engage(self) -> None:
        """A human engages the companion, the pilot flips the switch."""
        assert not (refused := self.can_engage()), refused
        self.until(lambda: self.autopilot.pilot_mode(Mode.FOLLOW), 10.0)
        self.until(lambda: self.stage is Stage.ENGAGED, 5.0)

    def engage_anew(self) -> None:
        """Take the vehicle back from wherever it was handed to, then engage."""
        self.until(lambda: self.autopilot.pilot_mode(Mode.HOLD), 20.0)
        self.until(lambda: self.rows[-1].speed_m_s < 0.2, 20.0)
        self.engage()

    def second_station(self, mode: Mode) -> None:
        """Ask for a mode as another ground station, system 254, once."""
        number = self.autopilot.kind.custom_modes[mode]
        parts = [float(number)]
        if self.firmware.kind.name == 'px4':
            parts = [float(number >> 16 & 0xFF), float(number >> 24)]
        custom = mavlink.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED
        packet = self.foreign_command(mavlink.MAV_CMD_DO_SET_MODE, custom, *parts)
        self.autopilot.station.send_raw(packet)

    def foreign_command(self, number: int, *parameters: float) -> bytes:
        """Return a COMMAND_LONG of another ground station, system 254."""
        values = [*parameters, *[0.0] * (7 - len(parameters))]
        system = self.autopilot.station.system
        message = mavlink.MAVLink_command_long_message(system, 1, number, 0, *values)
        return bytes(message.pack(mavlink.MAVLink(None, 254, 190)))

    def set_parameters(self, **values: float) -> None:
        """Set firmware parameters; an int is a whole number for PX4."""
        for name, value in values.items():
            one = FirmwareParameter(name, float(value), isinstance(value, int))
            self.until(lambda one=one: self.autopilot.station.ask_parameter(one), 10.0)  # type: ignore[misc]

    def ask(self, **values: float) -> None:
        """Ask once for firmware parameters, while flight goes on."""
        for name, value in values.items():
            station = self.autopilot.station
            station.ask_parameter(FirmwareParameter(name, float(value), isinstance(value, int)))

    def tell(self, what: str, **figures: object) -> None:
        """Print a figure for the documents."""
        sys.stdout.write(f'{self.firmware.kind.name} {what}: {json.dumps(figures)}\n')

    def close(self) -> None:
        if self.link is not None:
            self.link.close()
        self.autopilot.close()


def first(rows: list[Row], is_true: Callable[[Row], bool]) -> float:
    """Return the time of the first row for which something holds."""
    return next(row.time_s for row in rows if is_true(row))


def flown_m(rows: list[Row]) -> float:
    """Return how far the farthest row is from the first, in the plane."""
    places = np.array([row.position[:2] for row in rows])
    return float(np.linalg.norm(places - places[0], axis=1).max())


def last_sent_s(rows: list[Row], since_s: float) -> float | None:
    """Return when the last setpoint was sent after a moment; None: there was none."""
    times = [row.time_s - since_s for row in rows if row.sent is not None]
    return round(times[-1], 2) if times else None
