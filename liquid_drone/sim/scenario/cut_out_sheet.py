# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The cut-outs of photographs as one picture: outline, cut-out, card, and what is doubtful."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ...arrays import BoolArray, Image
from ...files import written
from .card import Card
from .cut_out import CutOut

PANE = 300  # pixels along each side
COLUMNS = 2  # photographs beside each other
LINE, LETTERS = 18, 128  # height of a line of text, letters in it
OUTLINE = (255, 0, 255)
SQUARE, LIGHT, DARK = 12, 225, 190  # of the chequered ground
BLACK, WARNING = (20, 20, 20), (190, 30, 20)


def write_cut_out_sheet(cut_outs: Sequence[CutOut], cards: Sequence[Card], path: Path) -> None:
    """Write a PNG; each photograph with its outline, its cut-out and its card.

    Raises:
        OutputError: it cannot be written.

    """
    page = cut_out_sheet(cut_outs, cards)
    data = cv2.imencode('.png', page[..., ::-1])[1].tobytes()
    written(path, lambda aside: aside.write_bytes(data))


def cut_out_sheet(cut_outs: Sequence[CutOut], cards: Sequence[Card]) -> Image:
    """Return the sheet (h, w, 3)."""
    panes = [
        _pane(number, cut, card)
        for number, (cut, card) in enumerate(zip(cut_outs, cards, strict=True), 1)
    ]
    rows = [panes[at : at + COLUMNS] for at in range(0, len(panes), COLUMNS)]
    return np.vstack([_beside(row, min(COLUMNS, len(panes))) for row in rows])


def _beside(row: Sequence[Image], columns: int) -> Image:
    height = max(len(pane) for pane in row)
    page = np.full((height, columns * row[0].shape[1], 3), 255, np.uint8)
    for index, pane in enumerate(row):
        page[: len(pane), index * pane.shape[1] : (index + 1) * pane.shape[1]] = pane
    return page


def _pane(number: int, cut: CutOut, card: Card) -> Image:
    source = 'own mask' if cut.is_own_mask else 'GrabCut'
    title = f'{number}: {cut.path.name}  {source}, {cut.share:.0%} of the picture'
    lines = [title, *(f'! {warning}' for warning in cut.warnings)]
    text = [
        (part, BLACK if index == 0 else WARNING)
        for index, line in enumerate(lines)
        for part in textwrap.wrap(line, LETTERS)
    ]
    image, solid = cut.cropped()
    pictures = np.hstack(
        [
            _fitted(_outlined(cut), np.ones(cut.solid.shape, np.bool_), cv2.INTER_AREA),
            _fitted(image, solid, cv2.INTER_AREA),
            _fitted(card.colour, card.solid, cv2.INTER_NEAREST),
        ]
    )
    head = np.full((LINE * len(text) + 8, pictures.shape[1], 3), 255, np.uint8)
    for index, (words, colour) in enumerate(text):
        ascii_words = words.encode('ascii', 'replace').decode()
        where = (6, LINE * (index + 1))
        cv2.putText(
            head, ascii_words, where, cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv2.LINE_AA
        )
    return np.vstack([head, pictures])


def _outlined(cut: CutOut) -> Image:
    shown = cut.image.copy()
    edges, _ = cv2.findContours(
        cut.solid.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    thick = max(1, round(max(cut.solid.shape) / PANE * 2))
    cv2.drawContours(shown, edges, -1, OUTLINE, thick)
    return shown


def _fitted(image: Image, solid: BoolArray, method: int) -> Image:
    """Return a square pane with the picture as large as fits, on a chequered ground."""
    scale = (PANE - 8) / max(solid.shape)
    size = tuple(max(round(side * scale), 1) for side in solid.shape[::-1])
    large = cv2.resize(image, size, interpolation=method).reshape(size[1], size[0], 3)
    mask = cv2.resize(solid.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    pane = _chequered()
    top, left = (PANE - size[1]) // 2, (PANE - size[0]) // 2
    part = pane[top : top + size[1], left : left + size[0]]
    part[...] = np.where(mask.reshape(size[1], size[0], 1) > 0, large, part)
    return pane


def _chequered() -> Image:
    at = np.arange(PANE) // SQUARE
    is_light = (at[:, None] + at[None, :]) % 2 == 0
    return np.repeat(np.where(is_light, LIGHT, DARK).astype(np.uint8)[..., None], 3, axis=2)
