# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone quantize``: an INT8 variant of a bundle, for small boards without a GPU."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ... import resources
from ...contract import load_contract
from ...errors import require
from ...options import REQUIRED, option
from ..arguments import Command
from ..places import check_bundle_place

if TYPE_CHECKING:
    from ...arrays import Image

NAME = 'quantize'
HELP = 'write an INT8 variant of a bundle, for small boards without a GPU'
EPILOG = """examples:
  liquid-drone quantize follow --out out/follow-int8
  liquid-drone quantize follow --footage flights/rosbag2_0 --out out/follow-int8
  liquid-drone parity follow --int8 out/follow-int8 --flights 10

The ranges of the activations are measured on flights in the places that the bundle was trained in,
or on pictures, a video or a recording of yours. The liquid core stays as it is. How much faster it
is depends on the processor: compare before you fly it.
"""


@dataclass(frozen=True, kw_only=True)
class QuantizeArguments:
    """Which bundle, ranges from where, and where the variant goes."""

    bundle: str = option('follow', 'a name in models/, or a directory', positional=True)
    footage: tuple[Path, ...] = option(
        (),
        'pictures, a folder of them, a video, or a recording to measure ranges on',
        unset='training flights that the bundle flies',
    )
    out: Path = option(REQUIRED, 'bundle directory to write')


def run(args: QuantizeArguments) -> int:
    """Collect pictures, quantise, and compare the variant with its origin."""
    from ...evaluate.int8_bundle import make
    from ...runtime.runner import PolicyRunner

    check_bundle_place(args.out)
    require('onnx', 'train')  # before minutes of flights
    bundle = resources.bundle(args.bundle)
    images = _seen(bundle, args.footage) if args.footage else _rendered(bundle)
    made = make(bundle, images, args.out)
    runner, parity = PolicyRunner(args.out), load_contract(bundle).parity
    assert parity is not None  # make has looked
    print(
        f'{args.out}: {made.name} ({made.bundle_hash()}), ranges from {len(images)} pictures; '
        f'differs by {runner.difference_from(parity):.2g} from FP32 on the parity vectors'
    )
    return 0


def _rendered(bundle: Path) -> 'list[Image]':
    from ...evaluate.int8_bundle import FLIGHTS, rendered
    from ...evaluate.trained_places import places_of
    from ..progress import TerminalWatcher

    watcher = TerminalWatcher()
    flights = max(FLIGHTS, len(places_of(load_contract(bundle))))
    watcher.begin('training flights', flights, 'flights')
    images = list(rendered(bundle, watcher.advance))
    watcher.end()
    return images


def _seen(bundle: Path, paths: tuple[Path, ...]) -> 'list[Image]':
    from ...footage.footage import open_footage
    from ...image import fitted

    footage, camera = open_footage(paths), load_contract(bundle).camera
    return [fitted(frame.image, camera, footage.fov_deg) for frame in footage.frames()]


COMMAND = Command(NAME, HELP, EPILOG, QuantizeArguments, run)
