# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Single keys of a terminal, read without Enter; the terminal is put back at the end."""

import os
import select
import sys
import termios
import tty
from types import TracebackType
from typing import Any

from ..errors import ConfigError


class Keyboard:
    """Use it as a context."""

    def __init__(self, descriptor: int | None = None) -> None:
        """Read a terminal; None: standard input.

        Raises:
            ConfigError: it is no terminal.

        """
        self._descriptor = sys.stdin.fileno() if descriptor is None else descriptor
        if not os.isatty(self._descriptor):
            raise ConfigError('--keys needs a terminal, and standard input is none')
        self._before: list[Any] = []

    def __enter__(self) -> 'Keyboard':
        """Take single keys from now on; Ctrl-C still interrupts."""
        self._before = termios.tcgetattr(self._descriptor)
        tty.setcbreak(self._descriptor)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put the terminal back."""
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)

    def take(self) -> str:
        """Return the keys that were pressed since the last call."""
        found = b''
        while select.select([self._descriptor], [], [], 0.0)[0]:
            piece = os.read(self._descriptor, 64)
            if not piece:
                break
            found += piece
        return found.decode('ascii', 'ignore')
