# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Watches from a thread of its own over work that may hang in a driver, and tells of it.

A call into a graphics card may never come back. The thread that made it can then neither tell of
it nor end; the node looks alive and answers nothing. Time counts here in ticks of the watching
thread, so that a computer that slept, or a process that was stopped, has not hung.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

TICK_S = 0.5
HUNG = 2  # exit code: a stated error


@dataclass(frozen=True)
class WatchedWork:
    """What is being done, and how long it may take.

    Attributes:
        name: for the sentence: ``a step of the network``.
        tell_s: after so long it is told, and again after twice as long each time.
        end_s: after so long it has hung, and the process ends; None: it may take for ever.
        advice: what to do.

    """

    name: str
    tell_s: float
    end_s: float | None
    advice: str


LOADING = WatchedWork(
    'loading the bundle',
    20.0,
    None,
    'a graphics card may compile its code for minutes, once, or its driver hangs (dmesg): '
    "providers 'cpu' needs no card",
)


def step_on(provider: str) -> WatchedWork:
    """Return a step of the network; when it counts as hung, the guard has long handed back."""
    advice = "the node ends; look at the kernel's log (dmesg), or take providers 'cpu'"
    return WatchedWork(f'the network on {provider}', 5.0, 5.0, advice)


class HangWatch:
    """Watches one piece of work at a time; nothing runs before the first."""

    def __init__(
        self,
        warn: Callable[[str], object],
        fail: Callable[[str], object],
        end: Callable[[int], object] = os._exit,
        tick_s: float = TICK_S,
    ) -> None:
        """Prepare.

        Args:
            warn: tells that work takes long; called in the watching thread, as the others.
            fail: tells that it hangs.
            end: ends the process with an exit code, whatever its other threads do.
            tick_s: between two looks.

        """
        self._warn, self._fail, self._end, self._tick_s = warn, fail, end, tick_s
        self._work: WatchedWork | None = None
        self._number = 0  # of the work, to tell one step from the next
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, work: WatchedWork) -> Iterator[None]:
        """Watch over what is done inside."""
        if self._thread is None:
            self._done.clear()
            self._thread = threading.Thread(target=self._watch, name='hang watch', daemon=True)
            self._thread.start()
        self._number += 1
        self._work = work
        try:
            yield
        finally:
            self._work = None

    def close(self) -> None:
        """Stop watching; begin again with the next work."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = None

    def _watch(self) -> None:
        watched, spent_s, due_s = 0, 0.0, 0.0
        while not self._done.wait(self._tick_s):
            number, work = self._number, self._work
            if work is None or number != watched:
                watched, spent_s, due_s = number, 0.0, work.tell_s if work else 0.0
                continue
            spent_s += self._tick_s
            if work.end_s is not None and spent_s >= work.end_s:
                self._fail(f'{work.name} hangs, for {spent_s:g} s: {work.advice}')
                self._end(HUNG)
                return
            if spent_s >= due_s:
                due_s *= 2.0
                self._warn(f'{work.name} takes {spent_s:g} s so far: {work.advice}')
