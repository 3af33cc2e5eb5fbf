# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pixels as cameras send them, turned into RGB; the names are those of ``sensor_msgs/Image``.

An encoding that is not in the table is refused by name: a wrong guess gives a wrong picture.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arrays import Image
from .errors import ImageError
from .integrity.lost_bytes import is_filled, lacks_restarts

LONGEST_SIDE_PX = 16384
MOST_PADDING = 256  # bytes behind a row, where rows begin at multiples of it
PNG, DEPTH_AT = b'\x89PNG', 24  # a PNG's first bytes, and where its bits a channel are
ENDS = {b'\xff\xd8': b'\xff\xd9', PNG: b'IEND'}  # first bytes of a picture, and its last
CABLE = 'try another cable or port, a smaller picture or a lower rate'  # where bytes are lost
JPEG_OF_RGB = 'rgb8; jpeg compressed bgr8'  # in image_transport's words; bgr8: as OpenCV packs it
MOSAIC = re.compile(r'bayer_(rggb|bggr|gbrg|grbg)(8|16)')
LAST = 4096  # bytes: some cameras send a buffer's rest behind the end
MOVING = re.compile(r'(h\.?26[45]|hevc|avc|av1|vp[89]|theora|mpeg-?4)\b.*', re.IGNORECASE)
Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class Encoding:
    """How rows of bytes become a picture."""

    bytes_per_pixel: int
    convert: Convert  # (rows, bytes of a row) uint8 -> (H, W, 3) RGB
    is_even: bool = False  # pixels share colour: width (and of NV12 height) are even
    half_more: bool = False  # half as many rows again, of colour


def _channels(count: int, order: slice) -> Convert:
    def convert(rows: Any) -> Any:
        return rows.reshape(rows.shape[0], -1, count)[:, :, order]

    return convert


def _by_opencv(code: str, channels: int = 1) -> Convert:
    def convert(rows: Any) -> Any:
        import cv2

        pixels = rows if channels == 1 else rows.reshape(rows.shape[0], -1, channels)
        return cv2.cvtColor(np.ascontiguousarray(pixels), getattr(cv2, code))

    return convert


_GREY = Encoding(1, _by_opencv('COLOR_GRAY2RGB'))
_UYVY = Encoding(2, _by_opencv('COLOR_YUV2RGB_UYVY', 2), is_even=True)
_YUYV = Encoding(2, _by_opencv('COLOR_YUV2RGB_YUY2', 2), is_even=True)
ENCODINGS = {
    'rgb8': Encoding(3, _channels(3, slice(None))),
    'bgr8': Encoding(3, _channels(3, slice(None, None, -1))),
    'rgba8': Encoding(4, _channels(4, slice(0, 3))),
    'bgra8': Encoding(4, _channels(4, slice(2, None, -1))),
    'mono8': _GREY,
    '8UC1': _GREY,  # of one channel OpenCV's name says all
    'uyvy': _UYVY,
    'yuv422': _UYVY,  # its older name
    'yuyv': _YUYV,
    'yuv422_yuy2': _YUYV,  # its older name
    'nv12': Encoding(1, _by_opencv('COLOR_YUV2RGB_NV12'), is_even=True, half_more=True),
    'nv21': Encoding(1, _by_opencv('COLOR_YUV2RGB_NV21'), is_even=True, half_more=True),
    # OpenCV names a pattern after its second row and column
    'bayer_rggb8': Encoding(1, _by_opencv('COLOR_BayerBG2RGB'), is_even=True),
    'bayer_bggr8': Encoding(1, _by_opencv('COLOR_BayerRG2RGB'), is_even=True),
    'bayer_gbrg8': Encoding(1, _by_opencv('COLOR_BayerGR2RGB'), is_even=True),
    'bayer_grbg8': Encoding(1, _by_opencv('COLOR_BayerGB2RGB'), is_even=True),
}
UNSTATED = 'unstated'
COLOUR_ORDERS = (UNSTATED, 'rgb', 'bgr')
# OpenCV's names of three and four channels: ROS leaves open which of them is red
UNORDERED = {
    '8UC3': {'rgb': 'rgb8', 'bgr': 'bgr8'},
    '8UC4': {'rgb': 'rgba8', 'bgr': 'bgra8'},
}
GREY = frozenset({'mono8', 'mono16', '8UC1', '16UC1'})
WIDE = re.compile(r'(rgb|bgr|rgba|bgra|mono)16|(16|32|64)[USF]+C[1-4]')  # no bytes


def decode(
    encoding: str, width: int, height: int, step: int, data: Any, colour_order: str = UNSTATED
) -> Image:
    """Return the picture as RGB (H, W, 3) uint8, without a copy where the bytes are RGB already.

    Args:
        encoding: one of :data:`ENCODINGS`, or of :data:`UNORDERED`.
        width: in pixels.
        height: in pixels.
        step: bytes from one row to the next.
        data: the bytes.
        colour_order: of :data:`COLOUR_ORDERS`, for the encodings that name none.

    Raises:
        ImageError: another encoding, an empty or absurdly large picture, too few bytes, or a
            picture that ends in the grey of lost bytes.

    """
    encoding = _named(encoding, colour_order)
    found = ENCODINGS.get(encoding)
    if found is None:
        raise ImageError(
            f"expected an image with encoding {', '.join(ENCODINGS)}; got '{encoding[:40]}': "
            'let the camera driver publish one of these'
        )
    _check_size(found, encoding, width, height)
    rows, used = height + height // 2 * found.half_more, width * found.bytes_per_pixel
    values = np.frombuffer(data, dtype=np.uint8)
    if found is _GREY and step == 3 * width and step - used >= MOST_PADDING:
        raise ImageError(
            f'expected rows of {used} bytes ({encoding}, width {width}), got {step}: a picture in '
            'colour is called grey; let the camera driver name its encoding (rgb8, bgr8)'
        )
    if step < used and values.size >= rows * used:
        raise ImageError(
            f'expected rows of at least {used} bytes ({encoding}, width {width}), got a step of '
            f'{step}: let the camera driver set step to the bytes of a row, and name its encoding'
        )
    if step < used or values.size < rows * step:
        raise ImageError(
            f'expected {rows} rows of at least {used} bytes ({width}x{height} {encoding}), '
            f'got {values.size} bytes with step {step}: the image message is cut short'
        )
    check_length(values.size, rows, step)
    picture: Image = found.convert(values[: rows * step].reshape(rows, step)[:, :used])
    _check_filled(picture)
    return picture


def check_length(size: int, rows: int, step: int) -> None:
    """Refuse a picture with bytes for more rows than it has: its rows or planes lie elsewhere.

    Drivers that align rows or planes and do not say so send more; read by their step such a
    picture is skewed, or has its colours from the wrong place.

    Raises:
        ImageError: a row or more is left over.

    """
    if size - rows * step >= step:
        raise ImageError(
            f'expected {rows} rows of {step} bytes, got {size} bytes, enough for {size // step}: '
            'let the camera driver set step and height to those of its buffer'
        )


def decode_compressed(described: str, data: Any) -> Image:
    """Return a JPEG, PNG or TIFF as RGB (H, W, 3) uint8.

    Args:
        described: its format in the words of its sender, for the error.
        data: the bytes.

    Raises:
        ImageError: no picture, one that lost its colours or bytes, or has channels of 16 bits.

    """
    import cv2

    check_described(described)
    source, is_told, _ = described[:80].partition(';')
    if is_told and WIDE.fullmatch(source.strip()) and not _kept(described).endswith('8'):
        raise ImageError(
            f"expected a picture with channels of 8 bits, got '{described[:80]}': let the camera "
            'driver publish rgb8'
        )
    values = np.frombuffer(data, dtype=np.uint8)
    _check_whole(bytes(values[: DEPTH_AT + 1]), values)
    if lacks_restarts(values):
        raise ImageError(
            'expected a whole picture, got a JPEG that lost bytes in its middle, with some of its '
            f'restart markers: {CABLE}'
        )
    try:
        image = cv2.imdecode(values, cv2.IMREAD_COLOR) if values.size else None
    except cv2.error as error:  # too large for OpenCV
        raise ImageError(f'a picture ({described[:40]}) cannot be decoded: {error}') from error
    if image is None:
        raise ImageError(
            f'expected the bytes of a JPEG or PNG, got {values.size} bytes ({described[:40]})'
        )
    picture = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    _check_filled(picture)
    return as_sent(described, picture)


def _check_filled(image: Image) -> None:
    if is_filled(image):
        raise ImageError(
            'expected a whole picture, got one that ends in the grey of a JPEG that lost bytes, '
            f'or the green of an empty buffer: {CABLE}'
        )


def as_sent(described: str, picture: Image) -> Image:
    """Return the picture (H, W, 3) that a camera sent, of what is in its container.

    image_transport packs the pixels of a camera as they are where it tells no encoding of the
    container: into TIFF in the camera's order, where OpenCV expects blue first, and of a Bayer
    pattern the pattern, as grey.

    Args:
        described: the format in the words of the sender.
        picture: as decoded, RGB by the rules of the container.

    Raises:
        ImageError: a Bayer pattern of odd width or height.

    """
    source, _, container = (part.strip() for part in described[:80].partition(';'))
    if _kept(described) or not container.startswith(('png', 'tiff')):
        return picture
    mosaic = MOSAIC.fullmatch(source)
    if mosaic and (picture == picture[..., :1]).all():
        height, width = picture.shape[:2]
        return decode(f'bayer_{mosaic[1]}8', width, height, width, picture[..., 0].tobytes())
    if container.startswith('tiff') and source.startswith('rgb'):
        return np.ascontiguousarray(picture[..., ::-1])
    return picture


def check_described(described: str) -> None:
    """Refuse what image_transport made a picture of another kind; without its words: nothing.

    It calls a picture ``ENCODING; CONTAINER compressed ENCODING``, of camera and container.

    Raises:
        ImageError: distances (compressedDepth), a video, or colours that were packed as grey.

    """
    if 'depth' in described.lower():
        raise ImageError(
            f"expected a picture, got the format '{described[:40]}': distances are no picture"
        )
    source = described.partition(';')[0].strip()
    if MOVING.fullmatch(source):
        raise ImageError(
            f"expected a picture, got a packet of a video ('{described[:40]}'): let it be sent as "
            'JPEG (image_transport compressed), or convert the video'
        )
    if _kept(described) == 'mono8' and source and source not in GREY:
        raise ImageError(
            f'expected a picture in colour, got one of {source[:40]} that was packed as grey '
            f"('{described[:80]}'): let the camera driver publish rgb8, or take raw pictures "
            '(image_transport:=raw)'
        )


def _check_whole(start: bytes, values: Any) -> None:
    """Refuse a picture whose end did not arrive: older OpenCV fill it with grey, and say nothing.

    Raises:
        ImageError: that, or a PNG of 16 bits, of which OpenCV keeps the upper byte.

    """
    end = next((end for begin, end in ENDS.items() if start.startswith(begin)), b'')
    if end and end not in values[-LAST:].tobytes() and end not in values.tobytes():
        raise ImageError(f'expected a whole picture, got {values.size} bytes without its end')
    if start.startswith(PNG) and start[DEPTH_AT:] == b'\x10':
        raise ImageError(
            'expected a picture with channels of 8 bits, got a PNG of 16: let the camera driver '
            'publish rgb8'
        )


def _kept(described: str) -> str:
    """Return the encoding in the container; empty: it is not told."""
    return described[:80].partition(';')[2].rpartition('compressed')[2].strip()


def _named(encoding: str, colour_order: str) -> str:
    """Return the name that tells the order of colours."""
    orders = UNORDERED.get(encoding)
    if orders is None:
        return encoding
    if colour_order not in orders:
        raise ImageError(
            f'expected an image whose encoding names the order of its colours; {encoding} does '
            f'not: let the camera driver publish {" or ".join(orders.values())}, or set '
            'colour_order:=bgr (what OpenCV captures) or rgb, and look at the picture: a red '
            'thing must be red'
        )
    return orders[colour_order]


def _check_size(found: Encoding, encoding: str, width: int, height: int) -> None:
    if not (0 < width <= LONGEST_SIDE_PX and 0 < height <= LONGEST_SIDE_PX):
        raise ImageError(
            f'expected an image of 1 to {LONGEST_SIDE_PX} pixels a side, got {width}x{height}: '
            'the camera driver publishes no picture'
        )
    if found.is_even and (width % 2 or height % 2):
        raise ImageError(
            f'expected an even width and height of an image with encoding {encoding}, '
            f'got {width}x{height}: set the camera to another size'
        )
