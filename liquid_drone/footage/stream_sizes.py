# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The size that a video's stream gives each frame, which may change within the file."""

from typing import Any

import cv2

from .stream_header import StreamHeader, headers_of

UNDECODED = -1.0
BT_709 = 1  # matrix coefficients (ITU-T H.273)


class StreamSizes:
    """Follows the packets of a file beside the decoder, a packet for each frame.

    A new size begins at a frame that needs none before it, so that as many packets as frames lie
    before it, in whatever order they are shown. Where a damaged place has cost frames, it is taken
    for a few frames too early.
    """

    def __init__(self, place: str) -> None:
        """Open the file once more; one that gives no packets is of one size."""
        self._capture: Any = cv2.VideoCapture(place, cv2.CAP_FFMPEG)
        if not self._capture.set(cv2.CAP_PROP_FORMAT, UNDECODED):
            self._capture.release()
        letters = int(self._capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
        self._codec = letters.to_bytes(4, 'little').decode('latin-1')
        self._first: StreamHeader | None = None
        self._other: StreamHeader | None = None  # of another size, that holds now

    @property
    def is_bt709(self) -> bool:
        """Whether the stream says that its colours were made so."""
        return self._first is not None and self._first.matrix == BT_709

    def follow(self) -> StreamHeader | None:
        """Take the next packet; return what holds from there on, where it is another size."""
        is_there, packet = self._capture.read()
        told = headers_of(self._codec, packet.tobytes()) if is_there else []
        if told:
            self._first = first = self._first or told[0]
            others = [header for header in told if header[:2] != first[:2]]
            self._other = others[0] if others else None
        return self._other

    def are_those_of(self, frame: Any) -> bool:
        """Tell whether a frame (H, W, 3) has the first size, in spite of what follows it."""
        return self._first is not None and frame.shape[1::-1] == self._first[:2]

    def close(self) -> None:
        """Let go of the file."""
        self._capture.release()
