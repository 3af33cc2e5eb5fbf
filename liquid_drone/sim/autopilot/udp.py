# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated autopilot on UDP, as PX4's and ArduPilot's own simulators do it.

One socket of its own; telemetry goes to the given addresses without being asked, and to whoever
else sends it MAVLink. Loopback unless told otherwise. It keeps no time: it is called by a loop.
"""

import select
import time
from collections.abc import Callable, Sequence

from .. import udp
from ..udp import Address
from .simulated import SimulatedAutopilot

COMPANION: Address = ('127.0.0.1', 14540)
GROUND_STATION: Address = ('127.0.0.1', 14550)
MAX_LINKS = 8  # further senders are ignored


class UdpEndpoint:
    """Carries the autopilot's links, one for each address; close it, or use it as a context."""

    def __init__(
        self,
        autopilot: SimulatedAutopilot,
        targets: Sequence[Address] = (COMPANION, GROUND_STATION),
        bind: Address = udp.ANY_PORT,
    ) -> None:
        """Open the socket; port 0 takes any free one.

        Raises:
            SimulationError: the address cannot be bound.

        """
        self.autopilot = autopilot
        self._links = {address: number for number, address in enumerate(targets)}
        self._socket = udp.listen(bind, 'the simulated autopilot')

    @property
    def address(self) -> Address:
        """The address that it listens on."""
        host, port = self._socket.getsockname()
        return host, port

    def poll(self) -> int:
        """Hand every waiting datagram to the autopilot; returns how many there were."""
        count = 0
        for data, address in udp.waiting(self._socket):
            count += 1
            number = self._number_of(address, data)
            if number is not None:
                self.autopilot.receive(data, number)
        return count

    def _number_of(self, address: Address, data: bytes) -> int | None:
        looks_right = data[:1] in (b'\xfd', b'\xfe')
        if address not in self._links and looks_right and len(self._links) < MAX_LINKS:
            self._links[address] = len(self._links)
        return self._links.get(address)

    def flush(self) -> None:
        """Send what is due on every link; an address where nobody listens is no error."""
        for address, number in self._links.items():
            for packet in self.autopilot.transmit(number):
                try:
                    self._socket.sendto(packet, address)
                except (
                    BlockingIOError,
                    ConnectionError,
                ):  # full buffer, closed port: as on a wire
                    continue

    def wait_for(self, is_true: Callable[[], bool], timeout_s: float) -> bool:
        """Receive until a condition holds, or some wall-clock time is over; tells which."""
        deadline = time.monotonic() + timeout_s
        while True:
            left = deadline - time.monotonic()
            if is_true():
                return True
            if left <= 0.0:
                return False
            select.select([self._socket], [], [], left)
            self.poll()
            self.flush()  # answers; nothing new falls due while simulated time stands

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def __enter__(self) -> 'UdpEndpoint':
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the socket."""
        self.close()
