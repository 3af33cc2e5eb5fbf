# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Decoded frames on disk: every episode is decoded once, not once per epoch.

Frames are reduced as the network's own first step does it, so a cache belongs to one reduction
factor. Labels for training (shares of the command limits, target head, auxiliary labels) are
computed here. A cache can always be deleted; a torn or altered one is named, kept aside and
made anew. Any number of clips holds no file open.
"""

import logging
import math
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contract import MIN_TARGET_PIXELS, CommandSpec
from ..episodes import episode
from ..errors import EpisodeError, shown
from ..files import CHUNK, set_aside, written
from ..image import decode_jpeg, reduced
from ..npz import read_npz
from .auxiliary_labels import SECTORS, auxiliary_labels, belief_labels

log = logging.getLogger(__name__)

LABELS_VERSION = 7
MOST_BYTES = 1_000_000_000  # of the labels of an episode: 192 a frame
COLUMNS = {
    'stamp_s': (),
    'label': (4,),
    'target': (3,),
    'auxiliary': (1 + SECTORS,),
    'belief': (3,),
    'request': (3,),
    'flown': (4,),
}
CHECKSUM = 'crc32'  # of the pictures' file; that of the labels has one of its own for each column


@dataclass(frozen=True)
class CachedFrames:
    """Pictures (T, h, w, 3) on disk; the file is open while they are read, and no longer."""

    file: Path
    shape: tuple[int, ...]

    def __len__(self) -> int:
        """Return the number of pictures."""
        return self.shape[0]

    def __getitem__(self, index: Any) -> npt.NDArray[np.uint8]:
        """Return a copy of some pictures."""
        return np.array(np.load(self.file, mmap_mode='r')[index])

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        """Return all pictures."""
        return np.asarray(self[:], dtype)

    @property
    def nbytes(self) -> int:
        """Return the size of all pictures."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Clip:
    """One episode ready for training; T frames."""

    frames: CachedFrames  # (T, h, w, 3)
    stamp_s: npt.NDArray[np.float64]  # (T,)
    label: npt.NDArray[np.float32]  # (T, 4), shares of the limits in -1..1; nan: unknown
    target: npt.NDArray[np.float32]  # (T, 3): visible 0 or 1, bearing, elevation; nan: unknown
    auxiliary: npt.NDArray[np.float32]  # (T, 17), nan where unknown
    belief: npt.NDArray[
        np.float32
    ]  # (T, 3): there 0 or 1, bearing rad, log distance; nan: unknown
    request: npt.NDArray[np.float32]  # (T, 3): distance m, height m, speed m/s; nan: not asked for
    flown: npt.NDArray[np.float32]  # (T, 4), commanded since the frame before, as shares; 0: none

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.stamp_s)


def open_clips(
    episodes: list[Path],
    cache: Path,
    reduce: int,
    command: CommandSpec,
    targets: Collection[str] | None = None,
    done: Callable[[], None] = lambda: None,
) -> list[Clip]:
    """Return the clips of all episodes, decoding those that are not in the cache yet.

    Args:
        episodes: episode directories.
        cache: directory of the cache.
        reduce: reduction factor of the network's encoder.
        command: limits that labels are shares of.
        targets: names of what is to be followed; in flights after anything else there is no
            target to be seen, and no command to be learned. None: everything is a target.
        done: called after each episode, for progress.

    Raises:
        EpisodeError: an episode is broken.

    """
    cache.mkdir(parents=True, exist_ok=True)
    clips = []
    for directory in episodes:
        clip = _open(directory, cache, reduce, command)
        if targets is not None and episode.load_info(directory).target not in targets:
            clip = without_target(clip)
        clips.append(clip)
        done()
    return clips


def without_target(clip: Clip) -> Clip:
    """Return a clip in which what was followed is none of the targets."""
    auxiliary = clip.auxiliary.copy()
    auxiliary[:, 0] = np.nan
    label = np.full_like(clip.label, np.nan)
    nowhere, target = np.zeros_like(clip.belief), np.zeros_like(clip.target)
    return replace(clip, label=label, target=target, auxiliary=auxiliary, belief=nowhere)


def _open(directory: Path, cache: Path, reduce: int, command: CommandSpec) -> Clip:
    info = episode.load_info(directory)
    key = f'{info.sha256[:16]}-r{reduce}-v{LABELS_VERSION}'
    frames, rows = cache / f'{key}.frames.npy', cache / f'{key}.rows.npz'
    if frames.is_file() and rows.is_file():
        try:
            return _read(frames, rows, command)
        except EpisodeError as error:
            kept = set_aside(frames).name, set_aside(rows).name
            log.warning('%s: decoded anew, the torn files are kept as %s and %s', error, *kept)
    _decode(directory, frames, rows, reduce)
    return _read(frames, rows, command)


def _read(frames: Path, rows: Path, command: CommandSpec) -> Clip:
    """Read a cached clip.

    Raises:
        EpisodeError: torn, or its parts do not belong together.

    """
    data = read_npz(rows, MOST_BYTES, EpisodeError)
    if data.pop(CHECKSUM, np.array(-1)).tolist() != _checksum(frames):
        raise EpisodeError(f'{frames}: altered since it was written')
    pictures = CachedFrames(frames, _shape(frames))
    count = len(pictures)
    shapes = {name: (count, *rest) for name, rest in COLUMNS.items()}
    if {name: column.shape for name, column in data.items()} != shapes:
        raise EpisodeError(f'{rows}: expected the labels of {count} frames')
    return Clip(
        frames=pictures,
        stamp_s=data['stamp_s'],
        label=np.clip(data['label'] / np.array(command.limits, np.float32), -1.0, 1.0),
        target=data['target'],
        auxiliary=data['auxiliary'],
        belief=data['belief'],
        request=data['request'],
        flown=np.asarray(data['flown'] / np.array(command.limits), np.float32),
    )


def _checksum(frames: Path) -> int:
    found = frames.stat()
    return _crc32(frames, found.st_size, found.st_mtime_ns)


@lru_cache(10_000)
def _crc32(path: Path, size: int, mtime_ns: int) -> int:
    """Return the checksum of a file; of one that did not change since, without reading it."""
    checksum = 0
    with path.open('rb') as file:
        while piece := file.read(CHUNK):
            checksum = zlib.crc32(piece, checksum)
    return checksum


def _shape(frames: Path) -> tuple[int, ...]:
    try:
        found = np.load(frames, mmap_mode='r')
    except (OSError, ValueError, EOFError, SyntaxError, TypeError, OverflowError) as error:
        raise EpisodeError(f'cannot read {frames}: {shown(str(error))}') from error
    if found.ndim != 4 or found.shape[3] != 3 or found.dtype != np.uint8:
        raise EpisodeError(f'{frames}: expected pictures, got {found.dtype}, {found.shape}')
    if found.offset + found.nbytes != frames.stat().st_size:
        raise EpisodeError(f'{frames}: expected pictures of {found.nbytes} bytes and no more')
    return tuple(found.shape)


def _decode(directory: Path, frames: Path, rows: Path, reduce: int) -> None:
    recording = episode.load(directory)
    mask = recording.column('target_mask')
    visible = mask[:, 2] >= MIN_TARGET_PIXELS
    target = np.column_stack([visible, np.where(visible[:, None], mask[:, :2], 0.0)])
    target[np.isnan(mask[:, 2])] = np.nan  # a real flight: nobody knows
    images = [reduced(decode_jpeg(jpeg), reduce) for jpeg in recording.jpegs]
    written(frames, lambda path: np.save(path, np.stack(images)))
    arrays: dict[str, Any] = {
        'stamp_s': recording.column('stamp_ns') * 1e-9,
        'label': recording.column('label').astype(np.float32),
        'target': target.astype(np.float32),
        'auxiliary': auxiliary_labels(recording, visible),
        'belief': belief_labels(recording),
        'request': recording.column('request').astype(np.float32),
        'flown': _flown(recording.column('executed')),
        CHECKSUM: np.array(_checksum(frames)),
    }
    written(rows, lambda path: np.savez(path, **arrays))


def _flown(executed: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Return what was commanded since the frame before each (T, 4); zero: nobody knows."""
    before = np.nan_to_num(np.roll(executed, 1, axis=0))
    before[0] = 0.0
    return np.asarray(before, np.float32)
