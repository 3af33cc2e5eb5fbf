# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: the YAML that ROS calibrates with is read, scaled or refused in words."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.camera import calibration
from liquid_drone.errors import ConfigError

YAML = """image_width: 640
image_height: 480
camera_name: front
camera_matrix: {rows: 3, cols: 3, data: [381.4, 0, 321.0, 0, 381.4, 239.0, 0, 0, 1]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [0.1, -0.2, 0, 0, 0]}
rectification_matrix: {rows: 3, cols: 3, data: [1, 0, 0, 0, 1, 0, 0, 0, 1]}
projection_matrix: {rows: 3, cols: 4, data: [380, 0, 321, 0, 0, 380, 239, 0, 0, 0, 1, 0]}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / 'front.yaml'
    file.write_text(YAML)
    return file


@pytest.mark.parametrize('prefix', ['', 'file://'])
def test_a_calibration_is_read_by_path_and_by_url(path: Path, prefix: str) -> None:
    lens = calibration.load(f'{prefix}{path}')
    assert (lens.width, lens.height, lens.camera_name) == (640, 480, 'front')
    assert lens.k[0] == 381.4
    assert lens.d[1] == -0.2
    assert lens.horizontal_fov_deg == pytest.approx(81.6, abs=0.1)  # 80.0 without its distortion


@pytest.mark.parametrize(
    ('good', 'bad', 'said'),
    [
        ('0.1, -0.2, 0, 0, 0', '.inf, 0, 0, 0, 0', 'finite numbers of a lens'),
        ('0.1, -0.2, 0, 0, 0', '0, 0', '4 or 5 or 8 or 12 or 14 numbers for plumb_bob, got 2'),
        ('distortion_model: plumb_bob', 'distortion_model: null', 'distortion_model: expected'),
        ('distortion_model: plumb_bob', 'distortion_model: .nan', 'distortion_model: expected'),
        ('[1, 0, 0, 0, 1, 0, 0, 0, 1]', '[1, 0, 0, 0, 1e300, 0, 0, 0, 1]', 'finite numbers'),
        ('[380, 0, 321', '[.nan, 0, 321', 'finite numbers'),
    ],
)
def test_numbers_that_no_lens_has_are_refused(path: Path, good: str, bad: str, said: str) -> None:
    path.write_text(YAML.replace(good, bad))
    with pytest.raises(ConfigError, match=said):
        calibration.load(str(path))


@pytest.mark.parametrize('model', ['plumb_bob', 'rational_polynomial'])
@pytest.mark.parametrize('count', [4, 5, 8, 12, 14])
def test_both_names_of_the_formula_take_any_of_its_counts(
    path: Path, model: str, count: int
) -> None:
    """Phones and Isaac's drivers name the other one (isaac_ros_argus_camera 21)."""
    numbers = ', '.join(['0.1', '-0.2', *['0'] * (count - 2)])
    text = YAML.replace('0.1, -0.2, 0, 0, 0', numbers).replace('plumb_bob', model)
    path.write_text(text)
    assert calibration.load(str(path)).horizontal_fov_deg == pytest.approx(81.6, abs=0.1)


def test_the_same_lens_at_half_the_size(path: Path) -> None:
    lens = calibration.load(str(path))
    half = lens.scaled(320, 240)
    assert half.k[:3] == (190.7, 0.0, 160.5)
    assert half.p[:3] == (190.0, 0.0, 160.5)
    assert half.k[8] == half.p[10] == 1.0
    assert half.horizontal_fov_deg == pytest.approx(lens.horizontal_fov_deg)


def test_another_shape_is_another_part_of_the_sensor(path: Path) -> None:
    with pytest.raises(ConfigError, match='calibrate at this size'):
        calibration.load(str(path)).scaled(640, 360)


def test_an_uncalibrated_camera_has_no_angle() -> None:
    assert calibration.Calibration(640, 480).horizontal_fov_deg is None


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('image_width: 640', "it has no 'camera_matrix'"),
        ('cam0: {camera_model: pinhole, intrinsics: [461, 460, 362, 248]}', 'it has no'),  # Kalibr
        ('cam0: {camera_model: omni, intrinsics: [1, 4, 4, 3, 2]}', 'got omni with none'),
        ('cam0: {intrinsics: [1]}\ncam1: {intrinsics: [1]}', 'it has 2 cameras'),
        ('[image]\n\nwidth\nmany', "it has no 'camera_matrix'"),
        ('cam0: {intrinsics: [1, 2], resolution: [3, 4]}', 'is not a calibration'),
        (YAML.replace('0, 0, 1]', '0, 1]', 1), r'camera_matrix\.data: expected 9 numbers, got 8'),
        ('{', 'is not a calibration'),
    ],
)
def test_what_is_no_calibration_is_refused(path: Path, text: str, words: str) -> None:
    path.write_text(text)
    with pytest.raises(ConfigError, match=words):
        calibration.load(str(path))


def test_a_missing_file_and_another_scheme_are_refused() -> None:
    with pytest.raises(ConfigError, match='cannot be read'):
        calibration.load('file:///no/such.yaml')
    with pytest.raises(ConfigError, match='expected file:///'):
        calibration.load('http://here/lens.yaml')
    with pytest.raises(ConfigError, match="no package 'here' is installed"):
        calibration.load('package://here/lens.yaml')


@given(st.from_regex(r'[A-Za-z0-9_.{}$]{1,20}', fullmatch=True).filter(lambda s: s != 'localhost'))
def test_a_url_of_two_slashes_is_not_taken_for_another_place(first: str) -> None:
    """file://home/drone/lens.yaml was looked for at /drone/lens.yaml."""
    with pytest.raises(ConfigError, match='three slashes'):
        calibration.load(f'file://{first}/drone/lens.yaml')
