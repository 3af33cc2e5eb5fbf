# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A GLB as trimesh reads it, and what trimesh passes over: bones and how its pictures lie.

Before trimesh reads the file its nodes and materials are named by their numbers, so that they are
found again, and the weights of bones come along as attributes of trimesh's own.
"""

import json
import math
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....arrays import FloatArray
from .limits import GLB_HEADER, GLB_JSON, UnusableMeshError

NODE = 'n'  # how the name of a node begins, before its number
BONE_SETS = 2  # of four bones a vertex
TRANSFORM = 'KHR_texture_transform'
PICTURE = 'baseColorTexture'
MATRIX = 16  # numbers, a column behind the other


@dataclass(frozen=True)
class GlbFile:
    """The two parts of a GLB."""

    document: dict[str, Any]
    binary: bytes  # from the header of its second chunk on


def parts_of(data: bytes) -> GlbFile:
    """Take a GLB apart whose header was looked at already."""
    (length,) = struct.unpack_from('<I', data, 12)
    return GlbFile(json.loads(data[GLB_HEADER : GLB_HEADER + length]), data[GLB_HEADER + length :])


def prepared(glb: GlbFile) -> bytes:
    """Return the GLB with names that are numbers, and its bones as attributes; alters it."""
    document = glb.document
    for number, node in enumerate(document.get('nodes', ())):
        node['name'] = f'{NODE}{number}'
        node.pop('camera', None)  # with one, trimesh leaves out a node's mesh and children
    for number, material in enumerate(document.get('materials', ())):
        material['name'] = str(number)
    for mesh in document.get('meshes', ()):
        for primitive in mesh['primitives']:
            _prepare(primitive, document)
    text = json.dumps(document).encode()
    text += b' ' * (-len(text) % 4)
    whole = GLB_HEADER + len(text) + len(glb.binary)
    return struct.pack('<4sIII4s', b'glTF', 2, whole, len(text), GLB_JSON) + text + glb.binary


def lay_pictures(scene: Any, glb: GlbFile) -> None:
    """Move texture coordinates as the materials say (KHR_texture_transform).

    Raises:
        UnusableMeshError: a material's picture is none that can be read.

    """
    for one in scene.geometry.values():
        visual = getattr(one, 'visual', None)  # lines have none
        material = getattr(visual, 'material', None)
        told = _picture_of(glb.document, getattr(material, 'name', None))
        if told is None:
            continue
        if getattr(material, PICTURE, None) is None:
            raise UnusableMeshError(
                'expected pictures as PNG, JPEG or WebP in the file, got one that cannot be '
                'read: open it in Blender and export it as GLB with its pictures'
            )
        move = told.get('extensions', {}).get(TRANSFORM)
        uv = getattr(visual, 'uv', None)
        if move is not None and uv is not None:
            one.visual.uv = _moved(np.asarray(uv, np.float64), move)


def posed(node: str, one: Any, scene: Any, glb: GlbFile) -> tuple[FloatArray, FloatArray] | None:
    """Return vertices (V, 3) by their bones, and the matrix (4, 4) of the first; None: no bones.

    The transform of the node itself counts for nothing then (glTF 2.0, 3.7.3.1).
    """
    number = int(node.split('_')[0].removeprefix(NODE))
    index = glb.document['nodes'][number].get('skin')
    if index is None:
        return None
    skin = glb.document['skins'][index]
    worlds = np.array([scene.graph[f'{NODE}{bone}'][0] for bone in skin['joints']], np.float64)
    matrices = worlds @ _inverse_bind(skin, glb)  # (J, 4, 4)
    found = [_bones(one, k) for k in range(BONE_SETS) if f'_JOINTS_{k}' in one.vertex_attributes]
    if not found:
        return None
    bones, weights = (np.concatenate(parts, axis=1) for parts in zip(*found, strict=True))
    total = weights.sum(axis=1, keepdims=True)
    weights = np.where(total > 0.0, weights / np.where(total > 0.0, total, 1.0), 0.25)
    vertices = np.asarray(one.vertices, np.float64)
    at = np.concatenate([vertices, np.ones((len(vertices), 1))], axis=1)  # (V, 4)
    placed = sum(
        weights[:, k, None] * np.einsum('vij,vj->vi', matrices[bones[:, k]], at)
        for k in range(bones.shape[1])
    )
    return np.asarray(placed, np.float64)[:, :3], np.asarray(matrices[0], np.float64)


def _prepare(primitive: dict[str, Any], document: dict[str, Any]) -> None:
    attributes = primitive['attributes']
    for k in range(BONE_SETS):
        for name in ('JOINTS', 'WEIGHTS'):
            if f'{name}_{k}' in attributes:
                attributes[f'_{name}_{k}'] = attributes[f'{name}_{k}']
    told = _picture_of(document, primitive.get('material'))
    if told is None:
        return
    which = told.get('extensions', {}).get(TRANSFORM, {}).get('texCoord', told.get('texCoord', 0))
    if which:  # trimesh reads the first alone
        attributes['TEXCOORD_0'] = attributes[f'TEXCOORD_{which}']


def _picture_of(document: dict[str, Any], material: Any) -> dict[str, Any] | None:
    """Return how a material, by its number, uses its picture; None: it has none."""
    if material is None or not str(material).isdigit():
        return None
    told = document['materials'][int(material)].get('pbrMetallicRoughness', {}).get(PICTURE)
    return told if isinstance(told, dict) else None


def _moved(uv: FloatArray, move: dict[str, Any]) -> FloatArray:
    """Return texture coordinates (V, 2) moved; those of trimesh have v up, those of glTF down."""
    turn = float(move.get('rotation', 0.0))
    cosine, sine = math.cos(turn), math.sin(turn)
    u, v = (uv * [1.0, -1.0] + [0.0, 1.0]).T * np.reshape(move.get('scale', (1.0, 1.0)), (2, 1))
    moved = np.column_stack([cosine * u + sine * v, cosine * v - sine * u])
    lying: FloatArray = (moved + move.get('offset', (0.0, 0.0))) * [1.0, -1.0] + [0.0, 1.0]
    return lying


def _bones(one: Any, k: int) -> tuple[Any, FloatArray]:
    """Return numbers and weights (V, 4) of a vertex's bones."""
    bones = np.asarray(one.vertex_attributes[f'_JOINTS_{k}'], np.int64)
    return bones, np.asarray(one.vertex_attributes[f'_WEIGHTS_{k}'], np.float64)


def _inverse_bind(skin: dict[str, Any], glb: GlbFile) -> FloatArray:
    """Return the matrices (J, 4, 4) that bring vertices into the frames of their bones."""
    count, index = len(skin['joints']), skin.get('inverseBindMatrices')
    if index is None:
        return np.tile(np.eye(4), (count, 1, 1))
    accessor = glb.document['accessors'][index]
    view = glb.document['bufferViews'][accessor['bufferView']]
    if 'uri' in glb.document['buffers'][view['buffer']]:
        raise UnusableMeshError('expected the matrices of its bones in its own data, got others')
    start = 8 + view.get('byteOffset', 0) + accessor.get('byteOffset', 0)  # behind the header
    numbers = np.frombuffer(glb.binary, '<f4', MATRIX * count, start)
    return np.asarray(numbers, np.float64).reshape(-1, 4, 4).transpose(0, 2, 1)
