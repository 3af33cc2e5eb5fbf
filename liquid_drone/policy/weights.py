# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Trained weights beside a bundle's graphs, so that training can go on from a bundle.

Flying needs none of it: ``weights.npz`` holds the tensors by name and the network's configuration
as text. No pickle.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .. import resources, schema
from ..errors import BundleError, ConfigError, shown
from ..files import parse_json, shown_path, written
from ..npz import read_npz
from .config import WEIGHTS_FILE, NetworkConfig, VisionConfig
from .half_weights import as_half
from .network import Network, by_present_names

CONFIG = 'config'
ENCODER = ('vision.', 'auxiliary.')  # names of its tensors begin so
MOST_BYTES = 400_000_000


def save_weights(network: Network, bundle: Path) -> None:
    """Write the weights of a network into its bundle.

    Raises:
        OutputError: they cannot be written.

    """
    arrays: dict[str, Any] = {}
    for name, value in network.state_dict().items():
        half = as_half(value.numpy())
        arrays[name] = value.numpy() if half is None else half
    config = json.dumps(schema.plain(network.config))
    arrays[CONFIG] = np.array(config)

    def write(aside: Path) -> None:
        with aside.open('wb') as file:  # by name, NumPy would add an ending
            np.savez_compressed(file, **arrays)

    written(bundle / WEIGHTS_FILE, write)


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
    state = {name: torch.from_numpy(array) for name, array in arrays.items()}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        differs = ' '.join(str(error).split())[:300]
        raise BundleError(
            f'{path / WEIGHTS_FILE} does not fit the network of the recipe: {differs}'
        ) from error
    return network


def start_from(network: Network, bundle: str) -> Network:
    """Load a bundle's weights: of its encoder alone, where its core is of another shape.

    Raises:
        BundleError: as :func:`load_weights_of`, or an encoder of another shape.

    """
    arrays, _ = _read(resources.bundle(bundle))
    mine = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    same = mine == {name: array.shape for name, array in arrays.items()}
    return load_weights_of(network, bundle) if same else begin_with(network, bundle, ENCODER)


def begin_with(network: Network, bundle: str, parts: tuple[str, ...] = ('',)) -> Network:
    """Load what a bundle's weights have in common with a network; the rest stays as it begins.

    Args:
        network: changed in place.
        bundle: name or path.
        parts: how the names of the tensors that are loaded begin.

    Raises:
        BundleError: no weights, unreadable ones, or a part of another shape.

    An encoder with another trunk has nothing in common with it, a scan with other layers neither.
    """
    path = resources.bundle(bundle)
    arrays, config = _read(path)
    begins, trunk = network.state_dict(), network.config.vision.trunk
    names = [name for name in arrays if name in begins and name.startswith(parts)]
    if config.vision.trunk != trunk:
        if parts == ENCODER:
            raise BundleError(
                f"{path / WEIGHTS_FILE} has the trunk '{config.vision.trunk}', the network of the "
                f"recipe '{trunk}': take the network of {bundle}"
            )
        names = [name for name in names if not name.startswith('vision.')]
    if config.vision.scan_layout != network.config.vision.scan_layout:
        other = ('vision.scan.', 'vision.sight.')
        names = [name for name in names if not name.startswith(other)]
    shared = {name: torch.from_numpy(arrays[name]) for name in names}
    for name, value in shared.items():
        if value.shape != begins[name].shape:
            raise BundleError(
                f'{path / WEIGHTS_FILE}: {name} has the shape {tuple(value.shape)}, the network '
                f'of the recipe expects {tuple(begins[name].shape)}: take the network of {bundle}'
            )
    network.load_state_dict({**begins, **shared})
    return network


def keep_encoder_of(network: Network, bundle: str) -> Network:
    """Give a network the encoder of a bundle, which is trained no more; a scan is apart.

    Raises:
        BundleError: no weights, unreadable ones, or an encoder that sees otherwise: what it lacks
            would stay as it begins, and pictures would be other numbers.

    """
    theirs, ours = _without_scan(config_of(bundle).vision), _without_scan(network.config.vision)
    names = [one.name for one in dataclasses.fields(ours)]
    differs = [name for name in names if getattr(theirs, name) != getattr(ours, name)]
    if differs:
        told = (f'{name} {shown(getattr(theirs, name))}' for name in differs)
        raise BundleError(
            f'the encoder of {bundle} is kept as it is, and has {", ".join(told)}, the network of '
            f'the recipe {", ".join(shown(getattr(ours, name)) for name in differs)}: take the '
            f'vision of {bundle}'
        )
    return begin_with(network, bundle, ENCODER)


def _without_scan(vision: VisionConfig) -> VisionConfig:
    """Return what makes an encoder's features and target head, but for their number."""
    return dataclasses.replace(
        vision, features=1, thawed=0, scan=False, sight=False, scan_after=0,
        scan_convolutions=(), scan_columns=(),
    )  # fmt: skip


def _read(bundle: Path) -> tuple[dict[str, Any], NetworkConfig]:
    path = bundle / WEIGHTS_FILE
    if not path.is_file():
        raise BundleError(
            f'{shown_path(bundle)} has no {WEIGHTS_FILE}: expected a policy bundle with its '
            'weights, which liquid-drone train, retrain and export write'
        )
    arrays = {
        name: array.astype(np.float32) if array.dtype == np.float16 else array
        for name, array in read_npz(path, MOST_BYTES, BundleError).items()
    }
    text = arrays.pop(CONFIG, None)
    if text is None or text.shape != () or text.dtype.kind != 'U':
        raise BundleError(f'{path} does not hold the configuration of its network')
    for name, array in arrays.items():
        if array.dtype.kind == 'U' or not np.isfinite(array).all():
            raise BundleError(
                f'{path}: {shown(name)} must be finite numbers, got {array.dtype} with '
                f'{_bad(array)} values that are not'
            )
    try:
        config = schema.build(NetworkConfig, parse_json(str(text), str(path)), str(path))
    except ConfigError as error:
        raise BundleError(str(error)) from error
    by_present_names(arrays)
    return arrays, config


def _bad(array: Any) -> int:
    return array.size if array.dtype.kind == 'U' else int((~np.isfinite(array)).sum())
