# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which neuron listens to which: a neural circuit policy (NCP) drawn from a seed.

Three layers, sensory -> inter -> command -> motor, each sparsely connected to the one before; the
neurons of one layer hear each other. ``auto_ncp`` chooses the fan-outs from one sparsity, as
Lechner et al. 2020 do. numpy only; it knows nothing of weights.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Wiring:
    """Layer sizes and synapses; ``masks[l][i, j]``: source i reaches neuron j of layer l."""

    sensory: int
    inter: int
    command: int
    motor: int
    seed: int
    masks: tuple[Mask, Mask, Mask]  # (sensory, inter), (inter, command), (command, motor)

    @property
    def layers(self) -> tuple[int, int, int]:
        """Neurons of each layer, in the order in which a step runs through them."""
        return self.inter, self.command, self.motor

    @property
    def neurons(self) -> int:
        """All neurons, N."""
        return sum(self.layers)

    def describe(self) -> dict[str, Any]:
        """Return what a contract stores of the wiring, as plain data."""
        return {
            'kind': 'ncp',
            'seed': self.seed,
            'sensory': self.sensory,
            'inter': self.inter,
            'command': self.command,
            'motor': self.motor,
            'synapses': [int(mask.sum()) for mask in self.masks],
        }


def auto_ncp(sensory: int, neurons: int, motor: int, sparsity: float, seed: int) -> Wiring:
    """Draw an NCP of ``neurons`` neurons, ``motor`` of them outputs.

    Two fifths of the others are command neurons. Every source reaches (1 - sparsity) of the next
    layer, every motor neuron hears (1 - sparsity) of the command neurons; no neuron and no source
    is left unconnected.

    Raises:
        ConfigError: fewer than motor + 2 neurons, or a sparsity outside 0.1..0.9.

    """
    if neurons < motor + 2:
        raise ConfigError(
            f'{motor} motor neurons need at least {motor + 2} neurons, got {neurons}'
        )
    if not 0.1 <= sparsity <= 0.9:
        raise ConfigError(f'sparsity must be 0.1..0.9, got {sparsity}')
    hidden = neurons - motor
    command = max(int(0.4 * hidden), 1)
    inter = hidden - command
    rng = np.random.default_rng(seed)
    density = 1.0 - sparsity
    masks = (
        _fan_out(rng, sensory, inter, max(int(inter * density), 1)),
        _fan_out(rng, inter, command, max(int(command * density), 1)),
        _fan_out(rng, motor, command, max(int(command * density), 1)).T,
    )
    return Wiring(sensory, inter, command, motor, seed, masks)


def _fan_out(rng: np.random.Generator, sources: int, targets: int, fan_out: int) -> Mask:
    """Return a mask (sources, targets) with ``fan_out`` synapses per source and no deaf target."""
    mask = np.zeros((sources, targets), dtype=np.bool_)
    for source in range(sources):
        mask[source, rng.choice(targets, size=fan_out, replace=False)] = True
    for target in np.flatnonzero(~mask.any(axis=0)):
        mask[rng.integers(sources), target] = True
    return mask
