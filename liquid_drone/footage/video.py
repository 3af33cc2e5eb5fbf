# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The frames of a video file with the stamps that the file gives them, upright."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ..arrays import Image
from ..errors import CameraError
from ..files import utf8_path
from ..image import resized
from .mp4_facts import facts_of, lacking
from .stream_sizes import StreamSizes

USUAL_HZ = 30.0  # of a file that gives no rate
FASTEST_HZ = 1000.0
MILLISECOND = 1e-3
MISSING = 0.9  # share of the stated frames that must come for the file to be whole
MOST_DAMAGED = 300  # frames in a row that cannot be decoded; then it is over
LEAST_WIDER = 0.25  # of a pixel; less is a mistake of the file
SQUARE = 0.01  # pixels that are so little wider or narrower than high are square
# OpenCV 4.6 (Ubuntu 24.04, Debian 12) counts the other way (opencv/opencv#22088)
COUNTS_BACK = cv2.__version__.startswith('4.6.')
# until 4.12 all colours are made by the matrix of BT.601 (opencv/opencv#20513)
KNOWS_601_ALONE = tuple(map(int, cv2.__version__.split('.')[:2])) < (4, 13)
LUMA = {601: (0.299, 0.587, 0.114), 709: (0.2126, 0.7152, 0.0722)}  # shares of R, G and B
LOG_LEVEL_ERROR = 2  # of OpenCV
CONVERT = 'convert it: ffmpeg -i FILE -c:v libx264 -pix_fmt yuv420p converted.mp4'


def _from_rgb(standard: int) -> npt.NDArray[np.float64]:
    """Return the matrix of a standard from BGR to luma and two colour differences."""
    red, green, blue = LUMA[standard]
    luma = np.array([blue, green, red])
    blue_less = (np.array([1.0, 0.0, 0.0]) - luma) / (1.0 - blue)
    red_less = (np.array([0.0, 0.0, 1.0]) - luma) / (1.0 - red)
    return np.stack([luma, blue_less, red_less])


TO_709 = np.linalg.inv(_from_rgb(709)) @ _from_rgb(601)  # BGR that was made by the wrong one


class VideoFile:
    """The frames of a file as they are meant to be shown.

    OpenCV turns frames as the file's metadata says, but 4.6 the other way and 4.11 not at all
    (opencv/opencv#26876); from 4.7 on it stretches what follows a change of size to the first one
    (opencv/opencv-python#1176); its own words on a file do not name it. Here is done what it
    leaves.
    """

    def __init__(self, path: Path) -> None:
        """Open it; see :attr:`is_open`.

        Raises:
            CameraError: its path is no UTF-8.

        """
        place = utf8_path(path.resolve(), CameraError)
        os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
        log: Any = getattr(cv2.utils, 'logging', cv2)  # until 4.6 in cv2 itself
        level = log.getLogLevel()
        log.setLogLevel(LOG_LEVEL_ERROR)
        try:
            self._capture = cv2.VideoCapture(place, cv2.CAP_FFMPEG)
            self._sizes = StreamSizes(place)
        finally:
            log.setLogLevel(level)
        self._capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0.0)
        self.facts = facts_of(path)

    @property
    def is_open(self) -> bool:
        """Whether OpenCV reads it."""
        return bool(self._capture.isOpened())

    def get(self, name: int) -> float:
        """Return one of OpenCV's properties."""
        return float(self._capture.get(name))

    def close(self) -> None:
        """Let go of the file."""
        self._capture.release()
        self._sizes.close()

    def read(self) -> Image | None:
        """Return the next frame: RGB (H, W, 3), upright, with square pixels; None: none comes."""
        is_there: bool
        frame: Any
        is_there, frame = self._capture.read()
        packet = self._sizes.follow()
        if not is_there:
            return None
        if KNOWS_601_ALONE and (self.facts.is_bt709 or self._sizes.is_bt709):
            frame = cv2.transform(frame, TO_709)
        if packet is not None and self._sizes.are_those_of(frame):
            frame = resized(frame, packet.width, packet.height)
        return self._squared(frame[::-1] if self.facts.is_mirrored else frame)

    def _squared(self, frame: Any) -> Image:
        quarters, rest_deg = divmod(self.get(cv2.CAP_PROP_ORIENTATION_META), 90.0)
        quarters = 0.0 if rest_deg else quarters  # clockwise
        is_on_its_side = quarters % 2.0 == 1.0
        upright = np.rot90(frame, int(quarters if COUNTS_BACK else -quarters))
        image = np.ascontiguousarray(upright[..., ::-1], np.uint8)
        across, down = (self.get(name) for name in (cv2.CAP_PROP_SAR_NUM, cv2.CAP_PROP_SAR_DEN))
        if min(across, down) <= 0.0:
            return image
        wider = down / across if is_on_its_side else across / down
        height, width = image.shape[:2]
        if abs(wider - 1.0) >= SQUARE and LEAST_WIDER <= wider <= 1.0 / LEAST_WIDER:
            width = round(width * wider)
        return resized(image, width, height)


def video_frames(
    path: Path, tell: Callable[[str], None], apart_s: float = 0.0
) -> Iterator[tuple[float, Image]]:
    """Yield (stamp in s from the first frame, RGB (H, W, 3)).

    Where stamps are missing or do not rise, the stated rate counts. A damaged
    place costs its own frames.

    Args:
        path: of the file.
        tell: gets a sentence where nothing or less than all could be read, or shown as it is.
        apart_s: frames that come sooner after the last one are passed over.

    """
    capture = VideoFile(path)
    for doubt in capture.facts.doubts():
        tell(doubt)
    try:
        if not capture.is_open:
            tell(lacking(path) or f'it is cut short or in no format that OpenCV reads; {CONVERT}')
            return
        stated = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        rate_hz = capture.get(cv2.CAP_PROP_FPS)
        period_s = 1.0 / (rate_hz if 0.0 < rate_hz <= FASTEST_HZ else USUAL_HZ)
        count, first_s, last_s, given_s = 0, 0.0, 0.0, -apart_s
        damaged = in_a_row = 0
        while in_a_row < MOST_DAMAGED:
            image = capture.read()
            if image is None:
                in_a_row += 1
                continue
            damaged, in_a_row = damaged + in_a_row, 0
            told_s = capture.get(cv2.CAP_PROP_POS_MSEC) * MILLISECOND
            first_s = told_s if count == 0 else first_s
            stamp_s = told_s - first_s
            if count and not stamp_s > last_s:
                stamp_s = last_s + period_s
            count, last_s = count + 1, stamp_s
            if stamp_s - given_s >= apart_s:
                yield stamp_s, image
                given_s = stamp_s
        if count == 0:
            tell(f'no frame of it could be decoded; {CONVERT}')
        elif damaged or count < MISSING * stated:
            tell(
                f'{count} of about {max(stated, count + damaged):.0f} frames could be read: it is '
                'damaged, cut short, trimmed without being encoded anew, or its rate varies'
            )
    finally:
        capture.close()
