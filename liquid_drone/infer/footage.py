# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures, a folder of them, a video or a recording, as one sequence of frames.

Photographs are independent of each other: the policy starts afresh with each. A folder is a
sequence where its rate is given. Videos and recordings have their own stamps.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .. import topics
from ..arrays import Image
from ..errors import CameraError, ImageError
from ..image import horizontal_fov_deg

PICTURES = ('.png', '.jpg', '.jpeg', '.bmp', '.ppm', '.webp', '.tif', '.tiff')
VIDEOS = ('.mp4', '.mov', '.mkv', '.avi', '.webm', '.m4v', '.mpg', '.mpeg')
RECORDINGS = ('.mcap', '.db3')
IMAGE_TYPES = ('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage')
INFO_TYPE = 'sensor_msgs/msg/CameraInfo'
NARROWEST_DEG, WIDEST_DEG = 15.0, 150.0
LEAST_PIXELS = 8  # along each side of a picture
MOST_BYTES = 500_000_000  # of one picture's file
SECOND_NS = 1_000_000_000


@dataclass(frozen=True)
class FootageFrame:
    """One picture to be answered."""

    index: int
    name: str  # of the file, or the time in s
    image: Image  # (H, W, 3) RGB
    stamp_s: float
    starts_afresh: bool  # nothing before it counts


@dataclass
class Footage:
    """What is shown to a policy; read as often as wanted."""

    paths: tuple[Path, ...]
    kind: str  # 'pictures', 'video' or 'recording'
    rate_hz: float | None = None  # pictures are a sequence of this rate; None: independent
    fov_deg: float | None = None  # horizontal; None: taken for the policy's
    left_out: dict[str, str] = field(default_factory=dict)  # name -> why, of the last reading

    def frames(self) -> Iterator[FootageFrame]:
        """Yield the frames; one that cannot be read is noted in ``left_out``.

        Raises:
            CameraError: nothing could be read.

        """
        self.left_out.clear()
        read = {'pictures': self._pictures, 'video': self._video, 'recording': self._recording}
        count = 0
        for count, frame in enumerate(read[self.kind](), 1):  # noqa: B007
            yield frame
        if not count:
            reason = next(iter(self.left_out.values()), 'it is empty')
            raise CameraError(f'no picture could be read from {self.paths[0]}: {reason}')

    def _pictures(self) -> Iterator[FootageFrame]:
        from ..pictures import decoded

        for index, path in enumerate(self.paths):
            try:
                if path.stat().st_size > MOST_BYTES:
                    raise ImageError(f'{path} is larger than {MOST_BYTES // 10**6} MB')
                image = decoded(path.read_bytes(), str(path), LEAST_PIXELS).rgb
            except (OSError, ImageError) as error:
                self.left_out[path.name] = str(error)
                continue
            afresh = self.rate_hz is None or index == 0
            yield FootageFrame(index, path.name, image, index / (self.rate_hz or 1.0), afresh)

    def _video(self) -> Iterator[FootageFrame]:
        import cv2

        capture = cv2.VideoCapture(str(self.paths[0]))
        rate_hz = float(capture.get(cv2.CAP_PROP_FPS)) or 30.0
        try:
            index = 0
            while True:
                there, image = capture.read()
                if not there:
                    return
                stamp_s = index / rate_hz
                rgb = np.asarray(image[..., ::-1], dtype=np.uint8)
                yield FootageFrame(index, f'{stamp_s:.2f} s', rgb, stamp_s, index == 0)
                index += 1
        finally:
            capture.release()

    def _recording(self) -> Iterator[FootageFrame]:
        from ..episodes.bag_source import open_bag
        from ..episodes.ros_pictures import picture_of

        def left_out(at_ns: int, reason: str) -> None:
            self.left_out[f'{at_ns / SECOND_NS:.2f} s'] = reason

        with open_bag(self.paths[0]) as sources:
            source = _image_topic(self.paths[0], sources)
            first_ns, index = None, 0
            for _, message in source.decoded(left_out):
                stamp = message.header.stamp
                stamp_ns = stamp.sec * SECOND_NS + stamp.nanosec
                first_ns = stamp_ns if first_ns is None else first_ns
                stamp_s = (stamp_ns - first_ns) / SECOND_NS
                try:
                    image = picture_of(message)
                except ImageError as error:
                    left_out(stamp_ns, str(error))
                    continue
                yield FootageFrame(index, f'{stamp_s:.2f} s', image, stamp_s, index == 0)
                index += 1


def open_footage(
    paths: Sequence[Path], rate_hz: float | None = None, fov_deg: float | None = None
) -> Footage:
    """Tell what the paths are.

    Args:
        paths: picture files, one folder of them, one video, or one recording.
        rate_hz: pictures are frames of a sequence at this rate.
        fov_deg: horizontal field of view of the camera; None: that of ``camera_info`` in a
            recording, else taken for the policy's.

    Raises:
        CameraError: nothing there, or nothing that is known.

    """
    for path in paths:
        if not path.exists():
            raise CameraError(f'{path} does not exist: expected pictures, a video or a recording')
    first = paths[0]
    if _is_recording(first):
        return Footage((first,), 'recording', fov_deg=fov_deg or _recorded_fov_deg(first))
    if first.suffix.lower() in VIDEOS and first.is_file():
        return Footage((first,), 'video', fov_deg=fov_deg)
    files = [file for path in paths for file in _picture_files(path)]
    if not files:
        known = ', '.join((*PICTURES, *VIDEOS, *RECORDINGS))
        raise CameraError(f'{first} holds no picture, video or recording: expected {known}')
    return Footage(tuple(files), 'pictures', rate_hz, fov_deg)


def _picture_files(path: Path) -> list[Path]:
    found = sorted(path.iterdir()) if path.is_dir() else [path]
    return [file for file in found if file.suffix.lower() in PICTURES and file.is_file()]


def _is_recording(path: Path) -> bool:
    if path.is_dir():
        return any(file.suffix in RECORDINGS for file in path.iterdir())
    return path.suffix in RECORDINGS


def _image_topic(path: Path, sources: Sequence[Any]) -> Any:
    """Return the topic of the camera: the one called so, else the only one with pictures."""
    from ..episodes.bag_source import topics_of

    pictures = [source for source in sources if source.msgtype in IMAGE_TYPES]
    for name in (topics.IMAGE_COMPRESSED, topics.IMAGE):
        for source in pictures:
            if source.topic.strip('/').endswith(name):
                return source
    if len(pictures) != 1:
        names = topics_of(pictures)
        raise CameraError(f'{path}: expected one topic with pictures, found {names}')
    return pictures[0]


def _recorded_fov_deg(path: Path) -> float | None:
    """Return the field of view that the recording's camera_info gives; None where it cannot be."""
    from ..episodes.bag_source import open_bag

    with open_bag(path) as sources:
        for source in sources:
            if source.msgtype != INFO_TYPE:
                continue
            for _, message in source.decoded(lambda _at_ns, _reason: None):
                fov_deg = _fov_deg(int(message.width), float(message.k[0]))
                if fov_deg is not None:
                    return fov_deg
    return None


def _fov_deg(width: int, focal_px: float) -> float | None:
    if not (width > 0 and 0.0 < focal_px < float('inf')):
        return None
    fov_deg = horizontal_fov_deg(width, focal_px)
    return fov_deg if NARROWEST_DEG <= fov_deg <= WIDEST_DEG else None
