# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The expert: knows where everything is, follows the target, keeps clear of trunks.

It flies along the line of sight, so that it stays near the path that the target walked and looks
where it flies: what it avoids is in the picture. Where something stands in that line, it flies
the shortest way round instead (``way_round``), and still looks at the target. A target beside the
picture is turned to first, and only then flown to: what cannot be seen cannot be learned. It gives
the clean label for the simulator's present state, remembers nothing and never sees a picture. Of
what moves it knows where it will be in the next second, and waits for it.

In a lane it steers to the point ahead by pure pursuit (R. C. Coulter, Implementation of the Pure
Pursuit Path Tracking Algorithm, 1992), and knows of no obstacle.
"""

import math
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Command, FloatArray
from ..contract import CommandSpec
from ..geometry import euler_from_quaternion, rotate_by_yaw, wrap_angle
from ..request import STEEPEST, FlightRequest
from .way_round import first_leg

if TYPE_CHECKING:
    from .simulator import Simulator, Truth

CLOSING_GAIN_PER_S = 0.8
SPEED_M_S = (-0.6, 1.8)  # along the line of sight
MARGIN_M = 0.8  # wanted between hull and trunk: more than whoever learns from it will err
LOOK_M, FULL_M = 5.0, 2.0  # ahead: avoiding begins, avoiding is complete while it is still seen
PAST_M = 0.6  # behind: avoiding has ended
BEYOND_M = 1.0  # behind the target: so far, a trunk is nearly out of mind
AVOID_GAIN_PER_S, AVOID_M_S = 1.4, 1.2
BRAKE_GAIN_PER_S, BRAKE_GAP_M = 1.0, 0.2  # closing speed for each metre of gap beyond the second
COMES_S = (0.4, 0.8, 1.2)  # from now: what moves is waited for where it will be
HEIGHT_GAIN_PER_S = 1.0
TURN_GAIN_PER_S, LEAD_GAIN = 2.0, 0.7
NOTHING = FlightRequest()
ASIDE_RAD = (math.radians(42.0), math.radians(62.0))  # off the axis: it slows down, it stands


class Expert:
    """Gives commands for a simulator's state."""

    def __init__(self, simulator: 'Simulator', request: FlightRequest = NOTHING) -> None:
        self._simulator = simulator
        self.request = request  # may be another one from frame to frame
        self._limits = np.array(CommandSpec().limits)

    def reset(self) -> None:
        """Begin a new flight: there is nothing to forget."""

    def command(self) -> Command:
        """Return the command (4,) for the simulator's present state."""
        return self.command_for(self._simulator.truth())

    def command_for(self, truth: 'Truth') -> Command:
        """Return the command (4,) for a state, in which the target may be where it is believed."""
        scenario, request = self._simulator.scenario, self.request
        yaw_rad = euler_from_quaternion(truth.quaternion_xyzw)[2]
        if scenario.task.lane is not None:
            return self._held(self._lane(truth, yaw_rad))
        relative, radii = self._simulator.nearby(truth.position_enu[:2])
        widths = radii + scenario.vehicle.radius_m
        keep_m = request.distance_m or scenario.task.keep_distance_m
        fastest = request.speed_m_s or SPEED_M_S[1]
        way = self._way(truth)
        onward = follow(truth, way, keep_m, fastest) * watching(truth, yaw_rad)
        velocity = avoid(onward, way, relative, widths)
        for ahead_s in COMES_S:
            coming, radii = self._simulator.coming(truth.position_enu[:2], ahead_s)
            velocity = brake(velocity, coming, radii + scenario.vehicle.radius_m)
        velocity = brake(velocity, relative, widths)  # last: who backs off must not hit a trunk
        if request.speed_m_s is not None:
            velocity = velocity * min(1.0, fastest / max(math.hypot(*velocity), 1e-6))
        vx, vy, _ = rotate_by_yaw([*velocity, 0.0], -yaw_rad)
        altitude_m = self._altitude_m(truth)
        if request.height_m is not None:
            altitude_m = truth.target_position_enu[2] + min(request.height_m, STEEPEST * keep_m)
        vz = HEIGHT_GAIN_PER_S * (altitude_m - truth.position_enu[2])
        return self._held([vx, vy, vz, turn_rate(truth, yaw_rad)])

    def _held(self, wanted: list[float]) -> Command:
        """Return a command (4,) within the limits."""
        command: Command = np.clip(np.array(wanted), -self._limits, self._limits)
        return command.astype(np.float32)

    def _lane(self, truth: 'Truth', yaw_rad: float) -> list[float]:
        """Return the command (4,) along the lane, at the task's height above the ground."""
        task = self._simulator.scenario.task
        height_m = truth.position_enu[2] - self._simulator.ground_height_m(truth.position_enu)
        speed, off = task.target_speed_m_s[1], bearing(truth, yaw_rad)
        onward = speed * watching(truth, yaw_rad)
        vz = HEIGHT_GAIN_PER_S * (task.cruise_altitude_m - height_m)
        turn = pursuit(truth, yaw_rad, speed)
        return [onward * math.cos(off), onward * math.sin(off), float(vz), turn]

    def _way(self, truth: 'Truth') -> tuple[FloatArray, float]:
        """Return the unit vector (2,) of the way ahead, and how far the target is along it."""
        ahead, distance_m = truth.sight
        position, goal = truth.position_enu[:2], truth.target_position_enu[:2]
        hull_m = self._simulator.scenario.vehicle.radius_m
        leg = first_leg(position, goal, self._simulator.layout.obstacles, hull_m)
        if leg is goal:
            return ahead, distance_m
        away = leg - position
        return away / max(math.hypot(*away.tolist()), 1e-6), distance_m

    def _altitude_m(self, truth: 'Truth') -> float:
        """Return the wanted altitude; on a slope it is a height above the ground."""
        task = self._simulator.scenario.task
        if task.track is None or task.track.relief_m is None:
            return task.cruise_altitude_m
        return task.cruise_altitude_m + self._simulator.ground_height_m(truth.position_enu)


def follow(
    truth: 'Truth',
    way: tuple[FloatArray, float],
    keep_m: float,
    fastest: float = SPEED_M_S[1],
) -> FloatArray:
    """Return the velocity (2,), ENU, along the way that keeps the distance."""
    ahead, distance_m = way
    closing = CLOSING_GAIN_PER_S * (distance_m - keep_m)
    speed = float(truth.target_velocity_enu[:2] @ ahead) + closing
    return ahead * min(max(speed, SPEED_M_S[0]), fastest)


def avoid(
    velocity: FloatArray,
    way: tuple[FloatArray, float],
    relative: FloatArray,
    widths: FloatArray,
) -> FloatArray:
    """Add sideways speed away from trunks that the way ahead comes too near to.

    Args:
        velocity: wanted, (2,), ENU.
        way: unit vector (2,) of the way ahead, ENU, and the target's distance.
        relative: trunks as seen from the drone, (K, 2), ENU.
        widths: distance between the centres of trunk and drone at contact, (K,).

    """
    ahead, distance_m = way
    left = np.array([-ahead[1], ahead[0]])
    x, y = relative @ ahead, relative @ left
    overlap = np.maximum(widths + MARGIN_M - np.abs(y), 0.0)
    near = _share((LOOK_M - x) / (LOOK_M - FULL_M))
    near = near * _share(1.0 + x / PAST_M)
    near = near * _share((distance_m + BEYOND_M - x) / BEYOND_M)
    push = -AVOID_GAIN_PER_S * float(np.sum(np.sign(y) * overlap * near))
    return velocity + left * min(max(push, -AVOID_M_S), AVOID_M_S)


def brake(velocity: FloatArray, relative: FloatArray, widths: FloatArray) -> FloatArray:
    """Take away the speed towards trunks that is too much for the gap that is left."""
    x, y = relative.T
    centre_m = np.maximum(np.sqrt(x * x + y * y), 1e-6)
    gap_m = centre_m - widths
    for i in np.flatnonzero(gap_m < 2.0):
        towards = relative[i] / centre_m[i]
        allowed = BRAKE_GAIN_PER_S * (gap_m[i] - BRAKE_GAP_M)
        velocity = velocity - max(float(velocity @ towards) - allowed, 0.0) * towards
    return velocity


def watching(truth: 'Truth', yaw_rad: float) -> float:
    """Return the share 0..1 of the speed for where the target is: 0 well beside the picture."""
    slows, stands = ASIDE_RAD
    return min(max((stands - abs(bearing(truth, yaw_rad))) / (stands - slows), 0.0), 1.0)


def bearing(truth: 'Truth', yaw_rad: float) -> float:
    """Return the angle in rad, left positive, from the drone's heading to the target."""
    ahead, _ = truth.sight
    return float(wrap_angle(math.atan2(ahead[1], ahead[0]) - yaw_rad))


def turn_rate(truth: 'Truth', yaw_rad: float) -> float:
    """Return the yaw rate in rad/s that brings the target to the middle of the picture."""
    ahead, distance_m = truth.sight
    bearing_rad = bearing(truth, yaw_rad)
    drift = (truth.target_velocity_enu - truth.velocity_enu)[:2]
    sight_rate = (ahead[0] * drift[1] - ahead[1] * drift[0]) / max(distance_m, 1.0)
    return TURN_GAIN_PER_S * bearing_rad + LEAD_GAIN * float(sight_rate)


def pursuit(truth: 'Truth', yaw_rad: float, speed_m_s: float) -> float:
    """Return the yaw rate in rad/s of the arc to the point ahead: 2 v sin(bearing) / distance."""
    off = min(max(bearing(truth, yaw_rad), -math.pi / 2.0), math.pi / 2.0)
    return 2.0 * speed_m_s * math.sin(off) / truth.sight[1]


def _share(values: FloatArray) -> FloatArray:
    """Return values held to 0..1: ``np.clip`` in a third of its time."""
    held: FloatArray = np.minimum(np.maximum(values, 0.0), 1.0)
    return held
