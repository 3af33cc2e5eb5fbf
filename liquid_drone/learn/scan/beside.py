# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Drawn pictures that a scan learns from beside recorded flights."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...policy.network import Network
from ...streams import Stream, stream
from ..losses import nearness_loss
from ..pictures.encoder_training import (
    MIRRORED_SHARE,
    PICTURE_AUGMENTATION,
    changed_pictures,
    grain_of,
)
from .shards import ScanPictures


class ScanPicturesBeside:
    """Gives the loss of a scan on drawn pictures."""

    def __init__(self, pictures: ScanPictures, count: int, seed: int) -> None:
        """Take ``count`` of these pictures in each step."""
        self._pictures, self._count, self._seed = pictures, count, seed
        self._grain = grain_of(seed)

    def losses(self, network: Network, step: int) -> dict[str, Tensor]:
        """Return the mean loss of a step's pictures."""
        pixels, near = self.batch(step)
        device = next(network.parameters()).device
        told = network.vision.scan_of(pixels.to(device).float().permute(0, 3, 1, 2))
        return {'pictures': nearness_loss(told.float(), torch.from_numpy(near).to(device))}

    def batch(self, step: int) -> tuple[Tensor, npt.NDArray[np.float32]]:
        """Return pixels (B, h, w, 3) and nearness (B, 16) of a step."""
        rng = stream(self._seed, Stream.PICTURES_BESIDE, step)
        chosen = rng.choice(len(self._pictures), self._count)
        frames = self._pictures.frames[chosen]
        pixels = changed_pictures(frames, PICTURE_AUGMENTATION, self._grain, rng)
        near, mirrored = self._pictures.near[chosen], rng.random(self._count) < MIRRORED_SHARE
        pixels[mirrored] = pixels[mirrored].flip(2)
        near[mirrored] = near[mirrored, ::-1]
        return pixels, near
