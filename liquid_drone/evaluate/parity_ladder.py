# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One bundle on every provider and precision of this machine: how far its answers move, how fast.

The first rung is PyTorch with the bundle's weights, each next one is further from it. A rung that
the machine lacks says why it was not run. The last question is whether it still flies: the same
seeds on each rung that passed, when flights are asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..contract import (
    MOST_TOLERANCE,
    Contract,
    largest_difference,
    load_contract,
    parity_inputs,
)
from ..errors import BundleError, ConfigError, LiquidDroneError, require
from ..runtime import libraries
from ..runtime.providers import Backend
from ..runtime.runner import PolicyRunner
from ..runtime.selection import step_time_s

RUNGS = (
    Backend('cpu'),
    Backend('cuda'),
    Backend('tensorrt', 'fp32'),
    Backend('tensorrt', 'fp16'),
)
TIMED_STEPS = 100


@dataclass(frozen=True)
class Rung:
    """What came of one provider and precision."""

    name: str
    difference: float | None = None  # largest, from the stored answers, relative above 1
    tolerance: float | None = None
    step_ms: float | None = None  # median of a whole step: image in, command out
    reason: str = ''  # why it was not run

    @property
    def verdict(self) -> str:
        """Return ``passed``, ``failed`` or ``not run``."""
        if self.difference is None or self.tolerance is None:
            return 'not run'
        return 'passed' if self.difference <= self.tolerance else 'failed'


def climb(bundle: Path) -> Iterator[Rung]:
    """Yield the rungs, PyTorch first.

    Raises:
        BundleError: the bundle cannot be opened, or has no parity vectors.

    """
    contract = load_contract(bundle)
    if contract.parity is None:
        raise BundleError(f'bundle {bundle} has no parity vectors: export it again')
    yield _torch(bundle, contract)
    yield from (_rung(bundle, backend) for backend in RUNGS)


def _torch(bundle: Path, contract: Contract) -> Rung:
    try:
        require('torch', 'train')
        difference = _torch_difference(bundle, contract)
    except LiquidDroneError as error:
        return Rung('torch fp32', reason=str(error))
    return Rung('torch fp32', difference, MOST_TOLERANCE['fp32'])


def _torch_difference(bundle: Path, contract: Contract) -> float:
    import torch

    from ..policy.export import roll
    from ..policy.network import Network
    from ..policy.weights import config_of, load_weights_of

    parity = contract.parity
    assert parity is not None  # climb has looked
    network = load_weights_of(Network(config_of(str(bundle))).eval(), str(bundle))
    images = torch.from_numpy(parity_inputs(parity, contract.camera))
    answers = roll(network, images, torch.tensor(parity.dt_s))
    stored = parity.commands, parity.targets
    pairs = zip(answers, stored, strict=True)
    return max(largest_difference(got.numpy(), expected) for got, expected in pairs)


def _rung(bundle: Path, backend: Backend) -> Rung:
    reason = libraries.why_not(backend.provider)
    if reason is not None:
        return Rung(str(backend), reason=reason)
    try:
        runner = PolicyRunner(bundle, backend, check_parity=False)
        difference = runner.parity_difference()
    except (BundleError, ConfigError) as error:
        return Rung(str(backend), reason=str(error))
    return Rung(runner.provider, difference, runner.tolerance, step_time_s(runner) * 1e3)
