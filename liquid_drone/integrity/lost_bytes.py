# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures that lost bytes between sensor and here, told by what decoders put in their place.

A USB cable or hub that loses packets leaves a JPEG with its begin and its end. Without its rest it
is grey from some row on. Without some bytes of its middle the decoder finds its way again in the
wrong place: all that follows is shifted and of other colours, and only the last blocks, for which
nothing is left, are grey. No decoder that is used here tells of it in flight.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..arrays import Image

FILLS = 128, 130  # of JPEG decoders for what was lost: as RGB, and read as YUV of video levels
FILLED_ROWS = 8  # a row of blocks
# What zeros in YUV, a buffer that was not filled, become by OpenCV and by others; the two others
# are 0. By so much a JPEG of it differs.
EMPTY_GREENS, EMPTY_MARGIN = (154, 135), 2
BLOCK, BLOCK_ROWS = 8, 16  # of a JPEG, px; bars of a letterbox may differ by less than the latter
LEAK = 2  # px by which the colours of a neighbouring block reach into one
LEAST_RUN = 14  # px of grey in the last rows: a block of 16 without the leak
EDGE = 6  # by which what lies above differs, at least: smooth grey ground goes on there
START, BASELINE, SCAN, INTERVAL = 0xFFD8, (0xFFC0, 0xFFC1), 0xFFDA, 0xFFDD  # markers of a JPEG


def is_filled(image: Image) -> bool:
    """Tell whether a picture (H, W, 3) or (H, W), uint8, ends in what stands for lost bytes.

    That is the grey of JPEG decoders, in whole rows or in the last blocks alone, or the dark green
    of a buffer of YUV that was not filled to its end. No camera sees that. Bars of that colour
    above and below, about as high as each other, are a letterbox.
    """
    if image.shape[0] <= FILLED_ROWS:
        return False
    for colour, margin in _fills(image):
        if not _is_all(image[-FILLED_ROWS:], colour, margin).all():
            if margin == 0 and _has_last_blocks_of(image, colour):
                return True
            continue
        is_fill = _is_all(image, colour, margin)
        above, below = int(np.argmin(is_fill)), int(np.argmin(is_fill[::-1]))
        return not is_fill.all() and (above < FILLED_ROWS or below - above >= BLOCK_ROWS)
    return False


def _fills(image: Image) -> Iterator[tuple[Any, int]]:
    """Yield the colours that the last pixel may have of lost bytes, with their margins."""
    last = np.atleast_1d(image[-1, -1]).astype(int)
    for grey in FILLS:
        if (last == grey).all():
            yield grey, 0
    for green in EMPTY_GREENS if last.size == 3 else ():
        colour = np.array([0, green, 0])
        if (abs(last - colour) <= EMPTY_MARGIN).all():
            yield colour, EMPTY_MARGIN


def _is_all(rows: Image, colour: Any, margin: int) -> Any:
    """Tell of each row whether it is of one colour."""
    apart = np.abs(rows.reshape(rows.shape[0], -1, *rows.shape[2:]).astype(np.int16) - colour)
    return (apart <= margin).reshape(rows.shape[0], -1).all(axis=1)


def _has_last_blocks_of(image: Image, grey: int) -> bool:
    """Tell whether the last blocks are grey, with an edge above them where blocks begin."""
    height, width = image.shape[:2]
    pixels = image.reshape(height, width, -1)
    rows = height % BLOCK or BLOCK
    rows += BLOCK if rows <= LEAK else 0
    is_grey = (pixels[-BLOCK_ROWS - rows :] == grey).all(axis=2)
    columns = is_grey[1 - rows :].all(axis=0)  # without the row into which colours leak
    run = width if columns.all() else int(np.argmin(columns[::-1]))
    if run < LEAST_RUN:
        return False
    left = 0 if run == width else width - run + LEAK
    is_row_grey = is_grey[:, left:].all(axis=1)
    up = len(is_row_grey) if is_row_grey.all() else int(np.argmin(is_row_grey[::-1]))
    above = height - up - LEAK
    if up > BLOCK_ROWS + 1 or above < 0 or (height - up) % BLOCK > 1:
        return False
    return bool(np.abs(pixels[above, left:].astype(int) - grey).mean() >= EDGE)


def lacks_restarts(values: Any) -> bool:
    """Tell whether a JPEG lacks some of the restart markers that its head promises.

    They are numbered from 0 to 7, so that a decoder finds its place again: what lies between two
    of them that do not follow each other was lost. Those of a camera that puts some bytes too
    many before each are all there (Motion-Project/motion#65).

    Args:
        values: its bytes, uint8; anything but a baseline JPEG lacks none.

    """
    at, end, every, blocks = 2, len(values), 0, 0
    if end < 4 or _word(values, 0) != START:
        return False
    while at + 4 <= end:
        marker, length = _word(values, at), _word(values, at + 2)
        if marker in BASELINE and at + 2 + length <= end and length > 10:
            blocks = _blocks(values[at + 4 : at + 2 + length])
        elif marker == INTERVAL and at + 6 <= end:
            every = _word(values, at + 4)
        if marker == SCAN or marker < 0xFF00:
            break
        at += 2 + length
    if not (every and blocks) or marker != SCAN:
        return False
    needed = (blocks - 1) // every
    scan = values[at + 2 + length :]
    numbers = scan[1:][scan[:-1] == 0xFF]
    numbers = numbers[(numbers >= 0xD0) & (numbers <= 0xD7)][:needed] - 0xD0
    return len(numbers) < needed or bool((numbers != np.arange(needed) % 8).any())


def _word(values: Any, at: int) -> int:
    return int(values[at]) << 8 | int(values[at + 1])


def _blocks(frame: Any) -> int:
    """Return how many units a scan of all components has, of a frame header without its length."""
    height, width, components = _word(frame, 1), _word(frame, 3), int(frame[5])
    sampling = frame[7 : 7 + 3 * components : 3]
    if components == 1 or not len(sampling):
        across = down = 1
    else:
        across, down = int((sampling >> 4).max()), int((sampling & 15).max())
    return -(-width // (BLOCK * across or 1)) * -(-height // (BLOCK * down or 1))
