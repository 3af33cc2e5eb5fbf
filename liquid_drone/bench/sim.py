# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How fast the simulator is: pictures, physics, resets, environment steps, memory.

Every case runs in a process of its own, held to one core or two (``sim_case.py``). Processes that
are compared with each other are all started first and then take turns, so that a burst of other
work does not fall on one of them alone. The best round counts.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import SimulationError

WORLDS, SEASONS = ('forest', 'urban'), ('spring', 'summer', 'autumn', 'winter')
PEER = 'gym-pybullet-drones, 1 environment, 1 core'
PEER_ERROR = (
    'gym-pybullet-drones cannot be measured with {python}: {reason}; give the Python of an '
    'environment in which it is installed with --peer-python'
)
Report = Callable[[str], None]
Answer = dict[str, float]


@dataclass(frozen=True)
class SimBench:
    """What is measured."""

    rounds: int = 4
    envs: int = 16
    seeds: int = 3  # places of each world and season
    seconds: float = 0.8  # of one timed run
    peer_python: str = ''  # of an environment with gym-pybullet-drones; empty: leave it out
    worlds: tuple[str, ...] = WORLDS
    seasons: tuple[str, ...] = SEASONS

    def __post_init__(self) -> None:
        if min(self.rounds, self.envs, self.seeds) < 1 or self.seconds <= 0.0:
            raise ValueError(
                f'expected rounds, envs and seeds of 1 or more and seconds above 0, got {self}'
            )


class Case:
    """A process that answers each line it is sent with a line of JSON."""

    def __init__(self, line: Sequence[str], cores: int, threads: int) -> None:
        """Start it; ``threads`` are those that Mesa's llvmpipe draws with."""
        environment = {**os.environ, 'LP_NUM_THREADS': str(threads)}
        allowed = sorted(os.sched_getaffinity(0))[-cores:]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [*line, '--cores', ','.join(map(str, allowed))],
            env=environment, stdin=pipe, stdout=pipe, text=True,
            start_new_session=True,  # Ctrl-C is for this process, which ends the other
        )  # fmt: skip
        self._is_asked = False

    def ask(self, words: str = '') -> Any:
        """Send a line and return the answer.

        Raises:
            SimulationError: the process ended.

        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._is_asked = True
        self._process.stdin.write(words + '\n')
        self._process.stdin.flush()
        while answer := self._process.stdout.readline():
            if answer.startswith('{'):
                self._is_asked = False
                return json.loads(answer)
        raise SimulationError(f'a measured process ended: {self._process.args!r}')

    def close(self) -> None:
        """End it; one that is asked and has not answered, in the middle of its work."""
        if self._is_asked:
            self._process.terminate()
        self._process.communicate()


def ours(*words: str, cores: int = 1, threads: int = 0) -> Case:
    """Start one of our own cases."""
    return Case([sys.executable, '-m', 'liquid_drone.bench.sim_case', *words], cores, threads)


def peer(python: str) -> Case:
    """Start gym-pybullet-drones on one core.

    Raises:
        SimulationError: it cannot be started.

    """
    script = Path(__file__).with_name('peer_gym_pybullet_drones.py')
    try:
        case = Case([python, '-W', 'ignore', str(script)], cores=1, threads=0)
        case.ask()
    except (OSError, SimulationError) as error:
        raise SimulationError(PEER_ERROR.format(python=python, reason=error)) from error
    return case


def measure(bench: SimBench, report: Report = lambda words: None) -> dict[str, Any]:
    """Measure all; ``report`` is told what is measured next.

    Returns:
        ``cpu_cores``, ``device``; by world and season ``pictures_per_s`` (with their masks, of a
        follower on the target's way) and ``pictures_per_cpu_s``, which other programs cannot slow;
        ``physics_ms`` a camera frame, ``resets_per_s``, ``memory_mb`` by world,
        ``env_steps_per_s`` by world and case, ``cpu_ms_per_step`` of all
        cores together, and ``ratios`` to the peer's steps a second.

    """
    if bench.peer_python:
        peer(bench.peer_python).close()  # what is missing is said before a minute of measuring
    found: dict[str, Any] = {'cpu_cores': len(os.sched_getaffinity(0)), 'envs': bench.envs}
    for world in bench.worlds:
        report(f'one core, {world}')
        for key, value in _one_core(bench, world).items():
            found.setdefault(key, {})[world] = value
    found['device'] = next(iter(found['device'].values()))
    for world in bench.worlds:
        answers = _in_turns(bench, world, report)
        for key, figures in _summary(answers).items():
            found.setdefault(key, {})[world] = figures
    return found


def measure_parts(worlds: Sequence[str], envs: int, steps: int) -> dict[str, dict[str, float]]:
    """Return, by world and part, the processor's milliseconds of an environment step on one core.

    Raises:
        SimulationError: the measured process ended.

    """
    found = {}
    for world in worlds:
        case = ours('parts', world, str(envs))
        try:
            found[world] = case.ask(json.dumps({'steps': steps}))
        finally:
            case.close()
    return found


def _summary(answers: dict[str, list[Answer]]) -> dict[str, dict[str, float]]:
    """Return the best of each case, the processor's time, and ratios to the peer's."""
    steps = {name: [row['steps_per_s'] for row in rows] for name, rows in answers.items()}
    found = {
        'env_steps_per_s': {name: max(rates) for name, rates in steps.items()},
        'cpu_ms_per_step': {
            name: min(row['cpu_ms'] for row in rows) for name, rows in answers.items()
        },
    }
    return {**found, 'ratios': _ratios(steps)} if PEER in steps else found


def _one_core(bench: SimBench, world: str) -> dict[str, Any]:
    """Return pictures, physics, resets and memory of one world."""
    request = {'seasons': bench.seasons, 'seeds': bench.seeds, 'seconds': bench.seconds}
    case = ours('place', world)
    try:
        found: dict[str, Any] = case.ask(json.dumps(request))
    finally:
        case.close()
    return found


def _in_turns(bench: SimBench, world: str, report: Report) -> dict[str, list[Answer]]:
    """Return what each case answers, once a round."""
    report(f'building environments, {world}')
    cases = _cases(bench, world)
    try:
        for case in cases.values():
            case.ask()
        answers: dict[str, list[Answer]] = {name: [] for name in cases}
        for number in range(bench.rounds):
            report(f'environment steps, {world}, round {number + 1}')
            for name, case in cases.items():
                answers[name].append(case.ask(json.dumps({'seconds': bench.seconds})))
    finally:
        for case in cases.values():
            case.close()
    return answers


def _cases(bench: SimBench, world: str) -> dict[str, Case]:
    count = str(bench.envs)
    cases = {PEER: peer(bench.peer_python)} if bench.peer_python else {}
    return {
        **cases,
        '1 environment, 1 core': ours('envs', world, '1', '0'),
        f'{count} environments, 1 process, 1 core': ours('envs', world, count, '0'),
        f'{count} environments, 1 process, 2 cores': ours(
            'envs', world, count, '0', cores=2, threads=2
        ),
        f'{count} environments, 2 processes, 2 cores': ours('envs', world, count, '2', cores=2),
    }


def _ratios(steps: dict[str, list[float]]) -> dict[str, float]:
    """Return each case's steps over the peer's of the same round, the median over rounds."""
    theirs = steps[PEER]
    return {
        name: statistics.median(a / b for a, b in zip(rates, theirs, strict=True))
        for name, rates in steps.items()
        if name != PEER
    }
