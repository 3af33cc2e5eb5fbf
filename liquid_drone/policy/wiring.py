# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which neuron listens to which, drawn from a seed, with the sign of every synapse.

A neural circuit policy (NCP, Lechner et al. 2020) has three layers, sensory -> inter -> command ->
motor, each sparsely connected to the one before; command neurons may also hear each other.
``auto_ncp`` chooses the fan-outs from one sparsity; ``random_wiring`` and ``fully_connected`` know
no layers. numpy only; it knows nothing of weights.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ..arrays import BoolArray, Int8Array
from ..errors import ConfigError
from ..streams import WiringStream, stream

LAYER_NAMES = ('inter', 'command', 'motor')


@dataclass(frozen=True)
class Wiring:
    """Neurons in the order of their layers, outputs last; F sensory neurons, N neurons."""

    kind: str
    layers: tuple[int, ...]  # neurons of each layer, in the order in which a step runs
    outputs: int  # the last neurons, O
    seed: int
    inputs: Int8Array  # (F, N): sensory neuron i reaches neuron j
    synapses: Int8Array  # (N, N): neuron i reaches neuron j

    @property
    def sensory(self) -> int:
        """Sensory neurons, F."""
        return int(self.inputs.shape[0])

    @property
    def neurons(self) -> int:
        """All neurons, N."""
        return sum(self.layers)

    @property
    def signs(self) -> tuple[Int8Array, ...]:
        """Signs of the feed-forward synapses, one (sources, neurons) array per layer."""
        ends = np.cumsum((0, *self.layers))
        found, sources = [], self.inputs
        for start, end in pairwise(ends):
            found.append(sources[:, start:end])
            sources = self.synapses[start:end]
        return tuple(found)

    @property
    def masks(self) -> tuple[BoolArray, ...]:
        """Where the feed-forward synapses are, one (sources, neurons) array per layer."""
        return tuple(signs != 0 for signs in self.signs)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the layers."""
        if len(self.layers) == 3:
            return LAYER_NAMES
        many = len(self.layers) > 1
        return tuple(f'layer_{k}' for k in range(len(self.layers))) if many else ('neurons',)

    def describe(self) -> dict[str, Any]:
        """Return what a contract stores of the wiring, as plain data."""
        return {
            'kind': self.kind,
            'seed': self.seed,
            'sensory': self.sensory,
            **dict(zip(self.names, self.layers, strict=True)),
            'synapses': [int(mask.sum()) for mask in self.masks],
        }

    def graph(self) -> dict[str, Any]:
        """Return every synapse as [source, target, sign]: what ``wiring.json`` holds."""
        ends = np.cumsum((0, *self.layers)).tolist()
        groups = dict(zip(self.names, pairwise(ends), strict=True))
        return {
            **self.describe(),
            'outputs': self.outputs,
            'groups': {name: list(range(*span)) for name, span in groups.items()},
            'from_sensory': _edges(self.inputs),
            'from_neurons': _edges(self.synapses),
        }


@dataclass(frozen=True)
class FanOut:
    """How many synapses each neuron of an NCP makes."""

    sensory: int = 6  # to inter neurons, each sensory neuron
    inter: int = 4  # to command neurons, each inter neuron
    command: int = 4  # recurrent synapses among the command neurons, in all
    motor_fan_in: int = 6  # command neurons that each motor neuron hears


def auto_ncp(sensory: int, neurons: int, motor: int, sparsity: float, seed: int) -> Wiring:
    """Draw an NCP of ``neurons`` neurons, ``motor`` of them outputs.

    Two fifths of the others are command neurons. Every source reaches (1 - sparsity) of the next
    layer, every motor neuron hears (1 - sparsity) of the command neurons; no neuron and no source
    is left unconnected.

    Raises:
        ConfigError: fewer than motor + 2 neurons, or a sparsity outside 0.1..0.9.

    """
    inter, command, fan_out = _auto_sizes(neurons, motor, sparsity)
    rng = np.random.default_rng(seed)
    masks = (
        _fan_out(rng, sensory, inter, fan_out.sensory),
        _fan_out(rng, inter, command, fan_out.inter),
        _fan_out(rng, motor, command, fan_out.motor_fan_in).T,
    )
    signs = stream(seed, WiringStream.SIGNS)  # apart, so that the masks are those of older bundles
    polar = [np.where(mask, signs.choice([-1, 1], mask.shape), 0) for mask in masks]
    among = np.zeros((command, command), dtype=np.int8)
    for _ in range(fan_out.command):
        among[signs.integers(command), signs.integers(command)] = signs.choice([-1, 1])
    return _layered('auto_ncp', (inter, command, motor), seed, polar, among)


def _auto_sizes(neurons: int, motor: int, sparsity: float) -> tuple[int, int, FanOut]:
    if neurons < motor + 2:
        raise ConfigError(
            f'{motor} motor neurons need at least {motor + 2} neurons, got {neurons}'
        )
    if not 0.1 <= sparsity <= 0.9:
        raise ConfigError(f'sparsity must be 0.1..0.9, got {sparsity}')
    hidden, density = neurons - motor, 1.0 - sparsity
    command = max(int(0.4 * hidden), 1)
    inter = hidden - command
    reach = max(int(command * density), 1)
    recurrent = max(int(command * density * 2), 1)
    return inter, command, FanOut(max(int(inter * density), 1), reach, recurrent, reach)


def auto_ncp_of_ncps(sensory: int, neurons: int, motor: int, sparsity: float, seed: int) -> Wiring:
    """Draw the NCP that ``AutoNCP`` of ncps 1.0 draws from the same numbers."""
    inter, command, fan_out = _auto_sizes(neurons, motor, sparsity)
    return ncp(sensory, inter, command, motor, fan_out, seed)


def ncp(sensory: int, inter: int, command: int, motor: int, fan_out: FanOut, seed: int) -> Wiring:
    """Draw an NCP from its fan-outs, with the draws of the published wirings (ncps, keras-ncp).

    The same seed gives their synapses and signs, which published weights need: they are stored
    without them.

    Raises:
        ConfigError: a fan-out larger than the layer that it reaches.

    """
    limits = {'sensory': inter, 'inter': command, 'motor_fan_in': command}
    for name, limit in limits.items():
        if not 1 <= getattr(fan_out, name) <= limit:
            raise ConfigError(f'fan-out {name} must be 1..{limit}, got {getattr(fan_out, name)}')
    rng = np.random.RandomState(seed)  # the generator of the published wirings
    into_inter = _spread(rng, sensory, inter, fan_out.sensory)
    into_command = _spread(rng, inter, command, fan_out.inter)
    among = np.zeros((command, command), dtype=np.int8)
    for _ in range(fan_out.command):
        source, target = rng.choice(command), rng.choice(command)
        among[source, target] = rng.choice([-1, 1])
    into_motor = _spread(rng, motor, command, fan_out.motor_fan_in).T
    signs = [into_inter, into_command, into_motor]
    return _layered('ncp', (inter, command, motor), seed, signs, among)


def random_wiring(sensory: int, neurons: int, outputs: int, sparsity: float, seed: int) -> Wiring:
    """Draw synapses anywhere, a share of (1 - sparsity) of all that could be; two in three excite.

    Raises:
        ConfigError: a sparsity outside 0..0.99, or more outputs than neurons.

    """
    if not 0.0 <= sparsity <= 0.99:
        raise ConfigError(f'sparsity must be 0..0.99, got {sparsity}')
    _check_outputs(neurons, outputs)
    rng = np.random.default_rng(seed)
    inputs = _scatter(rng, sensory, neurons, sparsity)
    synapses = _scatter(rng, neurons, neurons, sparsity)
    return Wiring('random', (neurons,), outputs, seed, inputs, synapses)


def fully_connected(sensory: int, neurons: int, outputs: int, seed: int) -> Wiring:
    """Connect everything with everything; signs from the seed, two in three excite."""
    _check_outputs(neurons, outputs)
    rng = np.random.default_rng(seed)
    inputs, synapses = (_scatter(rng, rows, neurons, 0.0) for rows in (sensory, neurons))
    return Wiring('full', (neurons,), outputs, seed, inputs, synapses)


def _check_outputs(neurons: int, outputs: int) -> None:
    if not 1 <= outputs <= neurons:
        raise ConfigError(f'expected 1..{neurons} outputs of {neurons} neurons, got {outputs}')


def _layered(
    kind: str, layers: tuple[int, int, int], seed: int, signs: list[Any], among: Int8Array
) -> Wiring:
    """Put the blocks of an NCP into the two matrices."""
    inter, command, motor = layers
    neurons = sum(layers)
    inputs = np.zeros((signs[0].shape[0], neurons), dtype=np.int8)
    synapses = np.zeros((neurons, neurons), dtype=np.int8)
    inputs[:, :inter] = signs[0]
    synapses[:inter, inter : inter + command] = signs[1]
    synapses[inter : inter + command, inter : inter + command] = among
    synapses[inter : inter + command, inter + command :] = signs[2]
    return Wiring(kind, layers, motor, seed, inputs, synapses)


def _fan_out(rng: np.random.Generator, sources: int, targets: int, fan_out: int) -> BoolArray:
    """Return a mask (sources, targets) with ``fan_out`` synapses per source and no deaf target."""
    mask = np.zeros((sources, targets), dtype=np.bool_)
    for source in range(sources):
        mask[source, rng.choice(targets, size=fan_out, replace=False)] = True
    for target in np.flatnonzero(~mask.any(axis=0)):
        mask[rng.integers(sources), target] = True
    return mask


def _spread(rng: np.random.RandomState, sources: int, targets: int, fan_out: int) -> Int8Array:
    """Return signs (sources, targets); a deaf target gets the mean fan-in."""
    signs = np.zeros((sources, targets), dtype=np.int8)
    for source in range(sources):
        for target in rng.choice(targets, size=fan_out, replace=False):
            signs[source, target] = rng.choice([-1, 1])
    mean = int(np.clip(int(sources * fan_out / targets), 1, sources))
    for target in np.flatnonzero(~signs.any(axis=0)):
        for source in rng.choice(sources, size=mean, replace=False):
            signs[source, target] = rng.choice([-1, 1])
    return signs


def _scatter(rng: np.random.Generator, sources: int, targets: int, sparsity: float) -> Int8Array:
    flat = np.zeros(sources * targets, dtype=np.int8)
    count = max(round(flat.size * (1.0 - sparsity)), 1)
    chosen = rng.choice(flat.size, size=count, replace=False)
    flat[chosen] = rng.choice([-1, 1, 1], size=count)
    return flat.reshape(sources, targets)


def _edges(signs: Int8Array) -> list[list[int]]:
    return [[int(i), int(j), int(signs[i, j])] for i, j in zip(*np.nonzero(signs), strict=True)]
