# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The labels of docs/reality.md: well formed, and cut as they say."""

import csv
import runpy
from pathlib import Path

import numpy as np

from liquid_drone.infer.truth import read_truth

ROOM = Path(__file__).parents[2] / 'docs/results/reality'


def rows_of(name: str) -> list[dict[str, str]]:
    with (ROOM / name).open(newline='') as file:
        return list(csv.DictReader(file))


def test_the_labels_are_a_truth_table_and_the_splits_share_no_repository():
    labels = rows_of('labels.csv')
    assert len(read_truth(ROOM / 'labels.csv')) == len(labels)
    splits = {name: {r['repository'] for r in labels if r['split'] == name}
              for name in ('validation', 'test')}  # fmt: skip
    assert not splits['validation'] & splits['test']
    assert splits['validation'] | splits['test'] == {
        r['repository'] for r in rows_of('sources.csv')
    }
    assert all((row['kind'] == 'red_pack') == (row['in_view'] == '1') for row in labels)


def test_a_window_is_what_its_row_says():
    window = runpy.run_path(str(ROOM / 'cut.py'))['window']
    image = np.zeros((100, 200, 3), np.uint8)
    image[25:75, 50:150] = 200
    row = {'left': '0.25', 'right': '0.75', 'top': '0.25', 'bottom': '0.75'}
    assert window(image, row).shape == (50, 100, 3)
    assert np.all(window(image, row) == 200)
