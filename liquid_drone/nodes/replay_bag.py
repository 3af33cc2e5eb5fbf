# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures and commands out of a recorded flight, in order; needs ``rosbags``, not rosbag2.

Any rosbag2 directory with the topics of ``record.launch.py``, whatever its namespace.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import topics
from ..arrays import Command, Image
from ..camera.source import CameraFrame
from ..encodings import UNSTATED, decode_compressed
from ..episodes.bag_source import TopicSource, open_bag, topics_of
from ..episodes.rosbag import typestore
from ..errors import EpisodeError
from ..ros import conversions

COMMAND, INFO = topics.COMMAND, topics.CAMERA_INFO


@dataclass(frozen=True)
class RecordedPicture:
    """One picture of a recording, with the last camera_info before it, serialized."""

    frame: CameraFrame
    info: bytes | None


class Bag:
    """A recording; read as often as wanted."""

    def __init__(self, path: Path, colour_order: str = UNSTATED) -> None:
        """Find its topics.

        Args:
            path: of the recording.
            colour_order: rgb or bgr, of raw pictures whose encoding names none.

        Raises:
            EpisodeError: no recording, no pictures or no commands in it.

        """
        self.path, self._colour_order = path, colour_order
        with open_bag(path) as sources:
            names, there = [source.topic for source in sources], topics_of(sources)
        self._pictures = self._find(names, there, topics.IMAGE_COMPRESSED, topics.IMAGE)
        self._command = self._find(names, there, COMMAND)
        self._info = self._pictures.rpartition('camera/')[0] + INFO

    def commands(self) -> dict[int, Command]:
        """Return stamp of the picture -> command, as it was then."""
        return {
            conversions.nanoseconds(message.header.stamp): conversions.command_array(message)
            for _, message in self._messages(self._command)
        }

    def pictures(self) -> Iterator[RecordedPicture]:
        """Yield the pictures, as RGB with the stamps of their headers.

        Raises:
            ImageError: a picture that cannot be read.

        """
        info: bytes | None = None
        for raw, message in self._messages(self._pictures, self._info):
            if hasattr(message, 'distortion_model'):
                info = raw
                continue
            stamp_ns = conversions.nanoseconds(message.header.stamp)
            yield RecordedPicture(CameraFrame(self._picture(message), stamp_ns), info)

    def _picture(self, message: Any) -> Image:
        if hasattr(message, 'format'):
            return decode_compressed(message.format, message.data)
        return conversions.image_array(message, self._colour_order)

    def _find(self, names: list[str], there: str, *endings: str) -> str:
        found = [name for end in endings for name in names if f'/{name}'.endswith(f'/{end}')]
        if not found:
            wanted = ' or '.join(endings)
            raise EpisodeError(
                f'{self.path} has no topic {wanted}, but {there}; record with record.launch.py'
            )
        return found[0]

    def _messages(self, *topics: str) -> Iterator[tuple[bytes, Any]]:
        """Yield the messages of topics in the order of their recording."""
        with open_bag(self.path) as sources:
            streams = [_stamped(source) for source in sources if source.topic in topics]
            for _, raw, kind in heapq.merge(*streams, key=lambda row: row[0]):
                yield raw, typestore().deserialize_cdr(raw, kind)


def _stamped(source: TopicSource) -> Iterator[tuple[int, bytes, str]]:
    return ((at_ns, raw, source.msgtype) for at_ns, raw in source.messages())
