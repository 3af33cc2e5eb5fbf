# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""From the weights that somebody else trained to a flight bundle of ours.

A published Keras file is a whole network. A state dict of ncps is a recurrent cell, perhaps within
a larger model: it gets the encoder of one of our bundles, on whose features it was trained.
"""

import copy
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from ...contract import CommandSpec, Contract, TimeSpec, Training
from ...errors import BundleError, ConfigError
from ...files import size_of
from ..config import CoreConfig, NetworkConfig
from ..export import export
from ..network import COMMANDS, Network
from ..torch_file import MOST_BYTES, read_torch
from ..weights import config_of, load_weights_of
from . import ncps

WRAPPERS = {'_orig_mod', 'module'}  # of torch.compile, of DataParallel and its kin
HDF5 = b'\x89HDF\r\n\x1a\n'


@dataclass(frozen=True)
class Guest:
    """How a state dict of ncps is to be understood."""

    unsaid: ncps.Unsaid = field(default_factory=ncps.Unsaid)
    encoder: str = 'follow-compact'  # bundle whose CNN the cell was trained behind
    readout: str = ''  # name of the linear layer after the cell in the larger model
    time: TimeSpec = field(default_factory=TimeSpec)
    command: CommandSpec = field(default_factory=CommandSpec)  # outputs are shares of its limits


def is_keras(file: Path) -> bool:
    """Say whether a file is HDF5.

    Raises:
        BundleError: it cannot be read.

    """
    try:
        size_of(file, MOST_BYTES, BundleError)
        with file.open('rb') as content:
            return content.read(len(HDF5)) == HDF5
    except OSError as error:
        raise BundleError(f'cannot read {file}: {error}') from error


def guest_network(file: Path, guest: Guest) -> Network:
    """Put a cell of ncps behind the encoder of a bundle.

    Raises:
        BundleError: not a state dict of an ncps CfC or LTC, no weights in the bundle, or they do
            not fit each other.

    """
    state = _state_dict(file)
    found = ncps.from_ncps(state, replace(guest.unsaid, prefix=unwrapped(guest.unsaid.prefix)))
    readout = _linear(state, unwrapped(guest.readout)) if guest.readout else found.readout
    encoder_config = config_of(guest.encoder)
    if found.cell.features != encoder_config.vision.features:
        raise BundleError(
            f'{file} takes {found.cell.features} features, the encoder of {guest.encoder} gives '
            f'{encoder_config.vision.features}: name the bundle it was trained behind by --encoder'
        )
    outputs = found.cell.outputs if readout is None else readout.out_features
    if outputs != COMMANDS:
        raise BundleError(
            f'{file} gives {outputs} numbers, a command has {COMMANDS} (vx, vy, vz, yaw rate): '
            'name the linear layer after the cell with --readout'
        )
    core = CoreConfig(
        neurons=found.cell.state_size,
        motor_gain=1.0,
        cell=found.kind,
        readout='' if readout is None else 'motor',
    )
    config = NetworkConfig(encoder_config.vision, core, time=guest.time)
    network = Network(config, command=guest.command, cell=found.cell)
    network.vision = copy.deepcopy(load_weights_of(Network(encoder_config), guest.encoder).vision)
    network.readout = readout or (None if network.wiring else _identity())
    return network


def adopt(network: Network, bundle: Path, command: str, retrainable: bool) -> Contract:
    """Write the bundle of an imported network.

    Args:
        network: imported.
        bundle: directory to write.
        command: line that imports it, for the card.
        retrainable: its configuration rebuilds it, so that training may go on from it.

    Raises:
        OutputError: it cannot be written.

    """
    training = Training('unknown', command=command)
    return export(network, bundle.resolve().name, training, bundle, retrainable)


def _state_dict(file: Path) -> dict[str, Tensor]:
    try:
        state = read_torch(file)
    except ConfigError as error:
        raise BundleError(
            f'{file} is neither HDF5 nor a state dict saved with torch.save: {error}'
        ) from error
    if isinstance(state, dict) and not _is_state_dict(state):  # a checkpoint with more in it
        within = [name for name, value in state.items() if _is_state_dict(value)]
        if len(within) > 1:
            raise BundleError(
                f'{file} holds several state dicts ({", ".join(map(str, within))}): save the one '
                'that is meant with torch.save'
            )
        state = state[within[0]] if within else state
    if not _is_state_dict(state):
        raise BundleError(
            f'{file} holds {type(state).__name__}, expected the tensors of a state dict: save '
            'module.state_dict() with torch.save'
        )
    return {
        unwrapped(name): value.float() if value.is_floating_point() else value
        for name, value in state.items()
    }


def _is_state_dict(value: object) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and all(isinstance(name, str) for name in value)
        and all(isinstance(one, Tensor) for one in value.values())
    )


def unwrapped(name: str) -> str:
    """Return a weight's name without what ``torch.compile`` and data-parallel training put in."""
    return '.'.join(part for part in name.split('.') if part not in WRAPPERS)


def _linear(state: dict[str, Tensor], name: str) -> nn.Linear:
    try:
        weight, bias = state[f'{name}.weight'], state[f'{name}.bias']
    except KeyError as error:
        raise ConfigError(
            f'no linear layer {name} in the state dict: {error} is missing; names end in '
            f'{", ".join(list(state)[-4:])}'
        ) from error
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)
    return layer


def _identity() -> nn.Linear:
    layer = nn.Linear(COMMANDS, COMMANDS)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(COMMANDS))
        layer.bias.zero_()
    return layer
