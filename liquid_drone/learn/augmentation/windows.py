# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Augmentation of training images: light, colours, noise, blur, a patch, lens, left for right.

What happens to a window is drawn first, as plain numbers; then all windows that are given are
changed at once, on whatever device they lie.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .config import Augmentation
from .lens import bent_frames, bent_target
from .style import StyleDraw, draw_style, styled

STYLE = 0.35  # of each channel in another one, at most
SPARED = 0.12  # of the width, beside the target's middle
GREY = 115.0  # contrast turns about it


@dataclass(frozen=True)
class Patch:
    """A grey rectangle."""

    top: int
    left: int
    height: int
    width: int
    grey: float


@dataclass(frozen=True)
class ImageAugmentation:
    """How one window is changed; pixels are 0..255."""

    gain: npt.NDArray[np.float64]  # (3,)
    offset: npt.NDArray[np.float64]  # (3,)
    noise: float  # standard deviation
    grain: tuple[int, int]  # where the noise is cut from: top, left
    mix: npt.NDArray[np.float64] | None  # (3, 3), None: colours stay
    blurred: bool
    patch: Patch | None
    mirrored: bool
    lens: float = 0.0  # k, see lens.py
    style: StyleDraw | None = None  # None: colours stay, where there are places too


def draw_augmentation(
    how: Augmentation,
    size: tuple[int, int],
    target: npt.NDArray[np.float32],
    rng: np.random.Generator,
) -> ImageAugmentation:
    """Draw how a window is changed.

    Args:
        how: shares and strengths.
        size: rows and columns of the pictures.
        target: (T, 3), as in a batch; the patch keeps off where it is.
        rng: draws nothing for hue, blur, lens, patch and style where they are switched off.

    """
    gain = 1.0 + how.contrast * rng.uniform(-1, 1) + how.colour * rng.uniform(-1, 1, size=3)
    offset = 255.0 * how.brightness * rng.uniform(-1, 1) + GREY * (1.0 - gain)
    noise = 255.0 * how.noise * rng.random()
    top, left = (int(rng.random() * (256 - extent + 1)) for extent in size)
    coloured = how.hue_deg > 0.0 or how.season_style
    mix = colour_mix(how, rng) if coloured else None
    blurred = how.blur_share > 0.0 and rng.random() < how.blur_share
    lens = float(how.lens * rng.uniform(-1, 1)) if how.lens > 0.0 else 0.0
    hidden = how.cutout_share > 0.0 and rng.random() < how.cutout_share
    patch = _draw_patch(size, bent_target(target, lens, size), rng) if hidden else None
    mirrored = how.flip and rng.random() < 0.5
    takes_style = how.style_share > 0.0 and rng.random() < how.style_share
    style = draw_style(rng) if takes_style else None
    return ImageAugmentation(
        gain, offset, float(noise), (top, left), mix, blurred, patch, mirrored, lens, style
    )


def changed(
    frames: Tensor, drawn: list[ImageAugmentation], grain: Tensor, places: Tensor | None = None
) -> Tensor:
    """Change windows (B, T, h, w, 3), uint8, all but left for right; bfloat16.

    Args:
        frames: pictures 0..255.
        drawn: one for each window.
        grain: normal noise (256, 256, 3), bfloat16, on the same device.
        places: see ``style_amplitudes``; None: no window takes a style.

    """
    pixels = _recoloured(_seen_elsewhere(frames, drawn, places), drawn, grain)
    if any(one.mix is not None for one in drawn):
        mixes = [np.eye(3) if one.mix is None else one.mix for one in drawn]
        mix = _like(pixels, np.stack(mixes))[:, None, None]  # (B, 1, 1, 3, 3)
        pixels = _mixed(pixels, mix).clamp_(0.0, 255.0)
    for pixel, one in zip(pixels, drawn, strict=True):
        if one.blurred:
            pixel.copy_(_blurred(pixel))
        if one.patch is not None:
            hole = one.patch
            rows = slice(hole.top, hole.top + hole.height)
            pixel[:, rows, hole.left : hole.left + hole.width] = hole.grey
    return pixels


def _seen_elsewhere(
    frames: Tensor, drawn: list[ImageAugmentation], places: Tensor | None
) -> Tensor:
    """Return uint8 windows behind their lenses and in the colours of their places."""
    takes_style = places is not None and any(one.style for one in drawn)
    if not takes_style and not any(one.lens for one in drawn):
        return frames
    windows = []
    for window, one in zip(frames, drawn, strict=True):
        bent = bent_frames(window, one.lens) if one.lens else window
        if one.style is not None and places is not None:
            bent = styled(bent, one.style, places)
        windows.append(bent)
    return torch.stack(windows)


def colour_mix(how: Augmentation, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Draw the matrix (3, 3) that colours are multiplied with; grey stays grey."""
    angle, axis = np.radians(how.hue_deg) * rng.uniform(-1, 1), np.full(3, 3.0**-0.5)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    mix = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross  # Rodrigues
    if how.season_style:
        style = np.eye(3) + rng.uniform(-STYLE, STYLE, size=(3, 3))
        mix = style / style.sum(axis=1, keepdims=True) @ mix
    return np.asarray(mix)


def _recoloured(frames: Tensor, drawn: list[ImageAugmentation], grain: Tensor) -> Tensor:
    rows, columns = frames.shape[2:4]
    corners = [one.grain for one in drawn]
    noise = torch.stack([grain[y : y + rows, x : x + columns] for y, x in corners])
    pixels = frames.to(torch.bfloat16)
    sigma = _like(pixels, np.array([one.noise for one in drawn])).view(-1, 1, 1, 1)
    gain, offset = (
        _like(pixels, np.stack(values))[:, None, None]  # (B, 1, 1, 3)
        for values in ([one.gain for one in drawn], [one.offset for one in drawn])
    )
    shift = noise * sigma + offset  # (B, h, w, 3)
    return pixels.mul_(gain[:, None]).add_(shift[:, None]).clamp_(0.0, 255.0)


def _mixed(pixels: Tensor, mix: Tensor) -> Tensor:
    """Mix the channels of (B, T, h, w, 3); a processor has no fast bfloat16 for matrices so small.

    The product of bfloat16 numbers is exact in float32, so that both ways give the same bits.
    """
    turned = mix.transpose(3, 4)
    if pixels.is_cuda:
        return pixels @ turned
    return (pixels.float() @ turned.float()).to(pixels.dtype)


def _blurred(pixels: Tensor) -> Tensor:
    """Average each pixel of (T, h, w, 3) with its neighbours."""
    planes = torch.nn.functional.pad(pixels.permute(0, 3, 1, 2), (1, 1, 1, 1), mode='replicate')
    return torch.nn.functional.avg_pool2d(planes, 3, 1).permute(0, 2, 3, 1)


def _draw_patch(
    size: tuple[int, int], target: npt.NDArray[np.float32], rng: np.random.Generator
) -> Patch | None:
    rows, columns = size
    height, width = (int(extent * rng.uniform(0.1, 0.35)) for extent in size)
    top, left = int(rng.integers(rows - height + 1)), int(rng.integers(columns - width + 1))
    grey = float(rng.uniform(60, 190))
    shown = target[target[:, 0] > 0.5]
    x = (shown[:, 1] + 1.0) / 2.0 * columns
    if ((x > left - SPARED * columns) & (x < left + width + SPARED * columns)).any():
        return None  # it would hide the target that the label says is there
    return Patch(top, left, height, width, grey)


def _like(pixels: Tensor, values: npt.NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(values).to(pixels.device, pixels.dtype)
