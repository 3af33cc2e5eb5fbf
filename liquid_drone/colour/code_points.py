# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Colours named by numbers of ITU-T H.273: ``cICP`` of PNG, ``nclx`` of AVIF and HEIC.

They become an ICC profile, which is applied as one that the picture holds. PNG's older ``gAMA``
is not read: writers that know only the curve of a video's camera (FFmpeg), or nothing
(microsoft/DirectXTK#193), give one with which a picture is brighter than it was seen.
"""

import struct
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..arrays import FloatArray
from ..errors import ImageError

PNG = b'\x89PNG\r\n\x1a\n'
ISO_KINDS = b'avif', b'avis', b'mif1', b'miaf', b'heic', b'heix'
ISO_COLOURS = b'colrnclx'
MOST_HEADER = 1 << 20  # bytes of an AVIF or HEIC before its picture
Primaries = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
SRGB: Primaries = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
SMALL: Primaries = ((0.63, 0.34), (0.31, 0.595), (0.155, 0.07))  # BT.601, 525 lines
PRIMARIES: dict[int, Primaries] = {  # all under D65
    1: SRGB,
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),  # BT.601, 625 lines
    6: SMALL,
    7: SMALL,
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2020
    12: ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),  # Display P3
}
SRGB_CURVE = 13
GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}
AS_SRGB = 1, 6, SRGB_CURVE, 14, 15  # a video's curve is shown as videos are: as sRGB's
HDR = {16: 'PQ', 18: 'HLG'}
D65 = np.array([0.9505, 1.0, 1.0891])
D50 = np.array([0.9642, 1.0, 0.8249])
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
STEPS = 1024  # of a curve


def profile_of(data: bytes, where: str) -> bytes:
    """Return the ICC profile that a picture's numbers stand for; empty: it has none.

    Args:
        data: content of the file.
        where: names it in the error.

    Raises:
        ImageError: it is HDR, which has no like in sRGB.

    """
    primaries, curve = _numbers(data)
    if curve in HDR:
        raise ImageError(
            f'{where} is HDR ({HDR[curve]}), whose colours cannot be shown as they are: save or '
            'take it without HDR'
        )
    curve = SRGB_CURVE if curve in AS_SRGB else curve
    if primaries not in PRIMARIES or curve not in (SRGB_CURVE, *GAMMAS):
        return b''  # unknown: taken for sRGB, as without
    return b'' if (primaries, curve) == (1, SRGB_CURVE) else _profile(primaries, curve)


def _numbers(data: bytes) -> tuple[int, int]:
    """Return primaries and transfer characteristics; (0, 0): they are not told."""
    if data.startswith(PNG):
        return _png_numbers(data)
    if data[4:8] == b'ftyp' and data[8:12] in ISO_KINDS:
        head, told = data[:MOST_HEADER], set()
        at = head.find(ISO_COLOURS)
        while at >= 0:
            numbers = head[at + len(ISO_COLOURS) :][:4]
            told.add(struct.unpack('>2H', numbers) if len(numbers) == 4 else (0, 0))
            at = head.find(ISO_COLOURS, at + 1)
        return told.pop() if len(told) == 1 else (0, 0)  # of several pictures: not known whose
    return 0, 0


def _png_numbers(data: bytes) -> tuple[int, int]:
    at = len(PNG)
    while at + 12 <= len(data):
        size, kind = struct.unpack_from('>I4s', data, at)
        if kind == b'cICP' and size == 4:
            return data[at + 8], data[at + 9]
        if kind == b'IDAT':
            break
        at += 12 + size
    return 0, 0


@lru_cache(maxsize=16)
def _profile(primaries: int, curve: int) -> bytes:
    """Return an ICC profile of version 2: a matrix and a curve for all channels."""
    steps = np.linspace(0.0, 1.0, STEPS)
    if curve == SRGB_CURVE:
        light = np.where(steps <= 0.04045, steps / 12.92, ((steps + 0.055) / 1.055) ** 2.4)
    else:
        light = steps ** GAMMAS[curve]
    shape = b'curv' + bytes(4) + struct.pack('>I', STEPS)
    shape += np.rint(light * 65535.0).astype('>u2').tobytes()
    tags = {b'wtpt': _xyz(D50)}
    for name, column in zip((b'r', b'g', b'b'), _to_xyz(PRIMARIES[primaries]).T, strict=True):
        tags |= {name + b'XYZ': _xyz(column), name + b'TRC': shape}
    at, table, content = 132 + 12 * len(tags), b'', b''
    for tag, value in tags.items():
        table += tag + struct.pack('>2I', at + len(content), len(value))
        content += value
    head = struct.pack('>I4xI12s', at + len(content), 0x02100000, b'mntrRGB XYZ ')
    head += bytes(12) + b'acsp' + bytes(28) + _fixed(D50) + bytes(48)
    return head + struct.pack('>I', len(tags)) + table + content


def _to_xyz(primaries: Primaries) -> FloatArray:
    """Return the matrix (3, 3) from linear colours to XYZ under D50, as a profile has it."""
    columns = np.array([[x / y, 1.0, (1.0 - x - y) / y] for x, y in primaries]).T
    under_d65 = columns * np.linalg.solve(columns, D65)
    scale = np.diag((BRADFORD @ D50) / (BRADFORD @ D65))
    return np.asarray(np.linalg.inv(BRADFORD) @ scale @ BRADFORD @ under_d65)


def _xyz(values: npt.NDArray[np.float64]) -> bytes:
    return b'XYZ ' + bytes(4) + _fixed(values)


def _fixed(values: npt.NDArray[np.float64]) -> bytes:
    """Return whole numbers of 1/65536."""
    return np.rint(values * 65536.0).astype('>i4').tobytes()
