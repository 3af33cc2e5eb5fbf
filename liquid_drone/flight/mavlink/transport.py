# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Ways for MAVLink bytes to travel: UDP, TCP, a serial port, or two functions in one process.

Three spellings are understood: ``/dev/ttyTHS1:921600``, ``udpin:0.0.0.0:14540``, and
with slashes ``serial:///dev/ttyTHS1:921600``, ``udpin://0.0.0.0:14540``. Nothing here knows
MAVLink, blocks, or sends by itself. UDP listens on the loopback unless an address is given.
"""

import os
import socket
import termios
import tty
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from ...errors import ConfigError, LinkError

Chunk = tuple[bytes, object]  # the bytes, and whom they came from
LONGEST_READ = 65535
DEFAULT_BAUD = 921600
LOOPBACK = '127.0.0.1'
UDP_PORT = 14540  # where PX4 expects a companion
NETWORK_KINDS = ('udpin', 'udpout', 'tcp')
EXAMPLES = 'udpin:0.0.0.0:14540, /dev/ttyTHS1:921600, tcp:127.0.0.1:5760'


class Transport(Protocol):
    """A way for bytes to travel; neither call ever blocks."""

    is_datagram: bool  # whole packets; else a byte stream

    def read(self) -> list[Chunk]:
        """Return all that has arrived."""

    def write(self, data: bytes) -> None:
        """Send to the vehicle, if it is known where it is."""

    def accept(self, source: object) -> None:
        """Learn that the vehicle is at this source of a chunk."""

    def close(self) -> None:
        """Release port or file."""


@dataclass(frozen=True)
class Address:
    """A parsed address: kind, host or device, port or baud rate."""

    kind: str
    where: str
    number: int


def parse_address(text: str) -> Address:
    """Read any of the spellings.

    Raises:
        ConfigError: not an address; the message shows examples.

    """
    kind, _, rest = text.partition(':')
    if text.startswith('/'):
        kind, rest = 'serial', text
    rest = rest.removeprefix('//')
    kind = {'udp': 'udpin', 'tcpout': 'tcp'}.get(kind, kind)
    if kind not in (*NETWORK_KINDS, 'serial'):
        raise ConfigError(f"'{text}' is not a MAVLink address; examples: {EXAMPLES}")
    where, colon, number = rest.rpartition(':')
    if not colon:  # one part only: a port, or a host or device with the usual number
        where, number = ('', rest) if rest.isdigit() else (rest, '')
    default = DEFAULT_BAUD if kind == 'serial' else UDP_PORT
    if not (number or str(default)).isdigit() or (kind == 'serial' and not where):
        raise ConfigError(f"'{text}' is not a MAVLink address; examples: {EXAMPLES}")
    value = int(number or default)
    if kind != 'serial' and value > 65535:
        raise ConfigError(f"'{text}': a port is 0 to 65535, got {value}")
    return Address(kind, where or LOOPBACK, value)


def open_transport(address: str, waits: bool = True) -> Transport:
    """Open an address.

    Args:
        address: any of the spellings.
        waits: for the other side of a TCP connection to take it; else it is taken, or fails,
            while it is read.

    Raises:
        ConfigError: not an address.
        LinkError: busy port, no such device, nobody listening; says what to do.

    """
    parsed = parse_address(address)
    try:
        if parsed.kind == 'serial':
            return SerialTransport(parsed.where, parsed.number)
        if parsed.kind == 'tcp':
            return TcpTransport(parsed.where, parsed.number, waits)
        return UdpTransport(parsed.where, parsed.number, listens=parsed.kind == 'udpin')
    except OSError as error:
        raise LinkError(
            f"cannot open the MAVLink connection '{address}': {error.strerror or error}; "
            f'{_advice(parsed)}'
        ) from error


def _advice(address: Address) -> str:
    if address.kind == 'udpin':
        return (
            f'another program (a ground station, MAVProxy, a second companion) may hold UDP port '
            f'{address.number}: stop it, or set connection to another port'
        )
    if address.kind == 'serial':
        return 'check the device, and that the user may use it: sudo usermod -aG dialout $USER'
    return 'check that the other side runs, its address and its port'


class UdpTransport:
    """UDP; listening, it answers only the address that the vehicle itself was heard from."""

    is_datagram = True

    def __init__(self, host: str, port: int, listens: bool) -> None:
        """Bind (listening) or aim at an address; raises OSError."""
        self._peer: Any = None if listens else (socket.gethostbyname(host), port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            if listens:
                self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise

    @property
    def port(self) -> int:
        """The port that it is bound to."""
        return int(self._socket.getsockname()[1])

    def read(self) -> list[Chunk]:
        """Return all waiting datagrams."""
        chunks: list[Chunk] = []
        while True:
            try:
                chunks.append(self._socket.recvfrom(LONGEST_READ))
            except BlockingIOError:
                return chunks
            except ConnectionError:  # an earlier datagram met a closed port; not an end
                continue

    def write(self, data: bytes) -> None:
        """Send one datagram; a full buffer loses it, as a wire would."""
        if self._peer is None:
            return
        try:
            self._socket.sendto(data, self._peer)
        except (BlockingIOError, ConnectionError):  # the guard sees silence, not us
            return

    def accept(self, source: object) -> None:
        """Answer this address from now on."""
        self._peer = source

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class TcpTransport:
    """A TCP connection to a simulator or a bridge."""

    is_datagram = False

    def __init__(self, host: str, port: int, waits: bool = True) -> None:
        """Connect, or begin to; raises OSError."""
        if waits:
            self._socket = socket.create_connection((host, port), timeout=5.0)
        else:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        if not waits:
            self._socket.connect_ex((host, port))  # a refusal is told by the first read
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read(self) -> list[Chunk]:
        """Return what has arrived.

        Raises:
            LinkError: the other side closed the connection.

        """
        return _read_stream(lambda: self._socket.recv(LONGEST_READ), 'TCP connection')

    def write(self, data: bytes) -> None:
        """Send, or raise LinkError when the connection is gone."""
        _write_stream(self._socket.send, data, 'TCP connection')

    def accept(self, source: object) -> None:
        """Do nothing: there is one other side only."""

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


class SerialTransport:
    """A serial port, 8N1 without flow control."""

    is_datagram = False

    def __init__(self, device: str, baud: int) -> None:
        """Open and set up the port; raises OSError."""
        speed = getattr(termios, f'B{baud}', None)
        if speed is None:
            raise OSError(f'the baud rate {baud} is not a standard one')
        self._file = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            self._set_up(speed)
        except (OSError, termios.error) as error:
            os.close(self._file)
            raise OSError(f'{device} is not a serial port ({error})') from error

    def _set_up(self, speed: int) -> None:
        tty.setraw(self._file)
        settings = termios.tcgetattr(self._file)
        settings[2] = settings[2] & ~termios.CRTSCTS | termios.CLOCAL | termios.CREAD
        settings[4] = settings[5] = speed
        termios.tcsetattr(self._file, termios.TCSANOW, settings)
        termios.tcflush(self._file, termios.TCIOFLUSH)

    def read(self) -> list[Chunk]:
        """Return what has arrived.

        Raises:
            LinkError: the device is gone.

        """
        return _read_stream(lambda: os.read(self._file, LONGEST_READ), 'serial port')

    def write(self, data: bytes) -> None:
        """Send, or raise LinkError when the device is gone."""
        _write_stream(lambda part: os.write(self._file, part), data, 'serial port')

    def accept(self, source: object) -> None:
        """Do nothing: there is one other side only."""

    def close(self) -> None:
        """Close the port."""
        os.close(self._file)


class MemoryTransport:
    """No wire at all: two functions of a simulated autopilot in the same process."""

    is_datagram = True

    def __init__(
        self, fetch: Callable[[], Iterable[bytes]], deliver: Callable[[bytes], None]
    ) -> None:
        """Read from ``autopilot.transmit``, write to ``autopilot.receive``."""
        self._fetch, self._deliver = fetch, deliver

    def read(self) -> list[Chunk]:
        """Return what the other side has to say now."""
        return [(packet, None) for packet in self._fetch()]

    def write(self, data: bytes) -> None:
        """Deliver at once."""
        self._deliver(data)

    def accept(self, source: object) -> None:
        """Do nothing: there is one other side only."""

    def close(self) -> None:
        """Do nothing."""


def _read_stream(read: Callable[[], bytes], name: str) -> list[Chunk]:
    try:
        data = read()
    except BlockingIOError:
        return []
    except OSError as error:
        raise LinkError(f'the {name} to the autopilot broke: {error}') from error
    if not data:
        raise LinkError(f'the {name} to the autopilot was closed by the other side')
    return [(data, None)]


def _write_stream(send: Callable[[bytes], int], data: bytes, name: str) -> None:
    try:
        send(data)  # a packet that is cut here fails its checksum there
    except BlockingIOError:  # full: the packet is lost
        return
    except OSError as error:
        raise LinkError(f'the {name} to the autopilot broke: {error}') from error
