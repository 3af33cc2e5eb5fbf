# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Open a bundle on the provider that was asked for, or on the fastest one that answers right.

``auto`` never fails where the CPU works and never hides what it took: each provider that is there
opens the bundle, answers its parity vectors and is timed; one line says what came of it. At 20 Hz
a network of this size gains nothing on most cards, so the CPU stays unless another is 20 % faster.
TensorRT is tried where its engine was built before (``liquid-drone warmup``): building takes
minutes. The CPU stays ready for the images behind one with which a card fails.
"""

import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..contract import VISION_FILE
from ..errors import BundleError, ConfigError, InferenceError
from . import engine_cache, libraries
from .providers import CHOICES, Backend, check, engine_key
from .runner import PolicyRunner

TIMED_STEPS = 10
GAIN = 0.8  # share of the CPU's time below which another provider is worth its trouble
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tried:
    """What came of one provider: a runner and its time, or the reason."""

    provider: str
    runner: PolicyRunner | None = None
    step_s: float = float('inf')
    reason: str = ''

    def __str__(self) -> str:
        if self.runner is None:
            return f'{self.provider}: {self.reason}'
        return f'{self.provider} {self.step_s * 1e3:.2f} ms'


def open_policy(
    bundle: Path,
    providers: str = 'auto',
    check_parity: bool = True,
    backend: Backend | None = None,
) -> PolicyRunner:
    """Open a bundle.

    Args:
        bundle: directory.
        providers: ``auto``, or an order: ``cpu``, ``cuda``, ``tensorrt``.
        check_parity: replay the stored answers; ``auto`` always does beside the CPU.
        backend: precision, threads and role; its provider is not used.

    Raises:
        BundleError: missing, altered, unreadable, or answering differently.
        ConfigError: the provider that was asked for cannot be had; why.

    """
    check(providers)
    base = backend or Backend()
    if base.precision != 'fp32' and providers not in ('auto', 'tensorrt'):
        raise ConfigError(
            f"precision '{base.precision}' needs providers 'tensorrt' (or 'auto', where its "
            f"engine was built), got '{providers}'"
        )
    if providers != 'auto':
        return PolicyRunner(bundle, _on(base, providers), check_parity)
    runner = PolicyRunner(bundle, _on(base, 'cpu'), check_parity)
    base = replace(base, rows_columns=runner.backend.rows_columns)  # the contract's
    others = [_try(bundle, provider, base) for provider in CHOICES[2:]]
    if all(tried.runner is None for tried in others):
        log.info('%s on cpu (%s)', runner.contract.name, '; '.join(map(str, others)))
        return runner
    return _fastest([Tried('cpu', runner, step_time_s(runner)), *others])


def _on(base: Backend, provider: str) -> Backend:
    precision = base.precision if provider == 'tensorrt' else 'fp32'
    return replace(base, provider=provider, precision=precision)


def _try(bundle: Path, provider: str, base: Backend) -> Tried:
    reason = libraries.why_not(provider)
    if reason is not None:
        return Tried(provider, reason=reason)
    backend = _on(base, provider)
    try:
        key = engine_key(bundle / VISION_FILE, backend) if provider == 'tensorrt' else None
        if key is not None and not engine_cache.is_built(key):
            return Tried(provider, reason='no engine was built: liquid-drone warmup')
        runner = PolicyRunner(bundle, backend)
        return Tried(provider, runner, step_time_s(runner))
    except (BundleError, ConfigError, InferenceError) as error:
        return Tried(provider, reason=str(error))


def _fastest(tried: list[Tried]) -> PolicyRunner:
    """Return the first unless another takes less than GAIN of its time."""
    first, best = tried[0], min(tried, key=lambda one: one.step_s)
    chosen = best if best.step_s < GAIN * first.step_s else first
    assert chosen.runner is not None  # its time is finite
    if chosen is not first and first.runner is not None:
        chosen.runner.vision.keep_spare(first.runner.vision)
    name, told = chosen.runner.contract.name, '; '.join(map(str, tried))
    log.info('%s on %s (%s)', name, chosen.provider, told)
    return chosen.runner


def step_time_s(runner: PolicyRunner) -> float:
    """Return the median time of a step, s; the state is left as after a reset."""
    camera = runner.contract.camera
    image = np.zeros((camera.height, camera.width, 3), np.uint8)
    runner.warm_up()
    times = []
    for step in range(TIMED_STEPS):
        began = time.perf_counter()
        runner.step(image, step * runner.contract.time.nominal_s)
        times.append(time.perf_counter() - began)
    runner.reset()
    return float(np.median(times))
