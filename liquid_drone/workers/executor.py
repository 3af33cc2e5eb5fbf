# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One interface for whoever does the work, and one account of what is left of it.

Work is a function that can be imported by its name, and items that are data. Work that fails is
done again twice, with the cause told each time. Failing for good does not end the rest: it is
listed when all the rest is done. What is wrong with the request itself ends the run at once.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from ..errors import LinkError, LiquidDroneError, SimulationError, shown

log = logging.getLogger(__name__)

T = TypeVar('T')
R = TypeVar('R')
AGAIN = 2  # times that failed work is done again
MOST_NAMED = 5  # items in a sentence
PASSING = (SimulationError, LinkError)  # errors of this program that another try may not meet
OnFailure = Callable[[object, str, bool], None]  # item, cause, it is given up


def tell_nobody(_item: object, _cause: str, _given_up: bool) -> None:
    """Take the news of a failure, and do nothing."""


class Executor(Protocol):
    """Does work somewhere."""

    def results(
        self,
        function: Callable[[T], R],
        items: Iterable[T],
        stop: threading.Event | None = None,
        on_failure: OnFailure = tell_nobody,
    ) -> Iterator[R]:
        """Call a function for each item; yield the results as they come.

        Args:
            function: what is called; it and the items can be sent to other processes.
            items: its arguments.
            stop: once it is set, work in hand is lost and no more results come.
            on_failure: told of each try that failed, with its cause.

        Raises:
            SimulationError: some items failed again and again; all others are done.
            CancelledError: ``stop`` was set.
            LiquidDroneError: what was asked for cannot be done by anybody.

        """
        ...


class ThisProcess:
    """Does one piece of work after the other."""

    def results(
        self,
        function: Callable[[T], R],
        items: Iterable[T],
        stop: threading.Event | None = None,
        on_failure: OnFailure = tell_nobody,
    ) -> Iterator[R]:
        """Call the function here, see :class:`Executor`."""
        del stop  # whoever could set it waits for this process
        account = Account(items, on_failure)
        while account.left:
            for number, item in list(account.left.items()):
                try:
                    result = function(item)
                except Exception as error:
                    account.failed(number, error)
                else:
                    account.done(number)
                    yield result
        account.close()


class Account(Generic[T]):
    """Which items are left, how often each failed and why."""

    def __init__(self, items: Iterable[T], on_failure: OnFailure = tell_nobody) -> None:
        self.left = dict(enumerate(items))
        self.count = len(self.left)
        self._on_failure = on_failure
        self._tries: dict[int, int] = {}
        self._given_up: list[tuple[T, str]] = []
        self._last: Exception | None = None

    def done(self, number: int) -> None:
        """Take an item off: it has a result."""
        del self.left[number]

    def failed(self, number: int, error: Exception) -> None:
        """Note a failure; the item is left for another try, or given up.

        Raises:
            LiquidDroneError: the same one, if no other try can go better.

        """
        if isinstance(error, LiquidDroneError) and not isinstance(error, PASSING):
            raise error
        self._last = error
        self._tries[number] = self._tries.get(number, 0) + 1
        self.told(number, cause_of(error), self._tries[number] > AGAIN)

    def told(self, number: int, cause: str, given_up: bool) -> None:
        """Tell of a failure, and take the item off if it is given up."""
        item = self.left[number]
        self._on_failure(item, cause, given_up)
        if given_up:
            self._given_up.append((self.left.pop(number), cause))
        else:
            log.warning('%s failed and is done again: %s', named(item), cause)

    def close(self) -> None:
        """End it.

        Raises:
            SimulationError: there are items that were given up.

        """
        if not self._given_up:
            return
        said = '; '.join(f'{named(item)} ({cause})' for item, cause in self._given_up[:MOST_NAMED])
        more = len(self._given_up) - MOST_NAMED
        raise SimulationError(
            f'{len(self._given_up)} of {self.count} failed {AGAIN + 1} times: {said}'
            f'{f" and {more} more" if more > 0 else ""}; the rest is finished and kept, and the '
            'same command tries these again'
        ) from self._last


def cause_of(error: BaseException) -> str:
    """Return an error as a cause in a list."""
    text = str(error).strip()
    if isinstance(error, LiquidDroneError):
        return text
    return f'{type(error).__name__}: {shown(text)[1:-1]}' if text else type(error).__name__


def named(item: object) -> str:
    """Return an item as a message names it."""
    return shown(item) if isinstance(item, int | str | tuple | float) else shown(str(item))[1:-1]
