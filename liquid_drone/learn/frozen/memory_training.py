# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The memory of a core first, since its ticks follow each other; then what it remembers, once.

What it tells the core is the same in every step of the core's training, so that one is as fast as
without a memory. The core's losses do not reach it.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ...errors import TrainingError
from ...policy.memory import Measurement
from ...policy.network import Network
from ...streams import Stream
from ..losses import belief_losses
from ..recipe import TrainConfig
from .core_batches import core_batch
from .views import FlightViews

WINDOWS = 2  # for each of the core: a tick of many windows costs hardly more than one of few
RATE, CONSTANT_RATE = 2e-3, 1e-2  # of a layer that measures, of constants
LEAST_SHARE = 0.02  # of the rates at the end
SMOOTHING = 0.95  # of the loss that is told, per step


def train_memory(
    network: Network, flights: list[FlightViews], config: TrainConfig
) -> tuple[list[FlightViews], float]:
    """Train the memory by its belief; return the flights with what it remembers, and the loss.

    Raises:
        TrainingError: the loss is not finite.

    """
    smooth = train_memory_alone(network, flights, config)
    return [remembering(network, flight) for flight in flights], smooth


def train_memory_alone(
    network: Network,
    flights: list[FlightViews],
    config: TrainConfig,
    fixed: Sequence[Tensor] = (),
) -> float:
    """Train the memory by its belief, all of it but what is fixed; return the loss.

    Raises:
        TrainingError: the loss is not finite.

    """
    memory = network.memory
    assert memory is not None
    memory.requires_grad_(True)
    kept = {id(parameter) for parameter in fixed}
    named = [(name, p) for name, p in memory.named_parameters() if id(p) not in kept]
    layer = [p for name, p in named if name.startswith('measure.')]
    constants = [p for name, p in named if not name.startswith('measure.')]
    rate = RATE if isinstance(memory.measure, Measurement) else CONSTANT_RATE
    groups = [{'params': layer, 'base': rate}, {'params': constants, 'base': CONSTANT_RATE}]
    optimiser = torch.optim.Adam(groups)
    windows, smooth = WINDOWS * config.windows, math.nan
    whole = replace(config, windows=windows, length=config.frames, burn_in=0)
    for step in range(config.memory_steps):
        for group in optimiser.param_groups:
            falls = 0.5 * (1.0 + math.cos(math.pi * step / config.memory_steps))
            group['lr'] = group['base'] * (LEAST_SHARE + (1.0 - LEAST_SHARE) * falls)
        batch = core_batch(flights, whole, network.time.nominal_s, step, of=Stream.MEMORY_WINDOWS)
        state = batch.features.new_zeros(windows, network.state_size)
        motion = network.motion(batch.features, batch.flown)
        known = network.believe(batch.features, batch.dt_s, state, motion)
        losses = belief_losses(known.belief, batch.belief, batch.target, config.hidden_weight)
        loss = losses['belief'] + losses['believed']
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(memory.parameters(), config.clip)
        if not (torch.isfinite(loss) and torch.isfinite(norm)):
            raise TrainingError(f'step {step} of the memory gave a loss that is not finite')
        optimiser.step()
        now = float(losses['belief'].detach())
        smooth = now if step == 0 else SMOOTHING * smooth + (1.0 - SMOOTHING) * now
    memory.requires_grad_(False)
    return smooth


def remembering(network: Network, flight: FlightViews) -> FlightViews:
    """Return a flight with what the memory tells the core in each of its frames."""
    features = torch.from_numpy(np.asarray(flight.features, np.float32))
    views = len(features)
    with torch.no_grad():
        known = network.remember(
            features,
            torch.from_numpy(flight.dt_s(network.time.nominal_s)).expand(views, -1),
            features.new_zeros(views, network.state_size),
            network.motion(features, torch.from_numpy(flight.flown)),
        )
    return replace(flight, remembered=known.inputs.numpy())
