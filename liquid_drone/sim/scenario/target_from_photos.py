# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A target from a few photographs: the object is cut out and stands in the simulator as cards.

Each photograph becomes an upright card as tall as the object, made of small coloured faces;
several cards cross in the middle, each facing the side that it was taken from, so that every side
shows one. Size, distance, what hides it and every label are the simulator's own. The photograph's
light stays in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import yaml

from ...arrays import FloatArray, IntArray
from ...errors import ConfigError
from ...files import as_name, write_text
from ...results import claim
from .card import Card, coarse, faces
from .cut_out import CutOut, cut_out
from .cut_out_sheet import write_cut_out_sheet
from .photo_doubts import with_doubts

COLOURS = 10  # of all photographs together
LOWEST_M, TALLEST_M, WIDEST_M = 0.02, 20.0, 6.0
MOST_PHOTOS = 24  # one for each 15 degrees
SEED = 7


@dataclass(frozen=True)
class PhotoTarget:
    """A target that was made from photographs."""

    path: Path  # of its YAML file
    sheet: Path  # the cut-outs as a picture
    warnings: tuple[str, ...]  # of all photographs: which, what is doubtful, what to do


def target_from_photos(
    photos: Sequence[Path], name: str, height_m: float, out: Path, motion: str = 'walk'
) -> PhotoTarget:
    """Write ``<name>.yaml``, its meshes and a sheet of the cut-outs.

    Args:
        photos: of the object alone, upright, taken from its level: PNG with a transparent
            background, or any picture with the object in the middle and background all around.
            The front first, then its left side and on around, in even steps; two are front and
            back, one looks alike from all four sides.
        name: of the target.
        height_m: of the object.
        out: directory to write to.
        motion: how it moves, see ``docs/WORLDS.md``.

    Raises:
        ConfigError: no photographs, one that cannot be read, or nothing found in it.

    """
    _check(len(photos), height_m)
    name = as_name(name)
    cut_outs = [cut_out(path) for path in photos]
    cards = [coarse(*cut.cropped()) for cut in cut_outs]
    cut_outs = with_doubts(cut_outs, cards)
    widest_m = max(card.aspect for card in cards) * height_m
    if widest_m > WIDEST_M:
        raise ConfigError(
            f'the object would be {widest_m:.1f} m wide, expected at most {WIDEST_M:g} m: is the '
            f'height of {height_m:g} m right, and the object upright in the photographs?'
        )
    sheet = f'{name}-cut-outs.png'
    claim(out, [f'{name}.yaml', sheet, *(f'{name}-{number}.obj' for number in range(COLOURS))])
    write_cut_out_sheet(cut_outs, cards, out / sheet)
    palette, indices = _quantised(cards)
    parts = []
    for number, colour in enumerate(palette):
        mesh = faces(cards, [index == number for index in indices], height_m)
        if len(mesh):
            file = out / f'{name}-{number}.obj'
            _write_obj(mesh, file)
            parts.append(_part(mesh, file.name, colour))
    document = {
        'name': name,
        'description': f'{name}, from {len(photos)} photographs',
        'radius_m': round(max(widest_m / 2.0, 0.05), 3),
        'height_m': height_m,
        'motion': motion,
        'parts': parts,
    }
    path = out / f'{name}.yaml'
    write_text(path, yaml.safe_dump(document, sort_keys=False))
    return PhotoTarget(path, out / sheet, _warnings(cut_outs))


def _check(count: int, height_m: float) -> None:
    if not 1 <= count <= MOST_PHOTOS or not LOWEST_M <= height_m <= TALLEST_M:
        raise ConfigError(
            f'expected 1 to {MOST_PHOTOS} photographs and the height of the object, '
            f'{LOWEST_M:g} to {TALLEST_M:g} m; got {count} and {height_m:g} m'
        )


def _warnings(cut_outs: Sequence[CutOut]) -> tuple[str, ...]:
    return tuple(f'{cut.path}: {warning}' for cut in cut_outs for warning in cut.warnings)


def _quantised(cards: list[Card]) -> tuple[FloatArray, list[IntArray]]:
    """Return a palette (K, 3), 0..1, and the number of the colour of each face; -1: no face."""
    pixels = np.concatenate([card.colour[card.solid] for card in cards]).astype(np.float32)
    if len(pixels) == 0:
        raise ConfigError('nothing is left of the object: are the photographs of it alone?')
    wanted = min(COLOURS, len(np.unique(pixels, axis=0)))
    cv2.setRNGSeed(SEED)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.5)
    initial = np.zeros((len(pixels), 1), np.int32)
    _, labels, centres = cv2.kmeans(pixels, wanted, initial, stop, 3, cv2.KMEANS_PP_CENTERS)
    numbers, indices, at = labels.ravel().astype(np.int64), [], 0
    for card in cards:
        index = np.full(card.solid.shape, -1, dtype=np.int64)
        count = int(card.solid.sum())
        index[card.solid] = numbers[at : at + count]
        indices.append(index)
        at += count
    return np.round(centres.astype(np.float64) / 255.0, 3), indices


def _write_obj(quads: FloatArray, path: Path) -> None:
    lines = [f'v {x:.6f} {y:.6f} {z:.6f}' for x, y, z in quads.reshape(-1, 3)]
    lines += [f'f {4 * k + 1} {4 * k + 2} {4 * k + 3} {4 * k + 4}' for k in range(len(quads))]
    write_text(path, '\n'.join(lines) + '\n')


def _part(quads: FloatArray, file: str, colour: FloatArray) -> dict[str, object]:
    """Return the part of a mesh, which the simulator centres and scales to its height."""
    points = quads.reshape(-1, 3)
    low, high = points.min(axis=0), points.max(axis=0)
    return {
        'shape': 'mesh',
        'file': file,
        'size_m': [float(round(high[2] - low[2], 6))],
        'position_m': [float(round(value, 6)) for value in (low + high) / 2.0],
        'colours': [[float(value) for value in colour]],
    }
