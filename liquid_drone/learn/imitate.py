# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Imitation: fit a network to windows of flights, with checkpoints to go on from.

The weights that fly are a running average of the trained ones. It reads clips and writes
checkpoints; it never flies.
"""

import copy
import math
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import ConfigError, EpisodeError
from ..policy.network import Network, Seen
from .cache import Clip
from .recipe import TrainConfig
from .windows import Batch, Windows

CHECKPOINT_EVERY = 250  # steps
Report = Callable[[int, dict[str, float]], None]


@dataclass(frozen=True)
class Progress:
    """A network in training."""

    network: Network  # being trained
    average: Network  # its running average: flies
    optimiser: torch.optim.Optimizer
    step: int


def train(
    network: Network,
    clips: list[Clip],
    config: TrainConfig,
    checkpoint: Path,
    round_index: int = 0,
    report: Report = lambda step, losses: None,
) -> Network:
    """Train on clips, from a partial checkpoint if there is one; return the averaged network.

    Args:
        network: start weights; changed in place.
        clips: training data.
        config: see the recipe.
        checkpoint: written at the end; ``.partial`` beside it in between.
        round_index: makes the batches of each DAgger round differ.
        report: called every step with the losses.

    Raises:
        EpisodeError: there is nothing to train on.

    """
    if not any(len(clip) >= config.length for clip in clips):
        raise EpisodeError(f'no episode has {config.length} frames: collect flights first')
    torch.set_num_threads(config.threads)
    windows = Windows(clips, config, network.time.nominal_s)
    weight = channel_weights(clips)
    partial = checkpoint.with_suffix('.partial')
    progress = _begin(network, config, partial)
    for step in range(progress.step, config.steps):
        batch = windows.batch(config.seed, round_index, step)
        losses = _step(progress, batch, weight, config, step)
        report(step + 1, losses)
        if (step + 1) % CHECKPOINT_EVERY == 0:
            _save_partial(progress, step + 1, partial)
    save_weights(progress.average, checkpoint)
    partial.unlink(missing_ok=True)
    return progress.average


def channel_weights(clips: list[Clip]) -> Tensor:
    """Return (4,): one over the variance of each command channel, so that each counts the same."""
    labels = np.concatenate([clip.label for clip in clips])
    return torch.from_numpy(1.0 / np.maximum(labels.var(axis=0), 1e-3)).float()


def losses_of(seen: Seen, batch: Batch, weight: Tensor) -> dict[str, Tensor]:
    """Return the mean losses: command (of unit variance), target head, hints."""
    command = ((seen.motor - batch.label) ** 2 * weight).mean()
    visible = batch.target[..., :1]
    sight = torch.nn.functional.binary_cross_entropy_with_logits(seen.target[..., :1], visible)
    off = ((seen.target[..., 1:] - batch.target[..., 1:]) ** 2 * visible).sum()
    place = off / visible.sum().clamp(min=1.0) * 10.0  # bearings are small numbers
    known = ~torch.isnan(batch.hints)
    wrong = torch.where(known, seen.hints - torch.nan_to_num(batch.hints), 0.0)
    hints = (wrong**2).sum() / known.sum().clamp(min=1) * 10.0
    return {'command': command, 'sight': sight, 'place': place, 'hints': hints}


def rate_at(step: int, config: TrainConfig) -> float:
    """Return the share of the learning rate at a step: linear warm-up, then a cosine to 2 %."""
    if step < config.warmup_steps:
        return (step + 1) / config.warmup_steps
    span = max(config.steps - config.warmup_steps, 1)
    return 0.02 + 0.49 * (1.0 + math.cos(math.pi * (step - config.warmup_steps) / span))


def save_weights(network: Network, path: Path) -> None:
    """Write the weights of a network, all or nothing."""
    _save({'weights': network.state_dict()}, path)


def load_weights(network: Network, path: Path) -> Network:
    """Load weights written by :func:`save_weights` into a network of the same shape.

    Raises:
        ConfigError: missing, broken or of another shape.

    """
    try:
        network.load_state_dict(torch.load(path, weights_only=True)['weights'])
    except (
        OSError,
        RuntimeError,
        KeyError,
        ValueError,
        EOFError,
        pickle.UnpicklingError,
    ) as error:
        raise ConfigError(f'cannot use checkpoint {path}: {error}') from error
    return network


def _begin(network: Network, config: TrainConfig, partial: Path) -> Progress:
    core = list(network.cell.parameters())
    cores = {id(parameter) for parameter in core}
    rest = [p for p in network.parameters() if id(p) not in cores]
    groups = [
        {'params': rest, 'lr': config.learning_rate},
        {'params': core, 'lr': config.learning_rate * config.core_rate_factor},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=config.weight_decay)
    for group in optimiser.param_groups:
        group['base'] = group['lr']
    average = copy.deepcopy(network)
    if not partial.is_file():
        return Progress(network, average, optimiser, 0)
    saved = torch.load(partial, weights_only=True)
    network.load_state_dict(saved['weights'])
    average.load_state_dict(saved['average'])
    optimiser.load_state_dict(saved['optimiser'])
    return Progress(network, average, optimiser, saved['step'])


def _step(
    progress: Progress, batch: Batch, weight: Tensor, config: TrainConfig, step: int
) -> dict[str, float]:
    for group in progress.optimiser.param_groups:
        group['lr'] = group['base'] * rate_at(step, config)
    with torch.autocast('cpu', torch.bfloat16):
        seen = progress.network(batch.pixels, batch.dt_s)
    losses = losses_of(seen, batch, weight)
    total = losses['command'] + config.target_weight * (losses['sight'] + losses['place'])
    total = total + config.hint_weight * losses['hints']
    progress.optimiser.zero_grad(set_to_none=True)
    total.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(progress.network.parameters(), config.clip)
    progress.optimiser.step()
    decay = min(config.average, (step + 1) / (step + 10))
    with torch.no_grad():
        torch._foreach_lerp_(
            list(progress.average.parameters()), list(progress.network.parameters()), 1.0 - decay
        )
    return {name: value.item() for name, value in losses.items()}


def _save_partial(progress: Progress, step: int, path: Path) -> None:
    state: dict[str, Any] = {
        'weights': progress.network.state_dict(),
        'average': progress.average.state_dict(),
        'optimiser': progress.optimiser.state_dict(),
        'step': step,
    }
    _save(state, path)


def _save(state: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f'.{path.name}.new')
    torch.save(state, aside)
    aside.replace(path)
