# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""UDP and TCP. UDP listens on the loopback unless an address is given."""

import errno
import socket
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ....errors import LinkError
from .chunks import LONGEST_READ, Chunk, read_stream, write_stream
from .troubles import Troubles

MOST_DATAGRAMS = 512  # at once: a flood must not keep the loop from its setpoints
MOST_ERRORS = 16  # at once: each datagram to a closed port leaves one
LASTING_PORTS = range(20_000, 30_000)  # below those that systems give by themselves
MACHINE = Path('/etc/machine-id')
SOCKET_IS_GONE = (errno.EBADF, errno.ENOTSOCK)
TCP_TIMEOUT_MS = 2000  # unacknowledged for longer, it is broken: nothing old is delivered later


def lasting_port(host: str, port: int) -> int:
    """Return the port to send to an address from, the same at each start of this machine.

    A PX4 answers the first port that it ever heard, and no other one until it is started anew.
    """
    try:
        machine = MACHINE.read_text(encoding='ascii', errors='replace')
    except OSError:
        machine = ''
    number = zlib.crc32(f'{machine} {host}:{port}'.encode())
    return LASTING_PORTS[number % len(LASTING_PORTS)]


class UdpTransport:
    """UDP; listening, it answers only the address that it is told to accept."""

    def __init__(
        self,
        host: str,
        port: int,
        listens: bool,
        troubles: Troubles | None = None,
        make: Callable[..., Any] = socket.socket,
    ) -> None:
        """Bind (listening) or aim at an address; raises OSError.

        Args:
            host: to bind to, or to send to.
            port: of that host.
            listens: else it sends first.
            troubles: counts what fails.
            make: makes the socket; a test's may fail in any way.

        """
        self._peer: Any = None if listens else (socket.gethostbyname(host), port)
        self._troubles = troubles or Troubles()
        self._socket = make(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self.is_emptied = False
        try:
            self._socket.bind((host, port) if listens else ('', lasting_port(host, port)))
        except OSError:
            if listens:
                self._socket.close()
                raise  # a sender is given some port, where another one has the lasting one

    @property
    def port(self) -> int:
        """The port that it is bound to."""
        return int(self._socket.getsockname()[1])

    def read(self) -> list[Chunk]:
        """Return the waiting datagrams, a bounded number at once.

        Raises:
            LinkError: the socket itself is gone.

        """
        chunks: list[Chunk] = []
        errors, self.is_emptied = 0, False
        while len(chunks) < MOST_DATAGRAMS and errors < MOST_ERRORS:
            try:
                chunks.append(self._socket.recvfrom(LONGEST_READ))
            except BlockingIOError:
                self.is_emptied = True
                break
            except OSError as error:  # such as an earlier datagram that met a closed port
                errors += 1
                self._survive('receiving', error)
        if not errors:
            self._troubles.succeeded('receiving')
        return chunks

    def write(self, data: bytes) -> None:
        """Send one datagram; where that fails it is lost, as on a wire, and counted.

        Raises:
            LinkError: the socket itself is gone.

        """
        if self._peer is None:
            return
        try:
            self._socket.sendto(data, self._peer)
        except BlockingIOError:  # a full buffer: lost
            return
        except OSError as error:
            self._survive('sending', error)
        else:
            self._troubles.succeeded('sending')

    def _survive(self, doing: str, error: OSError) -> None:
        self._troubles.note(doing, error)
        if error.errno in SOCKET_IS_GONE:
            raise LinkError(f'the UDP socket to the autopilot broke: {error}') from error

    def accept(self, source: object) -> None:
        """Answer this address from now on."""
        self._peer = source

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class TcpTransport:
    """A TCP connection to a simulator or a bridge."""

    def __init__(self, host: str, port: int, waits: bool = True) -> None:
        """Connect, or begin to; raises OSError."""
        if waits:
            self._socket = socket.create_connection((host, port), timeout=5.0)
        else:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self.is_emptied = False
        if not waits:
            self._socket.connect_ex((host, port))  # a refusal is told by the first read
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, TCP_TIMEOUT_MS)

    def read(self) -> list[Chunk]:
        """Return what has arrived.

        Raises:
            LinkError: the other side closed the connection.

        """
        self.is_emptied = False
        chunks, self.is_emptied = read_stream(
            lambda: self._socket.recv(LONGEST_READ), 'TCP connection'
        )
        return chunks

    def write(self, data: bytes) -> None:
        """Send, or raise LinkError when the connection is gone."""
        write_stream(self._socket.send, data, 'TCP connection')

    def accept(self, source: object) -> None:
        """Do nothing: there is one other side only."""

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()
