# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of an MCAP file, by its records from the first to the last, at bounded cost.

No size that the file states is taken for true, and of its index only the list of topics is used.
Topics of an unknown type, definition or serialisation stand in nobody's way. The format:
https://mcap.dev/spec
"""

import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import BinaryIO

from .unpacking import MOST_BYTES, Unpacking

MAGIC = b'\x89MCAP0\r\n'
FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK, DATA_END = 0x02, 0x03, 0x04, 0x05, 0x06, 0x0F
FOOTER_BYTES = 9 + 20 + len(MAGIC)
RECORD = Struct('<BQ')  # kind, bytes
U16, U32, U64 = Struct('<H'), Struct('<I'), Struct('<Q')
MESSAGE_HEAD = Struct('<HIQQ')  # channel, number, stamp of the recorder, of the sender, in ns
CHUNK_HEAD = Struct('<QQQI')  # first and last stamp in ns, bytes unpacked, checksum of those


@dataclass(frozen=True)
class McapChannel:
    """A topic as one publisher had it."""

    topic: str
    msgtype: str
    encoding: str  # 'cdr' of ROS 2


@dataclass(frozen=True)
class McapMessage:
    """One message."""

    channel: int
    at_ns: int  # by the recorder's clock
    data: bytes


class McapFile:
    """An MCAP file; read as often as wanted."""

    def __init__(self, path: Path, may_be_cut: bool = False) -> None:
        """Find its topics.

        Args:
            path: of the file.
            may_be_cut: what is whole of a file without an end counts, see :attr:`is_cut`.

        Raises:
            ValueError: it is cut, broken, or no MCAP file of ROS 2.

        """
        self.path = path
        self.is_cut = False  # its recorder was killed, or lost its power
        self._may_be_cut = may_be_cut
        self._schemas: dict[int, str] = {}
        self.channels: dict[int, McapChannel] = {}
        with path.open('rb') as file:
            self._size = file.seek(0, 2)
            summary = self._check(file)
            if summary:
                file.seek(summary)
                self._note_all(self._records(file))
        if not self.channels:  # they are repeated at the end or not, as the writer likes
            self._note_all(self._unpacked_records())

    def messages(self, channels: Collection[int]) -> Iterator[McapMessage]:
        """Yield the messages of some channels, in the order in which they were written.

        Raises:
            ValueError: the file is broken.

        """
        for kind, record in self._unpacked_records():
            if kind == MESSAGE and _number(U16, record) in channels:
                number, _, at_ns, _ = _numbers(MESSAGE_HEAD, record)
                yield McapMessage(number, at_ns, bytes(record[MESSAGE_HEAD.size :]))

    def _check(self, file: BinaryIO) -> int:
        """Return where the summary begins; 0: there is none."""
        file.seek(0)
        if file.read(len(MAGIC)) != MAGIC:
            raise ValueError('it does not begin as an MCAP file')
        header = next(self._records(file, least=0x01), None)
        if header is None or header[0] != 0x01 or _text(header[1], 0)[0] not in ('ros2', ''):
            raise ValueError('it is no MCAP file of ROS 2')
        file.seek(max(self._size - FOOTER_BYTES, 0))
        footer = file.read(FOOTER_BYTES)
        if footer[:1] != bytes([FOOTER]) or not footer.endswith(MAGIC):
            if not self._may_be_cut:
                raise ValueError('it has no end: it was cut')
            self.is_cut = True
            return 0
        summary = _number(U64, memoryview(footer), RECORD.size)
        if summary > self._size - FOOTER_BYTES:
            raise ValueError('its summary lies behind its end')
        return summary

    def _unpacked_records(self) -> Iterator[tuple[int, memoryview]]:
        """Yield every schema, channel and message, those in chunks too."""
        unpacking = Unpacking(self._size)
        with self.path.open('rb') as file:
            file.seek(len(MAGIC))
            for kind, record in self._records(file):
                if kind == CHUNK:
                    try:
                        records = _unpacked(record, unpacking)
                    except ValueError:
                        if self.is_cut:  # it was not written to its end
                            return
                        raise
                    yield from _within(records)
                elif kind == DATA_END:
                    return
                else:
                    yield kind, record

    def _records(self, file: BinaryIO, least: int = SCHEMA) -> Iterator[tuple[int, memoryview]]:
        """Yield the records from here to the footer; of what is not needed only the kind."""
        while head := file.read(RECORD.size):
            if self.is_cut and self._is_torn(head, file):
                return
            kind, size = _numbers(RECORD, memoryview(head))
            if size > self._size - file.tell():
                raise ValueError(f'a record of it states {size} bytes, more than the file has')
            if kind == FOOTER:
                return
            if not least <= kind <= CHUNK:
                file.seek(size, 1)
                yield kind, memoryview(b'')
            elif size > MOST_BYTES:
                raise ValueError(f'a record of it has {size} bytes, expected at most {MOST_BYTES}')
            else:
                yield kind, memoryview(file.read(size))

    def _is_torn(self, head: bytes, file: BinaryIO) -> bool:
        """Tell whether a record was not written to its end; some disks leave zeros for it."""
        if len(head) < RECORD.size:
            return True
        kind, size = RECORD.unpack(head)
        return bool(kind == 0 or size > self._size - file.tell())

    def _note_all(self, records: Iterator[tuple[int, memoryview]]) -> None:
        for kind, record in records:
            if kind == SCHEMA:
                self._schemas[_number(U16, record)] = _text(record, U16.size)[0]
            elif kind == CHANNEL:
                number, schema = _number(U16, record), _number(U16, record, 2)
                topic, after = _text(record, 4)
                encoding, _ = _text(record, after)
                self.channels[number] = McapChannel(topic, self._schemas.get(schema, ''), encoding)


def _unpacked(chunk: memoryview, unpacking: Unpacking) -> memoryview:
    _, _, size, checksum = _numbers(CHUNK_HEAD, chunk)
    compression, after = _text(chunk, CHUNK_HEAD.size)
    packed = _number(U64, chunk, after)
    data = chunk[after + U64.size :]
    if packed != len(data):
        raise ValueError(f'a chunk of it states {packed} bytes and has {len(data)}')
    records = unpacking.part(bytes(data), compression, size)
    if checksum and zlib.crc32(records) != checksum:
        raise ValueError('a chunk of it does not match its checksum')
    return memoryview(records)


def _within(records: memoryview) -> Iterator[tuple[int, memoryview]]:
    at = 0
    while at < len(records):
        kind, size = _numbers(RECORD, records, at)
        at += RECORD.size
        if size > len(records) - at:
            raise ValueError(f'a record in a chunk states {size} bytes, more than the chunk has')
        yield kind, records[at : at + size]
        at += size


def _text(record: memoryview, at: int) -> tuple[str, int]:
    """Return a text and where the next field begins."""
    size = _number(U32, record, at)
    if size > len(record) - at - U32.size:
        raise ValueError(f'a text of it states {size} bytes, more than its record has')
    begin = at + U32.size
    return str(record[begin : begin + size], 'utf-8', 'replace'), begin + size


def _number(form: Struct, record: memoryview, at: int = 0) -> int:
    return int(_numbers(form, record, at)[0])


def _numbers(form: Struct, record: memoryview, at: int = 0) -> tuple[int, ...]:
    if len(record) < at + form.size:
        raise ValueError('a record of it is too short for what it should hold')
    return form.unpack_from(record, at)
