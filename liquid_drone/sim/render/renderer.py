# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The renderer's interface: a camera goes in, colours and the target's mask come out.

A renderer never steps the physics.
"""

import math
from dataclasses import dataclass
from typing import Protocol

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
class Picture:
    """What a renderer gives."""

    image: Image  # (H, W, 3) RGB
    target: npt.NDArray[np.bool_]  # (H, W) where the target is


class Renderer(Protocol):
    """The seam behind which renderers are exchanged."""

    name: str

    def move(self, poses: FloatArray) -> None:
        """Say where the actors' parts (P, 4, 4), in their order, are from now on."""

    def render(self, camera: Camera) -> Picture:
        """Take a picture of the world as it stands."""

    def close(self) -> None:
        """Give back what is held."""
