# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures and commands out of a recorded flight, in order; needs ``rosbags``, not rosbag2.

Any rosbag2 directory with the topics of ``record.launch.py``, whatever its namespace, and
episodes. In an episode ``cmd_vel`` is what is learned: the policy's own command only where the
policy flew, else the motion of the pilot, or the expert's command. So where a recording tells who
flew, only the frames in which the policy did are compared.
"""

import bisect
import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import topics
from ..arrays import Command, Image
from ..camera.frame import CameraFrame
from ..encodings import UNSTATED, decode_compressed
from ..episodes.bag_source import TopicSource, open_bag, topics_of
from ..episodes.episode import BAG, MANIFEST
from ..episodes.policy_start import flown_since_start
from ..episodes.rosbag import typestore
from ..errors import EpisodeError
from ..flight.engagement import ENGAGED_STAGES
from ..ros import conversions

COMMAND, INFO = topics.COMMAND, topics.CAMERA_INFO
ENGAGED = frozenset(stage.name.lower() for stage in ENGAGED_STAGES)  # the policy was reset
LATE_NS = 200_000_000  # between a command and the decision that it led to


@dataclass(frozen=True)
class RecordedCommands:
    """What the policy said then.

    Attributes:
        commands: stamp of the picture -> command, of the frames that are compared.
        begins: stamps of pictures before which the policy started afresh.
        flown: how many frames the policy flew; None: the recording does not tell.

    """

    commands: dict[int, Command]
    begins: frozenset[int] = frozenset()
    flown: int | None = None


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
        self.path = path / BAG if (path / MANIFEST).is_file() else path
        self._colour_order = colour_order
        with open_bag(self.path) as sources:
            names, there = [source.topic for source in sources], topics_of(sources)
        self._pictures = self._find(names, there, topics.IMAGE_COMPRESSED, topics.IMAGE)
        self._command = self._find(names, there, COMMAND)
        self._prefix = self._command.removesuffix(COMMAND)
        self._there = {name.removeprefix(self._prefix) for name in names}
        self._info = self._pictures.rpartition('camera/')[0] + INFO

    def commands(self) -> RecordedCommands:
        """Return what the policy said then, where it flew; everywhere if nothing tells that."""
        is_simulated = {topics.FOLLOWING, topics.COMMAND_EXECUTED} <= self._there
        source = topics.COMMAND_EXECUTED if is_simulated else COMMAND
        found = [
            (
                at_ns,
                conversions.nanoseconds(message.header.stamp),
                conversions.command_array(message),
            )
            for at_ns, message in self._timed(source)
        ]
        found = [one for one in found if np.isfinite(one[2]).all()]
        flies = self._flies_simulated() if is_simulated else self._flies()
        flown = [_is_flown(flies, at_ns) for at_ns, _, _ in found]
        if not any(flown):
            is_episode = topics.COMMAND_EXECUTED in self._there
            kept = [] if is_episode and flies else found
            return RecordedCommands(
                {stamp: command for _, stamp, command in kept}, flown=0 if flies else None
            )
        before = [False, *flown[:-1]]
        rows = list(zip(found, flown, before, strict=True))
        return RecordedCommands(
            {stamp: command for (_, stamp, command), flies, _ in rows if flies},
            frozenset(stamp for (_, stamp, _), flies, did in rows if flies and not did),
            sum(flown),
        )

    def _flies(self) -> list[tuple[int, bool]]:
        """Return time and whether the policy flew, in order; empty: nothing tells it."""
        if topics.DECISION not in self._there:
            return []
        return [(at_ns, _tells_flown(message)) for at_ns, message in self._timed(topics.DECISION)]

    def _flies_simulated(self) -> list[tuple[int, bool]]:
        """Return the same of a simulated flight: a row of its log for each time."""
        following = [
            (at_ns, bool(message.data)) for at_ns, message in self._timed(topics.FOLLOWING)
        ]
        setpoints = {
            at_ns: conversions.command_array(message)
            for at_ns, message in self._timed(topics.SETPOINT)
        }
        received = [setpoints.get(at_ns, np.zeros(4)) for at_ns, _ in following]  # (T, 4)
        flags = np.array([follows for _, follows in following], dtype=np.bool_)
        flown = flown_since_start(flags, np.array(received, dtype=np.float64).reshape(-1, 4))
        return [(at_ns, bool(flies)) for (at_ns, _), flies in zip(following, flown, strict=True)]

    def _timed(self, topic: str) -> Iterator[tuple[int, Any]]:
        with open_bag(self.path) as sources:
            for source in sources:
                if source.topic == f'{self._prefix}{topic}':
                    for at_ns, raw in source.messages():
                        yield at_ns, typestore().deserialize_cdr(raw, source.msgtype)

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


def _tells_flown(message: Any) -> bool:
    """Tell whether a decision is on what a policy answered since it started afresh."""
    facts = {pair.key: pair.value for status in message.status[:1] for pair in status.values}
    return facts.get('stage') in ENGAGED and facts.get('sent') == 'true'


def _is_flown(flies: list[tuple[int, bool]], at_ns: int) -> bool:
    """Tell it of a command: by the first decision from then on, if one came soon."""
    index = bisect.bisect_left(flies, at_ns, key=lambda one: one[0])
    return index < len(flies) and flies[index][0] - at_ns <= LATE_NS and flies[index][1]
