# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A target head apart learns behind an encoder that is kept, each round from all flights so far.

A policy flies where no expert does, nearer to its target than that and in other light; there the
head of an encoder that was trained before fails most (docs/decisions/learning/head-apart.md). The
features do not change, and so do neither the core's inputs nor what was computed of them.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...errors import EpisodeError
from ...policy.network import Network
from ...streams import Stream, stream
from ..behaviour_cloning import rate_at, running_average
from ..clips import Clip
from ..pictures.beside import PicturesBeside
from ..pictures.encoder_training import (
    BEARING_WEIGHT,
    MIRRORED_SHARE,
    changed_pictures,
    grain_of,
    head_losses,
)
from ..precision import device_of
from ..recipe import TrainConfig

FRAMES = 128  # of flights in each step, half of them with the target
RATE = 2e-3
DISTANCES = np.log([0.5, 0.6, 0.75, 1.0, 1.5, 2.0])  # of 4 m: bins that are drawn equally often
Report = Callable[[int, dict[str, float]], None]


class HeadBatches:
    """Draws frames of flights: with the target evenly over its distance, and without it."""

    def __init__(self, clips: list[Clip], config: TrainConfig) -> None:
        """Note which frames there are; none is read yet."""
        self._clips, self._seed = clips, config.seed
        self._how = dataclasses.replace(config.augmentation, lens=0.0)
        self._grain = grain_of(config.seed)
        clip = np.concatenate([np.full(len(one), index) for index, one in enumerate(clips)])
        frame = np.concatenate([np.arange(len(one)) for one in clips])
        shown = np.concatenate([one.target[:, 0] for one in clips])  # nan: nobody knows
        away = np.concatenate([one.auxiliary[:, 0] for one in clips])
        self._at = np.stack([clip, frame], axis=1)  # (N, 2)
        distance = np.where(np.isnan(away), len(DISTANCES) + 1, np.digitize(away, DISTANCES))
        bins = [
            np.flatnonzero((shown > 0.5) & (distance == one)) for one in range(len(DISTANCES) + 2)
        ]
        self._shown = [some for some in bins if len(some)]
        self._empty = np.flatnonzero(shown <= 0.5)

    def __len__(self) -> int:
        """Return how many frames tell whether the target is there."""
        return sum(map(len, self._shown)) + len(self._empty)

    def batch(self, step: int) -> tuple[Tensor, npt.NDArray[np.float32]]:
        """Return pixels (B, h, w, 3) and target (B, 3) of a step."""
        rng = stream(self._seed, Stream.HEAD_FRAMES, step)
        halves = [self._drawn_shown(rng)] if self._shown else []
        if len(self._empty):
            halves.append(rng.choice(self._empty, FRAMES // 2))
        chosen = self._at[np.concatenate(halves)]
        frames = np.stack([self._clips[clip].frames[frame] for clip, frame in chosen])
        target = np.stack([self._clips[clip].target[frame] for clip, frame in chosen])
        pixels = changed_pictures(frames, self._how, self._grain, rng, target)
        mirrored = rng.random(len(target)) < MIRRORED_SHARE
        pixels[mirrored] = pixels[mirrored].flip(2)
        target[mirrored, 1] *= -1.0
        return pixels, target

    def _drawn_shown(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        which = rng.integers(len(self._shown), size=FRAMES // 2)
        return np.array([rng.choice(self._shown[one]) for one in which])


def train_head(
    network: Network,
    clips: list[Clip],
    config: TrainConfig,
    steps: int,
    pictures: PicturesBeside | None = None,
    report: Report = lambda step, losses: None,
) -> None:
    """Train the target head that is apart, and nothing else; it goes on from what it is.

    Args:
        network: changed in place.
        clips: the flights; frames of which nobody knows whether they show it teach nothing.
        config: of the training: its augmentation, seed and device count.
        steps: how many.
        pictures: that it learns from beside the flights; None: none.
        report: called after every step.

    Raises:
        EpisodeError: nothing tells where the target is.

    """
    apart = network.vision.apart
    assert apart is not None  # the recipe was checked
    batches, device = HeadBatches(clips, config), device_of(config)
    if not len(batches) and pictures is None:
        raise EpisodeError(
            'frozen: head_steps: no frame of the flights tells whether the target is in it: '
            "expected flights of the simulator, or 'pictures: {count: ..., beside: ...}'"
        )
    network.to(device)
    network.requires_grad_(False)
    apart.requires_grad_(True)
    optimiser = torch.optim.AdamW(apart.parameters(), lr=RATE, weight_decay=config.weight_decay)
    average = running_average(network, config.average)
    for step in range(steps):
        for group in optimiser.param_groups:
            group['lr'] = RATE * rate_at(step, steps, config)
        drawn = [batches.batch(step)] if len(batches) else []
        if pictures is not None:
            drawn.append(pictures.batch(step))
        pixels = torch.cat([pixels for pixels, _ in drawn]).to(device).float()
        target = torch.from_numpy(np.concatenate([target for _, target in drawn])).to(device)
        _, head = network.vision.look(pixels.permute(0, 3, 1, 2))
        detection, bearing = head_losses(head, target)
        total = detection + BEARING_WEIGHT * bearing
        optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(apart.parameters(), 5.0 * config.clip)
        optimiser.step()
        average.update_parameters(network)
        report(step, {'detection': float(detection.detach()), 'bearing': float(bearing.detach())})
    network.load_state_dict(average.module.state_dict())
    network.cpu()
    network.requires_grad_(True)
