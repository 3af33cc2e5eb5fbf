# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Trains the encoder alone, on pictures and single frames of flights; the core stays as it is.

The target head learns from the labels. The features stay what the start bundle makes of the usual
target in the same view, so that the core commands after a rust-red backpack as after a red one,
and what only looks like it changes no command.
"""

import dataclasses
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...image import reduced
from ...policy.network import Network
from ...policy.vision import Vision
from ..augmentation.config import Augmentation
from ..augmentation.windows import changed, draw_augmentation
from ..behaviour_cloning import (
    TrainingProgress,
    go_on_from,
    is_whole,
    rate_at,
    running_average,
    save_progress,
)
from ..clips import Clip
from ..recipe import TrainConfig
from .config import PictureConfig
from .shards import Pictures

log = logging.getLogger(__name__)

CHUNK = 256  # pictures that the start bundle sees at once
GRAIN = 256
MIRRORED_SHARE = 0.5  # left for right: the bearing changes its sign
SAVE_EVERY_S = 20.0
PICTURE_AUGMENTATION = Augmentation(
    brightness=0.06, contrast=0.1, colour=0.04, noise=0.015, hue_deg=4.0
)
BEARING_WEIGHT, RANGE_WEIGHT = 10.0, 0.3
Report = Callable[[int, dict[str, float]], None]


@dataclass(frozen=True)
class FlightFrames:
    """Frames of flights (N, h, w, 3) with their labels, each by itself."""

    frames: npt.NDArray[np.uint8]
    target: npt.NDArray[np.float32]  # (N, 3), nan: unknown
    log_range: npt.NDArray[np.float32]  # (N,)


def flight_frames(clips: list[Clip], every: int = 2) -> FlightFrames:
    """Return every second frame of some flights: neighbours show the same."""
    return FlightFrames(
        np.concatenate([clip.frames[::every] for clip in clips]),
        np.concatenate([clip.target[::every] for clip in clips]),
        np.concatenate([clip.auxiliary[::every, 0] for clip in clips]),
    )


class EncoderBatches:
    """Draws batches of pictures and flight frames, with the features that are to be kept."""

    def __init__(
        self,
        teacher: Vision,
        pictures: Pictures,
        flights: FlightFrames,
        config: PictureConfig,
        train: TrainConfig,
        coarser: int = 1,
    ) -> None:
        """Take the features of the teacher, whose pictures may be ``coarser`` times smaller."""
        self.pictures, self.flights, self.config, self.train = pictures, flights, config, train
        seen = np.flatnonzero(pictures.target[:, 0] > 0.5)
        self._halves = seen, np.flatnonzero(pictures.target[:, 0] <= 0.5)
        self._grain = grain_of(train.seed)
        # their features are those of the flight as it was: no lens, which would move the target
        self._of_flights = dataclasses.replace(train.augmentation, lens=0.0)
        self._kept = both_ways(teacher, pictures.usual, pictures.has_usual, coarser)
        flown = np.ones(len(flights.frames), np.bool_)
        self._flown = both_ways(teacher, flights.frames, flown, coarser)
        self.spread = self._flown[0].std(dim=0) + 1e-3  # (F,)

    def batch(self, *key: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return pixels (B, h, w, 3), target (B, 3), log range (B,), features to keep (B, F)."""
        rng = np.random.default_rng(key)
        half = self.config.pictures // 2
        chosen = np.concatenate([rng.choice(some, half) for some in self._halves])
        flown = rng.integers(len(self.flights.target), size=self.config.frames)
        pixels = torch.cat(
            [
                changed_pictures(
                    self.pictures.frames[chosen], PICTURE_AUGMENTATION, self._grain, rng
                ),
                changed_pictures(
                    self.flights.frames[flown],
                    self._of_flights,
                    self._grain,
                    rng,
                    self.flights.target[flown],
                ),
            ]
        )  # (B, h, w, 3)
        target = np.concatenate([self.pictures.target[chosen], self.flights.target[flown]])
        away = np.concatenate([self.pictures.log_range[chosen], self.flights.log_range[flown]])
        mirrored = rng.random(len(target)) < MIRRORED_SHARE
        which = mirrored.astype(np.int64)
        kept = torch.cat(
            [
                self._kept[which[: len(chosen)], chosen],
                self._flown[which[len(chosen) :], flown],
            ]
        )
        pixels[mirrored] = pixels[mirrored].flip(2)
        target[mirrored, 1] *= -1.0
        return pixels, torch.from_numpy(target), torch.from_numpy(away), kept


def grain_of(seed: int) -> Tensor:
    """Return normal noise (GRAIN, GRAIN, 3), bfloat16, that augmentation cuts from."""
    grain = np.random.default_rng(seed).normal(size=(GRAIN, GRAIN, 3))
    return torch.from_numpy(grain).to(torch.bfloat16)


def changed_pictures(
    frames: npt.NDArray[np.uint8],
    how: Augmentation,
    grain: Tensor,
    rng: np.random.Generator,
    target: npt.NDArray[np.float32] | None = None,
) -> Tensor:
    """Return single pictures (B, h, w, 3), each augmented its own way, not left for right.

    A grey patch keeps off the target of a label (B, 3); None: no picture has a patch.
    """
    labels = np.zeros((len(frames), 3), np.float32) if target is None else target
    size = frames.shape[1:3]
    drawn = [draw_augmentation(how, size, label[None], rng) for label in labels]
    return changed(torch.from_numpy(frames)[:, None], drawn, grain)[:, 0]


def features_of(vision: Vision, frames: npt.NDArray[np.uint8], coarser: int = 1) -> Tensor:
    """Return the features (N, F) of pictures (N, h, w, 3) that are made ``coarser`` first."""
    found = [torch.empty(0, vision.features.out_features)]
    with torch.no_grad():
        for start in range(0, len(frames), CHUNK):
            some = np.ascontiguousarray(frames[start : start + CHUNK])
            if coarser > 1:
                some = np.stack([reduced(frame, coarser) for frame in some])
            pixels = torch.from_numpy(some).float()
            found.append(vision.look(pixels.permute(0, 3, 1, 2))[0])
    return torch.cat(found)


def both_ways(
    vision: Vision,
    frames: npt.NDArray[np.uint8],
    known: npt.NDArray[np.bool_],
    coarser: int = 1,
) -> Tensor:
    """Return the features (2, N, F) of pictures and of their mirror images; nan: not known."""
    features = torch.full((2, len(frames), vision.features.out_features), torch.nan)
    some = torch.from_numpy(known)
    features[0, some] = features_of(vision, frames[known], coarser)
    features[1, some] = features_of(vision, frames[known][:, :, ::-1], coarser)
    return features


def train_encoder(
    network: Network,
    teacher: Vision,
    pictures: Pictures,
    flights: FlightFrames,
    config: PictureConfig,
    train: TrainConfig,
    checkpoint: Path,
    report: Report = lambda step, losses: None,
    save_every_s: float = SAVE_EVERY_S,
) -> Network:
    """Train the encoder of a network; return the averaged network. Goes on from a checkpoint."""
    torch.set_num_threads(train.threads)
    coarser = teacher.reduce // network.vision.reduce
    batches = EncoderBatches(teacher, pictures, flights, config, train, coarser)
    trained = [*network.vision.parameters(), *network.auxiliary.parameters()]
    optimiser = torch.optim.AdamW(
        trained, lr=config.learning_rate, weight_decay=train.weight_decay
    )
    average = running_average(network, train.average)
    progress = TrainingProgress(network, average, optimiser, 0)
    if is_whole(checkpoint):
        progress = go_on_from(checkpoint, progress)
    saved_s = time.monotonic()
    for step in range(progress.step, config.steps):
        for group in optimiser.param_groups:
            group['lr'] = config.learning_rate * rate_at(step, config.steps, train)
        losses = losses_of_pictures(
            network, batches.batch(train.seed, step), batches.spread, config
        )
        optimiser.zero_grad(set_to_none=True)
        losses['total'].backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(trained, train.clip * 5.0)
        optimiser.step()
        average.update_parameters(network)
        report(step, {name: float(value.detach()) for name, value in losses.items()})
        if time.monotonic() - saved_s > save_every_s or step + 1 == config.steps:
            save_progress(progress, step + 1, checkpoint)
            saved_s = time.monotonic()
    averaged = average.module
    assert isinstance(averaged, Network)
    return averaged


def losses_of_pictures(
    network: Network,
    batch: tuple[Tensor, Tensor, Tensor, Tensor],
    spread: Tensor,
    config: PictureConfig,
) -> dict[str, Tensor]:
    """Return the mean losses over what is known: detection, bearing, range, features kept."""
    pixels, target, away, kept = batch
    features, head = network.vision.look(pixels.float().permute(0, 3, 1, 2))
    detection, bearing = head_losses(head, target)
    known = ~torch.isnan(kept[:, 0])
    moved = (((features - torch.nan_to_num(kept)) / spread) ** 2).mean(dim=1) * known
    keep = moved.sum() / known.sum().clamp(min=1)
    far = ~torch.isnan(away) & ~torch.isnan(target[:, 0])
    wrong = (network.guess(features)[:, 0] - torch.nan_to_num(away)) ** 2 * far
    distance = wrong.sum() / far.sum().clamp(min=1)
    total = detection + BEARING_WEIGHT * bearing + RANGE_WEIGHT * distance + config.keep * keep
    parts = {'detection': detection, 'bearing': bearing, 'range': distance, 'keep': keep}
    return {**parts, 'total': total}


def head_losses(head: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean losses of detection and of bearing and elevation, over what is known.

    Args:
        head: logit, bearing, elevation (B, 3).
        target: in view 0 or 1 (nan: unknown), bearing, elevation (B, 3).

    """
    judged = ~torch.isnan(target[:, 0])
    visible = torch.nan_to_num(target[:, 0])
    doubt = torch.nn.functional.binary_cross_entropy_with_logits(
        head[:, 0], visible, reduction='none'
    )
    detection = (doubt * judged).sum() / judged.sum().clamp(min=1)
    off = ((head[:, 1:] - torch.nan_to_num(target[:, 1:])) ** 2).sum(dim=1) * visible
    return detection, off.sum() / visible.sum().clamp(min=1.0)
