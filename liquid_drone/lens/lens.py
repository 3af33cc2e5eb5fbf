# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a camera says of its own lens, believed only where it can be true.

Drivers publish placeholders: a width of 0, a focal length of 1, a matrix of infinities; or the K
of another size than width and height, as with binning. One that cannot be counts as not received:
the last good one stays. Where there was no good one at all, no picture of that camera is usable,
for its angle is unknown. K of zeros says "not calibrated".

Width, height and K are of the whole sensor; a region of interest says which part of it is sent.
K and the distortion are of pictures as the lens shows them, P is of rectified ones.
"""

import copy
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ..errors import ImageError
from .field_of_view import NONE, Distortion, field_of_view_deg

ADVICE = 'calibrate the camera, or let its driver publish K of zeros (not calibrated)'
LATELY, RETURNS = 10, 2  # words, and how often one of two cameras' comes back among them
SAME_DEG = 1.0  # so little between two fields of view changes no picture
MIXED = (
    'camera_info changes to and fro between {}: two cameras publish it, and whose the pictures '
    'are is not known; give each camera a namespace of its own, or end one'
)
WIDEST = 2.6  # a picture's width in heights; cinema has 2.39
Region = tuple[int, int, int, int]  # left, top, width, height, in pixels of the whole sensor
WHOLE: Region = (0, 0, 0, 0)
RECTIFIED = {'rect', 'rectified', 'undistorted'}  # words in the names of topics


@dataclass(frozen=True)
class _Known:
    width: int
    height: int
    fov_deg: float | None

    @property
    def told(self) -> str:
        return 'not calibrated' if self.fov_deg is None else f'{self.fov_deg:.0f} degrees'

    def is_like(self, other: '_Known') -> bool:
        if (self.width, self.height) != (other.width, other.height):
            return False
        one, two = self.fov_deg, other.fov_deg
        return one is two if one is None or two is None else abs(one - two) <= SAME_DEG


class Lens:
    """The newest believable word of a camera about itself."""

    def __init__(self) -> None:
        """Begin with none: as a camera that is not calibrated."""
        self.problem = ''  # with the newest camera_info; empty: none
        self.is_rectified = False  # whether the pictures are no longer as the lens shows them
        self._lately: deque[_Known] = deque(maxlen=LATELY)
        self._known: _Known | None = None  # of the whole sensor
        self._part: _Known | None = None  # of the region of interest, where it is a part

    @property
    def fov_deg(self) -> float | None:
        """Horizontal field of view of the pictures; None: not known."""
        known = self._part or self._known
        return None if known is None else known.fov_deg

    def take_message(self, info: Any) -> None:
        """Note what a ``sensor_msgs/CameraInfo`` says; as :meth:`take`."""
        roi = info.roi
        region = int(roi.x_offset), int(roi.y_offset), int(roi.width), int(roi.height)
        size, distortion = (info.width, info.height), NONE
        if not self.is_rectified:
            distortion = Distortion(info.distortion_model, tuple(map(float, info.d)))
        k, p = (tuple(map(float, matrix)) for matrix in (info.k, info.p))
        of_rectified = (*p[0:3], *p[4:7], *p[8:11])
        if k[:1] == (0.0,):  # not calibrated, or it gives rectified pictures alone (depthai)
            k, distortion = (of_rectified if _can_be(*size, of_rectified) else k), NONE
        elif self.is_rectified and any(p[:1]):
            k = of_rectified
        self.take(*size, k, region, distortion)

    def take(
        self,
        width: int,
        height: int,
        k: Sequence[float],
        region: Region = WHOLE,
        distortion: Distortion = NONE,
    ) -> None:
        """Note what the camera says of itself.

        Args:
            width: of the whole sensor, in pixels.
            height: of the whole sensor, in pixels.
            k: row-major camera matrix of the whole sensor.
            region: which part of it is sent; of no width or height: all of it.
            distortion: of the lens.

        Raises:
            ImageError: that cannot be; it counts as not said.

        """
        try:
            known = _Known(width, height, field_of_view_deg(width, height, k, distortion))
            part = _part(width, height, k, region, distortion)
        except ValueError as error:
            self.problem = f'camera_info is refused: {error}; {ADVICE}'
            raise ImageError(self.problem) from error
        self._known, self._part, self.problem = known, part, ''
        self._lately.append(part or known)
        if self.is_mixed:
            told = sorted({f'{one.width}x{one.height} {one.told}' for one in self._lately})
            self.problem = MIXED.format(' and '.join(told[:4]))
            raise ImageError(self.problem)

    def as_now(self) -> 'Lens':
        """Return what is believed now, which later words do not change."""
        now = copy.copy(self)
        now._lately = self._lately.copy()
        return now

    @property
    def is_mixed(self) -> bool:
        """Tell whether words come back that another one had taken the place of."""
        words, returns = list(self._lately), 0
        for place, (old, new) in enumerate(pairwise(words)):
            is_known = any(new.is_like(one) for one in words[:place])
            returns += is_known and not new.is_like(old)
        return returns >= RETURNS

    def fov_of(self, width: int, height: int) -> float | None:
        """Return the horizontal field of view of a picture; None: not calibrated.

        Raises:
            ImageError: what the camera said cannot be, or is about pictures of another shape.

        """
        known = self._known
        if known is None or self.is_mixed:
            if self.problem:
                raise ImageError(self.problem)
            return None
        if self._part is not None and (width, height) != (known.width, known.height):
            known = self._part
        apart = abs(width * known.height - height * known.width)
        if known.fov_deg is not None and apart > max(known.width, known.height):
            raise ImageError(
                f'camera_info is for {known.width}x{known.height}, the image is '
                f'{width}x{height}: another part of the sensor; {ADVICE} at this size'
            )
        return known.fov_deg


def check_shape(width: int, height: int) -> None:
    """Refuse the shape of two pictures in one, or of a camera on its side, that is not calibrated.

    Raises:
        ImageError: with what it may be; a camera_info of that shape says that they are one.

    """
    if height <= width <= WIDEST * height:
        return
    what = 'two pictures side by side, of a stereo camera'
    if width < height:
        what = 'of a camera that is mounted on its side, or two pictures one above the other'
    raise ImageError(
        f'pictures of {width}x{height} may be {what}: let the driver give one upright picture '
        '(the camera node: rotate); if they are one, calibrate the camera (of a recording: --fov)'
    )


def is_rectified(topic: str) -> bool:
    """Tell whether a topic's name says that its pictures are rectified (``image_rect_color``)."""
    return not RECTIFIED.isdisjoint(re.split(r'[^a-z]+', topic.lower()))


def _can_be(width: int, height: int, matrix: Sequence[float]) -> bool:
    """Tell whether a camera is calibrated with a matrix that can be true."""
    try:
        return field_of_view_deg(width, height, matrix) is not None
    except ValueError:
        return False


def _part(
    width: int, height: int, k: Sequence[float], region: Region, distortion: Distortion
) -> _Known | None:
    """Return what a region of interest sees; None: it is the whole sensor.

    Raises:
        ValueError: it is no part of the sensor.

    """
    left, top, columns, rows = region
    if not (columns and rows) or (columns, rows) == (width, height):
        return None
    if min(region) < 0 or left + columns > width or top + rows > height:
        raise ValueError(
            f'expected a region of interest inside {width}x{height}, got {columns}x{rows} at '
            f'({left}, {top})'
        )
    return _Known(columns, rows, field_of_view_deg(columns, rows, k, distortion, left, top))
