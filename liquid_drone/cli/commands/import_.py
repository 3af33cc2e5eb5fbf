# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone import``: a bundle from weights that somebody else trained."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ...options import REQUIRED, option
from ...seeds import LARGEST
from ..arguments import Command, part
from ..next_step import as_typed
from ..places import check_bundle_place

if TYPE_CHECKING:
    from ...policy.network import Network

NAME = 'import'
HELP = 'make a flight bundle of published Keras weights or of an ncps state dict'
EPILOG = """examples:
  liquid-drone import model-ctrnn_wiredcfccell.hdf5 --out out/chahine2023
  liquid-drone import model-ncp.hdf5 --seed 22222 --out out/ncp
  liquid-drone import my_cfc.pt --prefix rnn. --readout head --out out/my-cfc

Keras files are those of Chahine et al. 2023 (repositories drone_causality, rosetta_drone): wired
CfC, CfC, NCP, LTC and LSTM, with their CNN; they need h5py (pip install 'liquid_drone[import]').
They hold no wiring: its seed is read from params.json beside them. A state dict of ncps 1.0 (CfC
or LTC, wired or not) holds no CNN: it gets that of a bundle of ours, behind which it was trained.
"""


@dataclass(frozen=True, kw_only=True)
class NcpsArguments:
    """What a state dict of ncps does not say about itself."""

    prefix: str = option('', 'of the cell within a larger model: "rnn."')
    readout: str = option('', 'name of the linear layer after the cell')
    encoder: str = option('follow-compact', 'bundle whose CNN it gets', aliases=('--eye',))
    mode: Literal['default', 'no_gate'] = option('default', 'of a CfC')
    backbone: str = option('lecun_tanh', "activation of a CfC's backbone")
    unfolds: int = option(6, 'of an LTC', low=1, high=100)
    explicit: bool = option(False, 'LTC without implicit_param_constraints')


@dataclass(frozen=True, kw_only=True)
class ImportArguments:
    """Which weights become a bundle."""

    file: Path = option(
        REQUIRED, '.hdf5 weights, or a state dict saved by PyTorch', positional=True
    )
    out: Path = option(REQUIRED, 'bundle directory to write')
    nominal_s: float = option(0.05, 'frame time of its training', low=0.001, high=1.0, unit='s')
    seed: int | None = option(
        None,
        'Keras: of the wiring',
        low=0,
        high=LARGEST,
        unset="as the authors' params.json says",
    )
    ncps: NcpsArguments = part(NcpsArguments, group='a state dict of ncps')


def run(args: ImportArguments) -> int:
    """Import, export, and replay the answers through ONNX Runtime."""
    from ...policy.foreign.bundle import adopt, is_keras
    from ...runtime.runner import PolicyRunner

    check_bundle_place(args.out)
    whole = is_keras(args.file)
    network = _keras(args) if whole else _ncps(args)
    command = f'liquid-drone import {args.file.name}'
    contract = adopt(network, args.out, command, retrainable=whole)
    worst = PolicyRunner(args.out).check_parity()
    said = contract.network
    print(f'{args.out}: {said["cell"]}, {said["neurons"]} neurons, parity {worst:.1e}')
    print('next:', as_typed('fly', '--bundle', args.out))
    return 0


def _keras(args: ImportArguments) -> 'Network':
    from ...policy.foreign.keras import KerasUnsaid, from_keras

    return from_keras(args.file, KerasUnsaid(seed=args.seed, nominal_s=args.nominal_s))


def _ncps(args: ImportArguments) -> 'Network':
    import dataclasses
    from typing import cast, get_args

    from ...contract import TimeSpec
    from ...errors import ConfigError
    from ...policy.cells.activations import Backbone
    from ...policy.foreign.bundle import Guest, guest_network
    from ...policy.foreign.ncps import Unsaid

    ours = args.ncps
    if ours.backbone not in get_args(Backbone):
        raise ConfigError(
            f"unknown backbone '{ours.backbone}': expected one of {', '.join(get_args(Backbone))}"
        )
    backbone = cast(Backbone, ours.backbone)
    unsaid = Unsaid(ours.mode, backbone, ours.unfolds, not ours.explicit, ours.prefix)
    time = dataclasses.replace(TimeSpec(), nominal_s=args.nominal_s)
    return guest_network(args.file, Guest(unsaid, ours.encoder, ours.readout, time))


COMMAND = Command(NAME, HELP, EPILOG, ImportArguments, run)
