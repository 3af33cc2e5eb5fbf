# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The baseline that every network has to beat: the largest red patch is the target."""

from dataclasses import dataclass

import cv2
import numpy as np

from ...arrays import Image

LEAST_SHARE = 4e-4  # of the picture: 15 pixels of 256x144
LEAST_SATURATION, LEAST_VALUE = 110, 60  # of 255
HUE_WIDTH = 9  # of 180, to each side of red


@dataclass(frozen=True)
class Blob:
    """The largest patch of the colour."""

    share: float  # of the picture, 0..1
    bearing: float  # of its middle, -1 left edge .. 1 right edge
    elevation: float  # -1 bottom edge .. 1 top edge

    @property
    def is_seen(self) -> bool:
        """It is large enough to be something."""
        return self.share >= LEAST_SHARE


def largest_blob(image: Image) -> Blob:
    """Find the largest red patch of a picture (H, W, 3) RGB."""
    hsv = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2HSV)
    hue, saturation, value = hsv[..., 0].astype(np.int16), hsv[..., 1], hsv[..., 2]
    is_red = np.minimum(hue, 180 - hue) <= HUE_WIDTH
    mask = is_red & (saturation >= LEAST_SATURATION) & (value >= LEAST_VALUE)
    count, _, stats, middles = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:  # the first component is all that is not red
        return Blob(0.0, 0.0, 0.0)
    best = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    rows, columns = mask.shape
    x, y = middles[best]
    return Blob(
        float(stats[best, cv2.CC_STAT_AREA]) / mask.size,
        float(2.0 * (x + 0.5) / columns - 1.0),
        float(1.0 - 2.0 * (y + 0.5) / rows),
    )
