# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What weather and cameras do to a picture: pure functions, picture and generator in, picture out.

Pictures are uint8 (H, W, 3). Each function takes well under a millisecond at 256x144 and leaves
its input as it is. Nothing here knows severities but :func:`degrade`.
"""

import functools
import math

import cv2
import numpy as np
import numpy.typing as npt

from ...arrays import Image
from ..scenario import weather as table
from ..scenario.weather import Weather

POOL_ROWS, POOL_COLUMNS = 512, 768  # of stored noise, larger than a picture
STREAK_COLOUR = (205, 212, 220)
STREAK_OPACITY = 0.45
POOL_SEED = 1
READ_NOISE_SHARE = 0.5  # the rest of the noise grows with the square root of the brightness
SRGB_GAMMA = 2.2
VIBRATION_HZ = 90.0  # of motors at hover


def degrade(
    image: Image,
    weather: Weather,
    rng: np.random.Generator,
    sign: float = 1.0,
    turn_px_per_s: tuple[float, float] = (0.0, 0.0),
    focal_px: float = 150.0,
) -> Image:
    """Do to a picture what a weather does to it, in the order in which light passes.

    Args:
        image: (H, W, 3), uint8; not changed.
        weather: how severe.
        rng: draws streaks, noise and vibration.
        sign: 1 overexposed, -1 underexposed.
        turn_px_per_s: how fast the picture moves right and down, because the camera turns.
        focal_px: focal length in pixels.

    """
    if weather.rain:
        image = rain(image, round(table.RAIN_STREAKS[weather.rain]), rng)
    if weather.motion_blur:
        shake = table.BLUR_SHAKE_RAD_S[weather.motion_blur] * focal_px * rng.standard_normal(2)
        open_s = table.BLUR_S[weather.motion_blur]
        x, y = (np.asarray(turn_px_per_s) + shake) * open_s
        image = motion_blur(image, float(x), float(y))
    if weather.rolling_shutter:
        readout_s = table.READOUT_S[weather.rolling_shutter]
        wobble = table.WOBBLE_PIXELS[weather.rolling_shutter]
        x, y = np.asarray(turn_px_per_s) * readout_s
        phase = rng.uniform(0.0, 2.0 * math.pi)
        image = rolling_shutter(image, float(x), float(y), wobble, VIBRATION_HZ * readout_s, phase)
    if weather.exposure:
        stops = sign * table.EXPOSURE_STOPS[weather.exposure]
        image = expose(image, 2.0**stops, table.GAMMA[weather.exposure] ** -sign)
    deviation = math.hypot(table.NOISE[weather.noise], table.LOW_LIGHT_NOISE[weather.low_light])
    if deviation:
        image = noise(image, deviation, rng)
    return jpeg(image, round(table.JPEG_QUALITY[weather.jpeg])) if weather.jpeg else image


def rain(image: Image, streaks: int, rng: np.random.Generator) -> Image:
    """Draw falling drops as short bright streaks, all in the wind's direction.

    ``streaks`` is for 256x144 pixels; a larger picture gets more of them, and longer ones.
    """
    height, width = image.shape[:2]
    scale = math.sqrt(width * height / (256.0 * 144.0))
    count = round(streaks * scale)
    tilt = rng.normal(0.0, 0.12)
    top = rng.uniform((0.0, -0.1 * height), (width, height), size=(count, 2))
    length = scale * rng.uniform(4.0, 14.0, size=count)
    bottom = top + np.column_stack([tilt * length, length])
    lines = np.round(np.stack([top, bottom], axis=1) * 16.0).astype(np.int32)
    wet = image.copy()
    cv2.polylines(wet, list(lines), False, STREAK_COLOUR, max(1, round(scale)), cv2.LINE_AA, 4)
    return _image(cv2.addWeighted(image, 1.0 - STREAK_OPACITY, wet, STREAK_OPACITY, 0.0))


def motion_blur(image: Image, right_px: float, down_px: float) -> Image:
    """Smear a picture along the way that it moved while the shutter was open."""
    length = math.hypot(right_px, down_px)
    if length < 0.5:
        return image
    size = 2 * math.ceil(length / 2.0) + 1
    middle = (size - 1) / 2.0
    ends = np.array(
        [
            [middle - right_px / 2.0, middle - down_px / 2.0],
            [middle + right_px / 2.0, middle + down_px / 2.0],
        ]
    )
    kernel = np.zeros((size, size), np.uint8)
    cv2.polylines(kernel, [np.round(ends * 16.0).astype(np.int32)], False, 255, 1, cv2.LINE_AA, 4)
    weights = kernel.astype(np.float32) / float(kernel.sum())
    return _image(cv2.filter2D(image, -1, weights, borderType=cv2.BORDER_REPLICATE))


def rolling_shutter(
    image: Image, right_px: float, down_px: float, wobble_px: float, turns: float, phase: float
) -> Image:
    """Shear a picture whose rows were read from top to bottom while the camera moved.

    Args:
        image: (H, W, 3).
        right_px: how far the picture moves right from the first row to the last.
        down_px: how far it moves down.
        wobble_px: amplitude of a vibration to the side.
        turns: periods of the vibration in one picture.
        phase: of the vibration at the first row, radians.

    """
    height, width = image.shape[:2]
    share = np.arange(height, dtype=np.float32) / height
    to_side = right_px * share + wobble_px * np.sin(2.0 * math.pi * turns * share + phase)
    x = np.arange(width, dtype=np.float32)[None, :] - to_side[:, None].astype(np.float32)
    down = np.arange(height, dtype=np.float32) - np.float32(down_px) * share
    y = np.repeat(down[:, None], width, axis=1)
    return _image(cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def expose(image: Image, gain: float, gamma: float) -> Image:
    """Multiply the linear light by a gain, then bend the curve: gamma over 1 darkens."""
    levels = np.clip(np.arange(256) / 255.0 * gain ** (1.0 / SRGB_GAMMA), 0.0, 1.0) ** gamma
    return _image(cv2.LUT(image, np.round(levels * 255.0).astype(np.uint8)))


def noise(image: Image, deviation: float, rng: np.random.Generator) -> Image:
    """Add a sensor's noise: a constant part, and one that grows with the light's square root.

    ``deviation`` is that of a white picture, of 255.
    """
    height, width = image.shape[:2]
    rows, columns = -(-height // POOL_ROWS) + 1, -(-width // POOL_COLUMNS) + 1
    pool = _noise_pool() if rows == columns == 2 else np.tile(_noise_pool(), (rows, columns, 1))
    top = int(rng.integers(pool.shape[0] - height + 1))
    left = int(rng.integers(pool.shape[1] - width + 1))
    cut = pool[top : top + height, left : left + width]
    amount = cv2.LUT(image, _amount(deviation))
    grain = cv2.multiply(cut, amount, dtype=cv2.CV_16S)
    return _image(cv2.add(image, grain, dtype=cv2.CV_8U))


def jpeg(image: Image, quality: int) -> Image:
    """Compress and open again."""
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode('.jpg', bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    opened = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert opened is not None  # it was written a line above
    return _image(cv2.cvtColor(opened, cv2.COLOR_BGR2RGB))


def _amount(deviation: float) -> npt.NDArray[np.float32]:
    """Return the deviation for each of the 256 levels."""
    level = np.sqrt(np.arange(256) / 255.0)
    part = READ_NOISE_SHARE + (1.0 - READ_NOISE_SHARE) * level
    return (deviation * part).astype(np.float32)


@functools.cache
def _noise_pool() -> npt.NDArray[np.float32]:
    """Return standard normal noise to cut pictures from: drawing it anew takes five times as long.

    A fixed seed makes it the same in every process; where it is cut, the caller's generator says.
    """
    pool = np.random.default_rng(POOL_SEED).standard_normal(
        (POOL_ROWS, POOL_COLUMNS, 3), np.float32
    )
    return pool


def _image(array: npt.NDArray[np.generic]) -> Image:
    return array  # type: ignore[return-value]
