# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a picture is taken from, and what it is; the same for every renderer."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...arrays import FloatArray, Image

NEAR_M, FAR_M = 0.15, 150.0


@dataclass(frozen=True)
class Camera:
    """Where a picture is taken from. ``rotation`` (3, 3): camera FLU into world ENU."""

    position_enu: FloatArray  # (3,)
    rotation: FloatArray
    width: int
    height: int
    horizontal_fov_deg: float

    @property
    def focal_pixels(self) -> float:
        """Focal length in pixels."""
        return self.width / 2.0 / math.tan(math.radians(self.horizontal_fov_deg) / 2.0)

    @property
    def vertical_fov_deg(self) -> float:
        """Field of view from top to bottom, for square pixels."""
        half = math.tan(math.radians(self.horizontal_fov_deg) / 2.0) * self.height / self.width
        return math.degrees(2.0 * math.atan(half))


@dataclass(frozen=True)
class RenderedFrame:
    """What a renderer gives."""

    image: Image  # (H, W, 3) RGB
    target: npt.NDArray[np.bool_]  # (H, W) where the target is
