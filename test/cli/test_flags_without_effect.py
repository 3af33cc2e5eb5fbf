# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a flag that has no effect on what is given is refused, not left out without a word."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liquid_drone.cli.main import main

SAMPLES = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
OF_OTHERS = {
    'target': st.sampled_from(['dog', 'person']),
    'image': st.sampled_from(['observation.images.front', 'a']),
    'fov': st.floats(1.0, 179.0).map(str),
}


@SAMPLES
@given(rate_hz=st.floats(0.1, 1000.0), is_recording=st.booleans())
def test_a_rate_of_what_has_its_own_times_is_refused(
    rate_hz: float, is_recording: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was left out: the sequence had the times of the file."""
    path = tmp_path / ('a.mcap' if is_recording else 'a.mkv')
    path.write_bytes(b'\x89MCAP0\r\n' if is_recording else b'\x1a\x45\xdf\xa3')
    out = tmp_path / 'out'
    assert main(['infer', 'follow', str(path), '--rate', str(rate_hz), '--out', str(out)]) == 2
    assert '--rate is of pictures: leave it out' in capsys.readouterr().err
    assert not out.exists()


def test_a_rate_of_a_folder_is_taken(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / '1.png'), np.zeros((144, 256, 3), np.uint8))
    words = ['infer', 'follow', str(tmp_path), '--rate', '20', '--out', str(tmp_path / 'out')]
    assert main(words) == 0


@SAMPLES
@given(data=st.data(), flag=st.sampled_from(sorted(OF_OTHERS)))
def test_what_a_dataset_of_others_needs_is_refused_for_episodes(
    data: st.DataObject, flag: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was left out: the dataset had the episodes' own target and pictures."""
    (tmp_path / 'episode.json').write_text('{}')
    word, out = data.draw(OF_OTHERS[flag]), tmp_path / 'out'
    assert main(['convert', str(tmp_path), '--out', str(out), f'--{flag}', word]) == 2
    assert f'--{flag} is of a dataset of others' in capsys.readouterr().err
    assert not out.exists()
