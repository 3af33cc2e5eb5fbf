# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""An object cut out of a photograph, and what is doubtful about the cut.

A mask of one's own (transparency) is taken as it is. Without one the object is found by GrabCut
(Rother et al., SIGGRAPH 2004); of its edge the pixels go that look more like the background next
to them than like the object behind them.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ...arrays import BoolArray, Image
from ...errors import ConfigError, ImageError
from ...files import read_bytes
from ...pictures import decoded

LEAST_SIDE = 16  # pixels of a photograph
MOST_BYTES = 500_000_000
LONGEST_SIDE = 1600  # a larger photograph is reduced to it
GRAB_SIDE = 400  # GrabCut works on a picture of this size
BORDER = 0.04  # of a photograph without transparency: surely background
SEED = 7
LEAST_FOUND = 4  # rows and columns of an object
RIM = 0.03  # of the object's size: as wide is the edge that is compared with the background
SMALL, LARGE = 0.02, 0.7  # shares of the picture
TOUCH = 0.1  # of the object's width or height, along an edge of the picture
SECOND_PIECE = 0.05  # of the largest piece: smaller ones are crumbs
FEW_ROWS = 40  # pixels from top to bottom: as many as a card has faces
SPECK = 0.005  # of the object: smaller holes are none
STEP, LEAST_STEP = 0.02, 40.0  # of the object's size: so near to the outline; levels of 255
FAINT = 0.25  # share of the outline
WIDE_RIM = 0.2  # share of the found object that was taken off as its rim
BOX = 0.97  # share of its bounding box that the object fills
OWN_MASK = 'cut it out yourself and save it as PNG with a transparent background'


@dataclass(frozen=True)
class CutOut:
    """A photograph, upright, and where the object is in it."""

    path: Path
    image: Image  # (H, W, 3)
    solid: BoolArray  # (H, W)
    is_own_mask: bool  # the photograph's transparency
    warnings: tuple[str, ...]  # what is doubtful, and what to do; without the path

    @property
    def share(self) -> float:
        """Return the share of the picture that the object fills."""
        return float(self.solid.mean())

    def cropped(self) -> tuple[Image, BoolArray]:
        """Return picture and mask of the object's bounding box."""
        rows, columns = np.flatnonzero(self.solid.any(axis=1)), np.flatnonzero(self.solid.any(0))
        part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return np.ascontiguousarray(self.image[part]), self.solid[part]


@dataclass(frozen=True)
class _Found:
    """An object by GrabCut."""

    solid: BoolArray
    pieces: int  # of which the largest was kept
    rim: float  # share that was taken off as rim
    faint: float  # share of the outline along which both sides have one colour


def cut_out(path: Path) -> CutOut:
    """Find the object of a photograph.

    Raises:
        ConfigError: unreadable, or no object found.

    """
    try:
        picture = decoded(read_bytes(path, MOST_BYTES), str(path), LEAST_SIDE)
    except ImageError as error:
        raise ConfigError(str(error)) from error
    image = _reduced(picture.rgb)
    own = None
    if picture.opaque is not None and not picture.opaque.all():
        own = _reduced(picture.opaque.astype(np.uint8) * 255) > 127
    found = _Found(own, _pieces(own)[0], 0.0, 0.0) if own is not None else _grabbed(image)
    solid = found.solid
    if min(np.count_nonzero(solid.any(axis=1)), np.count_nonzero(solid.any(axis=0))) < LEAST_FOUND:
        raise ConfigError(
            f'{path}: no object found: have it in the middle of the picture, with background of '
            f'another colour all around it, or {OWN_MASK}'
        )
    doubts = _doubts(found, own is not None)
    if picture.further:
        doubts.append(f'the first picture of it is taken; {picture.further} more in it are not')
    return CutOut(path, image, solid, own is not None, tuple(doubts))


def _reduced(picture: Image) -> Image:
    longest = max(picture.shape[:2])
    if longest <= LONGEST_SIDE:
        return np.ascontiguousarray(picture)
    height, width = (max(round(side * LONGEST_SIDE / longest), 1) for side in picture.shape[:2])
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _pieces(solid: BoolArray) -> tuple[int, BoolArray]:
    """Return how many pieces there are, crumbs aside, and the largest of them."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8))
    if count < 2:  # the first component is the background
        return 0, solid
    areas = stats[1:, cv2.CC_STAT_AREA]
    largest = np.asarray(labels == 1 + int(np.argmax(areas)), dtype=np.bool_)
    return int(np.sum(areas >= SECOND_PIECE * areas.max())), largest


def _grabbed(image: Image) -> _Found:
    height, width = image.shape[:2]
    scale = min(1.0, GRAB_SIDE / max(height, width))
    size = max(round(width * scale), LEAST_FOUND), max(round(height * scale), LEAST_FOUND)
    small = cv2.resize(np.ascontiguousarray(image[..., ::-1]), size, interpolation=cv2.INTER_AREA)
    mask = np.zeros(small.shape[:2], np.uint8)
    x, y = (max(round(BORDER * side), 1) for side in size)
    cv2.setRNGSeed(SEED)
    memory = np.zeros((2, 1, 65))
    inside = (x, y, size[0] - 2 * x, size[1] - 2 * y)
    cv2.grabCut(small, mask, inside, memory[0], memory[1], 5, cv2.GC_INIT_WITH_RECT)
    found = (mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)
    pieces, largest = _pieces(found)
    whole = cv2.resize(largest.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    before = np.asarray(whole > 0, dtype=np.bool_)
    _, largest = _pieces(_without_rim(image, before))
    solid = _without_specks(largest)
    rim = max(1.0 - float(solid.sum()) / max(int(before.sum()), 1), 0.0)
    return _Found(solid, pieces, rim, _faint(image, solid))


def _without_specks(solid: BoolArray) -> BoolArray:
    """Fill small holes: specks of the search; a handle's or a frame's stay."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        (~solid).astype(np.uint8), connectivity=4
    )
    is_speck = stats[:, cv2.CC_STAT_AREA] < SPECK * float(solid.sum())
    is_speck[0] = False  # the object itself
    return np.asarray(solid | is_speck[labels], dtype=np.bool_)


def _faint(image: Image, solid: BoolArray) -> float:
    """Return the share of the outline without a step of colour."""
    if not solid.any():
        return 0.0
    reach = max(2, round(STEP * math.sqrt(int(solid.sum()))))
    inner, _ = _near(image, solid, reach)
    outer, _ = _near(image, ~solid, reach)
    mask = solid.astype(np.uint8)
    is_outline = solid & (cv2.erode(mask, np.ones((3, 3), np.uint8), borderValue=1) == 0)
    steps = np.linalg.norm(inner - outer, axis=2)[is_outline]
    return float(np.mean(steps < LEAST_STEP)) if len(steps) else 0.0


def _without_rim(image: Image, solid: BoolArray) -> BoolArray:
    """Take off the edge's pixels that look more like the background than like the object."""
    if not solid.any():
        return solid
    band = max(2, round(RIM * math.sqrt(int(solid.sum()))))
    left, top, width, height = cv2.boundingRect(solid.astype(np.uint8))
    part = np.s_[max(top - 4 * band, 0) : top + height + 4 * band,
                 max(left - 4 * band, 0) : left + width + 4 * band]  # fmt: skip
    kept = solid.copy()
    kept[part] = _inner(image[part], solid[part], band)
    return kept


def _inner(image: Image, solid: BoolArray, band: int) -> BoolArray:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * band + 1, 2 * band + 1))
    core = cv2.erode(solid.astype(np.uint8), disc) > 0
    object_colour, is_object_near = _near(image, np.asarray(core), 3 * band)
    ground_colour, is_ground_near = _near(image, ~solid, 3 * band)
    pixels = image.astype(np.float32)
    to_object = np.linalg.norm(pixels - object_colour, axis=2)
    to_ground = np.linalg.norm(pixels - ground_colour, axis=2)
    is_rim = ~core & is_object_near & is_ground_near & (to_ground < to_object)
    return np.asarray(solid & ~is_rim, dtype=np.bool_)


def _near(image: Image, where: BoolArray, reach: int) -> tuple[np.ndarray, BoolArray]:
    """Return the mean colour (H, W, 3) of the marked pixels around each, and where there are."""
    size = (2 * reach + 1, 2 * reach + 1)
    weight = cv2.blur(where.astype(np.float32), size)
    sums = cv2.blur(image.astype(np.float32) * where[..., None], size)
    is_near = np.asarray(weight > 0.5 / (size[0] * size[1]), dtype=np.bool_)
    return sums / np.maximum(weight, 1e-6)[..., None], is_near


def _doubts(found: _Found, is_own: bool) -> list[str]:
    """Return a sentence for all that is doubtful: the finding, then what to do."""
    solid, doubts = found.solid, []
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    height, width, share = np.ptp(rows) + 1, np.ptp(columns) + 1, float(solid.mean())
    if share < SMALL and not is_own:
        doubts.append(
            f'the object fills {share:.1%} of the picture: crop the picture around it, or '
            f'{OWN_MASK}'
        )
    if share > LARGE and not is_own:
        doubts.append(
            f'the cut-out fills {share:.0%} of the picture: leave background all around the '
            f'object, or {OWN_MASK}'
        )
    if height < FEW_ROWS:
        doubts.append(
            f'the object is {height} pixels high, expected {FEW_ROWS} or more: take a photograph '
            'from nearer, or of a higher resolution'
        )
    sides = _touched(solid, is_own)
    if sides:
        doubts.append(
            f'the cut-out touches the edge of the picture ({", ".join(sides)}): have the whole '
            'object in the picture, with background all around it'
        )
    if found.pieces > 1:
        kept = 'all are kept' if is_own else 'the largest is kept'
        doubts.append(
            f'the cut-out has {found.pieces} pieces, {kept}: if that is wrong, have one object in '
            f'the picture, or {OWN_MASK}'
        )
    if found.rim > WIDE_RIM:
        doubts.append(
            f'{found.rim:.0%} of the cut-out looked like the background and were taken off as its '
            'rim: if a part of the object is missing, take the photograph in front of another '
            f'colour, or {OWN_MASK}'
        )
    if found.faint > FAINT:
        doubts.append(
            f'along {found.faint:.0%} of the outline both sides have the same colour: compare the '
            f'cut-out with the object; if it is wrong, take another background, or {OWN_MASK}'
        )
    if not is_own and share > SMALL and float(solid.sum()) > BOX * height * width:
        doubts.append(
            f'the cut-out is a rectangle: unless the object is a box, {OWN_MASK}'
        )  # fmt: skip
    return doubts


def _touched(solid: BoolArray, is_own: bool) -> list[str]:
    """Return the edges that the object runs along; without an own mask, those of the search."""
    x, y = (0, 0) if is_own else (round(BORDER * side) + 1 for side in solid.shape[::-1])
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    lines = {
        'left': (solid[:, : x + 1], 1, len(rows)),
        'right': (solid[:, solid.shape[1] - x - 1 :], 1, len(rows)),
        'top': (solid[: y + 1], 0, len(columns)),
        'bottom': (solid[solid.shape[0] - y - 1 :], 0, len(columns)),
    }
    return [
        side
        for side, (strip, axis, extent) in lines.items()
        if np.count_nonzero(strip.any(axis=axis)) > TOUCH * extent
    ]
