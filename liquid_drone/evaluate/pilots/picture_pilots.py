# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pilots that fly after a patch of the picture, with a controller and without a network.

One takes the largest red patch, the other OpenCV's CamShift (Bradski 1998), which is shown the
target's true box once, when it is first in view. (With OpenCV's tracker MIL the same flight was
another one each time.) Both estimate the range from how far below the horizon the patch is, over
level ground, keep the distance by PID, and turn about where nothing is found. They avoid nothing.
"""

import math
from typing import Any, Protocol

import cv2
import numpy as np

from ...arrays import Command, Image
from ...geometry import euler_from_quaternion
from ...sim.simulator import FRAME_S, Simulator
from ..direct_flight import DirectFlight
from ..driver import DriverOutput
from .colour_blob import LEAST_SATURATION, Blob, largest_blob

TURN_PID = (2.0, 0.0, 0.2)  # of the bearing in rad
CLOSE_PID = (0.8, 0.1, 0.0)  # of the distance in m
MOST_SUM = 2.0  # of an integral
SEARCH_RAD_S = 0.6
NEAREST_M, FARTHEST_M = 0.5, 15.0
LEAST_DOWN_RAD = math.radians(2.0)  # below the horizon: further up no range is known
SHOWN_BOX_M = (0.45, 0.9)  # width and height of the true box, around the middle of the target
HUE_SATURATION, BINS = [0, 180, 0, 256], 16
STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 10, 1.0)
LEAST_WINDOW_PX = 12


class BlobFinder(Protocol):
    """Finds the target in a picture."""

    middle_m: float  # height of what it finds, above the ground

    def reset(self) -> None:
        """Forget the past."""
        ...

    def find(self, image: Image) -> Blob | None:
        """Return where it is; None: nowhere."""
        ...


class Pid:
    """A controller of one axis."""

    def __init__(self, gains: tuple[float, float, float]) -> None:
        self._gains, self._sum, self._last = gains, 0.0, math.nan

    def command(self, error: float, step_s: float) -> float:
        """Return the answer to an error."""
        self._sum = min(max(self._sum + error * step_s, -MOST_SUM), MOST_SUM)
        slope = 0.0 if math.isnan(self._last) else (error - self._last) / step_s
        self._last = error
        p, i, d = self._gains
        return p * error + i * self._sum + d * slope


class PicturePilot:
    """Flies after what a finder finds."""

    def __init__(self, simulator: Simulator, finder: BlobFinder) -> None:
        self._simulator, self._finder = simulator, finder
        self._half_width = math.tan(math.radians(simulator.camera.horizontal_fov_deg) / 2.0)
        self.reset()

    def reset(self) -> None:
        """Begin a flight."""
        self._finder.reset()
        self._turn, self._close, self._side = Pid(TURN_PID), Pid(CLOSE_PID), 1.0
        self._stamp_s, self._command = -math.inf, np.zeros(4, np.float32)

    def step(self, image: Image, stamp_s: float, label: Command) -> DriverOutput:
        """Return the controllers' command, or a turn to the side where it was last."""
        if stamp_s > self._stamp_s:
            step_s = stamp_s - self._stamp_s if math.isfinite(self._stamp_s) else FRAME_S
            self._stamp_s = stamp_s
            patch = self._finder.find(image)
            self._command = self._search() if patch is None else self._follow(patch, step_s)
        return DriverOutput(self._command)

    def _search(self) -> Command:
        return np.array([0.0, 0.0, 0.0, self._side * SEARCH_RAD_S], np.float32)

    def _follow(self, patch: Blob, step_s: float) -> Command:
        bearing_rad = -math.atan2(patch.bearing * self._half_width, 1.0)
        self._side = math.copysign(1.0, bearing_rad)
        away_m = self._range_m(patch) - self._simulator.scenario.task.keep_distance_m
        ahead = self._close.command(away_m, step_s) * max(math.cos(2.0 * bearing_rad), 0.0)
        turn = self._turn.command(bearing_rad, step_s)
        limits = np.array([1.8, 0.0, 0.0, 1.2])
        command: Command = np.clip([max(ahead, -0.6), 0.0, 0.0, turn], -limits, limits).astype(
            np.float32
        )
        return command

    def _range_m(self, patch: Blob) -> float:
        """Return the range by the angle below the horizon; the own attitude is known."""
        camera, truth = self._simulator.camera, self._simulator.truth()
        pitch_rad = euler_from_quaternion(truth.quaternion_xyzw)[1]
        up = patch.elevation * self._half_width * camera.height / camera.width
        down_rad = math.radians(camera.tilt_down_deg) + pitch_rad - math.atan(up)
        above_m = self._simulator.scenario.task.cruise_altitude_m - self._finder.middle_m
        range_m = above_m / math.tan(max(down_rad, LEAST_DOWN_RAD))
        return min(max(range_m, NEAREST_M), FARTHEST_M)


class RedFinder:
    """Finds the largest red patch."""

    middle_m = 1.2  # of a backpack

    def reset(self) -> None:
        """Nothing is remembered."""

    def find(self, image: Image) -> Blob | None:
        """Return the patch."""
        blob = largest_blob(image)
        return blob if blob.is_seen else None


class ShiftFinder:
    """Finds where OpenCV's CamShift goes with the colours of the box that it was shown."""

    middle_m = 1.1

    def __init__(self, flight: DirectFlight, simulator: Simulator) -> None:
        self._flight, self._simulator = flight, simulator
        self.reset()

    def reset(self) -> None:
        """Take the next target."""
        self._colours: Any = None
        self._window = (0, 0, 0, 0)

    def find(self, image: Image) -> Blob | None:
        """Return where the window went; None: nothing in it has the colours."""
        hsv = np.asarray(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2HSV), np.uint8)
        if self._colours is None:
            return self._show(hsv)
        likely = cv2.calcBackProject([hsv], [0, 1], self._colours, HUE_SATURATION, 1)
        _, (x, y, wide, high) = cv2.CamShift(likely, self._window, STOP)
        if wide * high < LEAST_WINDOW_PX:
            return None  # the window stays where it was
        self._window = (x, y, wide, high)
        rows, columns = hsv.shape[:2]
        share = wide * high / (rows * columns)
        bearing, elevation = (x + wide / 2.0) / columns, (y + high / 2.0) / rows
        return Blob(share, 2.0 * bearing - 1.0, 1.0 - 2.0 * elevation)

    def _show(self, hsv: Image) -> Blob | None:
        """Begin with the true box, as soon as the target is in view."""
        frame, truth = self._flight.frame, self._simulator.truth()
        if frame.target_pixels < self._simulator.scenario.task.min_target_pixels:
            return None
        height, width = hsv.shape[:2]
        focal = width / 2.0 / math.tan(math.radians(self._simulator.camera.horizontal_fov_deg) / 2)
        _, away_m = truth.sight
        wide, high = (max(round(size * focal / away_m), 4) for size in SHOWN_BOX_M)
        x = round((frame.target_bearing + 1.0) / 2.0 * width - wide / 2.0)
        y = round((1.0 - frame.target_elevation) / 2.0 * height - high / 2.0)
        x, y = min(max(x, 0), width - wide), min(max(y, 0), height - high)
        box = np.ascontiguousarray(hsv[y : y + high, x : x + wide])
        vivid = (box[..., 1] >= LEAST_SATURATION).astype(np.uint8)
        colours = cv2.calcHist([box], [0, 1], vivid, [BINS, BINS], HUE_SATURATION)
        self._colours = cv2.normalize(colours, colours, 0, 255, cv2.NORM_MINMAX)
        self._window = (x, y, wide, high)
        return Blob(0.0, frame.target_bearing, frame.target_elevation)
