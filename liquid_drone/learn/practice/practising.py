# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The training that is practice: steps of flights in the flat world, beside recorded commands.

A recorded command is one of several that would do, and who learns to fly by their mean flies
between them, into what stands there. Practice has no label: a core chooses, and pays for it. From
recorded flights it keeps the climb, which a flat world does not know, and a little of the rest.
"""

import math
from dataclasses import asdict, replace

import torch
from torch import Tensor

from ...errors import TrainingError
from ...policy.network import Network
from ...sim.scenario.vehicle import Vehicle
from ...sim.simulator import FRAME_S
from ...streams import Stream
from ..behaviour_cloning import Report, TrainingProgress, answered, running_average
from ..frozen.core_batches import core_batch
from ..frozen.views import FlightViews
from ..recipe import TrainConfig
from .config import PracticeConfig
from .flat_world import FlatWorld
from .places import FlatPlaces
from .told import Frames, Told

LENGTH, BURN_IN, WINDOWS = 64, 16, 24  # of recorded flights, in a step
WARM_STEPS, LEAST_SHARE = 50, 0.05  # of the learning rate: how it begins, where it ends
READOUT_SHARE = 1.0 / 3.0  # of the learning rate
CLIP = 1.0
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
) -> TrainingProgress:
    """Have the core of a network practise; return it as it is then, with its running average.

    Args:
        network: with a memory, a scan and a request; its core is changed in place.
        flights: recorded ones, with what the memory told of them.
        frames: what the encoder and the memory told of recorded frames.
        places: where it flies.
        vehicle: that it flies.
        config: how long and at what cost.
        train: seed, threads and average; the rest is of the training before.
        weight: (4,), of each command channel's error.
        report: called after every step with the costs, and the hits of a minute.

    Raises:
        TrainingError: a cost is not finite.

    """
    torch.set_num_threads(train.threads)
    network.requires_grad_(False)
    trained = [network.cell] + ([network.readout] if network.readout is not None else [])
    for layer in trained:
        layer.requires_grad_(True)
    rate = config.learning_rate
    groups = [{'params': list(network.cell.parameters()), 'base': rate}]
    if network.readout is not None:
        groups.append({'params': list(network.readout.parameters()), 'base': rate * READOUT_SHARE})
    optimiser = torch.optim.AdamW(groups, weight_decay=1e-4)
    half_fov_rad = torch.deg2rad(torch.tensor(network.camera.horizontal_fov_deg / 2.0)).item()
    told = Told(frames, half_fov_rad, config.flights, train.seed)
    world = FlatWorld(network, places, told, vehicle, config.flights, train.seed)
    windows = replace(train, windows=WINDOWS, length=LENGTH, burn_in=BURN_IN)
    long = [flight for flight in flights if len(flight) >= windows.frames]
    average = running_average(network, train.average)
    for step in range(config.steps):
        share = _rate_at(step, config.steps)
        for group in optimiser.param_groups:
            group['lr'] = group['base'] * share
        loss, costs = flown(world, config)
        if long:
            loss = loss + cloned(network, long, windows, config.cloned, weight, step)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        parameters = [p for group in optimiser.param_groups for p in group['params']]
        norm = torch.nn.utils.clip_grad_norm_(parameters, CLIP)
        if not (torch.isfinite(loss) and torch.isfinite(norm)):
            raise TrainingError(
                f'step {step} of practice gave a cost that is not finite: lower its learning_rate'
            )
        optimiser.step()
        network.constrain()
        average.update_parameters(network)
        report(step, costs)
    network.requires_grad_(True)
    return TrainingProgress(network, average, optimiser, config.steps)


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
    windows: TrainConfig,
    share: float,
    weight: Tensor,
    step: int,
) -> Tensor:
    """Return the error of the commands along recorded flights; the climb counts in full."""
    batch = core_batch(flights, windows, network.time.nominal_s, step, of=Stream.PRACTICE_WINDOWS)
    seen = answered(network, batch.features, batch, windows.burn_in, batch.remembered)
    label = batch.label[:, windows.burn_in :]
    known = ~torch.isnan(label)
    error = torch.where(known, seen.motor - torch.nan_to_num(label), 0.0)
    counts = weight * torch.tensor([share, share, 1.0, share])
    return (error**2 * counts).sum() / known[..., 0].sum().clamp(min=1)


def _rate_at(step: int, steps: int) -> float:
    """Return the share of the learning rate: it rises, and falls along a cosine."""
    rises = min(1.0, (step + 1) / WARM_STEPS)
    falls = 0.5 * (1.0 + math.cos(math.pi * step / steps))
    return rises * (LEAST_SHARE + (1.0 - LEAST_SHARE) * falls)
