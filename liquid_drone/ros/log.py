# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The log: never waited for, and not flooded.

A terminal stopped by Ctrl-S, a pager, an ssh connection that hangs: where nobody takes what is
written, a pipe or a terminal becomes full, and the next line of the log waits, and the thread of
the setpoints with it. So the log is written without waiting: what does not fit is lost.

A sentence that is true again and again is said at once, then ever more rarely. That is counted on
the steady clock: rclpy's own throttle takes the system's, and where that is set back by an hour it
is silent for an hour.
"""

import contextlib
import os
import re
import stat
import time
from collections import OrderedDict
from collections.abc import Callable

STDOUT, STDERR = 1, 2
ON_STDOUT = 'RCUTILS_LOGGING_USE_STDOUT'  # 1: there ROS writes its log
FIRST_S, MOST_S = 1.0, 60.0  # between two of the same kind: doubled each time, up to the second
KEPT = 16  # kinds that are remembered
NUMBER = re.compile(r'[-+]?\d[\d.]*(e[-+]?\d+)?')  # of which sentences of one kind differ


def never_wait() -> None:
    """Let this process's log never wait for its reader.

    What it is written to is opened anew: waiting or not is a property of an opening, and this one
    may be shared with a shell. Files never wait; what cannot be opened stays as it is.
    """
    for number in (STDERR, *((STDOUT,) if os.environ.get(ON_STDOUT) == '1' else ())):
        with contextlib.suppress(OSError):
            if _may_wait(number):
                own = os.open(f'/proc/self/fd/{number}', os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
                os.dup2(own, number)
                os.close(own)


def _may_wait(number: int) -> bool:
    return stat.S_ISFIFO(os.fstat(number).st_mode) or os.isatty(number)


class Seldom:
    """Decides for one place in the code; sentences that differ in numbers alone are one kind."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing said."""
        self._now_s = now_s
        self._kinds: OrderedDict[str, tuple[float, float]] = OrderedDict()  # when, and the pause
        self._said_s = float('-inf')

    def is_due(self, sentence: str) -> bool:
        """Tell whether to say it now; nothing is said more often than each second."""
        now_s, kind = self._now_s(), NUMBER.sub('#', sentence)
        said_s, pause_s = self._kinds.get(kind, (float('-inf'), FIRST_S))
        if now_s - self._said_s < FIRST_S or now_s - said_s < pause_s:
            return False
        goes_on = now_s - said_s < pause_s + FIRST_S  # else it had ended, and begins anew
        self._kinds[kind] = now_s, min(2.0 * pause_s, MOST_S) if goes_on else FIRST_S
        self._kinds.move_to_end(kind)
        if len(self._kinds) > KEPT:
            self._kinds.popitem(last=False)
        self._said_s = now_s
        return True
