# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How fast a bundle flies here: each provider and precision, start-up, memory, power, ratios.

Every case is a process of its own (``runtime_case.py``), so that start-up and memory are what a
flight sees. Three ratios are told beside the table: the whole step over the bare vision graph, the
core's step of ``ncps`` in PyTorch over ours, and FP32 over the INT8 variant.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..contract import load_contract
from ..errors import BundleError, ConfigError, LiquidDroneError
from ..files import load_json
from ..runtime import libraries
from ..runtime.quantization import NO_VARIANT, variant_of
from ..runtime.runner import PolicyRunner
from . import machine
from .timing import take_turns

BACKENDS = (('cpu', 'fp32'), ('cuda', 'fp32'), ('tensorrt', 'fp32'), ('tensorrt', 'fp16'))
INT8 = 'cpu int8'
Progress = Callable[[str], None]


@dataclass(frozen=True)
class RuntimeBench:
    """What is measured."""

    bundle: Path
    int8: Path | None = None  # its INT8 variant; None: the one beside it, NAME-int8
    steps: int = 1000  # back to back
    seconds: float = 10.0  # at the contract's rate


def measure(bench: RuntimeBench, on_case: Progress = lambda _name: None) -> dict[str, Any]:
    """Measure every case that this machine has.

    Returns:
        ``machine``, ``bundle``, ``cases`` by name (``reason`` where one was not run), ``ratios``.

    Raises:
        BundleError: the bundle cannot be opened.

    """
    contract = load_contract(bench.bundle)
    cases: dict[str, dict[str, Any]] = {}
    for provider, precision in BACKENDS:
        name = f'{provider} {precision}'
        on_case(name)
        reason = libraries.why_not(provider)
        cases[name] = (
            {'reason': reason} if reason else _case(bench, bench.bundle, provider, precision)
        )
    variant = variant_of(bench.bundle, bench.int8)
    on_case(INT8)
    cases[INT8] = (
        _case(bench, variant, 'cpu', 'fp32')
        if variant.is_dir()
        else {'reason': NO_VARIANT.format(variant)}
    )
    on_case('ratios')
    cpu = cases['cpu fp32']
    return {
        'machine': machine.describe(),
        'bundle': {'name': contract.name, 'hash': contract.bundle_hash()},
        'cases': cases,
        'ratios': {
            'step_over_vision': cpu['step_ms']['p50'] / cpu['vision_ms']['p50'],
            'ncps_over_core': _over_ncps(contract.feature_size, contract.network),
            'fp32_over_int8': cases[INT8].get('reason') or _over_int8(bench.bundle, variant),
            'cold_start_s': cpu['start_s']['total'],
        },
    }


def _case(bench: RuntimeBench, bundle: Path, provider: str, precision: str) -> dict[str, Any]:
    """Run one case in a process of its own; its error is its reason."""
    words = [str(bundle), provider, precision, repr(time.monotonic())]
    words += [str(bench.steps), str(bench.seconds)]
    module = 'liquid_drone.bench.runtime_case'
    done = subprocess.run(
        [sys.executable, '-m', module, *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ['it ended without a word'])[-1]
        if provider == 'cpu':
            raise BundleError(last.partition(': ')[2] or last)
        return {'reason': last}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _over_ncps(features: int, network: Mapping[str, Any]) -> float | str:
    """Time a core step of ours and of ncps at the bundle's size, in turns; or why not."""
    try:
        from . import policy
    except ImportError as error:
        return f"{error}: pip install 'liquid_drone[train,test]'"
    size = {'neurons': int(network.get('neurons', 19)), 'features': features}
    names = ('wired_cfc', policy.REFERENCE)
    bench = policy.PolicyBench(**size, length=2, batch=1, rounds=10, cells=names)
    try:
        found = policy.measure(bench)
    except LiquidDroneError as error:
        return str(error)
    ours, theirs = found[names[0]].bound, found[names[1]].step
    assert ours is not None  # both cases have a step
    assert theirs is not None
    return theirs.best_s / ours.best_s


def _over_int8(bundle: Path, variant: Path) -> float:
    """Time both vision graphs in turns, by processor time: other programs do not count."""
    runners = {'fp32': PolicyRunner(bundle), 'int8': PolicyRunner(variant)}
    camera = runners['fp32'].contract.camera
    image = np.zeros((camera.height, camera.width, 3), np.uint8)
    cases = {name: partial(runner.see, image) for name, runner in runners.items()}
    took = take_turns(cases, rounds=20, inner=10, clock=time.process_time)
    return took['fp32'].best_s / took['int8'].best_s


def earlier(path: Path) -> dict[str, Any]:
    """Read what an earlier run printed with --json.

    Raises:
        ConfigError: it is not that.

    """
    found = load_json(path)
    if not isinstance(found, dict) or not isinstance(found.get('cases'), dict):
        raise ConfigError(f'{path}: expected what liquid-drone bench runtime --json prints')
    return found


def times_of(found: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, float]:
    """Return by case how many times the median step of before it takes now."""
    times = {}
    for name, case in found['cases'].items():
        old = before['cases'].get(name)
        try:
            times[name] = case['step_ms']['p50'] / old['step_ms']['p50']
        except (KeyError, TypeError, ZeroDivisionError):
            continue  # not run, now or then
    return times
