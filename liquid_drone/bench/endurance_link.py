# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The socket of an endurance flight: cut datagrams, a mirrored port, a network that is gone.

It stands in for the operating system's, under the real UDP transport, so that the link meets the
same errors and addresses as on a network.
"""

import errno
import os

import numpy as np

Peer = tuple[str, int]
VEHICLE: Peer = ('10.0.0.2', 14580)
MIRROR: Peer = ('10.0.0.3', 14550)  # receives nothing: what is sent there is lost
LONGEST_PIECE = 64
NETWORK_ERRORS = tuple(
    number
    for number in sorted(errno.errorcode)
    if number not in (errno.EAGAIN, errno.EALREADY, errno.EINPROGRESS)
)


class FaultySocket:
    """A UDP socket whose faults are set from outside."""

    def __init__(self, rng: np.random.Generator) -> None:
        """Begin without a fault."""
        self._rng = rng
        self._inbox: list[tuple[bytes, Peer]] = []
        self.outbox: list[bytes] = []  # to the vehicle
        self.astray: list[bytes] = []  # to the mirror
        self.is_gone = self.is_mirrored = self.is_cut = False

    def arrive(self, packets: list[bytes]) -> None:
        """Let packets of the vehicle come in, as the faults have them."""
        if self.is_gone:
            return
        for packet in packets:
            for piece in self._pieces(packet) if self.is_cut else [packet]:
                self._inbox.append((piece, VEHICLE))
            if self.is_mirrored:
                self._inbox.append((packet, MIRROR))

    def _pieces(self, packet: bytes) -> list[bytes]:
        pieces = []
        while packet:
            size = int(self._rng.integers(1, LONGEST_PIECE + 1))
            pieces.append(packet[:size])
            packet = packet[size:]
        return pieces

    def recvfrom(self, _size: int) -> tuple[bytes, Peer]:
        """Return what came in; fails as the system's does."""
        self._fail()
        if not self._inbox:
            raise BlockingIOError
        return self._inbox.pop(0)

    def sendto(self, data: bytes, peer: Peer) -> int:
        """Send; fails as the system's does."""
        self._fail()
        (self.outbox if peer == VEHICLE else self.astray).append(data)
        return len(data)

    def _fail(self) -> None:
        if self.is_gone:
            number = NETWORK_ERRORS[int(self._rng.integers(len(NETWORK_ERRORS)))]
            raise OSError(number, os.strerror(number))

    def setblocking(self, _flag: bool) -> None:
        """Do nothing: it never blocks."""

    def bind(self, _address: Peer) -> None:
        """Do nothing: it has one address."""

    def close(self) -> None:
        """Do nothing: it is opened again."""
