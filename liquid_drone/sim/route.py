# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where the target walks: a winding path with a walking speed, drawn from a seed."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
STEP_S = 0.05  # one camera frame
CURVATURE_LENGTH_M = 4.0  # along the path, over which its curvature is remembered
SPEED_PERIOD_S = (6.0, 14.0)  # of the slow change in walking speed
SPEED_CHANGE_M_S = 0.15


@dataclass(frozen=True)
class Route:
    """Samples every ``STEP_S`` from the moment the target starts to walk."""

    position: FloatArray  # (N, 2) world ENU, metres
    heading: FloatArray  # (N,) radians, ENU, unwrapped
    travelled: FloatArray  # (N,) metres along the path

    def at(self, time_s: float) -> tuple[FloatArray, float, float]:
        """Return position (2,), heading and distance walked at ``time_s``; clamped at the ends."""
        x = min(max(time_s / STEP_S, 0.0), len(self.heading) - 1.0)
        i = min(int(x), len(self.heading) - 2)
        f = x - i
        position = (1.0 - f) * self.position[i] + f * self.position[i + 1]
        heading = (1.0 - f) * self.heading[i] + f * self.heading[i + 1]
        travelled = (1.0 - f) * self.travelled[i] + f * self.travelled[i + 1]
        return position, float(heading), float(travelled)

    def velocity(self, time_s: float) -> FloatArray:
        """Return the walking velocity (3,) in world ENU, m/s; zero beyond both ends."""
        if not 0.0 <= time_s < (len(self.heading) - 1) * STEP_S:
            return np.zeros(3)
        i = int(time_s / STEP_S)
        step = (self.position[i + 1] - self.position[i]) / STEP_S
        return np.array([step[0], step[1], 0.0])


def winding_route(
    rng: np.random.Generator,
    duration_s: float,
    speed_m_s: tuple[float, float],
    curvature_per_m: float,
) -> Route:
    """Draw a route from the origin whose curvature is an Ornstein-Uhlenbeck process."""
    count = math.ceil(duration_s / STEP_S) + 1
    speed = _walking_speed(rng, count, speed_m_s)
    travelled = np.concatenate([[0.0], np.cumsum(speed[:-1]) * STEP_S])
    curvature = np.zeros(count)
    for i in range(1, count):
        step = speed[i - 1] * STEP_S / CURVATURE_LENGTH_M
        noise = curvature_per_m * math.sqrt(2.0 * step) * rng.standard_normal()
        curvature[i] = curvature[i - 1] * (1.0 - step) + noise
    turn = np.concatenate([[0.0], np.cumsum(curvature[:-1] * speed[:-1]) * STEP_S])
    heading = rng.uniform(-math.pi, math.pi) + turn
    steps = (speed * STEP_S)[:, None] * np.stack([np.cos(heading), np.sin(heading)], axis=1)
    position = np.concatenate([np.zeros((1, 2)), np.cumsum(steps[:-1], axis=0)])
    return Route(position, heading, travelled)


def standing_route(rng: np.random.Generator) -> Route:
    """Return a route that stays at the origin, with a random heading."""
    heading = np.full(2, rng.uniform(-math.pi, math.pi))
    return Route(np.zeros((2, 2)), heading, np.zeros(2))


def _walking_speed(
    rng: np.random.Generator, count: int, speed_m_s: tuple[float, float]
) -> FloatArray:
    mean = rng.uniform(*speed_m_s)
    period, phase = rng.uniform(*SPEED_PERIOD_S), rng.uniform(0.0, 2.0 * math.pi)
    wave = SPEED_CHANGE_M_S * np.sin(2.0 * math.pi * np.arange(count) * STEP_S / period + phase)
    speed: FloatArray = np.clip(mean + wave, *speed_m_s)
    return speed
