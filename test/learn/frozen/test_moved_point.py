# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A kept encoder at another operating point: its answer moves, in features and on the card."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.noise_flight import clip

from liquid_drone.contract import load_contract
from liquid_drone.learn.export_round import export_round
from liquid_drone.learn.frozen.config import FrozenEncoder
from liquid_drone.learn.frozen.rounds import train_core_round, with_kept_encoder
from liquid_drone.learn.recipe import Augmentation, Recipe, TrainConfig, Workspace
from liquid_drone.learn.watcher import Silent
from liquid_drone.policy.network import Network
from liquid_drone.policy.weights import config_of

PLAIN = Augmentation(brightness=0, contrast=0, colour=0, noise=0, flip=False, skip_share=0)
TRAIN = TrainConfig(
    steps=1, windows=1, length=4, warmup_steps=1, augmentation=PLAIN, precision='float32',
    device='cpu',
)  # fmt: skip
RECIPE = Recipe('moved', frozen=FrozenEncoder('follow-compact', views=1), train=TRAIN)
WIDE = replace(RECIPE, network=replace(config_of('follow-memory'), memory=False, belief=False))


def kept(folder, recipe, threshold):
    moved = replace(recipe, frozen=replace(recipe.frozen, threshold=threshold))
    network = Network(moved.network)
    file = with_kept_encoder(moved, Workspace(folder), network, [], Silent())
    return moved, network.eval(), file


@pytest.mark.parametrize(
    ('recipe', 'bundle'), [(RECIPE, 'follow-compact'), (WIDE, 'follow-memory')]
)
def test_the_answer_of_every_picture_moves_by_the_threshold_s_logit(tmp_path, recipe, bundle):
    recipe = replace(recipe, frozen=FrozenEncoder(bundle, views=1))
    pixels = torch.from_numpy(np.random.default_rng(1).integers(0, 255, (3, 3, 72, 128))).float()

    def answers(threshold):
        _, network, _ = kept(tmp_path, recipe, threshold)
        with torch.no_grad():
            return network.vision.look(pixels)[1]

    @settings(deadline=None, max_examples=10)
    @given(st.floats(0.001, 0.999))
    def moved(threshold):
        before, after = answers(0.5), answers(threshold)
        by = math.log(threshold / (1.0 - threshold))
        assert torch.allclose(after[:, 0], before[:, 0] - by, atol=1e-4)
        assert torch.equal(after[:, 1:], before[:, 1:])

    moved()


def test_features_of_one_point_are_not_taken_for_another_s_and_the_card_tells(tmp_path):
    clips = [clip(tmp_path, number) for number in range(2)]
    for number, threshold in enumerate((0.5, 0.2, 0.3)):
        moved, network, file = kept(tmp_path, RECIPE, threshold)
        work = Workspace(tmp_path)
        (tmp_path / 'train').mkdir(exist_ok=True)
        train_core_round(
            moved, work, number, network, file, clips, lambda *_: None, lambda _: None
        )
        assert len(list(work.views.glob('*.npy'))) == 2 * (number + 1)
        export_round(moved, work, number, tmp_path / f'bundle-{number}', 16)
        told = load_contract(tmp_path / f'bundle-{number}').training.operating_point
        assert told == ('' if threshold == 0.5 else f'moved: 0.5 is what was {threshold:g}')


@pytest.mark.parametrize(
    'wrong',
    [{'bundle': 'follow', 'encoder_steps': 5, 'threshold': 0.3}, {'threshold': 0.3},
     {'bundle': 'follow', 'threshold': 1.0}, {'bundle': 'follow', 'threshold': math.nan}],
)  # fmt: skip
def test_a_point_is_moved_of_an_encoder_that_stays_as_it_is(wrong):
    with pytest.raises(ValueError, match='threshold'):
        FrozenEncoder(**wrong)
