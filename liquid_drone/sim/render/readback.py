# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures on their way back from the card: into a buffer there, and from it once they are wanted.

Reading into a buffer waits for nothing, so that a card draws while this process goes on. Where
Mesa draws, pictures are read at once: a buffer would be one copy more.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from .picture import RenderedFrame


class Readback:
    """Holds the pixels of some pictures of one size."""

    def __init__(self, context: Any, count: int, width: int, height: int, waits: bool) -> None:
        """Hold nothing yet; ``waits``: read at once, without a buffer on the card."""
        self.size = count, width, height
        self._rgba = np.empty((count, height, width, 4), np.uint8)
        self._buffer = None if waits else context.buffer(reserve=self._rgba.nbytes, dynamic=True)

    def begin(self, frames: Sequence[Any]) -> None:
        """Ask for what is drawn into framebuffers."""
        for number, (frame, rgba) in enumerate(zip(frames, self._rgba, strict=True)):
            if self._buffer is None:
                frame.read_into(rgba, components=4, alignment=1)
            else:
                offset = number * rgba.nbytes
                frame.read_into(self._buffer, components=4, alignment=1, write_offset=offset)

    def end(self) -> list[RenderedFrame]:
        """Wait for all that was asked for."""
        if self._buffer is not None:
            self._buffer.read_into(self._rgba)
        return [_picture(rgba) for rgba in self._rgba]


def _picture(rgba: npt.NDArray[np.uint8]) -> RenderedFrame:
    """Turn what OpenGL gives, its lowest row first, into a picture."""
    image = np.asarray(cv2.flip(cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB), 0), np.uint8)
    return RenderedFrame(image, cv2.flip(cv2.extractChannel(rgba, 3), 0) > 127)
