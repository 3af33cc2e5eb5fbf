# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Training batches: windows cut from clips, with frames left out, mirrored and recoloured.

Batch k depends only on the clips, the configuration, the seed and k, so that a resumed training
sees the same batches.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .cache import Clip
from .recipe import Augmentation, TrainConfig

STYLE = 0.35  # of each channel in another one, at most
SPARED = 0.12  # of the width, beside the target's middle
MIRRORED = torch.tensor([1.0, -1.0, 1.0, -1.0])  # vx, vy, vz, yaw rate


class Batch(NamedTuple):
    """B windows of T frames."""

    pixels: Tensor  # (B, T, h, w, 3), bfloat16, 0..255
    dt_s: Tensor  # (B, T)
    label: Tensor  # (B, T, 4)
    target: Tensor  # (B, T, 3)
    hints: Tensor  # (B, T, 9)


class Windows:
    """Draws batches from clips."""

    def __init__(self, clips: list[Clip], config: TrainConfig, nominal_s: float) -> None:
        self.clips = [clip for clip in clips if len(clip) >= config.length]
        self.config = config
        self.nominal_s = nominal_s
        lengths = np.array([len(clip) for clip in self.clips], dtype=np.float64)
        self.share = lengths / lengths.sum()
        grain = np.random.default_rng(config.seed).normal(size=(256, 256, 3))
        self.grain = torch.from_numpy(grain).to(torch.bfloat16)

    def batch(self, *key: int) -> Batch:
        """Return the batch with this key (seed, round, step)."""
        rng = np.random.default_rng(key)
        chosen = rng.choice(len(self.clips), size=self.config.windows, p=self.share)
        parts = [self._window(self.clips[index], rng) for index in chosen]
        return Batch(*(torch.stack(column) for column in zip(*parts, strict=True)))

    def _window(self, clip: Clip, rng: np.random.Generator) -> tuple[Tensor, ...]:
        index = pick_frames(len(clip), self.config, rng)
        dt_s = np.diff(clip.stamp_s[index], prepend=clip.stamp_s[index[0]] - self.nominal_s)
        frames = torch.from_numpy(np.ascontiguousarray(clip.frames[index]))
        pixels = recolour(frames, self.config.augmentation, self.grain, rng)
        label, target, hints = (
            torch.from_numpy(array[index]) for array in (clip.label, clip.target, clip.hints)
        )
        pixels = spoil(pixels, clip.target[index], self.config.augmentation, rng)
        if self.config.augmentation.flip and rng.random() < 0.5:
            pixels, label, target, hints = mirror(pixels, label, target, hints)
        return pixels, torch.from_numpy(dt_s).float(), label, target, hints


def pick_frames(available: int, config: TrainConfig, rng: np.random.Generator) -> np.ndarray:
    """Return ``config.length`` ascending frame numbers, in some windows with gaps."""
    gaps = np.ones(config.length, dtype=np.int64)
    if rng.random() < config.augmentation.skip_share:
        gaps = rng.choice([1, 2, 3], p=[0.5, 0.35, 0.15], size=config.length)
    steps = np.cumsum(gaps) - gaps[0]
    if steps[-1] >= available:
        steps = np.arange(config.length)
    return np.asarray(steps + rng.integers(available - steps[-1]))


def recolour(frames: Tensor, how: Augmentation, grain: Tensor, rng: np.random.Generator) -> Tensor:
    """Change brightness, contrast, colours of one window (T, h, w, 3), add noise; bfloat16."""
    gain = 1.0 + how.contrast * rng.uniform(-1, 1) + how.colour * rng.uniform(-1, 1, size=3)
    offset = 255.0 * how.brightness * rng.uniform(-1, 1) + 115.0 * (1.0 - gain)
    rows, columns = frames.shape[1:3]
    sigma = 255.0 * how.noise * rng.random()
    top, left = rng.integers(256 - rows + 1), rng.integers(256 - columns + 1)
    noise = grain[top : top + rows, left : left + columns] * sigma  # (h, w, 3)
    scale = torch.from_numpy(gain).to(torch.bfloat16)
    shift = noise + torch.from_numpy(offset).to(torch.bfloat16)
    return frames.to(torch.bfloat16).mul_(scale).add_(shift).clamp_(0.0, 255.0)


def spoil(
    pixels: Tensor, target: npt.NDArray[np.float32], how: Augmentation, rng: np.random.Generator
) -> Tensor:
    """Turn colours, blur, hide a patch of one window (T, h, w, 3), as often as the recipe says.

    Args:
        pixels: 0..255.
        target: (T, 3), as in a batch; the patch keeps off where it is.
        how: shares and strengths.
        rng: draws nothing for what is switched off.

    """
    if how.hue_deg > 0.0 or how.season_style:
        mix = torch.from_numpy(colour_mix(how, rng)).to(pixels.dtype)
        pixels = (pixels @ mix.T).clamp_(0.0, 255.0)
    if how.blur_share > 0.0 and rng.random() < how.blur_share:
        planes = torch.nn.functional.pad(
            pixels.permute(0, 3, 1, 2), (1, 1, 1, 1), mode='replicate'
        )
        pixels = torch.nn.functional.avg_pool2d(planes, 3, 1).permute(0, 2, 3, 1).contiguous()
    if how.cutout_share > 0.0 and rng.random() < how.cutout_share:
        _hide(pixels, target, rng)
    return pixels


def colour_mix(how: Augmentation, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Draw the matrix (3, 3) that colours are multiplied with; grey stays grey."""
    angle, axis = np.radians(how.hue_deg) * rng.uniform(-1, 1), np.full(3, 3.0**-0.5)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    mix = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross  # Rodrigues
    if how.season_style:
        style = np.eye(3) + rng.uniform(-STYLE, STYLE, size=(3, 3))
        mix = style / style.sum(axis=1, keepdims=True) @ mix
    return np.asarray(mix)


def _hide(pixels: Tensor, target: npt.NDArray[np.float32], rng: np.random.Generator) -> None:
    rows, columns = pixels.shape[1:3]
    height, width = (int(size * rng.uniform(0.1, 0.35)) for size in (rows, columns))
    top, left = rng.integers(rows - height + 1), rng.integers(columns - width + 1)
    shown = target[target[:, 0] > 0.5]
    x = (shown[:, 1] + 1.0) / 2.0 * columns
    if ((x > left - SPARED * columns) & (x < left + width + SPARED * columns)).any():
        return  # it would hide the target that the label says is there
    pixels[:, top : top + height, left : left + width] = float(rng.uniform(60, 190))


def mirror(pixels: Tensor, label: Tensor, target: Tensor, hints: Tensor) -> tuple[Tensor, ...]:
    """Mirror one window left to right, with everything that has a side."""
    turned = target * torch.tensor([1.0, -1.0, 1.0])
    sectors = torch.cat([hints[:, :1], hints[:, 1:].flip(1)], dim=1)
    return pixels.flip(2), label * MIRRORED, turned, sectors
