# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The annotated frames as a film and as a contact sheet, written while they come.

No more than a sheet of frames is held at once, however long the footage is.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..arrays import Image
from ..errors import OutputError, require
from ..files import for_ffmpeg, written
from ..outputs.durability import put_in_place
from ..outputs.leftovers import made_aside
from .overlay import MOST_CELLS, sheet

RATED_AFTER = 20  # frames: then the film's rate is known
SLOWEST_HZ, FASTEST_HZ = 1.0, 60.0


class SheetMaker:
    """Keeps at most sixty frames, evenly spaced, of any number."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._kept: list[Image] = []
        self._every, self._count = 1, 0

    def add(self, pane: Image) -> None:
        """Take the next frame."""
        if self._count % self._every == 0:
            if len(self._kept) == MOST_CELLS:  # every second one goes
                self._kept, self._every = self._kept[::2], 2 * self._every
            if self._count % self._every == 0:
                self._kept.append(pane)
        self._count += 1

    def write(self, path: Path) -> None:
        """Write a PNG.

        Raises:
            OutputError: it cannot be written.

        """
        _, data = cv2.imencode('.png', sheet(self._kept)[..., ::-1])
        written(path, lambda aside: aside.write_bytes(data.tobytes()))


@contextmanager
def film_at(path: Path) -> 'Iterator[FilmMaker]':
    """Give the maker of a film; an earlier one stays until this one is closed, whole."""
    with made_aside(path, is_folder=False) as aside:
        film = FilmMaker(path, aside)
        try:
            yield film
        finally:
            film.stop()


class FilmMaker:
    """Writes an H.264 film that browsers play; of one frame there is none."""

    def __init__(self, path: Path, aside: Path) -> None:
        """Write to a path beside the film's place."""
        self._path, self._aside = path, aside
        self._waiting: list[tuple[float, Image]] = []
        self._writer: Generator[None, Any, None] | None = None

    def add(self, stamp_s: float, pane: Image) -> None:
        """Take the next frame.

        Raises:
            OutputError: it cannot be written.
            MissingDependencyError: no imageio-ffmpeg.

        """
        if self._writer is None:
            self._waiting.append((stamp_s, pane))
            if len(self._waiting) == RATED_AFTER:
                self._open()
        else:
            self._send(pane)

    def close(self) -> bool:
        """End the film and put it in its place; tell whether there is one.

        Raises:
            OutputError: it cannot be written.

        """
        if self._writer is None and len(self._waiting) > 1:
            self._open()
        if self._writer is None:
            return False
        self.stop()
        put_in_place(self._aside, self._path)
        return True

    def stop(self) -> None:
        """Leave no encoder running."""
        if self._writer is not None:
            self._writer.close()

    def _open(self) -> None:
        step_s = float(np.median(np.diff([stamp_s for stamp_s, _ in self._waiting])))
        rate_hz = 1.0 / max(step_s, 1e-3)  # the usual one: a clock that was set is no long frame
        height, width = self._waiting[0][1].shape[:2]
        self._writer = require('imageio_ffmpeg', 'sim').write_frames(
            for_ffmpeg(self._aside),
            (width, height),
            fps=min(max(rate_hz, SLOWEST_HZ), FASTEST_HZ),
            codec='libx264',
            macro_block_size=8,
            quality=5,
        )
        self._send(None)
        for _, waiting in self._waiting:
            self._send(waiting)
        self._waiting = []

    def _send(self, pane: Image | None) -> None:
        assert self._writer is not None  # opened before
        try:
            self._writer.send(None if pane is None else np.ascontiguousarray(pane))
        except OSError as error:
            reason = str(error).partition('\n')[0]
            raise OutputError(
                f'cannot write {self._path}: {reason}; choose another --out'
            ) from error
