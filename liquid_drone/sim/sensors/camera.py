# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The camera on a drone: where it sits, when it looks, and what comes out of it.

A frame may be older than the moment it is delivered in, and irregularly so, or not come at all.
All of that is drawn from seed and moment: asking twice gives the same. It renders nothing.
"""

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from ...arrays import FloatArray, Image, Vector
from ...geometry import euler_from_quaternion, quaternion_from_euler, rotation_from_quaternion
from ...streams import FrameStream, Stream, stream
from ..physics.quadrotor import Motion
from ..render.picture import Camera, RenderedFrame
from ..scenario import weather as table
from ..scenario.vehicle import MOST_JITTER_S, Vehicle
from ..scenario.weather import Weather
from . import image_corruptions

KEPT = 16  # camera frames of the past: more than the oldest delivery


@dataclass(frozen=True)
class SimulatedFrame:
    """One picture with what it shows of the target; bearing and elevation are 0 when nothing."""

    stamp_ns: int  # when it was exposed
    image: Image  # (144, 256, 3) RGB
    target_pixels: int
    target_bearing: float  # -1 left edge .. 1 right edge
    target_elevation: float  # -1 bottom edge .. 1 top edge
    fresh: bool = True  # False: no new frame came, this is the last one again


@dataclass(frozen=True)
class Shot:
    """A picture to be taken."""

    stamp_ns: int  # when it is exposed
    camera: Camera
    turn_px_per_s: tuple[float, float]  # how fast the picture moves right and down
    rng: np.random.Generator | None = field(compare=False)  # None: nothing is left to chance


class DroneCamera:
    """Remembers where the drone was, and the last frame, for one flight."""

    def __init__(self, vehicle: Vehicle, weather: Weather, seed: int) -> None:
        self._vehicle, self._weather, self._seed = vehicle, weather, seed
        self._sign = 1.0 if stream(seed, Stream.EXPOSURE_FAULT).random() < 0.5 else -1.0
        spec = vehicle.camera
        half = math.tan(math.radians(spec.horizontal_fov_deg) / 2.0)
        self._focal_px = spec.width / 2.0 / half
        self._place = np.array(vehicle.camera_position_m)
        self._tilt = math.radians(spec.tilt_down_deg)
        self._down = rotation_from_quaternion(quaternion_from_euler(0.0, self._tilt, 0.0))
        self._least_s = vehicle.camera_latency_s + table.LATE_S[weather.late]
        late_s = vehicle.camera_jitter_s + table.LATE_JITTER_S[weather.late]
        self._more_s = min(late_s, MOST_JITTER_S)
        self._is_random = weather != Weather() or self._more_s > 0.0
        self._past: deque[tuple[int, Motion]] = deque(maxlen=KEPT)
        self._last: SimulatedFrame | None = None
        self._begin_ns = self._last_ns = -1

    def forget(self) -> None:
        """Begin anew: the drone was put somewhere else."""
        self._past.clear()
        self._last, self._begin_ns, self._last_ns = None, -1, -1

    def note(self, stamp_ns: int, motion: Motion) -> None:
        """Remember where the drone is at a moment; the moments rise."""
        if not self._past:
            self._begin_ns = stamp_ns
        self._past.append((stamp_ns, motion))

    def missing(self, now_ns: int) -> SimulatedFrame | None:
        """Return the last frame once more where none comes at this moment, else None."""
        if self._last is None or now_ns == self._begin_ns:
            return None
        last, share = self._last, table.DROPPED_SHARE[self._weather.dropped]
        is_dropped = share > 0.0 and self._rng(now_ns, FrameStream.DROPPED).random() < share
        is_newer = self._exposed_ns(now_ns) > last.stamp_ns
        if not is_dropped and (is_newer or now_ns == self._last_ns):
            return None
        return SimulatedFrame(
            last.stamp_ns,
            last.image,
            last.target_pixels,
            last.target_bearing,
            last.target_elevation,
            fresh=False,
        )

    def aim(self, now_ns: int) -> Shot:
        """Return the picture that is delivered at this moment."""
        rng = self._rng(now_ns, FrameStream.PICTURE) if self._is_random else None
        stamp_ns, self._last_ns = self._exposed_ns(now_ns, rng), now_ns
        motion, spec = self._motion_at(stamp_ns), self._vehicle.camera
        body = rotation_from_quaternion(motion.quaternion_xyzw)
        rotation = self._rotation(motion, body)
        position = np.array(motion.position_enu) + body @ self._place
        camera = Camera(position, rotation, spec.width, spec.height, spec.horizontal_fov_deg)
        return Shot(stamp_ns, camera, self._turn(body @ np.array(motion.rates_flu), rotation), rng)

    def develop(self, shot: Shot, picture: RenderedFrame) -> SimulatedFrame:
        """Make the frame of a picture that was taken."""
        image, turn = picture.image, shot.turn_px_per_s
        if shot.rng is not None:
            image = image_corruptions.degrade(
                image, self._weather, shot.rng, self._sign, turn, self._focal_px
            )
        height, width = picture.target.shape
        rows, columns = divmod(np.flatnonzero(picture.target), width)  # nonzero takes longer
        bearing = elevation = 0.0
        if len(rows):
            bearing = float((columns.mean() + 0.5) / width * 2.0 - 1.0)
            elevation = float(1.0 - (rows.mean() + 0.5) / height * 2.0)
        self._last = SimulatedFrame(shot.stamp_ns, image, len(rows), bearing, elevation)
        return self._last

    def _rng(self, now_ns: int, matter: FrameStream) -> np.random.Generator:
        return stream(self._seed, matter, now_ns)

    def _exposed_ns(self, now_ns: int, rng: np.random.Generator | None = None) -> int:
        """Return when the frame of a moment is exposed: not before the flight began."""
        if self._least_s + self._more_s == 0.0:
            return now_ns
        rng = rng or self._rng(now_ns, FrameStream.PICTURE)
        age_s = self._least_s + self._more_s * rng.random()
        return max(now_ns - round(age_s * 1e9), self._begin_ns)

    def _motion_at(self, stamp_ns: int) -> Motion:
        """Return the motion at a moment of the past, between two that were noted."""
        after_ns, after = self._past[-1]
        for before_ns, before in reversed(self._past):
            if before_ns <= stamp_ns:
                share = (stamp_ns - before_ns) / max(after_ns - before_ns, 1)
                return before if share == 0.0 else _between(before, after, share)
            after_ns, after = before_ns, before
        return after

    def _rotation(self, motion: Motion, body: FloatArray) -> FloatArray:
        """Return the camera's rotation (3, 3), FLU into world ENU."""
        if self._vehicle.camera_mount == 'stabilised':  # a gimbal keeps the horizon level
            yaw = euler_from_quaternion(motion.quaternion_xyzw)[2]
            return rotation_from_quaternion(quaternion_from_euler(0.0, self._tilt, yaw))
        return body @ self._down

    def _turn(self, rates_enu: FloatArray, rotation: FloatArray) -> tuple[float, float]:
        """Return how fast the middle of the picture moves right and down, in pixels a second."""
        if self._vehicle.camera_mount == 'stabilised':
            rates_enu = rates_enu * [0.0, 0.0, 1.0]
        _, pitch, yaw = rotation.T @ rates_enu
        return self._focal_px * float(yaw), -self._focal_px * float(pitch)


def _between(before: Motion, after: Motion, share: float) -> Motion:
    def mix(a: tuple[float, ...], b: tuple[float, ...]) -> list[float]:
        return [(1.0 - share) * x + share * y for x, y in zip(a, b, strict=True)]

    x, y, z, w = mix(before.quaternion_xyzw, after.quaternion_xyzw)
    size = math.sqrt(x * x + y * y + z * z + w * w)
    return Motion(
        _three(mix(before.position_enu, after.position_enu)),
        _three(mix(before.velocity_enu, after.velocity_enu)),
        (x / size, y / size, z / size, w / size),
        _three(mix(before.rates_flu, after.rates_flu)),
    )


def _three(values: list[float]) -> Vector:
    x, y, z = values
    return x, y, z
