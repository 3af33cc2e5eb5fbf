# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a camera says of its own lens, believed only where it can be true.

Drivers publish placeholders: a width of 0, a focal length of 1, a matrix of infinities. One that
cannot be counts as not received: the last good one stays. Where there was no good one at all, no
picture of that camera is usable, for its angle is unknown. K of zeros says "not calibrated".
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import ImageError
from ..image import horizontal_fov_deg

NARROWEST_DEG, WIDEST_DEG = 15.0, 150.0  # of lenses that a pinhole describes
LONGEST_SIDE_PX = 16384
ADVICE = 'calibrate the camera, or let its driver publish K of zeros (not calibrated)'


def field_of_view_deg(width: int, height: int, k: Sequence[float]) -> float | None:
    """Return the horizontal field of view; None where the camera is not calibrated.

    Args:
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        k: row-major camera matrix, 9 numbers; a focal length of 0 says: not calibrated.

    Raises:
        ValueError: no camera is like that.

    """
    if not (0 < width <= LONGEST_SIDE_PX and 0 < height <= LONGEST_SIDE_PX):
        raise ValueError(
            f'expected a picture of 1 to {LONGEST_SIDE_PX} pixels a side, got {width}x{height}'
        )
    if len(k) != 9 or not all(map(math.isfinite, k)):
        raise ValueError(f'expected a K of 9 finite numbers, got {[float(v) for v in k]}')
    focal_px = float(k[0])
    if focal_px == 0.0:
        return None
    fov_deg = horizontal_fov_deg(width, focal_px)
    if focal_px < 0.0 or k[4] <= 0.0 or not NARROWEST_DEG <= fov_deg <= WIDEST_DEG:
        raise ValueError(
            f'expected a field of view of {NARROWEST_DEG:g} to {WIDEST_DEG:g} degrees, got '
            f'{fov_deg:.4g} (focal lengths {focal_px:g} and {k[4]:g} pixels, width {width})'
        )
    return fov_deg


@dataclass(frozen=True)
class _Known:
    width: int
    height: int
    fov_deg: float | None


class Lens:
    """The newest believable word of a camera about itself."""

    def __init__(self) -> None:
        """Begin with none: as a camera that is not calibrated."""
        self.problem = ''  # with the newest camera_info; empty: none
        self._known: _Known | None = None

    @property
    def fov_deg(self) -> float | None:
        """Horizontal field of view; None: not known."""
        return None if self._known is None else self._known.fov_deg

    def take(self, width: int, height: int, k: Sequence[float]) -> None:
        """Note what the camera says of itself.

        Raises:
            ImageError: that cannot be; it counts as not said.

        """
        try:
            self._known = _Known(width, height, field_of_view_deg(width, height, k))
        except ValueError as error:
            self.problem = f'camera_info is refused: {error}; {ADVICE}'
            raise ImageError(self.problem) from error
        self.problem = ''

    def fov_of(self, width: int, height: int) -> float | None:
        """Return the horizontal field of view of a picture; None: not calibrated.

        Raises:
            ImageError: what the camera said cannot be, or is about pictures of another shape.

        """
        known = self._known
        if known is None:
            if self.problem:
                raise ImageError(self.problem)
            return None
        apart = abs(width * known.height - height * known.width)
        if known.fov_deg is not None and apart > max(known.width, known.height):
            raise ImageError(
                f'camera_info is for {known.width}x{known.height}, the image is '
                f'{width}x{height}: another part of the sensor; {ADVICE} at this size'
            )
        return known.fov_deg
