# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""From the colours of an ICC profile to sRGB, by Pillow's littlecms."""

import io
from functools import lru_cache
from typing import Any

import numpy as np

from ..errors import ImageError, require

# of littlecms; Pillow has names for them since 9.1 and 10.1
RELATIVE_COLORIMETRIC, BLACK_POINT_COMPENSATION = 1, 0x2000
SAME_COLOUR = 3  # of 255: what a profile may move where it counts as sRGB
LATTICE = (
    np.stack(np.meshgrid(*[np.arange(0, 256, 51)] * 3), -1).reshape(1, -1, 3).astype(np.uint8)
)


def as_srgb(picture: Any, where: str) -> Any:
    """Return a picture of Pillow's as RGB, with its colours as its profile has them.

    Raises:
        ImageError: this Pillow knows no profiles.

    """
    profile = picture.info.get('icc_profile')
    if not isinstance(profile, bytes) or not profile:
        return picture.convert('RGB')
    if picture.mode not in ('RGB', 'L', 'CMYK'):
        picture = picture.convert('RGB')
    try:
        transform = _to_srgb(profile, picture.mode)
    except ImportError as error:  # a Pillow that was built without littlecms
        if b'sRGB' in profile or 'sRGB'.encode('utf-16-be') in profile:
            return picture.convert('RGB')
        raise ImageError(
            f'{where}: its colours are those of a profile, which this Pillow cannot read: save it '
            "as sRGB, or install pip's Pillow"
        ) from error
    return picture.convert('RGB') if transform is None else transform.apply(picture)


@lru_cache(maxsize=16)  # all pictures of a camera have the same
def _to_srgb(profile: bytes, mode: str) -> Any:
    """Return the transform of Pillow's that a profile asks for; None: none, or it is broken."""
    cms = require('PIL.ImageCms', 'record')
    try:
        transform = cms.buildTransform(
            cms.ImageCmsProfile(io.BytesIO(profile)),
            cms.createProfile('sRGB'),
            mode,
            'RGB',
            RELATIVE_COLORIMETRIC,
            BLACK_POINT_COMPENSATION,
        )
    except (OSError, ValueError, cms.PyCMSError):  # broken, or of another kind than the picture
        return None
    if mode != 'RGB':
        return transform
    became = np.asarray(transform.apply(require('PIL.Image', 'record').fromarray(LATTICE)))
    return None if np.abs(became - LATTICE.astype(np.int16)).max() <= SAME_COLOUR else transform
