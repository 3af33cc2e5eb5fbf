# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Processes side by side: one that is killed is named; what is stopped leaves none behind."""

import itertools
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

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


@pytest.mark.parametrize('processes', [1, 2])
@pytest.mark.parametrize('deaths', [{1: 1}, {0: 2}, {0: 1, 3: 2}], ids=str)
def test_killed_work_is_done_again_and_nothing_is_lost_or_counted_twice(
    tmp_path: Path, deaths: dict[int, int], processes: int
) -> None:
    found = list(LocalProcesses(processes).results(KilledOnce(tmp_path, deaths), range(5)))
    assert sorted(found) == list(range(5))
    assert not multiprocessing.active_children()


def test_work_that_is_killed_each_time_is_named_and_the_rest_is_done() -> None:
    """A pool of multiprocessing waits for ever, which evaluate did where memory ran out."""
    found = []
    with pytest.raises(SimulationError, match=r'killed 3 times.*take fewer --processes.*Left: 1$'):
        found.extend(LocalProcesses(1).results(killed, range(4)))
    assert sorted(found) == [0, 2, 3]
    assert not multiprocessing.active_children()


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


CALLS = 1800  # of functions until a pool is filled, and some while it is waited for


def interrupted(number: int, moment: int) -> None:
    """Let two processes work, and send this one a signal at a call of a function."""
    calls = itertools.count()

    def count(_frame: object, event: str, _argument: object) -> None:
        if event == 'call' and next(calls) == moment:
            sys.setprofile(None)
            signal.raise_signal(number)

    results = LocalProcesses(2).results(time.sleep, [0.0, 1000.0, 1000.0])
    sys.setprofile(count)
    try:
        next(results)
        next(results)
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
@settings(max_examples=4, deadline=None)
@example(moment=1024)  # while the pool's thread starts: "cannot join thread before it is started"
@given(moment=st.integers(0, CALLS))
def test_an_interrupt_at_any_moment_ends_all_of_it_in_order(number: int, moment: int) -> None:
    before = signal.signal(number, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted(number, moment)
        with pytest.raises(KeyboardInterrupt):  # the next one is not held
            signal.raise_signal(number)
    finally:
        signal.signal(number, before)
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()) & {signal.SIGINT, signal.SIGTERM}
    assert not multiprocessing.active_children()


WITHOUT_ROOM = """
import os, resource, sys
from liquid_drone.errors import SimulationError
from liquid_drone.workers.pool import LocalProcesses
if sys.argv[1] == 'files':
    most = max(map(int, os.listdir('/proc/self/fd'))) + int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
try:
    print(sorted(LocalProcesses(2).results(abs, [-1, 2])))
except SimulationError as error:
    print(error)
"""
NO_SHARED_MEMORY = """
mount -t tmpfs none "$0" && touch "$0/null" "$0/urandom" || exit 77
mount --bind /dev/null "$0/null" && mount --bind /dev/urandom "$0/urandom" || exit 77
mount --move "$0" /dev || exit 77
exec "$@"
"""


def without(*arguments: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [*before, sys.executable, '-c', WITHOUT_ROOM, *arguments]
    path = str(Path(__file__).parents[2])
    return subprocess.run(
        command,
        env=os.environ | {'PYTHONPATH': path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_too_few_open_files_for_processes_are_told() -> None:
    done = without('files', '2')
    assert 'Too many open files' in done.stdout
    assert '--processes 1' in done.stdout


def test_a_container_without_shared_memory_is_told(tmp_path: Path) -> None:
    """The command told that it cannot write its output."""
    (tmp_path / 'dev').mkdir()
    before = 'unshare', '-m', 'bash', '-c', NO_SHARED_MEMORY, str(tmp_path / 'dev')
    if shutil.which('unshare') is None:
        pytest.skip('needs unshare of util-linux')
    done = without('shared', before=before)
    if done.returncode in (1, 77) and not done.stdout:
        pytest.skip(f'this machine lets nobody mount: {done.stderr}')
    assert '/dev/shm (mount it; docker run --shm-size 1g)' in done.stdout
