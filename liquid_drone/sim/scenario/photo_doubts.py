# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What is doubtful about photographs of a target together, and about the cards made of them."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from ...arrays import BoolArray, Image
from .card import ROWS, Card
from .cut_out import CutOut

MOST_LOST, MOST_CLOSED = 0.1, 0.3  # shares of the object; of compact things 0.03 and 0.04
GREY, LEVELS, MASK_SHARE = 8, 4, 0.97  # levels of 255, twice, and share of the pixels of a mask
AS_PARTS = 'see the sheet, and describe the object as parts (docs/WORLDS.md) or draw a mask'


def with_doubts(cut_outs: Sequence[CutOut], cards: Sequence[Card]) -> list[CutOut]:
    """Return the cut-outs with the warnings that each has as a card and beside the others."""
    of_all = [
        thin_doubts(card, cut.cropped()[1]) for cut, card in zip(cut_outs, cards, strict=True)
    ]
    for index, cut in enumerate(cut_outs):
        same = next(
            (one for one in cut_outs[:index] if np.array_equal(one.image, cut.image)), None
        )
        if same is not None:
            of_all[index].append(
                f'it is the same picture as {same.path.name}, and each stands for another side: '
                'leave one of them out'
            )
        if not cut.is_own_mask and is_mask(cut.image):
            of_all[index].append(
                'it is of two greys alone, as a mask is and no photograph: give the photograph; '
                'its mask belongs into its transparency (one PNG)'
            )
    of_all[0] += order_doubts([cut.path for cut in cut_outs])
    return [
        replace(cut, warnings=(*cut.warnings, *doubts))
        for cut, doubts in zip(cut_outs, of_all, strict=True)
    ]


def is_mask(image: Image) -> bool:
    """Tell whether a picture (H, W, 3) is of two greys alone, as masks of other programs are."""
    if np.mean(np.ptp(image, axis=2) <= GREY) < MASK_SHARE:
        return False
    counts = np.bincount(image[..., 1].ravel(), minlength=256)
    two = np.sort(counts)[-2:]
    if two[0] and two.sum() >= MASK_SHARE * counts.sum():
        return True  # levels as near as 0 and 1, too
    shares = []
    for _ in range(2):
        level = int(np.argmax(counts))
        around = np.s_[max(level - LEVELS, 0) : level + LEVELS + 1]
        shares.append(counts[around].sum() / image[..., 1].size)
        counts[around] = 0
    return bool(sum(shares) >= MASK_SHARE and min(shares) > 0.0)


def thin_doubts(card: Card, solid: BoolArray) -> list[str]:
    """Tell what of an object (H, W) its card of coarse faces has not, or closes."""
    size = solid.shape[1], solid.shape[0]
    shown = cv2.resize(card.solid.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    whole = max(int(solid.sum()), 1)
    lost = int((solid & ~shown).sum()) / whole
    closed = int((shown & ~solid).sum()) / whole
    doubts = []
    if lost > MOST_LOST:
        doubts.append(
            f'{lost:.0%} of the object is thinner than 1/{ROWS} of its height and is missing on '
            f'its card: {AS_PARTS} in which the thin parts are thicker'
        )
    if closed > MOST_CLOSED:
        doubts.append(
            f'gaps in the object are narrower than 1/{ROWS} of its height, and its card covers '
            f'{closed:.0%} more than it: {AS_PARTS} in which they are wider'
        )
    return doubts


def order_doubts(paths: Sequence[Path]) -> list[str]:
    """Tell where a shell has put 10 before 2: photographs stand around in their order."""
    names = [str(path) for path in paths]
    if names != sorted(names) or names == sorted(names, key=_by_numbers):
        return []
    return [
        f'the photographs stand in the order {", ".join(path.name for path in paths)}: a shell '
        'puts 10 before 2; name them 01, 02 and so on, or give them in their order'
    ]


def _by_numbers(name: str) -> list[tuple[str, int]]:
    return [(word, int(part or 0)) for word, part in re.findall(r'(\D*)(\d*)', name)]
