# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The expert: knows where everything is, follows the target, keeps clear of trunks.

It gives the clean label for the simulator's present state and remembers nothing. It never sees a
picture.
"""

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..contract import Command, CommandSpec
from ..geometry import euler_from_quaternion, rotate_by_yaw, wrap_angle

if TYPE_CHECKING:
    from .simulator import Simulator, Truth

FloatArray = npt.NDArray[np.float64]
DISTANCE_M = 3.5  # kept to the target, horizontally
CLOSING_GAIN_PER_S = 0.8
SPEED_M_S = 1.8
MARGIN_M = 0.5  # wanted between hull and trunk
HORIZON_M = 2.5  # trunks further away do not matter
BRAKE_GAIN_PER_S = 0.8  # closing speed allowed for each metre beyond the margin
SIDESTEP = 0.7  # share of the lost closing speed that goes sideways
HEIGHT_GAIN_PER_S = 1.0
TURN_GAIN_PER_S, LEAD_GAIN = 2.0, 0.7


class Expert:
    """Gives commands for a simulator's state."""

    def __init__(self, simulator: 'Simulator') -> None:
        self._simulator = simulator
        self._limits = np.array(CommandSpec().limits)

    def reset(self) -> None:
        """Begin a new flight: there is nothing to forget."""

    def command(self) -> Command:
        """Return the command (4,) for the simulator's present state."""
        truth, vehicle = self._simulator.truth(), self._simulator.scenario.vehicle
        yaw_rad = euler_from_quaternion(truth.quaternion_xyzw)[2]
        velocity = keep_clear(
            follow(truth), truth.position_enu, self._simulator.obstacles, vehicle.radius_m
        )
        vx, vy, _ = rotate_by_yaw([*velocity, 0.0], -yaw_rad)
        height_m = self._simulator.scenario.task.cruise_altitude_m
        vz = HEIGHT_GAIN_PER_S * (height_m - truth.position_enu[2])
        wanted = np.array([vx, vy, vz, turn_rate(truth, yaw_rad)])
        command: Command = np.clip(wanted, -self._limits, self._limits).astype(np.float32)
        return command


def follow(truth: 'Truth') -> FloatArray:
    """Return the horizontal velocity (2,) in world ENU that keeps the distance to the target."""
    away = (truth.target_position_enu - truth.position_enu)[:2]
    distance_m = max(float(np.linalg.norm(away)), 0.1)
    closing = CLOSING_GAIN_PER_S * (distance_m - DISTANCE_M)
    return _shorten(truth.target_velocity_enu[:2] + closing * away / distance_m)


def keep_clear(
    velocity: FloatArray, position: FloatArray, trunks: FloatArray, hull_m: float
) -> FloatArray:
    """Slow down towards near trunks, and go around them on the side that is easier."""
    relative = trunks[:, :2] - position[:2]
    centre_m = np.hypot(relative[:, 0], relative[:, 1])
    gap_m = centre_m - trunks[:, 2] - hull_m
    near = np.flatnonzero(gap_m < HORIZON_M)
    for i in near[np.argsort(-gap_m[near])]:  # the nearest has the last word
        towards = relative[i] / max(centre_m[i], 1e-6)
        excess = float(velocity @ towards) - BRAKE_GAIN_PER_S * (gap_m[i] - MARGIN_M)
        if excess > 0.0:
            aside = np.array([-towards[1], towards[0]])
            side = 1.0 if velocity @ aside >= 0.0 else -1.0
            velocity = velocity - excess * towards
            if gap_m[i] > 0.0 and velocity @ velocity > 0.0:
                velocity = velocity + side * SIDESTEP * min(excess, 1.0) * aside
    return _shorten(velocity)


def turn_rate(truth: 'Truth', yaw_rad: float) -> float:
    """Return the yaw rate in rad/s that brings the target to the middle of the picture."""
    away = (truth.target_position_enu - truth.position_enu)[:2]
    distance_m = max(float(np.linalg.norm(away)), 1.0)
    bearing_rad = wrap_angle(math.atan2(away[1], away[0]) - yaw_rad)
    drift = (truth.target_velocity_enu - truth.velocity_enu)[:2]
    sight_rate = (away[0] * drift[1] - away[1] * drift[0]) / distance_m**2
    return TURN_GAIN_PER_S * bearing_rad + LEAD_GAIN * float(sight_rate)


def _shorten(velocity: FloatArray) -> FloatArray:
    speed = float(np.linalg.norm(velocity))
    return velocity * min(1.0, SPEED_M_S / max(speed, 1e-9))
