# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How strongly training pictures are augmented, as plain data of a recipe."""

from dataclasses import dataclass
from typing import Any

from ...schema import check_ranges, plain

IF_ON = ('lens', 'style_share')  # part of an identity where they are on: older work stays valid


def identity_of(config: object) -> dict[str, Any]:
    """Return what is hashed of a configuration, to tell whether finished work was made with it."""
    return {k: v for k, v in plain(config).items() if v or k not in IF_ON}


@dataclass(frozen=True)
class Augmentation:
    """How training images are augmented; shares of full scale, drawn per window."""

    brightness: float = 0.12
    contrast: float = 0.2
    colour: float = 0.08  # gain of each channel alone
    noise: float = 0.03  # largest standard deviation
    hue_deg: float = 0.0  # colours are turned about grey by at most this
    blur_share: float = 0.0  # windows that are out of focus
    cutout_share: float = 0.0  # windows with a grey patch, never over the target
    season_style: bool = False  # mixes the channels: other greens and browns; red may go too, so
    # that it is off wherever seasons are to be met unseen
    flip: bool = True  # mirrors the picture, vy, yaw rate and bearing
    lens: float = 0.0  # radial distortion is at most this, either way; moves the bearing with it
    style_share: float = (
        0.0  # windows in the colours of a photograph of --places, if there are any
    )
    skip_share: float = 0.2  # windows with frames left out, so that dt varies

    def __post_init__(self) -> None:
        shares = ('brightness', 'colour', 'noise', 'blur_share', 'cutout_share', 'skip_share')
        ranges = dict.fromkeys(shares, (0.0, 1.0))
        ranges |= {'contrast': (0.0, 1.0), 'lens': (0.0, 0.2), 'style_share': (0.0, 1.0)}
        check_ranges(self, {**ranges, 'hue_deg': (0.0, 180.0)})
