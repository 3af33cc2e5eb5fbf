# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a training picture shows and from where: drawn, not flown. Nothing here renders."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...arrays import FloatArray
from ...contract import CameraSpec
from ...geometry import quaternion_from_euler, rotation_from_quaternion
from ...sim.render.picture import Camera
from .config import PictureConfig
from .troupe import Figure, Troupe

BEHIND_DEG, MOST_BEHIND_DEG = (
    45.0,
    95.0,
)  # how far the target is turned from being seen from behind
AIMED_SHARE = 0.4  # cameras that are tilted so that the subject is anywhere from bottom to top
LOW_SHARE = 0.35  # cameras below the height of the eyes: the subject stands above the horizon
EDGE = 1.03  # of half the picture's width: the furthest that a subject's middle is from its middle
EMPTY_SHARE = 0.12  # of the pictures without the target: nobody is there
TRIES = 30


@dataclass(frozen=True)
class Spots:
    """Where one may stand in a world."""

    draw: Callable[[np.random.Generator], FloatArray]  # a point (2,)
    is_free: Callable[[FloatArray], bool]  # of a point (2,)
    height: Callable[[FloatArray], float]  # of the ground


@dataclass(frozen=True)
class Composition:
    """A picture to take."""

    camera: Camera
    standing: tuple[Figure, ...]
    target: Figure | None
    distance_m: float  # of the subject

    @property
    def middle(self) -> FloatArray:
        """Return where the subject stands (2,), else the camera."""
        at = self.standing[0].foot[:2] if self.standing else self.camera.position_enu[:2]
        return np.array(at)


def compose(
    troupe: Troupe, spots: Spots, config: PictureConfig, spec: CameraSpec, rng: np.random.Generator
) -> Composition:
    """Draw a picture: subject, viewpoint, and who stands beside."""
    with_target = rng.random() < config.target_share or not troupe.others
    number = int(rng.choice(troupe.targets if with_target else troupe.others))
    large_m = troupe.members[number].extent_m[0]
    near, far = config.distance_m
    distance = math.exp(rng.uniform(math.log(near), math.log(far)))
    distance = max(distance, 1.0 + large_m)
    foot, viewpoint, azimuth = _stood(spots, distance, rng)
    camera = _camera(config, spec, foot, viewpoint, azimuth, rng)
    turned = _turn_from_behind(rng) if with_target else _any_turn(rng)
    subject = Figure(number, _three(foot), azimuth + turned, float(rng.uniform(0.0, 2.0)))
    standing = [subject]
    if not with_target and rng.random() < EMPTY_SHARE:
        standing = []
    beside = config.beside_share if with_target else 0.35
    while troupe.others and rng.random() < beside and len(standing) < 4:
        standing.append(_other(troupe, spots, camera, distance, rng))
    return Composition(camera, tuple(standing), subject if with_target else None, distance)


def _stood(
    spots: Spots, distance: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, float]:
    """Return a foot (3,), a viewpoint (3,) and the direction from there."""
    for _ in range(TRIES):
        spot, azimuth = spots.draw(rng), float(rng.uniform(-math.pi, math.pi))
        back = spot - distance * np.array([math.cos(azimuth), math.sin(azimuth)])
        if spots.is_free(spot) and spots.is_free(back):
            break
    ground = spots.height(back)
    high = rng.uniform(0.4, 1.3) if rng.random() < LOW_SHARE else 1.2 + abs(rng.normal(0.0, 1.5))
    return (
        np.array([*spot, spots.height(spot)]),
        np.array([*back, ground + min(float(high), 6.0)]),
        azimuth,
    )


def _camera(
    config: PictureConfig,
    spec: CameraSpec,
    foot: FloatArray,
    viewpoint: FloatArray,
    azimuth: float,
    rng: np.random.Generator,
) -> Camera:
    fov = spec.horizontal_fov_deg * float(1.0 + config.fov_share * rng.uniform(-1.0, 1.0))
    half = math.tan(math.radians(fov) / 2.0)
    yaw = azimuth + math.atan(float(rng.uniform(-EDGE, EDGE)) * half)
    tilt = math.radians(spec.tilt_down_deg + config.tilt_deg * rng.uniform(-1.0, 1.0))
    if rng.random() < AIMED_SHARE:
        away = math.hypot(*(foot[:2] - viewpoint[:2]))
        below = math.atan2(viewpoint[2] - foot[2] - 1.1, away)
        tilt = below + math.atan(rng.uniform(-1.0, 1.0) * half * spec.height / spec.width)
        tilt = min(max(tilt, math.radians(-35.0)), math.radians(60.0))
    roll = math.radians(rng.normal(0.0, 3.0))
    turn = rotation_from_quaternion(quaternion_from_euler(roll, tilt, yaw))
    return Camera(viewpoint, turn, spec.width, spec.height, fov)


def _other(
    troupe: Troupe, spots: Spots, camera: Camera, distance: float, rng: np.random.Generator
) -> Figure:
    """Return a counterexample somewhere in the view."""
    number = int(rng.choice(troupe.others))
    forward = camera.rotation[:, 0]
    off = math.radians(camera.horizontal_fov_deg) * rng.uniform(-0.5, 0.5)
    azimuth = math.atan2(forward[1], forward[0]) + off
    away = distance * rng.uniform(0.6, 1.8) + troupe.members[number].extent_m[0]
    away = max(away, 1.2)
    spot = camera.position_enu[:2] + away * np.array([math.cos(azimuth), math.sin(azimuth)])
    foot = np.array([*spot, spots.height(spot)])
    return Figure(number, _three(foot), azimuth + _any_turn(rng), float(rng.uniform(0.0, 2.0)))


def _turn_from_behind(rng: np.random.Generator) -> float:
    turn = float(np.clip(rng.normal(0.0, BEHIND_DEG), -MOST_BEHIND_DEG, MOST_BEHIND_DEG))
    return math.radians(turn)


def _any_turn(rng: np.random.Generator) -> float:
    """Half of them are seen from behind, as the target is."""
    return _turn_from_behind(rng) if rng.random() < 0.5 else float(rng.uniform(-math.pi, math.pi))


def _three(values: FloatArray) -> tuple[float, float, float]:
    x, y, z = values.tolist()
    return x, y, z
