# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""MAVLink addresses in any of their spellings.

``/dev/ttyTHS1:921600``, ``udpin:0.0.0.0:14540``, and with slashes ``serial:///dev/ttyTHS1:921600``,
``udpin://0.0.0.0:14540``; behind a comma a baud rate as MAVProxy and dronekit have it. The lasting
of serial ports (``/dev/serial/by-path/...:1.0``) hold colons of their own: what follows the last
one is a baud rate only where it is a number of 50 or more.
"""

from dataclasses import dataclass

from ....errors import ConfigError
from ....masking import masked

DEFAULT_BAUD = 921600
LOOPBACK = '127.0.0.1'
UDP_PORT = 14540  # where PX4 expects a companion
NETWORK_KINDS = ('udpin', 'udpout', 'tcp')
NAMES_WITH_COLONS = '/dev/serial/'  # by-path/...-usb-0:1.2:1.0, by-id/...7C:DF:A1:E5:29:DC-if00
LEAST_BAUD = 50
EXAMPLES = 'udpin:0.0.0.0:14540, /dev/ttyTHS1:921600, tcp:127.0.0.1:5760'


@dataclass(frozen=True)
class Address:
    """A parsed address: kind, host or device, port or baud rate."""

    kind: str
    where: str
    number: int

    def __str__(self) -> str:
        """Spell it in the usual way, without a password."""
        device = self.kind == 'serial'
        return masked(f'{"" if device else self.kind + ":"}{self.where}:{self.number}')


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
    wrong = f"'{masked(text)}' is not a MAVLink address; examples: {EXAMPLES}"
    if kind not in (*NETWORK_KINDS, 'serial') or '@' in rest:
        raise ConfigError(wrong)
    before, comma, behind = rest.rpartition(',')
    if kind == 'serial' and comma and _is_baud(behind):
        rest = f'{before}:{behind}'
    where, colon, number = rest.rpartition(':')
    if where.startswith(NAMES_WITH_COLONS) and not _is_baud(number):
        where, number = rest, ''
    elif not colon:  # one part only: a port, or a host or device with the usual number
        where, number = ('', rest) if rest.isdigit() else (rest, '')
    default = DEFAULT_BAUD if kind == 'serial' else UDP_PORT
    number = number or str(default)
    if not (number.isascii() and number.isdigit()) or (kind == 'serial' and not where):
        raise ConfigError(wrong)
    value = int(number)
    if kind != 'serial' and ':' in where:
        raise ConfigError(
            f"'{masked(text)}': expected the address of a network of IPv4, or a name, before the "
            f'port; IPv6 is not spoken here; examples: {EXAMPLES}'
        )
    if kind != 'serial' and value > 65535:
        raise ConfigError(f"'{masked(text)}': a port is 0 to 65535, got {value}")
    return Address(kind, where or LOOPBACK, value)


def _is_baud(text: str) -> bool:
    return (
        text.isascii() and text.isdigit() and not text.startswith('0') and int(text) >= LEAST_BAUD
    )
