# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A sensor that froze: its driver goes on sending the same pixels under new stamps.

A real sensor has noise, and a flying one moves: no two pictures are equal to the last bit.
"""

import numpy as np

from ..arrays import Image


class FrozenSensor:
    """Compares each picture with the one before."""

    def __init__(self) -> None:
        """Begin with no picture."""
        self._image: Image | None = None
        self._since_s = 0.0

    def same_for_s(self, image: Image, stamp_s: float) -> float:
        """Return for how long the pixels have been the same, by the pictures' own stamps."""
        before, self._image = self._image, image
        if before is None or stamp_s < self._since_s or not np.array_equal(before, image):
            self._since_s = stamp_s
        return stamp_s - self._since_s
