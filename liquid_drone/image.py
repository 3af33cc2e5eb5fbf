# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Another size and JPEG: the one way of both, for training, simulation and flight alike.

A policy was trained with one camera. Another camera's picture is cropped in its middle to the same
angle and the same shape, then resized. Colours are never touched: that is inside the graph.
"""

import math

import numpy as np

from .arrays import Image
from .contract import CameraSpec
from .errors import ImageError

JPEG_QUALITY = 95  # of every frame that is recorded or sent
FOV_TOLERANCE_DEG = (
    5.0  # a camera that sees less than the policy's by more than this is too narrow
)


def resized(image: Image, width: int, height: int) -> Image:
    """Return the picture (H, W, 3) at another size: averaged when smaller, interpolated if not."""
    import cv2

    rows, columns = image.shape[:2]
    if (rows, columns) == (height, width):
        return image
    shrinks = height <= rows and width <= columns
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=how), dtype=np.uint8)


def reduced(image: Image, factor: int) -> Image:
    """Average a picture (H, W, 3) down as a policy's graph does first, rounded to integers."""
    return resized(image, image.shape[1] // factor, image.shape[0] // factor)


def fitted(image: Image, camera: CameraSpec, horizontal_fov_deg: float | None = None) -> Image:
    """Return the picture as the policy's camera would have taken it, about.

    Args:
        image: (H, W, 3) uint8 RGB of any size.
        camera: what the policy was trained with.
        horizontal_fov_deg: of the camera that took it; None: taken for the policy's.

    Raises:
        ImageError: not an RGB image.

    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ImageError(
            f'expected an RGB image (H, W, 3) of type uint8, got {image.shape} {image.dtype}'
        )
    left, top, width, height = window(image.shape[1], image.shape[0], camera, horizontal_fov_deg)
    part = image[top : top + height, left : left + width]
    return resized(part, camera.width, camera.height)


def window(
    width: int, height: int, camera: CameraSpec, horizontal_fov_deg: float | None = None
) -> tuple[int, int, int, int]:
    """Return (left, top, width, height) in pixels of the part that the policy's camera sees.

    Square pixels are taken for granted. Where the picture is too low for the shape, less of its
    width is used.
    """
    share = 1.0
    if horizontal_fov_deg is not None:
        ratio = _half(camera.horizontal_fov_deg) / _half(horizontal_fov_deg)
        share = min(1.0, ratio)
    columns = min(width * share, height * camera.width / camera.height)
    rows = columns * camera.height / camera.width
    used = max(1, round(columns)), max(1, min(height, round(rows)))
    return (width - used[0]) // 2, (height - used[1]) // 2, *used


def is_too_narrow(camera: CameraSpec, horizontal_fov_deg: float) -> bool:
    """Tell whether a camera sees clearly less than the policy's did."""
    return horizontal_fov_deg < camera.horizontal_fov_deg - FOV_TOLERANCE_DEG


def horizontal_fov_deg(width: int, focal_px: float) -> float:
    """Return the horizontal field of view of a pinhole camera."""
    return math.degrees(2.0 * math.atan2(width / 2.0, focal_px))


def _half(fov_deg: float) -> float:
    return math.tan(math.radians(fov_deg) / 2.0)


def encode_jpeg(image: Image, quality: int = JPEG_QUALITY) -> bytes:
    """Compress an RGB image (H, W, 3)."""
    import cv2

    done, data = cv2.imencode('.jpg', image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ImageError(f'an image of shape {image.shape} cannot be written as JPEG')
    return bytes(data)


def decode_jpeg(data: bytes) -> Image:
    """Return the RGB image (H, W, 3) of JPEG bytes.

    Raises:
        ImageError: it cannot be decoded.

    """
    import cv2

    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if image is None:
        raise ImageError('expected JPEG data, got something that cannot be decoded')
    return np.asarray(image[..., ::-1], dtype=np.uint8)
