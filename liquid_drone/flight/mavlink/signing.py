# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""MAVLink 2 message signing (https://mavlink.io/en/guide/message_signing.html).

With a key every packet that leaves is signed, and what comes without a good signature is as if it
had not come. The key lies in a file that only its owner can read. It is never a parameter, never
logged, and not shown by ``repr``. The autopilot learns it from a ground station, not from here.
"""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ...errors import ConfigError
from ...resources import secret_file

KEY_BYTES = 32
MOST_BYTES = 1024  # of its file
EPOCH_S = 1_420_070_400  # 1 January 2015, from which signatures count time
TICKS_PER_S = 100_000


class SigningKey:
    """A key; what prints it prints only where it came from."""

    def __init__(self, secret: bytes, source: str = 'memory') -> None:
        """Hold 32 bytes."""
        if len(secret) != KEY_BYTES:
            raise ConfigError(f'a signing key has {KEY_BYTES} bytes, got {len(secret)}')
        self._secret, self._source = secret, source

    def __repr__(self) -> str:
        """Name the source only."""
        return f'SigningKey({self._source})'

    @classmethod
    def read(cls, path: Path, now_s: Callable[[], float] = time.time) -> 'SigningKey':
        """Read a file of 32 bytes, or of 64 hexadecimal digits.

        Raises:
            ConfigError: no such file, others may read it, not a key, or this computer's clock is
                before the file was written: signatures of the past would be refused.

        """
        found = secret_file(str(path), 'signing key', 'signing_key_file', MOST_BYTES)
        path = found.path
        if now_s() < found.written_s - 1.0:
            raise ConfigError(
                f'signing key {path} is from the future: the clock of this computer is wrong, and '
                'the autopilot would refuse what it signs; set the clock (timedatectl)'
            )
        return cls(_secret(found.content, path), str(path))

    def protect(self, codec: mavlink.MAVLink) -> None:
        """Make a codec sign what it packs, and refuse what is not signed."""
        logging.getLogger('pymavlink').setLevel(logging.WARNING)  # else a line for every packet
        codec.signing.secret_key = self._secret
        codec.signing.sign_outgoing = True
        codec.signing.allow_unsigned_callback = _refuse


class Verifier(mavlink.MAVLink):  # type: ignore[misc]  # pymavlink has no types here
    """A parser that a forged packet cannot make deaf.

    pymavlink notes the timestamp of a packet before it has looked at its signature; a forged one
    from the future would then shut the true sender out as a replay.
    """

    def check_signature(self, packet: bytearray, system: int, component: int) -> bool:
        """Tell whether the signature is good; a bad one leaves no trace."""
        before = dict(self.signing.stream_timestamps)
        is_good = bool(super().check_signature(packet, system, component))
        if not is_good:
            self.signing.stream_timestamps = before
        return is_good

    @property
    def newest(self) -> int:
        """The newest timestamp of a good signature; 0: there was none."""
        return max(self.signing.stream_timestamps.values(), default=0)


def ticks(now_s: float) -> int:
    """Return a time since 1970 as signatures count it: units of 10 us since 2015."""
    return max(0, int((now_s - EPOCH_S) * TICKS_PER_S))


def _refuse(_codec: mavlink.MAVLink, _message_id: int) -> bool:
    return False


def _secret(content: bytes, path: Path) -> bytes:
    if len(content) == KEY_BYTES:
        return content
    try:
        secret = bytes.fromhex(content.decode('ascii').strip())
    except (UnicodeDecodeError, ValueError):
        secret = b''
    if len(secret) != KEY_BYTES:
        raise ConfigError(
            f'signing key {path}: expected {KEY_BYTES} bytes or {2 * KEY_BYTES} hexadecimal digits'
        )
    return secret
