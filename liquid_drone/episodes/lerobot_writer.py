# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Episodes to a LeRobotDataset v3.0, so that policies of LeRobot can be trained on our flights.

Pictures are embedded as the JPEG bytes that the episode has, so that nothing is encoded twice.
A frame without a command teaches nothing and is left out, and is counted. Needs ``pyarrow`` and
``pandas`` (extra ``convert``).
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import schema
from ..contract import CameraSpec
from ..errors import EpisodeError, require
from ..files import write_text
from ..image import decode_jpeg
from ..results import replacing
from . import lerobot_layout as layout
from .checks import velocity_flu
from .episode import load
from .recording import COLUMNS, OPTIONAL, Recording

PICTURE_EVERY, PIXEL_EVERY = 10, 97  # that are counted in the statistics of the pictures
NOMINAL_HZ = 20


@dataclass(frozen=True)
class LeRobotExport:
    """What was written."""

    episodes: int
    frames: int
    left_out: int  # frames without a command


def write_lerobot(
    episodes: Sequence[Path], out: Path, done: Callable[[int], None] = lambda frames: None
) -> LeRobotExport:
    """Write a dataset, all or nothing; a dataset of ours at the place is replaced.

    Args:
        episodes: directories, in the order that they get in the dataset.
        out: directory of the dataset.
        done: called with the frames of each episode.

    Raises:
        EpisodeError: an episode that cannot be read, has no frame with a command, or has another
            camera than the first.
        OutputError: it cannot be written, or something else is in its place.
        MissingDependencyError: pyarrow or pandas is not installed.

    """
    with replacing(out, layout.DATASET) as aside:
        writer = _Writer(aside)
        for path in episodes:
            writer.add(path)
            done(writer.rows[-1]['length'])
        return writer.finish()


class _Writer:
    """A dataset that is being written."""

    def __init__(self, root: Path) -> None:
        self.arrow, self.parquet = (
            require('pyarrow', 'convert'),
            require('pyarrow.parquet', 'convert'),
        )
        self.pandas = require('pandas', 'convert')
        self.root, self.frames, self.left_out, self.file = root, 0, 0, 0
        self.rows: list[dict[str, Any]] = []  # of meta/episodes
        self.tasks: list[str] = []
        self.kept: dict[str, list[npt.NDArray[Any]]] = {}
        self.pixels: list[npt.NDArray[np.uint8]] = []
        self.waiting: list[Any] = []  # tables of the present file
        self.camera: CameraSpec | None = None
        self.has_state = True

    def add(self, path: Path) -> None:
        recording = load(path)
        self.camera = self.camera or recording.info.camera
        if recording.info.camera != self.camera:
            raise EpisodeError(
                f'{path}: expected the camera of the first episode ({self.camera}), got '
                f'{recording.info.camera}; convert them into two datasets'
            )
        columns, jpegs = self._columns(path, recording)
        task = f'follow the {recording.info.target.replace("_", " ")}'
        if task not in self.tasks:
            self.tasks.append(task)
        counts = self._counts(len(jpegs), self.tasks.index(task))
        self._note_episode(recording, task, {**columns, **counts}, jpegs)
        self.waiting.append(self._table(columns, counts, jpegs))
        self.frames += len(jpegs)
        if sum(table.nbytes for table in self.waiting) > layout.DATA_FILE_BYTES:
            self._flush()

    def _columns(
        self, path: Path, recording: Recording
    ) -> tuple[dict[str, npt.NDArray[Any]], list[bytes]]:
        """Return the columns and pictures of the frames with a command."""
        label = recording.column('label')
        has_picture = np.array([bool(jpeg) for jpeg in recording.jpegs], dtype=bool)
        kept = np.flatnonzero(np.isfinite(label).all(axis=1) & has_picture)
        self.left_out += len(label) - len(kept)
        if len(kept) == 0:
            raise EpisodeError(f'{path}: expected frames with a command and a picture, got none')
        height = recording.column('position_enu')[:, 2:]
        state = np.concatenate([velocity_flu(recording), height], axis=1)[kept]  # (T, 4)
        self.has_state &= bool(np.isfinite(state).all())
        columns = {layout.STATE: state.astype(np.float32)}
        columns[layout.ACTION] = label[kept].astype(np.float32)
        for name in (*COLUMNS, *OPTIONAL):
            columns[f'{layout.OWN}{name}'] = recording.column(name)[kept]
        return columns, [recording.jpegs[index] for index in kept]

    def _counts(self, length: int, task: int) -> dict[str, npt.NDArray[Any]]:
        frame = np.arange(length)
        values = (
            frame,
            np.full(length, len(self.rows)),
            frame + self.frames,
            np.full(length, task),
        )
        counts = {'timestamp': (frame / NOMINAL_HZ).astype(np.float32)}
        return {**counts, **dict(zip(layout.COUNTED, values, strict=True))}

    def _note_episode(
        self,
        recording: Recording,
        task: str,
        columns: dict[str, npt.NDArray[Any]],
        jpegs: list[bytes],
    ) -> None:
        """Keep the row of meta/episodes, and what the statistics of all are made of."""
        pixels = [decode_jpeg(j).reshape(-1, 3)[::PIXEL_EVERY] for j in jpegs[::PICTURE_EVERY]]
        row: dict[str, Any] = {
            'episode_index': len(self.rows),
            'tasks': [task],
            'length': len(jpegs),
            'data/chunk_index': self.file // layout.FILES_A_CHUNK,
            'data/file_index': self.file % layout.FILES_A_CHUNK,
            'dataset_from_index': self.frames,
            'dataset_to_index': self.frames + len(jpegs),
            'meta/episodes/chunk_index': 0,
            'meta/episodes/file_index': 0,
            f'{layout.OWN}info': json.dumps(schema.plain(recording.info)),
        }
        told = {name: layout.statistics(values) for name, values in columns.items()}
        told[layout.IMAGE] = layout.image_statistics(np.concatenate(pixels), len(jpegs))
        for name, numbers in told.items():
            row |= {f'stats/{name}/{kind}': value for kind, value in numbers.items()}
        self.rows.append(row)
        self.pixels += pixels
        for name, values in columns.items():
            self.kept.setdefault(name, []).append(values)

    def _table(
        self,
        columns: dict[str, npt.NDArray[Any]],
        counts: dict[str, npt.NDArray[Any]],
        jpegs: list[bytes],
    ) -> Any:
        picture = self.arrow.struct(
            [('bytes', self.arrow.binary()), ('path', self.arrow.string())]
        )
        cells = [{'bytes': jpeg, 'path': None} for jpeg in jpegs]
        made = {layout.IMAGE: self.arrow.array(cells, picture)}
        made |= {name: self._array(values) for name, values in {**columns, **counts}.items()}
        return self.arrow.table(made)

    def _array(self, values: npt.NDArray[Any]) -> Any:
        if values.ndim == 1:
            return self.arrow.array(values)
        flat = self.arrow.array(np.ascontiguousarray(values).reshape(-1))
        return self.arrow.FixedSizeListArray.from_arrays(flat, values.shape[1])

    def _flush(self) -> None:
        """Write a data file; a column that not every episode knows is dropped in the end."""
        if self.waiting:
            self._write(layout.DATA, self.arrow.concat_tables(self.waiting), self.file)
            self.waiting, self.file = [], self.file + 1

    def _write(self, where: str, table: Any, file: int = 0) -> None:
        chunk, index = divmod(file, layout.FILES_A_CHUNK)
        path = self.root / where.format(chunk_index=chunk, file_index=index)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.parquet.write_table(table, path)

    def finish(self) -> LeRobotExport:
        self._flush()
        assert self.camera is not None  # the command line gives at least one episode
        if not self.has_state:
            self._drop_state()
        told = {
            name: layout.statistics(np.concatenate(values))
            for name, values in self.kept.items()
            if self.has_state or name != layout.STATE
        }
        told[layout.IMAGE] = layout.image_statistics(np.concatenate(self.pixels), self.frames)
        tasks = self.pandas.DataFrame({'task_index': range(len(self.tasks))}, index=self.tasks)
        self._write(layout.EPISODES, self.arrow.Table.from_pylist(self.rows))
        tasks.to_parquet(self.root / layout.TASKS)
        write_text(self.root / layout.STATS, json.dumps(told, indent=1) + '\n')
        write_text(self.root / layout.INFO, json.dumps(self._info(self.camera), indent=1) + '\n')
        write_text(self.root / layout.PROOF, json.dumps({'format_version': 1}) + '\n')
        return LeRobotExport(len(self.rows), self.frames, self.left_out)

    def _drop_state(self) -> None:
        """Take the state out of what was written: a policy must not learn from numbers unknown."""
        self.rows = [
            {name: value for name, value in row.items() if f'stats/{layout.STATE}/' not in name}
            for row in self.rows
        ]
        for path in sorted((self.root / 'data').rglob('*.parquet')):
            table = self.parquet.read_table(path).drop_columns([layout.STATE])
            self.parquet.write_table(table, path)

    def _info(self, camera: CameraSpec) -> dict[str, Any]:
        return {
            'codebase_version': layout.VERSION,
            'robot_type': 'quadrotor',
            'total_episodes': len(self.rows),
            'total_frames': self.frames,
            'total_tasks': len(self.tasks),
            'chunks_size': layout.FILES_A_CHUNK,
            'data_files_size_in_mb': layout.DATA_FILE_BYTES // 1_000_000,
            'video_files_size_in_mb': layout.VIDEO_FILE_MB,
            'fps': NOMINAL_HZ,
            'splits': {'train': f'0:{len(self.rows)}'},
            'data_path': layout.DATA,
            'video_path': None,
            'features': layout.features(camera.height, camera.width, self.has_state),
        }
