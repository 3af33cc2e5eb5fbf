# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Behaviour cloning: fit a network to windows of flights, with checkpoints to go on from.

The weights that fly are a running average of the trained ones. It reads clips and writes
checkpoints; it never flies.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from ..errors import ConfigError, EpisodeError, TrainingError
from ..files import set_aside
from ..outputs.durability import put_in_place
from ..policy.network import Network, Seen
from ..policy.torch_file import read_torch
from .batches import TrainingBatch, Windows
from .clips import Clip
from .distributed import ALONE, Team
from .losses import command_weights, losses_of, weighted
from .precision import device_of, precision_of
from .recipe import TrainConfig

log = logging.getLogger(__name__)

CHECKPOINT_S = 0.25  # after every step that took as long, else so often: writing takes 1 % of it
Tensors = tuple[Tensor, ...] | list[Tensor]
Report = Callable[[int, dict[str, float]], None]
Beside = Callable[[Network, int], dict[str, Tensor]]  # losses of the target head at a step


@dataclass(frozen=True)
class Span:
    """Which part of a training to do; steps count over all rounds."""

    first: int
    last: int  # exclusive
    total: int  # of the whole training: the learning rate falls towards it


@dataclass(frozen=True)
class TrainingProgress:
    """A network in training."""

    network: Network  # being trained
    average: AveragedModel  # its running average: flies
    optimiser: torch.optim.Optimizer
    step: int


def train(
    network: Network,
    clips: list[Clip],
    config: TrainConfig,
    span: Span,
    checkpoint: Path,
    before: Path | None = None,
    report: Report = lambda step, losses: None,
    team: Team = ALONE,
    beside: Beside | None = None,
    places: Tensor | None = None,
) -> Network:
    """Train on clips, from a partial checkpoint if there is one; return the averaged network.

    Args:
        network: start weights, when nothing was trained before; changed in place.
        clips: training data.
        config: see the recipe.
        span: the steps to do.
        checkpoint: written at the end; ``.partial`` beside it in between.
        before: checkpoint of the round before, to go on from.
        report: called after every step with its number and losses.
        team: the processes that train together; the first one alone writes checkpoints.
        beside: what is learned in each step besides the flights.
        places: amplitudes of photographs, whose colours windows may take.

    Raises:
        EpisodeError: there is nothing to train on.
        ConfigError: a checkpoint that cannot be used.
        TrainingError: another process of the team is gone, or numbers are not finite.

    """
    if not any(len(clip) >= config.frames for clip in clips):
        raise EpisodeError(f'no episode has {config.frames} frames: collect flights first')
    torch.set_num_threads(config.threads)
    device = device_of(config, team)
    config = replace(config, precision=precision_of(config, device, team))
    network.to(device)
    windows = Windows(clips, config, network.time.nominal_s, device, team, places)
    weight = command_weights(clips).to(device)
    partial = checkpoint.with_suffix('.partial')
    goes_on = team.told(team.first and is_whole(partial))
    progress = _begin(network, config, span, partial if goes_on else before)
    team.agree('where they go on from', progress.step, sum(len(clip) for clip in clips))
    if config.compile:
        network.compile_encoder()
    saved_s = time.monotonic()
    for step in range(progress.step, span.last):
        batch = windows.batch(config.seed, step)
        rate = rate_at(step, span.total, config)
        losses = _step(progress, batch, weight, config, rate, step, team, beside)
        report(step, losses)
        if team.first and time.monotonic() - saved_s >= CHECKPOINT_S:
            save_progress(progress, step + 1, partial)
            saved_s = time.monotonic()
    if team.first:
        save_progress(progress, span.last, checkpoint)
        partial.unlink(missing_ok=True)
    return _averaged(progress)


def _averaged(progress: TrainingProgress) -> Network:
    averaged = progress.average.module.cpu()
    assert isinstance(averaged, Network)
    return averaged


def rate_at(step: int, total: int, config: TrainConfig) -> float:
    """Return the share of the learning rate at a step: warm-up, hold, then a cosine to 2 %."""
    if step < config.warmup_steps:
        return (step + 1) / config.warmup_steps
    hold = config.hold_share * total
    fallen = min(max((step - hold) / max(total - hold, 1.0), 0.0), 1.0)
    return 0.02 + 0.49 * (1.0 + math.cos(math.pi * fallen))


def running_average(network: Network, decay: float) -> AveragedModel:
    """Return an exponential average that starts with the weights of a network.

    The decay rises to ``decay`` over the first steps, so that the random start weights are soon
    forgotten.
    """

    def update(
        averages: Tensors, weights: Tensors, count: Tensor | int
    ) -> None:  # count stays a tensor: reading it would wait for the device
        share = 1.0 - torch.clamp(torch.as_tensor(count) / (count + 9.0), max=decay)
        steps = torch._foreach_sub(weights, averages)
        torch._foreach_mul_(steps, share)
        torch._foreach_add_(averages, steps)

    average = AveragedModel(network, multi_avg_fn=update)
    average.n_averaged.fill_(1)
    return average


def load_weights(network: Network, path: Path) -> Network:
    """Load the averaged weights of a checkpoint into a network of the same shape.

    Raises:
        ConfigError: missing, broken or of another shape.

    """
    try:
        network.load_state_dict(read_checkpoint(path)['average'])
    except (RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise _misfit(path, error) from error
    return network


def _misfit(path: Path, error: Exception) -> ConfigError:
    """Return what is said of a checkpoint of another network, or of none."""
    differs = ' '.join(str(error).split())[:300]
    return ConfigError(
        f'checkpoint {path} does not fit the network ({differs}): it was left by another recipe '
        f'or by other code. Move {path.parent} aside to train anew from the flights that are there'
    )


def _begin(
    network: Network, config: TrainConfig, span: Span, saved: Path | None
) -> TrainingProgress:
    core = list(network.cell.parameters())
    cores = {id(parameter) for parameter in core}
    rest = [p for p in network.parameters() if id(p) not in cores]
    groups = [
        {'params': rest, 'base': config.learning_rate},
        {'params': core, 'base': config.learning_rate * config.core_rate_factor},
    ]
    fused = rest[0].is_cuda  # one kernel for all weights
    optimiser = torch.optim.AdamW(groups, weight_decay=config.weight_decay, fused=fused)
    average = running_average(network, config.average)
    progress = TrainingProgress(network, average, optimiser, span.first)
    return progress if saved is None else go_on_from(saved, progress)


def go_on_from(saved: Path, progress: TrainingProgress) -> TrainingProgress:
    """Return a training as it was when it was saved; what it began as is changed in place.

    Raises:
        ConfigError: missing, broken or of another network.

    """
    state = read_checkpoint(saved)
    try:
        progress.network.load_state_dict(state['weights'])
        progress.average.module.load_state_dict(state['average'])
        progress.optimiser.load_state_dict(state['optimiser'])
    except (RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise _misfit(saved, error) from error
    step = int(state['step'])
    progress.average.n_averaged.fill_(step + 1)  # the start weights count as one
    return replace(progress, step=step)


def _step(
    progress: TrainingProgress,
    batch: TrainingBatch,
    weight: Tensor,
    config: TrainConfig,
    rate: float,
    step: int,
    team: Team,
    beside: Beside | None,
) -> dict[str, float]:
    for group in progress.optimiser.param_groups:
        group['lr'] = group['base'] * rate
    losses = _gradients(progress.network, batch, weight, config, step, team, beside)
    progress.optimiser.step()
    progress.network.constrain()
    progress.average.update_parameters(progress.network)
    return losses


def _gradients(
    network: Network,
    batch: TrainingBatch,
    weight: Tensor,
    config: TrainConfig,
    step: int,
    team: Team,
    beside: Beside | None,
) -> dict[str, float]:
    """Fill the clipped gradients; return the losses.

    Now and then (one step in hundreds, torch 2.13 on a CPU with AMX) PyTorch's bfloat16 gives nan
    for the weights of the paper's second convolution, 24 to 36 channels, and for nothing else; the
    same step in another process gives what it should. So it is computed again, in float32.
    """
    for tried in (config.precision, 'float32'):
        half = tried == 'bfloat16'
        pixels = batch.pixels if half else batch.pixels.float()
        with torch.autocast(pixels.device.type, torch.bfloat16, enabled=half):
            seen = answered(network, pixels, batch, config.burn_in)
            besides = beside(network, step) if beside else {}
        losses = losses_of(seen, batch.ticks(config.burn_in), weight, config.hidden_weight, team)
        total = weighted(losses, besides, config)
        losses |= besides
        network.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        team.average_gradients(network.parameters())
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
        numbers = torch.stack([*losses.values(), norm]).detach()
        values = team.mean(numbers).tolist()  # one wait for the device, not five
        if all(map(math.isfinite, values)):
            torch.nn.utils.clip_grads_with_norm_(network.parameters(), config.clip, norm)
            return dict(zip(losses, values, strict=False))  # without the norm
        where = [name for name, p in network.named_parameters() if not _finite(p.grad)]
        log.warning('step %d in %s: not finite: %s', step, tried, ', '.join(where))
    raise TrainingError(
        f'step {step} gave losses or gradients that are not finite, twice, and is not saved: '
        'check the episodes (liquid-drone validate) or lower learning_rate, then start again, and '
        'training goes on before it'
    )


class Given(Protocol):
    """What a network is given beside the pictures, for B windows of T frames."""

    @property
    def dt_s(self) -> Tensor:
        """(B, T)."""

    @property
    def request(self) -> Tensor:
        """(B, T, 3)."""

    @property
    def flown(self) -> Tensor:
        """(B, T, 4)."""


def answered(
    network: Network, pixels: Tensor, given: Given, burn_in: int, remembered: Tensor | None = None
) -> Seen:
    """Run the windows; the first frames of each only carry their state into the rest."""

    def part(state: Tensor | None, first: int, last: int | None) -> Seen:
        besides = given.dt_s, given.request, given.flown
        dt_s, request, flown = (column[:, first:last] for column in besides)
        told = None if remembered is None else remembered[:, first:last]
        seen: Seen = network(pixels[:, first:last], dt_s, state, request, flown, told)
        return seen

    state = None
    if burn_in:
        with torch.no_grad():
            state = part(None, 0, burn_in).state
    return part(state, burn_in, None)


def _finite(gradient: Tensor | None) -> bool:
    return gradient is None or bool(gradient.isfinite().all())


def save_progress(progress: TrainingProgress, step: int, path: Path) -> None:
    """Write a checkpoint that a training goes on from and a bundle is exported from."""
    state = {
        'weights': progress.network.state_dict(),
        'average': progress.average.module.state_dict(),
        'optimiser': progress.optimiser.state_dict(),
        'step': step,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f'.{path.name}.new')
    torch.save(state, aside)
    put_in_place(aside, path)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return the state that a training saved.

    Raises:
        ConfigError: missing, torn, or something else.

    """
    state = read_torch(path)
    if not isinstance(state, dict) or not state.keys() >= {'weights', 'average', 'optimiser'}:
        raise ConfigError(f'checkpoint {path}: expected the state of a training')
    return state


def is_whole(checkpoint: Path) -> bool:
    """Say whether a checkpoint is there and whole; a torn one is named and kept aside."""
    try:
        return checkpoint.is_file() and bool(read_checkpoint(checkpoint))
    except ConfigError as error:
        kept = set_aside(checkpoint)
        log.warning('%s is kept at %s and trained anew: %s', checkpoint, kept, error)
        return False
