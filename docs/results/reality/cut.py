# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Cut the labelled pictures of docs/reality.md out of clones of their repositories.

Clone each repository of ``sources.csv`` at its commit into CLONES/owner+name, then run
``python docs/results/reality/cut.py CLONES validation out/validation``. Nothing is downloaded
here, and no picture belongs into a commit: most sources name no licence for them.
"""

import csv
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

HERE = Path(__file__).parent
WIDTH, HEIGHT = 960, 540
TRUTH = ('name', 'in_view', 'bearing', 'kind', 'shade')


def main(clones: Path, split: str, out: Path) -> None:
    """Write the pictures of a split and its truth table."""
    with (HERE / 'labels.csv').open(newline='') as file:
        rows = [row for row in csv.DictReader(file) if row['split'] == split]
    if not rows:
        raise SystemExit(f"'{split}' is no split: expected validation or test")
    (out / 'pictures').mkdir(parents=True, exist_ok=True)
    for row in rows:
        cut = window(photograph(clones, row), row)
        cv2.imwrite(str(out / 'pictures' / row['name']), cut, [cv2.IMWRITE_JPEG_QUALITY, 93])
    with (out / 'truth.csv').open('w', newline='') as file:
        table = csv.DictWriter(file, TRUTH, extrasaction='ignore', lineterminator='\n')
        table.writeheader()
        table.writerows(rows)


def photograph(clones: Path, row: dict[str, str]) -> np.ndarray:
    """Return the photograph of a row, whole, as it is at the commit of ``sources.csv``."""
    with (HERE / 'sources.csv').open(newline='') as file:
        commits = {one['repository']: one['commit'] for one in csv.DictReader(file)}
    clone = clones / row['repository'].replace('/', '+')
    where = f'{commits[row["repository"]]}:{row["path"]}'
    data = subprocess.run(
        ['git', '-C', str(clone), 'cat-file', 'blob', where], capture_output=True, check=True
    ).stdout
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def window(image: np.ndarray, row: dict[str, str]) -> np.ndarray:
    """Return the labelled part of a picture, at most 960 pixels wide."""
    height, width = image.shape[:2]
    left, right = (round(float(row[side]) * width) for side in ('left', 'right'))
    top, bottom = (round(float(row[side]) * height) for side in ('top', 'bottom'))
    part = image[top:bottom, left:right]
    if part.shape[1] <= WIDTH:
        return part
    return cv2.resize(part, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


if __name__ == '__main__':
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
