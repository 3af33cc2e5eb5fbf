# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Paint the ground, the foliage and the far edge of the forest from a season's colours."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from .config import Season
from .meshes import value_noise
from .world import Layout

Picture = npt.NDArray[np.uint8]  # (H, W, 3) RGB
GROUND_PIXELS = 1024
PATH_WIDTH_M = 1.3


def save(picture: Picture, path: Path) -> str:
    """Write a picture as PNG and return its path."""
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return str(path)


def ground(
    season: Season, layout: Layout, centre: npt.NDArray[np.float64], half_size: float
) -> Picture:
    """Blend the ground's colours by noise and paint the path along the route."""
    rng = np.random.default_rng([layout.seed, 2])
    size = GROUND_PIXELS
    picture = np.zeros((size, size, 3))
    patches = value_noise(rng, size, 24)
    colours = np.array(season.ground)
    place = np.clip((patches - 0.25) * 2.0, 0.0, 0.999) * (len(colours) - 1)
    index = place.astype(int)
    fraction = (place - index)[..., None]
    after = np.minimum(index + 1, len(colours) - 1)
    picture = colours[index] * (1 - fraction) + colours[after] * fraction
    path = _path_mask(layout, centre, half_size)[..., None]
    picture = picture * (1 - 0.75 * path) + np.array(season.path) * 0.75 * path
    grain = 0.8 + 0.4 * rng.random((size, size, 1))
    return _to_bytes(picture * grain)


def _path_mask(
    layout: Layout, centre: npt.NDArray[np.float64], half_size: float
) -> npt.NDArray[np.float64]:
    """Return 1 on the path, 0 off it; rows run along -y so that texture v follows +y."""
    scale = GROUND_PIXELS / (2.0 * half_size)
    pixels = (layout.route.position - centre[:2] + half_size) * scale
    pixels[:, 1] = GROUND_PIXELS - pixels[:, 1]
    mask = np.zeros((GROUND_PIXELS, GROUND_PIXELS), np.uint8)
    width = max(1, round(PATH_WIDTH_M * scale))
    cv2.polylines(mask, [pixels.astype(np.int32)], False, 255, width)
    blurred = cv2.GaussianBlur(mask, (0, 0), 2.0)
    return blurred.astype(np.float64) / 255.0


def foliage(rng: np.random.Generator, colour: npt.ArrayLike, contrast: float = 0.55) -> Picture:
    """Return leaves seen from afar: one colour, its brightness broken up by noise."""
    light = 1.0 - contrast / 2 + contrast * (value_noise(rng, 64, 8, 3)[..., None] - 0.5) * 2.0
    return _to_bytes(np.asarray(colour, dtype=np.float64) * light)


def treeline(rng: np.random.Generator, season: Season) -> Picture:
    """Return the far edge of the forest: dark trunks below, crowns above."""
    size = 128
    colours = np.array(season.broadleaf + season.conifer)
    picture = np.repeat(colours[rng.integers(0, len(colours), size)][None], size, axis=0) * 0.75
    picture *= 0.7 + 0.6 * value_noise(rng, size, 16, 3)[..., None]
    return _to_bytes(picture)


def _to_bytes(picture: npt.NDArray[np.float64]) -> Picture:
    return (np.clip(picture, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
