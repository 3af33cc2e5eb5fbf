# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The Keras weight files of Chahine et al. 2023, with their CNN, into our network.

Read are the kinds whose step has one meaning: wired CfC, CfC, NCP (a wired LTC), LTC, LSTM. The
files hold no wiring: it is drawn again from its seed, which the authors' params.json beside the
file, or in the folder above, tells. The published networks were trained with one
tick a frame, so dt is one at the nominal frame time, and their commands are vx, vy, vz in m/s and
yaw rate in rad/s, FLU: ours. They have no target head; ours says "in the image" and "ahead"
always.
"""

import dataclasses
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...arrays import IntArray
from ...contract import CommandSpec, TimeSpec
from ...errors import BundleError, LiquidDroneError, require, shown
from ..cells.base import Cell
from ..cells.cfc import PRESETS as CFC_PRESETS
from ..cells.cfc import CfC
from ..cells.gated import LSTMCell
from ..cells.ltc import PRESETS as LTC_PRESETS
from ..cells.registry import make_wiring
from ..cells.wired import PRESETS as WIRED_PRESETS
from ..cells.wired import WiredCfC
from ..config import CHAHINE_2023, CoreConfig, NetworkConfig
from ..network import COMMANDS, Network
from ..wiring import FanOut, ncp
from .ncps import ltc_from, put_layer

LAYERS = (18, 12, COMMANDS)  # inter, command, motor neurons of the published wirings
ALWAYS_SEEN = 10.0  # logit of the target head
MOST_BYTES = 400_000_000  # of all weights, unpacked
KINDS = 'wired CfC, CfC, NCP, LTC and LSTM'
Weights = dict[str, Tensor]


@dataclass(frozen=True)
class KerasUnsaid:
    """What a file does not hold."""

    seed: int | None = None  # of the wiring; None: from params.json
    nominal_s: float = 0.05  # frame time of the training flights: dt is one there
    limits: tuple[float, float, float, float] = (5.0, 5.0, 5.0, 3.0)  # clips only nonsense


def from_keras(file: Path, unsaid: KerasUnsaid | None = None) -> Network:
    """Build our network from a weight file.

    Raises:
        BundleError: not an HDF5 file, or none of the kinds that are read.

    """
    said, weights = unsaid or KerasUnsaid(), _read(file)
    if said.seed is None and _is_wired(weights):
        said = dataclasses.replace(said, seed=seed_of(file))
    try:
        return _build(weights, said)
    except (KeyError, IndexError, RuntimeError) as error:
        raise BundleError(
            f'{file} is not a network of Chahine et al. 2023 of a kind that is read ({KINDS}): '
            f'{error}'
        ) from error


def seed_of(file: Path) -> int:
    """Return the wiring's seed from the authors' ``params.json``.

    Raises:
        BundleError: there is none, or it does not tell.

    """
    for path in (file.parent / 'params.json', file.parent.parent / 'params.json'):
        try:
            said = json.loads(path.read_text(encoding='utf-8')).get(file.name, '')
        except (OSError, ValueError, AttributeError):
            continue  # no such file, or not theirs
        found = re.search(r'\b(?:wiredcfc_)?seed=(\d+)', str(said))
        if found:
            return int(found[1])
    raise BundleError(
        f'{file} holds no wiring, and no params.json beside it or above names its seed: take the '
        "authors' params.json too, or give the seed with --seed (theirs are 22224 in most files, "
        '22227 in the older wired CfC)'
    )


def _is_wired(weights: Weights) -> bool:
    """Tell a network with a wiring: a wired CfC, or an NCP, of which only some neurons go out."""
    sizes = {name.split('/')[-1]: len(v) for name, v in weights.items() if 'ltc_cell' in name}
    return sizes.get('output_w', 0) < sizes.get('cm', 0) or any('wired_cfc' in n for n in weights)


def _read(file: Path) -> Weights:
    """Return every array by its path, with the numbers of layers made sortable.

    Texts and other things beside the numbers are left out.
    """
    h5py = require('h5py', 'import')
    found: Weights = {}
    left = MOST_BYTES

    def visit(name: str, item: Any) -> None:
        nonlocal left
        if isinstance(item, h5py.Dataset) and item.dtype.kind in 'fiu' and item.shape is not None:
            left -= item.nbytes
            if left < 0:
                raise BundleError(f'{file}: expected at most {MOST_BYTES} bytes of weights')
            values = np.array(item[()])
            if not np.isfinite(values).all():
                raise BundleError(f'{file}: {name[:100]} has values that are not finite')
            native = values.astype(values.dtype.newbyteorder('='))
            found[name.removesuffix(':0')] = torch.from_numpy(native)

    try:
        with h5py.File(file, 'r') as content:
            content.visititems(visit)
    except LiquidDroneError:
        raise
    except Exception as error:  # a broken file raises whatever its first wrong byte leads to
        raise BundleError(f'{file} cannot be read as HDF5: {shown(str(error))}') from error
    return dict(sorted(found.items(), key=lambda pair: _natural(pair[0])))


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort dense before dense_2 before dense_10."""
    return [(int(n or 0), text) for text, n in re.findall(r'([^\d/]+?)_?(\d*)(?:/|$)', name)]


def _build(weights: Weights, said: KerasUnsaid) -> Network:
    kind, cell, core = _cell(weights, said)
    time = dataclasses.replace(TimeSpec(), nominal_s=said.nominal_s)
    config = NetworkConfig(vision=CHAHINE_2023, core=core, time=time)
    network = Network(config, command=CommandSpec(limits=said.limits), cell=cell)
    _vision(network, weights)
    scale = network.limits[:, None]
    readout = network.readout
    if readout is None:
        raise RuntimeError(f'no readout for {kind}')
    with torch.no_grad():
        if kind == 'ncp':  # its motor neurons are the command
            readout.weight.copy_(torch.eye(COMMANDS) / scale)
            readout.bias.zero_()
        else:
            kernel, bias = _layer(weights, r'^dense(_\d+)?/')[-1]
            readout.weight.copy_(kernel.T / scale)
            readout.bias.copy_(bias / network.limits)
    return network


def _cell(weights: Weights, said: KerasUnsaid) -> tuple[str, Cell, CoreConfig]:
    """Return the kind, the cell with its weights and the configuration that names it."""
    names = ' '.join(weights)
    wired = CoreConfig(
        sum(LAYERS), wiring_seed=said.seed or 0, motor_gain=1.0, wiring='ncp', readout='motor'
    )
    if 'wired_cfc_cell' in names:
        core = dataclasses.replace(wired, cell='wired_cfc', preset='chahine2023')
        return 'wired_cfc', _wired_cfc(weights, said), core
    if 'cfc_cell' in names and 'mixed' not in names:
        cell = _cfc(weights)
        sizes = {'units': cell.options.units, 'layers': cell.options.layers}
        core = CoreConfig(cell.state_size, motor_gain=1.0, cell='cfc', preset='chahine2023')
        core = dataclasses.replace(core, options=sizes)
        return 'cfc', cell, core
    if re.search(r'ltc_cell(_\d+)?/output_w', names):
        return _ltc(weights, wired)
    if re.search(r'lstm_cell(_\d+)?/recurrent_kernel', names):
        cell_lstm = _lstm(weights)
        return 'lstm', cell_lstm, CoreConfig(cell_lstm.outputs, motor_gain=1.0, cell='lstm')
    raise RuntimeError(f'no known cell among {", ".join(list(weights)[-4:])}')


def _ltc(weights: Weights, wired: CoreConfig) -> tuple[str, Cell, CoreConfig]:
    """Read an NCP of keras-ncp, whose motor neurons alone go out, or a dense LTC of tf_cfc."""
    values = {name.split('/')[-1]: value for name, value in weights.items() if 'ltc' in name}
    neurons, features = len(values['cm']), len(values['input_w'])
    if len(values['output_w']) < neurons:
        core = dataclasses.replace(wired, cell='ltc', preset='chahine2023-ncp')
        order = _motor_first(LAYERS)
    else:
        core = CoreConfig(
            neurons, motor_gain=1.0, cell='ltc', preset='chahine2023', wiring='full', readout='all'
        )
        order = np.arange(neurons)
    wiring = make_wiring(core, features, COMMANDS)
    kind = 'ncp' if core.wiring == 'ncp' else 'ltc'
    return kind, ltc_from(values, wiring, order, LTC_PRESETS[core.preset]), core


def _wired_cfc(weights: Weights, said: KerasUnsaid) -> WiredCfC:
    layers: dict[str, Weights] = {}
    for name, value in weights.items():
        match = re.search(r'/wired_cfc_cell[^/]*/([^/]+)/(.+)$', name)
        if match:
            layers.setdefault(match[1], {})[match[2]] = value
    features = layers[next(iter(layers))]['ff1_weight'].shape[0] - LAYERS[0]
    wiring = ncp(features, *LAYERS, FanOut(), said.seed or 0)
    cell = WiredCfC(wiring, WIRED_PRESETS['chahine2023'])
    kernels = ('ff1_weight', 'ff2_weight', 'time_a/kernel', 'time_b/kernel')
    biases = ('ff1_bias', 'ff2_bias', 'time_a/bias', 'time_b/bias')
    for index, layer in enumerate(layers.values()):
        weight = torch.stack([layer[name] for name in kernels])  # (4, sources + size, size)
        put_layer(cell, index, weight, torch.stack([layer[name] for name in biases]))
    return cell


def _cfc(weights: Weights) -> CfC:
    backbone = _layer(weights, r'^rnn[^/]*/dense')
    heads = _layer(weights, r'/cfc_cell[^/]*/dense')
    neurons = heads[0][0].shape[1]
    options = dataclasses.replace(
        CFC_PRESETS['chahine2023'], units=backbone[0][0].shape[1], layers=len(backbone)
    )
    cell = CfC(backbone[0][0].shape[0] - neurons, neurons, options)
    with torch.no_grad():
        for layer, (kernel, bias) in zip(cell.backbone, backbone, strict=True):
            layer.get_parameter('weight').copy_(kernel.T)
            layer.get_parameter('bias').copy_(bias)
        cell.heads.weight.copy_(torch.cat([kernel.T for kernel, _ in heads]))
        cell.heads.bias.copy_(torch.cat([bias for _, bias in heads]))
    return cell


def _lstm(weights: Weights) -> LSTMCell:
    values = {name.split('/')[-1]: value for name, value in weights.items() if 'lstm_cell' in name}
    features, wide = values['kernel'].shape
    cell = LSTMCell(features, wide // 4)
    with torch.no_grad():
        cell.raw.weight_ih_l0.copy_(values['kernel'].T)
        cell.raw.weight_hh_l0.copy_(values['recurrent_kernel'].T)
        cell.raw.bias_ih_l0.copy_(values['bias'])
        cell.raw.bias_hh_l0.zero_()
    return cell


def _vision(network: Network, weights: Weights) -> None:
    layers = _layer(weights, r'^time_distributed')
    convolutions = [layer for layer in network.vision.trunk if isinstance(layer, nn.Conv2d)]
    *kernels, (dense, bias) = layers
    with torch.no_grad():
        for ours, (kernel, shift) in zip(convolutions, kernels, strict=True):
            ours.weight.copy_(kernel.permute(3, 2, 0, 1))  # HWIO -> OIHW
            ours.get_parameter('bias').copy_(shift)
        channels = convolutions[-1].out_channels
        rows, columns = network.vision.rows_columns
        by_pixel = dense.view(rows, columns, channels, -1)
        network.vision.features.weight.copy_(by_pixel.permute(3, 2, 0, 1).flatten(1))
        network.vision.features.bias.copy_(bias)
        head = network.vision.target
        assert head is not None  # an imported network has the plain head
        head.weight.zero_()
        head.bias.copy_(torch.tensor([ALWAYS_SEEN, 0.0, 0.0]))


def _layer(weights: Weights, pattern: str) -> list[tuple[Tensor, Tensor]]:
    """Return (kernel, bias) of every layer whose name fits, in order."""
    kernels = [name for name in weights if re.search(pattern, name) and name.endswith('/kernel')]
    return [(weights[name], weights[name.removesuffix('kernel') + 'bias']) for name in kernels]


def _motor_first(layers: tuple[int, int, int]) -> IntArray:
    """Return keras-ncp's index of each of our neurons: its order is motor, command, inter."""
    _, command, motor = layers
    order: IntArray = np.r_[motor + command : sum(layers), motor : motor + command, 0:motor]
    return order
