# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a camera gives colours: by night many switch to infrared, and their pictures are grey.

A network that learned in colour flies on such pictures as on any, and takes other things for its
target. Where colours end in flight, no picture counts for as long as a guard needs to hand back;
from then on, and for a camera that never gave any, it is told. A flat picture, as of a covered
lens, tells nothing. Pure but for its memory.
"""

import math

import numpy as np

from ..arrays import Image
from ..errors import ImageError

SAMPLES = 64  # rows and columns of a picture that are looked at, about
MOST_GREY = 6  # between the channels of a pixel: rounding of a grey picture, in YUV on its way
LEAST_CONTRAST = 2.0  # standard deviation; less is flat
GONE_S = 0.5  # so long it is grey in each picture
PAUSE_S = 3.0  # the guard brakes and hands back in 1.5 s
WORDS = (
    'its pictures have no colours, in which a network learns: switch its night mode (infrared) '
    'off, or take the topic of its colour sensor'
)


class SteadyColours:
    """Compares each picture's colours with those of the pictures before."""

    def __init__(self) -> None:
        """Begin with none."""
        self.are_missing = False
        self._gave_some = False
        self._grey_since_s = self._until_s = -math.inf

    def check(self, image: Image, now_s: float) -> None:
        """Judge a picture (H, W, 3), before it is used.

        Args:
            image: as it came.
            now_s: monotonic.

        Raises:
            ImageError: the colours of this camera ended less than PAUSE_S ago.

        """
        found = has_colours(image)
        if found:
            self.are_missing, self._gave_some, self._grey_since_s = False, True, -math.inf
        elif found is False:
            if math.isinf(self._grey_since_s):
                self._grey_since_s = now_s
            self.are_missing = now_s - self._grey_since_s >= GONE_S
            if self.are_missing and self._gave_some:
                self._gave_some, self._until_s = False, now_s + PAUSE_S
        if self.are_missing and now_s < self._until_s:
            raise ImageError(
                f'the camera gives colours no more ({WORDS}): no picture counts for {PAUSE_S:g} '
                's, in which a flight is handed back'
            )


def has_colours(image: Image) -> bool | None:
    """Tell whether a picture (H, W, 3) has colours; None: it is flat, and tells nothing."""
    height, width = image.shape[:2]
    some = image[:: max(1, height // SAMPLES), :: max(1, width // SAMPLES)]
    if int((some.max(axis=2) - some.min(axis=2)).max()) > MOST_GREY:
        return True
    return None if float(np.std(some[..., 0])) < LEAST_CONTRAST else False
