# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a packet of a video's stream says of the frames from there on: their size and colours.

H.264 (ITU-T H.264, 7.3.2.1), HEVC (ITU-T H.265, 7.3.2.2), VP8 (RFC 6386, 9.1), VP9, MPEG-2 and
motion JPEG. The stream may change what the file's header says, as a call does whose network or
whose telephone was turned; a decoder follows it, OpenCV does not.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

HIGH_PROFILES = 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135
SPS_H264, SLICES_H264 = 7, range(1, 6)
SPS_HEVC, SLICES_HEVC = 33, range(32)
MOST_ZEROS = 32  # before such a number: more are the zeros that a lost disk cache leaves
MOST_HEADER = 4096  # bytes of one; what follows is not looked through bit by bit
ANY_SAR = 255  # its two numbers follow
START = b'\0\0\1'
SIZE_MARKERS = *range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC)  # of JPEG: SOF
BARE_MARKERS = 0xD8, 0x01, *range(0xD0, 0xD8)  # without a length
SCAN = 0xDA
VP8_START, VP9_SYNC, VP9_SRGB = b'\x9d\x01\x2a', 0x498342, 7


class StreamHeader(NamedTuple):
    """Of the frames behind it."""

    width: int
    height: int
    matrix: int = 0  # from RGB, by ITU-T H.273; 0: not told


class Bits:
    """Reads a header bit by bit.

    Raises:
        IndexError: it ends before, or holds no such number.

    """

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, 'big'), 8 * len(data)

    def take(self, count: int) -> int:
        """Return a number of so many bits."""
        if count > self._left:
            raise IndexError('the header ends')
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def number(self) -> int:
        """Return a number of H.264's and HEVC's own length (Exp-Golomb)."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > MOST_ZEROS:
                raise IndexError('no number of a header')
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        """Return one with a sign."""
        value = self.number()
        return (value + 1) // 2 if value % 2 else -(value // 2)


def headers_of(codec: str, packet: bytes) -> list[StreamHeader]:
    """Return what a packet says, in its order; nothing where it is torn.

    H.264 and HEVC from MP4 and MKV come with the file's header in front of, or behind, their own.

    Args:
        codec: its four letters, as OpenCV tells them.
        packet: as OpenCV gives it: H.264 and HEVC with start codes.

    """
    read = READERS.get(codec.lower())
    try:
        return list(read(packet)) if read else []
    except IndexError:
        return []


def _units(packet: bytes, slices: range, shift: int) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and content of each unit before the picture itself."""
    at = packet.find(START)
    while at >= 0:
        first = at + len(START)
        kind = packet[first] >> shift & (0x1F if shift == 0 else 0x3F)
        if kind in slices:
            return
        at = packet.find(START, first)
        content = packet[first:] if at < 0 else packet[first:at]
        yield kind, content[:MOST_HEADER].replace(b'\0\0\3', b'\0\0')


def _h264(packet: bytes) -> Iterator[StreamHeader]:
    for kind, unit in _units(packet, SLICES_H264, 0):
        if kind == SPS_H264:
            yield _h264_header(Bits(unit[1:]))


def _h264_header(bits: Bits) -> StreamHeader:
    profile, chroma, separate = bits.take(8), 1, 0
    bits.take(16)
    bits.number()
    if profile in HIGH_PROFILES:
        chroma = bits.number()
        separate = bits.take(1) if chroma == 3 else 0
        bits.number()
        bits.number()
        bits.take(1)
        if bits.take(1):
            for index in range(8 if chroma != 3 else 12):
                if bits.take(1):
                    _pass_scaling(bits, 16 if index < 6 else 64)
    bits.number()
    order = bits.number()
    if order == 0:
        bits.number()
    elif order == 1:
        bits.take(1)
        for _ in range(2):
            bits.signed()
        for _ in range(bits.number()):
            bits.signed()
    bits.number()
    bits.take(1)
    columns, rows = bits.number() + 1, bits.number() + 1
    is_whole = bits.take(1)
    if not is_whole:
        bits.take(1)
    bits.take(1)
    has_colours = chroma and not separate
    across = 2 if has_colours and chroma < 3 else 1
    down = (2 if has_colours and chroma == 1 else 1) * (2 - is_whole)
    left, right, top, low = [bits.number() for _ in range(4)] if bits.take(1) else [0] * 4
    width, height = 16 * columns - across * (left + right), 16 * rows * (2 - is_whole)
    return StreamHeader(width, height - down * (top + low), _h264_matrix(bits))


def _pass_scaling(bits: Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _h264_matrix(bits: Bits) -> int:
    """Return the matrix that the rest of a header tells (VUI)."""
    try:
        if not bits.take(1):
            return 0
        if bits.take(1) and bits.take(8) == ANY_SAR:
            bits.take(32)
        if bits.take(1):
            bits.take(1)
        if not bits.take(1):
            return 0
        bits.take(4)
        return bits.take(24) & 0xFF if bits.take(1) else 0
    except IndexError:
        return 0


def _hevc(packet: bytes) -> Iterator[StreamHeader]:
    for kind, unit in _units(packet, SLICES_HEVC, 1):
        if kind == SPS_HEVC:
            yield _hevc_header(Bits(unit[2:]))


def _hevc_header(bits: Bits) -> StreamHeader:
    bits.take(4)
    layers = bits.take(3)
    bits.take(1 + 88 + 8)
    told = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    bits.take(2 * (8 - layers) if layers else 0)
    for has_profile, has_level in told:
        bits.take(88 * has_profile + 8 * has_level)
    bits.number()
    chroma = bits.number()
    if chroma == 3:
        bits.take(1)
    width, height = bits.number(), bits.number()
    across, down = 2 if chroma in (1, 2) else 1, 2 if chroma == 1 else 1
    left, right, top, low = [bits.number() for _ in range(4)] if bits.take(1) else [0] * 4
    return StreamHeader(width - across * (left + right), height - down * (top + low))


def _vp8(packet: bytes) -> Iterator[StreamHeader]:
    if packet[0] & 1 or packet[3:6] != VP8_START:  # no key frame
        return
    width, height = (int.from_bytes(packet[at : at + 2], 'little') & 0x3FFF for at in (6, 8))
    yield StreamHeader(width, height)


def _vp9(packet: bytes) -> Iterator[StreamHeader]:
    bits = Bits(packet[:32])
    bits.take(2)
    profile = bits.take(1) + 2 * bits.take(1)
    if profile == 3:
        bits.take(1)
    if bits.take(1) or bits.take(1):  # shown before, or no key frame
        return
    bits.take(2)
    if bits.take(24) != VP9_SYNC:
        return
    if profile >= 2:
        bits.take(1)
    if bits.take(3) != VP9_SRGB:
        bits.take(1 + (3 if profile % 2 else 0))
    elif profile % 2:
        bits.take(1)
    yield StreamHeader(bits.take(16) + 1, bits.take(16) + 1)


def _mpeg2(packet: bytes) -> Iterator[StreamHeader]:
    at = packet.find(START + b'\xb3')
    if at >= 0:
        bits = Bits(packet[at + 4 : at + 7])
        yield StreamHeader(bits.take(12), bits.take(12))


def _jpeg(packet: bytes) -> Iterator[StreamHeader]:
    at = 0
    while packet[at] == 0xFF and packet[at + 1] != SCAN:
        kind = packet[at + 1]
        if kind in SIZE_MARKERS:
            bits = Bits(packet[at + 5 : at + 9])
            height = bits.take(16)
            yield StreamHeader(bits.take(16), height)
            return
        bare = kind in BARE_MARKERS
        at += 2 if bare else 2 + int.from_bytes(packet[at + 2 : at + 4], 'big')


READERS: dict[str, Callable[[bytes], Iterator[StreamHeader]]] = {
    **dict.fromkeys(('h264', 'avc1', 'x264', '\x1b\0\0\0'), _h264),  # the last: MPEG-TS, by 4.6
    **dict.fromkeys(('hevc', 'hvc1', 'hev1'), _hevc),
    **dict.fromkeys(('mpg2', 'mpg1', 'mpeg'), _mpeg2),
    **dict.fromkeys(('mjpg', 'jpeg'), _jpeg),
    'vp80': _vp8,
    'vp90': _vp9,
}
