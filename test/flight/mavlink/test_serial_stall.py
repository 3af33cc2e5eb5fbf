# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A serial port that takes nothing for a while delivers nothing old afterwards."""

import os
import pty
import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.flight.mavlink.transport.serial_port import STILL_S, SerialTransport

MARK, STAMP, BYTES = b'setpoint', struct.Struct('<d'), 65  # as long as a setpoint
TAKEN_IN = 4095  # bytes that a pseudo terminal's other end has taken in, whoever reads them
PACKETS = 1100  # more than it holds, with all that the system adds


class Port:
    """A pseudo terminal whose other end reads when the test says so, by the test's clock."""

    def __init__(self, tells_queue: bool) -> None:
        self.master, slave = pty.openpty()
        os.set_blocking(self.master, False)
        self.now_s, self.waiting, self.asked, self.tells_queue = 0.0, 0, 0, tells_queue
        name = os.ttyname(slave)
        self.port = SerialTransport(name, 921600, lambda: self.now_s, self._queued)
        os.close(slave)

    def _queued(self, file: int) -> int:
        """Tell what a UART or USB port would: a pseudo terminal tells nothing."""
        self.asked += 1  # before each packet, and behind it
        written = BYTES if self.asked % 2 == 0 else 0
        return self.waiting + written if self.tells_queue else 0

    def write(self, every_s: float) -> None:
        self.now_s += every_s
        self.port.write((MARK + STAMP.pack(self.now_s)).ljust(BYTES, b'\0'))
        self.waiting += BYTES

    def read(self, leave_out: int = 0) -> list[float]:
        """Return when each packet was written that comes whole behind so many bytes."""
        data = b''
        try:
            while True:
                data += os.read(self.master, 65536)
        except BlockingIOError:
            self.waiting = 0
        parts = data[leave_out:].split(MARK)[1:]
        whole = (part[: STAMP.size] for part in parts if len(part) == BYTES - len(MARK))
        return [STAMP.unpack(one)[0] for one in whole]

    def close(self) -> None:
        self.port.close()
        os.close(self.master)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.015, 0.5), st.floats(0.0, 60.0), st.booleans())
def test_what_waited_in_a_port_that_stood_still_does_not_arrive(
    every_s: float, still_s: float, tells_queue: bool
) -> None:
    """Its buffer may hold many seconds, and the companion is silent by then (mavros 1397)."""
    port = Port(tells_queue)
    try:
        for _ in range(10):  # while it flows all arrive
            port.write(every_s)
            assert port.read() == [port.now_s]
        begun_s, count = port.now_s, round(still_s / every_s)
        for _ in range(count):
            port.write(every_s)
        arrived = port.read(TAKEN_IN)
        if tells_queue:
            assert all(port.now_s - one <= STILL_S + 2.0 * every_s + 1e-6 for one in arrived)
        elif (count - PACKETS) * every_s > 2.0 * STILL_S:  # it was full for long enough
            assert all(one > begun_s + 1.0 for one in arrived)
        for _ in range(10):
            port.write(every_s)
            assert port.read() == [port.now_s]
    finally:
        port.close()


@settings(max_examples=20, deadline=None)
@given(st.floats(0.015, 0.1), st.lists(st.integers(0, 300), min_size=1, max_size=100))
def test_a_port_that_is_slow_and_moves_loses_nothing(every_s: float, left: list[int]) -> None:
    """Some bytes wait at each write, now more, now fewer, on a line that is nearly full."""
    port = Port(tells_queue=True)
    try:
        arrived = []
        for count in left:
            port.write(every_s)
            arrived += port.read()
            port.waiting = min(count, BYTES - 1)  # fewer than after the write
        assert len(arrived) == len(left)
    finally:
        port.close()
