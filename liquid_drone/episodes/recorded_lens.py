# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The lens of a recorded camera: of each picture what ``camera_info`` said last, as in flight."""

import bisect
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import ImageError
from ..lens.lens import LATELY, Lens
from .bag_source import TopicSource

IMAGE_TYPES = ('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage')
INFO_TYPE = 'sensor_msgs/msg/CameraInfo'
COMPRESSED, ZSTD = '/compressed', '/zstd'  # as image_transport calls them
TRANSPORTS = ('', COMPRESSED, ZSTD)  # of one camera's pictures


class RecordedLens:
    """What a camera says of its lens along a recording; it may zoom, or change its region."""

    def __init__(
        self,
        source: TopicSource | None,
        tell: Callable[[int, str], None],
        given_deg: float | None = None,
        is_rectified: bool = False,
    ) -> None:
        """Read all that it says.

        Args:
            source: its camera_info; None: it says nothing.
            tell: gets the time in ns and the reason, where it cannot be true; that counts as not
                said.
            given_deg: horizontal field of view, whatever the camera says; None: as it says.
            is_rectified: whether its pictures are.

        """
        self._given_deg = given_deg
        self._lenses: list[Lens] = []
        self._since_ns: list[int] = []  # of each, by the recorder's clock
        if source and given_deg is None:
            self._read(source, tell, is_rectified)

    def _read(
        self, source: TopicSource, tell: Callable[[int, str], None], is_rectified: bool
    ) -> None:
        """Note what is believed after each word that changes it."""
        lens, said, times = Lens(), None, 0
        lens.is_rectified = is_rectified
        for at_ns, message in source.decoded(tell):
            now = _words_of(message)
            times = times + 1 if now == said else 0
            if times >= LATELY:  # nothing else was said lately
                continue
            was_told, said = now == said or lens.is_mixed, now
            try:
                lens.take_message(message)
            except ImageError as error:
                if not was_told:
                    tell(at_ns, str(error))
                if not lens.is_mixed:
                    continue
            if not was_told or lens.is_mixed is not self._lenses[-1].is_mixed:
                self._lenses.append(lens.as_now())
                self._since_ns.append(at_ns)

    @property
    def angles_deg(self) -> list[float]:
        """The horizontal fields of view that it says, in the order of time."""
        return [lens.fov_deg for lens in self._lenses if lens.fov_deg is not None]

    @property
    def is_known(self) -> bool:
        """Whether a field of view is given, or told at any time."""
        return self._given_deg is not None or bool(self.angles_deg)

    def fov_of(self, at_ns: int, width: int, height: int) -> float | None:
        """Return the horizontal field of view of a picture; None: not calibrated, or not known.

        What came first holds for the pictures before it, too.

        Args:
            at_ns: of the picture, by the recorder's clock.
            width: of the picture.
            height: of the picture.

        Raises:
            ImageError: what the camera said is about pictures of another shape.

        """
        if not self._lenses:
            return self._given_deg
        index = max(bisect.bisect_right(self._since_ns, at_ns) - 1, 0)
        return self._lenses[index].fov_of(width, height)


def camera_info_of(sources: Sequence[TopicSource], camera: TopicSource) -> TopicSource | None:
    """Return a camera's own camera_info: beside its pictures, below them, or the only one.

    The only one is that of the only camera.
    """
    infos = {full_name(one.topic): one for one in sources if one.msgtype == INFO_TYPE}
    name = camera_of(camera.topic)
    for place in (name.rpartition('/')[0], name):  # AirSim's is below
        if own := infos.get(f'{place}/camera_info'):
            return own
    pictures = {camera_of(one.topic) for one in sources if one.msgtype in IMAGE_TYPES}
    return next(iter(infos.values())) if len(infos) == len(pictures) == 1 else None


def camera_of(topic: str) -> str:
    """Return the name of a camera's pictures, however they are transported."""
    return full_name(topic).removesuffix(COMPRESSED).removesuffix(ZSTD)


def full_name(topic: str) -> str:
    """Return the name of a topic with one slash before it."""
    return f'/{topic.strip("/")}'


def _words_of(info: Any) -> tuple[object, ...]:
    roi = info.roi
    region = roi.x_offset, roi.y_offset, roi.width, roi.height
    numbers = (tuple(map(float, row)) for row in (info.k, info.d, info.p))
    return info.width, info.height, info.distortion_model, *numbers, region
