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
        self._stamp_s = self._same_s = 0.0

    def same_for_s(self, image: Image, stamp_s: float) -> float:
        """Return for how long the pixels have been the same, by the pictures' own stamps.

        Show it every picture, those with bad stamps too: steps of a stamp count in both
        directions, so that what froze behind a wrong clock is not new when the clock comes right.
        """
        is_same = self._image is not None and np.array_equal(self._image, image)
        self._same_s = self._same_s + abs(stamp_s - self._stamp_s) if is_same else 0.0
        self._image, self._stamp_s = image, stamp_s
        return self._same_s
