# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A serial port, taken by one program only.

Two readers of one port take each other's bytes, and both see noise. It is locked in both usual
ways (``flock``, as pyserial and mavlink-router do it, and ``TIOCEXCL``); another program that
holds it without a lock is named in a warning.
"""

import contextlib
import errno
import fcntl
import logging
import os
import stat
import termios
import tty
from pathlib import Path

from .chunks import LONGEST_READ, Chunk, read_stream, write_stream

logger = logging.getLogger(__name__)


class SerialTransport:
    """A serial port, 8N1 without flow control."""

    def __init__(self, device: str, baud: int) -> None:
        """Open, lock and set up the port; raises OSError."""
        self.is_emptied = False
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
        write_stream(lambda part: os.write(self._file, part), data, 'serial port')

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
