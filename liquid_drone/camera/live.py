# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Live pictures: a device, a GStreamer pipeline or a stream, the newest of each."""

import logging
import os
import time
from typing import Any, Protocol

import numpy as np

from ..arrays import Image
from ..errors import CameraError
from ..integrity.lost_bytes import is_filled
from ..masking import masked
from ..pictures import as_bytes
from . import devices, pipelines
from .devices import Wishes
from .frame import CameraFrame, SourceConfig
from .frame_age import LATE_FOR_S, DriverAge, StreamAge
from .network import INSTALL_AV, NetworkCapture, pyav

log = logging.getLogger(__name__)
OPEN_LIMIT_MS = 5000
MOST_TORN = 30  # pictures in a row that cannot be decoded; then a source is broken


class Capture(Protocol):
    """Pictures as they come from a device or stream."""

    def grab(self) -> bool:
        """Wait for the next one; tell whether there is one."""

    @property
    def own_s(self) -> float:
        """Time of the grabbed one by its driver or stream; 0: it has none."""

    def picture(self) -> Image | None:
        """Return the grabbed one, RGB (H, W, 3); None: it cannot be decoded, or lost bytes."""

    def release(self) -> None:
        """Let go of it."""


class Live:
    """A device or stream, as fresh as it can be had."""

    def __init__(self, config: SourceConfig) -> None:
        """Open it."""
        self._config = config
        self._capture, held = _open_capture(config)
        self._driver, self._stream = DriverAge(), StreamAge(held)

    def read(self) -> CameraFrame | None:
        """Wait for the next picture that can be decoded; a torn one is left out, and said."""
        for torn in range(1, MOST_TORN + 1):
            stamp_ns = self._grab()
            image = self._capture.picture()
            if image is not None:
                return CameraFrame(image, stamp_ns)
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
        if self._config.kind not in ('device', 'rtsp'):
            return 0.0
        now_s, own_s = time.monotonic(), self._capture.own_s
        if self._config.kind == 'device':
            return self._driver.take(now_s, own_s)
        age_s = self._stream.take(now_s, own_s)
        if self._stream.is_hopeless(now_s):
            late = 'of unknown age' if age_s is None else f'{age_s:.1f} s late'
            held = f'held back by OpenCV ({INSTALL_AV}), ' if self._stream.held else ''
            raise CameraError(
                f'{masked(self._config.address)} gives pictures {late}, for {LATE_FOR_S:g} s: '
                f'{held}too slow to decode here, held back by the network, or with wrong times; '
                'set a smaller picture or a lower rate in the camera, or use a GStreamer pipeline'
            )
        return age_s

    def close(self) -> None:
        """Let go of the device."""
        self._capture.release()


class OpenCvCapture:
    """What OpenCV captures."""

    def __init__(self, capture: Any) -> None:
        """Take an open capture."""
        self._capture = capture

    def grab(self) -> bool:
        """Wait for the next picture; tell whether there is one."""
        return bool(self._capture.grab())

    @property
    def own_s(self) -> float:
        """Time of the grabbed picture by its driver or stream."""
        import cv2

        return float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000.0

    def picture(self) -> Image | None:
        """Return the grabbed picture, RGB (H, W, 3); None: torn."""
        import cv2

        is_read, image = self._capture.retrieve()
        if not is_read or is_filled(image):
            return None
        return rgb(image, float(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))

    def release(self) -> None:
        """Let go of it."""
        self._capture.release()


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


def _open_capture(config: SourceConfig) -> tuple[Capture, int]:
    """Open a live source; also tell how many pictures of it a decoder holds back.

    Raises:
        CameraError: it cannot be opened.

    """
    if config.kind != 'rtsp':
        return OpenCvCapture(_open_live(config)), 0
    if av := pyav():
        return NetworkCapture(av, config.address), 0
    held = 0 if devices.on_one_thread() else os.sysconf('SC_NPROCESSORS_ONLN') - 1
    told = f', and OpenCV holds {held} back, which counts to their age' if held else ''
    log.warning('pictures that lost packets on their way are not left out%s: %s', told, INSTALL_AV)
    return OpenCvCapture(_open_live(config)), held


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
        limits += devices.on_one_thread()
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
