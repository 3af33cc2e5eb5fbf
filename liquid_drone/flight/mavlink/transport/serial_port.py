# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A serial port, taken by one program only.

Two readers of one port take each other's bytes, and both see noise. It is locked in both usual
ways (``flock``, as pyserial and mavlink-router do it, and ``TIOCEXCL``); another program that
holds it without a lock is named in a warning.

Where the other side takes nothing (an autopilot's USB that hangs), the system keeps what was
written, and delivers it when the other side goes on: setpoints of long ago, to a vehicle that was
handed back meanwhile. So what waits in a port that stands still is thrown away.
"""

import contextlib
import errno
import fcntl
import logging
import os
import stat
import struct
import termios
import time
import tty
from collections.abc import Callable
from pathlib import Path

from .chunks import LONGEST_READ, Chunk, read_stream, write_stream

logger = logging.getLogger(__name__)
STILL_S = 0.5  # without a byte that left: what waits is thrown away


def queued_bytes(file: int) -> int:
    """Return how many written bytes wait in the system; 0 where it does not tell."""
    try:
        (count,) = struct.unpack('i', fcntl.ioctl(file, termios.TIOCOUTQ, bytes(4)))
    except OSError:
        return 0
    return int(count)


class SerialTransport:
    """A serial port, 8N1 without flow control."""

    def __init__(
        self,
        device: str,
        baud: int,
        clock: Callable[[], float] = time.monotonic,
        queued: Callable[[int], int] = queued_bytes,
    ) -> None:
        """Open, lock and set up the port; raises OSError.

        Args:
            device: such as /dev/ttyTHS1.
            baud: a standard rate.
            clock: a steady time.
            queued: tells how many bytes of a file wait; a pseudo terminal tells of none.

        """
        self.is_emptied = False
        self._clock, self._queued = clock, queued
        self._left, self._moved_s = 0, clock()  # what waited last, and when it moved
        speed = getattr(termios, f'B{baud}', None)
        if speed is None:
            raise OSError(f'the baud rate {baud} is not a standard one')
        try:
            self._file = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            raise _in_use(device) if error.errno == errno.EBUSY else error from error
        try:
            self._take(device)
            self._set_up(device, speed)
        except OSError:
            os.close(self._file)
            raise

    def _take(self, device: str) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _in_use(device) from error

    def _set_up(self, device: str, speed: int) -> None:
        try:
            tty.setraw(self._file)
            settings = termios.tcgetattr(self._file)
            settings[2] = settings[2] & ~termios.CRTSCTS | termios.CLOCAL | termios.CREAD
            settings[4] = settings[5] = speed
            termios.tcsetattr(self._file, termios.TCSANOW, settings)
            termios.tcflush(self._file, termios.TCIOFLUSH)
            fcntl.ioctl(self._file, termios.TIOCEXCL)
        except (OSError, termios.error) as error:
            raise OSError(f'{device} is not a serial port ({error})') from error

    def read(self) -> list[Chunk]:
        """Return what has arrived.

        Raises:
            LinkError: the device is gone.

        """
        self.is_emptied = False
        chunks, self.is_emptied = read_stream(
            lambda: os.read(self._file, LONGEST_READ), 'serial port'
        )
        return chunks

    def write(self, data: bytes) -> None:
        """Send, or raise LinkError when the device is gone."""
        left, now_s = self._queued(self._file), self._clock()
        is_taken = write_stream(lambda part: os.write(self._file, part), data, 'serial port')
        if left < self._left or (is_taken and left == 0):
            self._moved_s = now_s
        elif now_s - self._moved_s > STILL_S:
            self._moved_s = now_s
            with contextlib.suppress(termios.error):  # the device is gone: the next call meets it
                termios.tcflush(self._file, termios.TCOFLUSH)
        self._left = self._queued(self._file)

    def accept(self, source: object) -> None:
        """Do nothing: there is one other side only."""

    def close(self) -> None:
        """Give the port back, and close it."""
        with contextlib.suppress(OSError):  # the device is gone, and its lock with it
            fcntl.ioctl(self._file, termios.TIOCNXCL)
        os.close(self._file)


def warn_of_others(device: str) -> None:
    """Name the programs that hold a port without having locked it."""
    others = holders(device)
    if others:
        logger.warning(
            '%s is open in %s too: each takes bytes that the other misses; stop it',
            device,
            ' and '.join(others),
        )


def holders(device: str) -> list[str]:
    """Return the other programs that have a device open, as far as they may be seen."""
    try:
        number = Path(device).stat().st_rdev
    except OSError:
        return []
    found = []
    for process in Path('/proc').glob('[0-9]*'):
        if int(process.name) != os.getpid() and _has_open(process, number):
            found.append(f'{_name(process)} (process {process.name})')
    return found


def _has_open(process: Path, number: int) -> bool:
    try:
        statuses = [item.stat() for item in (process / 'fd').iterdir()]
    except OSError:  # another user's, or it has just ended
        return False
    return any(stat.S_ISCHR(one.st_mode) and one.st_rdev == number for one in statuses)


def _name(process: Path) -> str:
    try:
        return (process / 'comm').read_text('utf-8', 'replace').strip()
    except OSError:
        return 'a program'


def _in_use(device: str) -> OSError:
    who = ' and '.join(holders(device)) or 'this program or another one'
    return OSError(errno.EBUSY, f'{device} is in use by {who}: stop it first')
