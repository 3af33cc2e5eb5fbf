# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The expert with what a camera could have seen: the ceiling for any policy with this camera.

It knows all obstacles. Of the target it knows the place only while the mask says that enough of it
is in the picture; else it believes in a Kalman filter of constant velocity. Where it looks at the
believed place and nobody is there, or nothing was ever seen, it turns until it sees the target.
"""

import dataclasses
import math

import numpy as np

from ...arrays import Command, FloatArray, Image
from ...geometry import euler_from_quaternion, wrap_angle
from ...sim.expert import Expert
from ...sim.simulator import Simulator, Truth
from ...sim.way_round import is_free_line
from ...sim.world.placement import Obstacles
from ..direct_flight import DirectFlight
from ..driver import DriverOutput
from .belief import ConstantVelocity

PATIENCE_S = 1.0  # of looking at a place where nobody is
LONGEST_S = 15.0  # of believing without seeing
SEARCH_RAD_S = 0.9
HALF_VIEW_RAD = math.radians(35.0)  # half of the picture's width, less its edge


class CameraExpert:
    """Commands one flight after the other of a simulator."""

    def __init__(self, flight: DirectFlight, simulator: Simulator) -> None:
        """Begin without having seen anything."""
        self._flight, self._simulator = flight, simulator
        self._expert = Expert(simulator)
        self.reset()

    def reset(self) -> None:
        """Forget the target."""
        self._belief, self._seen_s, self._refuted_s = ConstantVelocity(), -math.inf, 0.0
        self._last_s: float | None = None
        self._side = 1.0

    def step(self, image: Image, stamp_s: float, label: Command) -> DriverOutput:
        """Return the expert's command for where the target is believed to be."""
        frame, truth = self._flight.frame, self._simulator.truth()
        now_s = truth.stamp_ns / 1e9
        past_s, self._last_s = now_s - (self._last_s or now_s), now_s
        self._belief.predict(now_s)
        least = self._simulator.scenario.task.min_target_pixels
        if frame.target_pixels >= least and frame.stamp_ns == truth.stamp_ns:
            self._belief.see(truth.target_position_enu[:2], now_s)
            self._seen_s, self._refuted_s = now_s, 0.0
        elif now_s - self._seen_s > 0.5 and self._looks_at_it(truth):
            self._refuted_s += past_s
        if not self._is_believed(now_s):
            return DriverOutput(np.array([0.0, 0.0, 0.0, self._side * SEARCH_RAD_S], np.float32))
        believed = self._believed(truth)
        self._side = math.copysign(1.0, self._bearing(believed))
        self._expert.request = self._flight.request
        return DriverOutput(self._expert.command_for(believed))

    def _is_believed(self, now_s: float) -> bool:
        is_fresh = now_s - self._seen_s <= LONGEST_S and self._refuted_s <= PATIENCE_S
        return self._belief.is_known and is_fresh

    def _believed(self, truth: Truth) -> Truth:
        """Return the state with the target where it is believed to be."""
        x, y = self._belief.place.tolist()
        height = truth.target_position_enu[2]
        return dataclasses.replace(
            truth,
            target_position_enu=np.array([x, y, height]),
            target_velocity_enu=np.array([*self._belief.velocity.tolist(), 0.0]),
        )

    def _looks_at_it(self, truth: Truth) -> bool:
        """Tell whether the believed place is in the picture, and nothing stands before it."""
        if not self._belief.is_known:
            return False
        believed = self._believed(truth)
        a: FloatArray = truth.position_enu[:2]
        stands = self._simulator.layout.obstacles
        away, radii = self._simulator.coming(a, 0.0)
        circles = np.concatenate([stands.circles, np.column_stack([a + away, radii])])
        is_open = is_free_line(a, self._belief.place, Obstacles(circles, stands.boxes), 0.1)
        return is_open and abs(self._bearing(believed)) < HALF_VIEW_RAD

    def _bearing(self, believed: Truth) -> float:
        ahead, _ = believed.sight
        yaw_rad = euler_from_quaternion(believed.quaternion_xyzw)[2]
        return float(wrap_angle(math.atan2(ahead[1], ahead[0]) - yaw_rad))
