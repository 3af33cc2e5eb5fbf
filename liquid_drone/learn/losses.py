# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What training makes small: errors of the command, the target head, auxiliary labels, the belief.

A label that nobody knows (nan: a real flight, a hidden target) costs nothing.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, smooth_l1_loss

from ..policy.network import Seen
from ..policy.sighting import LEAST_LOG_SPREAD, MOST_LOG_SPREAD, MOST_RAD, log_cosine
from .batches import TrainingBatch
from .distributed import ALONE, Team

if TYPE_CHECKING:
    from .recipe import TrainConfig

NEAR_WEIGHT = 6.0  # of a scan's errors: so many times more at contact than from 10 m on
RIGHT_RAD, RIGHT_LOG = math.radians(15.0), 0.35  # off by less, a belief is right: 0.7 to 1.4 times


class Labelled(Protocol):
    """Flights with commands to learn from."""

    @property
    def label(self) -> npt.NDArray[np.float32]:
        """Return (..., 4), nan where nobody knows."""
        ...


def command_weights(flights: Sequence[Labelled]) -> Tensor:
    """Return (4,): one over the variance of each command channel, so that each counts the same."""
    labels = np.concatenate([flight.label.reshape(-1, 4) for flight in flights])
    labels = labels[~np.isnan(labels).any(axis=1)]
    return torch.from_numpy(1.0 / np.maximum(labels.var(axis=0), 1e-3)).float()


def losses_of(
    seen: Seen,
    batch: TrainingBatch,
    weight: Tensor,
    hidden_weight: float = 1.0,
    team: Team = ALONE,
) -> dict[str, Tensor]:
    """Return the mean losses: command (of unit variance), target head, auxiliary labels, belief.

    A mean is over what is known in the batch of the whole team: the mean of the losses of all
    processes is the loss of one process with all windows.
    """
    labelled = ~torch.isnan(batch.label)
    error = torch.where(labelled, seen.motor - torch.nan_to_num(batch.label), 0.0)
    (n_labelled,) = _counts(team, labelled)
    losses = {'command': (error**2 * weight).sum() / n_labelled}
    if seen.target is not None and seen.auxiliary is not None:
        losses |= _encoder_losses(seen.target, seen.auxiliary, batch, team)
    if seen.sight is not None:
        losses['sight'] = sight_loss(*seen.sight, batch, hidden_weight, team)
    if seen.belief is not None:
        losses |= belief_losses(seen.belief, batch.belief, batch.target, hidden_weight, team)
    return losses


def weighted(
    losses: dict[str, Tensor], besides: dict[str, Tensor], config: 'TrainConfig'
) -> Tensor:
    """Return the sum that is trained on."""
    total = config.command_weight * losses['command']
    total = total + config.target_weight * sum(besides.values())
    if 'detection' in losses:
        head = losses['detection'] + losses['bearing']
        total = total + config.target_weight * head
        total = total + config.auxiliary_weight * losses['auxiliary']
    if 'sight' in losses:
        total = total + config.auxiliary_weight * losses['sight']
    if 'belief' in losses:
        total = total + config.belief_weight * (losses['belief'] + losses['believed'])
    return total


def _encoder_losses(
    head: Tensor, guessed: Tensor, batch: TrainingBatch, team: Team
) -> dict[str, Tensor]:
    judged = ~torch.isnan(batch.target[..., :1])
    target = torch.nan_to_num(batch.target)
    visible = target[..., :1]
    told = of_width(batch.auxiliary, guessed.shape[-1])
    known = ~torch.isnan(told)
    n_judged, n_visible, n_known = _counts(team, judged, visible, known)
    doubt = binary_cross_entropy_with_logits(head[..., :1], visible, reduction='none')
    detection = (doubt * judged).sum() / n_judged
    off = ((head[..., 1:] - target[..., 1:]) ** 2 * visible).sum()
    bearing = off / n_visible * 10.0  # bearings are small numbers
    wrong = torch.where(known, guessed - torch.nan_to_num(told), 0.0)
    if told.shape[-1] == batch.auxiliary.shape[-1]:  # a scan: what is near is rare, and matters
        wrong = wrong * torch.sqrt(1.0 + NEAR_WEIGHT * torch.nan_to_num(told) ** 2)
    auxiliary = (wrong**2).sum() / n_known * 10.0
    return {'detection': detection, 'bearing': bearing, 'auxiliary': auxiliary}


def sight_loss(
    told: Tensor,
    slopes: Tensor,
    batch: TrainingBatch,
    hidden_weight: float = 1.0,
    team: Team = ALONE,
) -> Tensor:
    """Return the loss of a sight: in which column the target is, where there, and how far.

    The column by cross entropy, nobody being one more; the place by the likelihood of a Laplace
    distribution whose spread is told, too, in the target's column and in the two beside it.
    A target that is seen and of which nobody knows where teaches nothing.

    Args:
        told: (B, T, 5, C), see ``policy/sighting.py``.
        slopes: tangents of the bearings of the columns (C,), left to right.
        batch: with labels.
        hidden_weight: of frames without the target in the picture.
        team: of processes.

    """
    visible = torch.nan_to_num(batch.target[..., 0]) > 0.5
    known = ~torch.isnan(batch.target[..., 0])
    known &= ~visible | torch.isfinite(batch.belief).all(dim=-1)
    place = torch.nan_to_num(batch.belief)
    true_depth = place[..., 2] + log_cosine(place[..., 1])
    columns, width = len(slopes), slopes[0] - slopes[1]
    slope = torch.tan(place[..., 1].clamp(-MOST_RAD, MOST_RAD))
    column = ((slopes[0] - slope) / width).round().long().clamp(0, columns - 1)
    logits = torch.nn.functional.pad(told[..., 0, :], (0, 1))  # the last one: nobody
    which = torch.where(visible, column, columns)
    wrong = cross_entropy(logits.flatten(0, 1), which.flatten(), reduction='none')
    counts = known * torch.where(visible, 1.0, hidden_weight)
    n_known, n_visible = _counts(team, counts, known & visible)
    loss = (wrong.view_as(counts) * counts).sum() / n_known
    for beside, weight in ((0, 0.5), (-1, 0.2), (1, 0.2)):
        here = (column + beside).clamp(0, columns - 1)
        at = here[..., None, None].expand(*here.shape, told.shape[-2], 1)
        _, aside, depth, *spreads = torch.gather(told, -1, at).squeeze(-1).unbind(-1)
        off = torch.atan(slopes[here] + width * aside) - place[..., 1], depth - true_depth
        for error, spread in zip(off, reversed(spreads), strict=True):
            held = spread.clamp(LEAST_LOG_SPREAD, MOST_LOG_SPREAD)
            doubt = error.abs() * torch.exp(-held) + held
            loss = loss + weight * (doubt * (known & visible)).sum() / n_visible
    return loss


def nearness_loss(told: Tensor, near: Tensor) -> Tensor:
    """Return the mean loss of a scan (B, C); what is near matters more, nan is unknown."""
    known = ~torch.isnan(near)
    near = torch.nan_to_num(near)
    wrong = (told - near) ** 2 * (1.0 + NEAR_WEIGHT * near**2)
    return (wrong * known).sum() / known.sum().clamp(min=1) * 10.0


def of_width(auxiliary: Tensor, width: int) -> Tensor:
    """Return auxiliary labels (..., 17) for a head of a width: 9 has sectors twice as wide."""
    if auxiliary.shape[-1] == width:
        return auxiliary
    far, near = auxiliary[..., :1], auxiliary[..., 1:]
    wide = near.reshape(*near.shape[:-1], width - 1, -1).amax(dim=-1)  # nan where one is
    return torch.cat([far, wide], dim=-1)


def belief_losses(
    belief: Tensor,
    labels: Tensor,
    target: Tensor,
    hidden_weight: float = 1.0,
    team: Team = ALONE,
) -> dict[str, Tensor]:
    """Return the losses of a belief (B, T, 3): where the target is, and whether that is right.

    ``labels`` and ``target`` (B, T, 3) are those of a batch.

    Frames in which the target is not in the picture count ``hidden_weight`` times. Where nothing
    that is to be followed walks, no belief is right.
    """
    known = ~torch.isnan(labels[..., 0])
    truth = torch.nan_to_num(labels)
    there = (truth[..., 0] > 0.5) & known
    hidden = torch.nan_to_num(target[..., 0], nan=1.0) < 0.5
    counts = torch.where(hidden, hidden_weight, 1.0)
    turned = belief[..., 1] - truth[..., 1]
    turned = torch.remainder(turned + math.pi, 2.0 * math.pi) - math.pi
    far = belief[..., 2] - truth[..., 2]
    off = smooth_l1_loss(turned, torch.zeros_like(turned), reduction='none', beta=0.2)
    off = off + smooth_l1_loss(far, torch.zeros_like(far), reduction='none', beta=0.2)
    right = there & (turned.abs() < RIGHT_RAD) & (far.abs() < RIGHT_LOG)
    doubt = binary_cross_entropy_with_logits(belief[..., 0], right.float(), reduction='none')
    n_there, n_known = _counts(team, there * counts, known * counts)
    return {
        'belief': (off * there * counts).sum() / n_there,
        'believed': (doubt * known * counts).sum() / n_known,
    }


def _counts(team: Team, *masks: Tensor) -> tuple[Tensor, ...]:
    """Return how much of each is known to a process of the team, on average."""
    counts = torch.stack([mask.sum().float() for mask in masks])
    return team.mean(counts).clamp(min=1.0 / team.size).unbind()
