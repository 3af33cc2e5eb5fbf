# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""OBJ, PLY and STL as other programs write them: their colours and sizes count, or it is told."""

import struct
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from liquid_drone.errors import ConfigError
from liquid_drone.sim.scenario.scenario import load_target
from liquid_drone.sim.world.actors import make_actor
from liquid_drone.sim.world.mesh_files.reading import read_mesh
from liquid_drone.streams import Stream, stream

PLACES = [(0, 0, 0), (1, 0, 0), (1, 0, 2), (0, 0, 2)]
TEXT = 'v 0 0 0\nv 1 0 0\nv 1 0 2\nv 0 0 2\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n'
WHOLE, LOWER, UPPER = 'f 1/1 2/2 3/3 4/4\n', 'f 1/1 2/2 3/3\n', 'f 1/1 3/3 4/4\n'


def colour_of(path: Path) -> list[int]:
    found = read_mesh(path)
    assert found.colours is not None
    return [round(value * 255) for value in found.colours.mean(axis=0).tolist()]


@settings(max_examples=40, deadline=None)
@given(
    options=st.lists(
        st.sampled_from(['-s 1 1 1', '-o 0.5', '-clamp on', '-bm 1.0', '-mm 0 1', '-texres 512']),
        max_size=3,
    ),
    name=st.sampled_from(['g.png', 'G.PNG', '"g.png"', r'C:\maps\g.png', './maps/g.png']),
    ends=st.sampled_from(['\n', '\r\n', '\r']),
    begins=st.sampled_from(['', '\ufeff']),
    library=st.sampled_from(['a.mtl', 'A.MTL', './a.mtl']),
)
def test_a_picture_of_an_obj_is_found_however_it_is_named(
    tmp_path_factory: pytest.TempPathFactory,
    options: list[str],
    name: str,
    ends: str,
    begins: str,
    library: str,
) -> None:
    folder = tmp_path_factory.mktemp('obj')
    Image.new('RGB', (2, 3), (0, 255, 0)).save(folder / 'g.png')
    words = f'{begins}newmtl m\nKd 1 1 1\nmap_Kd {" ".join([*options, name])}\n'
    (folder / 'a.mtl').write_bytes(words.replace('\n', ends).encode())
    text = f'{begins}# no mtllib\nmtllib {library}\n{TEXT}usemtl m\n{WHOLE}'
    (folder / 'a.obj').write_bytes(text.replace('\n', ends).encode())
    assert colour_of(folder / 'a.obj') == [0, 255, 0]


@pytest.mark.parametrize('name', ['kör per', 'ÑANDÚ', 'ｶﾞ', '한'])
@pytest.mark.parametrize('named', ['NFC', 'NFD'])
@pytest.mark.parametrize('stored', ['NFC', 'NFD'])
def test_accents_are_the_same_however_a_name_is_stored(
    tmp_path: Path, name: str, named: str, stored: str
) -> None:
    """A Mac stores letter and accent apart, and the OBJ in the archive has them in one."""
    said, there = unicodedata.normalize(named, name), unicodedata.normalize(stored, name)
    (tmp_path / f'{there}.mtl').write_text('newmtl m\nKd 0 1 0\n', encoding='utf-8')
    text = f'mtllib {said}.mtl\n{TEXT}usemtl m\n{WHOLE}'
    (tmp_path / 'a.obj').write_text(text, encoding='utf-8')
    assert colour_of(tmp_path / 'a.obj') == [0, 255, 0]


@pytest.mark.parametrize('line', ['mtllib r.mtl b c.mtl', 'mtllib r.mtl\nmtllib b c.mtl'])
def test_all_material_files_of_an_obj_count(tmp_path: Path, line: str) -> None:
    (tmp_path / 'r.mtl').write_text('newmtl r\nKd 1 0 0\n', encoding='utf-8')
    blue = tmp_path / ('b c.mtl' if '\n' in line else 'c.mtl')
    (tmp_path / 'b').write_text('# nothing\n', encoding='utf-8')
    blue.write_text('newmtl b\nKd 0 0 1\n', encoding='utf-8')
    path = tmp_path / 'a.obj'
    path.write_text(f'{line}\n{TEXT}usemtl r\n{LOWER}usemtl b\n{UPPER}', encoding='utf-8')
    assert colour_of(path) in ([127, 0, 127], [128, 0, 128])


@pytest.mark.parametrize('content', ['mtllib lost.mtl', 'mtllib a.mtl lost.mtl', 'mtllib x.mtl'])
@pytest.mark.parametrize('colours', ['', ', colours: [[1.0, 0.0, 0.0]]'])
def test_colours_that_are_not_there_are_told(tmp_path: Path, content: str, colours: str) -> None:
    """A thing whose material file was not copied with it was grey, without a word."""
    (tmp_path / 'a.mtl').write_text('newmtl m\nKd 1 0 0\n', encoding='utf-8')
    (tmp_path / 'x.mtl').write_text('newmtl m\nmap_Kd lost.mtl\n', encoding='utf-8')
    path = tmp_path / 'a.obj'
    path.write_text(f'{content}\n{TEXT}usemtl m\n{WHOLE}', encoding='utf-8')
    (tmp_path / 'a.yaml').write_text(
        'name: a\ndescription: a\nradius_m: 0.5\nheight_m: 1.5\nparts:\n  - {shape: mesh, '
        f'size_m: [1.5], position_m: [0.0, 0.0, 0.75], file: a.obj{colours}}}\n',
        encoding='utf-8',
    )
    target = load_target(str(tmp_path / 'a.yaml'))
    if colours:
        make_actor(target, stream(0, Stream.TARGET), is_target=True)
        return
    with pytest.raises(ConfigError, match=r"a\.obj: its colours .*'lost\.mtl'.* give the part"):
        make_actor(target, stream(0, Stream.TARGET), is_target=True)


@pytest.mark.parametrize('stray', [(0, 0, 90), (-50, 3, 0)])
def test_points_that_no_face_has_do_not_count_for_its_size(
    tmp_path: Path, stray: tuple[int, int, int]
) -> None:
    """A scan keeps points without faces: one far above it made the thing a thumb high."""
    path = tmp_path / 'a.ply'
    places = [*PLACES, stray]
    path.write_text(
        'ply\nformat ascii 1.0\nelement vertex 5\nproperty float x\nproperty float y\n'
        'property float z\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n'
        + ''.join(f'{x} {y} {z}\n' for x, y, z in places)
        + '4 0 1 2 3\n',
        encoding='utf-8',
    )
    assert np.ptp(read_mesh(path).mesh.vertices, axis=0).tolist() == [1.0, 0.0, 2.0]


@pytest.mark.parametrize('names', ['red green blue', 'diffuse_red diffuse_green diffuse_blue',
                                   'r g b'])  # fmt: skip
@pytest.mark.parametrize('kind', ['uchar', 'float', 'ushort'])
def test_colours_of_a_ply_have_several_names(tmp_path: Path, names: str, kind: str) -> None:
    path = tmp_path / 'a.ply'
    colours = ''.join(f'property {kind} {name}\n' for name in names.split())
    most = {'uchar': 255, 'float': 1, 'ushort': 65535}[kind]
    places = ''.join(f'{x} {y} {z} {most} 0 {most}\n' for x, y, z in PLACES)
    path.write_text(
        'ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\n'
        f'property float z\n{colours}element face 1\nproperty list uchar int vertex_indices\n'
        f'end_header\n{places}4 0 1 2 3\n',
        encoding='utf-8',
    )
    if kind == 'ushort':
        with pytest.raises(ConfigError, match='got ushort: export it'):
            read_mesh(path)
    else:
        assert colour_of(path) == [255, 0, 255]


@pytest.mark.parametrize('length', [-1, 2, 49, 51])
def test_an_stl_that_is_not_whole_is_told(tmp_path: Path, length: int) -> None:
    whole = bytes(80) + struct.pack('<I', 2) + bytes(100)
    (tmp_path / 'a.stl').write_bytes(whole[:length] if length < 0 else whole + bytes(length))
    with pytest.raises(ConfigError, match='expected 184 bytes for the 2 triangles'):
        read_mesh(tmp_path / 'a.stl')
