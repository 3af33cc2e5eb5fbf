# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Arrays by name from an ``.npz`` file, every size checked before memory is taken for it.

Numbers and texts only, of any byte order; no pickles. Nothing here knows what the arrays mean.
"""

import math
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from .errors import ConfigError, shown
from .files import Failure, shown_path, size_of

KINDS = 'biufU'  # truth, whole numbers, floats, texts: neither complex numbers nor objects
MOST_ARRAYS = 10_000
READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read_npz(path: Path, most: int, error: Failure = ConfigError) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a file, in this machine's byte order.

    Args:
        path: the file.
        most: bytes of all arrays together, unpacked.
        error: what is raised.

    Raises:
        error: missing, cut short, larger, or with arrays of other types.

    """
    size_of(path, most, error)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            total = sum(member.file_size for member in members)
            if total > most or len(members) > MOST_ARRAYS:
                raise ValueError(
                    f'{len(members)} arrays of {total} bytes, expected at most {most}'
                )
            found = {}
            for member in members:
                with archive.open(member) as file:
                    name = member.filename.removesuffix('.npy')
                    found[name] = _read(file, member.file_size, name)
            return found
    except (
        OSError,
        EOFError,
        ValueError,
        KeyError,
        NotImplementedError,  # a compression that zipfile does not know
        RuntimeError,  # encrypted
        SyntaxError,  # a header that is no Python literal
        TypeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as reason:
        raise error(f'cannot read {shown_path(path)}: {shown(str(reason))}') from reason


def _read(file: IO[bytes], size: int, name: str) -> npt.NDArray[Any]:
    """Read one array of a member of ``size`` bytes."""
    reader = READERS.get(npy.read_magic(file))
    if reader is None:
        raise ValueError(f'{name}: an unknown version of the array format')
    shape, fortran, dtype = reader(file)
    if dtype.kind not in KINDS or dtype.hasobject:
        raise ValueError(f'{name}: expected numbers or text, got type {shown(str(dtype))}')
    wanted = math.prod(shape) * dtype.itemsize
    if wanted > size:
        raise ValueError(f'{name}: expected {wanted} bytes for shape {shown(shape)}, got {size}')
    data = file.read(wanted)
    if len(data) != wanted:
        raise ValueError(f'{name}: cut short: expected {wanted} bytes, got {len(data)}')
    array = np.frombuffer(data, dtype).reshape(shape, order='F' if fortran else 'C')
    return np.array(array, dtype.newbyteorder('='), order='C')
