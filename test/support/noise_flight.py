# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A flight of noise, for trainings that only have to run."""

import numpy as np

from liquid_drone.learn.clips import CachedFrames, Clip


def clip(folder, number: int, frames: int = 8) -> Clip:
    """Return a flight of noise."""
    rng = np.random.default_rng(number)
    pixels = rng.integers(0, 255, (frames, 72, 128, 3), dtype=np.uint8)
    file = folder / f'{number}.frames.npy'
    np.save(file, pixels)
    label = rng.uniform(-0.5, 0.5, (frames, 4)).astype(np.float32)
    three = np.zeros((frames, 3), np.float32)
    belief = np.tile(np.float32([1.0, 0.4, 0.2]), (frames, 1))
    unknown = np.full((frames, 17), np.nan, np.float32)
    stamps = np.arange(frames) * 0.05
    frames_file = CachedFrames(file, pixels.shape)
    return Clip(frames_file, stamps, label, three, unknown, belief, three * np.nan, label)
