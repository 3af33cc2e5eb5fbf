# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A bundle's encoder goes on learning what it misses, and otherwise tells its core what it told.

A policy flies where no expert does, nearer to its target and in other light; there the encoder
that was trained on an expert's flights fails most (docs/decisions/learning/tuned-encoder.md). The
target head learns on, and all of the encoder with it. What the features and the scan of the bundle
were on the same pixels is kept as a second aim, as in distillation (Li and Hoiem 2016, "Learning
without Forgetting"), so that a core behind it finds what it knows.
"""

import copy
import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...errors import EpisodeError
from ...policy.network import Network
from ...policy.vision import Vision
from ...streams import Stream, stream
from ..behaviour_cloning import (
    CHECKPOINT_S,
    TrainingProgress,
    go_on_from,
    is_whole,
    rate_at,
    running_average,
    save_progress,
)
from ..clips import Clip
from ..pictures.beside import PicturesBeside
from ..pictures.encoder_training import (
    BEARING_WEIGHT,
    MIRRORED_SHARE,
    changed_pictures,
    grain_of,
    head_losses,
)
from ..precision import device_of, precision_of
from ..recipe import TrainConfig

FRAMES = 128  # of flights in each step, half of them with the target
RATE = 3e-4
KEPT_WEIGHT, SCAN_WEIGHT = 0.3, 0.6  # of the features' and the scan's change, over their variance
DISTANCES = np.log([0.5, 0.6, 0.75, 1.0, 1.5, 2.0])  # of 4 m: bins that are drawn equally often
Report = Callable[[int, dict[str, float]], None]


class TargetBatches:
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
        rng = stream(self._seed, Stream.TARGET_FRAMES, step)
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


def tune_encoder(
    network: Network,
    clips: list[Clip],
    config: TrainConfig,
    steps: int,
    partial: Path,
    pictures: PicturesBeside | None = None,
    report: Report = lambda step, losses: None,
) -> Network:
    """Train the encoder and its target head, from what they are; return the averaged network.

    Args:
        network: changed in place; what it tells its core at first is kept.
        clips: the flights; frames of which nobody knows what they show teach nothing.
        config: of the training: its augmentation, seed, device and precision.
        steps: how many.
        partial: file that an interrupted training goes on from.
        pictures: that it learns from beside the flights; None: none.
        report: called after every step.

    Raises:
        EpisodeError: nothing tells where the target is.

    """
    batches, device = TargetBatches(clips, config), device_of(config)
    if not len(batches):
        raise EpisodeError(
            'frozen: tune_steps: no frame of the flights tells whether the target is in it: '
            'expected flights of the simulator, or recorded ones with sightings'
        )
    torch.set_num_threads(config.threads)
    half = precision_of(config, device) == 'bfloat16'
    network.to(device)
    before = copy.deepcopy(network.vision).requires_grad_(False)
    optimiser = torch.optim.AdamW(network.vision.parameters(), RATE, weight_decay=1e-3)
    progress = TrainingProgress(network, running_average(network, config.average), optimiser, 0)
    saved_s = time.monotonic()
    if is_whole(partial):
        progress = go_on_from(partial, progress)
    for step in range(progress.step, steps):
        for group in optimiser.param_groups:
            group['lr'] = RATE * rate_at(step, steps, config)
        drawn = [batches.batch(step)] + ([pictures.batch(step)] if pictures else [])
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            losses = _losses(network.vision, before, drawn, device)
        optimiser.zero_grad(set_to_none=True)
        losses['total'].backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.vision.parameters(), 5.0 * config.clip)
        optimiser.step()
        progress.average.update_parameters(network)
        report(step, {name: float(value.detach()) for name, value in losses.items()})
        if time.monotonic() - saved_s >= CHECKPOINT_S:
            save_progress(progress, step + 1, partial)
            saved_s = time.monotonic()
    averaged = progress.average.module.cpu()
    assert isinstance(averaged, Network)
    return averaged


def _losses(
    vision: Vision,
    before: Vision,
    drawn: list[tuple[Tensor, npt.NDArray[np.float32]]],
    device: torch.device,
) -> dict[str, Tensor]:
    """Return the losses on flights, which come first, and on pictures."""
    pixels = torch.cat([some for some, _ in drawn]).to(device).float().permute(0, 3, 1, 2)
    with torch.no_grad():
        _, kept = _told(before, pixels[: len(drawn[0][1])])
    head, told = _told(vision, pixels)
    losses, at = dict[str, Tensor](), 0
    for name, (_, target) in zip(('flights', 'pictures'), drawn, strict=False):
        some = head[at : at + len(target)].float()
        detection, bearing = head_losses(some, torch.from_numpy(target).to(device))
        losses |= {name: detection, f'{name} bearing': BEARING_WEIGHT * bearing}
        at += len(target)
    for name, weight, now, then in zip(
        ('kept', 'scan kept'), (KEPT_WEIGHT, SCAN_WEIGHT), told, kept, strict=False
    ):
        moved, spread = (now[: len(then)].float() - then.float()) ** 2, then.float().var(dim=0)
        losses[name] = weight * moved.mean() / (spread.mean() + 1e-6)
    return {**losses, 'total': torch.stack([*losses.values()]).sum()}


def _told(vision: Vision, pixels: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Return the target head (B, 3) and what the core is told besides what that finds.

    Those are the features (B, F) without it, and what a scan tells, if there is one.
    """
    tapped = vision.trunk[: vision.tap](vision.normal(pixels))
    maps = vision.trunk[vision.tap : -2](tapped)
    plain = vision.features(vision.trunk[-2:](maps).flatten(1))
    if vision.heatmap is not None:
        head, _ = vision.heatmap(maps)
    else:
        assert vision.target is not None  # one of the two heads is there
        head = vision.target(plain)
    return head, [plain] if vision.scan is None else [plain, vision.scan(tapped)]
