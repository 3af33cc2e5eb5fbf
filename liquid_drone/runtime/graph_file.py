# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What an ONNX file says of itself before ONNX Runtime opens it: its version, and other files.

Weights in other files are covered by no hash of the contract, so a graph that has any is refused.
A walk over the protobuf fields of onnx.proto3 that may hold tensors; it needs no ``onnx``.
"""

from collections.abc import Iterator
from pathlib import Path

from ..contract import MOST_GRAPH_BYTES
from ..errors import BundleError
from ..files import read_bytes

# Field numbers of onnx.proto3: message -> field -> message that it holds.
HOLDS: dict[str, dict[int, str]] = {
    'model': {7: 'graph', 25: 'function'},
    'graph': {1: 'node', 5: 'tensor', 15: 'sparse'},
    'function': {7: 'node', 11: 'attribute'},
    'node': {5: 'attribute'},
    'attribute': {5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse'},
    'sparse': {1: 'tensor', 2: 'tensor'},
}
IR_VERSION, EXTERNAL_DATA, DATA_LOCATION = 1, 13, 14
MOST_DEEP = 64
VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5


def check_graph(path: Path) -> int:
    """Return a graph's IR version.

    Raises:
        BundleError: no ONNX file, or one whose weights lie in other files.

    """
    data = memoryview(read_bytes(path, MOST_GRAPH_BYTES, BundleError))
    try:
        version = [value for field, value in _fields(data) if field == IR_VERSION]
        outside = _has_outside_data(data, 'model', 0)
    except ValueError as error:
        raise BundleError(f'ONNX Runtime cannot open {path}: not an ONNX file: {error}') from error
    if outside:
        raise BundleError(
            f'{path} has weights in other files, which no hash of the contract covers: save it '
            'as one file (external_data=False) and export the bundle again'
        )
    if not version or not isinstance(version[0], int):
        raise BundleError(f'ONNX Runtime cannot open {path}: not an ONNX file: it has no version')
    return version[0]


def _has_outside_data(data: memoryview, kind: str, deep: int) -> bool:
    if deep > MOST_DEEP:
        raise ValueError(f'nested more than {MOST_DEEP} deep')
    for field, value in _fields(data):
        if kind == 'tensor':
            if field == EXTERNAL_DATA or (field == DATA_LOCATION and value):
                return True
        elif (
            field in HOLDS[kind]
            and isinstance(value, memoryview)
            and _has_outside_data(value, HOLDS[kind][field], deep + 1)
        ):
            return True
    return False


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield (number, value) of every field of a message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        field, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = _varint(data, at)
            yield field, value
            continue
        if wire == LENGTH:
            size, at = _varint(data, at)
        elif wire in (FIXED64, FIXED32):
            size = 8 if wire == FIXED64 else 4
        else:
            raise ValueError(f'an unknown kind of field, {wire}')
        if at + size > len(data):
            raise ValueError('it is cut short')
        yield field, data[at : at + size]
        at += size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError('it is cut short')
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError('a number of more than 64 bits')
