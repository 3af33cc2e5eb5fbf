# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a file that holds no weights is told by what it is, and nothing in it is run."""

import json
import pickle
import struct
import warnings
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.errors import ConfigError
from liquid_drone.policy.torch_file import read_torch


class Doubled(torch.nn.Linear):
    """A model of somebody's."""


def keras_3(path: Path) -> None:
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('config.json', '{}')
        archive.writestr('model.weights.h5', b'\x89HDF\r\n\x1a\n')


def safetensors(path: Path) -> None:
    head = json.dumps({'w': {'dtype': 'F32', 'shape': [2], 'data_offsets': [0, 8]}}).encode()
    path.write_bytes(struct.pack('<Q', len(head)) + head + bytes(8))


Write = Callable[[Path], object]
FILES: dict[str, tuple[Write, str]] = {
    'whole.pt': (lambda path: torch.save(Doubled(3, 2), path), r'would run code .*state_dict\(\)'),
    'old.pt': (
        lambda path: torch.save(Doubled(3, 2), path, _use_new_zipfile_serialization=False),
        r'would run code .*state_dict\(\)',
    ),
    'optimizer.ckpt': (
        lambda path: torch.save({'model': {}, 'config': Path('x')}, path),
        r'would run code .*state_dict\(\)',
    ),
    'program.pt': (
        lambda path: torch.jit.script(torch.nn.Linear(3, 2)).save(path),
        r'TorchScript program: .*state_dict\(\)',
    ),
    'a.tflite': (
        lambda path: path.write_bytes(b'\x1c\0\0\0TFL3' + bytes(50)),
        'torch.save did not write it',
    ),
    'a.onnx': (lambda path: path.write_bytes(b'\x08\x0a\x12\x07pytorch'), 'did not write it'),
    'a.pkl': (lambda path: path.write_bytes(pickle.dumps({'a': 1})), 'cannot read'),
    'a.keras': (keras_3, 'cannot read'),
    'a.safetensors': (safetensors, 'safetensors|did not write it'),
}


@pytest.mark.filterwarnings('ignore:.torch.jit:DeprecationWarning')
@pytest.mark.parametrize('name', FILES)
def test_a_file_of_another_kind_is_told_in_our_words(tmp_path: Path, name: str) -> None:
    """PyTorch's own words advise to switch its protection off (weights_only)."""
    write, words = FILES[name]
    write(tmp_path / name)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        with pytest.raises(ConfigError, match=words) as found:
            read_torch(tmp_path / name)
    assert 'weights_only' not in str(found.value)
    assert '\n' not in str(found.value)


@given(data=st.binary(max_size=200), start=st.sampled_from([b'', b'\x80\x02', b'PK\x03\x04']))
def test_any_bytes_are_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, start: bytes
) -> None:
    path = tmp_path_factory.mktemp('file') / 'a.pt'
    path.write_bytes(start + data)
    with suppress(ConfigError):
        read_torch(path)
