# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which frames of a stream came whole: a packet that was lost smears all frames up to a key frame.

H.264 and HEVC tell what changed since the frames before, and decoders put old or grey pieces in
the place of what is missing. That goes on in each later frame, which by itself is without error.
A loss is known from the packet (MPEG-TS counts), from the frame (H.264), and from what FFmpeg
writes while it reads and decodes (RTP counts; HEVC).
"""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

MISSED = 'missed'  # of what FFmpeg warns of RTP; MPEG-TS marks its packets
GAP = 'Frame num gap'  # between two frames of H.264: a whole one is not there
# Errors that encoders of good streams cause; no pixel differs.
HARMLESS = re.compile(
    r'mmco|memory management|reference frames|short term buffer|\b(sei|vui|sps|pps)\b',
    re.IGNORECASE,
)
WAITED_S = 0.005  # for a packet that was not there yet


class WholeFrames:
    """Watches a stream or file of PyAV while it is read and decoded, on one thread."""

    def __init__(self, av: Any) -> None:
        """Watch from here on.

        Args:
            av: the module.

        """
        self._av = av
        self._count = 0  # of packets
        self._is_faulty = self._was_faulty = False  # what is read now, and what was read before
        self._torn_at: float | None = None  # place of the last packet with a loss; None: all whole
        self._has_begun = False  # a frame came: before, decoders miss what went before they joined

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Open a stream within. What RTP lost meanwhile is in packets that were read already.

        Of what a decoder writes nothing counts before its first frame, which is a whole one: a
        stream that refreshes itself bit by bit, without key frames, begins there too.
        """
        with _all_told(self._av.logging) as told:
            yield
        if any(_is_missed(self._av.logging, level, text) for level, _, text in told):
            self._torn_at = math.inf

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Read or decode within: a loss that FFmpeg tells of is noted."""
        log = self._av.logging
        with _all_told(log) as told:
            try:
                yield
            except self._av.FFmpegError:
                self._is_faulty = self._has_begun
                raise
            finally:
                is_loss = _is_loss if self._has_begun else _is_missed
                self._is_faulty |= any(is_loss(log, level, text) for level, _, text in told)

    def note_packet(self, packet: Any, waited_s: float) -> None:
        """Note a packet of the pictures that was read and decoded, before its frames.

        A parser that cuts a stream hands on a picture when the next one begins: of a loss in that
        one it may be told already.

        Args:
            packet: of PyAV.
            waited_s: for it; while a stream is opened packets are read ahead.

        """
        self._count += 1
        is_faulty = self._is_faulty or bool(packet.is_corrupt)
        if is_faulty or self._was_faulty:
            place = self._place(packet.pts)
            self._torn_at = place if self._torn_at is None else max(self._torn_at, place)
        elif self._torn_at == math.inf and waited_s > WAITED_S:
            self._torn_at = self._place(packet.pts)
        self._is_faulty, self._was_faulty = False, is_faulty

    def is_whole(self, frame: Any) -> bool:
        """Tell whether a frame is built on nothing that was lost."""
        place, self._has_begun = self._place(frame.pts), True
        if frame.is_corrupt:
            self._torn_at = place if self._torn_at is None else max(self._torn_at, place)
        elif self._torn_at is not None and frame.key_frame and place > self._torn_at:
            self._torn_at = None
        return self._torn_at is None

    def _place(self, pts: int | None) -> float:
        """Return the place in the stream: by its times, or as packets come where it has none."""
        return float(self._count if pts is None else pts)


@contextmanager
def _all_told(log: Any) -> Iterator[Any]:
    """Take what FFmpeg writes within; of a gap it tells no louder than for debugging."""
    level, skips = log.get_level(), log.get_skip_repeated()
    log.set_level(log.DEBUG)
    log.set_skip_repeated(False)
    try:
        with log.Capture() as told:
            yield told
    finally:
        log.set_level(level)
        log.set_skip_repeated(skips)


def _is_missed(log: Any, level: int, text: str) -> bool:
    return bool(level <= log.WARNING and MISSED in text)


def _is_loss(log: Any, level: int, text: str) -> bool:
    if level > log.ERROR:
        return GAP in text or _is_missed(log, level, text)
    return HARMLESS.search(text) is None
