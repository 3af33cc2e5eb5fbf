# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A transport that comes back: a pulled cable, a restarted simulator or bridge ends nothing.

While it is gone, reading gives nothing and writing is lost, as on a wire; the guard sees the
silence and acts. It is opened anew once a second, without ever blocking for long.
"""

import logging
import time
from collections.abc import Callable

from ....errors import LinkError
from .chunks import Chunk, Transport
from .network import UdpTransport
from .troubles import Troubles

logger = logging.getLogger(__name__)
RETRY_S = 1.0


class Reconnecting:
    """Carries bytes by a transport that is opened again whenever it breaks."""

    def __init__(
        self,
        first: Transport | None,
        reopen: Callable[[], Transport],
        clock: Callable[[], float] = time.monotonic,
        troubles: Troubles | None = None,
    ) -> None:
        """Begin with an open transport, or with none yet.

        Args:
            first: open; None: it cannot be opened yet.
            reopen: raises LinkError where it cannot.
            clock: of the retries.
            troubles: counts what fails.

        """
        self._reopen, self._clock = reopen, clock
        self._inner = first
        self.troubles = troubles or Troubles(clock)
        self._retry_s = 0.0
        self._is_lost = first is None  # nothing has come since it broke
        self.breaks = 0  # how often it broke
        self._was_read = False  # by the last call

    @property
    def inner(self) -> Transport | None:
        """The present transport; None while it is gone."""
        return self._inner

    @property
    def is_emptied(self) -> bool:
        """Whether the last read met an open transport and left nothing behind."""
        return self._was_read and self._inner is not None and self._inner.is_emptied

    @property
    def port(self) -> int:
        """The UDP port that it is bound to.

        Raises:
            LinkError: it is not UDP, or is not open.

        """
        if not isinstance(self._inner, UdpTransport):
            raise LinkError('only an open UDP connection has a port')
        return self._inner.port

    def read(self) -> list[Chunk]:
        """Return all that has arrived; nothing while it is gone."""
        self._was_read = False
        inner = self._inner or self._open()
        if inner is None:
            return []
        try:
            chunks = inner.read()
        except LinkError as error:
            self._drop(error)
            return []
        self._was_read = True
        if chunks and self._is_lost:
            self._is_lost = False
            self.troubles.succeeded('the connection')
            logger.info('the connection to the autopilot is open again')
        return chunks

    def write(self, data: bytes) -> None:
        """Send, or lose it."""
        if self._inner is None:
            return
        try:
            self._inner.write(data)
        except LinkError as error:
            self._drop(error)

    def accept(self, source: object) -> None:
        """Learn that the vehicle is at this source of a chunk."""
        if self._inner is not None:
            self._inner.accept(source)

    def close(self) -> None:
        """Release it, for good."""
        self._release()
        self._retry_s = float('inf')

    def _release(self) -> None:
        if self._inner is not None:
            try:
                self._inner.close()
            except OSError as error:  # nothing to give back: it is gone already
                self.troubles.note('closing', error)
            self._inner = None

    def _drop(self, error: LinkError) -> None:
        cause = error.__cause__
        self.troubles.note('the connection', cause if isinstance(cause, OSError) else _closed())
        if not self._is_lost:  # said once, not at every try
            self._is_lost = True
            self.breaks += 1
            logger.warning('%s; trying again every %g s', error, RETRY_S)
        self._release()
        self._retry_s = self._clock() + RETRY_S

    def _open(self) -> Transport | None:
        if self._clock() < self._retry_s:
            return None
        self._retry_s = self._clock() + RETRY_S
        try:
            self._inner = self._reopen()
        except LinkError:  # still gone, and counted by the opener
            return None
        return self._inner


def _closed() -> OSError:
    return ConnectionResetError('closed by the other side')
