# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A cut-out as an upright card of small coloured faces, and cards as meshes."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ...arrays import BoolArray, FloatArray, Image

ROWS = 40  # faces from top to bottom
WIDEST = 80  # and at most from side to side
SOLID = 0.5  # share of the object in a face, for the face to be there


@dataclass(frozen=True)
class Card:
    """One photograph, coarse: colours of its faces, and which there are."""

    colour: Image  # (R, C, 3) RGB
    solid: BoolArray  # (R, C)
    aspect: float  # width of the object for its height


def coarse(image: Image, solid: BoolArray) -> Card:
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
    return Card(np.clip(colour, 0, 255).astype(np.uint8), weight >= SOLID, width / height)


def standing(count: int) -> tuple[tuple[int, float], ...]:
    """Return which photograph stands at which yaw (rad, 0 ahead), so that all sides show one.

    A card is seen from its front alone. Three photographs and more go around in even steps. Two
    stand back to back and again across; one stands four times.
    """
    if count > 2:
        return tuple((k, 2.0 * np.pi * k / count) for k in range(count))
    quarters = (0, 0, 1, 1) if count == 2 else (0, 0, 0, 0)
    return tuple((k, np.pi / 2.0 * turn) for turn, k in enumerate(quarters))


def faces(cards: Sequence[Card], masks: Sequence[BoolArray], height_m: float) -> FloatArray:
    """Return quads (Q, 4, 3) of the masked faces; target's frame, foot in the origin."""
    size, quads = height_m / ROWS, []
    for k, yaw in standing(len(cards)):
        across = height_m * cards[k].aspect / masks[k].shape[1]  # width of a face
        for row, first, last in _runs(masks[k]):
            side = (np.array([first, last]) - masks[k].shape[1] / 2.0) * across
            top, low = height_m - row * size, height_m - (row + 1) * size
            corners = [(side[0], low), (side[1], low), (side[1], top), (side[0], top)]
            quads.append([_placed(y, z, yaw) for y, z in corners])
    return np.array(quads, dtype=np.float64).reshape(-1, 4, 3)


def _placed(side: float, up: float, yaw: float) -> tuple[float, float, float]:
    """Turn a place on a card, seen from ahead (right positive), into the target's frame."""
    return float(-side * np.sin(yaw)), float(side * np.cos(yaw)), up


def _runs(mask: BoolArray) -> list[tuple[int, int, int]]:
    """Return (row, first column, column after the last) of every run of faces."""
    runs = []
    for row, line in enumerate(mask):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(np.int8), [0]])))
        runs += [(row, int(a), int(b)) for a, b in edges.reshape(-1, 2)]
    return runs
