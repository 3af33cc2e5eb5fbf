# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Attention over pictures: a strip of all methods and places, and a film of a flight."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from ...arrays import Float32Array, Image
from ...errors import OutputError, require
from ...files import for_ffmpeg
from ...runtime.attention import overlay
from ..attention.measuring import Look
from ..attention.scenes import Scene
from .plain import as_text, plain
from .rates import save

FRAMES_PER_S = 10
EVEN = 1.001  # largest by mean, below which a map is even
MAP_SIZE = (64, 36)  # of a map when it is drawn


@plain
def strip(looks: Mapping[str, Look], scenes: Sequence[Scene], title: str, path: Path) -> None:
    """Draw one frame of each scene, by every method: rows are methods, columns places.

    Raises:
        OutputError: it cannot be written.

    """
    rows, columns = 1 + len(looks), len(scenes)
    figure = require('matplotlib.figure', 'sim').Figure(
        figsize=(0.9 + 2.5 * columns, 0.4 + 1.5 * rows), layout='constrained'
    )
    every = np.array(figure.subplots(rows, columns, squeeze=False))
    for column, scene in enumerate(scenes):
        image = scene.images[len(scene.images) // 2, 0]
        every[0, column].imshow(image)
        every[0, column].set_title(as_text(scene.place), fontsize=9)
        for row, look in enumerate(looks.values(), start=1):
            every[row, column].imshow(over(image, look))
    for axes, name in zip(every[:, 0], ('camera', *looks), strict=True):
        axes.set_ylabel(name, fontsize=9)
    for axes in every.flat:
        axes.set_xticks([])
        axes.set_yticks([])
    figure.suptitle(as_text(title), fontsize=10)
    save(figure, path)


def film(looks: Mapping[str, Look], images: Image, path: Path) -> None:
    """Write an H.264 film of frames (N, H, W, 3), the camera and every method beside each other.

    Raises:
        OutputError: it cannot be written.

    """
    height, width = images.shape[1:3]
    columns = 2
    rows = -(-(1 + len(looks)) // columns)
    size = (2 * width * columns, 2 * height * rows)
    writer = require('imageio_ffmpeg', 'sim').write_frames(
        for_ffmpeg(path), size, fps=FRAMES_PER_S, codec='libx264', macro_block_size=8, quality=5
    )
    try:
        writer.send(None)
        for image in images:
            panes = [cv2.resize(image, (2 * width, 2 * height))]
            panes += [over(image, look) for look in looks.values()]
            panes += [np.zeros_like(panes[0])] * (rows * columns - len(panes))
            for pane, name in zip(panes, ('camera', *looks), strict=False):
                cv2.putText(pane, name, (8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255,) * 3, 1)
            lines = [np.hstack(panes[k : k + columns]) for k in range(0, len(panes), columns)]
            writer.send(np.ascontiguousarray(np.vstack(lines)))
    except OSError as error:
        raise OutputError(f'cannot write {path}: {error}; choose another --out') from error
    finally:
        writer.close()


def over(image: Image, look: Look) -> Image:
    """Return a picture under its map, twice as large; plain where the map points nowhere."""
    small: Float32Array = cv2.resize(
        look(image[None])[0].astype(np.float32), MAP_SIZE, interpolation=cv2.INTER_AREA
    )
    if float(small.max()) < EVEN * float(small.mean()):  # it points nowhere: no heat at all
        small = np.zeros_like(small)
    return np.ascontiguousarray(overlay(image, small))
