# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where something moves and how fast: a path on the ground, and a walk along it, from a seed.

A path is points (M, 2) every ``PATH_STEP_M``. Nothing here knows what stands beside it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...arrays import FloatArray
from ..scenario.target import MotionName

STEP_S = 0.05  # one camera frame
PATH_STEP_M = 0.1
CURVATURE_LENGTH_M = 4.0  # along the path, over which its curvature is remembered
RANDOM_WALK_CURVATURE, RANDOM_WALK_LENGTH_M = 0.35, 2.5
SHARPEST_TURN_PER_M = 0.8
SPEED_PERIOD_S = (6.0, 14.0)  # of the slow change in walking speed
SPEED_CHANGE_M_S = 0.15
GO_S, STOP_S = (4.0, 9.0), (2.0, 5.0)
SPEED_RAMP_S = 0.6
TURN_SMOOTHING_S = 0.5
WEAVE_M, WEAVE_TRUNK_M = 0.85, 0.35  # to each side, besides the radius of who walks
WEAVE_LENGTH_M, WIDE_WEAVE_LENGTH_M, WIDE_M = 10.0, 18.0, 0.6


@dataclass(frozen=True)
class Bend:
    """A turn of a path, with straight pieces before and after it."""

    index: int  # of the path's point where it begins
    turn_rad: float  # left positive
    radius_m: float
    straight_m: tuple[float, float]  # before, after


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


def winding_path(
    rng: np.random.Generator,
    length_m: float,
    curvature_per_m: float,
    memory_m: float = CURVATURE_LENGTH_M,
    bends: Sequence[Bend] = (),
) -> FloatArray:
    """Draw a path from the origin; but in bends its curvature is an Ornstein-Uhlenbeck process."""
    count = math.ceil(length_m / PATH_STEP_M) + 2
    step = PATH_STEP_M / memory_m
    noise = curvature_per_m * math.sqrt(2.0 * step) * rng.standard_normal(count)
    curvature = np.zeros(count)
    for i in range(1, count):
        curvature[i] = curvature[i - 1] * (1.0 - step) + noise[i]
    curvature = np.clip(curvature, -SHARPEST_TURN_PER_M, SHARPEST_TURN_PER_M)
    for bend in bends:
        _bend(curvature, bend)
    heading = rng.uniform(-math.pi, math.pi) + np.cumsum(curvature) * PATH_STEP_M
    steps = PATH_STEP_M * np.stack([np.cos(heading), np.sin(heading)], axis=1)
    return np.concatenate([np.zeros((1, 2)), np.cumsum(steps[:-1], axis=0)])


def _bend(curvature: FloatArray, bend: Bend) -> None:
    """Put a bend between two straight pieces into the curvature (M,)."""
    turns = bend.index + max(1, round(abs(bend.turn_rad) * bend.radius_m / PATH_STEP_M))
    before, after = (round(length / PATH_STEP_M) for length in bend.straight_m)
    curvature[max(bend.index - before, 0) : turns + after] = 0.0
    curvature[bend.index : turns] = bend.turn_rad / (turns - bend.index) / PATH_STEP_M


def rounded_path(corners: FloatArray, rounding_m: float) -> FloatArray:
    """Turn a polyline (C, 2) into a path whose corners are rounded over ``rounding_m``."""
    points = resampled(corners)
    half = max(1, round(rounding_m / PATH_STEP_M / 2.0))
    first, last = points[1] - points[0], points[-1] - points[-2]
    reach = np.arange(1, half + 1)[:, None]
    padded = np.concatenate([points[0] - reach[::-1] * first, points, points[-1] + reach * last])
    window = np.hanning(2 * half + 3)[1:-1]
    window /= window.sum()
    smooth = [np.convolve(padded[:, axis], window, mode='valid') for axis in (0, 1)]
    return resampled(np.stack(smooth, axis=1))


def resampled(points: FloatArray) -> FloatArray:
    """Return points every ``PATH_STEP_M`` along a polyline (C, 2)."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = np.arange(0.0, along[-1], PATH_STEP_M)
    return np.stack([np.interp(at, along, points[:, axis]) for axis in (0, 1)], axis=1)


def weaving(path: FloatArray, radius_m: float) -> tuple[FloatArray, FloatArray]:
    """Return a path that swings from side to side, and spots (K, 2) for trunks in its bends."""
    along = np.arange(len(path)) * PATH_STEP_M
    length = WEAVE_LENGTH_M if radius_m < WIDE_M else WIDE_WEAVE_LENGTH_M
    swing = (WEAVE_M + radius_m) * np.clip(along / 4.0, 0.0, 1.0)
    wave = np.sin(2.0 * math.pi * along / length)
    left = normals(path)
    bends = np.flatnonzero((np.abs(wave) > 0.999) & (along > 3.0))
    bends = bends[np.append(True, np.diff(bends) > 5)]
    spots = path[bends] + left[bends] * (WEAVE_TRUNK_M * np.sign(wave[bends]))[:, None]
    return resampled(path + left * (swing * wave)[:, None]), spots


def normals(path: FloatArray) -> FloatArray:
    """Return the unit vectors (M, 2) to the left of a path."""
    tangent = np.gradient(path, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    return np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)


def walking(path: FloatArray, speed: FloatArray) -> Route:
    """Walk along a path with a speed (N,) in m/s for each step of ``STEP_S``."""
    travelled = np.concatenate([[0.0], np.cumsum(speed[:-1]) * STEP_S])
    return _on(path, travelled, travelled)


def walking_to(path: FloatArray, at_m: FloatArray) -> Route:
    """Return the route that is so far (N,) along a path at each step; it stays at its end."""
    at_m = np.minimum(at_m, (len(path) - 1) * PATH_STEP_M)
    return _on(path, at_m, at_m)


def pacing(path: FloatArray, speed_m_s: float, duration_s: float) -> Route:
    """Walk to and fro on a path."""
    count = math.ceil(duration_s / STEP_S) + 1
    travelled = np.linspace(0.0, (count - 1) * STEP_S * speed_m_s, count, dtype=np.float64)
    length = (len(path) - 1) * PATH_STEP_M
    folded = np.abs((travelled + length) % (2.0 * length) - length)
    return _on(path, folded, travelled)


def standing(place: FloatArray, heading: float) -> Route:
    """Return a route that stays at a place (2,)."""
    return Route(np.stack([place, place]), np.full(2, heading), np.zeros(2))


def _on(path: FloatArray, at_m: FloatArray, travelled: FloatArray) -> Route:
    """Return the route that is ``at_m`` (N,) along a path, each step."""
    along = np.arange(len(path)) * PATH_STEP_M
    position = np.stack([np.interp(at_m, along, path[:, axis]) for axis in (0, 1)], axis=1)
    tangent = np.gradient(path, axis=0)
    course = np.unwrap(np.arctan2(tangent[:, 1], tangent[:, 0]))
    heading = np.interp(at_m, along, course)
    heading = heading + math.pi * (np.gradient(at_m) < 0.0)
    half = round(TURN_SMOOTHING_S / STEP_S / 2.0)
    padded = np.pad(heading, half, mode='edge')
    window = np.full(2 * half + 1, 1.0 / (2 * half + 1))
    return Route(position, np.convolve(padded, window, mode='valid'), travelled)


def draw_speeds(
    rng: np.random.Generator, motion: MotionName, duration_s: float, range_m_s: tuple[float, float]
) -> FloatArray:
    """Draw a walking speed (N,) that changes slowly, and stops and goes where the motion says."""
    count = math.ceil(duration_s / STEP_S) + 1
    mean = rng.uniform(*range_m_s)
    period, phase = rng.uniform(*SPEED_PERIOD_S), rng.uniform(0.0, 2.0 * math.pi)
    wave = SPEED_CHANGE_M_S * np.sin(2.0 * math.pi * np.arange(count) * STEP_S / period + phase)
    speed: FloatArray = np.clip(mean + wave, *range_m_s)
    return speed * _gate(rng, count) if motion == 'stop_and_go' else speed


def _gate(rng: np.random.Generator, count: int) -> FloatArray:
    """Return 1 while going, 0 while standing (N,), with soft edges."""
    gate, at = np.zeros(count), 0
    while at < count:
        go, stop = round(rng.uniform(*GO_S) / STEP_S), round(rng.uniform(*STOP_S) / STEP_S)
        gate[at : at + go] = 1.0
        at += go + stop
    width = round(SPEED_RAMP_S / STEP_S)
    soft: FloatArray = np.convolve(np.pad(gate, (width, 0), mode='edge'), np.ones(width) / width)
    return soft[width : width + count]
