# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the system refused while bytes were sent and received: counted, reported, never raised.

A network that goes away answers with one of many error numbers. Each of them is survived: the
next packet is tried again, and the guard acts on the silence.
"""

import errno
import logging
import math
import time
from collections import Counter
from collections.abc import Callable

logger = logging.getLogger(__name__)
REPORT_AGAIN_S = 10.0  # the same error
PAUSE_S = 1.0  # between any two


class Troubles:
    """Counts errors by what was done and by their name; reports a new one at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin without any."""
        self.counts: Counter[str] = Counter()  # 'sending ENETUNREACH' -> times
        self._clock = clock
        self._present: dict[str, str] = {}  # doing -> sentence
        self._reported_s: dict[str, float] = {}

    @property
    def sentence(self) -> str:
        """What fails at present; empty: nothing."""
        return '; '.join(self._present.values())

    def note(self, doing: str, error: OSError) -> None:
        """Count an error of ``doing`` (sending, receiving, opening)."""
        key = f'{doing} {name_of(error)}'
        self.counts[key] += 1
        self._present[doing] = f'{doing} fails: {error.strerror or error} ({name_of(error)})'
        now_s = self._clock()
        is_new = now_s - self._reported_s.get(key, -math.inf) >= REPORT_AGAIN_S
        if is_new and now_s - max(self._reported_s.values(), default=-math.inf) >= PAUSE_S:
            self._reported_s[key] = now_s
            logger.warning('the link to the autopilot: %s; trying again', self._present[doing])

    def succeeded(self, doing: str) -> None:
        """Note that it works again."""
        self._present.pop(doing, None)


def name_of(error: OSError) -> str:
    """Return the symbol of an error, such as ENETUNREACH."""
    number = error.errno
    return 'unknown' if number is None else errno.errorcode.get(number, str(number))
