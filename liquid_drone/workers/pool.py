# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Processes that fly and draw side by side: each keeps to its core and ends with its parent.

What interrupts the parent ends them at once: work in hand is lost, what is finished is not.
"""

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from ..errors import SimulationError
from .executor import AGAIN, MOST_NAMED, Account, OnFailure, named, tell_nobody
from .held_interrupts import interrupts_held

log = logging.getLogger(__name__)

T = TypeVar('T')
R = TypeVar('R')
POLL_S = 0.1  # how soon a stop is noticed

# What a process reads when it begins: one thread draws and counts, and what it draws lies in pages
# of 2 MB (glibc 2.35 and later).
ONE_CORE = {
    'LP_NUM_THREADS': '0',  # Mesa's llvmpipe draws in the thread that asks
    'OPENBLAS_NUM_THREADS': '1',  # numpy's products here are too small to share
    'GLIBC_TUNABLES': 'glibc.malloc.hugetlb=1',
}


@contextmanager
def one_core() -> Iterator[None]:
    """Let processes that start in here keep to one core, unless the environment says otherwise."""
    added = [name for name in ONE_CORE if name not in os.environ]
    os.environ.update({name: ONE_CORE[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


@dataclass(frozen=True)
class LocalProcesses:
    """Does work in processes of this machine.

    Where a process is killed, what was not finished is done again in new ones.
    """

    count: int = 2

    def results(
        self,
        function: Callable[[T], R],
        items: Iterable[T],
        stop: threading.Event | None = None,
        on_failure: OnFailure = tell_nobody,
    ) -> Iterator[R]:
        """Call the function in processes, see :class:`~.executor.Executor`."""
        account = Account(items, on_failure)
        killed = 0  # times, since something was finished
        while account.left:
            count = len(account.left)
            processes = min(self.count, count)
            try:
                for number, future in _in_one_pool(function, account.left, processes, stop):
                    error = future.exception()
                    if isinstance(error, Exception):
                        account.failed(number, error)
                    else:
                        result = future.result()
                        account.done(number)
                        yield result
            except BrokenExecutor as error:
                killed = 1 if len(account.left) < count else killed + 1
                if killed > AGAIN:
                    raise _given_up(account, processes) from error
                log.warning(
                    'a process was killed while it worked, perhaps because memory ran out: what '
                    'it did is done again (%d of %d times)', killed, AGAIN
                )  # fmt: skip
                left = account.left
                for number in list(left)[:processes]:  # was in work: what it kills waits last
                    left[number] = left.pop(number)
        account.close()


def _given_up(account: Account[T], processes: int) -> SimulationError:
    left = list(account.left.values())
    for number in list(account.left)[:processes]:
        account.told(number, 'its process was killed', True)
    said = ', '.join(named(item) for item in left[:MOST_NAMED])
    more = f' and {len(left) - MOST_NAMED} more' if len(left) > MOST_NAMED else ''
    return SimulationError(
        f'processes were killed {AGAIN + 1} times while they worked, perhaps because memory ran '
        f'out: take fewer --processes and start again; what is finished is kept. Left: '
        f'{said}{more}'
    )


def _in_one_pool(
    function: Callable[[T], R],
    items: Mapping[int, T],
    processes: int,
    stop: threading.Event | None,
) -> Iterator[tuple[int, Future[R]]]:
    """Yield the number of each item that ended, and what came of it, until a process is killed.

    Raises:
        BrokenExecutor: one was; what was finished by then has been yielded.
        CancelledError: ``stop`` was set.
        SimulationError: there is nothing that processes could share.

    """
    before = set(multiprocessing.active_children())
    pool = _pool(processes)
    with one_core(), pool:
        waiting: dict[Future[R], int] = {}
        broken: BrokenExecutor | None = None
        try:
            with interrupts_held():
                for number, item in items.items():
                    waiting[pool.submit(function, item)] = number
            while waiting:
                with interrupts_held():
                    done, _ = wait(waiting, POLL_S, FIRST_COMPLETED)
                if stop is not None and stop.is_set():
                    raise CancelledError
                for future in done:
                    number = waiting.pop(future)
                    error = future.exception()
                    if isinstance(error, BrokenExecutor):
                        broken = error
                    else:
                        yield number, future
        except BrokenExecutor as error:  # while it was being filled
            broken = error
        except BaseException:
            for child in set(multiprocessing.active_children()) - before:
                child.terminate()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    if broken is not None:
        raise broken


def _pool(processes: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context('spawn')
    try:
        with interrupts_held():  # half made, it would leave semaphores behind
            return ProcessPoolExecutor(processes, context, begin_worker)
    except OSError as error:  # no semaphores: a container without /dev/shm, too few open files
        raise SimulationError(
            f'processes cannot share work here ({error.strerror or error}): they need /dev/shm '
            '(mount it; docker run --shm-size 1g) and open files (ulimit -n); evaluate and '
            'collect fly without with --processes 1'
        ) from error


def begin_worker() -> None:
    """Use one thread, leave Ctrl-C to the parent, and end with the parent, however it ends."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # orphaned: nobody wants its work any more
