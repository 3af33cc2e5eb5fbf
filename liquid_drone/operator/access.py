# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Who may use the page: this machine, or who knows the token; and no other page in a browser.

The token lies in a file of its owner alone and travels once, in the body of a POST. From then on
a browser has a session of its own, in a cookie that scripts cannot read. Pure, but for the file.
"""

import hmac
import ipaddress
import secrets
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import ConfigError
from ..resources import secret_file

LEAST_CHARACTERS, MOST_CHARACTERS = 16, 512
SESSION_S = 12 * 3600.0
MOST_SESSIONS = 64
TRIES, TRIES_S = 5, 30.0  # wrong tokens within that time, of all browsers together
ADVICE = 'make one: (umask 077; openssl rand -hex 32 > operator.token)'


def read_token(path: Path) -> str:
    """Read the token's file.

    Raises:
        ConfigError: no such file, others may read it, or it is no token.

    """
    secret = secret_file(str(path), 'token file', 'token_file', MOST_CHARACTERS + 1, ADVICE)
    path = secret.path
    token = secret.content.decode('ascii', 'replace').strip()
    if not (LEAST_CHARACTERS <= len(token) <= MOST_CHARACTERS and token.isprintable()):
        raise ConfigError(
            f'token file {path}: expected {LEAST_CHARACTERS} to {MOST_CHARACTERS} printable ASCII '
            f'characters, got {len(token)}; {ADVICE}'
        )
    if '\ufffd' in token:
        raise ConfigError(f'token file {path}: expected ASCII characters; {ADVICE}')
    return token


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'


def host_of(header: str) -> str:
    """Return the host of a Host header, in lower case; empty where it is none."""
    try:
        parts = urlsplit(f'//{header}')
        parts.port  # noqa: B018  # raises where it is no number
    except ValueError:
        return ''
    if parts.netloc != header or '@' in header:
        return ''
    return (parts.hostname or '').rstrip('.')


class Doorkeeper:
    """Judges each request by its headers; knows the sessions."""

    def __init__(
        self,
        token: str = '',
        hosts: tuple[str, ...] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with no session.

        Args:
            token: empty: none is needed.
            hosts: names, beside addresses and ``localhost``, by which the page may be called.
            clock: for the age of sessions.

        """
        self._token, self._hosts, self._clock = token, {h.lower() for h in hosts}, clock
        self._sessions: dict[str, float] = {}
        self._wrong: deque[float] = deque(maxlen=TRIES)

    def __repr__(self) -> str:
        """Tell nothing secret."""
        return f'Doorkeeper({"token" if self._token else "no token"})'

    def knows_host(self, header: str) -> bool:
        """Tell whether the page may be called so.

        A name that somebody else's DNS lets point here is refused; an address cannot be rebound.
        """
        host = host_of(header)
        if host == 'localhost' or host in self._hosts:
            return bool(host)
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True

    def is_own_origin(self, origin: str, host_header: str) -> bool:
        """Tell whether a request comes from this page, not from another one in the browser."""
        scheme, colon, rest = origin.partition('://')
        return bool(colon) and scheme in ('http', 'https') and rest.lower() == host_header.lower()

    @property
    def is_shut(self) -> bool:
        """Too many wrong tokens came lately."""
        full = len(self._wrong) == TRIES
        return full and self._clock() - self._wrong[0] < TRIES_S

    def open_session(self, token: str) -> str | None:
        """Return a new session; None: the token is wrong, or :attr:`is_shut`."""
        if self.is_shut:
            return None
        given, own = token.encode('utf-8', 'replace'), self._token.encode()
        if not (self._token and hmac.compare_digest(given, own)):
            self._wrong.append(self._clock())
            return None
        while len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[min(self._sessions, key=lambda one: self._sessions[one])]
        session = secrets.token_urlsafe(32)
        self._sessions[session] = self._clock()
        return session

    def knows_session(self, session: str) -> bool:
        """Tell whether a session is open; where no token is needed, always."""
        if not self._token:
            return True
        began_s = -1.0
        for known, since_s in self._sessions.items():  # as long for a wrong one as for a right one
            if hmac.compare_digest(known.encode(), session.encode('utf-8', 'replace')):
                began_s = since_s
        return began_s >= 0.0 and self._clock() - began_s <= SESSION_S
