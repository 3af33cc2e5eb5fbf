# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A log that nobody reads stops no node.

A terminal stopped by Ctrl-S, a pager, an ssh connection that hangs: where nobody takes what is
written, a pipe or a terminal becomes full, and the next line of the log waits, and the thread of
the setpoints with it. So the log is written without waiting: what does not fit is lost.
"""

import contextlib
import os
import stat

STDOUT, STDERR = 1, 2
ON_STDOUT = 'RCUTILS_LOGGING_USE_STDOUT'  # 1: there ROS writes its log


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
