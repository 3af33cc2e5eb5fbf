# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A PLY as trimesh reads it: colours by the names that it knows."""

from .limits import HEADER_BYTES, UnusableMeshError

FORMER = ({b'diffuse_red': b'red', b'diffuse_green': b'green', b'diffuse_blue': b'blue'},
          {b'r': b'red', b'g': b'green', b'b': b'blue'})  # fmt: skip
READ = (b'uchar', b'uint8', b'float', b'float32', b'double', b'float64')  # types of a colour


def prepared(data: bytes) -> bytes:
    """Return a PLY whose colours are called red, green and blue.

    Raises:
        UnusableMeshError: colours in numbers that trimesh cuts to their lowest byte.

    """
    header, end, rest = data[:HEADER_BYTES].partition(b'end_header')
    words = [line.split() for line in header.splitlines()]
    properties = {line[2]: line[1] for line in words if line[:1] == [b'property'] and line[2:]}
    for names in FORMER:
        if b'red' not in properties and names.keys() <= properties.keys():
            properties |= {names[name]: properties[name] for name in names}
            for line in words:
                if line[:1] == [b'property'] and len(line) == 3:
                    line[2] = names.get(line[2], line[2])
            header = b'\n'.join(b' '.join(line) for line in words) + b'\n'
    kind = properties.get(b'red', READ[0])
    if kind not in READ:
        raise UnusableMeshError(
            f'expected colours as uchar (0..255) or float (0..1), got {kind.decode()}: export it '
            'with colours of 8 bits'
        )
    return header + end + rest + data[HEADER_BYTES:]
