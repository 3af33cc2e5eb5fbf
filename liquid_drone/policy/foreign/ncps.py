# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The state dict of an ``ncps.torch`` CfC or LTC (ncps 1.0), wired or not, into our cell.

What the weights cannot tell has to be said: the mode, the backbone's activation, the unfolds of an
LTC and whether it kept its parameters positive by softplus. Masked weights are dropped: they never
had an effect. An LTC's motor neurons, first there, are last here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ...arrays import IntArray
from ...errors import BundleError
from ..cells.activations import Backbone
from ..cells.base import Cell
from ..cells.cfc import CfC, CfCOptions
from ..cells.ltc import LTC, LTCOptions
from ..cells.mixed import MixedMemory
from ..cells.wired import Mode, WiredCfC, WiredCfCOptions
from ..wiring import Wiring

Weights = Mapping[str, Tensor]
CELL = 'rnn_cell.'  # in the name of each of its weights
CFC_PARTS = ('ff1', 'ff2', 'time_a', 'time_b')


@dataclass(frozen=True)
class Unsaid:
    """What a state dict does not hold."""

    mode: Mode = 'default'  # 'pure' is seen from the weights
    backbone: Backbone = 'lecun_tanh'  # of a CfC that is not wired
    steps: int = 6  # ode_unfolds of an LTC
    softplus: bool = True  # implicit_param_constraints of an LTC, as ncps.torch.LTC sets it
    prefix: str = ''  # of the module's names in a larger model, such as "rnn."


@dataclass(frozen=True)
class ImportedCell:
    """A cell with the layer that follows it, if any."""

    kind: str  # name in the registry
    cell: Cell
    readout: nn.Linear | None


def from_ncps(state: Weights, unsaid: Unsaid | None = None) -> ImportedCell:
    """Build our cell from a state dict.

    Raises:
        BundleError: the names or shapes are not those of an ncps CfC or LTC.

    """
    said = unsaid or Unsaid()
    own = {name.removeprefix(said.prefix): value for name, value in state.items()
           if name.startswith(said.prefix)}  # fmt: skip
    try:
        return _build(own, said)
    except KeyError as error:
        cells = {name.partition(CELL)[0] for name in state if CELL in name}
        found = ' or '.join(f'--prefix {one}' for one in sorted(cells - {said.prefix, ''})[:4])
        raise BundleError(
            f'not the state dict of an ncps CfC or LTC: {error} is missing among '
            f'{", ".join(list(own)[:8]) or "no names"}...; give the prefix if it is part of a '
            f'larger model{f": {found}" if found else ""}'
        ) from error
    except (RuntimeError, IndexError) as error:
        raise BundleError(f'the shapes are not those of an ncps CfC or LTC: {error}') from error


def _build(own: Weights, said: Unsaid) -> ImportedCell:
    cell: Cell
    if 'rnn_cell.layer_0.ff1.weight' in own:
        kind, cell = 'wired_cfc', _wired_cfc(own, said)
    elif 'rnn_cell.ff1.weight' in own:
        kind, cell = 'cfc', _cfc(own, said)
    else:
        kind, cell = 'ltc', _ltc(own, said)
    if 'lstm.input_map.weight' in own:
        kind, cell = f'mixed_{kind}', _mixed(cell, own)
    readout = None
    if 'fc.weight' in own:
        readout = nn.Linear(cell.outputs, own['fc.weight'].shape[0])
        _copy(readout.weight, own['fc.weight'])
        _copy(readout.bias, own['fc.bias'])
    return ImportedCell(kind, cell, readout)


def _wired_cfc(own: Weights, said: Unsaid) -> WiredCfC:
    layers = sum(name.endswith('.ff1.weight') for name in own)
    names = [f'rnn_cell.layer_{index}.' for index in range(layers)]
    pure = names[0] + 'w_tau' in own
    masks = [own[name + 'sparsity_mask'].T for name in names]  # (sources + size, size)
    wiring = wiring_from_masks('ncps', [mask.detach().cpu().numpy() for mask in masks])
    options = WiredCfCOptions(mode='pure' if pure else said.mode, dense_gates=True)
    cell = WiredCfC(wiring, options)
    parts = CFC_PARTS[: cell.parts]
    for index, name in enumerate(names):
        weight = torch.stack([own[f'{name}{part}.weight'].T for part in parts])  # (P, in, size)
        bias = torch.stack([own[f'{name}{part}.bias'] for part in parts])
        put_layer(cell, index, weight, bias)
    if pure:
        for ours, theirs in ((cell.leak, 'w_tau'), (cell.amplitude, 'A')):
            _copy(ours, torch.cat([own[name + theirs][0] for name in names]))
    return cell


def _cfc(own: Weights, said: Unsaid) -> CfC:
    name = 'rnn_cell.'
    backbone = sorted(
        (key for key in own if key.startswith(name + 'backbone.') and key.endswith('weight')),
        key=lambda key: int(key.split('.')[2]),
    )
    neurons = own[name + 'ff1.weight'].shape[0]
    pure = name + 'w_tau' in own
    parts = CFC_PARTS[:1] if pure else CFC_PARTS
    first = own[backbone[0] if backbone else name + 'ff1.weight']
    options = CfCOptions(
        mode='pure' if pure else said.mode,
        backbone=said.backbone,
        units=first.shape[0] if backbone else 1,
        layers=len(backbone),
    )
    cell = CfC(first.shape[1] - neurons, neurons, options)
    for layer, key in zip(cell.backbone, backbone, strict=True):
        _copy(layer.get_parameter('weight'), own[key])
        _copy(layer.get_parameter('bias'), own[key.replace('weight', 'bias')])
    _copy(cell.heads.weight, torch.cat([own[f'{name}{part}.weight'] for part in parts]))
    _copy(cell.heads.bias, torch.cat([own[f'{name}{part}.bias'] for part in parts]))
    if pure:
        _copy(cell.leak, own[name + 'w_tau'][0])
        _copy(cell.amplitude, own[name + 'A'][0])
    return cell


def _ltc(own: Weights, said: Unsaid) -> LTC:
    values = {name.removeprefix('rnn_cell.'): value for name, value in own.items()}
    masks = [values[name].cpu().numpy() for name in ('sensory_sparsity_mask', 'sparsity_mask')]
    inputs, synapses = ((mask != 0).astype(np.int8) for mask in masks)
    neurons = len(synapses)
    outputs = len(values['output_w']) if 'output_w' in values else neurons
    order = np.r_[outputs:neurons, 0:outputs]  # motor neurons last
    wiring = Wiring(
        'imported', (neurons,), outputs, 0, inputs[:, order], synapses[np.ix_(order, order)]
    )
    return ltc_from(values, wiring, order, LTCOptions(steps=said.steps, softplus=said.softplus))


def ltc_from(values: Weights, wiring: Wiring, order: IntArray, options: LTCOptions) -> LTC:
    """Build an LTC from the names that ncps, keras-ncp and tf_cfc share.

    Args:
        values: gleak, vleak, cm, w, sigma, mu, erev, sensory_..., input_..., output_...
        wiring: ours.
        order: their index of each of our neurons, (N,).
        options: of the cell.

    """
    cell, at = LTC(wiring, options), torch.from_numpy(order)
    names = {'strength': 'w', 'steepness': 'sigma', 'midpoint': 'mu', 'reversal': 'erev'}
    cell.sensory.put(**{k: values[f'sensory_{v}'][:, at] for k, v in names.items()})
    cell.inner.put(**{k: values[v][at][:, at] for k, v in names.items()})
    for ours, theirs in ((cell.leak, 'gleak'), (cell.rest, 'vleak'), (cell.capacity, 'cm')):
        _copy(ours, values[theirs][at])
    maps = {'input_gain': 'input_w', 'input_shift': 'input_b',
            'output_gain': 'output_w', 'output_shift': 'output_b'}  # fmt: skip
    for our_name, their_name in maps.items():
        if their_name in values:
            ours, given = cell.get_parameter(our_name), values[their_name]
            _copy(ours, given[at][-len(ours) :] if len(given) == len(order) else given)
    return cell


def _mixed(inner: Cell, own: Weights) -> MixedMemory:
    if isinstance(inner, LTC):
        raise BundleError('the mixed memory of an ncps LTC is not read: only that of a CfC')
    cell = MixedMemory(inner)
    _copy(cell.input.weight, own['lstm.input_map.weight'])
    _copy(cell.input.bias, own['lstm.input_map.bias'])
    _copy(cell.recurrent.weight, own['lstm.recurrent_map.weight'])
    return cell


def wiring_from_masks(kind: str, masks: list[np.ndarray]) -> Wiring:
    """Build a layered wiring from one (sources + size, size) mask per layer."""
    sizes = tuple(mask.shape[1] for mask in masks)
    neurons, features = sum(sizes), masks[0].shape[0] - sizes[0]
    inputs = np.zeros((features, neurons), dtype=np.int8)
    synapses = np.zeros((neurons, neurons), dtype=np.int8)
    inputs[:, : sizes[0]] = np.sign(masks[0][:features])
    start = sizes[0]
    for before, mask in zip(sizes, masks[1:], strict=False):
        end = start + mask.shape[1]
        synapses[start - before : start, start:end] = np.sign(mask[:before])
        start = end
    return Wiring(kind, sizes, sizes[-1], 0, inputs, synapses)


def put_layer(cell: WiredCfC, layer: int, weight: Tensor, bias: Tensor) -> None:
    """Give one layer its weights (P, sources + size, size) and biases (P, size)."""
    size = cell.wiring.layers[layer]
    start, sources = sum(cell.wiring.layers[:layer]), weight.shape[1] - size
    cell.sources[layer].put(weight[:, :sources])  # type: ignore[operator]
    cell.recurrent[layer].put(weight[:, sources:])  # type: ignore[operator]
    with torch.no_grad():
        cell.bias[:, start : start + size] = bias


def _copy(ours: Tensor, theirs: Tensor) -> None:
    with torch.no_grad():
        if ours.shape != theirs.shape:
            raise RuntimeError(f'expected {tuple(ours.shape)}, got {tuple(theirs.shape)}')
        ours.copy_(theirs)
