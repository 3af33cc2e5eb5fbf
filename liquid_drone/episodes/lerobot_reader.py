# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A LeRobotDataset v3.0 to episodes: ours with every column, others' with picture and command.

A dataset of others must have an action of four numbers that mean what ours do (vx, vy, vz in m/s,
body FLU, heading-aligned; yaw rate in rad/s): that cannot be checked here. Pictures may be
embedded or in videos. Needs ``pyarrow`` (extra ``convert``).
"""

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import schema
from ..arrays import Image
from ..contract import CameraSpec
from ..errors import CameraError, ConfigError, EpisodeError, require, shown
from ..files import as_name, load_json, named_below, parse_json, size_of
from ..image import encode_jpeg, fitted
from ..pictures import decoded
from ..video.video_file import CONVERT, VideoFile
from . import lerobot_layout as layout
from .episode import save
from .recording import COLUMNS, OPTIONAL, EpisodeInfo, Recording

MOST_BYTES, MOST_INFO_BYTES, MOST_EPISODES = 2_000_000_000, 4_000_000, 100_000
LONGEST_S = 1e6  # of a video
TIME = 'timestamp'  # of a row, in s since the first of its episode
PLACES = {'data_path': layout.DATA, 'video_path': layout.VIDEO}
UNKNOWN: dict[str, Any] = {
    name: (math.nan,) * shape[0]
    for name, shape in COLUMNS.items()
    if name not in ('stamp_ns', 'label', 'executed')
}


@dataclass(frozen=True)
class LeRobotSource:
    """How a dataset of others is read; one of ours needs none of it."""

    target: str = 'unknown'  # what is followed in it
    image: str = ''  # name of the camera's column; empty: the only one
    horizontal_fov_deg: float | None = None  # of that camera; None: as wide as the policy's


def read_lerobot(
    root: Path,
    out: Path,
    source: LeRobotSource | None = None,
    done: Callable[[int], None] = lambda frames: None,
) -> list[Path]:
    """Write an episode directory for each episode of a dataset; return them.

    Raises:
        EpisodeError: no dataset of version v3.0, or one that cannot be used; why.
        OutputError: an episode cannot be written.
        MissingDependencyError: pyarrow is not installed.

    """
    arrow, parquet = require('pyarrow', 'convert'), require('pyarrow.parquet', 'convert')
    try:
        dataset = _Dataset(root, parquet, source or LeRobotSource())
        made: list[Path] = []
        for recording in dataset.recordings():
            made.append(out / f'{as_name(root.resolve().name)}-{len(made):04d}')
            save(recording, made[-1])
            done(len(recording.jpegs))
    except (arrow.ArrowException, ConfigError, KeyError, TypeError, ValueError, OSError) as error:
        raise EpisodeError(
            f'{root} cannot be read as a LeRobot dataset of version {layout.VERSION}: '
            f'{shown(f"{type(error).__name__}: {error}")}'
        ) from error
    if not made:
        raise EpisodeError(f'{root}: expected at least one episode, got none')
    return made


class _Dataset:
    """A dataset that is read."""

    def __init__(self, root: Path, parquet: Any, source: LeRobotSource) -> None:
        info = load_json(root / layout.INFO, MOST_INFO_BYTES)
        self.root, self.parquet, self.source = root, parquet, source
        if info['codebase_version'] != layout.VERSION:
            raise EpisodeError(
                f'{root}: expected version {layout.VERSION}, '
                f'got {shown(info["codebase_version"])}; '
                "LeRobot's own convert_dataset_v21_to_v30 makes it of an older one"
            )
        for name, place in PLACES.items():
            if info.get(name) not in (place, None):
                raise EpisodeError(f'{root}: expected {name} {place}, got {shown(info[name])}')
        self.features = _features(root, info['features'])
        self.fps = float(info['fps'])
        if not 0.1 <= self.fps <= 1000.0:
            raise EpisodeError(f'{root}: expected 0.1 to 1000 frames a second, got {self.fps}')
        self.is_ours = f'{layout.OWN}label' in self.features
        self.image = layout.IMAGE if self.is_ours else self._camera()

    def _camera(self) -> str:
        """Return the column of the pictures, and check that the action can be ours.

        Raises:
            EpisodeError: neither the camera nor the action can be used.

        """
        shape = list(self.features.get('action', {}).get('shape', ()))
        if shape != [4]:
            raise EpisodeError(
                f'{self.root}: expected an action of 4 numbers (vx, vy, vz, yaw rate), got shape '
                f'{shape}: it is of another robot'
            )
        found = [k for k, v in self.features.items() if v['dtype'] in ('image', 'video')]
        chosen = [self.source.image] if self.source.image else found
        if len(chosen) != 1 or chosen[0] not in found:
            raise EpisodeError(
                f'{self.root}: expected one camera, got {", ".join(found) or "none"}: name it by '
                '--image'
            )
        return chosen[0]

    def recordings(self) -> Iterator[Recording]:
        """Yield the episodes, in order."""
        for path in named_below(self.root / 'meta/episodes', 'file-*.parquet'):
            names = [n for n in self._schema(path) if not n.startswith('stats/')]
            for row in self._read(path, names).to_pylist():
                if row['episode_index'] >= MOST_EPISODES:
                    raise EpisodeError(f'{self.root}: expected at most {MOST_EPISODES} episodes')
                yield self._ours(row) if self.is_ours else self._theirs(row)

    def _schema(self, path: Path) -> list[str]:
        size_of(path, MOST_BYTES, EpisodeError)
        names: list[str] = self.parquet.read_schema(path).names
        return names

    def _read(self, path: Path, columns: list[str]) -> Any:
        size_of(path, MOST_BYTES, EpisodeError)
        return self.parquet.read_table(path, columns=columns)

    def _rows(self, row: dict[str, Any], columns: list[str]) -> Any:
        """Return the frames of an episode as a table."""
        place = layout.DATA.format(
            chunk_index=int(row['data/chunk_index']), file_index=int(row['data/file_index'])
        )
        table = self._read(self.root / place, ['episode_index', 'frame_index', *columns])
        belongs = np.asarray(table['episode_index']) == row['episode_index']
        table = table.filter(belongs.tolist()).sort_by('frame_index')
        if len(table) != row['length']:
            raise EpisodeError(
                f'{self.root}: expected {row["length"]} frames of episode {row["episode_index"]}, '
                f'got {len(table)}'
            )
        return table

    def _ours(self, row: dict[str, Any]) -> Recording:
        """Return an episode as it was, but for the frames without a command."""
        info = schema.build(
            EpisodeInfo, parse_json(row[f'{layout.OWN}info'], str(self.root)), str(self.root)
        )
        names = [*COLUMNS, *OPTIONAL]
        table = self._rows(row, [self.image, *(f'{layout.OWN}{name}' for name in names)])
        values = {name: table[f'{layout.OWN}{name}'].to_pylist() for name in names}
        recording = Recording(info)
        for index, cell in enumerate(table[self.image].to_pylist()):
            told = {name: _told(name, values[name][index]) for name in names}
            recording.append(cell['bytes'], **told)
        return recording

    def _theirs(self, row: dict[str, Any]) -> Recording:
        """Return an episode of others: pictures, commands, and nothing else that is known."""
        video = self.features[self.image]['dtype'] == 'video'
        told = [name for name in (TIME,) if name in self.features]
        table = self._rows(row, ['action', *told, *([] if video else [self.image])])
        self._check_times(row, table[TIME].to_pylist() if told else [])
        camera = CameraSpec()
        name = f'lerobot/{self.root.resolve().name}/{row["episode_index"]}'
        info = EpisodeInfo(name, 'recorded', 'unknown', self.source.target, -1, 'lerobot')
        recording = Recording(replace(info, camera=camera))
        images = self._video(row) if video else self._embedded(table)
        step_ns = round(1e9 / self.fps)
        for index, (image, action) in enumerate(
            zip(images, table['action'].to_pylist(), strict=True)
        ):
            command = tuple(float(value) for value in action)
            recording.append(
                encode_jpeg(fitted(image, camera, self.source.horizontal_fov_deg)),
                stamp_ns=(index + 1) * step_ns,
                label=command,
                executed=command,
                **UNKNOWN,
            )
        return recording

    def _check_times(self, row: dict[str, Any], times_s: list[Any]) -> None:
        """Refuse rows that are not as far apart as the dataset says (huggingface/lerobot#933)."""
        for index, value in enumerate(times_s):
            time_s = float(value[0] if isinstance(value, list) else value)
            if not abs(time_s - index / self.fps) <= 0.5 / self.fps:
                raise EpisodeError(
                    f'{self.root}: expected frame {index} of episode {row["episode_index"]} at '
                    f'{index / self.fps:.3f} s ({self.fps:g} frames a second), got {time_s:.3f} s'
                )

    def _embedded(self, table: Any) -> Iterator[Image]:
        for cell in table[self.image].to_pylist():
            yield decoded(cell['bytes'], self.image).rgb

    def _video(self, row: dict[str, Any]) -> Iterator[Image]:
        """Yield the frames of an episode from its part of a video."""
        place = layout.VIDEO.format(
            video_key=self.image,
            chunk_index=int(row[f'videos/{self.image}/chunk_index']),
            file_index=int(row[f'videos/{self.image}/file_index']),
        )
        path = (self.root / place).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise EpisodeError(
                f'{self.root}: the camera {shown(self.image)} is no name of a folder'
            )
        from_s = float(row[f'videos/{self.image}/from_timestamp'])
        if not 0.0 <= from_s < LONGEST_S:
            raise EpisodeError(f'{self.root}: expected from_timestamp in s, got {from_s}')
        try:
            video = VideoFile(path)
        except CameraError as error:
            raise EpisodeError(f'{path} cannot be opened as a video: {error}') from error
        with contextlib.closing(video), contextlib.closing(video.frames(from_s=from_s)) as frames:
            for index in range(row['length']):
                stamp_s, image = next(frames, (math.nan, None))
                if image is None:
                    raise EpisodeError(
                        f'{path}: frame {index} of those from {from_s:g} s on is missing, or '
                        f'cannot be decoded; {CONVERT}'
                    )
                due_s = from_s + index / self.fps
                if abs(stamp_s - due_s) > 0.5 / self.fps:
                    raise EpisodeError(
                        f'{path}: expected frame {index} of episode {row["episode_index"]} at '
                        f'{due_s:.3f} s, got one of {stamp_s:.3f} s: pictures and commands lie '
                        'apart (frames that were lost, or a video of another rate)'
                    )
                yield image


def _features(root: Path, told: Any) -> dict[str, dict[str, Any]]:
    """Return the description of the columns, each with its type and shape.

    Raises:
        EpisodeError: it is none.

    """
    if isinstance(told, dict) and all(
        isinstance(one, dict) and 'dtype' in one and isinstance(one.get('shape'), list)
        for one in told.values()
    ):
        return told
    raise EpisodeError(f'{root}: expected features, each with dtype and shape; got {shown(told)}')


def _told(name: str, value: Any) -> Any:
    """Return a cell as a recording has it: None where an optional one is unknown."""
    if name not in OPTIONAL:
        return value if not isinstance(value, list) else tuple(value)
    values = value if isinstance(value, list) else [value]
    unknown = (None, -1) if name == 'delivered_ns' else (None,)
    if any(one in unknown or one != one for one in values):
        return None
    if name in ('following', 'collision'):
        return bool(value)
    return tuple(value) if isinstance(value, list) else value
