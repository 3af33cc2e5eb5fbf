# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The RGB picture of a recorded Image or CompressedImage, whatever its encoding.

Beside what a camera publishes in flight, recordings have 16 bit and float channels, and pictures
with a palette, CMYK, transparency or an orientation, and raw ones that image_transport packed
(zstd).
"""

import struct
import zlib
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..arrays import Image
from ..encodings import as_sent, check_described, check_length, decode
from ..errors import ImageError
from ..pictures import as_bytes, check_size, decoded
from .unpacking import MOST_BYTES

RGB, BGR, GREY = (0, 1, 2), (2, 1, 0), (0, 0, 0)
# encoding -> type of a channel, channels, which of them are red, green and blue
WIDE: dict[str, tuple[str, int, tuple[int, int, int]]] = {
    'rgb16': ('u2', 3, RGB),
    'bgr16': ('u2', 3, BGR),
    'rgba16': ('u2', 4, RGB),
    'bgra16': ('u2', 4, BGR),
    'mono16': ('u2', 1, GREY),
    '16UC1': ('u2', 1, GREY),
    '16UC3': ('u2', 3, BGR),
    '32FC1': ('f4', 1, GREY),
    '32FC3': ('f4', 3, BGR),
}
ZSTD = 'zstd'  # a transport's name; it packs by zlib (zstd_image_transport)
PACKED_HEAD = struct.Struct('<IIBII')  # height, width, byte order, step, letters of the encoding
GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
SAME = {'8UC1': 'mono8', '8UC3': 'bgr8', '8UC4': 'bgra8'}  # OpenCV's names


def picture_of(message: Any) -> Image:
    """Return the RGB picture (H, W, 3) of an Image or CompressedImage.

    Raises:
        ImageError: an encoding that is not known, or data that does not fit it.

    """
    if not hasattr(message, 'encoding'):
        check_described(message.format)
        data = np.asarray(message.data, np.uint8).tobytes()
        if message.format == ZSTD:
            return picture_of(_unpacked(data))
        rgb = decoded(data, f"a compressed picture ('{message.format[:40]}')").rgb
        return as_sent(message.format, rgb)
    if message.encoding in WIDE:
        return _wide(message)
    name = SAME.get(message.encoding, message.encoding)
    return decode(name, message.width, message.height, message.step, message.data)


def _unpacked(data: bytes) -> SimpleNamespace:
    """Return what an Image has, of a raw picture that image_transport packed.

    Raises:
        ImageError: it is cut, broken, or too large.

    """
    try:
        height, width, is_bigendian, step, letters = PACKED_HEAD.unpack_from(data)
        begin = PACKED_HEAD.size + letters
        encoding = data[PACKED_HEAD.size : begin].decode()
        check_size(width, height, f'a picture ({encoding[:40]})')
        most = max(
            1, min(height * step * 2, MOST_BYTES)
        )  # some encodings have more rows, of colour
        pixels = zlib.decompressobj(GZIP_OR_ZLIB).decompress(data[begin:], most)
    except (struct.error, UnicodeDecodeError, zlib.error) as error:
        raise ImageError(f'a packed picture (zstd) cannot be unpacked: {error}') from error
    return SimpleNamespace(
        height=height, width=width, is_bigendian=is_bigendian, step=step, encoding=encoding,
        data=np.frombuffer(pixels, np.uint8),
    )  # fmt: skip


def _wide(message: Any) -> Image:
    kind, channels, order = WIDE[message.encoding]
    dtype = np.dtype(('>' if message.is_bigendian else '<') + kind)
    data, used = np.asarray(message.data, np.uint8), message.width * channels * dtype.itemsize
    check_size(message.width, message.height, f'a picture ({message.encoding})')
    if message.step < used or data.size < message.height * message.step:
        raise ImageError(
            f'expected {message.height} rows of at least {used} bytes ({message.encoding}), got '
            f'{data.size} bytes with step {message.step}: the image message is cut short'
        )
    check_length(data.size, message.height, message.step)
    rows = data[: message.height * message.step].reshape(message.height, message.step)[:, :used]
    pixels = np.ascontiguousarray(rows).view(dtype)
    shaped = pixels.reshape(message.height, message.width, channels)
    return np.ascontiguousarray(as_bytes(shaped)[..., list(order)])  # (H, W, 3)
