# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What every transport can do: read chunks, write packets, never block, survive."""

from collections.abc import Callable
from typing import Protocol

from ....errors import LinkError

Chunk = tuple[bytes, object]  # the bytes, and whom they came from
LONGEST_READ = 65535
MOST_READS = 16  # at once: a flood must not keep the loop from its setpoints


class Transport(Protocol):
    """A way for bytes to travel; neither call ever blocks."""

    @property
    def is_emptied(self) -> bool:
        """Whether the last read left nothing behind: what comes next has not waited before it."""

    def read(self) -> list[Chunk]:
        """Return what has arrived."""

    def write(self, data: bytes) -> None:
        """Send to the vehicle, if it is known where it is."""

    def accept(self, source: object) -> None:
        """Learn that the vehicle is at this source of a chunk."""

    def close(self) -> None:
        """Release port or file."""


def read_stream(read: Callable[[], bytes], name: str) -> tuple[list[Chunk], bool]:
    """Read a byte stream, a bounded number of times; tell whether nothing was left.

    Raises:
        LinkError: it broke or was closed, and nothing had arrived before.

    """
    chunks: list[Chunk] = []
    for _ in range(MOST_READS):
        try:
            data = read()
        except BlockingIOError:
            return chunks, True
        except OSError as error:
            if not chunks:
                raise LinkError(f'the {name} to the autopilot broke: {error}') from error
            break  # the next read meets it again
        if not data:
            if not chunks:
                raise LinkError(f'the {name} to the autopilot was closed by the other side')
            break
        chunks.append((data, None))
    return chunks, False


def write_stream(send: Callable[[bytes], int], data: bytes, name: str) -> bool:
    """Write once to a byte stream; what does not fit is lost. Tells whether all was taken.

    Raises:
        LinkError: it broke.

    """
    try:
        return send(data) == len(data)  # a packet that is cut here fails its checksum there
    except BlockingIOError:  # full: the packet is lost
        return False
    except OSError as error:
        raise LinkError(f'the {name} to the autopilot broke: {error}') from error
