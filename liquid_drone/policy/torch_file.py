# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Files of ``torch.save``, read strictly: tensors and plain values, every byte checked.

PyTorch itself reads altered tensors without a word, although a checksum of each lies in the file.
"""

import pickle
import zipfile
import zlib
from pathlib import Path
from typing import Any

import torch

from ..errors import ConfigError, shown
from ..files import Failure, shown_path, size_of

MOST_BYTES = 1_000_000_000


def read_torch(path: Path, error: Failure = ConfigError) -> Any:
    """Return what ``torch.save`` wrote, on the CPU.

    Raises:
        error: missing, too large, cut, altered, or with other things than tensors and plain
            values.

    """
    size = size_of(path, MOST_BYTES, error)
    try:  # what is no such file may fail its readers in any of these ways
        if zipfile.is_zipfile(path):  # before PyTorch 1.6: a plain pickle
            _check_sums(path, size)
        return torch.load(path, map_location='cpu', weights_only=True)
    except (
        OSError,
        RuntimeError,
        ValueError,
        EOFError,
        LookupError,
        TypeError,
        AttributeError,
        AssertionError,
        OverflowError,
        NotImplementedError,
        pickle.UnpicklingError,
        zipfile.BadZipFile,
        zlib.error,
    ) as reason:
        raise error(f'cannot read {shown_path(path)}: {shown(str(reason))}') from reason


def _check_sums(path: Path, size: int) -> None:
    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > size:
            raise ValueError('its parts are larger than the file: torch.save does not compress')
        if bad := archive.testzip():
            raise ValueError(f'{bad} in it was altered: its checksum is another one')
