# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures from a device, a GStreamer pipeline, an RTSP stream, a video file or a folder.

A frame is RGB and carries the time at which it was taken. Live sources give the newest picture and
drop what waited; files give every picture, at their pace or at a chosen one. No ROS in here.
"""

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .. import resources
from ..arrays import Image
from ..errors import CameraError, ImageError, require
from ..footage.files_shown import PICTURES, files_below, kind_of, read_picture, why_no_picture
from ..masking import masked
from ..video.video_file import CONVERT, VideoFile
from .devices import misread
from .frame import CameraFrame, Source, SourceConfig
from .frozen import REMEMBERED
from .http_pictures import HttpPictures, open_http
from .live import MOST_TORN, Live

log = logging.getLogger(__name__)
KINDS = ('device', 'gstreamer', 'rtsp', 'video', 'folder')
DEFAULT_RATE_HZ = 20.0  # of a folder, and of a video that does not know its own

Tell = Callable[[str, str], None]  # a name, and why it is left out


def open_source(config: SourceConfig) -> Source:
    """Open a source.

    Raises:
        CameraError: it is not there, or cannot be opened.

    """
    if config.kind == 'rtsp' and (told := misread(config.address)):
        raise CameraError(f'{masked(config.address)} cannot be opened: {told}')
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
