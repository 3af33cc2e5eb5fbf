# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of a recording by topic, whatever else is in it; MCAP and SQLite, no ROS needed.

Only the topics that are asked for are decoded, with the message types that ship here: a topic of
an unknown type, definition or serialisation stands in nobody's way.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import EpisodeError, LiquidDroneError, require, shown
from .rosbag import typestore

STORAGE = ('.mcap', '.db3')
METADATA = 'metadata.yaml'
MOST_METADATA_BYTES = 100_000  # rosbags takes seconds for more: 4 s for a list of 50,000 numbers
Messages = Callable[[], Iterator[tuple[int, bytes]]]


@dataclass(frozen=True)
class TopicSource:
    """One topic of one type."""

    topic: str
    msgtype: str
    messages: Messages  # (stamp of the recorder in ns, data) in the order of time

    def decoded(self, left_out: Callable[[int, str], None]) -> Iterator[tuple[int, Any]]:
        """Yield (stamp of the recorder in ns, message); one that cannot be decoded is counted."""
        store = typestore()
        for bag_ns, data in self.messages():
            try:
                message = store.deserialize_cdr(data, self.msgtype)
            except Exception:  # cut data raises whatever its first wrong byte leads to
                left_out(bag_ns, f'messages of {self.topic} cannot be decoded')
                continue
            yield bag_ns, message


@contextmanager
def open_bag(bag: Path) -> Iterator[list[TopicSource]]:
    """Open a recording.

    Raises:
        EpisodeError: it cannot be read.

    """
    require('rosbags.rosbag2', 'record')
    try:
        with ExitStack() as stack:
            yield _open(bag, stack)
    except LiquidDroneError:
        raise
    except Exception as error:  # a broken file raises whatever its first wrong byte leads to
        raise EpisodeError(
            f'{bag} cannot be read as a recording: {shown(str(error))}; one that was cut off is '
            'mended by ros2 bag reindex (metadata.yaml is missing) or mcap recover (the file has '
            'no end)'
        ) from error


def _open(bag: Path, stack: ExitStack) -> list[TopicSource]:
    try:
        return _by_rosbags(bag, stack) if _is_short(bag) else _file_by_file(bag, stack)
    except Exception:  # perhaps for a topic that is not needed: file by file it may do
        if bag.is_dir() and not (bag / METADATA).is_file():
            raise
        return _file_by_file(bag, stack)


def _is_short(bag: Path) -> bool:
    metadata = bag / METADATA
    return not metadata.is_file() or metadata.stat().st_size <= MOST_METADATA_BYTES


def _file_by_file(bag: Path, stack: ExitStack) -> list[TopicSource]:
    """Read the files of a recording without its description."""
    files = sorted(p for p in bag.glob('*') if p.suffix in STORAGE) if bag.is_dir() else [bag]
    if not files:
        raise EpisodeError(f'{bag}: expected files that end in {" or ".join(STORAGE)}')
    opens = [_by_sqlite if file.suffix == '.db3' else _by_rosbags for file in files]
    return [s for o, file in zip(opens, files, strict=True) for s in o(file, stack)]


def _by_rosbags(path: Path, stack: ExitStack) -> list[TopicSource]:
    reader = require('rosbags.rosbag2', 'record').Reader(path)
    stack.enter_context(reader)

    def messages_of(link: Any) -> Messages:
        return lambda: ((at_ns, bytes(raw)) for _, at_ns, raw in reader.messages([link]))

    return [TopicSource(c.topic, c.msgtype, messages_of(c)) for c in reader.connections]


def _by_sqlite(path: Path, stack: ExitStack) -> list[TopicSource]:
    """Read the two tables that hold the messages; definitions of messages are not looked at."""
    base = stack.enter_context(
        closing(sqlite3.connect(f'{path.resolve().as_uri()}?mode=ro', uri=True))
    )
    order = 'SELECT timestamp, data FROM messages WHERE topic_id = ? ORDER BY timestamp'

    def messages_of(number: int) -> Messages:
        return lambda: ((at_ns, bytes(raw)) for at_ns, raw in base.execute(order, (number,)))

    rows = base.execute('SELECT id, name, type FROM topics').fetchall()
    return [TopicSource(topic, kind, messages_of(number)) for number, topic, kind in rows]
