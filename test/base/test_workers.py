# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Processes side by side: one that is killed is named; what is stopped leaves none behind."""

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path

import pytest

from liquid_drone.errors import SimulationError
from liquid_drone.workers.pool import LocalProcesses


def killed(number: int) -> int:
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@dataclass(frozen=True)
class KilledOnce:
    """Dies at some items, each so many times; a file counts."""

    folder: Path
    deaths: dict[int, int]

    def __call__(self, number: int) -> int:
        tried = self.folder / f'{number}-{time.monotonic_ns()}'
        tried.touch()
        if len(list(self.folder.glob(f'{number}-*'))) <= self.deaths.get(number, 0):
            os.kill(os.getpid(), signal.SIGKILL)
        return number


@pytest.mark.timeout(300)
@pytest.mark.parametrize('processes', [1, 2])
@pytest.mark.parametrize('deaths', [{1: 1}, {0: 2}, {0: 1, 3: 2}], ids=str)
def test_killed_work_is_done_again_and_nothing_is_lost_or_counted_twice(
    tmp_path: Path, deaths: dict[int, int], processes: int
) -> None:
    found = list(LocalProcesses(processes).results(KilledOnce(tmp_path, deaths), range(5)))
    assert sorted(found) == list(range(5))
    assert not multiprocessing.active_children()


@pytest.mark.timeout(300)
def test_work_that_is_killed_each_time_is_named_and_the_rest_is_done() -> None:
    """A pool of multiprocessing waits for ever, which evaluate did where memory ran out."""
    found = []
    with pytest.raises(SimulationError, match=r'killed 3 times.*take fewer --processes.*Left: 1$'):
        found.extend(LocalProcesses(1).results(killed, range(4)))
    assert sorted(found) == [0, 2, 3]
    assert not multiprocessing.active_children()


@pytest.mark.timeout(300)
@pytest.mark.parametrize('leave', ['stop', 'close'])
def test_what_is_stopped_ends_at_once(leave: str) -> None:
    stop = threading.Event()
    results = LocalProcesses(1).results(time.sleep, [0.0, 1000.0, 1000.0], stop)
    assert next(results) is None
    if leave == 'stop':
        stop.set()
        with pytest.raises(CancelledError):
            next(results)
    else:
        results.close()
    assert not multiprocessing.active_children()


def test_results_come_from_several_processes_as_they_are_ready() -> None:
    assert sorted(LocalProcesses(2).results(abs, range(-5, 0))) == [1, 2, 3, 4, 5]
