# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Decoded frames on disk, memory-mapped: every episode is decoded once, not once per epoch.

Frames are reduced as the network's own first step does it, so a cache belongs to one reduction
factor. Labels for training (shares of the command limits, target head, auxiliary labels) are
computed here. A cache can always be deleted.
"""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contract import MIN_TARGET_PIXELS, CommandSpec
from ..episodes import episode
from ..image import decode_jpeg, reduced
from .auxiliary_labels import auxiliary_labels

LABELS_VERSION = 3


@dataclass(frozen=True)
class Clip:
    """One episode ready for training; T frames."""

    frames: npt.NDArray[np.uint8]  # (T, h, w, 3), memory-mapped
    stamp_s: npt.NDArray[np.float64]  # (T,)
    label: npt.NDArray[np.float32]  # (T, 4), shares of the limits in -1..1; nan: unknown
    target: npt.NDArray[np.float32]  # (T, 3): visible 0 or 1, bearing, elevation; nan: unknown
    auxiliary: npt.NDArray[np.float32]  # (T, 9), nan where unknown

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
    return Clip(clip.frames, clip.stamp_s, label, np.zeros_like(clip.target), auxiliary)


def _open(directory: Path, cache: Path, reduce: int, command: CommandSpec) -> Clip:
    info = episode.load_info(directory)
    key = f'{info.sha256[:16]}-r{reduce}-v{LABELS_VERSION}'
    frames, rows = cache / f'{key}.frames.npy', cache / f'{key}.rows.npz'
    if not (frames.is_file() and rows.is_file()):
        _decode(directory, frames, rows, reduce)
    with np.load(rows) as data:
        return Clip(
            frames=np.load(frames, mmap_mode='r'),
            stamp_s=data['stamp_s'],
            label=np.clip(data['label'] / np.array(command.limits, np.float32), -1.0, 1.0),
            target=data['target'],
            auxiliary=data['auxiliary'],
        )


def _decode(directory: Path, frames: Path, rows: Path, reduce: int) -> None:
    recording = episode.load(directory)
    mask = recording.column('target_mask')
    visible = mask[:, 2] >= MIN_TARGET_PIXELS
    target = np.column_stack([visible, np.where(visible[:, None], mask[:, :2], 0.0)])
    target[np.isnan(mask[:, 2])] = np.nan  # a real flight: nobody knows
    images = [reduced(decode_jpeg(jpeg), reduce) for jpeg in recording.jpegs]
    _save_aside(frames, lambda path: np.save(path, np.stack(images)))
    arrays: dict[str, Any] = {
        'stamp_s': recording.column('stamp_ns') * 1e-9,
        'label': recording.column('label').astype(np.float32),
        'target': target.astype(np.float32),
        'auxiliary': auxiliary_labels(recording, visible),
    }
    _save_aside(rows, lambda path: np.savez(path, **arrays))


def _save_aside(path: Path, write: Callable[[Path], None]) -> None:
    aside = path.with_name(f'{os.getpid()}-{path.name}')
    write(aside)
    aside.replace(path)
