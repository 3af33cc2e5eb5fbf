# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A stream from the network (RTSP, MPEG-TS by UDP or TCP), decoded by PyAV on one thread.

FFmpeg decodes with several threads by giving each a frame, and so holds back a frame for each
further one: 11 on a board with 12 cores. No time in the stream tells of that. Only here it is
known which pictures lost packets on their way. Without PyAV OpenCV decodes them.
"""

import importlib
import logging
import os
import time
from collections import deque
from typing import Any

from ..arrays import Image
from ..errors import CameraError
from ..integrity.lost_bytes import is_filled
from ..masking import masked
from ..video.frame_pictures import FramePictures
from ..video.video_file import pictures_of
from ..video.whole_frames import WholeFrames
from . import devices

log = logging.getLogger(__name__)
LEAST_AV = 15  # major version
INSTALL_AV = "pip3 install 'av>=15'"
OPEN_LIMIT_S = READ_LIMIT_S = 5.0
TORN_FOR_S = 4.0  # after a loss without a key frame: opened anew, most cameras send one
MOST_ERRORS = 30  # in a row, of the reading
OPTIONS = 'OPENCV_FFMPEG_CAPTURE_OPTIONS'  # name;value|name;value, as users of OpenCV know it
PREFER_TCP = {'rtsp_flags': 'prefer_tcp'}  # where nothing is lost on the way
KIND = 'rtsp'  # of the source, in messages


def pyav() -> Any:
    """Return PyAV; None: it is not installed, or too old."""
    try:
        av = importlib.import_module('av')
        is_new = int(av.__version__.partition('.')[0]) >= LEAST_AV
    except Exception:  # a broken package may raise anything while it is imported
        return None
    return av if is_new else None


class NetworkCapture:
    """The whole pictures of one stream, each with its time in it."""

    def __init__(self, av: Any, address: str) -> None:
        """Open it.

        Args:
            av: the module of PyAV.
            address: as FFmpeg takes it.

        Raises:
            CameraError: it cannot be opened, or holds no pictures.

        """
        self._av, self._address = av, address
        self._whole, limits = WholeFrames(av), (OPEN_LIMIT_S, READ_LIMIT_S)
        try:
            with self._whole.opening():
                self._file = av.open(address, options=_options(), timeout=limits)
        except (av.FFmpegError, OSError, ValueError) as error:
            why = masked(str(error).replace(address, 'it'))
            raise CameraError(f'{devices.why_not(KIND, address)}; {why}') from error
        try:
            stream, _ = pictures_of(av, self._file)
        except CameraError:
            self.release()
            raise
        decoder = stream.codec_context
        decoder.thread_type, decoder.thread_count = 'NONE', 1
        self._stream, self._base = stream, stream.time_base
        self._pictures = FramePictures(av, stream)
        self._packets = self._file.demux(stream)
        self._waiting = deque[Any]()
        self._frame: Any = None
        self._torn_since_s: float | None = None

    def grab(self) -> bool:
        """Wait for the next whole picture; tell whether there is one.

        Raises:
            CameraError: packets were lost, and no key frame came for long.

        """
        self._frame = None
        while self._frame is None:
            while not self._waiting:
                if not self._read():
                    return False
            frame = self._waiting.popleft()
            if self._whole.is_whole(frame):
                self._frame, self._torn_since_s = frame, None
            else:
                self._leave_out()
        return True

    @property
    def own_s(self) -> float:
        """Time of the grabbed picture in the stream; 0: it has none."""
        pts = self._frame.dts if self._frame.pts is None else self._frame.pts
        return 0.0 if pts is None else float(pts * self._base)

    def picture(self) -> Image | None:
        """Return the grabbed picture, RGB (H, W, 3); None: it ends in what stands for a loss."""
        image = self._pictures.picture(self._frame)
        return None if is_filled(image) else image

    def release(self) -> None:
        """Let go of the stream."""
        self._file.close()

    def _leave_out(self) -> None:
        now_s = time.monotonic()
        if self._torn_since_s is None:
            self._torn_since_s = now_s
            log.warning(
                '%s lost packets on the way: pictures are left out up to the next key frame; for '
                'shorter gaps set a key frame each second in the camera (I-frame interval, GOP)',
                masked(self._address),
            )
        elif now_s - self._torn_since_s > TORN_FOR_S:
            raise CameraError(
                f'{masked(self._address)} lost packets, and no key frame came for {TORN_FOR_S:g} '
                's: set one each second in the camera (I-frame interval, GOP), and look at the '
                'network: a cable, TCP in place of UDP, a lower bit rate'
            )

    def _read(self) -> bool:
        """Read and decode until there is a frame; tell whether there is one."""
        for _ in range(MOST_ERRORS):
            packet, began_s, waited_s = None, time.monotonic(), 0.0
            try:
                with self._whole.watched():
                    packet = next(self._packets, None)
                    waited_s = time.monotonic() - began_s
                    frames = [] if packet is None else packet.decode()
            except (self._av.error.ExitError, EOFError, TimeoutError):
                return False
            except self._av.FFmpegError:
                if packet is None:  # its error ended the reading
                    self._packets = self._file.demux(self._stream)
                else:
                    self._whole.note_packet(packet, waited_s)
                continue
            if packet is None:
                return False
            self._whole.note_packet(packet, waited_s)
            self._waiting.extend(frames)
            if frames:
                return True
        return True


def _options() -> dict[str, str]:
    given = os.environ.get(OPTIONS, '')
    pairs = (part.partition(';') for part in given.split('|'))
    return {name: value for name, _, value in pairs if name and value} or PREFER_TCP
