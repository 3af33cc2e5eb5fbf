# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What one simulated flight left behind: a row per camera frame, the frames as JPEG, and its hash.

Written by whoever flew (one process or the ROS graph), read by the evaluation. It judges nothing.
"""

import hashlib
import json
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import FloatArray
from ..errors import EpisodeError, OutputError

HASHED = (
    'stamp_ns',
    'position_enu',
    'velocity_enu',
    'quaternion_xyzw',
    'target_position_enu',
    'setpoint',
)
COLUMNS: dict[str, tuple[tuple[int, ...], str]] = {  # shape of one row, type
    'stamp_ns': ((), 'int64'),
    'position_enu': ((3,), 'float64'),
    'velocity_enu': ((3,), 'float64'),
    'quaternion_xyzw': ((4,), 'float64'),  # body FLU to world ENU
    'target_position_enu': ((3,), 'float64'),
    'command': ((4,), 'float64'),  # the policy's proposal; nan: none
    'setpoint': ((4,), 'float64'),  # FLU, as the autopilot received it; nan: none
    'target_pixels': ((), 'int64'),
    'target_bearing': ((), 'float64'),  # -1 left .. 1 right edge of the image
    'target_elevation': ((), 'float64'),  # -1 bottom .. 1 top edge of the image
    'collision': ((), 'bool'),
    'following': ((), 'bool'),  # the autopilot is in the companion's mode
}


@dataclass
class FlightLog:
    """Rows are appended frame by frame with :meth:`append`; columns are read as arrays."""

    meta: dict[str, Any]
    obstacles: FloatArray  # (K, 3): x, y, radius in metres
    rows: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    jpegs: list[bytes] = field(default_factory=list)

    def append(self, jpeg: bytes, **row: Any) -> None:
        """Add one frame; ``row`` must name every column."""
        for name, values in self.rows.items():
            values.append(row[name])
        self.jpegs.append(jpeg)

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.rows['stamp_ns'])

    def column(self, name: str) -> npt.NDArray[Any]:
        """Return one column as an array (T, ...)."""
        shape, kind = COLUMNS[name]
        return np.array(self.rows[name], dtype=kind).reshape(len(self), *shape)

    def trajectory_hash(self) -> str:
        """Return 16 hex digits over time, motion and setpoints: equal hash, equal flight."""
        digest = hashlib.sha256()
        for name in HASHED:
            digest.update(np.ascontiguousarray(self.column(name)).tobytes())
        return digest.hexdigest()[:16]

    def save(self, path: Path) -> None:
        """Write everything into one ``.npz`` file without pickles.

        Raises:
            OutputError: the file cannot be written.
        """
        lengths = np.array([len(jpeg) for jpeg in self.jpegs], dtype=np.int64)
        frames = np.frombuffer(b''.join(self.jpegs), dtype=np.uint8)
        columns: dict[str, Any] = {name: self.column(name) for name in COLUMNS}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(
                path,
                meta=np.array(json.dumps(self.meta)),
                obstacles=self.obstacles,
                jpeg_lengths=lengths,
                jpeg_bytes=frames,
                **columns,
            )
        except OSError as error:
            raise OutputError(f'cannot write {path}: {error}; choose another --out') from error

    @classmethod
    def load(cls, path: Path) -> 'FlightLog':
        """Read a log written by :meth:`save`.

        Raises:
            EpisodeError: no such file, or not a flight log.
        """
        try:
            with path.open('rb') as file, np.load(file, allow_pickle=False) as data:
                log = cls(json.loads(str(data['meta'])), data['obstacles'])
                log.rows = {name: list(data[name]) for name in COLUMNS}
                ends = np.cumsum(data['jpeg_lengths'])
                stream = data['jpeg_bytes'].tobytes()
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
            raise EpisodeError(f'{path} is not a flight log: {error}') from error
        starts = [0, *ends[:-1]]
        log.jpegs = [stream[a:b] for a, b in zip(starts, ends, strict=False)]
        return log
