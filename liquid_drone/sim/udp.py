# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""UDP as the simulator uses it: a socket of its own that never blocks, and what waits in it."""

import socket
from collections.abc import Iterator

from ..errors import SimulationError

Address = tuple[str, int]
ANY_PORT: Address = ('127.0.0.1', 0)
LONGEST_DATAGRAM = 65535


def listen(address: Address, who: str) -> socket.socket:
    """Return a bound socket that does not block; port 0 takes any free one.

    Args:
        address: host and port; loopback, unless a user says otherwise.
        who: uses it, for the error.

    Raises:
        SimulationError: the address cannot be bound.

    """
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        end.bind(address)
    except OSError as error:
        end.close()
        raise SimulationError(
            f'{who} cannot use UDP {address[0]}:{address[1]}: {error.strerror}; '
            'stop the simulator or program that holds it, or choose another port'
        ) from error
    end.setblocking(False)
    return end


def waiting(end: socket.socket) -> Iterator[tuple[bytes, Address]]:
    """Yield every datagram that waits, with its sender."""
    while True:
        try:
            yield end.recvfrom(LONGEST_DATAGRAM)
        except BlockingIOError:
            return
        except ConnectionError:  # an earlier datagram met a closed port: as on a wire
            continue
