# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""GLB files as other programs write them: what glTF says of a surface counts, or is refused."""

import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from liquid_drone.errors import ConfigError
from liquid_drone.sim.world.mesh_files import glb_file
from liquid_drone.sim.world.mesh_files.reading import read_mesh

QUAD = np.array([[0, 0, 0], [1, 0, 0], [1, 2, 0], [0, 2, 0]], np.float32)
FACES = np.array([0, 1, 2, 0, 2, 3], np.uint16)
UV = np.array([[0.1, 0.1], [0.4, 0.1], [0.4, 0.4], [0.1, 0.4]], np.float32)  # red below
KINDS = {'f': 5126, 'u1': 5121, 'u2': 5123}
SHAPES = {(): 'SCALAR', (2,): 'VEC2', (3,): 'VEC3', (4,): 'VEC4', (4, 4): 'MAT4'}


class Glb:
    """Arrays and a document, put together as a GLB."""

    def __init__(self) -> None:
        self.binary = b''
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def view(self, data: bytes) -> int:
        self.views.append({'buffer': 0, 'byteOffset': len(self.binary), 'byteLength': len(data)})
        self.binary += data + b'\0' * (-len(data) % 4)
        return len(self.views) - 1

    def add(self, array: np.ndarray[Any, Any], **more: Any) -> int:
        kind = 'f' if array.dtype.kind == 'f' else f'u{array.dtype.itemsize}'
        told = {'bufferView': self.view(array.tobytes()), 'componentType': KINDS[kind]}
        told |= {'count': len(array), 'type': SHAPES[array.shape[1:]]}
        self.accessors.append(told | more)
        return len(self.accessors) - 1

    def picture(self, pixels: np.ndarray[Any, Any]) -> dict[str, Any]:
        file = io.BytesIO()
        Image.fromarray(pixels.astype(np.uint8)).save(file, 'PNG')
        view = self.view(file.getvalue())
        return {
            'images': [{'bufferView': view, 'mimeType': 'image/png'}],
            'textures': [{'source': 0}],
        }

    def write(self, path: Path, primitive: dict[str, Any], **more: Any) -> Path:
        document: dict[str, Any] = {
            'asset': {'version': '2.0'},
            'scene': 0,
            'scenes': [{'nodes': [0]}],
            'nodes': [{'mesh': 0}],
            'meshes': [{'primitives': [primitive]}],
            'buffers': [{'byteLength': len(self.binary)}],
            'bufferViews': self.views,
            'accessors': self.accessors,
        }
        text = json.dumps(document | more).encode()
        text += b' ' * (-len(text) % 4)
        whole = 28 + len(text) + len(self.binary)
        head = struct.pack('<4sIII4s', b'glTF', 2, whole, len(text), b'JSON')
        path.write_bytes(
            head + text + struct.pack('<I4s', len(self.binary), b'BIN\0') + self.binary
        )
        return path


def quad(glb: Glb, **attributes: int) -> dict[str, Any]:
    places = {'POSITION': glb.add(QUAD)}
    return {'attributes': places | attributes, 'indices': glb.add(FACES), 'material': 0}


def material(**more: Any) -> dict[str, Any]:
    """Return a material; its keys of the base colour begin with ``base``."""
    base = {name: more.pop(name) for name in list(more) if name.startswith('base')}
    return {'materials': [{'pbrMetallicRoughness': base, **more}]}


def colour_of(path: Path) -> list[int]:
    found = read_mesh(path)
    assert found.colours is not None
    return [round(value * 255) for value in found.colours.mean(axis=0).tolist()]


def quarters() -> np.ndarray[Any, Any]:
    """Return a picture: red upper left, green upper right, blue lower left, white lower right."""
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[:8, :8], pixels[:8, 8:] = [255, 0, 0, 255], [0, 255, 0, 255]
    pixels[8:, :8], pixels[8:, 8:] = [0, 0, 255, 255], [255, 255, 255, 255]
    return pixels


@settings(max_examples=30, deadline=None)
@given(
    kind=st.sampled_from(['f', 'u1', 'u2']),
    channels=st.sampled_from([3, 4]),
    linear=st.tuples(*[st.sampled_from([0.0, 1.0])] * 3),
    factor=st.sampled_from([None, [1.0, 0.0, 1.0, 1.0]]),
)
def test_colours_of_vertices_count_beside_a_material(
    tmp_path_factory: pytest.TempPathFactory,
    kind: str,
    channels: int,
    linear: tuple[float, ...],
    factor: list[float] | None,
) -> None:
    """A material is in nearly every file: its colours of vertices were left out for white."""
    glb, path = Glb(), tmp_path_factory.mktemp('glb') / 'a.glb'
    most = 1.0 if kind == 'f' else np.iinfo(kind).max
    values = (np.tile([*linear, 1.0], (4, 1))[:, :channels] * most).astype(kind)
    primitive = quad(glb, COLOR_0=glb.add(values, normalized=kind != 'f'))
    more = material() if factor is None else material(baseColorFactor=factor)
    glb.write(path, primitive, **more)
    expected = np.array(linear) * ([1.0] * 3 if factor is None else factor[:3])
    assert colour_of(path) == (expected * 255).astype(int).tolist()


@pytest.mark.parametrize('told', [{'texCoord': 1}, {'extensions': 1}])
def test_a_picture_lies_by_the_coordinates_that_its_material_names(
    tmp_path: Path, told: dict[str, Any]
) -> None:
    if 'extensions' in told:
        told = {'extensions': {'KHR_texture_transform': {'texCoord': 1}}}
    glb = Glb()
    primitive = quad(glb, TEXCOORD_0=glb.add(UV), TEXCOORD_1=glb.add(UV + np.float32(0.5)))
    more = glb.picture(quarters()) | material(baseColorTexture={'index': 0, **told})
    assert colour_of(glb.write(tmp_path / 'a.glb', primitive, **more)) == [255, 255, 255]


@pytest.mark.parametrize(
    ('move', 'expected'),
    [
        ({}, [255, 0, 0]),
        ({'offset': [0.5, 0.0]}, [0, 255, 0]),
        ({'offset': [0.0, 0.5]}, [0, 0, 255]),
        ({'scale': [0.1, 0.1], 'offset': [0.6, 0.6]}, [255, 255, 255]),
        ({'rotation': np.pi / 2}, [0, 0, 255]),  # (u, v) to (v, -u)
        ({'rotation': -np.pi / 2}, [0, 255, 0]),
        ({'rotation': np.pi}, [255, 255, 255]),
    ],
)
def test_a_picture_that_is_moved_on_its_surface(
    tmp_path: Path, move: dict[str, Any], expected: list[int]
) -> None:
    glb = Glb()
    primitive = quad(glb, TEXCOORD_0=glb.add(UV))
    told = {'index': 0, 'extensions': {'KHR_texture_transform': move}}
    more = glb.picture(quarters()) | material(baseColorTexture=told)
    twice = {'nodes': [{'mesh': 0}, {'mesh': 0}], 'scenes': [{'nodes': [0, 1]}]}
    assert colour_of(glb.write(tmp_path / 'a.glb', primitive, **more, **twice)) == expected


@pytest.mark.parametrize(
    ('mode', 'expected'), [('MASK', [255, 0, 0]), ('BLEND', [255, 0, 0]), ('OPAQUE', [128, 0, 0])]
)
def test_what_a_picture_leaves_transparent_has_no_colour(
    tmp_path: Path, mode: str, expected: list[int]
) -> None:
    """Behind the leaves of a cut-out there is black, which nobody sees."""
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[:, ::2] = [255, 0, 0, 255]
    glb, uv = Glb(), UV * np.float32([0.0, 1.0])
    uv[:, 0] = [0.03, 0.09, 0.09, 0.03]  # two columns of pixels
    primitive = quad(glb, TEXCOORD_0=glb.add(uv))
    more = glb.picture(pixels) | material(baseColorTexture={'index': 0}, alphaMode=mode)
    red, *rest = colour_of(glb.write(tmp_path / 'a.glb', primitive, **more))
    assert abs(red - expected[0]) <= 40
    assert rest == expected[1:]


def test_a_face_that_nobody_sees_is_none(tmp_path: Path) -> None:
    glb = Glb()
    alpha = np.array([[1, 1, 1, 1]] * 4, np.float32)
    alpha[3] = alpha[0] = alpha[2] = 0.0
    alpha[1] = 2.0  # the face without the second vertex is transparent everywhere
    primitive = quad(glb, COLOR_0=glb.add(alpha))
    path = glb.write(tmp_path / 'a.glb', primitive, **material(alphaMode='BLEND'))
    assert len(read_mesh(path).mesh.faces) == 1
    more = material(baseColorFactor=[1.0, 1.0, 1.0, 0.0], alphaMode='BLEND')
    with pytest.raises(ConfigError, match='expected triangles, got none'):
        read_mesh(glb.write(tmp_path / 'b.glb', primitive, **more))


@pytest.mark.parametrize('is_told', [True, False])
def test_a_body_stands_as_its_bones_hold_it(tmp_path: Path, is_told: bool) -> None:
    """Its node lies on its back, as the armature of an animation program: that counts not."""
    glb = Glb()
    upper = np.array([0, 0, 1, 1])[:, None]
    joints = np.concatenate([upper, np.zeros((4, 3))], axis=1).astype(np.uint8)
    weights = np.tile([255, 0, 0, 0], (4, 1)).astype(np.uint8)
    primitive = quad(glb, JOINTS_0=glb.add(joints), WEIGHTS_0=glb.add(weights, normalized=True))
    inverse = np.stack([np.eye(4), np.eye(4)]).astype(np.float32)
    inverse[1, 1, 3] = -2.0  # the second bone begins at the upper edge
    skin: dict[str, Any] = {'joints': [1, 2]}
    if is_told:
        skin['inverseBindMatrices'] = glb.add(np.ascontiguousarray(inverse.transpose(0, 2, 1)))
    lying = {'mesh': 0, 'skin': 0, 'rotation': [0.7071068, 0.0, 0.0, 0.7071068]}
    nodes = [lying, {'children': [2], 'camera': 0}, {'translation': [0.0, 5.0, 0.0]}]
    more = material() | {'nodes': nodes, 'skins': [skin], 'scenes': [{'nodes': [0, 1]}]}
    mesh = read_mesh(glb.write(tmp_path / 'a.glb', primitive, **more)).mesh
    assert sorted(mesh.vertices[:, 2].round(6)) == [0.0, 0.0, *([5.0, 5.0] if is_told else [7, 7])]
    assert np.ptp(mesh.vertices[:, 0]) == pytest.approx(0.0, abs=1e-6)


COPIES = {'extensions': {'EXT_mesh_gpu_instancing': {'attributes': {}}}}


@pytest.mark.parametrize(
    ('expected', 'more', 'primitive_more'),
    [
        ('copies made real', {'nodes': [{'mesh': 0, **COPIES}]}, {}),
        ('morph targets', {'nodes': [{'mesh': 0, 'weights': [0.0, 0.5]}]}, {}),
        ('triangle fans', {}, {'mode': 6}),
        ('pictures as PNG', {'images': [{'bufferView': 0, 'mimeType': 'image/ktx2'}]}, {}),
        ('pictures as PNG', {'textures': [{}]}, {}),
    ],
)
def test_what_would_be_read_as_another_shape_is_refused(
    tmp_path: Path, expected: str, more: dict[str, Any], primitive_more: dict[str, Any]
) -> None:
    glb = Glb()
    primitive = quad(glb, TEXCOORD_0=glb.add(UV)) | primitive_more
    whole = glb.picture(quarters()) | material(baseColorTexture={'index': 0}) | more
    with pytest.raises(ConfigError, match=expected):
        read_mesh(glb.write(tmp_path / 'a.glb', primitive, **whole))


def test_lines_beside_triangles_are_passed_over(tmp_path: Path) -> None:
    glb = Glb()
    lines = quad(glb) | {'mode': 1}
    path = glb.write(
        tmp_path / 'a.glb', {}, meshes=[{'primitives': [quad(glb), lines]}], **material()
    )
    assert len(read_mesh(path).mesh.faces) == 2


def test_a_glb_that_was_prepared_is_a_glb(tmp_path: Path) -> None:
    glb = Glb()
    data = glb.write(tmp_path / 'a.glb', quad(glb), **material()).read_bytes()
    again = glb_file.parts_of(glb_file.prepared(glb_file.parts_of(data)))
    assert again.binary == glb_file.parts_of(data).binary
    assert struct.unpack_from('<I', glb_file.prepared(again), 8)[0] % 4 == 0
