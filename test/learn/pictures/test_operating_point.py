# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A bundle at another threshold answers 0.5 there, and commands as before."""

from pathlib import Path

import numpy as np
import pytest

from liquid_drone import resources
from liquid_drone.cli.main import main
from liquid_drone.contract import load_contract
from liquid_drone.errors import ConfigError
from liquid_drone.learn.pictures.operating_point import export_at
from liquid_drone.runtime.runner import PolicyRunner


@pytest.mark.parametrize('bundle', ['follow', 'follow-compact'])  # a heatmap, a linear head
def test_another_threshold_moves_the_probability_alone(tmp_path: Path, bundle: str) -> None:
    out = tmp_path / 'moved'
    words = ['export', '--bundle', bundle, '--threshold', '0.2', '--out', str(out)]
    assert main(words) == 0
    before, after = PolicyRunner(resources.bundle(bundle)), PolicyRunner(out)
    picture = np.random.default_rng(3).integers(256, size=(144, 256, 3), dtype=np.uint8)
    one, two = before.step(picture, 0.05), after.step(picture, 0.05)
    odds = [x.target_probability / (1.0 - x.target_probability) for x in (one, two)]
    assert odds[1] / odds[0] == pytest.approx(4.0, rel=1e-3)
    np.testing.assert_allclose(one.command, two.command, atol=1e-6)
    told = load_contract(resources.bundle(bundle)).training.operating_point
    moved = 'moved: 0.5 is what was 0.2'
    assert load_contract(out).training.operating_point == (
        f'{told}; then {moved}' if told else moved
    )


def test_what_cannot_be_moved_is_a_sentence(tmp_path: Path) -> None:
    for threshold in (0.0, 1.0):
        with pytest.raises(ConfigError, match='more than 0'):
            export_at(resources.bundle('follow'), threshold, tmp_path / 'out')
    assert main(['export', '--bundle', 'follow', '--out', str(tmp_path / 'out')]) != 0
