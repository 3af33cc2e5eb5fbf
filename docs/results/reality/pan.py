# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pan a window over the labelled photographs, so that the red pack comes into view and leaves it.

``python docs/results/reality/pan.py CLONES validation out/pans``, with clones as for ``cut.py``.
Real pixels and a motion that is not: eight seconds at 20 Hz, twice in and out within 0.8 s each.
Frames with the pack on the edge have no label.
"""

import csv
import sys
from pathlib import Path

import cv2
import numpy as np
from cut import HERE, photograph

RATE, LENGTH_S, PERIOD_S = 20, 8, 4.0
SIZE = 1280, 720
INSIDE, OUTSIDE = 0.85, 1.15  # bearing of the pack's middle; between them it has no label


def main(clones: Path, split: str, out: Path) -> None:
    """Write one video and its truth for each photograph that is wide enough."""
    with (HERE / 'labels.csv').open(newline='') as file:
        rows = [row for row in csv.DictReader(file) if row['split'] == split]
    packs = {(row['repository'], row['path']): row for row in rows if row['kind'] == 'red_pack'}
    first = {(row['repository'], row['path']): row for row in reversed(rows)}
    out.mkdir(parents=True, exist_ok=True)
    number = 0
    for key in packs:
        pan = window_and_ends(photograph(clones, first[key]), first[key])
        if pan is not None:
            write(out / f'pan{number}', *pan)
            number += 1


def window_and_ends(
    image: np.ndarray, row: dict[str, str]
) -> tuple[np.ndarray, float, float, float, float, float] | None:
    """Return image, width and top of the window, its left without and with the pack, the pack."""
    height, width = image.shape[:2]
    left, top, right, bottom = (float(row[side]) for side in ('left', 'top', 'right', 'bottom'))
    pack = (left + (float(row['bearing']) + 1) / 2 * (right - left)) * width
    wide = min(0.62 * max(pack, width - pack), (bottom - top) * height * 16 / 9)
    high = wide * 9 / 16
    at = float(np.clip((top + bottom) / 2 * height - high / 2, 0, max(height - high, 0)))
    away = 0.0 if pack > width / 2 else width - wide
    near = float(np.clip(pack - wide / 2, 0, width - wide))
    if wide < 200 or high > height or abs(away - near) < 0.6 * wide:
        return None
    return image, wide, at, away, near, pack


def write(
    name: Path, image: np.ndarray, wide: float, top: float, away: float, near: float, pack: float
) -> None:
    """Write the video and the truth of one pan."""
    film = cv2.VideoWriter(
        str(name.with_suffix('.avi')), cv2.VideoWriter.fourcc(*'MJPG'), RATE, SIZE
    )
    scale, lines = SIZE[0] / wide, ['frame,in_view']
    for frame in range(LENGTH_S * RATE):
        share = np.interp(frame / RATE % PERIOD_S, [0, 1.0, 1.8, 3.2, PERIOD_S], [0, 0, 1, 1, 0])
        left = away + (near - away) * share * share * (3 - 2 * share)
        turn = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]], np.float32)
        film.write(cv2.warpAffine(image, turn, SIZE, borderMode=cv2.BORDER_REPLICATE))
        bearing = abs(2 * (pack - left) / wide - 1)
        if not INSIDE <= bearing <= OUTSIDE:
            lines.append(f'{frame},{int(bearing < INSIDE)}')
    film.release()
    name.with_suffix('.csv').write_text('\n'.join(lines) + '\n')


if __name__ == '__main__':
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
