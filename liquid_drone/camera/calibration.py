# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Camera calibration as ROS users have it: that of ``camera_calibration``; numbers only.

Keys and meaning as in ``sensor_msgs/CameraInfo``. An uncalibrated camera has K of zeros.
"""

from dataclasses import dataclass
from typing import Any

from ..errors import ConfigError, shown
from ..lens.field_of_view import COUNTS, Distortion, field_of_view_deg
from . import calibration_file

SIZES = {
    'camera_matrix': 9,
    'rectification_matrix': 9,
    'projection_matrix': 12,
}
COEFFICIENTS = {  # of OpenCV's models, as sensor_msgs/distortion_models names them
    'plumb_bob': (0, *COUNTS),  # one formula: those that are not there are 0
    'rational_polynomial': COUNTS,
    'equidistant': (4,),
    'fisheye': (4,),  # another name of it
}
MOST_MAGNITUDE = 1e6  # pixels or coefficients; more is no lens
IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
FORMAT = (
    'the YAML file that ros2 run camera_calibration cameracalibrator writes (or that of OpenCV or '
    'Kalibr, or an ini)'
)


@dataclass(frozen=True)
class Calibration:
    """What is known of a lens; pixels, row-major matrices."""

    width: int
    height: int
    k: tuple[float, ...] = (0.0,) * 9  # all zero: uncalibrated
    d: tuple[float, ...] = ()
    r: tuple[float, ...] = IDENTITY
    p: tuple[float, ...] = (0.0,) * 12
    distortion_model: str = 'plumb_bob'
    camera_name: str = ''

    @property
    def horizontal_fov_deg(self) -> float | None:
        """Field of view; None where the camera is not calibrated."""
        distortion = Distortion(self.distortion_model, self.d)
        return field_of_view_deg(self.width, self.height, self.k, distortion)

    def scaled(self, width: int, height: int) -> 'Calibration':
        """Return the calibration of the same lens at another picture size of the same shape.

        Raises:
            ConfigError: the shape differs, so that it is another part of the sensor.

        """
        if (width, height) == (self.width, self.height):
            return self
        if abs(width * self.height - height * self.width) > max(self.width, self.height):
            raise ConfigError(
                f'the calibration is for {self.width}x{self.height}, the pictures are '
                f'{width}x{height}: calibrate at this size, or at one of the same shape'
            )
        x, y = width / self.width, height / self.height
        k = _rows_scaled(self.k, 3, x, y)
        p = _rows_scaled(self.p, 4, x, y)
        return Calibration(
            width, height, k, self.d, self.r, p, self.distortion_model, self.camera_name
        )


def load(url: str) -> Calibration:
    """Read ``file:///path.yaml``, ``package://package/path.yaml`` or a plain path.

    Raises:
        ConfigError: no such file, or not a calibration.

    """
    path = calibration_file.place_of(url)
    try:
        return _parse(calibration_file.read(path))
    except ConfigError as error:
        raise ConfigError(
            f'camera_info_url {url[:200]} cannot be read, or is not a calibration; expected '
            f'{FORMAT}: {error}'
        ) from error
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        detail = f'it has no {error}' if isinstance(error, KeyError) else shown(str(error))
        raise ConfigError(f'{path} is not a calibration; expected {FORMAT}: {detail}') from error


def _parse(data: dict[str, Any]) -> Calibration:
    matrices = {name: _numbers(data, name) for name in SIZES}
    for name, values in matrices.items():
        if len(values) != SIZES[name]:
            raise ValueError(f'{name}.data: expected {SIZES[name]} numbers, got {len(values)}')
    model = data.get('distortion_model', 'plumb_bob')
    if model not in COEFFICIENTS:
        expected = ', '.join(COEFFICIENTS)
        raise ValueError(f'distortion_model: expected one of {expected}, got {shown(model)}')
    distortion = _numbers(data, 'distortion_coefficients')
    if len(distortion) not in COEFFICIENTS[model]:
        counts = ' or '.join(map(str, COEFFICIENTS[model]))
        raise ValueError(
            f'distortion_coefficients.data: expected {counts} numbers for {model}, got '
            f'{len(distortion)}'
        )
    width, height = int(data['image_width']), int(data['image_height'])
    made = Calibration(
        width,
        height,
        k=matrices['camera_matrix'],
        d=distortion,
        r=matrices['rectification_matrix'],
        p=matrices['projection_matrix'],
        distortion_model=model,
        camera_name=str(data.get('camera_name', '')),
    )
    _ = made.horizontal_fov_deg  # refuses what no lens is
    return made


def _rows_scaled(matrix: tuple[float, ...], columns: int, x: float, y: float) -> tuple[float, ...]:
    factors = (x, y, 1.0)
    return tuple(value * factors[index // columns] for index, value in enumerate(matrix))


def _numbers(data: dict[str, Any], name: str) -> tuple[float, ...]:
    """Return a list of finite numbers of a lens.

    Raises:
        ValueError: one that is not finite, or far beyond any lens.

    """
    values = tuple(float(v) for v in data[name]['data'][: max(SIZES.values()) + 3])
    wrong = [v for v in values if not abs(v) <= MOST_MAGNITUDE]
    if wrong:
        raise ValueError(f'{name}.data: expected finite numbers of a lens, got {wrong[0]}')
    return values
