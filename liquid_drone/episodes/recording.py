# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""An episode in memory: what its manifest holds, and one row of every column for each frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contract import CameraSpec

FORMAT_VERSION = 1
COLUMNS: dict[str, tuple[int, ...]] = {  # one row per frame; float64 but for the stamp
    'stamp_ns': (),
    'label': (4,),  # command vx, vy, vz m/s, yaw rate rad/s, body FLU heading-aligned
    'executed': (4,),
    'position_enu': (3,),
    'velocity_enu': (3,),
    'quaternion_xyzw': (4,),
    'target_position_enu': (3,),
    'target_mask': (3,),  # bearing, elevation, pixels
}


@dataclass(frozen=True)
class EpisodeInfo:
    """What ``episode.json`` holds; ``id`` replays the episode exactly in the simulator."""

    id: str  # world/season/target/seed/bundle hash or "expert"
    world: str
    season: str
    target: str
    seed: int
    pilot: str  # who steered: "expert", or the bundle hash of a policy
    frames: int = 0
    collision: bool = False
    camera: CameraSpec = field(default_factory=CameraSpec)
    obstacles: tuple[tuple[float, float, float], ...] = ()  # x, y, radius in m
    event: str = ''  # why the flight recorder kept it, such as "taken_over"
    sha256: str = ''  # of the MCAP file
    format_version: int = FORMAT_VERSION


@dataclass
class Recording:
    """Frames being gathered: JPEG bytes and one row of every column each."""

    info: EpisodeInfo
    jpegs: list[bytes] = field(default_factory=list)
    rows: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    decisions: list[dict[str, str]] = field(default_factory=list)  # facts, empty where unknown

    def append(self, jpeg: bytes, decision: Mapping[str, str] | None = None, **row: Any) -> None:
        """Add one frame; ``row`` names every column."""
        for name, values in self.rows.items():
            values.append(row[name])
        self.jpegs.append(jpeg)
        self.decisions.append(dict(decision or {}))

    def column(self, name: str) -> npt.NDArray[Any]:
        """Return a column as an array (T, ...)."""
        kind = np.int64 if name == 'stamp_ns' else np.float64
        return np.array(self.rows[name], dtype=kind).reshape(len(self.jpegs), *COLUMNS[name])
