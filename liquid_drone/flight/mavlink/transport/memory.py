# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""No wire at all: two functions of a simulated autopilot in the same process."""

from collections.abc import Callable, Iterable

from .chunks import Chunk


class MemoryTransport:
    """Carries packets by calling functions."""

    def __init__(
        self, fetch: Callable[[], Iterable[bytes]], deliver: Callable[[bytes], None]
    ) -> None:
        """Read from ``autopilot.transmit``, write to ``autopilot.receive``."""
        self._fetch, self._deliver = fetch, deliver

    @property
    def is_emptied(self) -> bool:
        """Say yes: nothing waits."""
        return True

    def read(self) -> list[Chunk]:
        """Return what the other side has to say now."""
        return [(packet, None) for packet in self._fetch()]

    def write(self, data: bytes) -> None:
        """Deliver at once."""
        self._deliver(data)

    def accept(self, source: object) -> None:
        """Do nothing: there is one other side only."""

    def close(self) -> None:
        """Do nothing."""
