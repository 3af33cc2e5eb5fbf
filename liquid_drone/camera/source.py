# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures from a device, a GStreamer pipeline, an RTSP stream, a video file or a folder.

A frame is RGB and carries the time at which it was taken. Live sources give the newest picture and
drop what waited; files give every picture, at their pace or at a chosen one. No ROS in here.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import resources
from ..arrays import Image
from ..errors import CameraError, ImageError, require
from ..footage.files_shown import PICTURES, files_below, kind_of, read_picture, why_no_picture
from ..integrity.lost_bytes import is_filled
from ..masking import masked
from ..pictures import as_bytes
from ..video.video_file import CONVERT, VideoFile
from . import devices, pipelines
from .devices import Wishes
from .frame import CameraFrame, Source
from .frame_age import LATE_FOR_S, DriverAge, StreamAge
from .frozen import REMEMBERED
from .http_pictures import HttpPictures, open_http

log = logging.getLogger(__name__)
KINDS = ('device', 'gstreamer', 'rtsp', 'video', 'folder')
DEFAULT_RATE_HZ = 20.0  # of a folder, and of a video that does not know its own
OPEN_LIMIT_MS = 5000
MOST_TORN = 30  # pictures in a row that cannot be decoded; then a source is broken

Tell = Callable[[str, str], None]  # a name, and why it is left out


@dataclass(frozen=True)
class SourceConfig:
    """What to open; zero means: as the source has it."""

    kind: str = 'device'
    address: str = '/dev/video0'  # device, pipeline, URL or path
    width: int = 0  # asked of a device
    height: int = 0
    rate_hz: float = 0.0  # asked of a device; of files: the pace
    loop: bool = False  # files begin again
    pixel_format: str = ''  # asked of a device


def open_source(config: SourceConfig) -> Source:
    """Open a source.

    Raises:
        CameraError: it is not there, or cannot be opened.

    """
    if config.kind not in ('video', 'folder'):
        found = _by_http(config)
        return Live(config) if found is None else found
    path, left_out = resources.user_path(config.address), set[str]()

    def leave_out(name: str, reason: str) -> None:
        if name not in left_out:  # in a loop it is told once
            log.warning('%s is left out: %s', name, reason)
        left_out.add(name)

    if config.kind == 'video':
        return Paced(lambda: _video(path, config.rate_hz), config)
    return Paced(lambda: _folder(path, config.rate_hz, leave_out), config)


class Live:
    """A device or stream through OpenCV, as fresh as it can be had."""

    def __init__(self, config: SourceConfig) -> None:
        """Open it."""
        self._config = config
        self._capture = _open_live(config)
        self._driver, self._stream = DriverAge(), StreamAge()

    def read(self) -> CameraFrame | None:
        """Wait for the next picture that can be decoded; a torn one is left out, and said."""
        import cv2

        for torn in range(1, MOST_TORN + 1):
            stamp_ns = self._grab()
            is_read, image = self._capture.retrieve()
            if is_read and not is_filled(image):
                height = float(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
                return CameraFrame(rgb(image, height), stamp_ns)
            log.warning('a picture that cannot be decoded is left out (%d in a row)', torn)
        raise CameraError(
            f'{masked(self._config.address)} gave {MOST_TORN} pictures in a row that cannot be '
            'decoded: another pixel format, a bad cable, or too little bandwidth'
        )

    def _grab(self) -> int:
        """Wait for a picture whose age can be told; return when it was taken."""
        while True:
            if not self._capture.grab():
                raise CameraError(
                    f'{self._config.kind} {masked(self._config.address)} gives no more pictures: '
                    'unplugged, taken by another program, or the stream ended'
                )
            stamp_ns, age_s = time.time_ns(), self._age_s()
            if age_s is not None:
                return stamp_ns - round(age_s * 1e9)

    def _age_s(self) -> float | None:
        """Return the age of the picture that was grabbed; None: it may have waited on its way.

        Raises:
            CameraError: of a stream nothing was fresh for long.

        """
        import cv2

        if self._config.kind not in ('device', 'rtsp'):
            return 0.0
        now_s = time.monotonic()
        own_s = float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000.0
        if self._config.kind == 'device':
            return self._driver.take(now_s, own_s)
        age_s = self._stream.take(now_s, own_s)
        if self._stream.is_hopeless(now_s):
            late = 'of unknown age' if age_s is None else f'{age_s:.1f} s late'
            raise CameraError(
                f'{masked(self._config.address)} gives pictures {late}, for {LATE_FOR_S:g} s: too '
                'slow to decode here, held back by the network, or with wrong times; set a '
                'smaller picture or a lower rate in the camera, or use a GStreamer pipeline'
            )
        return age_s

    def close(self) -> None:
        """Let go of the device."""
        self._capture.release()


def _by_http(config: SourceConfig) -> HttpPictures | None:
    is_http = config.address.lower().startswith(('http://', 'https://'))
    return open_http(config.address) if config.kind == 'rtsp' and is_http else None


class Paced:
    """Pictures from files at a steady pace, stamped when shown."""

    def __init__(
        self, open_pictures: Callable[[], tuple[float, Iterator[Image]]], config: SourceConfig
    ) -> None:
        """Begin; the first picture is due at once."""
        self._open, self._loop = open_pictures, config.loop
        self.rate_hz, self._pictures = open_pictures()
        self._next_s = time.monotonic()
        self._shown = 0  # in this turn

    def read(self) -> CameraFrame | None:
        """Wait until the next picture is due."""
        image = next(self._pictures, None)
        if image is None and self._loop:
            self._begin_again()
            image = next(self._pictures, None)
        if image is None:
            return None
        self._shown += 1
        time.sleep(max(0.0, self._next_s - time.monotonic()))
        self._next_s = max(self._next_s + 1.0 / self.rate_hz, time.monotonic())
        return CameraFrame(image, time.time_ns())

    def _begin_again(self) -> None:
        if 0 < self._shown <= REMEMBERED:
            log.warning(
                'a loop of %d pictures is a frozen camera to the policy node: show more than %d, '
                'or set its frozen_after_s to off, where nothing flies',
                *(self._shown, REMEMBERED),
            )
        _, self._pictures = self._open()
        self._shown = 0

    def close(self) -> None:
        """Let go of the file."""
        self._pictures = iter(())


def rgb(image: Any, height: float = 0.0) -> Image:
    """Return OpenCV's BGR or grey picture as contiguous RGB (H, W, 3).

    Args:
        image: (H, W) or (H, W, C), 8 or 16 bits.
        height: that the source states; a picture half as high again has its colours below.

    Raises:
        CameraError: it is YUV, which OpenCV hands on from GStreamer as it comes.

    """
    import cv2

    channels = image.shape[2] if image.ndim == 3 else 1
    if channels == 2 or (channels == 1 and 2 * image.shape[0] == 3 * height):
        raise CameraError(
            f'expected pictures in BGR or grey, got YUV ({image.shape}, stated height '
            f'{height:g}): let the pipeline end in videoconvert ! video/x-raw,format=BGR ! appsink'
        )
    code = cv2.COLOR_GRAY2RGB if channels == 1 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(as_bytes(image), code), dtype=np.uint8)


def _open_live(config: SourceConfig) -> Any:
    import cv2

    if config.kind == 'gstreamer':
        _need_gstreamer()
        if told := pipelines.check(config.address):
            log.warning('pictures may wait in the pipeline and count as new; write %s', told)
        capture = cv2.VideoCapture(config.address, cv2.CAP_GSTREAMER)
    elif config.kind == 'rtsp':
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_LIMIT_MS]
        limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, OPEN_LIMIT_MS]
        capture = cv2.VideoCapture(config.address, cv2.CAP_FFMPEG, limits)
    else:
        capture = cv2.VideoCapture(_device(config.address), cv2.CAP_V4L2)
    if not capture.isOpened():
        raise CameraError(devices.why_not(config.kind, config.address))
    if config.kind == 'device':
        wishes = Wishes(config.pixel_format, config.width, config.height, config.rate_hz)
        if told := devices.ask(capture, wishes):
            log.warning('%s: %s', config.address, told)
        if told := devices.numbered(config.address):
            log.warning('%s', told)
    return capture


def _device(address: str) -> int | str:
    return int(address) if address.isdigit() else address


def _need_gstreamer() -> None:
    import cv2

    lines = [line for line in cv2.getBuildInformation().splitlines() if 'GStreamer:' in line]
    if not any('YES' in line for line in lines):
        raise CameraError(
            'this OpenCV is built without GStreamer (those from PyPI are); use the one of the '
            'system: apt install python3-opencv, or that of JetPack, and no opencv-python from pip'
        )


def _video(path: Path, rate_hz: float) -> tuple[float, Iterator[Image]]:
    if not path.is_file():
        raise CameraError(f'expected a video file, found none at {path}')
    try:
        video = VideoFile(path)
    except CameraError as error:
        raise CameraError(f'{path} cannot be opened as a video: {error}') from error
    for doubt in video.doubts():
        log.warning('%s: %s', path.name, doubt)
    pace_hz = rate_hz or (video.rate_hz if 0.1 < video.rate_hz < 1000.0 else DEFAULT_RATE_HZ)
    return pace_hz, _pictures_of(video, path)


def _pictures_of(video: VideoFile, path: Path) -> Iterator[Image]:
    """Yield the pictures of a file, and log what could not be decoded.

    Raises:
        CameraError: there was none at all.

    """
    torn = 0
    try:
        for _, image in video.frames():
            if video.damaged > torn:
                log.warning(
                    '%d pictures that cannot be decoded are left out', video.damaged - torn
                )
            torn = video.damaged
            yield image
        if not video.count:
            raise CameraError(f'no frame of {path} could be decoded; {CONVERT}')
    finally:
        video.close()


def _folder(path: Path, rate_hz: float, leave_out: Tell) -> tuple[float, Iterator[Image]]:
    """Return the pace and the pictures of a folder: those that ``infer`` shows, in its order."""
    require('PIL.Image', 'record')
    pictures: list[Path] = []
    for file in files_below(path, leave_out) if path.is_dir() else ():
        if kind_of(file) == 'picture':
            pictures.append(file)
        else:
            leave_out(file.name, why_no_picture(file))
    if not pictures:
        raise CameraError(f'expected a folder with pictures ({", ".join(PICTURES)}) at {path}')
    return rate_hz or DEFAULT_RATE_HZ, _pictures_at(pictures, leave_out)


def _pictures_at(files: list[Path], leave_out: Tell) -> Iterator[Image]:
    """Yield the pictures that can be read; the others are left out, and said.

    Raises:
        CameraError: too many in a row cannot, or none can.

    """
    torn = 0
    for file in files:
        try:
            picture = read_picture(file)
        except ImageError as error:
            torn += 1
            if torn == min(MOST_TORN, len(files)):
                raise CameraError(
                    f'{torn} pictures in a row cannot be read; the last one: {error}'
                ) from error
            leave_out(file.name, str(error))
            continue
        torn = 0
        yield picture.rgb
