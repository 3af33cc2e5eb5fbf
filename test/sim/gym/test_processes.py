# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Processes of a vector that cannot begin are told why; none outlives what it works for."""

import gc
import multiprocessing
import os
import subprocess
import sys
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from liquid_drone.errors import SimulationError
from liquid_drone.sim.gym import parallel_env
from liquid_drone.sim.gym.parallel_env import ParallelDroneEnvs
from liquid_drone.sim.gym.vector_env import FollowEnvs

SHARED = Path('/dev/shm')
TELLING = """
from liquid_drone.sim.gym import parallel_env


class Told(parallel_env.SharedMemory):
    def __init__(self, *args, **names):
        super().__init__(*args, **names)
        print(self.name, flush=True)


parallel_env.SharedMemory = Told
"""
UNGUARDED = """
from liquid_drone.sim.gym.parallel_env import ParallelDroneEnvs

many = ParallelDroneEnvs(2, expert=False)
many.reset(seed=1)
"""
LEFT_OPEN = """
from liquid_drone.sim.gym.parallel_env import ParallelDroneEnvs

if __name__ == '__main__':
    many = ParallelDroneEnvs(2, expert=False)
    many.reset(seed=1)
"""


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the shared memory that is made here: other tests make some, too."""
    names = list[str]()

    def noted(*args: Any, **given: Any) -> SharedMemory:
        memory = SharedMemory(*args, **given)
        names.append(memory.name)
        return memory

    monkeypatch.setattr(parallel_env, 'SharedMemory', noted)
    return names


def is_gone(names: list[str]) -> bool:
    """Tell whether all of some shared memory, at least one, is there no more."""
    return bool(names) and not any((SHARED / name).exists() for name in names)


def run(program: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run a script that tells the names of its shared memory."""
    script = tmp_path / 'script.py'
    script.write_text(TELLING + program, encoding='utf-8')
    return subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)


def test_a_script_without_a_guard_is_told_to_have_one(tmp_path: Path) -> None:
    """It was thirteen lines about freezing an executable (DLR-RM/stable-baselines3#509)."""
    ran = run(UNGUARDED, tmp_path)
    assert ran.returncode == 1
    assert "below if __name__ == '__main__':" in ran.stderr
    assert ran.stderr.rstrip().splitlines()[-1].startswith(SimulationError.__module__)
    assert 'leaked' not in ran.stderr
    assert is_gone(ran.stdout.split())


def test_a_script_that_closes_nothing_leaves_nothing(tmp_path: Path) -> None:
    """Python warned of leaked shared memory."""
    ran = run(LEFT_OPEN, tmp_path)
    assert (ran.returncode, ran.stderr) == (0, '')
    assert is_gone(ran.stdout.split())


def test_what_cannot_be_sent_is_named_and_leaves_nothing(made: list[str]) -> None:
    class Mine(FollowEnvs):
        """Of a function: no other process can import it."""

    with pytest.raises(SimulationError, match=r'no simulator process can be started.*Mine'):
        ParallelDroneEnvs(2, kind=Mine, expert=False)
    assert not multiprocessing.active_children()
    assert is_gone(made)


def test_what_is_dropped_ends_its_processes(made: list[str]) -> None:
    """Each one that was dropped without close kept its processes until the program's end."""
    many = ParallelDroneEnvs(2, expert=False)
    images, _ = many.reset(seed=1)
    assert len(multiprocessing.active_children()) == 2
    del many
    gc.collect()
    assert not multiprocessing.active_children()
    assert is_gone(made)
    assert images.any()  # a copy


def test_a_fork_ends_nothing_of_its_parent() -> None:
    many = ParallelDroneEnvs(2, expert=False)
    many.reset(seed=1)
    if (child := os.fork()) == 0:
        many.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    many.step(np.zeros((2, 4), np.float32))
    many.close()


def _in_a_daemon(answers: 'multiprocessing.Queue[str]') -> None:
    try:
        ParallelDroneEnvs(2, expert=False)
    except SimulationError as error:
        answers.put(str(error))


def test_a_daemon_is_told_that_it_may_have_none() -> None:
    """As a worker of another vector is; it was an AssertionError of Python."""
    context = multiprocessing.get_context('spawn')
    answers: multiprocessing.Queue[str] = context.Queue()
    process = context.Process(target=_in_a_daemon, args=(answers,), daemon=True)
    process.start()
    assert 'FollowEnvs' in answers.get(timeout=300.0)
    process.join()
