# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How a vehicle answers to steps in velocity, beside what real firmware did.

The recorded figures are ArduCopter 4.5.7-beta1 in its own simulator and PX4 (between 1.15 and
1.16) in its SIH simulator, one run a number. Pure functions, in calm air, far from everything.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

from ...arrays import Vector
from ..scenario.vehicle import Vehicle
from . import quadrotor
from .quadrotor import Motion, VelocityCommand

STEP_S = 1.0 / 240.0
TURN_RAD_S = 0.3
CALM = (0.0, 0.0, 0.0)
START = Motion((0.0, 0.0, 50.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0), (0.0, 0.0, 0.0))


@dataclass(frozen=True)
class Response:
    """What was measured, or what the model does, in a few numbers."""

    at_0_2_s: float  # m/s, 0.2 s after a step from 0 to 1 m/s
    at_0_5_s: float
    reached_s: float  # 90 % of that step
    pitch_deg: float  # largest, in a step from 0 to 2 m/s
    braking_m_s2: float  # largest, in a step from 2 to -2 m/s
    turning_m_s: tuple[float, float]  # forward and left, told 1 m/s forward and TURN_RAD_S


ARDUPILOT = Response(0.01, 0.36, 1.6, 16.0, 2.9, (1.01, -0.17))
PX4 = Response(0.18, 0.57, 3.5, 19.0, 5.4, (0.75, -0.23))


def fly(
    vehicle: Vehicle,
    speed_m_s: float,
    duration_s: float,
    begin: Motion = START,
    turn: float = 0.0,
    wind: Callable[[float], Vector] = lambda time_s: CALM,
    hovers_in: Vector = CALM,
) -> list[Motion]:
    """Fly forward at a speed and return the motion after each step of 1/240 s."""
    drive, motion, flown = quadrotor.still(vehicle, True, hovers_in), begin, []
    for step in range(round(duration_s / STEP_S)):
        rotation = quadrotor.rotation_of(motion.quaternion_xyzw)
        yaw = math.atan2(rotation[3], rotation[0])
        order = VelocityCommand((speed_m_s * math.cos(yaw), speed_m_s * math.sin(yaw), 0.0), turn)
        drive = quadrotor.control(vehicle, drive, motion, rotation, order, STEP_S)
        air = wind(step * STEP_S)
        linear, angular = quadrotor.accelerations(vehicle, drive, motion, rotation, air)
        motion = quadrotor.moved(motion, linear, angular, STEP_S)
        flown.append(motion)
    return flown


def respond(vehicle: Vehicle) -> Response:
    """Put a vehicle through the steps that the firmware was put through."""
    speeds = [motion.velocity_enu[0] for motion in fly(vehicle, 1.0, 6.0)]
    reached = next((i for i, speed in enumerate(speeds) if speed >= 0.9), len(speeds))
    faster = fly(vehicle, 2.0, 8.0)
    back = [faster[-1], *fly(vehicle, -2.0, 3.0, begin=faster[-1])]
    steps = itertools.pairwise(back)
    braking = (a.velocity_enu[0] - b.velocity_enu[0] for a, b in steps)
    return Response(
        speeds[round(0.2 / STEP_S) - 1],
        speeds[round(0.5 / STEP_S) - 1],
        (reached + 1) * STEP_S,
        max(map(_tilt_deg, faster)),
        max(braking) / STEP_S,
        _body_velocity(fly(vehicle, 1.0, 8.0, turn=TURN_RAD_S)[-1]),
    )


def _tilt_deg(motion: Motion) -> float:
    return math.degrees(math.acos(quadrotor.rotation_of(motion.quaternion_xyzw)[8]))


def _body_velocity(motion: Motion) -> tuple[float, float]:
    """Return the velocity forward and left, heading-aligned."""
    rotation = quadrotor.rotation_of(motion.quaternion_xyzw)
    yaw, (x, y, _) = math.atan2(rotation[3], rotation[0]), motion.velocity_enu
    return x * math.cos(yaw) + y * math.sin(yaw), y * math.cos(yaw) - x * math.sin(yaw)
