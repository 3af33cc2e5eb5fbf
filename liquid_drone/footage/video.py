# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The frames of a video, and in sentences what of it is not shown, or not as it is."""

from collections.abc import Callable, Iterator
from pathlib import Path

from ..arrays import Image
from ..errors import CameraError
from ..video.video_file import CONVERT, VideoFile


def video_frames(
    path: Path, tell: Callable[[str], None], apart_s: float = 0.0
) -> Iterator[tuple[float, Image]]:
    """Yield (stamp in s from the first frame, RGB (H, W, 3)).

    Args:
        path: of the file.
        tell: gets a sentence where nothing or less than all could be read, or shown as it is.
        apart_s: frames that come sooner after the last one are passed over.

    Raises:
        MissingDependencyError: PyAV is not installed.

    """
    try:
        video = VideoFile(path)
    except CameraError as error:
        tell(str(error))
        return
    try:
        for doubt in video.doubts():
            tell(doubt)
        yield from video.frames(apart_s)
        if not video.count:
            tell(f'no frame of it could be decoded; {CONVERT}')
        elif lack := video.lacks():
            tell(lack)
    finally:
        video.close()
