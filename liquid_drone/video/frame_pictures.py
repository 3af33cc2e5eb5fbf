# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The picture of a decoded frame, as its file or stream means it: colours, shape, way up."""

from typing import Any

import numpy as np

from ..arrays import Image
from ..image import resized

LEAST_WIDER = 0.25  # of a pixel; less is a mistake of the file
SQUARE = 0.01  # pixels that are so little wider or narrower than high are square
ASKEW = 0.01  # of a turn: what is less of the other axis is none
NARROW, FULL = 1, 2  # FFmpeg's AVColorRange
BT_601, SMPTE_240M = 5, 7  # matrix coefficients (ITU-T H.273)
MATRICES = 1, 4, 5, 6, 7, 9  # of those, what FFmpeg makes RGB of


class FramePictures:
    """Makes pictures of the frames of one track of PyAV."""

    def __init__(self, av: Any, stream: Any) -> None:
        """Take the module and a track of pictures."""
        self._av, self._decoder = av, stream.codec_context
        self._reformatter = av.video.reformatter.VideoReformatter()
        self._aspect = stream.sample_aspect_ratio
        self._held: tuple[int, int, int] | None = None
        self._matrix: Any = None
        self._follows_aspect = self._aspect == self._decoder.sample_aspect_ratio

    def picture(self, frame: Any) -> Image:
        """Return RGB (H, W, 3): upright, with square pixels."""
        image = self._rgb(frame)
        aspect = self._decoder.sample_aspect_ratio if self._follows_aspect else self._aspect
        wider = float(aspect or 1.0)
        if abs(wider - 1.0) >= SQUARE and LEAST_WIDER <= wider <= 1.0 / LEAST_WIDER:
            image = resized(image, round(image.shape[1] * wider), image.shape[0])
        held = frame.width, frame.height, frame.rotation
        if held != self._held:  # a frame that was asked stays in memory until it is collected
            told = frame.side_data.get(self._av.sidedata.sidedata.Type.DISPLAYMATRIX)
            self._held, self._matrix = held, told and np.frombuffer(bytes(told), np.int32)
        return image if self._matrix is None else upright(image, self._matrix)

    def _rgb(self, frame: Any) -> Image:
        """Return RGB by the matrix and the range of a frame; untold: BT.601 and the narrow one."""
        if frame.format.is_rgb or frame.format.has_palette:
            made = self._reformatter.reformat(frame, format='rgb24')
        else:
            told, name = int(frame.colorspace), frame.format.name
            matrix = told if told in MATRICES else BT_601
            is_full = name.startswith(('yuvj', 'gray')) and int(frame.color_range) != NARROW
            made = self._reformatter.reformat(
                frame,
                format='rgb24',
                src_colorspace=matrix,
                dst_colorspace=BT_601 if matrix == SMPTE_240M else SMPTE_240M,  # no RGB has one
                src_color_range=FULL if is_full or int(frame.color_range) == FULL else NARROW,
                dst_color_range=FULL,
            )
        return np.ascontiguousarray(made.to_ndarray(), np.uint8)


def upright(image: Image, matrix: Any) -> Image:
    """Turn and mirror a picture as a display matrix says, in quarter turns; others leave it.

    Args:
        image: (H, W, C).
        matrix: nine numbers, which bring (x, y, 1) to where it is shown (ISO/IEC 14496-12).

    """
    a, b, _, c, d = (float(number) for number in matrix[:5])
    along, across = max(abs(a), abs(d)), max(abs(b), abs(c))
    if min(along, across) > ASKEW * max(along, across):
        return image
    if across > along:
        image, a, d = image.transpose(1, 0, 2), c, b
    return np.ascontiguousarray(image[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1])
