# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The colour statistics of real places for training pictures, by their lowest frequencies.

The amplitudes of the lowest spatial frequencies (Fourier) are mixed with those of a photograph of
a place, the phases stay: light and colours become the place's, and what is where does not change.
After Yang and Soatto, FDA, CVPR 2020; mixed by a drawn share as by Xu et al., CVPR 2021.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from ...arrays import Image

WIDEST_BAND = 3  # cycles a picture: the colour and the coarsest light


@dataclass(frozen=True)
class StyleDraw:
    """Whose statistics a picture takes, and how much of them."""

    place: float  # 0..1 along the list of places
    share: float  # 0..1 of the place's amplitudes
    band: int  # cycles a picture up to which amplitudes are mixed


def draw_style(rng: np.random.Generator) -> StyleDraw:
    """Draw one of the places, how much of it and which frequencies."""
    return StyleDraw(
        float(rng.random()), float(rng.uniform(0.3, 1.0)), int(rng.integers(WIDEST_BAND + 1))
    )


def style_amplitudes(photos: Sequence[Image], size: tuple[int, int]) -> Tensor:
    """Return the amplitudes (P, 3, h, w / 2 + 1) of photographs shrunk to rows and columns."""
    shrunk = [cv2.resize(one, size[::-1], interpolation=cv2.INTER_AREA) for one in photos]
    planes = torch.from_numpy(np.stack(shrunk)).permute(0, 3, 1, 2).float()
    amplitudes: Tensor = torch.fft.rfft2(planes).abs()
    return amplitudes


def styled(frames: Tensor, drawn: StyleDraw, places: Tensor) -> Tensor:
    """Return frames (T, h, w, 3), uint8, with a place's amplitudes mixed in.

    Args:
        frames: pictures 0..255.
        drawn: which place, and how much.
        places: of :func:`style_amplitudes`, of the frames' size, on their device.

    """
    planes = frames.permute(0, 3, 1, 2).float()  # (T, 3, h, w)
    spectrum = torch.fft.rfft2(planes)
    wanted = places[min(int(drawn.place * len(places)), len(places) - 1)]  # (3, h, w / 2 + 1)
    for rows, columns in _low(planes.shape[2], drawn.band):
        own = spectrum[:, :, rows, columns]
        mixed = torch.lerp(own.abs(), wanted[:, rows, columns].expand_as(own), drawn.share)
        spectrum[:, :, rows, columns] = torch.polar(mixed, own.angle())
    back: Tensor = torch.fft.irfft2(spectrum, s=planes.shape[2:])
    return back.round_().clamp_(0.0, 255.0).to(torch.uint8).permute(0, 2, 3, 1)


def _low(rows: int, band: int) -> list[tuple[slice, slice]]:
    """Return the blocks of a half spectrum up to a frequency: from above and from below."""
    columns = slice(0, band + 1)
    below = [(slice(rows - band, rows), columns)] if band else []
    return [(slice(0, band + 1), columns), *below]
