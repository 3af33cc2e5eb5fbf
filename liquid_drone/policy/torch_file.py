# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Files of ``torch.save``, read strictly: tensors and plain values, every byte checked.

PyTorch itself reads altered tensors without a word, although a checksum of each lies in the file.
"""

import pickle
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch

from ..errors import ConfigError, shown
from ..files import Failure, shown_path, size_of

MOST_BYTES = 1_000_000_000
FOREIGN = re.compile('Unsupported (global|class)')  # in PyTorch's error
WEIGHTS = 'torch.save(model.state_dict(), FILE)'
WHOLE = (
    'it holds more than tensors and plain values, such as a whole model, which would run code '
    f'when it is read: save its weights alone, {WEIGHTS}'
)
PROGRAM = (
    'it is a TorchScript program: save its weights alone, '
    'torch.save(torch.jit.load(PROGRAM).state_dict(), FILE)'
)
OTHER = f'torch.save did not write it, or it is not whole; it takes what {WEIGHTS} writes'


def read_torch(path: Path, error: Failure = ConfigError) -> Any:
    """Return what ``torch.save`` wrote, on the CPU.

    Raises:
        error: missing, too large, cut, altered, or with other things than tensors and plain
            values.

    """
    size = size_of(path, MOST_BYTES, error)
    try:
        if zipfile.is_zipfile(path):  # before PyTorch 1.6: a plain pickle
            _check_sums(path, size)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # of pickles that PyTorch did not write
            return torch.load(path, map_location='cpu', weights_only=True)
    except pickle.UnpicklingError as reason:  # PyTorch's advice is to trust the file
        what = WHOLE if FOREIGN.search(str(reason)) else OTHER
        raise error(f'cannot read {shown_path(path)}: {what}') from reason
    except Exception as reason:  # what is no such file may raise anything in its readers
        raise error(f'cannot read {shown_path(path)}: {shown(str(reason))}') from reason


def _check_sums(path: Path, size: int) -> None:
    with zipfile.ZipFile(path) as archive:
        if any(name.endswith('/constants.pkl') for name in archive.namelist()):
            raise ValueError(PROGRAM)
        if sum(member.file_size for member in archive.infolist()) > size:
            raise ValueError('its parts are larger than the file: torch.save does not compress')
        if bad := archive.testzip():
            raise ValueError(f'{bad} in it was altered: its checksum is another one')
