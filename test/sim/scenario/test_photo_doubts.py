# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Thin things, a photograph twice and a shell's order are told before anything is trained."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.sim.scenario.card import coarse
from liquid_drone.sim.scenario.cut_out import cut_out
from liquid_drone.sim.scenario.photo_doubts import is_mask, order_doubts, thin_doubts
from liquid_drone.sim.scenario.target_from_photos import target_from_photos

SIDE = 800
BLANK = np.zeros((SIDE, SIDE), np.uint8)


def legs(wide: int) -> np.ndarray:
    """Draw a tripod: a head and three legs."""
    mask = cv2.circle(BLANK.copy(), (400, 150), 40, 255, -1)
    for x in (200, 400, 600):
        cv2.line(mask, (400, 180), (x, 780), 255, wide)
    return mask


def wheels(wide: int) -> np.ndarray:
    mask = cv2.circle(BLANK.copy(), (220, 400), 180, 255, wide)
    return cv2.circle(mask, (580, 400), 180, 255, wide)


def net(wide: int) -> np.ndarray:
    mask = BLANK.copy()
    for at in range(50, 760, 4 * wide):
        mask[at : at + wide, 50:750] = mask[50:750, at : at + wide] = 255
    return mask


@pytest.mark.parametrize('draw', [legs, wheels, net])
@settings(max_examples=10, deadline=None)
@given(wide=st.integers(2, 6))
def test_what_is_too_thin_for_a_card_is_told(draw: Callable[[int], np.ndarray], wide: int) -> None:
    """Of a tripod the head was left, hanging in the air."""
    solid = draw(wide) > 0
    image = np.full((*solid.shape, 3), 200, np.uint8)
    doubts = thin_doubts(coarse(image, solid), solid)
    assert any('1/40 of its height' in doubt and 'as parts' in doubt for doubt in doubts)


@settings(max_examples=20, deadline=None)
@given(
    high=st.integers(60, 800),
    wide=st.integers(60, 800),
    turn=st.integers(0, 89),
    is_round=st.booleans(),
)
def test_what_is_compact_is_not_doubted(high: int, wide: int, turn: int, is_round: bool) -> None:
    canvas = np.zeros((1200, 1200), np.uint8)
    if is_round:
        cv2.ellipse(canvas, (600, 600), (wide // 2, high // 2), turn, 0, 360, 255, -1)
    else:
        corners = cv2.boxPoints(((600, 600), (wide, high), turn)).astype(np.int32)
        cv2.fillPoly(canvas, [corners], 255)
    solid = canvas > 0
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    part = solid[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert thin_doubts(coarse(np.zeros((*part.shape, 3), np.uint8), part), part) == []


def written(path: Path, mask: np.ndarray, colour: tuple[int, int, int]) -> Path:
    pixels = np.dstack([np.full((*mask.shape, 3), colour, np.uint8), mask])
    cv2.imwrite(str(path), pixels)
    return path


def test_the_warnings_come_with_the_others(tmp_path: Path) -> None:
    tripod = written(tmp_path / 'a.png', legs(6), (0, 0, 200))
    again = written(tmp_path / 'b.png', legs(6), (0, 0, 200))
    other = written(
        tmp_path / 'c.png', cv2.circle(BLANK.copy(), (400, 400), 300, 255, -1), (9, 9, 9)
    )
    assert cut_out(tripod).warnings == ()
    made = target_from_photos([tripod, again, other], 'tripod', 1.0, tmp_path / 'out')
    told = [warning.split(': ', 1)[0] for warning in made.warnings]
    assert told == [str(tripod), str(again), str(again)]
    assert 'the same picture as a.png' in made.warnings[-1]
    mask = tmp_path / 'mask.png'
    cv2.imwrite(str(mask), cv2.circle(BLANK.copy(), (400, 400), 200, 255, -1))
    made = target_from_photos([mask], 'masked', 1.0, tmp_path / 'other')
    assert 'two greys alone, as a mask is' in made.warnings[-1]


@pytest.mark.parametrize(
    ('names', 'is_told'),
    [
        ('p1 p10 p2', True),
        ('p1 p2 p10', False),
        ('p01 p02 p10', False),
        ('front left back', False),
        ('back front left', False),
        ('IMG_9 IMG_8 IMG_10', False),  # an order of one's own
        ('p1', False),
    ],
)
def test_the_order_of_a_shell_is_told(names: str, is_told: bool) -> None:
    doubts = order_doubts([Path(f'photos/{name}.png') for name in names.split()])
    assert bool(doubts) is is_told
    assert not doubts or 'p1.png, p10.png, p2.png' in doubts[0]


@given(
    st.integers(0, 2**16),
    st.sampled_from([(0, 255), (255, 0), (0, 1), (20, 90)]),
    st.sampled_from(['.png', '.jpg', '.bmp']),
    st.booleans(),
)
def test_a_mask_beside_the_photographs_is_told(
    seed: int, levels: tuple[int, int], kind: str, is_photo: bool
) -> None:
    """Data sets have their masks in files of their own (Mask_RCNN 2784): a white target came."""
    rng = np.random.default_rng(seed)
    shape = cv2.circle(np.zeros((160, 200), np.uint8), (100, 80), int(rng.integers(15, 70)), 1, -1)
    pixels = np.where(shape > 0, levels[1], levels[0]).astype(np.uint8)
    if is_photo:  # of a grey thing, before something grey
        pixels = (pixels * 0.8 + 20 + rng.normal(0, 7, pixels.shape)).clip(0, 255).astype(np.uint8)
    stored = cv2.imencode(kind, np.dstack([pixels] * 3))[1]
    assert is_mask(cv2.imdecode(stored, cv2.IMREAD_COLOR)) is not is_photo
