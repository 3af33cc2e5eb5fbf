# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""An episode in memory: what its manifest holds, and one row of every column for each frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contract import CameraSpec

FORMAT_VERSION = 2  # 1 had no OPTIONAL columns and no meta
READABLE_VERSIONS = (1, 2)
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
OPTIONAL: dict[str, tuple[int, ...]] = {  # of simulated flights; None: unknown
    'delivered_ns': (),  # when the frame came; stamp_ns is when its image was exposed
    'setpoint': (4,),  # as the autopilot received it
    'following': (),  # the autopilot is in the companion's mode
    'collision': (),  # so far
    'target_probability': (),  # by the policy
    'request': (3,),  # asked for: distance m, height above the target m, speed m/s; nan: nothing
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
    meta: dict[str, Any] = field(default_factory=dict)  # more facts of a simulated flight
    format_version: int = FORMAT_VERSION


@dataclass
class Recording:
    """Frames being gathered: JPEG bytes (empty: no new image came) and a row of every column."""

    info: EpisodeInfo
    jpegs: list[bytes] = field(default_factory=list)
    rows: dict[str, list[Any]] = field(
        default_factory=lambda: {name: [] for name in (*COLUMNS, *OPTIONAL)}
    )
    decisions: list[dict[str, str]] = field(default_factory=list)  # facts, empty where unknown

    def append(self, jpeg: bytes, decision: Mapping[str, str] | None = None, **row: Any) -> None:
        """Add one frame; a column that ``row`` does not name, or gives as None, is unknown."""
        for name, values in self.rows.items():
            values.append(row.get(name))
        self.jpegs.append(jpeg)
        self.decisions.append(dict(decision or {}))

    def column(self, name: str) -> npt.NDArray[Any]:
        """Return a column as an array (T, ...)."""
        shape = {**COLUMNS, **OPTIONAL}[name]
        kind = np.int64 if name in ('stamp_ns', 'delivered_ns') else np.float64
        unknown = np.full(shape, -1 if kind is np.int64 else np.nan)
        values = [unknown if value is None else value for value in self.rows[name]]
        return np.array(values, dtype=kind).reshape(len(self.jpegs), *shape)

    def drop_last(self) -> None:
        """Take the last frame out again."""
        self.jpegs.pop()
        self.decisions.pop()
        for values in self.rows.values():
            values.pop()

    def is_complete(self, index: int) -> bool:
        """Tell whether a frame has everything that training needs."""
        return bool(self.jpegs[index]) and all(
            self.rows[name][index] is not None for name in COLUMNS
        )

    def complete_frames(self) -> int:
        """Return how many frames have everything that training needs."""
        return sum(self.is_complete(index) for index in range(len(self.jpegs)))
