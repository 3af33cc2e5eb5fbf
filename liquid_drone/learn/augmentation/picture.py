# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Lens and style of single training pictures, drawn for each, with the labels that follow."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...arrays import Image
from .lens import bent_frames, bent_target
from .style import StyleDraw, draw_style, style_amplitudes, styled


@dataclass(frozen=True)
class SeenThrough:
    """One lens and one style."""

    lens: float
    style: StyleDraw | None
    places: Tensor | None

    def picture(self, image: Image) -> Image:
        """Return a picture (H, W, 3) as this lens sees it, in this style."""
        frames = torch.from_numpy(np.ascontiguousarray(image))[None]
        frames = bent_frames(frames, self.lens) if self.lens else frames
        if self.style is not None and self.places is not None:
            frames = styled(frames, self.style, self.places)
        return np.ascontiguousarray(frames[0].numpy())

    def target(
        self, label: tuple[float, float, float], size: tuple[int, int]
    ) -> tuple[float, float, float]:
        """Return the label of a picture behind this lens.

        Args:
            label: in view 0 or 1 (nan: unknown), bearing, elevation.
            size: rows and columns of the picture.

        """
        bent = bent_target(np.array([label], np.float32), self.lens, size)[0]
        return float(bent[0]), float(bent[1]), float(bent[2])


class Lenses:
    """Draws how pictures of one size are seen."""

    def __init__(
        self, lens: float, style_share: float, photos: Sequence[Image], size: tuple[int, int]
    ) -> None:
        """Take the strongest lens, the share of pictures with a style, and where styles are from.

        Args:
            lens: at most this k, either way; 0: none.
            style_share: of the pictures; of none without ``photos``.
            photos: of places.
            size: rows and columns of the pictures.

        """
        self._lens, self._share = lens, style_share if photos else 0.0
        self._places = style_amplitudes(photos, size) if photos else None

    def drawn(self, rng: np.random.Generator) -> SeenThrough:
        """Draw the lens and style of the next picture."""
        lens = float(self._lens * rng.uniform(-1.0, 1.0)) if self._lens else 0.0
        takes_style = self._share > 0.0 and rng.random() < self._share
        return SeenThrough(lens, draw_style(rng) if takes_style else None, self._places)
