# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A sensor that froze: its driver goes on sending the same pixels under new stamps.

A real sensor has noise, and a flying one moves: no two pictures are equal to the last bit. A
driver may also send its last few buffers in turn, or a network an old picture again: only pixels
that none of the last pictures had are new. Many cameras write the time into their pictures, and go
on writing where the sensor hangs: one new picture a second is not a sensor that lives again.
"""

import zlib
from collections import deque

import numpy as np

from ..arrays import Image

BUFFERS = 8  # of a driver
REMEMBERED = 2 * BUFFERS  # pictures, by a checksum: between any two a late one may come
ROWS = 144  # about so many rows of a picture are looked at
GAP_S, LIVES_S = 0.3, 0.5  # between new pixels at most, and so long: it lives again


class FrozenSensor:
    """Compares each picture with the ones before."""

    def __init__(self) -> None:
        """Begin with no picture."""
        self._seen: deque[int] = deque(maxlen=REMEMBERED)
        self._stamp_s = self._now_s = self._same_s = 0.0
        self._new_s = self._began_s = 0.0  # arrival of the newest pixels; since when they come

    @property
    def lives(self) -> bool:
        """New pixels came without a gap for a while, up to the last picture."""
        return self._same_s < GAP_S and self._new_s - self._began_s >= LIVES_S - 1e-6

    def same_for_s(self, image: Image, stamp_s: float, now_s: float) -> float:
        """Return for how long no new pixels have come, by the pictures' stamps or by arrival.

        Show it every picture, those with bad stamps too: steps of a stamp count in both
        directions, so that what froze behind a wrong clock is not new when the clock comes right.
        What is not shown to it, because the lens is not known, lasts as long as the arrivals say.

        Args:
            image: (H, W, 3).
            stamp_s: by the sender's clock.
            now_s: of its arrival, by this computer's.

        """
        some = image[:: max(1, len(image) // ROWS)]  # noise is everywhere
        pixels = zlib.crc32(np.ascontiguousarray(some).data)
        is_new = pixels not in self._seen
        passed_s = max(abs(stamp_s - self._stamp_s), now_s - self._now_s)
        self._same_s = 0.0 if is_new else self._same_s + passed_s
        if is_new:
            self._seen.append(pixels)
            goes_on = 0.0 <= now_s - self._new_s <= GAP_S
            self._began_s, self._new_s = self._began_s if goes_on else now_s, now_s
        self._stamp_s, self._now_s = stamp_s, now_s
        return self._same_s
