# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What is behind rendered people: photographs of real places, or noise with their spectrum.

A few photographs suffice: each is cropped, mirrored and recoloured anew. None of them is kept.
Videos and recorded flights give frames as photographs, without any label.
"""

import colorsys
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from ...arrays import FloatArray, Image
from ...episodes.episode import BAG
from ...errors import CameraError, ConfigError, ImageError
from ...files import read_bytes, shown_path, visible
from ...footage.files_shown import is_recording, kind_of, storage_files, why_no_picture
from ...footage.footage import open_footage
from ...pictures import decoded
from ...sim.scenario.photo_doubts import is_mask

log = logging.getLogger(__name__)

MOST_BYTES = 200_000_000
MOST_NAMED = 3  # of what is left out
APART_S = 0.5  # frames of a video or a recording
MOST_FRAMES = 60  # held of one, evenly spread
EXPECTED = 'expected a folder with photographs, a video or a recording'
LEAST_SIDE = 32
HELD = 640  # pixels of the longer side that are held of a photograph
SMALLEST_CROP = 0.35
BLOBS = 7


def place_files(places: Path) -> list[Path]:
    """Return the files that photographs of places come from.

    Raises:
        ConfigError: nothing there, or nothing that shows a place.

    """
    return [file for one in _shown(places) for file in _files_of(one)]


def check_places(places: Path) -> None:
    """Look at every photograph, before anything is flown or drawn; videos are opened later.

    What a folder holds besides is told, as a warning.

    Raises:
        ConfigError: as :func:`place_files`.
        ImageError: a photograph that cannot be read, or is none.

    """
    left_out: dict[str, str] = {}
    shown = _shown(places, left_out.__setitem__)
    for one in shown:
        if _is_photo(one):
            _photo(one)
    if left_out:
        first = [f'{name}: {why}' for name, why in list(left_out.items())[:MOST_NAMED]]
        more = f'; and {len(left_out) - MOST_NAMED} more' if len(left_out) > MOST_NAMED else ''
        log.warning(
            '--places: %d of %d things in %s are left out (%s%s)', len(left_out),
            len(left_out) + len(shown), shown_path(places), '; '.join(first), more,
        )  # fmt: skip


def read_places(places: Path) -> list[Image]:
    """Read photographs, and frames of videos and recordings; made smaller.

    Raises:
        ConfigError: as :func:`place_files`.
        ImageError: as :func:`check_places`.
        CameraError: a video or a recording without a frame that can be read.

    """
    photos: list[Image] = []
    for one in _shown(places):
        photos += [_held(_photo(one))] if _is_photo(one) else _frames(one)
    return photos


def _is_photo(shown: Path) -> bool:
    return shown.is_file() and kind_of(shown) == 'picture'


def _photo(path: Path) -> Image:
    photo = decoded(read_bytes(path, MOST_BYTES), str(path), LEAST_SIDE).rgb
    if is_mask(photo):
        raise ImageError(
            f'--places: {shown_path(path)} is of two greys alone, as a mask is; expected '
            'photographs of places: take it out of the folder'
        )
    return photo


def _tell_nobody(*_: object) -> None:
    """Say nothing: it has been told, or will be."""


def _shown(places: Path, tell: Callable[[str, str], None] = _tell_nobody) -> list[Path]:
    """Return the photographs, videos and recordings (files or folders) that a path holds."""
    if not places.exists():
        raise ConfigError(f'--places: {EXPECTED}, there is none at {places}')
    if places.is_file():
        found = [places] if kind_of(places) else []
    elif is_recording(places):
        found = [places]
    else:
        found = list(_within(places, lambda path, why: tell(str(path.relative_to(places)), why)))
    if not found:
        raise ConfigError(f'--places: {EXPECTED}, found none in {places}')
    return found


def _within(folder: Path, tell: Callable[[Path, str], None]) -> Iterator[Path]:
    """Yield what a folder and those in it hold, hidden ones and links to folders aside."""
    for one in visible(folder.iterdir()):
        if not one.is_dir():
            if kind_of(one):
                yield one
            else:
                tell(one, why_no_picture(one))
        elif not os.access(one, os.R_OK | os.X_OK):
            tell(one, 'it cannot be opened')
        elif (one / BAG).is_dir():
            yield one / BAG
        elif is_recording(one):
            yield one
        elif one.is_symlink():
            tell(one, 'it is a link to a folder: name that folder itself')
        else:
            yield from _within(one, tell)


def _files_of(shown: Path) -> list[Path]:
    if shown.is_file():
        return [shown]
    return storage_files(shown)


def _frames(shown: Path) -> list[Image]:
    """Return frames of a video or a recording, evenly spread: of twice as many every second."""
    found: list[Image] = []
    every = 1
    footage = open_footage([shown])
    for number, frame in enumerate(footage.frames(APART_S)):
        if min(frame.image.shape[:2]) < LEAST_SIDE:
            raise CameraError(f'--places: {shown} has frames of less than {LEAST_SIDE} pixels')
        if number % every == 0:
            found.append(_held(frame.image))
        if len(found) >= 2 * MOST_FRAMES:
            found, every = found[::2], 2 * every
    if footage.left_out:
        name, why = next(iter(footage.left_out.items()))
        log.warning('--places: of %s is left out: %s: %s', shown_path(shown), name, why)
    return found


def _held(photo: Image) -> Image:
    scale = HELD / max(photo.shape[:2])
    if scale >= 1.0:
        return photo
    size = round(photo.shape[1] * scale), round(photo.shape[0] * scale)
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)


def photo_background(
    photos: Sequence[Image], width: int, height: int, rng: np.random.Generator
) -> Image:
    """Return a part of one photograph, mirrored or not, in another light."""
    photo = photos[int(rng.integers(len(photos)))]
    rows, columns = photo.shape[:2]
    widest = min(columns, rows * width / height)
    crop = widest * float(rng.uniform(SMALLEST_CROP, 1.0))
    part_w, part_h = max(int(crop), 8), max(int(crop * height / width), 8)
    left, top = int(rng.integers(columns - part_w + 1)), int(rng.integers(rows - part_h + 1))
    part = photo[top : top + part_h, left : left + part_w]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    shrinks = part_w > width
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    sized = cv2.resize(np.ascontiguousarray(part), (width, height), interpolation=how)
    gain = rng.uniform(0.7, 1.3) * rng.uniform(0.92, 1.08, size=3)
    return np.asarray(np.clip(sized * gain, 0.0, 255.0), np.uint8)


def noise_background(width: int, height: int, rng: np.random.Generator) -> Image:
    """Return coloured noise whose spectrum falls as that of photographs, with a few blobs."""
    picture = _coloured(_fractal(width, height, rng), rng)
    if rng.random() < 0.6:  # a brighter upper part: a sky, a wall
        level, soft = rng.uniform(0.1, 0.6) * height, rng.uniform(1.0, 12.0)
        share = 1.0 / (1.0 + np.exp((np.arange(height) - level) / soft))
        sky = np.array(colorsys.hsv_to_rgb(rng.uniform(0.5, 0.7), rng.uniform(0, 0.5), 0.9))
        keep = (share * rng.uniform(0.4, 1.0))[:, None, None]
        picture = picture * (1.0 - keep) + sky * keep
    canvas = np.ascontiguousarray(picture * 255.0)
    for _ in range(int(rng.integers(BLOBS))):
        _blob(canvas, rng)
    return np.asarray(np.clip(canvas, 0.0, 255.0), np.uint8)


def _fractal(width: int, height: int, rng: np.random.Generator) -> FloatArray:
    """Return (3, H, W) noise with an amplitude of 1/f^a, each of unit variance."""
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    frequency = np.hypot(fy, fx * rng.uniform(0.5, 2.0))
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.normal(size=(3, height, width)))
    field = np.fft.irfft2(spectrum / frequency ** rng.uniform(0.7, 1.6), s=(height, width))
    scaled: FloatArray = field / field.std(axis=(1, 2), keepdims=True)
    return scaled


def _coloured(field: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Mix three colours (H, W, 3), 0..1, by noise."""
    colours = np.array(
        [
            colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.0, 0.6), rng.uniform(0.1, 0.9))
            for _ in range(3)
        ]
    )
    weight = np.exp(field * rng.uniform(0.5, 2.5))
    weight /= weight.sum(axis=0)
    light = 1.0 + 0.25 * field[0] * rng.uniform(0.0, 1.0)
    mixed: FloatArray = np.einsum('chw,ck->hwk', weight, colours) * light[..., None]
    return np.clip(mixed, 0.0, 1.0)


def _blob(canvas: FloatArray, rng: np.random.Generator) -> None:
    """Draw a shape of one colour, red as often as any other."""
    rows, columns = canvas.shape[:2]
    hue = rng.uniform(-0.05, 0.1) % 1.0 if rng.random() < 0.5 else rng.random()
    colour = [
        255.0 * x for x in colorsys.hsv_to_rgb(hue, rng.uniform(0.3, 1), rng.uniform(0.2, 1))
    ]
    middle = int(rng.integers(columns)), int(rng.integers(rows))
    half = int(rng.uniform(2, columns * 0.15)), int(rng.uniform(2, rows * 0.25))
    if rng.random() < 0.5:
        cv2.ellipse(canvas, middle, half, float(rng.uniform(0, 180)), 0, 360, colour, -1)
        return
    corner = middle[0] + half[0], middle[1] + half[1]
    cv2.rectangle(canvas, (middle[0] - half[0], middle[1] - half[1]), corner, colour, -1)
