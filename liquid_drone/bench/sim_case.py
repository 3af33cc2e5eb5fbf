# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One measured process of ``liquid-drone bench sim``: it answers lines on standard input.

It holds itself to the cores it is given, builds, answers ``{}``, and then answers each line with
what it measured. ``python -m liquid_drone.bench.sim_case envs forest 16 2 --cores 0,1``.
"""

import argparse
import itertools
import json
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..sim.gym.env import FollowEnv
from ..sim.gym.parallel_env import ParallelDroneEnvs
from ..sim.gym.vector_env import FollowEnvs
from ..sim.preview.cameras import follower_views
from ..sim.render.gl_context import GlContext
from ..sim.scenario.scenario import load_scenario
from ..sim.simulator import Simulator
from .machine import memory_mb
from .scale.step_parts import step_parts

SEED = 9_000  # of the training split
WARM_UP = 3
VIEWS = 40  # of a follower on the target's way
Answer = Callable[[dict[str, Any]], dict[str, Any]]


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument('kind', choices=CASES)
    parser.add_argument('words', nargs='*')
    parser.add_argument('--cores', default='')
    args = parser.parse_args()
    if args.cores:
        os.sched_setaffinity(0, {int(core) for core in args.cores.split(',')})
    answer, close = CASES[args.kind](*args.words)
    for line in sys.stdin:
        found = answer(json.loads(line)) if line.strip() else {}
        sys.stdout.write(json.dumps(found) + '\n')
        sys.stdout.flush()
    close()


@dataclass(frozen=True)
class StepRate:
    """How often something ran."""

    per_s: float  # by the clock
    per_cpu_s: float  # of the processors' time that this and its children used: others take none


def rate(run: Callable[[], Any], seconds: float) -> StepRate:
    """Run something for some seconds, at least ten times, after a warm-up."""
    for _ in range(WARM_UP):
        run()
    count, begin, used = 0, time.perf_counter(), cpu_s()
    while count < 10 or time.perf_counter() - begin < seconds:
        run()
        count += 1
    spent, used = time.perf_counter() - begin, cpu_s() - used
    return StepRate(count / spent, count / max(used, 1e-9))


def cpu_s() -> float:
    """Return the time on processors of this process and its children, from proc(5)."""
    stats = [Path(f'/proc/{child.pid}/stat') for child in multiprocessing.active_children()]
    rows = [stat.read_text(encoding='ascii').rpartition(')')[2].split() for stat in stats]
    ticks = sum(int(row[11]) + int(row[12]) for row in rows)  # utime, stime
    return time.process_time() + ticks / os.sysconf('SC_CLK_TCK')


def place(world: str) -> tuple[Answer, Callable[[], None]]:
    """Measure pictures, physics and resets of one world, place after place."""

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        seeds = range(SEED, SEED + request['seeds'])
        share, seasons, megabytes = request['seconds'] / len(seeds), {}, 0.0
        for season in request['seasons']:
            simulator = Simulator(load_scenario(world, season))
            seasons[season] = [_one_place(simulator, seed, share) for seed in seeds]
            simulator.close()
            megabytes = megabytes or memory_mb()
        rows = [row for rows in seasons.values() for row in rows]
        return {
            'pictures_per_s': _means(seasons, 'pictures_per_s'),
            'pictures_per_cpu_s': _means(seasons, 'pictures_per_cpu_s'),
            'physics_ms': statistics.median(row['physics_ms'] for row in rows),
            'resets_per_s': 1.0 / statistics.median(row['reset_s'] for row in rows),
            'memory_mb': megabytes,
            'device': GlContext.shared().device,
        }

    return answer, lambda: None


def _one_place(simulator: Simulator, seed: int, seconds: float) -> dict[str, float]:
    """Build the place of a seed and measure in it."""
    begin = time.perf_counter()
    simulator.reset(seed)
    reset_s = time.perf_counter() - begin
    views = itertools.cycle(follower_views(simulator, VIEWS))
    for _ in range(VIEWS):  # shaders are compiled when they are first needed
        simulator.photograph(next(views))
    pictures = rate(lambda: simulator.photograph(next(views)), seconds)
    physics = rate(lambda: simulator.advance((0.2, 0.0, 0.0), 0.1), seconds / 4.0)
    return {
        'reset_s': reset_s,
        'pictures_per_s': pictures.per_s,
        'pictures_per_cpu_s': pictures.per_cpu_s,
        'physics_ms': 1e3 / physics.per_cpu_s,
    }


def _means(seasons: dict[str, list[dict[str, float]]], key: str) -> dict[str, float]:
    return {name: statistics.fmean(row[key] for row in rows) for name, rows in seasons.items()}


def envs(world: str, count: str, processes: str) -> tuple[Answer, Callable[[], None]]:
    """Step environments, hovering: one, many in this process, or many in several."""
    number = int(count)
    names: dict[str, Any] = {'world': world, 'expert': False}  # the peer has none either
    made: Any
    if int(processes):
        made = ParallelDroneEnvs(number, processes=int(processes), **names)
    else:
        made = FollowEnv(**names) if number == 1 else FollowEnvs(number, **names)
    made.reset(seed=SEED)
    action = np.zeros((4,) if number == 1 and not int(processes) else (number, 4), np.float32)

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        found = rate(lambda: made.step(action), request['seconds'])
        return {
            'steps_per_s': number * found.per_s,
            'cpu_ms': 1e3 / (number * found.per_cpu_s),
        }

    return answer, made.close


def parts(world: str, count: str) -> tuple[Answer, Callable[[], None]]:
    """Divide the time of a step among its parts."""
    made = FollowEnvs(int(count), world=world, expert=False)
    made.reset(seed=SEED)
    return lambda request: step_parts(made, request['steps']), made.close


CASES: dict[str, Callable[..., tuple[Answer, Callable[[], None]]]] = {
    'place': place,
    'envs': envs,
    'parts': parts,
}

if __name__ == '__main__':
    main()
