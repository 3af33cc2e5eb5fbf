# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A recipe names its cell and its eye, and trains with the same command whatever they are."""

from pathlib import Path

import pytest
import torch

from liquid_drone import schema
from liquid_drone.contract import CommandSpec
from liquid_drone.errors import ConfigError
from liquid_drone.learn import behaviour_cloning
from liquid_drone.learn.clips import open_clips
from liquid_drone.learn.recipe import Recipe, TrainConfig, built
from liquid_drone.policy.cells.registry import CELLS
from liquid_drone.policy.config import CHAHINE_2023
from liquid_drone.policy.network import Network

EYE = '{convolutions: [[8, 5, 4], [8, 3, 2]], features: 16}'


def recipe_of(path: Path, network: str) -> Recipe:
    path.write_text(f'name: baseline\nnetwork: {network}\n', encoding='utf-8')
    return schema.load_yaml(Recipe, path)


@pytest.mark.parametrize('cell', CELLS)
def test_every_cell_trains(cell, episodes, tmp_path):
    """Two steps of the whole network, eye and core, change all of its weights."""
    recipe = recipe_of(tmp_path / 'r.yaml', f'{{vision: {EYE}, core: {{cell: {cell}}}}}')
    clips = open_clips(episodes, tmp_path / 'cache', 2, CommandSpec())
    torch.manual_seed(0)
    network = Network(recipe.network)
    before = [value.clone() for value in network.parameters()]
    config, span = (
        TrainConfig(windows=2, length=8, warmup_steps=1, weight_decay=0.0),
        behaviour_cloning.Span(0, 2, 2),
    )
    trained = behaviour_cloning.train(network, clips, config, span, tmp_path / 'net.pt')
    for (name, after), old in zip(trained.named_parameters(), before, strict=True):
        assert torch.isfinite(after).all(), name
        assert not torch.equal(after, old), name


def test_an_eye_is_named_or_described(tmp_path):
    recipe = recipe_of(tmp_path / 'r.yaml', '{vision: chahine2023}')
    assert recipe.network.vision == CHAHINE_2023
    assert Network(recipe.network).vision.rows_columns == (
        6,
        13,
    )  # 16 channels: 1248, as published
    with pytest.raises(
        ConfigError,
        match='one of default, chahine2023, small, heatmap, wide, wide-scan, wide-tapped-scan, '
        'wide-sight, ',
    ):
        recipe_of(tmp_path / 'r.yaml', '{vision: big}')


@pytest.mark.parametrize('strides', [(4, 2), (2, 2), (4, 8)])
def test_a_scan_has_as_many_columns_as_its_labels_or_is_refused_before_it_learns(
    strides, tmp_path
):
    layers = ', '.join(f'[8, 3, {stride}]' for stride in strides)
    vision = f'{{convolutions: [{layers}, [4, 3, 1]], features: 80, scan: true}}'
    recipe = recipe_of(tmp_path / 'r.yaml', f'{{vision: {vision}}}')
    width = 128  # of a reduced frame
    columns = width // (strides[0] * strides[1])
    if columns == 16:
        assert built(recipe).vision.scan is not None
        return
    with pytest.raises(ConfigError, match=f'has {columns} columns, and what teaches it 16'):
        built(recipe)
