# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Files of calibrations as ROS, OpenCV and Kalibr write them, as the data of one form.

That form is the YAML of ``camera_calibration``. OpenCV's ``FileStorage`` puts a line and tags
into its YAML that YAML readers refuse (ros-perception/image_common#27, opencv/opencv#22118), older
ROS drivers have an ini (isaac_ros_argus_camera#27), and Kalibr names everything otherwise.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from .. import resources
from ..errors import ConfigError
from ..files import read_text, shown_path
from ..yaml_file import MOST_BYTES, parse_yaml

EXPECTED = 'file:///path.yaml (three slashes), package://package/path.yaml or a path'
ROS_HOME = '${ROS_HOME}'
OPENCV_LINE = re.compile(r'\A\s*%YAML[: ][^\n]*\n(---[^\n]*\n)?')
OPENCV_TAG = '!!opencv-matrix'
INI_NAMES = {  # of the rows of numbers below a name, in the ini of camera_calibration_parsers
    'camera matrix': 'camera_matrix',
    'distortion': 'distortion_coefficients',
    'rectification': 'rectification_matrix',
    'projection': 'projection_matrix',
}
KALIBR_MODELS = {'radtan': 'plumb_bob', 'equidistant': 'equidistant', 'none': 'plumb_bob'}
IDENTITY = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]


def place_of(url: str) -> Path:
    """Return the file that a ``camera_info_url`` names.

    Raises:
        ConfigError: another scheme, two slashes, or a package that is not there.

    """
    if '://' not in url:
        return resources.user_path(url.removeprefix('file:'))
    if ROS_HOME in url:
        home = os.environ.get('ROS_HOME') or str(resources.user_path('~/.ros'))
        url = url.replace(ROS_HOME, home)
    parts = urlsplit(url.replace('#', '%23').replace('?', '%3F'))  # of a path, not of a page
    path = unquote(parts.path)
    if parts.scheme == 'package' and parts.netloc:
        return _in_package(parts.netloc, path.lstrip('/'))
    if parts.scheme != 'file' or parts.netloc not in ('', 'localhost'):
        raise ConfigError(f"camera_info_url: expected {EXPECTED}, got '{url}'")
    return resources.user_path(path)


def _in_package(package: str, path: str) -> Path:
    if package == resources.PACKAGE:
        return resources.find(path)
    prefixes = [one for one in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if one]
    for prefix in prefixes:
        share = Path(prefix) / 'share' / package
        if share.is_dir():
            return share / path
    raise ConfigError(
        f"camera_info_url: no package '{package}' is installed in AMENT_PREFIX_PATH "
        f'({", ".join(prefixes) or "which is empty"}): source its workspace, or give {EXPECTED}'
    )


def read(path: Path) -> Any:
    """Return the data of a calibration, with the keys of ``camera_calibration``.

    Raises:
        ConfigError: unreadable, or none of the formats.

    """
    text = read_text(path, MOST_BYTES)
    if path.suffix.lower() == '.ini' or '[image]' in text:
        return _from_ini(text)
    is_opencv = OPENCV_TAG in text
    if is_opencv:
        text = OPENCV_LINE.sub('', text, count=1).replace(OPENCV_TAG, '')
    data = parse_yaml(text, shown_path(path))
    if not isinstance(data, dict):
        return data
    if is_opencv:
        return _completed(data, bool(data.get('fisheye_model')))
    cameras = [one for one in data.values() if isinstance(one, dict) and 'intrinsics' in one]
    return _from_kalibr(cameras) if cameras else data


def _completed(data: dict[str, Any], is_fisheye: bool) -> dict[str, Any]:
    """Return OpenCV's data with what it leaves out where one camera was calibrated alone."""
    k = data['camera_matrix']['data'] if isinstance(data.get('camera_matrix'), dict) else []
    p = [*k[0:3], 0.0, *k[3:6], 0.0, *k[6:9], 0.0]
    return {
        'distortion_model': 'equidistant' if is_fisheye else 'plumb_bob',
        'rectification_matrix': {'data': IDENTITY},
        'projection_matrix': {'data': p},
        **data,
    }


def _from_kalibr(cameras: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the data of the one camera of a camchain.

    Raises:
        ConfigError: several cameras, or another lens than a pinhole's.

    """
    if len(cameras) > 1:
        raise ConfigError(
            f'it has {len(cameras)} cameras: leave that of the pictures in the file alone'
        )
    camera = cameras[0]
    model = camera.get('camera_model', 'pinhole'), camera.get('distortion_model', 'none')
    if model[0] != 'pinhole' or model[1] not in KALIBR_MODELS:
        raise ConfigError(
            f'expected camera_model pinhole with distortion_model radtan or equidistant, got '
            f'{str(model[0])[:40]} with {str(model[1])[:40]}: calibrate with one of these'
        )
    fx, fy, cx, cy = camera['intrinsics']
    width, height = camera['resolution']
    data = {
        'image_width': width,
        'image_height': height,
        'camera_matrix': {'data': [fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0]},
        'distortion_coefficients': {'data': camera.get('distortion_coeffs', [])},
    }
    return {**_completed(data, False), 'distortion_model': KALIBR_MODELS[model[1]]}


def _from_ini(text: str) -> dict[str, Any]:
    """Return the data of an ini: names of matrices, each with its rows of numbers below it."""
    data: dict[str, Any] = {'distortion_model': 'plumb_bob'}
    for name, rows in _blocks(text):
        numbers = [float(word) for word in ' '.join(rows).split()]
        if name in ('width', 'height') and numbers:
            data[f'image_{name}'] = int(numbers[0])
        elif name in INI_NAMES:
            data[INI_NAMES[name]] = {'data': numbers}
    if len(data.get('distortion_coefficients', {}).get('data', [])) == 8:
        data['distortion_model'] = 'rational_polynomial'
    return data


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each name of an ini with the lines of numbers below it."""
    name, rows = '', list[str]()
    for line in text.splitlines():
        line = line.partition('#')[0].strip()
        if line[:1].isalpha() or line.startswith('['):
            if name:
                yield name, rows
            name, rows = ('' if line.startswith('[') else line), []
        elif line and name:
            rows.append(line)
    if name:
        yield name, rows
