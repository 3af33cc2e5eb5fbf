# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A target from a few photographs: the object is cut out and stands in the simulator as cards.

Each photograph becomes an upright card as tall as the object, made of small coloured faces;
several cards cross in the middle, each facing the side that it was taken from. So size, distance,
what hides it and every label are the simulator's own. The photograph's light stays in it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import yaml

from ...arrays import FloatArray
from ...errors import ConfigError, ImageError
from ...files import as_name, read_bytes, write_text
from ...pictures import decoded
from ...results import claim

ROWS = 40  # faces from top to bottom
WIDEST = 80  # and at most from side to side
COLOURS = 10  # of all photographs together
LEAST_SIDE = 16  # pixels of a photograph
MOST_PHOTO_BYTES = 500_000_000
MOST_KEPT = 16_000_000  # pixels of a photograph; of a larger one each second or third
LOWEST_M, TALLEST_M = 0.02, 20.0
SOLID = 0.5  # share of the object in a face, for the face to be there
BORDER = 0.04  # of a photograph without transparency: surely background
SEED = 7


@dataclass(frozen=True)
class Card:
    """One photograph, coarse: colours of its faces, and which there are."""

    colour: npt.NDArray[np.uint8]  # (R, C, 3) RGB
    solid: npt.NDArray[np.bool_]  # (R, C)


def target_from_photos(
    photos: Sequence[Path], name: str, height_m: float, out: Path, motion: str = 'walk'
) -> Path:
    """Write ``<name>.yaml`` and its meshes; return the YAML file.

    Args:
        photos: of the object alone, upright, taken from its level: PNG with a transparent
            background, or any picture with the object in the middle and background all around.
            One: it looks alike from both sides. Several: the front first, then its left side and
            on around, in even steps.
        name: of the target.
        height_m: of the object.
        out: directory to write to.
        motion: how it moves, see ``docs/WORLDS.md``.

    Raises:
        ConfigError: no photographs, one that cannot be read, or nothing found in it.

    """
    if not photos or not LOWEST_M <= height_m <= TALLEST_M:
        raise ConfigError(
            f'expected one photograph or more and the height of the object, {LOWEST_M:g} to '
            f'{TALLEST_M:g} m; got {len(photos)} and {height_m:g} m'
        )
    name = as_name(name)
    claim(out, [f'{name}.yaml', *(f'{name}-{number}.obj' for number in range(COLOURS))])
    cards = [coarse(*cut_out(path)) for path in photos]
    palette, indices = _quantised(cards)
    parts = []
    for number, colour in enumerate(palette):
        mesh = _faces([index == number for index in indices], height_m)
        if len(mesh):
            file = out / f'{name}-{number}.obj'
            _write_obj(mesh, file)
            parts.append(_part(mesh, file.name, colour))
    widest_m = max(card.solid.shape[1] for card in cards) * height_m / ROWS
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
    return path


def cut_out(path: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Return the RGB picture (H, W, 3) and where the object is (H, W), cropped to the object.

    A transparent background is taken as it is; otherwise it is found by GrabCut (Rother et al.,
    SIGGRAPH 2004).

    Raises:
        ConfigError: unreadable, or no object found.

    """
    try:
        picture = decoded(read_bytes(path, MOST_PHOTO_BYTES), str(path), LEAST_SIDE)
    except ImageError as error:
        raise ConfigError(str(error)) from error
    step = math.ceil(math.sqrt(picture.rgb[..., 0].size / MOST_KEPT))
    image = np.ascontiguousarray(picture.rgb[::step, ::step])
    solid = None if picture.opaque is None else picture.opaque[::step, ::step]
    if solid is None:
        solid = _grab(np.ascontiguousarray(image[..., ::-1]))
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if len(rows) < 4 or len(columns) < 4:
        raise ConfigError(
            f'{path}: no object found; cut it out yourself and save it as PNG with a transparent '
            'background'
        )
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.ascontiguousarray(image[part]), solid[part]


def _grab(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    height, width = image.shape[:2]
    scale = min(1.0, 400.0 / max(height, width))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    mask = np.zeros(small.shape[:2], np.uint8)
    x, y = round(BORDER * small.shape[1]), round(BORDER * small.shape[0])
    inside = (x, y, small.shape[1] - 2 * x, small.shape[0] - 2 * y)
    cv2.setRNGSeed(SEED)
    memory = np.zeros((2, 1, 65))
    cv2.grabCut(small, mask, inside, memory[0], memory[1], 5, cv2.GC_INIT_WITH_RECT)
    found = ((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(found)
    if count > 1:  # crumbs of the background go
        found = (labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))).astype(np.uint8)
    whole = cv2.resize(found, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(whole > 0, dtype=np.bool_)


def coarse(image: npt.NDArray[np.uint8], solid: npt.NDArray[np.bool_]) -> Card:
    """Return a picture as ``ROWS`` rows of faces, each of the mean colour of the object in it."""
    height, width = solid.shape
    columns = min(max(round(width * ROWS / height), 1), WIDEST)
    weight = cv2.resize(solid.astype(np.float32), (columns, ROWS), interpolation=cv2.INTER_AREA)
    masked = image.astype(np.float32) * solid[..., None]
    sums = cv2.resize(masked, (columns, ROWS), interpolation=cv2.INTER_AREA).reshape(
        ROWS, columns, 3
    )
    weight = weight.reshape(ROWS, columns)
    colour = sums / np.maximum(weight, 1e-3)[..., None]
    return Card(np.clip(colour, 0, 255).astype(np.uint8), weight >= SOLID)


def _quantised(cards: list[Card]) -> tuple[FloatArray, list[npt.NDArray[np.int64]]]:
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


def _faces(masks: list[npt.NDArray[np.bool_]], height_m: float) -> FloatArray:
    """Return quads (Q, 4, 3) of one colour on all cards; target's frame, foot in the origin."""
    size, quads = height_m / ROWS, []
    for k, mask in enumerate(masks):
        yaw = 2.0 * np.pi * k / len(masks)  # the card's front looks there: 0 is ahead
        for row, first, last in _runs(mask):
            side = (np.array([first, last]) - mask.shape[1] / 2.0) * size
            top, low = height_m - row * size, height_m - (row + 1) * size
            corners = [(side[0], low), (side[1], low), (side[1], top), (side[0], top)]
            quads.append([_placed(y, z, yaw) for y, z in corners])
            if len(masks) == 1:  # the back is the front, mirrored
                quads.append([_placed(y, z, yaw) for y, z in reversed(corners)])
    return np.array(quads, dtype=np.float64).reshape(-1, 4, 3)


def _placed(side: float, up: float, yaw: float) -> tuple[float, float, float]:
    """Turn a place on a card, seen from ahead (right positive), into the target's frame."""
    return float(-side * np.sin(yaw)), float(side * np.cos(yaw)), up


def _runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Return (row, first column, column after the last) of every run of faces."""
    runs = []
    for row, line in enumerate(mask):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(np.int8), [0]])))
        runs += [(row, int(a), int(b)) for a, b in edges.reshape(-1, 2)]
    return runs


def _write_obj(quads: FloatArray, path: Path) -> None:
    lines = [f'v {x:.4f} {y:.4f} {z:.4f}' for x, y, z in quads.reshape(-1, 3)]
    lines += [f'f {4 * k + 1} {4 * k + 2} {4 * k + 3} {4 * k + 4}' for k in range(len(quads))]
    write_text(path, '\n'.join(lines) + '\n')


def _part(quads: FloatArray, file: str, colour: FloatArray) -> dict[str, object]:
    """Return the part of a mesh, which the simulator centres and scales to its height."""
    points = quads.reshape(-1, 3)
    low, high = points.min(axis=0), points.max(axis=0)
    return {
        'shape': 'mesh',
        'file': file,
        'size_m': [float(round(high[2] - low[2], 4))],
        'position_m': [float(round(value, 4)) for value in (low + high) / 2.0],
        'colours': [[float(value) for value in colour]],
    }
