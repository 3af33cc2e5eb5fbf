# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: flights of a target whose material or picture changed are not taken for today's."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mesh_target import mesh_target
from PIL import Image

from liquid_drone.evaluate.scenario_identity import scenario_identity
from liquid_drone.sim.identity import scenario_digest
from liquid_drone.sim.scenario.scenario import load_scenario

SHAPE = 'v 0 0 0\nv 1 0 0\nv 0 0 1\nvt 0 0\nvt 1 0\nvt 0 1\n'
PLY = """ply
format ascii 1.0
comment TextureFile skin.png
element vertex 3
property float x
property float y
property float z
element face 1
property list uchar int vertex_indices
end_header
0 0 0
1 0 0
0 0 1
3 0 1 2
"""


def picture(path: Path, red: int) -> None:
    Image.fromarray(np.full((4, 4, 3), (red, 20, 20), np.uint8)).save(path)


def target_with(folder: Path, mesh: str, content: str) -> Callable[[], str]:
    (folder / mesh).write_text(content)
    (folder / 'thing.yaml').write_text(mesh_target(mesh))
    (folder / 'other.png').write_bytes(b'named by nobody')
    return lambda: scenario_identity(load_scenario(target=str(folder / 'thing.yaml')))


@pytest.mark.parametrize(
    'library', ['thing.mtl', './THING.mtl', r'C:\thing.mtl', 'a.mtl thing.mtl']
)
def test_materials_and_pictures_of_an_obj_are_in_it(library: str, tmp_path: Path) -> None:
    """Their flights stood in one table, and training took the old pictures, without a word."""
    mesh = f'mtllib {library}\n{SHAPE}usemtl skin\nf 1/1 2/2 3/3\n'
    now = target_with(tmp_path, 'thing.obj', mesh)
    seen = [now()]  # nothing of what it names is there
    (tmp_path / 'thing.mtl').write_text('newmtl skin\nKd 1 1 1\nmap_Kd -s 1 1 1 skin.png\n')
    seen.append(now())
    picture(tmp_path / 'skin.png', 200)
    seen.append(now())
    picture(tmp_path / 'skin.png', 90)
    seen.append(now())
    (tmp_path / 'thing.mtl').write_text('newmtl skin\nKd 0 1 0\nmap_Kd -s 1 1 1 skin.png\n')
    seen.append(now())
    assert len(set(seen)) == len(seen)
    (tmp_path / 'other.png').write_bytes(b'changed')
    assert now() == seen[-1]


def test_the_picture_of_a_ply_is_in_it(tmp_path: Path) -> None:
    now = target_with(tmp_path, 'thing.ply', PLY)
    seen = [now()]
    for red in (200, 90):
        picture(tmp_path / 'skin.png', red)
        seen.append(now())
    assert len(set(seen)) == 3


@pytest.mark.parametrize('mesh', ['', SHAPE + 'f 1/1 2/2 3/3\n'])
def test_without_such_files_it_is_the_simulators(mesh: str, tmp_path: Path) -> None:
    """Flights of all else go on in the folders of before."""
    if not mesh:
        scenario = load_scenario()
        assert scenario_identity(scenario) == scenario_digest(scenario)
        return
    now = target_with(tmp_path, 'thing.obj', mesh)
    assert now() == scenario_digest(load_scenario(target=str(tmp_path / 'thing.yaml')))
