# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The field of view of a lens by its camera matrix and distortion.

Pictures are cropped as those of a pinhole (:func:`~liquid_drone.image.fitted`). A lens that bends
is therefore told as the pinhole that agrees with it at the edge of what policies see: 40 degrees
off the axis, or at the edge of its picture, where that comes first.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import FloatArray
from ..errors import shown
from ..image import horizontal_fov_deg

NARROWEST_DEG, WIDEST_DEG = 15.0, 150.0  # of the pinhole
LONGEST_SIDE_PX = 16384
MIDDLE = 0.3, 0.7  # of a side: where the optical axis meets it; K of a binned picture has 0.25
EDGE_DEG = 40  # half of the field of view of the policies that ship
LEAST_RISING_DEG = 20  # a lens whose picture folds back before that is none
COUNTS = 4, 5, 8, 12, 14  # of OpenCV's coefficients; 4 may be of a fisheye, too
STRAIGHT = ('', 'none', 'pinhole', 'perspective')
BROWN = ('plumb_bob', 'rational_polynomial', 'radtan', 'brown_conrady')
FISHEYE = ('equidistant', 'fisheye', 'kannala_brandt', 'kannala_brandt4', 'opencv_fisheye')


@dataclass(frozen=True)
class Distortion:
    """How a lens bends, as ``sensor_msgs/CameraInfo`` names it."""

    model: str = ''
    d: tuple[float, ...] = ()

    def __str__(self) -> str:
        """Return it for a sentence."""
        numbers = ', '.join(f'{one:g}' for one in self.d[:14])
        return f'{shown(self.model[:40])} ({numbers})'


NONE = Distortion()


def field_of_view_deg(
    width: int,
    height: int,
    k: Sequence[float],
    distortion: Distortion = NONE,
    left: int = 0,
    top: int = 0,
) -> float | None:
    """Return the horizontal field of view that a camera tells; None: not calibrated.

    Args:
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        k: row-major camera matrix, 9 numbers; a focal length of 0 says: not calibrated.
        distortion: of the lens.
        left: columns of the sensor left of the picture.
        top: rows of the sensor above it.

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
    if focal_px > 0.0:
        fov_deg = horizontal_fov_deg(width, focal_px * _bent(distortion, width / 2.0 / focal_px))
    if focal_px < 0.0 or k[4] <= 0.0 or not NARROWEST_DEG <= fov_deg <= WIDEST_DEG:
        raise ValueError(
            f'expected a field of view of {NARROWEST_DEG:g} to {WIDEST_DEG:g} degrees, got '
            f'{fov_deg:.4g} (focal lengths {focal_px:g} and {k[4]:g} pixels, width {width})'
        )
    across, down = (k[2] - left) / width, (k[5] - top) / height
    if not all(MIDDLE[0] <= share <= MIDDLE[1] for share in (across, down)):
        raise ValueError(
            f'expected an optical axis between {MIDDLE[0]:.0%} and {MIDDLE[1]:.0%} of width and '
            f'height, got {across:.0%} and {down:.0%} of {width}x{height}: K is of pictures of '
            'another size (binned, cropped), or they are cropped off the middle'
        )
    return fov_deg


def _bent(distortion: Distortion, edge: float) -> float:
    """Return the factor of the focal length that makes a lens a pinhole, where both agree.

    Args:
        distortion: of the lens.
        edge: half of the picture's width, in focal lengths.

    Raises:
        ValueError: a model that is not known, or no lens bends like that.

    """
    angles = np.radians(np.arange(1.0, EDGE_DEG + 1.0))
    with np.errstate(all='ignore'):  # no lens is where it divides by 0
        radii = np.nan_to_num(_radii(distortion, angles), posinf=0.0, neginf=0.0)
    falls = np.flatnonzero(np.diff(radii, prepend=0.0) <= 0.0)
    rising = int(falls[0]) if falls.size else len(angles)
    if rising < LEAST_RISING_DEG and not (rising and edge <= radii[rising - 1]):
        raise ValueError(
            f'expected distortion coefficients of a lens, got {distortion}: the picture would '
            f'fold back {rising + 1} degrees off its axis'
        )
    factors = radii[:rising] / np.tan(angles[:rising])
    return float(np.interp(edge, radii[:rising], factors))


def _radii(distortion: Distortion, angles: FloatArray) -> FloatArray:
    """Return how far off the axis (in focal lengths) a lens shows what is at angles (N,) in rad.

    OpenCV's models (calib3d): ``plumb_bob`` and ``rational_polynomial`` of the tangent,
    ``equidistant`` of the angle (Kannala and Brandt 2006); what is tangential is left out.
    """
    model = distortion.model[:40].strip().lower().replace('-', '_').replace(' ', '_')
    d, tangents = distortion.d, np.tan(angles)
    if not all(map(math.isfinite, d)):
        raise ValueError(f'expected finite distortion coefficients, got {distortion}')
    if model in FISHEYE:
        return angles * (1.0 + _series(d[:4], angles))
    if not any(d):
        return tangents
    if model in BROWN or (model in STRAIGHT and len(d) in COUNTS[1:]):
        above, below = (*d[:2], *d[4:5]), d[5:8]  # between them: tangential
        return tangents * (1.0 + _series(above, tangents)) / (1.0 + _series(below, tangents))
    raise ValueError(
        f'expected a distortion_model of {", ".join((*BROWN, *FISHEYE[:2]))}, got '
        f'{distortion}: let the camera driver publish rectified pictures, and a '
        'camera_info of those'
    )


def _series(factors: Sequence[float], values: FloatArray) -> FloatArray:
    """Return the sum of factors times the second, fourth, sixth power of values, and so on."""
    powers = [factor * values ** (2 * half) for half, factor in enumerate(factors, 1)]
    return np.sum(powers, axis=0) if powers else np.zeros_like(values)
