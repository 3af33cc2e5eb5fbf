# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One simulated flight in memory: a row per camera frame, the images as JPEG, and its hash.

On disk it is an episode (:mod:`liquid_drone.episodes.episode`), written by whoever flew (one
process or the ROS graph), read here. Nothing here scores a flight.
"""

import hashlib
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import FloatArray
from ..contract import CameraSpec
from ..episodes import episode
from ..episodes.recording import EpisodeInfo, Recording
from ..errors import EpisodeError
from .sensors.camera import SimulatedFrame
from .simulator import Truth

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
    'label': ((4,), 'float64'),  # the expert's command; nan: nothing is to be learned here
    'command': ((4,), 'float64'),  # the driver's, before the guard; nan: none
    'setpoint': ((4,), 'float64'),  # FLU, as the autopilot received it; nan: none
    'target_pixels': ((), 'int64'),
    'target_bearing': ((), 'float64'),  # -1 left .. 1 right edge of the image
    'target_elevation': ((), 'float64'),  # -1 bottom .. 1 top edge of the image
    'target_probability': ((), 'float64'),  # by the policy; nan: it gave none
    'exposed_ns': ((), 'int64'),  # when the newest image was taken
    'collision': ((), 'bool'),
    'following': ((), 'bool'),  # the autopilot is in the companion's mode
    'request': ((3,), 'float64'),  # distance m, height m, speed m/s; nan: not asked for
}
UNKNOWN = (math.nan,) * 4  # of a command
NOT_ASKED = (math.nan,) * 3  # of a request
FLAGS = ('following', 'collision')
SAME = (  # columns that an episode has by the same name
    *('position_enu', 'velocity_enu', 'quaternion_xyzw', 'target_position_enu'),
    *FLAGS,
)


@dataclass
class FlightLog:
    """Rows are appended frame by frame with :meth:`append`; columns are read as arrays."""

    meta: dict[str, Any]
    obstacles: FloatArray  # (K, 3): x, y, radius in metres
    camera: CameraSpec = field(default_factory=CameraSpec)
    rows: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    jpegs: list[bytes] = field(default_factory=list)  # empty where no new image came
    collision: bool = False  # the flight ended in one, after its last row perhaps

    def append(self, jpeg: bytes, **row: Any) -> None:
        """Add one frame; request and answers of expert and policy may be left out."""
        row = {
            'label': UNKNOWN,
            'target_probability': math.nan,
            'exposed_ns': row['stamp_ns'],
            'request': NOT_ASKED,
            **row,
        }
        for name, values in self.rows.items():
            values.append(row[name])
        self.jpegs.append(jpeg)

    def newest_jpeg(self, index: int) -> bytes:
        """Return the newest image at a frame; empty when there was none yet."""
        return next((jpeg for jpeg in reversed(self.jpegs[: index + 1]) if jpeg), b'')

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

    def save(self, directory: Path) -> EpisodeInfo:
        """Write an episode; an existing one is replaced.

        Raises:
            OutputError: it cannot be written.

        """
        return episode.save(self.recording(), directory)

    def save_facts(self, directory: Path) -> None:
        """Write the facts of this log into the manifest of its episode; the frames stay."""
        known = episode.load_info(directory)
        info = replace(self.info(), frames=known.frames, sha256=known.sha256)
        episode.rewrite_info(directory, info)

    def recording(self) -> Recording:
        """Return every frame as an episode has it."""
        recording = Recording(self.info())
        for index, jpeg in enumerate(self.jpegs):
            row = {name: values[index] for name, values in self.rows.items()}
            recording.append(
                jpeg,
                stamp_ns=row['exposed_ns'],
                delivered_ns=row['stamp_ns'],
                label=_known(row['label']),
                executed=_known(row['command']),
                setpoint=_known(row['setpoint']),
                target_mask=(row['target_bearing'], row['target_elevation'], row['target_pixels']),
                target_probability=_known(row['target_probability']),
                request=_known(row['request']),
                **{name: row[name] for name in SAME},
            )
        return recording

    def info(self) -> EpisodeInfo:
        """Return the manifest, but for counts and hash; the id flies the same flight again."""
        meta = self.meta
        pilot = str(meta.get('bundle_hash') or meta.get('pilot', ''))
        world, season, target = (str(meta.get(k, '')) for k in ('world', 'season', 'target'))
        seed = int(meta.get('seed', -1))
        return EpisodeInfo(
            '/'.join([world, season, target, str(seed), pilot]),
            world,
            season,
            target,
            seed,
            pilot,
            collision=self.collision or any(map(bool, self.rows['collision'])),
            camera=self.camera,
            obstacles=tuple((float(x), float(y), float(r)) for x, y, r in self.obstacles),
            meta=meta,
        )

    @classmethod
    def load(cls, directory: Path) -> 'FlightLog':
        """Read an episode with every frame.

        Raises:
            EpisodeError: no such episode, not a whole one, or a flight.npz of an older release.

        """
        if directory.suffix == '.npz':
            raise EpisodeError(
                f'{directory}: a flight is an episode now; fly its seed again (liquid-drone fly '
                '--seed N), which gives the same flight, and name the folder episode'
            )
        recording = episode.load(directory, every_frame=True)
        info = recording.info
        facts = {name: getattr(info, name) for name in ('world', 'season', 'target', 'seed')}
        obstacles = np.array(info.obstacles, dtype=np.float64).reshape(-1, 3)
        pilot = {'pilot': info.pilot} if info.pilot and not info.meta else {}
        log = cls({**facts, **pilot, **info.meta}, obstacles, info.camera)
        log.collision = info.collision
        for index, jpeg in enumerate(recording.jpegs):
            row = {name: values[index] for name, values in recording.rows.items()}
            bearing, elevation, pixels = row['target_mask'] or (0.0, 0.0, 0.0)
            following, probability = row['following'], row['target_probability']
            log.append(
                jpeg,
                stamp_ns=row['delivered_ns'],
                exposed_ns=row['stamp_ns'],
                label=row['label'] or UNKNOWN,
                command=row['executed'] or UNKNOWN,
                setpoint=row['setpoint'] or UNKNOWN,
                target_bearing=bearing,
                target_elevation=elevation,
                target_pixels=0 if math.isnan(pixels) else int(pixels),
                target_probability=math.nan if probability is None else probability,
                **{name: row[name] for name in SAME if name not in FLAGS},
                following=following is not False,  # format 1 has flights of a driver alone
                collision=bool(row['collision']),
                request=row['request'] or NOT_ASKED,
            )
        return log


def _known(value: Any) -> Any:
    """Return a number or a command, None where there is none."""
    return None if np.isnan(np.asarray(value, dtype=np.float64)).all() else value


def row_of(truth: Truth, frame: SimulatedFrame) -> dict[str, Any]:
    """Return the columns that the simulator knows at a frame."""
    return {
        'stamp_ns': truth.stamp_ns,
        'position_enu': truth.position_enu,
        'velocity_enu': truth.velocity_enu,
        'quaternion_xyzw': truth.quaternion_xyzw,
        'target_position_enu': truth.target_position_enu,
        'target_pixels': frame.target_pixels,
        'target_bearing': frame.target_bearing,
        'target_elevation': frame.target_elevation,
        'exposed_ns': frame.stamp_ns,
        'collision': truth.collision,
    }
