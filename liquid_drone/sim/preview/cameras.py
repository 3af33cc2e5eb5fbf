# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Cameras for people and benchmarks: behind the drone, and along the target's way.

Nothing here is seen by a policy, and nothing here moves anything.
"""

import math

import numpy as np

from ...arrays import Image
from ...geometry import quaternion_from_euler, rotation_from_quaternion
from ..render.picture import Camera
from ..simulator import Simulator

CHASE_BACK_M, CHASE_UP_M, CHASE_TILT_DEG = 4.5, 1.8, 16.0
AHEAD_S = 4.0  # a follower is this far behind the target


def chase_view(simulator: Simulator, width: int, height: int) -> Image:
    """Take a picture from behind and above the drone, level, in its heading."""
    truth = simulator.truth()
    forward = rotation_from_quaternion(truth.quaternion_xyzw)[:, 0]
    yaw = math.atan2(forward[1], forward[0])
    level = rotation_from_quaternion(quaternion_from_euler(0.0, math.radians(CHASE_TILT_DEG), yaw))
    back = np.array([math.cos(yaw), math.sin(yaw), 0.0]) * CHASE_BACK_M
    position = truth.position_enu - back + [0.0, 0.0, CHASE_UP_M]
    fov_deg = simulator.camera.horizontal_fov_deg
    return simulator.photograph(Camera(position, level, width, height, fov_deg))


def follower_views(simulator: Simulator, count: int) -> list[Camera]:
    """Return cameras of a level follower, 4 s behind the target, spread over its way."""
    task, spec, route = simulator.scenario.task, simulator.camera, simulator.layout.route
    cameras = []
    for time_s in np.linspace(0.0, task.duration_s, count).tolist():
        (x, y), (ahead_x, ahead_y) = (route.at(time_s + t)[0] for t in (0.0, AHEAD_S))
        yaw = math.atan2(ahead_y - y, ahead_x - x)
        turn = quaternion_from_euler(0.0, math.radians(spec.tilt_down_deg), yaw)
        position = np.array([x, y, simulator.ground_height_m([x, y]) + task.cruise_altitude_m])
        size = spec.width, spec.height, spec.horizontal_fov_deg
        cameras.append(Camera(position, rotation_from_quaternion(turn), *size))
    return cameras
