# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A policy without one of its neurons: a bundle in which that neuron is zero at every tick.

What comes into the neuron is taken away, so that nothing of it reaches a later layer in the same
tick, the next tick, or, from a motor neuron, the command. The encoder is left alone.
"""

import copy
from pathlib import Path

import torch

from ... import resources
from ...contract import load_contract
from ...errors import ConfigError
from ...policy.cells.sparse import SparseWeight
from ...policy.cells.wired import WiredCfC
from ...policy.export import export
from ...policy.network import Network
from ...policy.weights import config_of, load_weights_of
from ...results import BUNDLE


def load_wired(bundle: str) -> tuple[Network, WiredCfC]:
    """Return a bundle's network and its cell.

    Raises:
        ConfigError: its cell is no wired CfC: where a neuron ends is known of these alone.
        BundleError: no weights.

    """
    network = load_weights_of(Network(config_of(bundle)), bundle).eval()
    if not isinstance(network.cell, WiredCfC):
        raise ConfigError(
            f'{bundle} has a cell {network.config.core.cell}: a neuron can be knocked out of a '
            'wired_cfc'
        )
    return network, network.cell


def without_neuron(network: Network, neuron: int) -> Network:
    """Return a copy in which a neuron of the wired CfC is always zero."""
    copied = copy.deepcopy(network)
    cell = copied.cell
    assert isinstance(cell, WiredCfC)
    start, layer = 0, 0
    while neuron >= start + cell.wiring.layers[layer]:
        start += cell.wiring.layers[layer]
        layer += 1
    with torch.no_grad():
        for part in (cell.sources[layer], cell.recurrent[layer]):
            assert isinstance(part, SparseWeight)
            into = part.positions % cell.wiring.layers[layer]  # of (P, sources, neurons), flat
            part.values[into == neuron - start] = 0.0
        cell.bias[:, neuron] = 0.0
        if cell.options.mode == 'pure':
            cell.amplitude[neuron] = 0.0
    return copied


def write_without(network: Network, bundle: str, neuron: int, out: Path) -> None:
    """Write the bundle without a neuron, if it is not there yet."""
    if BUNDLE.holds(out):
        return
    contract = load_contract(resources.bundle(bundle))
    name = f'{contract.name}-without-{neuron}'
    export(without_neuron(network, neuron), name, contract.training, out)
