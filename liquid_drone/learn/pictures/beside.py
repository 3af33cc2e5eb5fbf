# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures that a round learns from beside its flights: the target head, and the encoder with it.

For a target that the start bundle does not know there are no features to keep, so the encoder is
not trained first and frozen: it goes on with the core.
"""

import numpy as np
import torch
from torch import Tensor

from ...policy.network import Network
from ...streams import Stream, stream
from .encoder_training import (
    BEARING_WEIGHT,
    MIRRORED_SHARE,
    PICTURE_AUGMENTATION,
    changed_pictures,
    grain_of,
    head_losses,
)
from .shards import Pictures


class PicturesBeside:
    """Gives the losses of the target head on drawn pictures, half of them with the target."""

    def __init__(self, pictures: Pictures, count: int, seed: int) -> None:
        """Take ``count`` of these pictures in each step."""
        self._pictures, self._seed = pictures, seed
        shown, judged = pictures.target[:, 0] > 0.5, ~np.isnan(pictures.target[:, 0])
        halves = np.flatnonzero(shown), np.flatnonzero(judged & ~shown)
        self._halves = [some for some in halves if len(some)]
        self._each = count // len(self._halves)
        self._grain = grain_of(seed)

    def losses(self, network: Network, step: int) -> dict[str, Tensor]:
        """Return the mean losses of a step's pictures: detection and bearing."""
        pixels, target = self.batch(step)
        device = next(network.parameters()).device
        _, head = network.vision.look(pixels.to(device).float().permute(0, 3, 1, 2))
        detection, bearing = head_losses(head.float(), torch.from_numpy(target).to(device))
        return {'pictures': detection, 'picture bearing': BEARING_WEIGHT * bearing}

    def batch(self, step: int) -> tuple[Tensor, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
        """Return pixels (B, h, w, 3) and target (B, 3) of a step."""
        rng = stream(self._seed, Stream.PICTURES_BESIDE, step)
        chosen = np.concatenate([rng.choice(some, self._each) for some in self._halves])
        frames = self._pictures.frames[chosen]
        pixels = changed_pictures(frames, PICTURE_AUGMENTATION, self._grain, rng)
        target = self._pictures.target[chosen]
        mirrored = rng.random(len(target)) < MIRRORED_SHARE
        pixels[mirrored] = pixels[mirrored].flip(2)
        target[mirrored, 1] *= -1.0
        return pixels, target
