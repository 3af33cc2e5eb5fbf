# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""In which precision an encoder is trained on the processor at hand, found by trying.

bfloat16 is about twice as fast as float32 where the hardware multiplies in it (AMX, AVX512-BF16, a
graphics card), and ten times slower where it is emulated, as on a laptop with AVX2 alone. What is
timed is always the default encoder on the same images, so that a machine answers alike each time.
"""

import logging
import math
import time
from functools import lru_cache
from typing import Literal

import torch

from ..errors import ConfigError
from ..policy.config import NetworkConfig
from ..policy.network import Network
from ..policy.vision import Vision
from .distributed import ALONE, Team
from .graphics_card import why_no_card
from .recipe import TrainConfig

log = logging.getLogger(__name__)
FRAMES, TIMED_STEPS = 16, 3
GAIN = 0.8  # bfloat16 must take less than this share of float32's time


@lru_cache(maxsize=4)
def fastest(device: torch.device) -> str:
    """Return ``bfloat16`` or ``float32``: the faster one that gives finite numbers."""
    state = torch.get_rng_state()  # a training draws the same numbers whether it asks here or not
    vision = Network(NetworkConfig()).vision.to(device)
    rows, columns = (side // vision.reduce for side in (144, 256))
    pixels = torch.randint(0, 256, (FRAMES, 3, rows, columns)).to(device, torch.bfloat16)
    times = {name: _step_s(vision, pixels, name) for name in ('float32', 'bfloat16')}
    torch.set_rng_state(state)
    chosen = 'bfloat16' if times['bfloat16'] < GAIN * times['float32'] else 'float32'
    log.info(
        'precision auto on %s: %.0f frames/s in float32, %.0f in bfloat16: %s',
        device,
        FRAMES / times['float32'],
        FRAMES / times['bfloat16'],
        chosen,
    )
    return chosen


def _step_s(vision: Vision, pixels: torch.Tensor, precision: str) -> float:
    """Return the time of the quickest step after an untimed one; infinite if not finite."""
    half = precision == 'bfloat16'
    times = []
    for _ in range(TIMED_STEPS + 1):
        began = time.perf_counter()
        vision.zero_grad(set_to_none=True)
        with torch.autocast(pixels.device.type, torch.bfloat16, enabled=half):
            features, target = vision.look(pixels if half else pixels.float())
        loss = features.float().square().mean() + target.float().square().mean()
        loss.backward()  # type: ignore[no-untyped-call]
        gradients = [p.grad for p in vision.parameters() if p.grad is not None]
        norm = float(torch.nn.utils.get_total_norm(gradients))  # waits for the device
        times.append(time.perf_counter() - began)
        if not math.isfinite(norm):
            return math.inf
    return min(times[1:])


def precision_of(
    config: TrainConfig, device: torch.device, team: Team = ALONE
) -> Literal['bfloat16', 'float32']:
    """Return the precision that all processes take; where they would differ, rank 0's."""
    if config.precision != 'auto':
        return config.precision
    half = team.told(team.first and fastest(device) == 'bfloat16')
    return 'bfloat16' if half else 'float32'


def device_of(config: TrainConfig, team: Team = ALONE) -> torch.device:
    """Return where training runs: of several graphics cards, on that of the local rank.

    Raises:
        ConfigError: a graphics card is asked for, and PyTorch finds none or cannot compute on it.

    """
    if config.device == 'cpu':
        return torch.device('cpu')
    card = torch.device('cuda', team.local_rank) if team.size > 1 else torch.device('cuda')
    reason = why_no_card(card)
    if config.device == 'cuda' and reason is not None:
        raise ConfigError(f'device: cuda, but {reason}, or take device: auto')
    if reason is None:
        return card
    if torch.cuda.is_available():
        log.warning('training runs on the processor: %s', reason)
    return torch.device('cpu')
