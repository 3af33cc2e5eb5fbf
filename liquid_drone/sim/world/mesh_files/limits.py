# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How much a mesh file says that it holds, asked before it is read, by format. Reads no mesh."""

import json
import struct
from typing import Any

MOST_BYTES = 64 * 2**20  # of a file and of each that it refers to
MOST_FACES, MOST_VERTICES = 100_000, 300_000
MOST_NODES, MOST_ELEMENTS = 10_000, 3_000_000  # of a GLB: in its lists, in all its accessors
HEADER_BYTES = 65_536  # within which a PLY header ends
STL_HEADER, STL_FACE = 84, 50  # bytes
GLB_HEADER = 20  # with the length and the kind of the first chunk
PACKED = {  # extensions of glTF that are not unpacked here
    'KHR_draco_mesh_compression',
    'EXT_meshopt_compression',
    'KHR_meshopt_compression',
    'KHR_texture_basisu',
}
COPIES = {'EXT_mesh_gpu_instancing'}  # of nodes: many copies, of which one would be read
ATTRIBUTES = {
    'POSITION', 'COLOR_0', 'JOINTS_0', 'WEIGHTS_0', 'JOINTS_1', 'WEIGHTS_1',
    *(f'TEXCOORD_{number}' for number in range(8)),
}  # fmt: skip
INDICES, TRIANGLE_FAN = 'indices', 6
GLB_MAGIC, GLB_JSON = b'glTF', b'JSON'


class UnusableMeshError(ValueError):
    """Why a mesh cannot be used: the end of a sentence that begins with its path."""


def check_counts(vertices: int, faces: int) -> None:
    """Refuse more vertices or triangles than a target may have.

    Raises:
        UnusableMeshError: more.

    """
    if not (0 <= vertices <= MOST_VERTICES and 0 <= faces <= MOST_FACES):
        raise UnusableMeshError(
            f'expected at most {MOST_FACES} triangles and {MOST_VERTICES} vertices, got {faces} '
            f'and {vertices}: decimate it, in Blender for example'
        )


def _check_ply(data: bytes) -> None:
    header, end, _ = data[:HEADER_BYTES].partition(b'end_header')
    if not end:
        raise UnusableMeshError('expected a PLY header that ends with end_header, got none')
    counts = {'vertex': 0, 'face': 0}
    for words in (line.split() for line in header.decode('ascii', 'replace').splitlines()):
        if words[:1] == ['element'] and len(words) == 3:
            counts[words[1]] = int(words[2])
    check_counts(counts.pop('vertex'), counts.pop('face'))
    if any(not 0 <= count <= MOST_VERTICES for count in counts.values()):
        raise UnusableMeshError(f'expected at most {MOST_VERTICES} of each element, got {counts}')


def _check_stl(data: bytes) -> None:
    count = 0
    if len(data) >= STL_HEADER:
        (count,) = struct.unpack_from('<I', data, STL_HEADER - 4)
    expected = STL_HEADER + STL_FACE * count
    if len(data) != expected:
        if b'facet' not in data[:HEADER_BYTES].lower():
            raise UnusableMeshError(
                f'expected {expected} bytes for the {count} triangles that it states, or text, '
                f'got {len(data)} bytes: it was not copied or written whole; export it again'
            )
        count = data.count(b'endfacet')
    check_counts(3 * count, count)


def _check_obj(data: bytes) -> None:
    vertices = faces = 0
    for line in data.splitlines():
        words = line.split(maxsplit=1)
        if words[:1] == [b'v']:
            vertices += 1
        elif words[:1] == [b'f']:
            faces += max(len(line.split()) - 3, 0)
    check_counts(vertices, faces)


def _check_glb(data: bytes) -> None:
    if len(data) < GLB_HEADER or data[:4] != GLB_MAGIC or data[16:20] != GLB_JSON:
        raise UnusableMeshError('expected a binary glTF that begins with its JSON, got none')
    (length,) = struct.unpack_from('<I', data, 12)
    document: dict[str, Any] = json.loads(data[GLB_HEADER : GLB_HEADER + length])
    for name in ('accessors', 'nodes', 'meshes'):
        if len(document.get(name, ())) > MOST_NODES:
            raise UnusableMeshError(
                f'expected at most {MOST_NODES} {name}, got {len(document[name])}'
            )
    elements = sum(accessor['count'] for accessor in document.get('accessors', ()))
    if elements > MOST_ELEMENTS:
        raise UnusableMeshError(
            f'expected at most {MOST_ELEMENTS} elements in its accessors, got {elements}: '
            'decimate it, in Blender for example'
        )
    _check_readable(document)
    holders = (*document.get('buffers', ()), *document.get('images', ()))
    if any(not str(holder.get('uri', 'data:')).startswith('data:') for holder in holders):
        raise UnusableMeshError('expected one file that holds everything, got references')


def _check_readable(document: dict[str, Any]) -> None:
    """Refuse what would be read as zeros, as another shape, or not at all."""
    packed = {*document.get('extensionsRequired', ())} & PACKED
    for mesh in document.get('meshes', ()):
        if any(mesh.get('weights', ())):
            packed.add('a shape by morph targets')
        for primitive in mesh['primitives']:
            packed |= _packed_of(primitive, document.get('accessors', ()))
    for node in document.get('nodes', ()):
        packed |= {*node.get('extensions', ())} & COPIES
        if any(node.get('weights', ())):
            packed.add('a shape by morph targets')
    if packed:
        raise UnusableMeshError(
            f'expected plain coordinates and pictures, got {", ".join(sorted(packed))}: open it '
            'in Blender and export it as GLB without compression, with copies made real and '
            'shape keys applied'
        )


def _packed_of(primitive: dict[str, Any], accessors: Any) -> set[str]:
    """Return what of a primitive could not be read as it is meant."""
    packed = set()
    if primitive.get('mode') == TRIANGLE_FAN:
        packed.add('triangle fans')
    read = {name: index for name, index in primitive['attributes'].items() if name in ATTRIBUTES}
    for name, index in {**read, INDICES: primitive.get('indices')}.items():
        if index is None:
            continue
        one = accessors[index]
        if one.get('sparse') or 'bufferView' not in one:
            packed.add('coordinates that are left out')
        if name.startswith(('POSITION', 'TEXCOORD')) and one.get('normalized'):
            packed.add('coordinates as shares of a whole number')
    return packed


CHECKS = {'.glb': _check_glb, '.ply': _check_ply, '.stl': _check_stl, '.obj': _check_obj}
