# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Behaviour cloning of the core alone, on features of a frozen encoder: minutes become seconds.

Windows, gaps between frames, optimiser, rates, weights of the command channels and the running
average are those of ``behaviour_cloning``; the heads of the encoder stay as they are.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...errors import EpisodeError, TrainingError
from ...files import write_text
from ...policy.network import Network
from ..behaviour_cloning import (
    Report,
    TrainingProgress,
    answered,
    rate_at,
    running_average,
    save_progress,
)
from ..losses import belief_losses, command_weights, weighted
from ..recipe import TrainConfig
from .core_batches import CoreBatch, core_batch
from .memory_training import train_memory
from .views import FlightViews

WHOLE = TrainConfig()  # of held-out flights: no burn-in
NEAR = 0.65  # of the nearness: within 3.5 m, where a way round begins
SIDEWAYS = 1  # of the commands: vy
ASIDE, SHORT = 0.05, 0.02  # shares of the limit: less is straight ahead, and close enough


def train_core(
    network: Network,
    flights: list[FlightViews],
    config: TrainConfig,
    checkpoint: Path | None,
    report: Report = lambda step, losses: None,
    note: Callable[[str], None] = lambda text: None,
) -> Network:
    """Train the core of a network and write a checkpoint, if it is named; return the average.

    Raises:
        EpisodeError: no flight is as long as a window.
        TrainingError: the loss is not finite.

    """
    long = [flight for flight in flights if len(flight) >= config.frames]
    if not long:
        raise EpisodeError(f'no flight has {config.frames} frames: collect flights first')
    torch.set_num_threads(config.threads)
    network.vision.requires_grad_(False)
    network.auxiliary.requires_grad_(False)
    if network.memory is not None:
        note(f'its memory first: {config.memory_steps} steps')
        long, belief = train_memory(network, long, config)
        note(f'its memory: belief {belief:.4f}')
    weight = command_weights(flights)
    progress = _begin(network, config)
    for step in range(config.steps):
        batch = core_batch(long, config, network.time.nominal_s, step)
        for group in progress.optimiser.param_groups:
            group['lr'] = group['base'] * rate_at(step, config.steps, config)
        losses = core_losses(network, batch, weight, config)
        loss = weighted(losses, {}, config)
        network.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        trained = [p for p in network.parameters() if p.grad is not None]
        norm = torch.nn.utils.clip_grad_norm_(trained, config.clip)
        if not (torch.isfinite(loss) and torch.isfinite(norm)):
            raise TrainingError(
                f'step {step} gave a loss that is not finite: lower learning_rate or '
                'core_rate_factor'
            )
        progress.optimiser.step()
        network.constrain()
        progress.average.update_parameters(network)
        report(step, {name: float(value.detach()) for name, value in losses.items()})
    if checkpoint is not None:
        save_progress(progress, config.steps, checkpoint)
    averaged = progress.average.module
    assert isinstance(averaged, Network)
    return averaged


def _begin(network: Network, config: TrainConfig) -> TrainingProgress:
    core = list(network.cell.parameters())
    layers = [layer for layer in (network.readout, network.belief) if layer is not None]
    readout = [parameter for layer in layers for parameter in layer.parameters()]
    fast = config.learning_rate * config.core_rate_factor
    groups = [{'params': core, 'base': fast}]
    groups += [{'params': readout, 'base': config.learning_rate}] if readout else []
    optimiser = torch.optim.AdamW(groups, weight_decay=config.weight_decay)
    return TrainingProgress(network, running_average(network, config.average), optimiser, 0)


def core_losses(
    network: Network, batch: CoreBatch, weight: Tensor, config: TrainConfig
) -> dict[str, Tensor]:
    """Return the mean squared error of the command, of unit variance, and those of the belief.

    Frames in which the target is hidden or something is near count more, as the recipe says:
    they are few, and there a wrong command ends the flight. So does a sideways command that falls
    short of the label, if the recipe says so: a mean of left and right is short of both, and who
    goes round by half hits the trunk (an expectile in place of the mean: Newey and Powell 1987,
    "Asymmetric Least Squares Estimation and Testing").
    """
    burn_in = config.burn_in
    seen = answered(network, batch.features, batch, burn_in, batch.remembered)
    label = batch.label[:, burn_in:]
    known = ~torch.isnan(label)
    error = torch.where(known, seen.motor - torch.nan_to_num(label), 0.0)
    target, near = batch.target[:, burn_in:], batch.near[:, burn_in:]
    is_hard = (near > NEAR) | (target[..., 0] < 0.5)
    counts = torch.where(is_hard, config.hard_weight, 1.0)[..., None].expand_as(error).clone()
    counts[..., SIDEWAYS] *= torch.where(_falls_short(seen.motor, label), config.short_weight, 1.0)
    losses = {'command': (error**2 * weight * counts).sum() / (known * counts).sum().clamp(min=1)}
    if seen.belief is not None:
        truth = batch.belief[:, burn_in:], target
        losses |= belief_losses(seen.belief, *truth, config.hidden_weight)
    return losses


def _falls_short(motor: Tensor, label: Tensor) -> Tensor:
    """Tell (B, T) where the sideways command is less than the label's, or to the other side."""
    wanted, given = torch.nan_to_num(label[..., SIDEWAYS]), motor[..., SIDEWAYS]
    return (wanted.abs() > ASIDE) & (given * wanted.sign() < wanted.abs() - SHORT)


def held_out_loss(network: Network, flights: list[FlightViews], weight: Tensor) -> float:
    """Return the loss on flights that nothing was trained on, whole, over all their views.

    A flight counts by its frames with a label: one without any says nothing.

    Raises:
        EpisodeError: none has a label.

    """
    total, count = 0.0, 0.0
    with torch.no_grad():
        for flight in flights:
            views = len(flight.features)
            batch = CoreBatch(
                torch.from_numpy(np.asarray(flight.features, np.float32)),
                torch.from_numpy(flight.dt_s(network.time.nominal_s)).expand(views, -1),
                torch.from_numpy(flight.label),
                torch.from_numpy(flight.target).expand(views, -1, -1),
                torch.from_numpy(flight.belief),
                torch.from_numpy(flight.request).expand(views, -1, -1),
                torch.from_numpy(flight.flown),
                torch.from_numpy(flight.near).expand(views, -1),
                None if flight.remembered is None else torch.from_numpy(flight.remembered),
            )
            losses = core_losses(network, batch, weight, WHOLE)
            total += float(losses['command']) * _labelled(flight)
            count += _labelled(flight)
    check_labelled(flights)
    return total / count


def check_labelled(held_out: list[FlightViews]) -> None:
    """Refuse held-out flights by which nothing can be judged, before anything is trained.

    Raises:
        EpisodeError: none has a label.

    """
    if not any(map(_labelled, held_out)):
        raise EpisodeError(
            f'held out: none of {len(held_out)} flights has a label: expected the commands of a '
            'teacher in some of their frames'
        )


def _labelled(flight: FlightViews) -> float:
    """Return how many frames have a label, as a mean over the views."""
    return float(np.isfinite(flight.label).any(axis=2).sum()) / len(flight.label)


def write_held_out(loss: float, flights: int, path: Path) -> None:
    """Note the loss on the flights that nothing was trained on."""
    write_text(path, f'{{"command": {loss:.6f}, "flights": {flights}}}\n')
