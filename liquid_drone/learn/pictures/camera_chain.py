# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a phone or an action camera does to a picture: light, white balance, blur, compression."""

import cv2
import numpy as np

from ...arrays import Image
from ...image import decode_jpeg, encode_jpeg

LEVELS = np.arange(256) / 255.0


def developed(image: Image, rng: np.random.Generator) -> Image:
    """Return a picture as some camera would have left it."""
    gamma, gains = float(np.exp(rng.uniform(-0.45, 0.45))), 1.0 + 0.12 * rng.uniform(-1, 1, size=3)
    contrast = float(rng.uniform(0.75, 1.3))
    curve = (LEVELS[:, None] ** gamma * gains - 0.45) * contrast + 0.45  # (256, 3)
    table = np.clip(curve * 255.0, 0.0, 255.0).astype(np.uint8)
    image = np.asarray(cv2.LUT(image, table[:, None]), np.uint8)
    if rng.random() < 0.35:
        image = _saturated(image, float(rng.uniform(0.6, 1.4)))
    kind = rng.random()
    if kind < 0.3:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.4))), np.uint8)
    elif kind < 0.5:  # sharpening
        soft, more = cv2.GaussianBlur(image, (0, 0), 1.0), float(rng.uniform(0.3, 1.2))
        image = np.asarray(cv2.addWeighted(image, 1.0 + more, soft, -more, 0.0), np.uint8)
    if rng.random() < 0.4:
        noisy = image + rng.normal(0.0, rng.uniform(1.0, 10.0), size=image.shape)
        image = np.asarray(np.clip(noisy, 0.0, 255.0), np.uint8)
    if rng.random() < 0.4:
        image = decode_jpeg(encode_jpeg(image, int(rng.integers(25, 92))))
    return image


def _saturated(image: Image, factor: float) -> Image:
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.addWeighted(image, factor, grey, 1.0 - factor, 0.0), np.uint8)
