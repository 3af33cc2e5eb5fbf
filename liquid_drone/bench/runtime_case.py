# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One bundle on one provider, in a process of its own: start-up, steps, memory, power.

Called by ``runtime.py``. Start-up counts from the moment that the parent made the process: the
interpreter, the imports, opening both graphs, the parity vectors. The bare vision graph and the
whole step take turns, so that their ratio holds on a busy machine.
"""

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..runtime.runner import PolicyRunner

FRAMES = 32  # different pictures
PICTURES_SEED = 0
PERCENTILES = (50, 95, 99)
WARM_UP = 50  # steps that are not counted


def main() -> None:
    """Measure what the arguments say, and print JSON."""
    bundle, provider, precision, began_s, steps, seconds = sys.argv[1:]
    runner, start_s = cold_start(Path(bundle), provider, precision, float(began_s))
    found = {'provider': runner.provider, 'start_s': start_s, **back_to_back(runner, int(steps))}
    found['paced_ms'] = paced(runner, float(seconds))
    sys.stdout.write(json.dumps(found) + '\n')


def cold_start(
    bundle: Path, provider: str, precision: str, began_s: float
) -> tuple['PolicyRunner', dict[str, float]]:
    """Import, open and check; return the runner and how long each took."""
    python_s = time.monotonic()
    from ..runtime.providers import Backend
    from ..runtime.runner import PolicyRunner

    imported_s = time.monotonic()
    runner = PolicyRunner(bundle, Backend(provider, precision), check_parity=False)
    opened_s = time.monotonic()
    runner.check_parity()
    checked_s = time.monotonic()
    return runner, {
        'python': python_s - began_s,
        'import': imported_s - python_s,
        'open': opened_s - imported_s,
        'parity': checked_s - opened_s,
        'total': checked_s - began_s,
    }


def back_to_back(runner: 'PolicyRunner', steps: int) -> dict[str, Any]:
    """Time whole steps and the bare graphs, in turns; then processor time, memory and power."""
    import numpy as np

    from .machine import memory_mb, watts

    images, period_s = _images(runner), runner.contract.time.nominal_s
    features = np.zeros((1, runner.contract.feature_size), np.float32)
    state = np.zeros((1, runner.contract.state_size), np.float32)
    took: dict[str, list[float]] = {'vision': [], 'step': [], 'core': []}
    runner.reset()
    for count in range(WARM_UP + steps):
        image = images[count % FRAMES]
        marks = [time.perf_counter()]
        runner.see(image)
        marks.append(time.perf_counter())
        runner.step(image, count * period_s)
        marks.append(time.perf_counter())
        runner.core(features, state, period_s)
        marks.append(time.perf_counter())
        for times, first, last in zip(took.values(), marks, marks[1:], strict=False):
            times.append(last - first)
    begin_s = time.process_time()
    for count in range(steps):
        runner.step(images[count % FRAMES], 1e6 + count * period_s)
    cpu_s = time.process_time() - begin_s
    found = {f'{name}_ms': _percentiles(times[WARM_UP:]) for name, times in took.items()}
    return {**found, 'cpu_ms': 1e3 * cpu_s / steps, 'memory_mb': memory_mb(), 'watts': watts()}


def paced(runner: 'PolicyRunner', seconds: float) -> dict[str, float]:
    """Step as frames arrive: the processor sleeps and its caches cool in between."""
    images, period_s = _images(runner), runner.contract.time.nominal_s
    runner.reset()
    took, due_s = [], time.monotonic()
    for count in range(max(round(seconds / period_s), 1)):
        due_s = max(due_s + period_s, time.monotonic())
        time.sleep(max(due_s - time.monotonic(), 0.0))
        begin_s = time.perf_counter()
        runner.step(images[count % FRAMES], count * period_s)
        took.append(time.perf_counter() - begin_s)
    return _percentiles(took)


def _images(runner: 'PolicyRunner') -> Any:
    import numpy as np

    camera = runner.contract.camera
    shape = FRAMES, camera.height, camera.width, 3
    return np.random.default_rng(PICTURES_SEED).integers(0, 256, shape, dtype=np.uint8)


def _percentiles(seconds: list[float]) -> dict[str, float]:
    import numpy as np

    values = np.percentile(np.array(seconds) * 1e3, PERCENTILES)
    return {f'p{at}': float(value) for at, value in zip(PERCENTILES, values, strict=True)}


if __name__ == '__main__':
    main()
