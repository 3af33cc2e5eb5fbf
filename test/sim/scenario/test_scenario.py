# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Mistakes in the YAML of worlds, seasons and targets are named, with what was expected."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from liquid_drone import resources
from liquid_drone.errors import ConfigError
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.world.actors import file_mesh
from liquid_drone.sim.world.layout import make_layout

PYRAMID = """\
v 0 0 0
v 2 0 0
v 2 2 0
v 0 2 0
v 1 1 3
f 4 3 2 1
f 1/1 2/2 5/3
f 2 3 5
f 3//1 4//1 5//1
f -2 -5 -1
"""
TARGET = """\
name: thing
description: a thing
radius_m: 0.5
height_m: 1.0
motion: still
parts:
  - {shape: mesh, size_m: [1.5], position_m: [0.0, 0.0, 0.75], file: thing.obj}
"""


def altered(tmp_path: Path, kind: str, name: str, old: str, new: str) -> str:
    text = resources.named_file(f'sim/{kind}', name).read_text(encoding='utf-8')
    assert old in text
    path = tmp_path / f'{name}.yaml'
    path.write_text(text.replace(old, new, 1), encoding='utf-8')
    return str(path)


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ('tree_spacing_m: 2.0', 'tree_spacing: 2.0', "unknown field 'tree_spacing'"),
        ('conifer_share: 0.35', 'conifer_share: 35.0', 'conifer_share must be 0..1; got 35'),
        ('tree_height_m: [7.0, 11.5]', 'tree_height_m: [11.5, 7.0]', 'in order'),
        ('tree_height_m: [7.0, 11.5]', 'tree_height_m: [700.0, 1150.0]', 'tree_height_m must be'),
        ('corridor_m: 16.0', 'corridor_m: -16.0', 'corridor_m must be 5..60'),
        ('forest:', 'urban: {}\nforest:', "either 'forest' or 'urban'"),
    ],
)
def test_mistakes_in_a_world_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_scenario(world=altered(tmp_path, 'worlds', 'forest', old, new))


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ('snow: 0.9', 'snow_depth: 0.9', "unknown field 'snow_depth'"),
        ('snow: 0.9', 'snow: 90', 'snow must be 0..1; got 90'),
        ('path: [0.62, 0.58, 0.53]', 'path: [158, 148, 135]', 'divide 0..255 by 255'),
        ('[12.0, 24.0]', '[0.21, 0.42]', 'degrees, 3..90, not radians'),
        ('[0.0, 360.0]', '[0.0, 6.283]', 'degrees, not radians'),
        ('foliage: 0.2', 'blossom_share: 0.2', 'blossom needs colours'),
    ],
)
def test_mistakes_in_a_season_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_scenario(season=altered(tmp_path, 'seasons', 'winter', old, new))


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ('motion: walk', 'motion: run', 'expected one of still, walk'),
        ('size_m: [0.115]', 'size_m: [-0.115]', 'positive numbers'),
        ('size_m: [0.115]', 'size_m: [115.0]', 'must be in metres'),
        ('swing_deg: 24.0', 'swing_deg: 0.42', 'degrees, not radians'),
        ('height_m: 1.75', 'height_m: 175.0', 'in metres'),
        ('shape: sphere', 'shape: mesh', 'file names the mesh'),
    ],
)
def test_mistakes_in_a_target_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_scenario(target=altered(tmp_path, 'targets', 'red_backpack', old, new))


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ('mass_kg: 2.064', 'mass_g: 2064', "unknown field 'mass_g'"),
        ('mass_kg: 2.064', 'mass_kg: 2064', 'mass_kg must be 0.02..30; got 2064'),
        (
            'motor_time_constant_s: 0.025',
            'motor_time_constant_s: 25',
            'motor_time_constant_s must',
        ),
        ('max_tilt_deg: 35.0', 'max_tilt_deg: 0.61', 'max_tilt_deg must be 5..80; got 0.61'),
        ('motor_max_thrust_n: 8.5', 'motor_max_thrust_n: 4.0', 'lift at least 1.3 times'),
        ('camera_latency_s: 0.0', 'camera_latency_s: -0.1', 'camera_latency_s must be 0..5'),
        (
            'camera_jitter_s: 0.0',
            'camera_jitter_s: 40',
            'camera_jitter_s must be 0..0.045; got 40',
        ),
        ('camera_mount: fixed', 'camera_mount: loose', 'expected one of fixed, stabilised'),
        ('horizontal_fov_deg: 80.0', 'horizontal_fov_deg: 1.4', 'horizontal_fov_deg must be 10'),
    ],
)
def test_mistakes_in_a_vehicle_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_scenario(vehicle=altered(tmp_path, 'vehicles', 'x500', old, new))


def test_a_mesh_of_ones_own_is_read_and_scaled(tmp_path: Path) -> None:
    (tmp_path / 'thing.obj').write_text(PYRAMID, encoding='utf-8')
    (tmp_path / 'thing.yaml').write_text(TARGET, encoding='utf-8')
    target = load_scenario(target=str(tmp_path / 'thing.yaml')).target
    mesh = file_mesh(target.parts[0]).mesh
    assert mesh.faces.shape == (6, 3)
    assert np.allclose(mesh.vertices.min(axis=0), [-0.5, -0.5, -0.75])
    assert np.allclose(mesh.vertices.max(axis=0), [0.5, 0.5, 0.75])


def test_the_target_in_the_documentation_can_be_built(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / 'docs' / 'WORLDS.md').read_text(encoding='utf-8')
    text = page.split('```yaml')[1].split('```')[0]
    (tmp_path / 'tail.obj').write_text(PYRAMID, encoding='utf-8')
    (tmp_path / 'kite.yaml').write_text(text, encoding='utf-8')
    scenario = load_scenario(target=str(tmp_path / 'kite.yaml'))
    layout = make_layout(scenario, 9_001)
    assert len(layout.target.actor.parts) == 3
    assert len(layout.distractors) == 3


def test_a_mesh_that_is_missing_or_broken_is_named(tmp_path: Path) -> None:
    (tmp_path / 'thing.yaml').write_text(TARGET, encoding='utf-8')
    with pytest.raises(ConfigError, match='no such file'):
        load_scenario(target=str(tmp_path / 'thing.yaml'))
    (tmp_path / 'thing.obj').write_text('v 0 0 0\nf 1 2 3\n', encoding='utf-8')
    target = load_scenario(target=str(tmp_path / 'thing.yaml')).target
    with pytest.raises(ConfigError, match=r'thing\.obj'):
        file_mesh(target.parts[0])


@pytest.mark.parametrize('world', ['forest', 'urban'])
def test_a_task_may_say_how_the_target_moves(world: str) -> None:
    """The same world and success as follow, with another way for the target."""
    plain, weaving = (load_scenario(world, task=task) for task in ('follow', 'behind-trees'))
    assert plain.target.motion == 'walk'
    same = dataclasses.replace(
        weaving.task, name=plain.task.name, target_motion=plain.task.target_motion
    )
    assert same == plain.task
    by_target = dataclasses.replace(
        plain, target=dataclasses.replace(plain.target, motion='behind_trees')
    )
    ways = [make_layout(one, 3).route.position for one in (weaving, by_target, plain)]
    assert np.array_equal(ways[0], ways[1])
    assert ways[0].shape != ways[2].shape or not np.array_equal(ways[0], ways[2])
    assert load_scenario(world, task='reach').target.motion == 'still'
