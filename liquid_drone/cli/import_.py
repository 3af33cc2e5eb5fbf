# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone import``: a bundle from weights that somebody else trained."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .places import check_bundle_place

if TYPE_CHECKING:
    from ..policy.network import Network

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


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument('file', type=Path, help='.hdf5 weights, or a state dict saved by PyTorch')
    parser.add_argument('--out', type=Path, required=True, help='bundle directory to write')
    parser.add_argument(
        '--nominal-s', type=float, default=0.05, help='frame time of its training (default: 0.05)'
    )
    parser.add_argument(
        '--seed', type=int, help="Keras: of the wiring (default: as the authors' params.json says)"
    )
    ours = parser.add_argument_group('a state dict of ncps')
    ours.add_argument('--prefix', default='', help='of the cell within a larger model: "rnn."')
    ours.add_argument('--readout', default='', help='name of the linear layer after the cell')
    ours.add_argument(
        '--encoder', '--eye', default='follow', help='bundle whose CNN it gets (default: follow)'
    )
    ours.add_argument('--mode', choices=('default', 'no_gate'), default='default', help='of a CfC')
    ours.add_argument('--backbone', default='lecun_tanh', help="activation of a CfC's backbone")
    ours.add_argument('--unfolds', type=int, default=6, help='of an LTC (default: 6)')
    ours.add_argument(
        '--explicit', action='store_true', help='LTC without implicit_param_constraints'
    )


def run(args: argparse.Namespace) -> int:
    """Import, export, and replay the answers through ONNX Runtime."""
    from ..policy.foreign.bundle import adopt, is_keras
    from ..runtime.runner import PolicyRunner

    check_bundle_place(args.out)
    whole = is_keras(args.file)
    network = _keras(args) if whole else _ncps(args)
    command = f'liquid-drone import {args.file.name}'
    contract = adopt(network, args.out, command, retrainable=whole)
    worst = PolicyRunner(args.out).check_parity()
    said = contract.network
    print(f'{args.out}: {said["cell"]}, {said["neurons"]} neurons, parity {worst:.1e}')
    print(f'next: liquid-drone fly --bundle {args.out}')
    return 0


def _keras(args: argparse.Namespace) -> 'Network':
    from ..policy.foreign.keras import KerasUnsaid, from_keras

    return from_keras(args.file, KerasUnsaid(seed=args.seed, nominal_s=args.nominal_s))


def _ncps(args: argparse.Namespace) -> 'Network':
    import dataclasses
    from typing import get_args

    from ..contract import TimeSpec
    from ..errors import ConfigError
    from ..policy.cells.activations import Backbone
    from ..policy.foreign.bundle import Guest, guest_network
    from ..policy.foreign.ncps import Unsaid

    if args.backbone not in get_args(Backbone):
        raise ConfigError(
            f"unknown backbone '{args.backbone}': expected one of {', '.join(get_args(Backbone))}"
        )
    unsaid = Unsaid(args.mode, args.backbone, args.unfolds, not args.explicit, args.prefix)
    time = dataclasses.replace(TimeSpec(), nominal_s=args.nominal_s)
    return guest_network(args.file, Guest(unsaid, args.encoder, args.readout, time))
