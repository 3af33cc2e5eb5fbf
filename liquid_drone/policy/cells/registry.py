# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Every cell by name: what a recipe's ``network.core.cell`` may say.

``python -m pytest test/policy`` holds each of them to the same promises: a step is the sequence,
in PyTorch and in ONNX Runtime; dt differs from sample to sample; gradients stay finite.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ... import schema
from ...errors import ConfigError
from ..config import CoreConfig
from ..wiring import Wiring, auto_ncp, auto_ncp_of_ncps, fully_connected, ncp, random_wiring
from . import cfc, feedforward, gated, ltc, ode, wired
from .base import Cell
from .mixed import MixedMemory


@dataclass(frozen=True)
class Entry:
    """One kind of cell."""

    source: str  # where it was published
    options: type[Any]
    make: Callable[..., Cell]  # (wiring, options, seed) or (features, neurons, options, seed)
    wired: bool = False
    mixed: bool = False  # wrapped in a mixed memory
    presets: Mapping[str, Any] = dataclasses.field(default_factory=dict)


CFC = 'Hasani et al. 2022, Nature Machine Intelligence 4, arXiv:2106.13898'
NCP = 'Lechner et al. 2020, Nature Machine Intelligence 2, 642-652'
LTC = 'Hasani et al. 2021, AAAI, arXiv:2006.04439'
MIXED = 'Lechner & Hasani 2020, arXiv:2006.04418'

CELLS: dict[str, Entry] = {
    'wired_cfc': Entry(
        f'{CFC}; {NCP}', wired.WiredCfCOptions, wired.WiredCfC, wired=True, presets=wired.PRESETS
    ),
    'cfc': Entry(CFC, cfc.CfCOptions, cfc.CfC, presets=cfc.PRESETS),
    'ltc': Entry(f'{LTC}; {NCP}', ltc.LTCOptions, ltc.LTC, wired=True, presets=ltc.PRESETS),
    'ct_rnn': Entry('Funahashi & Nakamura 1993, Neural Networks 6', ode.ODEOptions, ode.CTRNN),
    'gru_ode': Entry('De Brouwer et al. 2019, arXiv:1905.12374', ode.ODEOptions, ode.GRUODE),
    'ode_rnn': Entry('Rubanova et al. 2019, arXiv:1907.03907', ode.ODEOptions, ode.ODERNN),
    'lstm': Entry('Hochreiter & Schmidhuber 1997', gated.GatedOptions, gated.LSTMCell),
    'gru': Entry('Cho et al. 2014, arXiv:1406.1078', gated.GatedOptions, gated.GRUCell),
    'tcn': Entry('Bai et al. 2018, arXiv:1803.01271', feedforward.TCNOptions, feedforward.TCN),
    'mlp': Entry('no memory: the control', feedforward.MLPOptions, feedforward.MLP),
    'mixed_wired_cfc': Entry(
        f'{MIXED}; {CFC}', wired.WiredCfCOptions, wired.WiredCfC, True, True, wired.PRESETS
    ),
    'mixed_cfc': Entry(f'{MIXED}; {CFC}', cfc.CfCOptions, cfc.CfC, False, True, cfc.PRESETS),
    'mixed_ltc': Entry(f'{MIXED}; {LTC}', ltc.LTCOptions, ltc.LTC, True, True, ltc.PRESETS),
}


def make_cell(core: CoreConfig, features: int, outputs: int, every_neuron: bool = False) -> Cell:
    """Build the cell that a configuration names.

    Args:
        core: see :class:`CoreConfig`.
        features: F.
        outputs: motor neurons of a wired cell, unless it is asked for all its neurons; other
            cells give all their neurons.
        every_neuron: a wired cell gives all of them too, the motor neurons last.

    Raises:
        ConfigError: an unknown cell, preset or option, or a wiring that cannot be.

    """
    entry = entry_of(core.cell)
    options = options_of(entry, core)
    if entry.wired:
        wiring = make_wiring(core, features, outputs)
        if every_neuron:
            wiring = dataclasses.replace(wiring, outputs=wiring.neurons)
        cell = entry.make(wiring, options, seed=core.wiring_seed)
    else:
        cell = entry.make(features, core.neurons, options, seed=core.wiring_seed)
    return MixedMemory(cell, core.wiring_seed) if entry.mixed else cell


def entry_of(name: str) -> Entry:
    """Return the registry's entry.

    Raises:
        ConfigError: unknown name.

    """
    if name not in CELLS:
        raise ConfigError(f"unknown cell '{name}': expected one of {', '.join(CELLS)}")
    return CELLS[name]


def options_of(entry: Entry, core: CoreConfig) -> Any:
    """Return the cell's options: the preset's, then those given.

    Raises:
        ConfigError: unknown preset or option, wrong value.

    """
    if core.preset and core.preset not in entry.presets:
        known = ', '.join(entry.presets) or 'none'
        raise ConfigError(
            f"unknown preset '{core.preset}' of cell {core.cell}: expected one of {known}"
        )
    base = schema.plain(entry.presets[core.preset]) if core.preset else {}
    return schema.build(entry.options, {**base, **core.options}, f'options of cell {core.cell}')


def make_wiring(core: CoreConfig, features: int, outputs: int) -> Wiring:
    """Draw the wiring that a configuration names; ``outputs`` are its motor neurons.

    Raises:
        ConfigError: a wiring that cannot be.

    """
    wiring = _drawn(core, features, outputs)
    whole = core.readout == 'all'
    return dataclasses.replace(wiring, outputs=wiring.neurons) if whole else wiring


def _drawn(core: CoreConfig, features: int, outputs: int) -> Wiring:
    seed = core.wiring_seed
    if core.wiring == 'ncp':
        inter, command = core.inter_command
        return ncp(features, inter, command, outputs, core.fan_out, seed)
    if core.wiring == 'full':
        return fully_connected(features, core.neurons, outputs, seed)
    draws = {
        'auto_ncp': auto_ncp,
        'auto_ncp_of_ncps': auto_ncp_of_ncps,
        'random': random_wiring,
    }
    return draws[core.wiring](features, core.neurons, outputs, core.sparsity, seed)


def wiring_of(cell: Cell) -> Wiring | None:
    """Return the wiring of a cell, None when it has none."""
    inner = cell.inner if isinstance(cell, MixedMemory) else cell
    return inner.wiring if isinstance(inner, wired.WiredCfC | ltc.LTC) else None
