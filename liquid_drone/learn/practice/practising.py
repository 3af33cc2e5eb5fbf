# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The training that is practice: steps of flights in the flat world, beside recorded commands.

A recorded command is one of several that would do, and who learns to fly by their mean flies
between them, into what stands there. Practice has no label: a core chooses, and pays for it. From
recorded flights it keeps the climb, which a flat world does not know, and a little of the rest.
"""

import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...errors import TrainingError
from ...policy.network import Network
from ...sim.scenario.vehicle import Vehicle
from ...sim.simulator import FRAME_S
from ...streams import Stream
from ..behaviour_cloning import (
    Report,
    TrainingProgress,
    go_on_from,
    is_whole,
    rate_at,
    running_average,
    save_progress,
)
from ..frozen.core_batches import core_batch
from ..frozen.core_training import core_losses
from ..frozen.views import FlightViews
from ..recipe import TrainConfig
from .config import PracticeConfig
from .flat_world import FlatWorld
from .places import FlatPlaces
from .told import Frames, Told

BESIDE: dict[str, Any] = {  # of a step: windows of recorded flights, all frames alike; its rate
    'windows': 24, 'length': 64, 'burn_in': 16, 'hard_weight': 1.0, 'short_weight': 1.0,
    'warmup_steps': 50, 'hold_share': 0.0,
}  # fmt: skip
READOUT_SHARE = 1.0 / 3.0  # of the learning rate
STRETCH = 100  # steps, some six minutes of each flight
MINUTE_S = 60.0


def practise(
    network: Network,
    flights: list[FlightViews],
    frames: Frames,
    places: FlatPlaces,
    vehicle: Vehicle,
    config: PracticeConfig,
    train: TrainConfig,
    weight: Tensor,
    report: Report = lambda step, losses: None,
    partial: Path | None = None,
) -> TrainingProgress:
    """Have the core of a network practise; return it as it is then, with its running average.

    All flights begin anew every STRETCH steps, as drawn for them: a training that was interrupted
    flies what it would have flown.

    Args:
        network: with a memory, a scan and a request; its core is changed in place.
        flights: recorded ones, with what the memory told of them.
        frames: what the encoder and the memory told of recorded frames.
        places: where it flies.
        vehicle: that it flies.
        config: how long and at what cost.
        train: seed, threads, clip and average; the rest is of the training before.
        weight: (4,), of each command channel's error.
        report: called after every step with the costs, and the hits of a minute.
        partial: where it is kept after every stretch, and goes on from.

    Raises:
        ConfigError: what was kept is of another network.
        TrainingError: a cost is not finite.

    """
    torch.set_num_threads(train.threads)
    optimiser = _of_the_core(network, config.learning_rate)
    progress = TrainingProgress(network, running_average(network, train.average), optimiser, 0)
    if partial is not None and is_whole(partial):
        progress = go_on_from(partial, progress)
    half_fov_rad = math.radians(network.camera.horizontal_fov_deg / 2.0)
    beside = replace(train, **BESIDE)
    long = [flight for flight in flights if len(flight) >= beside.frames]
    for first in range(progress.step, config.steps, STRETCH):
        told = Told(frames, half_fov_rad, config.flights, train.seed, first)
        world = FlatWorld(network, places, told, vehicle, config.flights, train.seed, first)
        last = min(first + STRETCH, config.steps)
        for step in range(first, last):
            for group in optimiser.param_groups:
                group['lr'] = group['base'] * rate_at(step, config.steps, beside)
            loss, costs = flown(world, config)
            if long:
                loss = loss + cloned(network, long, beside, config.cloned, weight, step)
            _learned(progress, loss, train.clip, step)
            report(step, costs)
        if partial is not None:
            save_progress(progress, last, partial)
    network.requires_grad_(True)
    return replace(progress, step=config.steps)


def _learned(progress: TrainingProgress, loss: Tensor, clip: float, step: int) -> None:
    """Take a step of the optimiser.

    Raises:
        TrainingError: the loss or its gradient is not finite.

    """
    parameters = [p for group in progress.optimiser.param_groups for p in group['params']]
    progress.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    norm = torch.nn.utils.clip_grad_norm_(parameters, clip)
    if not (torch.isfinite(loss) and torch.isfinite(norm)):
        raise TrainingError(
            f'step {step} of practice gave a cost that is not finite: lower its learning_rate'
        )
    progress.optimiser.step()
    progress.network.constrain()
    progress.average.update_parameters(progress.network)


def _of_the_core(network: Network, rate: float) -> torch.optim.Optimizer:
    """Return an optimiser of the core and what reads it; the rest of the network stays."""
    network.requires_grad_(False)
    layers = [(network.cell, rate), (network.readout, rate * READOUT_SHARE)]
    groups = []
    for layer, base in layers:
        if layer is not None:
            layer.requires_grad_(True)
            groups.append({'params': list(layer.parameters()), 'base': base})
    return torch.optim.AdamW(groups, weight_decay=1e-4)


def flown(world: FlatWorld, config: PracticeConfig) -> tuple[Tensor, dict[str, float]]:
    """Fly a step's ticks; return the mean cost of one, and its parts, and the hits of a minute."""
    weights, laid = asdict(config.costs), world.network.cell.weights()
    world.flight.detach()
    world.begin_again()
    flies = torch.ones(config.flights)
    total, parts, hits = torch.zeros(()), dict.fromkeys(weights, 0.0), 0.0
    ticks, flown_s = config.flights * config.ticks, 0.0
    for _ in range(config.ticks):
        costs = world.tick(laid)
        for name, cost in costs.items():
            paid = (cost * flies).sum()
            total = total + weights[name] * paid
            parts[name] += paid.item() / ticks
        flown_s += float(flies.sum()) * FRAME_S
        hits += float((flies * (world.air < 0.0)).sum())
        flies = flies * (~world.over).float()
    return total / ticks, {**parts, 'hits a minute': hits * MINUTE_S / max(flown_s, FRAME_S)}


def cloned(
    network: Network,
    flights: list[FlightViews],
    beside: TrainConfig,
    share: float,
    weight: Tensor,
    step: int,
) -> Tensor:
    """Return the error of the commands along recorded flights; the climb counts in full."""
    batch = core_batch(flights, beside, network.time.nominal_s, step, of=Stream.PRACTICE_WINDOWS)
    counts = weight * torch.tensor([share, share, 1.0, share])
    error = core_losses(network, batch, counts, beside)['command']
    return error * len(counts)  # of a tick, as the costs are, and not of one of its channels
