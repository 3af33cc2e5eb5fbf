# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How the program takes signals: SIGTERM is what Ctrl-C is; the end of Python is not disturbed."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def signals_of_a_program() -> Iterator[None]:
    """Let SIGTERM raise KeyboardInterrupt; once the command is over, signals end the process.

    What is finished by then is on the disk, and a traceback of Python's own end helps nobody.
    """
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup and & leave it
                signal.signal(number, signal.SIG_DFL)
