# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where the target is believed to be: a Kalman filter of constant velocity in the plane.

It is given a place while the target is seen and predicts while it is not. numpy only.
"""

import numpy as np

from ...arrays import FloatArray

PLACE_M = 0.1  # standard deviation of a place that is given
PUSH_M_S2 = 0.8  # of the acceleration that nobody knows of
FIRST_SPEED_M_S = 1.0  # of the velocity before anything is known of it


class ConstantVelocity:
    """A belief in place and velocity (4,), world ENU; it begins with the first place."""

    def __init__(self) -> None:
        self._mean = np.zeros(4)
        self._covariance = np.zeros((4, 4))
        self._stamp_s: float | None = None

    @property
    def is_known(self) -> bool:
        """There was a place."""
        return self._stamp_s is not None

    @property
    def place(self) -> FloatArray:
        """The place (2,)."""
        return self._mean[:2].copy()

    @property
    def velocity(self) -> FloatArray:
        """The velocity (2,)."""
        return self._mean[2:].copy()

    def predict(self, stamp_s: float) -> None:
        """Go on to a moment."""
        if self._stamp_s is None:
            return
        t, self._stamp_s = stamp_s - self._stamp_s, stamp_s
        onward = np.eye(4)
        onward[0, 2] = onward[1, 3] = t
        gain = np.array([[t * t / 2.0, 0.0], [0.0, t * t / 2.0], [t, 0.0], [0.0, t]])
        self._mean = onward @ self._mean
        self._covariance = onward @ self._covariance @ onward.T + PUSH_M_S2**2 * gain @ gain.T

    def see(self, place: FloatArray, stamp_s: float) -> None:
        """Take a place (2,) at a moment; :meth:`predict` to it comes first."""
        if self._stamp_s is None:
            self._stamp_s = stamp_s
            self._mean = np.array([*place, 0.0, 0.0])
            self._covariance = np.diag([PLACE_M**2] * 2 + [FIRST_SPEED_M_S**2] * 2)
            return
        spread = self._covariance[:2, :2] + PLACE_M**2 * np.eye(2)
        gain = self._covariance[:, :2] @ np.linalg.inv(spread)
        self._mean = self._mean + gain @ (place - self._mean[:2])
        self._covariance = self._covariance - gain @ self._covariance[:2]
