# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Processes side by side: one that is killed is named; what is stopped leaves none behind."""

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import CancelledError

import pytest

from liquid_drone.errors import SimulationError
from liquid_drone.workers import in_processes


def killed(number: int) -> int:
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.timeout(300)
def test_a_process_that_is_killed_is_named_and_nothing_waits_for_it() -> None:
    """A pool of multiprocessing waits for ever, which evaluate did where memory ran out."""
    with pytest.raises(SimulationError, match='take fewer --processes'):
        list(in_processes(killed, range(4), 1))
    assert not multiprocessing.active_children()


@pytest.mark.timeout(300)
@pytest.mark.parametrize('leave', ['stop', 'close'])
def test_what_is_stopped_ends_at_once(leave: str) -> None:
    stop = threading.Event()
    results = in_processes(time.sleep, [0.0, 1000.0, 1000.0], 1, stop)
    assert next(results) is None
    if leave == 'stop':
        stop.set()
        with pytest.raises(CancelledError):
            next(results)
    else:
        results.close()
    assert not multiprocessing.active_children()


def test_results_come_from_several_processes_as_they_are_ready() -> None:
    assert sorted(in_processes(abs, range(-5, 0), 2)) == [1, 2, 3, 4, 5]
