# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Small recordings of an invented flight: a red square to be turned towards."""

import json
from pathlib import Path

import numpy as np

from liquid_drone.episodes import episode
from liquid_drone.episodes.recording import EpisodeInfo, Recording
from liquid_drone.image import encode_jpeg

TRUNKS = ((6.0, 2.0, 0.3), (4.0, -3.0, 0.2))


def invent(seed: int = 0, frames: int = 40) -> Recording:
    """Return a recording whose label is a plain function of where the square is."""
    rng = np.random.default_rng(seed)
    info = EpisodeInfo(f'test/{seed}', 'test', 'none', 'square', seed, 'expert', obstacles=TRUNKS)
    recording = Recording(info)
    ground = rng.integers(0, 180, (18, 32, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    x = float(rng.uniform(-0.7, 0.7))
    for k in range(frames):
        x = float(np.clip(x + rng.normal() * 0.05, -0.9, 0.9))
        image = ground.copy()
        column = int(128 + 128 * x)
        image[60:84, max(column - 12, 0) : column + 12] = (220, 20, 20)
        recording.append(
            encode_jpeg(image),
            stamp_ns=1_000_000_000 + 50_000_000 * k,
            label=(1.0 - abs(x), -0.3 * x, 0.1, -x),
            executed=(1.0, 0.0, 0.0, -x),
            position_enu=(0.05 * k, 0.0, 2.0),
            velocity_enu=(1.0, 0.0, 0.0),
            quaternion_xyzw=(0.0, 0.0, 0.0, 1.0),
            target_position_enu=(0.05 * k + 4.0, -3.0 * x, 1.0),
            target_mask=(x, 0.0, 576.0),
        )
    return recording


def save_as_format_1(recording: Recording, directory: Path) -> None:
    """Write an episode as releases before format 2 did: without its new fields."""
    episode.save(recording, directory)
    path = directory / episode.MANIFEST
    manifest = json.loads(path.read_text())
    del manifest['meta']
    path.write_text(json.dumps({**manifest, 'format_version': 1}))
