# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A bad radio between autopilot and companion: loss, doubles, disorder, flipped bits, junk.

A fake that ships, so that others can test their own code with it. Everything random follows from
the generator that is given. It knows no MAVLink; a packet is some bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .. import udp

LONGEST_JUNK = 80
HELD_BACK = 4  # packets that may overtake one that is late


@dataclass(frozen=True)
class LinkFaults:
    """Shares of the packets, 0 to 1, to which each thing happens."""

    loss: float = 0.0
    double: float = 0.0
    late: float = 0.0  # others overtake it
    damaged: float = 0.0  # one to three bits are flipped
    junk: float = 0.0  # bytes that are none of anybody's come after it
    dead: bool = False  # nothing comes through


class FaultyWire:
    """One direction of a link; set :attr:`faults` at any time."""

    def __init__(self, rng: np.random.Generator, faults: LinkFaults | None = None) -> None:
        """Begin with these faults; none by default."""
        self.faults = faults or LinkFaults()
        self._rng = rng
        self._late: list[tuple[int, bytes]] = []  # packets to wait for yet

    def carry(self, packets: Iterable[bytes]) -> list[bytes]:
        """Return what arrives at the other end of what is sent, in its order."""
        arrived: list[bytes] = []
        for packet in packets:
            arrived += self._carry_one(packet)
            self._late = [(left - 1, late) for left, late in self._late]
            arrived += [late for left, late in self._late if left <= 0]
            self._late = [item for item in self._late if item[0] > 0]
        return [] if self.faults.dead else arrived

    def _carry_one(self, packet: bytes) -> list[bytes]:
        faults, rng = self.faults, self._rng
        if rng.random() < faults.loss:
            return []
        if rng.random() < faults.damaged:
            packet = self._damaged(packet)
        if rng.random() < faults.late:
            self._late.append((int(rng.integers(2, HELD_BACK + 1)), packet))
            return []
        copies = 2 if rng.random() < faults.double else 1
        junk = [self._junk()] if rng.random() < faults.junk else []
        return [packet] * copies + junk

    def _damaged(self, packet: bytes) -> bytes:
        changed = bytearray(packet)
        for _ in range(int(self._rng.integers(1, 4))):
            changed[int(self._rng.integers(len(changed)))] ^= 1 << int(self._rng.integers(8))
        return bytes(changed)

    def _junk(self) -> bytes:
        return self._rng.bytes(int(self._rng.integers(1, LONGEST_JUNK)))


class UdpProxy:
    """A bad radio on UDP, between a companion's port and whoever sends to this one.

    It keeps no time: call :meth:`poll` in a loop. Close it, or use it as a context.
    """

    def __init__(self, companion: tuple[str, int], rng: np.random.Generator) -> None:
        """Listen for the vehicle on a free port of the loopback."""
        self.to_companion, self.to_vehicle = FaultyWire(rng), FaultyWire(rng)
        self._companion = companion
        self._vehicle: tuple[str, int] | None = None
        self._sockets = [udp.listen(udp.ANY_PORT, 'the bad radio') for _ in range(2)]

    @property
    def address(self) -> tuple[str, int]:
        """Where the vehicle has to send to."""
        host, port = self._sockets[0].getsockname()
        return host, port

    def poll(self) -> None:
        """Carry what waits, both ways."""
        outside, inside = self._sockets
        for packet, source in udp.waiting(outside):
            self._vehicle = source
            for arrived in self.to_companion.carry([packet]):
                inside.sendto(arrived, self._companion)
        for packet, _ in udp.waiting(inside):
            for arrived in self.to_vehicle.carry([packet]):
                if self._vehicle is not None:
                    outside.sendto(arrived, self._vehicle)

    def close(self) -> None:
        """Close both sockets."""
        for end in self._sockets:
            end.close()

    def __enter__(self) -> 'UdpProxy':
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close both sockets."""
        self.close()
