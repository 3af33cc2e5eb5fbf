# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""LeRobotDataset v3.0: where its files are, which features ours have, and their statistics.

The layout of github.com/huggingface/lerobot (0.4 to 0.6). Policies of LeRobot read
``observation.*`` as input and ``action`` as output; the columns that begin with ``liquid_drone.``
are for the way back, and LeRobot ignores them. Nothing here opens a file.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from ..results import MARKER, ResultKind
from .recording import COLUMNS, OPTIONAL

VERSION = 'v3.0'
INFO, STATS, TASKS = 'meta/info.json', 'meta/stats.json', 'meta/tasks.parquet'
EPISODES = 'meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet'
DATA = 'data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet'
VIDEO = 'videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4'
PROOF = 'liquid_drone.json'
DATASET = ResultKind('LeRobot dataset', PROOF, ('meta', 'data', MARKER))
FILES_A_CHUNK, DATA_FILE_BYTES, VIDEO_FILE_MB = 1000, 100_000_000, 200

IMAGE, STATE, ACTION = 'observation.images.camera', 'observation.state', 'action'
STATE_NAMES = ('vx', 'vy', 'vz', 'height')  # m/s in body FLU, heading-aligned; m
ACTION_NAMES = ('vx', 'vy', 'vz', 'yaw_rate')  # m/s in body FLU, heading-aligned; rad/s
OWN = 'liquid_drone.'  # columns of an episode, float64
WHOLE = ('stamp_ns', 'delivered_ns')  # int64; -1: unknown
COUNTED = ('frame_index', 'episode_index', 'index', 'task_index')
QUANTILES = {'q01': 0.01, 'q10': 0.1, 'q50': 0.5, 'q90': 0.9, 'q99': 0.99}


def own_columns() -> dict[str, tuple[int, ...]]:
    """Return the columns of ours with the shape of a row, (1,) for a number."""
    return {f'{OWN}{name}': shape or (1,) for name, shape in {**COLUMNS, **OPTIONAL}.items()}


def features(height: int, width: int, has_state: bool) -> dict[str, dict[str, Any]]:
    """Return what ``info.json`` tells of each column."""
    told: dict[str, dict[str, Any]] = {
        IMAGE: {
            'dtype': 'image',
            'shape': [height, width, 3],
            'names': ['height', 'width', 'channels'],
        }
    }
    if has_state:
        told[STATE] = {'dtype': 'float32', 'shape': [4], 'names': list(STATE_NAMES)}
    told[ACTION] = {'dtype': 'float32', 'shape': [4], 'names': list(ACTION_NAMES)}
    for name, shape in own_columns().items():
        kind = 'int64' if name.removeprefix(OWN) in WHOLE else 'float64'
        told[name] = {'dtype': kind, 'shape': list(shape), 'names': None}
    told['timestamp'] = {'dtype': 'float32', 'shape': [1], 'names': None}
    told |= {name: {'dtype': 'int64', 'shape': [1], 'names': None} for name in COUNTED}
    return told


def statistics(values: npt.NDArray[Any]) -> dict[str, list[Any]]:
    """Return the statistics of a column (T,) or (T, D); what is unknown is left out."""
    rows = values.reshape(len(values), -1).astype(np.float64)  # (T, D)
    kept = rows[np.isfinite(rows).all(axis=1)]
    kept = kept if len(kept) else np.zeros((1, rows.shape[1]))
    told = {
        'min': kept.min(axis=0).tolist(),
        'max': kept.max(axis=0).tolist(),
        'mean': kept.mean(axis=0).tolist(),
        'std': kept.std(axis=0).tolist(),
        'count': [len(rows)],
    }
    return told | {
        name: np.quantile(kept, share, axis=0).tolist() for name, share in QUANTILES.items()
    }


def image_statistics(pixels: npt.NDArray[np.uint8], frames: int) -> dict[str, list[Any]]:
    """Return the statistics of pixels (N, 3) as LeRobot has them: 0..1, a (3, 1, 1) each."""
    told = statistics(pixels / 255.0)
    shaped = {name: [[[value]] for value in values] for name, values in told.items()}
    return {**shaped, 'count': [frames]}
