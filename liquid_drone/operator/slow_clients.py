# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Ends connections that take too long to ask for something, before and after a login.

A client that sends the head of a request byte by byte holds a connection for as long as it likes;
some hundreds of those, and nobody else reaches the page. So each connection has a time in which a
whole request must have come, again after each answer, and of those that are still waiting only so
many are kept: the one that has waited longest goes, never the new one.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol


class Closable(Protocol):
    """An asyncio transport, as far as it is used."""

    def close(self) -> None:
        """Send what is written, then close."""


class Connection(Protocol):
    """Aiohttp's handler of one connection, as far as it is used."""

    @property
    def transport(self) -> Closable | None:
        """None before it is connected and after it was lost."""


class SlowClients:
    """The connections of one server that wait for a whole request, oldest first."""

    def __init__(self, limit_s: float, most: int) -> None:
        """Begin with none.

        Args:
            limit_s: time for a whole request.
            most: so many may wait at once.

        """
        self.limit_s, self._most = limit_s, most
        self._waiting: dict[Connection, asyncio.TimerHandle] = {}

    def watched(self, make: Callable[[], Connection]) -> Callable[[], Connection]:
        """Return a maker of connections that are watched from the start."""

        def connection() -> Connection:
            made = make()
            self.wait_for(made)
            return made

        return connection

    def wait_for(self, connection: Connection) -> None:
        """Begin to wait for a whole request: it must have come within the time."""
        self.take(connection)
        if len(self._waiting) >= self._most:
            self._end(next(iter(self._waiting)))
        loop = asyncio.get_running_loop()
        self._waiting[connection] = loop.call_later(self.limit_s, self._end, connection)

    def take(self, connection: Connection) -> None:
        """Stop waiting: a whole request is there."""
        timer = self._waiting.pop(connection, None)
        if timer is not None:
            timer.cancel()

    def _end(self, connection: Connection) -> None:
        self.take(connection)
        if connection.transport is not None:
            connection.transport.close()
