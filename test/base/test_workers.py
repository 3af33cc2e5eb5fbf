# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Worker processes: what they read when they begin, and that none outlives its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from liquid_drone.workers import ONE_CORE, one_core

PARENT = """
import multiprocessing, os, time
from liquid_drone.workers import begin_worker

if __name__ == '__main__':
    with multiprocessing.get_context('spawn').Pool(1, begin_worker) as pool:
        print(pool.apply(os.getpid), flush=True)
        pool.apply(time.sleep, (60,))
"""


def is_alive(process: int) -> bool:
    try:
        state = Path(f'/proc/{process}/stat').read_text(encoding='ascii').rpartition(')')[2]
    except OSError:
        return False
    return state.split()[0] != 'Z'


def test_a_worker_ends_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / 'parent.py'
    script.write_text(PARENT, encoding='ascii')
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert is_alive(worker)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20.0
    while is_alive(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(worker)


def test_what_the_environment_says_counts_and_what_was_added_is_taken_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv('LP_NUM_THREADS', '3')
    monkeypatch.delenv('OPENBLAS_NUM_THREADS', raising=False)
    before = dict(os.environ)
    with one_core():
        assert os.environ['LP_NUM_THREADS'] == '3'
        assert os.environ['OPENBLAS_NUM_THREADS'] == ONE_CORE['OPENBLAS_NUM_THREADS']
    assert dict(os.environ) == before
