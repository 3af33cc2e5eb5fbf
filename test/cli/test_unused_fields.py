# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a field of a recipe that has no effect is told, and what ships has none."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone import resources, schema
from liquid_drone.cli.unused_fields import RULES, unused_fields, warn_of_unused
from liquid_drone.learn.augmentation.config import Augmentation
from liquid_drone.learn.frozen.config import FrozenEncoder
from liquid_drone.learn.pictures.config import PictureConfig
from liquid_drone.learn.practice.config import PracticeConfig
from liquid_drone.learn.recipe import Recipe, TrainConfig

KEPT = FrozenEncoder('follow-compact')


@pytest.mark.parametrize('name', resources.names('config/recipes'))
def test_shipped_recipes_have_none(name: str) -> None:
    recipe = schema.load_yaml(Recipe, resources.named_file('config/recipes', name))
    assert unused_fields(recipe) == {}


@given(
    hard=st.sampled_from([1.0, 5.0]),
    style=st.sampled_from([0.0, 0.3]),
    looks=st.sampled_from([24, 3]),
    flights=st.sampled_from([96, 12]),
    is_kept=st.booleans(),
    count=st.sampled_from([0, 100]),
)
def test_each_is_told_where_what_it_needs_is_off(
    hard: float, style: float, looks: int, flights: int, is_kept: bool, count: int
) -> None:
    usual = Recipe('usual', start='' if is_kept else 'follow-compact')
    train = TrainConfig(hard_weight=hard, augmentation=Augmentation(style_share=style))
    pictures = PictureConfig(count=0 if is_kept else count, looks=looks)
    recipe = replace(
        usual, train=train, pictures=pictures, practice=PracticeConfig(flights=flights)
    )
    recipe = replace(recipe, frozen=KEPT if is_kept else FrozenEncoder())
    changed = {
        'train.hard_weight': hard != 1.0 and not is_kept,
        'train.augmentation.style_share': style != 0.0 and is_kept,
        'pictures.looks': looks != 24 and recipe.pictures.count == 0,
        'practice.flights': flights != 96,
    }
    expected = {name for name, is_told in changed.items() if is_told}
    assert set(unused_fields(recipe)) == expected


def test_they_are_told_with_what_they_need(capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_unused(Recipe('mine', train=TrainConfig(memory_steps=7)))
    told = capsys.readouterr().err
    assert told.startswith('warning: mine: train.memory_steps has no effect without frozen')
    assert len(RULES) >= 8
