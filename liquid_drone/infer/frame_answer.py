# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The answer to one picture, as it is drawn, tabled and scored."""

from dataclasses import dataclass, replace

import numpy as np

from ..arrays import FourFloats, Image
from ..contract import Belief


@dataclass(frozen=True)
class FrameAnswer:
    """The answer of one method to one frame."""

    index: int
    name: str
    stamp_s: float
    image: Image  # (h, w, 3), as the policy saw it
    probability: float  # that the target is in the picture
    bearing: float  # -1 left edge .. 1 right edge
    elevation: float  # -1 bottom edge .. 1 top edge
    command: FourFloats | None  # vx, vy, vz m/s, yaw rate rad/s, body FLU; None: the baseline
    allowed: FourFloats | None  # what the guard's limits let through
    belief: Belief | None = None  # where it believes the target, seen or not; None: tells nothing
    starts_afresh: bool = False  # nothing came before it

    def without_image(self) -> 'FrameAnswer':
        """Return it without the picture: a long video's would fill the memory."""
        return replace(self, image=np.empty((0, 0, 3), np.uint8))
