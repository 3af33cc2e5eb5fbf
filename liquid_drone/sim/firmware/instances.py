# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers of firmware instances: which are free, and one held until its firmware is closed.

An instance is ten ports and, on PX4, a lock file in /tmp. Ports belong to a network namespace; the
lock file and the file that holds an instance do not.
"""

import fcntl
import socket
import struct
import sys
from pathlib import Path
from typing import BinaryIO

from ...errors import SimulationError

INSTANCES = 10  # PX4 gives each of its first ten instances ports of its own
FILES = Path('/tmp')  # where PX4 keeps its lock files
# The C structure flock: Linux begins with type and whence, macOS ends with them.
_LINUX, _DARWIN = struct.Struct('hhqqi4x'), struct.Struct('qqihh')


class Instance:
    """One instance that no other simulator uses; close it."""

    def __init__(self, number: int, holder: BinaryIO) -> None:
        """Use an open file that is locked; :func:`hold` makes one."""
        self.number, self._holder = number, holder

    def close(self) -> None:
        """Let another simulator use it."""
        self._holder.close()


def hold(number: int) -> Instance:
    """Hold an instance, so that a flight in another network namespace takes another one.

    Raises:
        SimulationError: a simulator or a PX4 uses it.

    """
    instance = _try(number)
    if instance is None:
        raise SimulationError(
            f'instance {number} of firmware is in use on this machine, perhaps in another network '
            'namespace; stop it, or use another port of the companion'
        )
    return instance


def hold_any() -> Instance:
    """Hold the first instance whose ports and files are free.

    Raises:
        SimulationError: all are taken.

    """
    for number in range(INSTANCES):
        instance = _try(number) if _has_ports(number) else None
        if instance is not None:
            return instance
    raise SimulationError(
        f'all {INSTANCES} instances of firmware are in use on this machine; stop one'
    )


def free_instance() -> int:
    """Return the number of an instance that nobody uses now.

    Raises:
        SimulationError: all are taken.

    """
    instance = hold_any()
    instance.close()
    return instance.number


def _try(number: int) -> Instance | None:
    """Hold an instance; None: somebody else does, or a PX4 runs under this number."""
    path = FILES / f'liquid_drone_firmware-{number}'
    try:
        if not path.exists():
            path.touch()
        holder = path.open('rb')
    except OSError:
        return None
    try:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)  # given back when the file is closed
    except OSError:
        holder.close()
        return None
    if is_locked(FILES / f'px4_lock-{number}'):
        holder.close()
        return None
    return Instance(number, holder)


def is_locked(lock: Path) -> bool:
    """Tell whether a process holds a record lock on a file, as a running PX4 does; takes none.

    A file that cannot be opened counts as locked: PX4 could not open it either.
    """
    is_darwin = sys.platform == 'darwin'
    query = (
        _DARWIN.pack(0, 0, 0, fcntl.F_WRLCK, 0)
        if is_darwin
        else _LINUX.pack(fcntl.F_WRLCK, 0, 0, 0, 0)
    )
    try:
        with lock.open('rb') as file:
            answer = fcntl.fcntl(file, fcntl.F_GETLK, query)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    kind = _DARWIN.unpack(answer)[3] if is_darwin else _LINUX.unpack(answer)[0]
    return bool(kind != fcntl.F_UNLCK)


def _has_ports(number: int) -> bool:
    """Tell whether the ports of an instance are free in this network namespace."""
    tcp = 4560 + number, 5762 + 10 * number, 5763 + 10 * number
    udp = 14540 + number, 14580 + number, 18570 + number, 5501 + 10 * number
    streams = all(_can_bind(socket.SOCK_STREAM, port) for port in tcp)
    return streams and all(_can_bind(socket.SOCK_DGRAM, port) for port in udp)


def _can_bind(kind: socket.SocketKind, port: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == socket.SOCK_STREAM)
        try:
            probe.bind(('', port))
        except OSError:
            return False
    return True
