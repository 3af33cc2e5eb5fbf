# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Another operating point for a bundle that is trained: its logit is moved, nothing else.

Every consumer looks at a probability of 0.5, so the point is in the graph and no threshold is.
"""

import dataclasses
import math
from pathlib import Path

import torch

from ...contract import load_contract
from ...errors import ConfigError
from ...policy.export import export
from ...policy.network import Network
from ...policy.weights import config_of, load_weights_of


def move_logit(network: Network, by: float) -> None:
    """Lower the target head's logit by this much."""
    head = network.vision
    with torch.no_grad():
        if head.heatmap is not None:
            head.heatmap.moved.add_(by)
        elif head.target is not None:
            head.target.bias[:1].sub_(by)


def logit(probability: float) -> float:
    """Return the logit of a probability."""
    return math.log(probability / (1.0 - probability))


def told_of(threshold: float, before: str = '') -> str:
    """Return what a bundle's card says of an operating point that was moved.

    Args:
        threshold: to which.
        before: what it said of the point before that.

    """
    moved = f'moved: 0.5 is what was {threshold:g}'
    return f'{before}; then {moved}' if before else moved


def export_at(bundle: Path, threshold: float, out: Path) -> None:
    """Write a bundle that answers 0.5 where another one answers ``threshold``.

    Raises:
        BundleError: the bundle has no weights.
        ConfigError: a threshold of 0 or 1.

    """
    if not 0.0 < threshold < 1.0:
        raise ConfigError(f'--threshold: expected more than 0 and less than 1, got {threshold:g}')
    network = load_weights_of(Network(config_of(str(bundle))), str(bundle))
    move_logit(network, logit(threshold))
    training = load_contract(bundle).training
    told = told_of(threshold, training.operating_point)
    training = dataclasses.replace(training, operating_point=told)
    export(network, out.resolve().name, training, out, retrainable=True)
