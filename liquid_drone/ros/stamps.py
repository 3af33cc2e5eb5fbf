# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""When something was measured, by clocks that may not agree: each stamp counts once.

The difference between the sender's clock and this computer's is estimated from arrivals. An age
counts from the earlier of stamp and arrival, so that a fast clock makes nothing look fresh for
longer than it is here. A stamp from the future beyond that difference is refused.
"""

import time
from collections import deque
from dataclasses import dataclass
from statistics import median

from ..errors import ImageError

SECOND_NS = 1_000_000_000
OTHER_TIME_S = 3e7  # no clock is a year off that is set at all: one of both is simulated
FUTURE_S = 0.1  # beyond the estimated difference of the clocks
KEPT = 256  # stamps that are remembered as used
ARRIVALS = 61  # two seconds of a camera
FEWEST = 10  # arrivals before the difference of the clocks counts as known
RESTART_S = 1.0  # a clock, or a recording's stamps, going back by more than this begins anew
LAST_NS = 2**31 * SECOND_NS  # what a message can say


def steady_s() -> float:
    """Return the time since the computer started, its sleep included.

    The monotonic clock stands still in a suspend: what was known before it would be as fresh
    after it, and a pause in which the pilot took over would be none.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True)
class Admission:
    """One stamp, judged."""

    age_s: float  # from the earlier of stamp and arrival; never negative
    is_repeated: bool = False  # it counted already


class StampGate:
    """Judges the stamps of one stream in the order of their arrival."""

    def __init__(self, what: str, oldest_s: float | None, limit_name: str = '') -> None:
        """Begin with nothing known.

        Args:
            what: is stamped, for sentences: 'the image'.
            oldest_s: what is older is refused; None: ages are not checked, for a recording that is
                played without its clock.
            limit_name: of the parameter with ``oldest_s``, for sentences.

        """
        self._what, self._oldest_s, self._limit_name = what, oldest_s, limit_name
        self.clear()

    def clear(self) -> None:
        """Forget all."""
        self._delays_s: deque[float] = deque(maxlen=ARRIVALS)
        self._order: deque[int] = deque()
        self._used: set[int] = set()
        self._newest_ns = self._now_ns = 0

    @property
    def offset_s(self) -> float | None:
        """Arrival minus stamp, the median: delay and difference of the clocks; None: unknown."""
        return median(self._delays_s) if len(self._delays_s) >= FEWEST else None

    def explained_s(self, most_s: float) -> float:
        """Return how far ahead a stamp may be: by the difference of the clocks and a little."""
        return min(max(0.0, -(self.offset_s or 0.0)) + FUTURE_S, most_s)

    def age_s(self, stamp_ns: int, now_ns: int, most_ahead_s: float) -> float:
        """Return an age now: 0 where the clocks explain a stamp ahead, negative beyond that."""
        age_s = (now_ns - stamp_ns) / SECOND_NS
        return 0.0 if -self.explained_s(most_ahead_s) <= age_s < 0.0 else age_s

    def admit(self, stamp_ns: int, now_ns: int) -> Admission:
        """Judge a stamp that arrives now.

        Args:
            stamp_ns: what the sender says.
            now_ns: this computer's clock; 0: a simulated one that did not begin yet.

        Raises:
            ImageError: it is too old, from the future, or older than the one before.

        """
        if stamp_ns == 0 and self._oldest_s is not None:
            raise ImageError(f'{self._what} has no stamp (0): let its driver set header.stamp')
        if not 0 <= stamp_ns < LAST_NS:
            raise ImageError(f'{self._what} has the stamp {stamp_ns / SECOND_NS:g} s: no time')
        now_ns = now_ns or stamp_ns
        if now_ns < self._now_ns - RESTART_S * SECOND_NS:
            self.clear()
        self._now_ns = max(self._now_ns, now_ns)
        delay_s = (now_ns - stamp_ns) / SECOND_NS
        self._delays_s.append(delay_s)
        if self._oldest_s is not None:
            self._check(delay_s, self._oldest_s)
        return Admission(max(delay_s, 0.0), not self._use(stamp_ns))

    def _check(self, delay_s: float, oldest_s: float) -> None:
        if abs(delay_s) > OTHER_TIME_S:
            raise ImageError(
                f"{self._what} is stamped {-delay_s:+.3g} s from this node's time: one of both is "
                'a simulated or steady clock, or was never set; use_sim_time is for all nodes of '
                'a simulation or a played bag (with --clock), and for none on a drone'
            )
        if delay_s > oldest_s:
            raise ImageError(
                f'{self._what} is {delay_s:.3g} s old, more than {self._limit_name} '
                f'{oldest_s:g}: it waited too long, or is stamped by a clock that is behind '
                '(a played bag needs use_sim_time and --clock)'
            )
        ahead_s = self.explained_s(oldest_s)
        if -delay_s > ahead_s:
            raise ImageError(
                f"{self._what} is stamped {-delay_s:.3g} s ahead of this computer's clock, where "
                f'at most {ahead_s:.3g} s can be explained: set the clocks (chrony), or let the '
                'driver stamp with the time of this computer'
            )

    def _use(self, stamp_ns: int) -> bool:
        """Note a stamp as used; tell whether it is new.

        Raises:
            ImageError: it is older than one that was used, and ages are checked.

        """
        if self._oldest_s is None and stamp_ns < self._newest_ns - RESTART_S * SECOND_NS:
            self._used.clear()  # a recording that is played again
            self._order.clear()
        if stamp_ns in self._used:
            return False
        if self._oldest_s is not None and stamp_ns < self._newest_ns:
            raise ImageError(f'{self._what} came after a newer one: it is not acted on')
        self._newest_ns = stamp_ns
        self._used.add(stamp_ns)
        self._order.append(stamp_ns)
        if len(self._order) > KEPT:
            self._used.discard(self._order.popleft())
        return True
