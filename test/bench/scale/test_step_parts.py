# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The time of a step is divided among its parts, and none of it counts twice."""

import json
import os
import subprocess
import sys
from itertools import count

from liquid_drone.bench.scale import step_parts


class Clockwork:
    """Two methods, one of which calls the other."""

    def outer(self) -> int:
        return self.inner() + 1

    def inner(self) -> int:
        return 1


def test_each_moment_counts_once_for_the_innermost_part() -> None:
    ticks = count()
    watch = step_parts.Stopwatch(lambda: float(next(ticks)))  # one second between two looks
    watch.wrap(Clockwork, 'outer', 'out')
    watch.wrap(Clockwork, 'inner', 'in')
    assert Clockwork().outer() == 2
    assert watch.take() == {step_parts.REST: 2.0, 'out': 2.0, 'in': 1.0}
    assert watch.take() == {step_parts.REST: 1.0}


ONE = [sys.executable, '-W', 'ignore', '-m', 'liquid_drone.bench.sim_case', 'parts', 'forest', '1']


def test_every_part_of_a_step_is_found() -> None:
    alone = {**os.environ, 'LP_NUM_THREADS': '0'}  # Mesa draws in the thread that is timed
    done = subprocess.run(
        ONE, input='{"steps": 3}\n', env=alone, capture_output=True, text=True, timeout=300
    )
    parts = json.loads(done.stdout)
    assert set(parts) == {name for name, *_ in step_parts.METHODS} | {step_parts.REST}
    assert min(parts.values()) > 0.0
    assert parts[step_parts.RASTERISING] == max(parts.values())
