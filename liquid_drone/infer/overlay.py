# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A frame with what a method answered drawn over it; several frames as a sheet."""

import math
import unicodedata
from collections.abc import Sequence

import cv2
import numpy as np

from ..arrays import FourFloats, Image
from ..contract import SEEN_PROBABILITY, Belief
from .frame_answer import FrameAnswer

PANE = (512, 288)  # width, height: twice the policy's picture
CYAN = (90, 220, 230)
GREEN, RED, YELLOW, WHITE, BLACK = (
    (110, 220, 120),
    (230, 60, 50),
    (255, 210, 60),
    (255, 255, 255),
    (20, 20, 20),
)
BASE = PANE[0] // 2, PANE[1] - 56  # where the arrows begin
PIXELS_PER_M_S = 55.0
PIXELS_PER_M, MOST_SHOWN_M = 14.0, 12.0  # of the place where the target is believed
MARK = 14  # half the side of the target's mark
PAGE_WIDTH, MOST_CELLS = 1536, 60
BAR = 120  # width of the bar that shows the probability


def annotated(answer: FrameAnswer, title: str, is_seen: bool) -> Image:
    """Return the frame (288, 512, 3): target mark, probability, proposed and allowed command.

    The yellow arrow is the proposal, the green one what the guard's limits let through; up is
    forward. The circle is where the target is believed to be, seen from above.
    """
    enlarged = cv2.resize(answer.image, PANE, interpolation=cv2.INTER_LINEAR)
    pane: Image = np.ascontiguousarray(enlarged, dtype=np.uint8)
    if is_seen:
        mark_target(pane, answer.bearing, answer.elevation)
    cv2.rectangle(pane, (8, 34), (8 + BAR, 44), BLACK, -1)
    tip = 8 + round(BAR * answer.probability)
    cv2.rectangle(pane, (8, 34), (tip, 44), GREEN if is_seen else RED, -1)
    write(pane, f'{title}  {answer.name}', (8, 24))
    write(pane, f'{answer.probability:.2f}', (16 + BAR, 45), GREEN if is_seen else RED)
    if answer.belief is not None:
        _believed(pane, answer.belief)
    if answer.allowed is not None:
        _arrow(pane, answer.allowed, GREEN)
    if answer.command is not None:
        _arrow(pane, answer.command, YELLOW)
        vx, vy, vz, turn = answer.command
        words = f'{vx:+.1f} {vy:+.1f} {vz:+.1f} m/s  {turn:+.1f} rad/s'
        write(pane, words, (8, PANE[1] - 12), YELLOW)
    return pane


def mark_target(pane: Image, bearing: float, elevation: float) -> None:
    """Draw a box into a picture (H, W, 3) where the target was seen, -1..1 right and up."""
    height, width = pane.shape[:2]
    x = round((bearing + 1.0) / 2.0 * width)
    y = round((1.0 - elevation) / 2.0 * height)
    half = round(MARK * width / PANE[0])
    cv2.rectangle(pane, (x - half, y - half), (x + half, y + half), GREEN, 2)


def sheet(panes: Sequence[Image]) -> Image:
    """Lay panes of one size in rows, three of one method."""
    height, width = panes[0].shape[:2]
    columns = min(max(PAGE_WIDTH // width, 1), len(panes))
    rows = -(-len(panes) // columns)
    page = np.full((rows * height, columns * width, 3), 255, np.uint8)
    for index, pane in enumerate(panes):
        row, column = divmod(index, columns)
        page[row * height : (row + 1) * height, column * width : (column + 1) * width] = pane
    return page


def _arrow(pane: Image, command: FourFloats, colour: tuple[int, int, int]) -> None:
    vx, vy, _, turn = command
    x, y = BASE
    tip = round(x - PIXELS_PER_M_S * vy), round(y - PIXELS_PER_M_S * vx)
    cv2.arrowedLine(pane, BASE, tip, colour, 2, cv2.LINE_AA, tipLength=0.25)
    cv2.ellipse(pane, BASE, (30, 30), 0, -90, -90 - 60 * turn, colour, 2, cv2.LINE_AA)


def _believed(pane: Image, belief: Belief) -> None:
    """Draw where the target is believed, from above, around the beginning of the arrows."""
    words = f'believed {belief.probability:.2f}, {belief.distance_m:.1f} m'
    write(pane, words, (8, 64), CYAN)
    if belief.probability < SEEN_PROBABILITY:
        return
    away = PIXELS_PER_M * min(belief.distance_m, MOST_SHOWN_M)
    x, y = (
        BASE[0] - away * math.sin(belief.bearing_rad),
        BASE[1] - away * math.cos(belief.bearing_rad),
    )
    cv2.circle(pane, (round(x), round(y)), 7, CYAN, 2, cv2.LINE_AA)


def write(
    pane: Image, words: str, where: tuple[int, int], colour: tuple[int, int, int] = WHITE
) -> None:
    """Write words into a picture (H, W, 3), from a point on."""
    words = unicodedata.normalize('NFKD', words).encode('ascii', 'ignore').decode()  # the font's
    for shade, shift in ((BLACK, 1), (colour, 0)):
        point = where[0] + shift, where[1] + shift
        cv2.putText(pane, words, point, cv2.FONT_HERSHEY_SIMPLEX, 0.5, shade, 1, cv2.LINE_AA)
