# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures and commands out of a recorded flight, in order; needs ``rosbags``, not rosbag2.

Any rosbag2 directory with the topics of ``record.launch.py``, whatever its namespace.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import topics
from ..arrays import Command, Image
from ..camera.source import CameraFrame
from ..encodings import decode_compressed
from ..errors import EpisodeError, require
from ..ros import conversions

COMMAND, INFO = topics.COMMAND, topics.CAMERA_INFO


@dataclass(frozen=True)
class RecordedPicture:
    """One picture of a recording, with the last camera_info before it, serialized."""

    frame: CameraFrame
    info: bytes | None


class Bag:
    """A recording; read as often as wanted."""

    def __init__(self, path: Path) -> None:
        """Find its topics.

        Raises:
            EpisodeError: no recording, no pictures or no commands in it.

        """
        typesys = require('rosbags.typesys', 'record')
        self._store = typesys.get_typestore(typesys.Stores.ROS2_HUMBLE)
        self._module = require('rosbags.rosbag2', 'record')
        self.path = path
        with self._open() as reader:
            names = [link.topic for link in reader.connections]
        self._pictures = self._find(names, topics.IMAGE_COMPRESSED, topics.IMAGE)
        self._command = self._find(names, COMMAND)
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
            yield RecordedPicture(CameraFrame(picture_of(message), stamp_ns), info)

    def _find(self, names: list[str], *endings: str) -> str:
        found = [name for end in endings for name in names if f'/{name}'.endswith(f'/{end}')]
        if not found:
            wanted, there = ' or '.join(endings), ', '.join(sorted(names))
            raise EpisodeError(
                f'{self.path} has no topic {wanted}, but {there}; record with record.launch.py'
            )
        return found[0]

    def _open(self) -> Any:
        try:
            return self._module.Reader(self.path)
        except (OSError, self._module.ReaderError) as error:
            raise EpisodeError(
                f'{self.path} cannot be read: {error}; expected a rosbag2 directory with '
                'metadata.yaml (ros2 bag reindex makes one anew)'
            ) from error

    def _messages(self, *topics: str) -> Iterator[tuple[bytes, Any]]:
        with self._open() as reader:
            links = [link for link in reader.connections if link.topic in topics]
            for link, _, raw in reader.messages(links):
                yield bytes(raw), self._store.deserialize_cdr(raw, link.msgtype)


def picture_of(message: Any) -> Image:
    """Return an Image or CompressedImage as RGB.

    Raises:
        ImageError: a picture that cannot be read.

    """
    if hasattr(message, 'format'):
        return decode_compressed(message.format, message.data)
    return conversions.image_array(message)
