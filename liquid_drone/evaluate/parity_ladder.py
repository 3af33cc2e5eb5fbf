# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One bundle on every provider and precision of this machine: how far its answers move, how fast.

The first rung is PyTorch with the bundle's weights, then come the CPU, the INT8 variant and the
GPU's. A rung that the machine lacks says why it was not run. The last question is whether it still
flies: the same validation seeds on each rung that passed, where flights are asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ..contract import (
    MOST_TOLERANCE,
    Contract,
    ParityVectors,
    largest_difference,
    load_contract,
)
from ..errors import BundleError, ConfigError, InferenceError, MissingDependencyError, require
from ..runtime import libraries
from ..runtime.providers import Backend
from ..runtime.quantization import NO_VARIANT, variant_of
from ..runtime.runner import PolicyRunner
from ..runtime.selection import step_time_s
from ..seeds import split_seeds
from ..sim.flight_spec import FlightSpec
from ..sim.scenario.task import load_task
from .protocol import Trial, fly_seed
from .scoring import Rate, wilson
from .trained_places import places_of, task_of

GPU_RUNGS = (
    Backend('cuda'),
    Backend('tensorrt', 'fp32'),
    Backend('tensorrt', 'fp16'),
)
# INT8 answers from PyTorch's, relative above 1: rounding moves a logit by up to 0.44 of its own
# size (``models/follow``), a command in the forest by 0.03 m/s. Flights show what it costs.
QUANTISED_TOLERANCE = 0.5


@dataclass(frozen=True)
class Rung:
    """What came of one provider and precision."""

    name: str
    difference: float | None = None  # largest, from the stored answers, relative above 1
    tolerance: float | None = None
    step_ms: float | None = None  # median of a whole step: image in, command out
    reason: str = ''  # why it was not run
    bundle: Path | None = None  # that was run, and on what
    backend: Backend | None = None
    flights: Rate | None = None  # successes in the closed loop
    task: str = ''  # of the flights

    @property
    def verdict(self) -> str:
        """Return ``passed``, ``failed`` or ``not run``."""
        if self.difference is None or self.tolerance is None:
            return 'not run'
        return 'passed' if self.difference <= self.tolerance else 'failed'


def climb(
    bundle: Path, int8: Path | None = None, flights: int = 0, task: str = ''
) -> Iterator[Rung]:
    """Yield the rungs, PyTorch first.

    Args:
        bundle: FP32.
        int8: its INT8 variant; None: the one beside it, ``NAME-int8``.
        flights: of the validation split on each rung that passed, the same seeds on each.
        task: of the flights; '': the one that the bundle was judged by.

    Raises:
        BundleError: the bundle cannot be opened, or has no parity vectors.
        ConfigError: likewise its weights or wiring; an unknown task.

    """
    contract = load_contract(bundle)
    if contract.parity is None:
        raise BundleError(f'bundle {bundle} has no parity vectors: export it again')
    task = task or task_of(contract)
    load_task(task)  # one that is unknown is told before anything is run
    yield _torch(bundle, contract)
    yield _flown(_rung(bundle, Backend()), contract, flights, task)
    yield _flown(_int8(variant_of(bundle, int8), contract.parity), contract, flights, task)
    for backend in GPU_RUNGS:
        yield _flown(_rung(bundle, backend), contract, flights, task)


def _torch(bundle: Path, contract: Contract) -> Rung:
    try:
        require('torch', 'train')
    except MissingDependencyError as error:
        return Rung('torch fp32', reason=str(error))
    from ..policy.config import WEIGHTS_FILE

    if not (bundle / WEIGHTS_FILE).is_file():
        return Rung('torch fp32', reason=f'the bundle has no {WEIGHTS_FILE}')
    return Rung('torch fp32', _torch_difference(bundle, contract), MOST_TOLERANCE['fp32'])


def _torch_difference(bundle: Path, contract: Contract) -> float:
    from ..policy.export import roll_vectors
    from ..policy.network import Network
    from ..policy.weights import config_of, load_weights_of

    parity = contract.parity
    assert parity is not None  # climb has looked
    network = load_weights_of(Network(config_of(str(bundle))).eval(), str(bundle))
    pairs = zip(roll_vectors(network, parity), parity.answers, strict=True)
    return max(largest_difference(got.numpy(), expected) for got, expected in pairs)


def _rung(bundle: Path, backend: Backend) -> Rung:
    reason = libraries.why_not(backend.provider)
    if reason is not None:
        return Rung(str(backend), reason=reason)
    try:
        runner = PolicyRunner(bundle, backend, check_parity=False)
        difference = runner.parity_difference()
    except (BundleError, ConfigError, InferenceError) as error:
        if backend == Backend():  # that every machine runs: then it is the bundle
            raise
        return Rung(str(backend), reason=str(error))
    return _found(runner, difference, runner.tolerance)


def _int8(variant: Path, parity: ParityVectors) -> Rung:
    """Compare the INT8 variant with the answers of the bundle that it was made from."""
    name = 'cpu int8'
    if not variant.is_dir():
        return Rung(name, reason=NO_VARIANT.format(variant))
    try:
        runner = PolicyRunner(variant)
        difference = runner.difference_from(parity)
    except (BundleError, ConfigError, InferenceError) as error:
        return Rung(name, reason=str(error))
    return _found(runner, difference, QUANTISED_TOLERANCE)


def _found(runner: PolicyRunner, difference: float, tolerance: float) -> Rung:
    step_ms = step_time_s(runner) * 1e3
    return Rung(
        runner.provider,
        difference,
        tolerance,
        step_ms,
        bundle=runner.bundle,
        backend=runner.backend,
    )


def _flown(rung: Rung, contract: Contract, flights: int, task: str) -> Rung:
    """Fly the same seeds on a rung that passed, after its target in a place of its training."""
    if not flights or rung.verdict != 'passed' or rung.bundle is None or rung.backend is None:
        return rung
    world, season, target = places_of(contract)[0]
    spec = FlightSpec(world=world, season=season, target=target, task=task)
    trial = Trial(spec, rung.bundle, rung.backend.provider, rung.backend.precision)
    good = sum(fly_seed(trial, seed).score.success for seed in split_seeds('validation', flights))
    return replace(rung, flights=wilson(good, flights), task=task)
