# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures, a folder of them, a video or a recording, as one sequence of frames.

Photographs are independent of each other: the policy starts afresh with each. A folder is a
sequence where its rate is given. Videos and recordings have their own stamps.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..arrays import Image
from ..errors import CameraError, ImageError
from ..masking import masked
from .files_shown import (
    PICTURES,
    RECORDINGS,
    VIDEOS,
    files_below,
    is_recording,
    kind_of,
    read_picture,
    why_no_picture,
)

ADDRESS = re.compile(r'([a-z][a-z0-9+.-]+:)/+', re.IGNORECASE)  # a path keeps one slash of two


@dataclass(frozen=True)
class FootageFrame:
    """One picture to be answered."""

    index: int
    name: str  # of the file, or the time in s
    image: Image  # (H, W, 3) RGB
    stamp_s: float
    starts_afresh: bool  # nothing before it counts
    fov_deg: float | None = None  # horizontal, of the camera; None: taken for the policy's


@dataclass
class Footage:
    """What is shown to a policy; read as often as wanted."""

    paths: tuple[Path, ...]
    kind: str  # 'pictures', 'video' or 'recording'
    rate_hz: float | None = None  # pictures are a sequence of this rate; None: independent
    fov_deg: float | None = None  # horizontal; None: taken for the policy's
    is_fov_recorded: bool = (
        False  # that is the first that a recording says: each frame has its own
    )
    image_topic: str | None = None  # of a recording; None: its only camera
    left_out: dict[str, str] = field(default_factory=dict)  # name -> why, of the last reading
    names: tuple[str, ...] = ()  # of pictures: within the folder that was given
    set_aside: Mapping[str, str] = field(default_factory=dict)  # what is no picture -> why

    @property
    def is_sequence(self) -> bool:
        """Frames follow each other in time."""
        return self.kind != 'pictures' or self.rate_hz is not None

    def frames(self, apart_s: float = 0.0) -> Iterator[FootageFrame]:
        """Yield the frames; one that cannot be read is noted in ``left_out``.

        Args:
            apart_s: frames of a video or a recording that come sooner are passed over.

        Raises:
            CameraError: nothing could be read.

        """
        self.left_out.clear()
        self.left_out.update(self.set_aside)
        read = {'pictures': self._pictures, 'video': self._video, 'recording': self._recording}
        count = 0
        for count, frame in enumerate(read[self.kind](apart_s), 1):  # noqa: B007
            yield frame
        if not count:
            reason = next(iter(self.left_out.values()), 'it is empty')
            raise CameraError(f'no picture could be read from {self.paths[0]}: {reason}')

    def _pictures(self, _apart_s: float) -> Iterator[FootageFrame]:
        for index, (path, name) in enumerate(zip(self.paths, self.names, strict=True)):
            try:
                picture = read_picture(path)
            except ImageError as error:
                self.left_out[name] = str(error)
                continue
            if picture.further:
                self.left_out[f'{name}, all but the first of it'] = (
                    f'it holds {picture.further} more pictures; convert an animation to a video'
                )
            afresh = self.rate_hz is None or index == 0
            stamp_s = index / (self.rate_hz or 1.0)
            yield FootageFrame(index, name, picture.rgb, stamp_s, afresh, self.fov_deg)

    def _video(self, apart_s: float) -> Iterator[FootageFrame]:
        from .video import video_frames

        def tell(reason: str) -> None:
            before = self.left_out.get(self.paths[0].name)
            self.left_out[self.paths[0].name] = f'{before}; {reason}' if before else reason

        frames = video_frames(self.paths[0], tell, apart_s)
        for index, (stamp_s, image) in enumerate(frames):
            name = f'{stamp_s:.2f} s'
            yield FootageFrame(index, name, image, stamp_s, index == 0, self.fov_deg)

    def _recording(self, apart_s: float) -> Iterator[FootageFrame]:
        from .recorded import recorded_frames

        given_deg = None if self.is_fov_recorded else self.fov_deg
        frames = recorded_frames(
            self.paths[0], self.image_topic, self.left_out.__setitem__, apart_s, given_deg
        )
        for number, stamp_s, is_afresh, image, fov_deg in frames:
            yield FootageFrame(number, f'{stamp_s:.2f} s', image, stamp_s, is_afresh, fov_deg)


def open_footage(
    paths: Sequence[Path],
    rate_hz: float | None = None,
    fov_deg: float | None = None,
    image_topic: str | None = None,
) -> Footage:
    """Tell what the paths are.

    Args:
        paths: picture files, one folder of them, one video, or one recording.
        rate_hz: pictures are frames of a sequence at this rate.
        fov_deg: horizontal field of view of the camera; None: that of ``camera_info`` in a
            recording, else taken for the policy's.
        image_topic: of a recording with several cameras.

    Raises:
        CameraError: nothing there, nothing that is known, several cameras, or a rate of what has
            times of its own.
        EpisodeError: a recording that cannot be read.

    """
    for path in paths:
        if not path.exists():
            if ADDRESS.match(str(path)):
                address = masked(ADDRESS.sub(r'\1//', str(path)))
                raise CameraError(
                    f'{address} is an address, expected files: record some of it (ffmpeg -i '
                    'ADDRESS -t 60 -c copy walk.mkv), and show that'
                )
            raise CameraError(f'{path} does not exist: expected pictures, a video or a recording')
    first = paths[0]
    alone = next((path for path in paths if len(paths) > 1 and is_recording(path)), None)
    if alone is not None:
        raise CameraError(
            f'expected pictures, or one video or recording at a time; got {len(paths)} paths with '
            f'the recording {alone}'
        )
    if len(paths) == 1 and is_recording(first):
        _refuse_rate(first, rate_hz)
        return _recorded(first, fov_deg, image_topic)
    if image_topic is not None:
        raise CameraError(f'{first} is no recording, and --image-topic is of one: leave it out')
    if len(paths) == 1 and first.is_file() and kind_of(first) == 'video':
        _refuse_rate(first, rate_hz)
        return Footage((first,), 'video', fov_deg=fov_deg)
    return _picture_footage(paths, rate_hz, fov_deg)


def _refuse_rate(path: Path, rate_hz: float | None) -> None:
    if rate_hz is not None:
        raise CameraError(f'{path} has times of its own, and --rate is of pictures: leave it out')


def _recorded(path: Path, fov_deg: float | None, image_topic: str | None) -> Footage:
    from .recorded import recorded_fov_deg

    footage = Footage((path,), 'recording', fov_deg=fov_deg, image_topic=image_topic)
    if fov_deg is not None:
        return footage
    aside: dict[str, str] = {}
    told_deg = recorded_fov_deg(path, image_topic, aside.__setitem__)
    return replace(footage, fov_deg=told_deg, is_fov_recorded=True, set_aside=aside)


def _picture_footage(
    paths: Sequence[Path], rate_hz: float | None, fov_deg: float | None
) -> Footage:
    """Take the pictures of files and folders; of the rest it is noted why not."""
    pictures: dict[str, Path] = {}
    aside: dict[str, str] = {}
    for path in paths:
        files = files_below(path, aside.__setitem__) if path.is_dir() else [path]
        for file in files:
            name = file.relative_to(path).as_posix() if path.is_dir() else file.name
            name = name if name not in pictures else str(file)
            if kind_of(file) == 'picture':
                pictures[name] = file
            else:
                aside[name] = why_no_picture(file)
    moving = next((name for name, reason in aside.items() if 'alone' in reason), '')
    if not pictures and moving:
        raise CameraError(
            f'{paths[0]} holds no picture; show one video or recording at a time, such as {moving}'
        )
    if not pictures:
        known = ', '.join((*PICTURES, *VIDEOS, *RECORDINGS))
        others = ''.join(f'; {name}: {reason}' for name, reason in list(aside.items())[:1])
        raise CameraError(
            f'{paths[0]} holds no picture, video or recording: expected {known}{others}'
        )
    return Footage(
        tuple(pictures.values()),
        'pictures',
        rate_hz,
        fov_deg,
        names=tuple(pictures),
        set_aside=aside,
    )
