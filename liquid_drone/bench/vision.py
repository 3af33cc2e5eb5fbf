# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the encoders cost: one camera image through ONNX Runtime, and a frame of training."""

import itertools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from ..contract import VISION_FILE, CameraSpec
from ..errors import ConfigError
from ..policy.config import NetworkConfig, VisionConfig
from ..policy.export import export_vision
from ..policy.network import Network
from ..runtime.providers import open_session
from .policy import one_thread
from .timing import Case, Timing, take_turns

FRAMES = 32  # of a training batch
SEED = 0  # of the pictures
LAYOUTS = {'channels_last': torch.channels_last, 'contiguous': torch.contiguous_format}


@dataclass(frozen=True)
class EncoderCost:
    """What one encoder costs."""

    parameters: int
    mflop: float  # of an image, multiplications and additions counted apart
    flight: Timing  # one image, one thread
    train: Timing  # one frame of a batch, one thread, bfloat16


class TrainingCase(NamedTuple):
    """How the default encoder is trained."""

    precision: str
    threads: int
    layout: str  # of weights and pictures in memory
    frames: int  # at once


class TrainingRate(NamedTuple):
    """Frames that one case trains."""

    a_second: float
    a_processor_second: float


def named_encoders(names: Sequence[str]) -> list[str]:
    """Return the encoders to look at; none named means all.

    Raises:
        ConfigError: an unknown name.

    """
    unknown = [name for name in names if name not in VisionConfig.NAMED]
    if unknown:
        known = ', '.join(VisionConfig.NAMED)
        raise ConfigError(f"unknown encoder '{unknown[0]}': expected one of {known}")
    return list(names or VisionConfig.NAMED)


def measure(rounds: int, encoders: Sequence[str] = ()) -> dict[str, EncoderCost]:
    """Measure the named encoders, or all, in turns."""
    networks = {
        name: Network(NetworkConfig(VisionConfig.NAMED[name])).eval()
        for name in named_encoders(encoders)
    }
    with one_thread():
        flight = take_turns(
            {name: _see(encoder) for name, encoder in networks.items()}, rounds, 5, process_time
        )
        train = take_turns(
            {name: _learn(encoder) for name, encoder in networks.items()}, rounds, 1, process_time
        )
    return {
        name: EncoderCost(
            sum(p.numel() for p in network.vision.parameters()),
            mflop_of(network),
            flight[name],
            Timing(train[name].best_s / FRAMES, train[name].median_s / FRAMES, rounds),
        )
        for name, network in networks.items()
    }


def training_rates(rounds: int, frames: Sequence[int]) -> dict[TrainingCase, TrainingRate]:
    """Train the default encoder in each precision, layout, and with one and two threads."""
    chosen = itertools.product(('float32', 'bfloat16'), (1, 2), LAYOUTS, frames)
    cases = {' '.join(map(str, case)): TrainingCase(*case) for case in chosen}
    networks = {
        layout: Network(NetworkConfig()).to(memory_format=memory_format)  # type: ignore[call-overload]
        for layout, memory_format in LAYOUTS.items()
    }
    steps = {name: _step_of(case, networks[case.layout]) for name, case in cases.items()}
    threads = torch.get_num_threads()
    try:
        wall, busy = (
            take_turns(steps, rounds, 1, clock) for clock in (perf_counter, process_time)
        )
    finally:
        torch.set_num_threads(threads)
    return {
        case: TrainingRate(case.frames / wall[name].best_s, case.frames / busy[name].best_s)
        for name, case in cases.items()
    }


def _step_of(case: TrainingCase, network: Network) -> Case:
    step = _learn(network, case.frames, case.precision, case.layout)

    def run() -> None:
        torch.set_num_threads(case.threads)
        step()

    return run


def mflop_of(network: Network) -> float:
    """Count the operations of the convolutions and linear layers on one image, in millions."""
    total, hooks = [0], []

    def count(module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        weight = module.get_parameter('weight')
        places = output[0, 0].numel() if output.dim() == 4 else 1
        total[0] += 2 * weight.numel() * places

    for module in network.vision.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            hooks.append(module.register_forward_hook(count))
    camera = network.camera
    with torch.no_grad():
        network.vision(torch.zeros(1, camera.height, camera.width, 3, dtype=torch.uint8))
    for hook in hooks:
        hook.remove()
    return total[0] / 1e6


def _see(network: Network) -> Case:
    with tempfile.TemporaryDirectory() as folder:
        export_vision(network, Path(folder) / VISION_FILE)
        session = open_session(Path(folder) / VISION_FILE)
    camera, rng = CameraSpec(), np.random.default_rng(SEED)
    image = rng.integers(0, 256, (1, camera.height, camera.width, 3), dtype=np.uint8)
    return lambda: session.run(None, {'image': image})


def _learn(
    network: Network,
    frames: int = FRAMES,
    precision: str = 'bfloat16',
    layout: str = 'channels_last',
) -> Case:
    camera, vision = network.camera, network.vision
    rows, columns = camera.height // vision.reduce, camera.width // vision.reduce
    half = precision == 'bfloat16'
    pixels = torch.randint(0, 256, (frames, rows, columns, 3)).permute(0, 3, 1, 2)
    pixels = pixels.to(torch.bfloat16 if half else torch.float32)
    if layout == 'contiguous':
        pixels = pixels.contiguous()

    def step() -> None:
        vision.zero_grad(set_to_none=True)
        with torch.autocast('cpu', torch.bfloat16, enabled=half):
            features, target = vision.look(pixels)
        loss = features.float().square().mean() + target.float().square().mean()
        loss.backward()  # type: ignore[no-untyped-call]

    return step
