# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Films and pictures as text within a page: cut short, made small, up to a number of bytes."""

import base64
import subprocess
import tempfile
from pathlib import Path

from ...errors import OutputError, require
from ...files import for_ffmpeg

FILM_S = 12.0  # of a film are shown
BEFORE_S = 9.0  # of them before a failure
FILM_WIDTH = 800
MOST_BYTES = (
    14_000_000  # of all media: as text they are a third larger, and the page stays < 20 MB
)


class MediaBudget:
    """Gives data addresses until the bytes are used up; counts what was left out."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._left = most_bytes
        self.left_out = 0

    def address(self, data: bytes, kind: str) -> str | None:
        """Return a data address; None where the page would become too large."""
        if len(data) > self._left:
            self.left_out += 1
            return None
        self._left -= len(data)
        return f'data:{kind};base64,{base64.b64encode(data).decode("ascii")}'


def begin_of(failed_at_s: float | None) -> float:
    """Return where a short film begins: before a failure, else at the start."""
    return 0.0 if failed_at_s is None else max(0.0, failed_at_s - BEFORE_S)


def short_film(path: Path, begin_s: float) -> bytes:
    """Return a few seconds of a film, smaller, as MP4.

    Raises:
        OutputError: it cannot be read.

    """
    program = require('imageio_ffmpeg', 'sim').get_ffmpeg_exe()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / 'short.mp4'
        line = [
            program,
            '-v',
            'error',
            '-ss',
            f'{begin_s:.2f}',
            '-i',
            for_ffmpeg(path),
            '-t',
            f'{FILM_S}',
        ]
        line += ['-vf', f'scale={FILM_WIDTH}:-2', '-c:v', 'libx264', '-crf', '30', '-an']
        line += ['-pix_fmt', 'yuv420p', '-movflags', '+faststart', '-threads', '1', str(out)]
        done = subprocess.run(line, capture_output=True, check=False)
        if done.returncode or not out.is_file():
            words = done.stderr.decode('utf-8', 'replace').strip()[-200:]
            raise OutputError(f'cannot shorten {path}: {words}; replay that flight with --film')
        return out.read_bytes()
