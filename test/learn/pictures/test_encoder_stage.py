# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The stage before the rounds: pictures, the encoder, the operating point."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from liquid_drone.errors import ConfigError
from liquid_drone.learn.behaviour_cloning import is_whole
from liquid_drone.learn.clips import Clip
from liquid_drone.learn.pictures import encoder_stage as stage
from liquid_drone.learn.pictures.config import PictureConfig
from liquid_drone.learn.pictures.shards import Pictures
from liquid_drone.learn.recipe import Recipe, TrainConfig, Workspace, load_recipe
from liquid_drone.learn.watcher import Silent
from liquid_drone.policy.config import HEATMAP, NetworkConfig
from liquid_drone.policy.network import Network
from liquid_drone.policy.weights import begin_with
from liquid_drone.workers.pool import LocalProcesses

TINY = Recipe(
    name='tiny',
    start='follow-compact',
    network=NetworkConfig(vision=HEATMAP),
    train=TrainConfig(warmup_steps=1),
    pictures=PictureConfig(count=8, per_world=4, looks=2, steps=2, pictures=4, frames=2),
)


def pictures(seed: int, count: int = 40) -> Pictures:
    """Return noise, half of it labelled as the target: a head can only guess."""
    rng = np.random.default_rng(seed)
    frames = rng.integers(0, 255, size=(count, 72, 128, 3), dtype=np.uint8)
    target = np.zeros((count, 3), np.float32)
    target[: count // 2, 0] = 1.0
    return Pictures(frames, frames, np.zeros(count, bool), target, np.zeros(count, np.float32))


def clip() -> Clip:
    """Return a short flight."""
    some = pictures(9, 6)
    nothing = np.zeros((6, 9), np.float32)
    label = np.zeros((6, 4), np.float32)
    three = np.zeros((6, 3), np.float32)
    return Clip(  # type: ignore[arg-type]
        some.frames, np.arange(6.0), label, some.target, nothing, three, three, label
    )


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 99), st.sampled_from([0.0, 0.05, 0.3]), st.booleans())
def test_at_a_half_there_are_no_more_false_alarms_than_allowed(
    seed: int, allowed: float, has_heatmap: bool
) -> None:
    vision = HEATMAP if has_heatmap else NetworkConfig().vision
    network = begin_with(Network(NetworkConfig(vision=vision)), 'follow-compact')
    shown = pictures(seed)
    words = stage.set_operating_point(network, shown, allowed)
    wrong = stage.logits_of(network, shown)[20:] >= 0.0
    assert wrong.mean() <= allowed
    assert '20 pictures with the target' in words


@settings(max_examples=60, deadline=None)
@given(
    targets=st.lists(
        st.sampled_from(['red_backpack', 'dog', 'red_camping_chair']), min_size=1, max_size=4
    ),
    lookalikes=st.lists(st.sampled_from(['plain_person', 'orange_traffic_cone']), max_size=2),
    seasons=st.integers(1, 4),
    shards=st.integers(60, 200),
)
def test_pictures_of_all_targets_and_lookalikes_and_places_choose_the_operating_point(
    targets: list[str], lookalikes: list[str], seasons: int, shards: int
) -> None:
    recipe = dataclasses.replace(
        TINY,
        targets=tuple(targets),
        lookalikes=tuple(dict.fromkeys(lookalikes)),
        seasons=('spring', 'summer', 'autumn', 'winter')[:seasons],
        pictures=PictureConfig(count=4 * shards, per_world=4, beside=4),
    )
    made = stage.shards_of_recipe(recipe, Workspace(Path('nowhere')))
    learned, apart = stage.parted(made)
    assert len(learned) + len(apart) == shards
    assert 0.05 < len(apart) / shards < 0.25  # of each target the first one, too
    assert {one.flight.target for one in apart} == {*targets, *lookalikes}
    assert {one.flight.target for one in learned} == {*targets, *lookalikes}
    assert {one.flight.world for one in apart} == set(recipe.worlds)


def test_the_stage_trains_the_encoder_once_and_freezes_it(tmp_path: Path) -> None:
    work = Workspace(tmp_path)
    stage.make_pictures(TINY, work, LocalProcesses(1), Silent())
    start = begin_with(Network(TINY.network), 'follow-compact').state_dict()
    runs = [
        stage.with_trained_encoder(TINY, work, Network(TINY.network), [clip()], Silent())
        for _ in range(2)
    ]
    one, two = (run.state_dict() for run in runs)
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert all(torch.equal(one[name], start[name]) for name in one if name.startswith('cell.'))
    assert not torch.equal(one['vision.features.weight'], start['vision.features.weight'])
    assert not any(parameter.requires_grad for parameter in runs[0].vision.parameters())
    assert 'seen in' in stage.operating_point_of(work)


def test_an_encoder_without_its_operating_point_is_not_taken(tmp_path: Path) -> None:
    """Of two files one alone is there where a training was killed between them."""
    network, work = Network(TINY.network), Workspace(tmp_path)
    nothing = dataclasses.replace(TINY, pictures=PictureConfig())
    stage.keep_encoder(nothing, work, network)
    assert work.encoder.is_file()
    assert work.point.is_file()
    whole, torn = work.encoder.read_bytes(), work.encoder.read_bytes()[:1000]
    stage.make_pictures(TINY, work, LocalProcesses(1), Silent())
    for point, encoder in ((True, None), (True, torn), (False, whole)):
        for file, data in (
            (work.point, b'{"operating_point": ""}' * point),
            (work.encoder, encoder),
        ):
            file.unlink(missing_ok=True)
            if data:
                file.write_bytes(data)
        stage.with_trained_encoder(TINY, work, Network(TINY.network), [clip()], Silent())
        assert 'seen in' in stage.operating_point_of(work)
        assert is_whole(work.encoder)


def test_places_go_to_a_recipe_with_pictures(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / 'missing'):
        with pytest.raises(ConfigError, match=r'expected .*photographs'):
            stage.with_places(load_recipe('follow-pictures'), folder)
    pixels = np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / 'place.png')
    asked = stage.with_places(load_recipe('follow-pictures'), tmp_path)
    assert asked.pictures.places == str(tmp_path)
    with pytest.raises(ConfigError, match='makes no pictures'):
        stage.with_places(load_recipe('follow-wide'), tmp_path)
    with pytest.raises(ValueError, match='expected its name in start'):
        dataclasses.replace(TINY, start='')
