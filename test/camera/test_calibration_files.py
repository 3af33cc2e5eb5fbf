# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: one lens is the same one, whichever program wrote its calibration."""

from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liquid_drone.camera import calibration
from liquid_drone.camera.calibration import Calibration
from liquid_drone.errors import ConfigError

IDENTITY = np.eye(3)
numbers = st.floats(-0.15, 0.05).map(lambda value: round(value, 4))
lenses = st.builds(
    lambda width, focal, d: Calibration(
        width,
        width * 3 // 4,
        k=(focal * width, 0.0, width / 2, 0.0, focal * width, width * 0.375, 0.0, 0.0, 1.0),
        d=(*d, 0.0, 0.0),
        p=(focal * width, 0, width / 2, 0, 0, focal * width, width * 0.375, 0, 0, 0, 1, 0),
    ),
    st.sampled_from([320, 640, 1280]),
    st.floats(0.5, 1.2).map(lambda value: round(value, 3)),
    st.tuples(numbers, numbers),
)


def by_ros(lens: Calibration, path: Path) -> None:
    matrices = {
        'camera_matrix': lens.k,
        'distortion_coefficients': lens.d,
        'rectification_matrix': lens.r,
        'projection_matrix': lens.p,
    }
    data = {name: {'data': [float(one) for one in row]} for name, row in matrices.items()}
    told = {'image_width': lens.width, 'image_height': lens.height, 'camera_name': 'front'}
    path.write_text(yaml.safe_dump({**told, **data, 'distortion_model': lens.distortion_model}))


def by_opencv(lens: Calibration, path: Path) -> None:
    """As OpenCV's own example of calibration writes it; its first line was another one once."""
    file = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    file.write('calibration_time', 'Mon Oct 27 20:27:45 2014')
    file.write('image_width', lens.width)
    file.write('image_height', lens.height)
    file.write('camera_matrix', np.array(lens.k).reshape(3, 3))
    file.write('distortion_coefficients', np.array(lens.d).reshape(-1, 1))
    file.release()


def by_old_opencv(lens: Calibration, path: Path) -> None:
    by_opencv(lens, path)
    text = path.read_text()
    path.write_text('%YAML:1.0\n---\n' + text.partition('---\n')[2])


def by_older_opencv(lens: Calibration, path: Path) -> None:
    by_opencv(lens, path)
    text = path.read_text()
    path.write_text('%YAML:1.0\n' + text.partition('---\n')[2])


def by_kalibr(lens: Calibration, path: Path) -> None:
    camera = {
        'camera_model': 'pinhole',
        'intrinsics': [lens.k[0], lens.k[4], lens.k[2], lens.k[5]],
        'distortion_model': 'radtan',
        'distortion_coeffs': list(lens.d),
        'resolution': [lens.width, lens.height],
        'rostopic': '/camera/image_raw',
    }
    path.write_text(yaml.safe_dump({'cam0': camera}))


def by_driver(lens: Calibration, path: Path) -> None:
    """As camera_calibration_parsers writes an ini."""

    def rows(values: tuple[float, ...], columns: int) -> str:
        lines = np.array([*values], dtype=float).reshape(-1, columns)
        return '\n'.join(' '.join(f'{one:.5f}' for one in line) for line in lines)

    path.write_text(
        f'# Camera intrinsics\n\n[image]\n\nwidth\n{lens.width}\n\nheight\n{lens.height}\n\n'
        f'[front]\n\ncamera matrix\n{rows(lens.k, 3)}\n\ndistortion\n{rows((*lens.d, 0.0), 5)}\n\n'
        f'rectification\n{rows(lens.r, 3)}\n\nprojection\n{rows(lens.p, 4)}\n'
    )


WRITERS = {
    'ros.yaml': by_ros,
    'opencv.yml': by_opencv,
    'old.yml': by_old_opencv,
    'older.yml': by_older_opencv,
    'kalibr.yaml': by_kalibr,
    'driver.ini': by_driver,
}


@pytest.mark.parametrize('name', sorted(WRITERS))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(lens=lenses)
def test_a_lens_is_the_same_whoever_wrote_it(tmp_path: Path, name: str, lens: Calibration) -> None:
    WRITERS[name](lens, tmp_path / name)
    try:
        expected = lens.horizontal_fov_deg
    except ValueError:
        with pytest.raises(ConfigError):
            calibration.load(str(tmp_path / name))
        return
    found = calibration.load(str(tmp_path / name))
    assert (found.width, found.height) == (lens.width, lens.height)
    np.testing.assert_allclose(found.k, lens.k, atol=1e-4)
    np.testing.assert_allclose(found.d[: len(lens.d)], lens.d, atol=1e-5)
    np.testing.assert_allclose(found.p, lens.p, atol=1e-4)
    assert found.horizontal_fov_deg == pytest.approx(expected, abs=0.01)


def test_a_fisheye_of_opencv_is_equidistant(tmp_path: Path) -> None:
    lens = Calibration(640, 480, k=(300, 0, 320, 0, 300, 240, 0, 0, 1), d=(0.1, 0.0, 0.0, 0.0))
    by_opencv(lens, tmp_path / 'wide.yml')
    with (tmp_path / 'wide.yml').open('a') as file:
        file.write('fisheye_model: 1\n')
    assert calibration.load(str(tmp_path / 'wide.yml')).distortion_model == 'equidistant'


NAMES = st.text('abc #?%&+ü.', min_size=1, max_size=12).filter(lambda name: name.strip(' .'))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(name=NAMES)
def test_a_path_of_any_name_is_found_by_path_and_by_url(tmp_path: Path, name: str) -> None:
    """A space in a URL is %20, and what stands behind # or ? of a path was left out."""
    path = tmp_path / f'{name}.yaml'
    by_ros(Calibration(640, 480, k=(400, 0, 320, 0, 400, 240, 0, 0, 1)), path)
    for url in (str(path), f'file://{quote(str(path))}'):
        assert calibration.load(url).width == 640
    if '%' not in name:
        assert calibration.load(f'file://{path}').width == 640
    path.unlink()


def test_a_file_of_another_package_and_of_ros_s_home_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The urls of usb_cam and of camera_info_manager."""
    lens = Calibration(640, 480, k=(400, 0, 320, 0, 400, 240, 0, 0, 1))
    for folder in ('share/my_drone/config', 'home/camera_info'):
        (tmp_path / folder).mkdir(parents=True)
        by_ros(lens, tmp_path / folder / 'lens.yaml')
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'/no/such:{tmp_path}')
    monkeypatch.setenv('ROS_HOME', str(tmp_path / 'home'))
    assert calibration.load('package://my_drone/config/lens.yaml').width == 640
    assert calibration.load('file://${ROS_HOME}/camera_info/lens.yaml').width == 640
    with pytest.raises(ConfigError, match='cannot be read'):
        calibration.load('package://my_drone/config/none.yaml')
