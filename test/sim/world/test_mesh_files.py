# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Meshes of every format are read with their colours; what is too large or broken is refused."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from liquid_drone.errors import ConfigError
from liquid_drone.sim.render.normals import shade
from liquid_drone.sim.scenario.scenario import load_target
from liquid_drone.sim.world.actors import make_actor
from liquid_drone.sim.world.mesh_files import limits
from liquid_drone.sim.world.mesh_files.reading import ColouredMesh, read_mesh
from liquid_drone.streams import Stream, stream

FORMATS = ('glb', 'ply', 'stl', 'obj')
RED, BLUE = [255, 0, 0, 255], [0, 0, 255, 255]
TARGET = """\
name: thing
description: a thing
radius_m: 0.5
height_m: 1.5
parts:
  - {{shape: mesh, size_m: [1.5], position_m: [0.0, 0.0, 0.75], file: {file}}}
"""


def box() -> trimesh.Trimesh:
    """Return a box, x 1, y 2 and z 3 long."""
    return trimesh.creation.box((1.0, 2.0, 3.0))


def linear(srgb: float) -> float:
    return float(((srgb + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize('kind', FORMATS)
def test_every_format_gives_the_shape(tmp_path: Path, kind: str) -> None:
    solid = box()
    if kind == 'glb':  # y up, z ahead, x to the left
        solid.vertices = solid.vertices[:, [1, 2, 0]]
    solid.export(tmp_path / f'box.{kind}')
    mesh = read_mesh(tmp_path / f'box.{kind}').mesh
    assert np.allclose(np.ptp(mesh.vertices, axis=0), [1.0, 2.0, 3.0])
    corners = mesh.vertices[mesh.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert ((normal * corners.mean(axis=1)).sum(axis=1) > 0.0).all()  # still from outside


def test_face_colours_of_a_ply(tmp_path: Path) -> None:
    solid = box()
    solid.visual.face_colors = np.tile([RED, BLUE], (6, 1))
    solid.export(tmp_path / 'box.ply')
    assert colours_of(tmp_path / 'box.ply') == {(255, 0, 0): 6, (0, 0, 255): 6}


@pytest.mark.parametrize(('kind', 'expected'), [('ply', 128), ('obj', 128), ('glb', 188)])
def test_vertex_colours(tmp_path: Path, kind: str, expected: int) -> None:
    solid = box()  # a GLB's colours are linear: 128 of 255 is 188 in sRGB
    solid.visual = trimesh.visual.ColorVisuals(solid, vertex_colors=[[128, 0, 255, 255]] * 8)
    solid.export(tmp_path / f'box.{kind}')
    assert colours_of(tmp_path / f'box.{kind}') == {(expected, 0, 255): 12}


@pytest.mark.parametrize('kind', ['glb', 'obj'])
def test_a_texture_is_sampled_on_each_face(tmp_path: Path, kind: str) -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[:, :4], picture[:, 4:] = RED[:3], BLUE[:3]
    halves = [trimesh.creation.box((1.0, 1.0, 1.0)) for _ in range(2)]
    halves[1].apply_translation([0.0, 0.0, 2.0])
    u = np.repeat([0.25, 0.75], 8)
    whole = trimesh.util.concatenate(halves)
    material = trimesh.visual.material.PBRMaterial(
        baseColorTexture=Image.fromarray(picture), baseColorFactor=[255, 255, 255, 255]
    )
    if kind == 'obj':
        material = trimesh.visual.material.SimpleMaterial(image=Image.fromarray(picture))
    uv = np.column_stack([u, np.full(16, 0.5)])
    whole.visual = trimesh.visual.TextureVisuals(uv=uv, material=material)
    whole.export(str(tmp_path / f'two.{kind}'))
    assert colours_of(tmp_path / f'two.{kind}') == {(255, 0, 0): 12, (0, 0, 255): 12}


def test_a_plain_material_of_a_glb_is_linear(tmp_path: Path) -> None:
    solid = box()
    material = trimesh.visual.material.PBRMaterial(baseColorFactor=[0.5, 0.5, 0.0, 1.0])
    solid.visual = trimesh.visual.TextureVisuals(uv=np.zeros((8, 2)), material=material)
    solid.export(tmp_path / 'box.glb')
    colours = read_mesh(tmp_path / 'box.glb').colours
    assert colours is not None
    assert np.allclose([linear(c) for c in colours[0, :2]], 0.5, atol=3e-3)


@pytest.mark.parametrize('kind', ['stl', 'ply', 'obj'])
def test_a_mesh_without_colours_brings_none(tmp_path: Path, kind: str) -> None:
    box().export(tmp_path / f'box.{kind}')
    assert read_mesh(tmp_path / f'box.{kind}').colours is None


def test_a_picture_that_is_not_there_brings_no_colour(tmp_path: Path) -> None:
    solid = box()
    solid.visual = trimesh.visual.TextureVisuals(uv=np.zeros((8, 2)))
    solid.export(tmp_path / 'lost.ply')
    assert read_mesh(tmp_path / 'lost.ply').colours is None


def test_a_scene_is_joined_where_its_nodes_put_it(tmp_path: Path) -> None:
    scene, ball = trimesh.Scene(), trimesh.creation.icosphere(subdivisions=1)
    for height in (0.0, 4.0):
        move = trimesh.transformations.translation_matrix([0.0, height, 0.0])
        scene.add_geometry(ball, transform=move)
    scene.export(tmp_path / 'two.glb')
    mesh = read_mesh(tmp_path / 'two.glb').mesh
    assert len(mesh.faces) == 2 * len(ball.faces)
    assert np.ptp(mesh.vertices[:, 2]) == pytest.approx(6.0, abs=1e-3)


def test_its_colours_reach_the_renderer(tmp_path: Path) -> None:
    solid = box()
    solid.visual.face_colors = np.tile([RED, BLUE], (6, 1))
    solid.export(tmp_path / 'thing.ply')
    (tmp_path / 'thing.yaml').write_text(TARGET.format(file='thing.ply'), encoding='utf-8')
    target = load_target(str(tmp_path / 'thing.yaml'))
    pieces = make_actor(target, stream(0, Stream.TARGET), is_target=True).parts[0]
    ((vertices, faces),) = shade(pieces)
    shown = {tuple(row) for row in vertices['colour'][faces.ravel()][:, :3].tolist()}
    assert shown == {(255, 0, 0), (0, 0, 255)}
    assert pieces[0].colour == pytest.approx((0.5, 0.0, 0.5))


def test_colours_of_the_part_come_first(tmp_path: Path) -> None:
    solid = box()
    solid.visual.face_colors = RED
    solid.export(tmp_path / 'thing.ply')
    text = TARGET.format(file='thing.ply').replace('file:', 'colours: [[0.0, 1.0, 0.0]], file:')
    (tmp_path / 'thing.yaml').write_text(text, encoding='utf-8')
    target = load_target(str(tmp_path / 'thing.yaml'))
    piece = make_actor(target, stream(0, Stream.TARGET), is_target=True).parts[0][0]
    assert piece.colour == (0.0, 1.0, 0.0)
    assert piece.face_colours is None


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / 'box.stl'
    box().export(path)
    first = read_mesh(path)
    assert read_mesh(path) is first
    trimesh.creation.icosphere(subdivisions=1).export(path)
    assert len(read_mesh(path).mesh.faces) == 80


# what is refused, before it takes memory


def refused(path: Path, data: bytes, expected: str) -> None:
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=expected) as caught:
        read_mesh(path)
    assert str(caught.value).startswith(str(path))
    assert '\n' not in str(caught.value)


def glb(document: dict[str, object]) -> bytes:
    text = json.dumps(document).encode()
    text += b' ' * (-len(text) % 4)
    head = struct.pack('<4sII', b'glTF', 2, 20 + len(text))
    return head + struct.pack('<I4s', len(text), b'JSON') + text


def test_what_a_file_says_that_it_holds_is_bounded(tmp_path: Path) -> None:
    ply = 'ply\nformat ascii 1.0\nelement vertex {}\nelement face {}\nend_header\n'
    refused(tmp_path / 'a.ply', ply.format(4_000_000_000, 1).encode(), 'decimate it')
    refused(tmp_path / 'b.ply', ply.format(3, 200_000).encode(), 'got 200000')
    count = 200_000
    stl = bytes(80) + struct.pack('<I', count) + bytes(50 * count)
    refused(tmp_path / 'a.stl', stl, 'got 200000')
    refused(tmp_path / 'a.obj', b'v 0 0 0\n' + b'f 1 1 1\n' * 100_001, 'got 100001')
    accessor = {'componentType': 5126, 'type': 'VEC3', 'count': 2_000_000_000}
    refused(tmp_path / 'a.glb', glb({'accessors': [accessor]}), 'elements in its accessors')
    refused(tmp_path / 'b.glb', glb({'nodes': [{}] * 10_001}), 'at most 10000 nodes')
    refused(tmp_path / 'c.glb', glb({'buffers': [{'uri': '/etc/passwd'}]}), 'got references')


def altered(data: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """Return a GLB with another JSON."""
    (length,) = struct.unpack_from('<I', data, 12)
    document = json.loads(data[20 : 20 + length])
    change(document)
    packed = glb(document)
    return (
        packed[:8]
        + struct.pack('<I', len(packed) + len(data) - 20 - length)
        + (packed[12:] + data[20 + length :])
    )


def coordinates(document: dict[str, Any], name: str) -> dict[str, Any]:
    accessor: dict[str, Any] = document['accessors'][
        document['meshes'][0]['primitives'][0]['attributes'][name]
    ]
    return accessor


PACKED: dict[str, Callable[[dict[str, Any]], Any]] = {
    'KHR_draco_mesh_compression': lambda it: it.update(
        extensionsRequired=['KHR_draco_mesh_compression']
    ),
    'EXT_meshopt_compression': lambda it: it.update(
        extensionsRequired=['EXT_meshopt_compression']
    ),
    'KHR_texture_basisu': lambda it: it.update(
        extensionsRequired=['KHR_materials_unlit', 'KHR_texture_basisu']
    ),
    'left out': lambda it: coordinates(it, 'POSITION').pop('bufferView'),
    'coordinates that are left out': lambda it: coordinates(it, 'POSITION').update(
        sparse={'count': 1}
    ),
    'shares of a whole number': lambda it: coordinates(it, 'POSITION').update(normalized=True),
    'as shares': lambda it: coordinates(it, 'TEXCOORD_0').update(normalized=True),
}


@pytest.mark.parametrize('expected', PACKED)
def test_coordinates_that_are_packed_are_refused_with_what_to_do(
    tmp_path: Path, expected: str
) -> None:
    """A shop's GLB is packed by Draco: it was read as a mesh without a size, all at 0, 0, 0."""
    plain = box()
    plain.visual = trimesh.visual.TextureVisuals(np.zeros((len(plain.vertices), 2)))
    data = plain.export(file_type='glb')
    unlit = {'extensionsRequired': ['KHR_materials_unlit']}
    packed = altered(data, PACKED[expected])
    refused(tmp_path / 'a.glb', packed, f'{expected}.* without compression')
    (tmp_path / 'b.glb').write_bytes(altered(data, lambda it: it.update(unlit)))
    read_mesh(tmp_path / 'b.glb')


def test_a_mesh_that_a_scene_repeats_is_counted_each_time(tmp_path: Path) -> None:
    scene, ball = trimesh.Scene(), trimesh.creation.icosphere(subdivisions=4)  # 5120 faces
    for number in range(25):
        scene.add_geometry(ball, node_name=f'n{number}', geom_name='ball')
    scene.export(tmp_path / 'many.glb')
    with pytest.raises(ConfigError, match='got 128000'):
        read_mesh(tmp_path / 'many.glb')


def test_a_file_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / 'hole.obj'
    with path.open('wb') as file:
        file.truncate(limits.MOST_BYTES + 1)
    with pytest.raises(ConfigError, match='expected 1 to'):
        read_mesh(path)


def test_a_texture_too_large_is_not_decoded(tmp_path: Path) -> None:
    solid = box()
    material = trimesh.visual.material.SimpleMaterial(image=Image.new('1', (8000, 8000)))
    solid.visual = trimesh.visual.TextureVisuals(uv=np.zeros((8, 2)), material=material)
    solid.export(str(tmp_path / 'box.obj'))
    with pytest.raises(ConfigError, match='8000x8000'):
        read_mesh(tmp_path / 'box.obj')


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf, 1e30])
@pytest.mark.parametrize('kind', ['ply', 'stl', 'glb'])
def test_coordinates_that_are_no_places_are_refused(
    tmp_path: Path, kind: str, value: float
) -> None:
    solid = trimesh.Trimesh(box().vertices, box().faces, process=False)
    solid.vertices[3, 1] = value
    with np.errstate(all='ignore'):
        solid.export(tmp_path / f'box.{kind}')
    with pytest.raises(ConfigError, match='finite coordinates'):
        read_mesh(tmp_path / f'box.{kind}')


def test_materials_come_from_the_folder_of_the_mesh_alone(tmp_path: Path) -> None:
    (tmp_path / 'secret.mtl').write_text('newmtl m\nKd 1 0 0\n', encoding='utf-8')
    inner = tmp_path / 'inner'
    inner.mkdir()
    text = 'mtllib ../secret.mtl\nusemtl m\nv 0 0 0\nv 1 0 0\nv 0 0 1\nf 1 2 3\n'
    (inner / 'flat.obj').write_text(text, encoding='utf-8')
    assert read_mesh(inner / 'flat.obj').colours is None
    (inner / 'secret.mtl').write_text('newmtl m\nKd 0 0 1\n', encoding='utf-8')
    (inner / 'again.obj').write_text(text, encoding='utf-8')
    assert colours_of(inner / 'again.obj') == {(0, 0, 255): 1}


def test_an_obj_may_be_in_any_encoding(tmp_path: Path) -> None:
    text = '# Stühle\no Möbel\nv 0 0 0\nv 1 0 0\nv 0 0 1\nf 1 2 3\n'
    (tmp_path / 'old.obj').write_bytes(text.encode('latin-1'))
    assert len(read_mesh(tmp_path / 'old.obj').mesh.faces) == 1


def test_z_must_be_up(tmp_path: Path) -> None:
    flat = trimesh.creation.box((5.0, 5.0, 0.001))
    flat.export(tmp_path / 'thing.stl')
    (tmp_path / 'thing.yaml').write_text(TARGET.format(file='thing.stl'), encoding='utf-8')
    target = load_target(str(tmp_path / 'thing.yaml'))
    with pytest.raises(ConfigError, match='z must be up'):
        make_actor(target, stream(0, Stream.TARGET), is_target=True)


WHOLE = {kind: trimesh.exchange.export.export_mesh(box(), None, kind) for kind in FORMATS}


SHARED_FOLDER = [HealthCheck.function_scoped_fixture]


@settings(max_examples=60, deadline=None, suppress_health_check=SHARED_FOLDER)
@given(kind=st.sampled_from(FORMATS), data=st.data())
def test_a_damaged_file_is_refused_or_read_in_one_piece(
    tmp_path: Path, kind: str, data: st.DataObject
) -> None:
    whole = WHOLE[kind]
    content = bytearray(whole.encode() if isinstance(whole, str) else whole)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    path = tmp_path / f'{hash(bytes(content))}.{kind}'
    path.write_bytes(content)
    found, words = None, ''
    try:
        found = read_mesh(path)
    except ConfigError as error:
        words = str(error)
    if found is None:
        assert words.startswith(str(path))
        assert '\n' not in words
        return
    assert np.isfinite(found.mesh.vertices).all()
    assert 0 <= found.mesh.faces.min() <= found.mesh.faces.max() < len(found.mesh.vertices)


def colours_of(path: Path) -> dict[tuple[int, ...], int]:
    """Return how many faces have each colour, 0..255."""
    found: ColouredMesh = read_mesh(path)
    assert found.colours is not None
    rows, counts = np.unique(np.round(found.colours * 255).astype(int), axis=0, return_counts=True)
    return {tuple(row): count for row, count in zip(rows.tolist(), counts.tolist(), strict=True)}
