# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Signals that wait where what they break off could not be ended in order."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Let SIGINT and SIGTERM wait until the end of the block; then they do what they always do.

    Processes that start in here never see Ctrl-C, not even before they can ignore it.
    """
    came: list[tuple[int, FrameType | None]] = []
    is_held = True

    def note(number: int, frame: FrameType | None) -> None:
        if is_held:
            came.append((number, frame))
        else:  # while the handlers are put back, or where one more signal kept them from it
            handlers[number](number, frame)

    handlers = _handlers()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        for number in handlers:
            signal.signal(number, note)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        is_held = False
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number, frame in came:
            handlers[number](number, frame)


def _handlers() -> dict[int, Callable[[int, FrameType | None], Any]]:
    """Return the functions that signals call; none where one is ignored, or in another thread."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    found = {number: signal.getsignal(number) for number in SIGNALS}
    return {number: handler for number, handler in found.items() if callable(handler)}
