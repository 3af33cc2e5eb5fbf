# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Compressed parts of recordings, unpacked within a limit: the size that a file states may lie.

A part has at most ``MOST_BYTES``, and the parts of a file together at most ``MOST_RATIO`` times
its size, so that a small file costs little.
"""

import sys
from typing import Any, BinaryIO

from ..errors import require

MOST_BYTES = 128_000_000  # of a chunk or message; a picture of 8192x4320 RGB has 106 MB
MOST_RATIO = 200  # recordings reach 50, of pictures that are black
FREE_BYTES = 256_000_000  # beyond it the ratio counts
PIECE = 1 << 20
ZSTD_MAGIC = b'\x28\xb5\x2f\xfd'  # no CDR message begins so


class Unpacking:
    """The budget of one reading of a file."""

    def __init__(self, file_bytes: int) -> None:
        self._left = FREE_BYTES + MOST_RATIO * file_bytes

    def part(self, data: bytes, compression: str, size: int | None = None) -> bytes:
        """Return a chunk or message unpacked.

        Args:
            data: as it is in the file.
            compression: '', 'zstd' or 'lz4'.
            size: as the file states it; None: it states none.

        Raises:
            ValueError: another size, larger than is allowed, or broken.

        """
        most = MOST_BYTES if size is None else size
        if most > MOST_BYTES:
            raise ValueError(f'a part of it states {most} bytes, expected at most {MOST_BYTES}')
        unpacked = _unpacked(data, compression, most) if compression else data
        if len(unpacked) > most or (size is not None and len(unpacked) != size):
            raise ValueError(f'a part of it has other than the stated {most} bytes')
        self._spend(len(unpacked))
        return unpacked

    def file(self, packed: BinaryIO, place: BinaryIO) -> None:
        """Unpack a whole file (zstd), piece by piece.

        Raises:
            ValueError: it becomes larger than is allowed, or is broken.

        """
        decompressor = _decompressor('zstd')
        while not decompressor.eof:
            data = packed.read(PIECE) if decompressor.needs_input else b''
            piece = _step(decompressor, data, PIECE)
            if not piece and not data and decompressor.needs_input:
                raise ValueError('it ends in the middle of its compressed data')
            self._spend(len(piece))
            place.write(piece)

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise ValueError(
                f'it unpacks to more than {MOST_RATIO} times its size: this is not the recording '
                'that was meant, or ros2 bag convert writes it without compression'
            )


def _unpacked(data: bytes, compression: str, most: int) -> bytes:
    decompressor = _decompressor(compression)
    unpacked = _step(decompressor, data, most + 1)
    if len(unpacked) <= most and not decompressor.eof:
        raise ValueError('a part of it ends in the middle of its compressed data')
    return unpacked


def _step(decompressor: Any, data: bytes, most: int) -> bytes:
    try:
        return bytes(decompressor.decompress(data, most))
    except Exception as error:  # each library has its own
        raise ValueError(f'its compressed data is broken: {error}') from error


def _decompressor(compression: str) -> Any:
    if compression == 'zstd':
        return _zstd().ZstdDecompressor()
    if compression == 'lz4':
        return require('lz4.frame', 'record').LZ4FrameDecompressor()
    raise ValueError(f'its compression {compression[:20]!r} is unknown, expected zstd or lz4')


def _zstd() -> Any:
    name = 'compression.zstd' if sys.version_info >= (3, 14) else 'backports.zstd'
    return require(name, 'record')
