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

    def spot(self, place: FloatArray, radius: float = 2.5) -> npt.NDArray[np.bool_]:
        """Return where a disc of some pixels around a place (3,) ENU is in the picture (H, W).

        Nothing hides it; a place that is behind the camera or beside the picture gives nothing.
        """
        ahead, left, up = (np.asarray(place) - self.position_enu) @ self.rotation
        rows, columns = np.ogrid[: self.height, : self.width]
        if ahead < NEAR_M:
            return np.zeros((self.height, self.width), dtype=bool)
        x = self.width / 2.0 - self.focal_pixels * left / ahead
        y = self.height / 2.0 - self.focal_pixels * up / ahead
        shown: npt.NDArray[np.bool_] = (columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2 < radius**2
        return shown


@dataclass(frozen=True)
class RenderedFrame:
    """What a renderer gives."""

    image: Image  # (H, W, 3) RGB
    target: npt.NDArray[np.bool_]  # (H, W) where the target is
