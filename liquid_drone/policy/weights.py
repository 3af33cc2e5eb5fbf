# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Trained weights beside a bundle's graphs, so that training can go on from a bundle.

Flying needs none of it: ``weights.npz`` holds the tensors by name and the network's configuration
as text. No pickle.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .. import resources, schema
from ..errors import BundleError
from .config import NetworkConfig
from .network import Network

WEIGHTS_FILE = 'weights.npz'
CONFIG = 'config'


def save_weights(network: Network, bundle: Path) -> None:
    """Write the weights of a network into its bundle."""
    arrays: dict[str, Any] = {name: value.numpy() for name, value in network.state_dict().items()}
    config = json.dumps(schema.plain(network.config))
    arrays[CONFIG] = np.array(config)
    np.savez_compressed(bundle / WEIGHTS_FILE, **arrays)


def config_of(bundle: str) -> NetworkConfig:
    """Return the configuration of the network that a bundle's weights belong to.

    Raises:
        BundleError: there are no weights in it, or they cannot be read.

    """
    _, config = _read(resources.bundle(bundle))
    return config


def load_weights_of(network: Network, bundle: str) -> Network:
    """Load a bundle's weights into a network of the same shape, and return it.

    Raises:
        BundleError: no weights, unreadable ones, or of another shape.

    """
    path = resources.bundle(bundle)
    arrays, _ = _read(path)
    try:
        network.load_state_dict({name: torch.from_numpy(a) for name, a in arrays.items()})
    except RuntimeError as error:
        raise BundleError(
            f'{path / WEIGHTS_FILE} does not fit the network of the recipe: {error}'
        ) from error
    return network


def _read(bundle: Path) -> tuple[dict[str, Any], NetworkConfig]:
    path = bundle / WEIGHTS_FILE
    if not path.is_file():
        raise BundleError(
            f'{bundle} has no {WEIGHTS_FILE}: training can go on only from a bundle that '
            'liquid-drone export or train wrote; without --from it begins from nothing'
        )
    try:
        with np.load(path, allow_pickle=False) as data:
            arrays = {name: data[name] for name in data.files}
        config = schema.build(NetworkConfig, json.loads(str(arrays.pop(CONFIG))), str(path))
    except (OSError, ValueError, KeyError) as error:
        raise BundleError(f'cannot read {path}: {error}') from error
    return arrays, config
