# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How the program takes signals: SIGTERM is what Ctrl-C is; the end of Python is not disturbed."""

import signal
from collections.abc import Callable

INTERRUPTED = 130  # exit code, as the shell says of Ctrl-C


def as_a_program(run: Callable[[], int]) -> int:
    """Run with SIGTERM as a KeyboardInterrupt; returns what it returns.

    Once it is through, signals change nothing: what is left is Python's own end. If it was
    interrupted, the next signal ends the process at once.
    """
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = run()
        _leave(code)
    except KeyboardInterrupt:  # one more, while the first was being told
        code = INTERRUPTED
    return code


def _leave(code: int) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup and & leave it
            signal.signal(number, signal.SIG_DFL if code == INTERRUPTED else signal.SIG_IGN)
