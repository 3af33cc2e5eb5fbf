# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Addresses to open transports, and what to do where that fails."""

import errno
import ipaddress
import logging
import os
import re
import socket
import threading
from pathlib import Path

from ....errors import LinkError
from .address import Address, parse_address
from .chunks import Transport
from .network import TcpTransport, UdpTransport
from .serial_port import SerialTransport, warn_of_others
from .troubles import Troubles

logger = logging.getLogger(__name__)
DEVICES = Path('/dev')
PORTS = ('serial/by-id/*', 'ttyACM*', 'ttyUSB*', 'ttyTHS*', 'ttyAMA*', 'serial[0-9]*')
MOST_PORTS = 12  # that are named
NUMBERED = re.compile(r'tty(ACM|USB)\d+')  # numbers that are given anew after a reset
LASTING = 'serial/by-path/*', 'serial/by-id/*'  # that of its socket first: boards may be alike
LOOKED_UP_S = 0.1  # so long a name that is looked up is waited for
# The network is not there yet, as after the start of a computer; it is waited for.
NOT_YET = frozenset(
    {
        errno.EADDRNOTAVAIL,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        socket.EAI_AGAIN,
    }
)


class HostLookup:
    """Looks a host's name up in a thread: a name server that does not answer keeps a loop 10 s."""

    def __init__(self, name: str) -> None:
        """Prepare for a name."""
        self._name, self._found = name, ''
        self._error: OSError | UnicodeError | None = None
        self._thread: threading.Thread | None = None

    def address(self) -> str:
        """Return the address, or raise OSError or UnicodeError: it is tried anew with each call.

        One that is not known yet is EAI_AGAIN.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._look, name='host lookup', daemon=True)
            self._thread.start()
        self._thread.join(LOOKED_UP_S)
        if self._thread.is_alive():
            raise socket.gaierror(socket.EAI_AGAIN, f"the name '{self._name}' is being looked up")
        self._thread = None
        if self._error is not None:
            raise self._error
        return self._found

    def _look(self) -> None:
        try:
            self._found, self._error = socket.gethostbyname(self._name), None
        except (OSError, UnicodeError) as error:
            self._error = error


class Opener:
    """Opens one address, as often as it is needed; a host's name is looked up once."""

    def __init__(
        self, address: Address, troubles: Troubles | None = None, folder: Path = DEVICES
    ) -> None:
        """Remember the address; serial ports are looked for in a folder."""
        self.address, self._folder = address, folder
        self._names: list[str] = []  # lasting ones of a numbered serial port, once it was open
        self.troubles = troubles or Troubles()
        self._host, self._lookup = '', HostLookup(address.where)

    def open(self, waits: bool) -> Transport:
        """Open it.

        Args:
            waits: for a name to be looked up, and for the other side of a TCP connection to take
                it; else it is taken, or fails, while it is read.

        Raises:
            LinkError: busy port, no such device, nobody listening; says what to do.

        """
        try:
            opened = self._open(waits)
        except (OSError, UnicodeError) as error:  # UnicodeError: a host's name that cannot be one
            trouble = error if isinstance(error, OSError) else OSError(errno.EINVAL, str(error))
            advice = _advice(self.address, trouble.errno, self._folder)
            words = f'{trouble.strerror or trouble}'
            is_gone = self.address.kind == 'serial' and trouble.errno == errno.ENOENT
            noted = OSError(errno.ENOENT, f'{words}; {advice}') if is_gone else trouble
            self.troubles.note('opening', noted)
            raise LinkError(
                f"cannot open the MAVLink connection '{self.address}': {words}; {advice}"
            ) from trouble
        self.troubles.succeeded('opening')
        return opened

    def _open(self, waits: bool) -> Transport:
        kind, where, number = self.address.kind, self.address.where, self.address.number
        if kind == 'serial':
            there = (name for name in self._names if Path(name).exists())
            opened = SerialTransport(next(there, next(iter(self._names), where)), number)
            self._names = self._names or lasting_names(where, self._folder)
            if waits:
                warn_of_others(where)
            return opened
        if not self._host:
            self._host = socket.gethostbyname(where) if waits else self._lookup.address()
        if kind == 'tcp':
            return TcpTransport(self._host, number, waits)
        if kind == 'udpout':
            _refuse_many(self._host, number)
        return UdpTransport(self._host, number, kind == 'udpin', self.troubles)


def _refuse_many(host: str, port: int) -> None:
    """Raise OSError (EACCES) for an address that reaches many: each of them would be commanded."""
    if ipaddress.ip_address(host).is_multicast:
        raise OSError(errno.EACCES, 'it is a multicast address')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, port))  # sends nothing; the system knows its networks
        except PermissionError as error:
            raise OSError(errno.EACCES, 'it is a broadcast address') from error
        except OSError:  # no network yet, which is waited for
            return


def open_transport(address: str, waits: bool = True) -> Transport:
    """Open an address in any of the spellings; see :meth:`Opener.open`.

    Raises:
        ConfigError: not an address.
        LinkError: it cannot be opened.

    """
    return Opener(parse_address(address)).open(waits)


def is_not_yet(error: LinkError) -> bool:
    """Tell whether opening failed for want of a network, which may still come."""
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in NOT_YET


def lasting_names(where: str, folder: Path = DEVICES) -> list[str]:
    """Return the names by which a numbered port is opened again, the first one that is there.

    An autopilot that is reset comes back as ``ttyACM1`` where something still held ``ttyACM0``,
    and another device may have the old number then.

    Args:
        where: of the port, as it was given.
        folder: with the devices.

    """
    if not NUMBERED.fullmatch(Path(where).name):
        return []
    device = os.path.realpath(where)
    links = [str(link) for pattern in LASTING for link in sorted(folder.glob(pattern))]
    found = [link for link in links if os.path.realpath(link) == device]
    if found:
        logger.info('%s is opened again by its lasting name, %s', where, ' or '.join(found))
    return found


def serial_ports(folder: Path = DEVICES) -> list[str]:
    """Return the serial ports that are here, those with lasting names first."""
    found = [sorted(folder.glob(pattern)) for pattern in PORTS]
    return [str(path) for paths in found for path in paths]


def _advice(address: Address, number: int | None = None, folder: Path = DEVICES) -> str:
    if address.kind == 'udpin' and number == errno.EADDRNOTAVAIL:
        return (
            f'this computer has no address {address.where} yet: if it is that of the other side, '
            f'set connection to udpout:{address.where}:{address.number}, or listen on '
            f'udpin:0.0.0.0:{address.number}'
        )
    if address.kind == 'udpout' and number == errno.EACCES:
        return (
            'setpoints are for one vehicle: give its own address, or listen on '
            f'udpin:0.0.0.0:{address.number}, which answers the one that speaks'
        )
    if address.kind == 'udpin':
        return (
            f'another program (a ground station, MAVProxy, a second companion) may hold UDP port '
            f'{address.number}: stop it, or set connection to another port'
        )
    if address.kind == 'serial' and number == errno.ENOENT:
        ports = ', '.join(serial_ports(folder)[:MOST_PORTS]) or 'none'
        return (
            f'check name and cable; after a reset a port may have another one; here are: {ports}'
        )
    if address.kind == 'serial':
        return 'check the device, and that the user may use it: sudo usermod -aG dialout $USER'
    return 'check that the other side runs, its address and its port'
