# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Training batches: windows cut from clips, with frames left out, mirrored and augmented.

Batch k depends only on the clips, the configuration, the seed and k, so that a resumed training
sees the same batches; windows are drawn before augmentations, so that they do not depend on the
size of the images.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .augmentation.lens import bent_target
from .augmentation.windows import ImageAugmentation, changed, draw_augmentation
from .clips import Clip
from .distributed import ALONE, Team
from .recipe import TrainConfig

CPU = torch.device('cpu')
MIRRORED = torch.tensor([1.0, -1.0, 1.0, -1.0])  # vx, vy, vz, yaw rate
TURNED = torch.tensor([1.0, -1.0, 1.0])  # visible, bearing, elevation; there, bearing, distance


class TrainingBatch(NamedTuple):
    """B windows of T frames."""

    pixels: Tensor  # (B, T, h, w, 3), bfloat16, 0..255
    dt_s: Tensor  # (B, T)
    label: Tensor  # (B, T, 4)
    target: Tensor  # (B, T, 3)
    auxiliary: Tensor  # (B, T, 17)
    belief: Tensor  # (B, T, 3)
    request: Tensor  # (B, T, 3)
    flown: Tensor  # (B, T, 4)

    def ticks(self, first: int, last: int | None = None) -> 'TrainingBatch':
        """Return some ticks of all windows."""
        return TrainingBatch(*(column[:, first:last] for column in self))


class Windows:
    """Draws batches from clips.

    On a graphics card all frames lie in its memory, where they fit, and a batch is cut and changed
    there at once; on the CPU window by window, each of which fits the cache.
    """

    def __init__(
        self,
        clips: list[Clip],
        config: TrainConfig,
        nominal_s: float,
        device: torch.device = CPU,
        team: Team = ALONE,
        places: Tensor | None = None,
    ) -> None:
        """Take the clips that are long enough; ``places``: whose colours windows may take."""
        self.clips = [clip for clip in clips if len(clip) >= config.frames]
        self.config, self.device, self.team = config, device, team
        self.nominal_s = nominal_s
        lengths = np.array([len(clip) for clip in self.clips], dtype=np.float64)
        self.share = lengths / lengths.sum()
        self.first = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        grain = np.random.default_rng(config.seed).normal(size=(256, 256, 3))
        self.grain = torch.from_numpy(grain).to(device, torch.bfloat16)
        self.places = places if places is None else places.to(device)
        self.held = hold_frames(self.clips, device)

    def batch(self, *key: int) -> TrainingBatch:
        """Return this rank's share of the batch with this key (seed, step), on the device."""
        rng = np.random.default_rng(key)
        chosen = rng.choice(len(self.clips), size=self.config.windows, p=self.share).tolist()
        picks = [pick_frames(len(self.clips[index]), self.config, rng) for index in chosen]
        cuts = [self._cut(*which, rng) for which in zip(chosen, picks, strict=True)]
        cuts = self.team.share(cuts)  # all are drawn, so that the batch is the same for any team
        rows = [torch.stack(column).to(self.device) for column in zip(*_rows(cuts), strict=True)]
        mirrored = torch.tensor([cut.augmentation.mirrored for cut in cuts]).to(self.device)
        return mirror(TrainingBatch(self._pixels(cuts), *rows), mirrored)

    def _cut(self, chosen: int, index: npt.NDArray[np.int64], rng: np.random.Generator) -> 'Cut':
        clip = self.clips[chosen]
        dt_s = np.diff(clip.stamp_s[index], prepend=clip.stamp_s[index[0]] - self.nominal_s)
        rows_columns = clip.frames.shape[1], clip.frames.shape[2]
        drawn = draw_augmentation(self.config.augmentation, rows_columns, clip.target[index], rng)
        return Cut(clip, index, self.first[chosen] + index, dt_s, drawn)

    def _pixels(self, cuts: 'list[Cut]') -> Tensor:
        """Return the changed pictures (B, T, h, w, 3), bfloat16."""
        if self.held is not None:
            rows = torch.from_numpy(np.stack([cut.rows for cut in cuts])).to(self.device)
            drawn = [cut.augmentation for cut in cuts]
            return changed(self.held[rows], drawn, self.grain, self.places)
        parts = []
        for cut in cuts:
            frames = torch.from_numpy(np.ascontiguousarray(cut.clip.frames[cut.index]))
            window, drawn = frames[None].to(self.device), [cut.augmentation]
            parts.append(changed(window, drawn, self.grain, self.places))
        return torch.cat(parts)


@dataclass(frozen=True)
class Cut:
    """One window, before its pictures are read."""

    clip: Clip
    index: npt.NDArray[np.int64]  # (T,), frames of the clip
    rows: npt.NDArray[np.int64]  # (T,), the same among the frames of all clips
    dt_s: npt.NDArray[np.float64]  # (T,)
    augmentation: ImageAugmentation

    @property
    def target(self) -> npt.NDArray[np.float32]:
        """Return the labels (T, 3) of what the drawn lens shows."""
        rows, columns = self.clip.frames.shape[1:3]
        return bent_target(self.clip.target[self.index], self.augmentation.lens, (rows, columns))


def _rows(cuts: list[Cut]) -> list[tuple[Tensor, ...]]:
    return [
        (
            torch.from_numpy(cut.dt_s).float(),
            torch.from_numpy(cut.clip.label[cut.index]),
            torch.from_numpy(cut.target),
            torch.from_numpy(cut.clip.auxiliary[cut.index]),
            torch.from_numpy(cut.clip.belief[cut.index]),
            torch.from_numpy(cut.clip.request[cut.index]),
            torch.from_numpy(cut.clip.flown[cut.index]),
        )
        for cut in cuts
    ]


def hold_frames(clips: list[Clip], device: torch.device) -> Tensor | None:
    """Return all frames (sum of T, h, w, 3) on a graphics card; None where half is too small."""
    if device.type != 'cuda' or not clips:
        return None
    wanted = sum(clip.frames.nbytes for clip in clips)
    if wanted > torch.cuda.mem_get_info(device)[0] // 2:
        return None
    total, shape = sum(len(clip) for clip in clips), clips[0].frames.shape[1:]
    held = torch.empty((total, *shape), dtype=torch.uint8, device=device)
    start = 0
    for clip in clips:
        held[start : start + len(clip)] = torch.from_numpy(np.array(clip.frames)).to(device)
        start += len(clip)
    return held


def pick_frames(
    available: int, config: TrainConfig, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Return ``config.frames`` ascending frame numbers, in some windows with gaps."""
    gaps = np.ones(config.frames, dtype=np.int64)
    if rng.random() < config.augmentation.skip_share:
        gaps = rng.choice([1, 2, 3], p=[0.5, 0.35, 0.15], size=config.frames)
    steps = np.cumsum(gaps) - gaps[0]
    if steps[-1] >= available:
        steps = np.arange(config.frames)
    return np.asarray(steps + rng.integers(available - steps[-1]))


def mirror(batch: TrainingBatch, which: Tensor) -> TrainingBatch:
    """Mirror the windows of a mask (B,) left to right, with everything that has a side."""
    sides = TURNED.to(which.device)
    turned = (
        batch.pixels.flip(3),
        batch.label * MIRRORED.to(which.device),
        batch.target * sides,
        torch.cat([batch.auxiliary[..., :1], batch.auxiliary[..., 1:].flip(2)], dim=2),
        batch.belief * sides,
        batch.flown * MIRRORED.to(which.device),
    )
    plain = (batch.pixels, batch.label, batch.target, batch.auxiliary, batch.belief, batch.flown)
    pixels, label, target, auxiliary, belief, flown = (
        torch.where(which.view(-1, *[1] * (b.dim() - 1)), a, b)
        for a, b in zip(turned, plain, strict=True)
    )
    rows = label, target, auxiliary, belief, batch.request, flown
    return TrainingBatch(pixels, batch.dt_s, *rows)
