# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a recipe is checked whole before anything is flown, and its numbers have ranges."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from liquid_drone import resources
from liquid_drone.errors import LiquidDroneError
from liquid_drone.learn.recipe import Recipe, load_recipe
from liquid_drone.schema import plain

BAD: list[dict[str, Any]] = [
    {'name': '../up'},
    {'name': 'a b'},
    {'worlds': ['forest', 'mars']},
    {'seasons': ['summer', 'monsoon']},
    {'targets': ['red_backpack', 'unicorn']},
    {'lookalikes': ['unicorn']},
    {'task': 'hunt'},
    {'start': 'nobody'},
    {'recorded': ['../../x']},
    {'collect': {'episodes': -1}},
    {'collect': {'episodes': 401}},
    {'collect': {'frames': 0}},
    {'collect': {'disturbance': {'clean_share': 2.0}}},
    {'train': {'steps': 0}},
    {'train': {'windows': 10**9}},
    {'train': {'learning_rate': -1.0}},
    {'train': {'learning_rate': float('nan')}},
    {'train': {'average': 1.0}},
    {'train': {'threads': 0}},
    {'train': {'augmentation': {'brightness': 50.0}}},
    {'dagger': {'rounds': 26}},
    {'dagger': {'share_decay': -1.0}},
    {'validation': {'flights': 0}},
    {'validation': {'final_flights': 5001}},
    {'network': {'vision': {'features': 10**7}}},
    {'network': {'vision': {'convolutions': [[8, 5, 16]] * 5, 'padding': 'valid'}}},
    {'network': {'core': {'neurons': 10**8}}},
    {'network': {'core': {'cell': 'nothing'}}},
    {'network': {'core': {'options': {'no': 1}}}},
]


@pytest.mark.parametrize('changes', BAD, ids=str)
def test_what_a_recipe_cannot_mean_is_said_when_it_is_read(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / 'recipe.yaml'
    path.write_text(yaml.safe_dump({'name': 'mine', **changes}))
    with pytest.raises(LiquidDroneError) as caught:
        load_recipe(str(path))
    assert len(str(caught.value)) < 600


def test_a_target_of_a_recipe_is_read_with_its_mesh(tmp_path: Path) -> None:
    part = '{shape: mesh, size_m: [1.0], position_m: [0, 0, 0.5], file: t.obj}'
    target = f'name: t\ndescription: t\nradius_m: 0.3\nheight_m: 1.0\nparts: [{part}]\n'
    (tmp_path / 't.yaml').write_text(target)
    (tmp_path / 'r.yaml').write_text(f'name: r\ntargets: [{tmp_path}/t.yaml]\n')
    triangle = 'v 0 0 0\nv 1 0 0\nv 0 0 {}\nf 1 2 3\n'
    for corner, words in (('nan', 'finite'), ('1e300', 'finite'), ('1e-5', 'z must be up')):
        (tmp_path / 't.obj').write_text(triangle.format(corner))
        with pytest.raises(LiquidDroneError, match=words):
            load_recipe(str(tmp_path / 'r.yaml'))
    (tmp_path / 't.obj').write_text(triangle.format(1.0))
    load_recipe(str(tmp_path / 'r.yaml'))


@pytest.mark.parametrize('name', resources.names('config/recipes'))
def test_shipped_recipes_are_whole(name: str) -> None:
    assert plain(load_recipe(name))['name'] == name


def test_the_defaults_are_in_range() -> None:
    Recipe('mine')
