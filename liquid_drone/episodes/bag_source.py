# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of a recording by topic, whatever else is in it; MCAP and SQLite, no ROS needed.

Only the topics that are asked for are decoded, with the message types that ship here: a topic of
an unknown type, definition or serialisation stands in nobody's way.
"""

import itertools
import logging
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from ..errors import EpisodeError, LiquidDroneError, shown
from ..files import visible, what_else
from .mcap_file import McapFile
from .rosbag import typestore
from .unpacking import MOST_BYTES, ZSTD_MAGIC, Unpacking

ENDING = re.compile(r'.+\.(mcap|db3)(\.zstd)?')
ZSTD = '.zstd'
PART = re.compile(r'_\d+(?=\.(mcap|db3)$)')  # of a recording in several files
SPLIT = re.compile(r'(\d+)')
MOST_TOLD = 600  # characters
ROS_1 = b'#ROSBAG'
OF_ROS_1 = 'it is a recording of ROS 1: rosbags-convert makes one of ROS 2'
ROS_1_ENCODING, CDR = 'ros1', 'cdr'  # of messages in MCAP
VIDEO_TYPES = tuple(  # Foxglove's, and those of the plugins of image_transport
    f'{name})' for name in ('CompressedVideo', 'FFMPEGPacket', 'theora_image_transport/msg/Packet')
)
AS_PICTURES = 'image_transport (republish) makes compressed pictures: record those'
METADATA, EPISODE = 'metadata.yaml', 'episode.json'
MOST_METADATA_BYTES = 100_000  # reading it takes seconds beyond; the folder says the same
Messages = Callable[[], Iterator[tuple[int, bytes]]]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TopicSource:
    """One topic of one type."""

    topic: str
    msgtype: str
    messages: Messages  # (stamp of the recorder in ns, data) as recorded

    @property
    def is_empty(self) -> bool:
        """Whether it was recorded, and nothing came on it."""
        return next(self.messages(), None) is None

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


def filled(sources: list[TopicSource]) -> list[TopicSource]:
    """Return those of several topics on which something came; all, where nothing did on any."""
    if len(sources) < 2:
        return sources
    return [one for one in sources if not one.is_empty] or sources


def topics_of(sources: Iterable[TopicSource]) -> str:
    """Return topics and types for a message, however many there are."""
    told = [f'{one.topic} ({one.msgtype})' for one in sources]
    text = ', '.join(told) or 'none'
    text = text if len(text) <= MOST_TOLD else f'{text[:MOST_TOLD]}...'
    packets = next((one for one in told if one.endswith(VIDEO_TYPES)), '')
    if packets:
        text += f'; {packets} has packets of a video, of which {AS_PICTURES}'
    return text


class _NoRecordingError(ValueError):
    """What is there is none, or not one."""


@contextmanager
def open_bag(bag: Path) -> Iterator[list[TopicSource]]:
    """Open a recording.

    Raises:
        EpisodeError: it cannot be read.

    """
    try:
        with ExitStack() as stack:
            yield _open(bag, stack)
    except LiquidDroneError:
        raise
    except (_NoRecordingError, OSError) as error:  # nothing of it is damaged
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise EpisodeError(f'{bag} cannot be read as a recording: {why}') from error
    except Exception as error:  # a broken file raises whatever its first wrong byte leads to
        raise EpisodeError(
            f'{bag} cannot be read as a recording: {shown(str(error))}; of a damaged MCAP file '
            'mcap recover saves what is left'
        ) from error


def _open(bag: Path, stack: ExitStack) -> list[TopicSource]:
    found: dict[tuple[str, str], list[Messages]] = {}
    for file in _storage_files(bag):
        if file.exists() and not file.is_file():  # a pipe would wait for its writer
            raise _NoRecordingError('expected a file or a folder, found something else')
        if words := what_else(file):
            raise EpisodeError(f'{file} {words}')
        with file.open('rb') as begun:
            if begun.read(len(ROS_1)) == ROS_1:
                raise _NoRecordingError(OF_ROS_1)
        plain = _unpacked(file, stack) if file.suffix == ZSTD else file
        read = _by_sqlite if plain.suffix == '.db3' else _by_mcap
        for one in read(plain, stack):
            found.setdefault((one.topic, one.msgtype), []).append(one.messages)
    return [TopicSource(*key, _in_turn(parts)) for key, parts in found.items()]


def _in_turn(parts: list[Messages]) -> Messages:
    return lambda: itertools.chain.from_iterable(part() for part in parts)


def _storage_files(bag: Path) -> list[Path]:
    """Return the files of a recording in their order.

    Raises:
        _NoRecordingError: there are none, or one is missing.

    """
    if not bag.is_dir():
        return [bag]
    found = {file.name: file for file in visible(bag.iterdir()) if ENDING.fullmatch(file.name)}
    if not found:
        raise _NoRecordingError(_what_instead(bag))
    names = _listed(bag / METADATA) or _numbered(found)
    packed = [name if name in found else f'{name}{ZSTD}' for name in names]
    missing = [name for name, other in zip(names, packed, strict=True) if other not in found]
    if missing or not names:
        expected = (
            f'the file {shown(missing[0])}' if missing else 'files that end in .mcap or .db3'
        )
        raise _NoRecordingError(f'expected {expected} in it, found none')
    return [found[name] for name in packed]


def _what_instead(folder: Path) -> str:
    """Say what a folder is in which no file of a recording lies."""
    if (folder / EPISODE).is_file():
        return 'it is an episode already: retrain --bags takes it; its recording is bag in it'
    within = sorted(
        one.name
        for one in visible(folder.iterdir())
        if one.is_dir() and any(ENDING.fullmatch(file.name) for file in visible(one.iterdir()))
    )
    told = f'; some are in folders below: name one, such as {shown(within[0])}' if within else ''
    return f'expected files that end in .mcap or .db3 in it, found none{told}'


def _numbered(names: Iterable[str]) -> list[str]:
    """Return the files of one recording by their numbers, as the recorder counts its parts.

    A recorder that was killed, or lost its power, leaves no description, and perhaps a part that
    it was about to compress.

    Raises:
        _NoRecordingError: they are of several recordings.

    """
    plain = dict.fromkeys(name.removesuffix(ZSTD) for name in names)
    if len(plain) > 1 and len({PART.sub('', name) for name in plain}) > 1:
        raise _NoRecordingError(
            f'it has no {METADATA} that tells what belongs together, and several recordings: name '
            'the file of one'
        )
    return sorted(plain, key=_natural)


def _listed(metadata: Path) -> list[str]:
    """Return the names of the files that the description lists; none where it cannot be read."""
    try:
        if metadata.stat().st_size > MOST_METADATA_BYTES:
            return []
        document = yaml.safe_load(metadata.read_bytes())
        names = document['rosbag2_bagfile_information']['relative_file_paths']
        return [PurePath(name).name for name in names]
    except Exception:  # altered or cut, it raises anything; the folder says the same
        return []


def _natural(name: str) -> list[tuple[int, str]]:
    """Return what sorts bag_10 behind bag_9."""
    return [(int(part[:18]), '') if part.isdigit() else (0, part) for part in SPLIT.split(name)]


def _unpacked(file: Path, stack: ExitStack) -> Path:
    """Unpack a file that rosbag2 compressed as a whole."""
    plain = Path(stack.enter_context(TemporaryDirectory())) / file.stem
    with file.open('rb') as packed, plain.open('wb') as place:
        Unpacking(file.stat().st_size).file(packed, place)
    return plain


@lru_cache
def _tell_cut(path: Path) -> None:
    log.warning('%s has no end: it was cut off, and what came until then is read', path.name)


def _by_mcap(path: Path, stack: ExitStack) -> list[TopicSource]:
    file = McapFile(path, may_be_cut=True)
    if file.is_cut:
        _tell_cut(path)
    numbers: dict[tuple[str, str], list[int]] = {}
    if file.channels and {one.encoding for one in file.channels.values()} == {ROS_1_ENCODING}:
        raise _NoRecordingError(
            'its messages are those of ROS 1: rosbags-convert makes a recording of ROS 2 of the '
            '.bag file that it was made of'
        )
    for number, channel in file.channels.items():
        kind = _full_name(channel.msgtype, channel.encoding)
        numbers.setdefault((channel.topic, kind), []).append(number)

    def messages_of(channels: list[int]) -> Messages:
        return lambda: _plain(path, ((m.at_ns, m.data) for m in file.messages(channels)))

    return [TopicSource(*key, messages_of(channels)) for key, channels in numbers.items()]


def _by_sqlite(path: Path, stack: ExitStack) -> list[TopicSource]:
    """Read the two tables that hold the messages; definitions of messages are not looked at."""
    base = stack.enter_context(
        closing(sqlite3.connect(f'{path.resolve().as_uri()}?mode=ro', uri=True))
    )
    tables = base.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    if not {('topics',), ('messages',)} <= {*tables}:
        raise _NoRecordingError(
            'it has no tables of topics and messages; if its recorder was killed, the file of the '
            'same name with -wal behind it belongs beside it'
        )
    order = (
        'SELECT timestamp, length(data), CASE WHEN length(data) <= ? THEN data END '
        'FROM messages WHERE topic_id = ? ORDER BY rowid'  # as recorded: a clock may be set back
    )

    def messages_of(number: int) -> Messages:
        return lambda: _plain(path, _bounded(base.execute(order, (MOST_BYTES, number))))

    rows = base.execute('SELECT id, name, type FROM topics').fetchall()
    return [
        TopicSource(topic, _full_name(kind, CDR), messages_of(number))
        for number, topic, kind in rows
    ]


def _full_name(kind: str, encoding: str) -> str:
    """Return the name of a type with its ``msg``, which the first recorders of ROS 2 left out."""
    return kind.replace('/', '/msg/') if encoding == CDR and kind.count('/') == 1 else kind


def _bounded(rows: Iterable[tuple[int, int, bytes | None]]) -> Iterator[tuple[int, bytes]]:
    for at_ns, size, data in rows:
        if data is None:
            raise ValueError(f'a message has {size} bytes, expected at most {MOST_BYTES}')
        yield at_ns, bytes(data)


def _plain(path: Path, messages: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Unpack messages that rosbag2 compressed one by one."""
    unpacking = Unpacking(path.stat().st_size)
    for at_ns, data in messages:
        yield at_ns, unpacking.part(data, 'zstd') if data.startswith(ZSTD_MAGIC) else data
