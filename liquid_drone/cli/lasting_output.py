# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A terminal that is gone, or a full disk behind stdout, ends no flight and no training.

What cannot be written is lost, which is said once on stderr; the command goes on and keeps its
exit code.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO


class LastingStream:
    """Passes text on until that fails, and then drops it."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream, self._name, self._is_lost = stream, name, False

    def write(self, text: str) -> int:
        """Write, or drop; a character that the encoding lacks is written as its number."""
        self._try(lambda: self._write(text))
        return len(text)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
        except UnicodeEncodeError:
            encoding = self._stream.encoding  # the error may call it 'charmap'
            self._stream.write(text.encode(encoding, 'backslashreplace').decode(encoding))

    def flush(self) -> None:
        """Flush, or drop."""
        self._try(self._stream.flush)

    def __getattr__(self, name: str) -> Any:
        """Be the stream in everything else."""
        return getattr(self._stream, name)

    def _try(self, act: Any) -> None:
        if self._is_lost:
            return
        try:
            act()
        except (OSError, ValueError) as error:  # a broken pipe, a full disk, a closed file
            self._is_lost = True
            self._drop()
            if self._name != 'stderr':
                text = (
                    f'liquid-drone: {self._name} cannot be written ({error}): going on without\n'
                )
                with contextlib.suppress(OSError, ValueError):
                    sys.stderr.write(text)

    def _drop(self) -> None:
        """Let what is buffered go nowhere, or Python would fail when it ends."""
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


def hold_standard_files() -> None:
    """Lead those of stdin, stdout and stderr nowhere that were closed before Python began.

    The next file that is opened would become one of them: libraries in C would write into it, and
    processes that are started would have none.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)  # the least number that is free: this one
            os.set_inheritable(nowhere, True)


@contextmanager
def lasting_output() -> Iterator[None]:
    """Let stdout and stderr fail without consequences while a command runs."""
    hold_standard_files()
    before = sys.stdout, sys.stderr
    opened = []
    for name in ('stdout', 'stderr'):
        stream = getattr(sys, name)
        if stream is None:  # closed before Python began
            stream = open(os.devnull, 'w', encoding='utf-8')  # noqa: PTH123, SIM115 - closed below
            opened.append(stream)
        setattr(sys, name, LastingStream(stream, name))
    try:
        yield
    finally:
        for name in ('stdout', 'stderr'):
            getattr(sys, name).flush()
        sys.stdout, sys.stderr = before
        for stream in opened:
            stream.close()
