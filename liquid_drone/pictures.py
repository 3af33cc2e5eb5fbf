# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures from files and messages as RGB, as they describe themselves; by Pillow.

Obeyed are EXIF's orientation, palettes, grey, CMYK, alpha, 16 bit, floats and the colour profile
(Display P3 of telephones, Adobe RGB) or the numbers of one. A picture's size is asked before it is
decoded.
"""

import io
import struct
import warnings
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .arrays import BoolArray, Image
from .colour.code_points import profile_of
from .colour.profiles import as_srgb
from .errors import ImageError, MissingDependencyError, require, shown
from .files import IS_POINTER, POINTER

MOST_PIXELS = 100_000_000
MOST_JPEG_PIXELS = 250_000_000  # of a telephone's largest sensors; decoded at half the size
JPEG = b'\xff\xd8\xff'
# brands of the ISO file in which telephones keep a still picture in HEVC
HEIC = b'heic', b'heix', b'heim', b'heis', b'hevc', b'hevx', b'mif1', b'msf1'
WHICH_PICTURE, SUB_PICTURES, REDUCED = 254, 330, 1  # tags of TIFF, and a bit of the first
ORIENTATION, AS_STORED = 0x0112, 1  # a tag of EXIF, and one of its values
EXIF, LEAST_EXIF, NUMBERS = b'Exif\0\0', 10, {1: 'B', 3: 'H', 4: 'I'}  # kinds of whole numbers
WAYS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # from its values to Pillow's Transpose
WHITE_16, WHITE_12, WHITE_8 = 65_535.0, 4_095.0, 255.0
DARK = int(WHITE_8 * WHITE_12 / WHITE_16)  # of a byte, where 12 bits were taken for 16


@dataclass(frozen=True)
class Picture:
    """A decoded picture, upright."""

    rgb: Image  # (H, W, 3)
    opaque: BoolArray | None  # (H, W): where it is not transparent; None: no transparency
    further: int = 0  # pictures of an animation, or pages, that come after this one


def decoded(data: bytes, where: str, least: int = 1) -> Picture:
    """Decode a JPEG, PNG, TIFF, WebP or another format that Pillow knows.

    Args:
        data: content of the file.
        where: names it in error messages.
        least: pixels that each side must have.

    Raises:
        ImageError: one sentence: too small, too large, or not decodable.

    """
    if not data:
        raise ImageError(f'{where} is empty: it was not copied or saved whole')
    if data.startswith(POINTER):
        raise ImageError(f'{where} {IS_POINTER}')
    pillow = require('PIL.Image', 'record')
    if data[4:8] == b'ftyp' and data[8:12] in HEIC:
        _learn_heic(where)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # of a size that is compared below
            with _opened(data) as picture:
                _check_whole(picture, where)
                width, height = picture.size
                check_size(width, height, where, least)
                told = profile_of(data, where)
                if told:
                    picture.info['icc_profile'] = told
                further = int(getattr(picture, 'n_frames', 1)) - 1
                return replace(_brightened(_upright(picture, where), data), further=further)
    except ImageError:
        raise
    except pillow.DecompressionBombError as error:
        raise ImageError(f'{where}: {_too_large("more than 100 million")}') from error
    except pillow.UnidentifiedImageError as error:
        raise ImageError(
            f'{where} is no picture that can be read (raw files of cameras and TIFF of colours in '
            'floats cannot): save it as PNG or JPEG'
        ) from error
    except Exception as error:  # a broken picture may raise anything in its decoder
        is_cut = 'truncated' in str(error).lower()
        remedy = 'copy it again, it is not whole' if is_cut else 'save it as PNG or JPEG'
        raise ImageError(
            f'{where} cannot be read as a picture: {shown(str(error))}; {remedy}'
        ) from error


def _opened(data: bytes) -> Any:
    """Open a picture, a JPEG that is too large at half its size.

    Of a JPEG the first picture counts: behind it telephones keep depth or what a second lens saw.
    """
    if not data.startswith(JPEG):
        return require('PIL.Image', 'record').open(io.BytesIO(data))
    picture = require('PIL.JpegImagePlugin', 'record').JpegImageFile(io.BytesIO(data))
    width, height = picture.size
    if MOST_PIXELS < width * height <= MOST_JPEG_PIXELS:
        picture.draft(None, (width // 2, height // 2))
    return picture


@lru_cache(maxsize=1)
def _register_heic() -> None:
    require('pi_heif', 'heic').register_heif_opener()


def _learn_heic(where: str) -> None:
    """Have Pillow read HEIC, in which telephones take photographs.

    Raises:
        ImageError: the package for it is not installed.

    """
    try:
        _register_heic()
    except MissingDependencyError as error:
        raise ImageError(f'{where} is HEIC: {error}; or save it as PNG or JPEG') from error


def check_size(width: int, height: int, where: str, least: int = 1) -> None:
    """Refuse a picture by its size.

    Raises:
        ImageError: a side has less than ``least`` pixels, or all are more than 100 million.

    """
    if min(width, height) < least:
        raise ImageError(
            f'{where} has {width}x{height} pixels, expected at least {least} along each side'
        )
    if width * height > MOST_PIXELS:
        raise ImageError(f'{where}: {_too_large(f"{width}x{height}")}')


def _check_whole(picture: Any, where: str) -> None:
    """Refuse the raw file of a camera: it begins with a small preview, and Pillow reads that."""
    if picture.format != 'TIFF' or SUB_PICTURES not in picture.tag_v2:
        return
    if int(picture.tag_v2.get(WHICH_PICTURE, 0)) & REDUCED:
        raise ImageError(
            f'{where} is the raw file of a camera, of which only a preview of '
            f'{picture.width}x{picture.height} pixels could be read: save it as PNG or JPEG'
        )


def as_bytes(values: npt.NDArray[Any]) -> Image:
    """Bring pixels of any number type to 0..255: of whole numbers the range, of floats 0..1.

    Cameras put 12 bits in 16: where nothing is brighter than 4095, that is white. Read as 16 bits
    it would be nearly black. Programs put 8 or 16 bits in 32.

    Raises:
        ImageError: floats that are not finite, or beyond 255; whole numbers beyond 16 bits.

    """
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return np.asarray(np.where(values, 255, 0), dtype=np.uint8)
    if values.dtype.kind in 'iu':
        white = WHITE_16 if values.dtype.itemsize > 1 else WHITE_8
        most = int(values.max(initial=0))
        if most > WHITE_16:
            raise ImageError(f'expected pixels of at most 16 bits, got {most}: save it as PNG')
        if white == WHITE_16 and most <= WHITE_12:
            is_byte = values.dtype.itemsize > 2 and most <= WHITE_8
            white = WHITE_8 if is_byte else WHITE_12
        return np.asarray(np.clip(values, 0, white) * (WHITE_8 / white), dtype=np.uint8)
    highest = float(values.max(initial=0.0))
    if not np.isfinite(values).all() or highest > WHITE_8:
        raise ImageError('expected finite pixels of 0..1 or 0..255, got others')
    scale = WHITE_8 if highest <= 1.0 else 1.0
    return np.asarray(np.clip(values * scale + 0.5, 0.0, WHITE_8), dtype=np.uint8)


def _brightened(picture: Picture, data: bytes) -> Picture:
    """Read colours of 12 bits in 16 again: of 16 bits Pillow keeps the upper 8, here 4 of them."""
    if picture.rgb.max(initial=0) > DARK:
        return picture
    import cv2

    values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    if values is None or values.dtype != np.uint16:
        return picture
    if not np.array_equal(values[..., ::-1] // 256, picture.rgb):
        return picture
    return replace(picture, rgb=np.ascontiguousarray(as_bytes(values)[..., ::-1]))


def _too_large(size: str) -> str:
    return f'it has {size} pixels, expected at most 100 million: save it smaller'


def _orientation(picture: Any) -> int:
    """Return EXIF's orientation, whatever else is broken there; 1, as it is stored: none is told.

    Pillow gives up at the first entry that it cannot read, or writes all of them anew. TIFF it
    turns itself.
    """
    if picture.format == 'TIFF':
        return AS_STORED
    try:
        told = _told_by(picture.info.get('exif') or b'')
        told = told or picture.getexif().get(ORIENTATION)  # of XMP, too
    except Exception:  # a broken block may raise anything, as in a picture's decoder
        return AS_STORED
    return told if isinstance(told, int) else AS_STORED


def _told_by(exif: bytes) -> int | None:
    """Return the orientation in a block of EXIF, a directory of TIFF."""
    data = exif
    while data.startswith(EXIF):  # some write it twice
        data = data[len(EXIF) :]
    order = {b'II': '<', b'MM': '>'}.get(data[:2], '')
    if not order or len(data) < LEAST_EXIF:
        return None
    (at,) = struct.unpack_from(order + 'I', data, 4)
    (count,) = struct.unpack_from(order + 'H', data, at)
    for place in range(at + 2, min(at + 2 + 12 * count, len(data) - 11), 12):
        tag, kind, _ = struct.unpack_from(order + 'HHI', data, place)
        if tag == ORIENTATION and kind in NUMBERS:
            return int(struct.unpack_from(order + NUMBERS[kind], data, place + 8)[0])
    return None


def _upright(picture: Any, where: str) -> Picture:
    picture.load()
    way = WAYS.get(_orientation(picture))
    turned = picture if way is None else picture.transpose(way)
    if turned.mode.startswith(('I', 'F')):
        values = np.asarray(turned)
        # of 16 bits in PNG some versions of Pillow make 32
        grey = as_bytes(values.astype(np.uint16) if picture.format == 'PNG' else values)
        return Picture(np.repeat(grey[..., None], 3, axis=2), None)
    has_alpha = 'transparency' in turned.info or turned.mode in ('RGBA', 'LA', 'PA', 'RGBa', 'La')
    if not has_alpha:
        return Picture(np.array(as_srgb(turned, where)), None)
    turned = turned.convert('RGBA')
    return Picture(np.array(as_srgb(turned, where)), np.array(turned.getchannel('A')) > 127)
