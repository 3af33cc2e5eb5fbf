# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Attention maps find what a network reads, and their scores mean what they say."""

import math

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.cli.commands.results.attention import told_apart
from liquid_drone.evaluate.attention.maps import METHODS
from liquid_drone.evaluate.attention.measuring import MapScore, summary_of, table
from liquid_drone.evaluate.attention.scores import (
    SeasonMonitor,
    entropy,
    grown,
    hits,
    jump,
    lift,
    mass_on,
    ssim,
)
from liquid_drone.evaluate.plots.attention import over
from liquid_drone.policy.config import CoreConfig, NetworkConfig, VisionConfig
from liquid_drone.policy.network import Network

VISION = VisionConfig(convolutions=((8, 5, 2), (8, 3, 2), (8, 3, 1), (8, 3, 1)), features=16)
HEIGHT, WIDTH = 144, 256


def network_that_reads(spot):
    """Return a network whose features are red near one spot of the picture, and nothing else."""
    torch.manual_seed(1)
    network = Network(NetworkConfig(vision=VISION, core=CoreConfig(cell='mlp'))).eval()
    rows, columns = network.vision.rows_columns
    with torch.no_grad():
        for layer in network.vision.trunk[::2]:
            layer.weight.abs_()
        window = torch.zeros(8, rows, columns)
        y, x = int(spot[0] * rows / HEIGHT), int(spot[1] * columns / WIDTH)
        window[:, max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2] = 1.0
        signs = torch.linspace(-1, 1, 16)[:, None]
        network.vision.features.weight.copy_(1e-6 * signs * window.flatten())
    return network


def a_picture(spot):
    image = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    y, x = spot
    image[y - 10 : y + 10, x - 6 : x + 6] = (230, 200, 200)
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[y - 10 : y + 10, x - 6 : x + 6] = True
    return image, mask


@pytest.mark.parametrize('method', METHODS)
@pytest.mark.parametrize('spot', [(40, 60), (90, 190)])
def test_a_map_shows_what_the_command_comes_from(method, spot):
    image, mask = a_picture(spot)
    (found,) = METHODS[method](network_that_reads(spot), image[None])
    assert found.shape == (HEIGHT, WIDTH)
    assert found.sum() == pytest.approx(1.0)
    assert found.min() >= 0.0
    assert lift(found, mask) > 3.0


def test_gradient_maps_leave_out_what_the_command_does_not_read():
    image, mask = a_picture((40, 60))
    elsewhere = network_that_reads((100, 200))
    for method in ('Grad-CAM', 'integrated gradients'):
        assert lift(METHODS[method](elsewhere, image[None])[0], mask) < 1.001


maps = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).random((HEIGHT, WIDTH)) ** 8
)


@settings(max_examples=8, deadline=None)
@given(maps, maps, st.integers(10, 130), st.integers(10, 240))
def test_scores_stay_in_their_ranges(one, other, y, x):
    one, other = one / one.sum(), other / other.sum()
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[y, x] = True
    assert 0.0 <= mass_on(one, mask) <= 1.0
    assert mass_on(one, mask) == pytest.approx(lift(one, mask) * grown(mask).mean())
    assert hits(one, mask) in (0.0, 1.0)
    assert 0.0 <= entropy(one) <= 1.0 + 1e-9
    assert 0.0 <= jump(one, other) <= 1.2
    assert ssim(one, one) == pytest.approx(1.0)
    assert ssim(one, other) == pytest.approx(ssim(other, one))
    assert ssim(one, other) <= 1.0 + 1e-9


def test_the_ends_of_the_scales():
    even, point = np.full((HEIGHT, WIDTH), 1 / HEIGHT / WIDTH), np.zeros((HEIGHT, WIDTH))
    point[60, 128] = 1.0
    assert entropy(even) == pytest.approx(1.0)
    assert entropy(point) == 0.0
    moved = np.roll(point, 64, axis=1)
    assert jump(point, moved) == pytest.approx(0.25)
    assert hits(point, point > 0) == mass_on(point, point > 0) == 1.0
    assert hits(moved, point > 0) == mass_on(moved, point > 0) == 0.0
    assert math.isnan(mass_on(point, np.zeros_like(point, bool)))


def test_a_monitor_alarms_elsewhere_and_hardly_at_home():
    rng = np.random.default_rng(3)
    home = rng.normal((0.5, 0.02), (0.05, 0.01), size=(400, 2))
    monitor = SeasonMonitor(home)
    assert monitor.alarms(rng.normal((0.5, 0.02), (0.05, 0.01), size=(400, 2))) < 0.12
    for other in ((0.9, 0.02), (0.1, 0.02), (0.5, 0.3)):
        assert monitor.alarms(rng.normal(other, (0.05, 0.01), size=(100, 2))) > 0.9
    assert monitor.alarms(rng.normal((0.5, -0.3), (0.05, 0.01), size=(100, 2))) < 0.12  # calmer


def test_the_summary_judges_home_by_seeds_that_the_monitor_has_not_seen():
    def score(season, seed, pair, value):
        return MapScore('a', 'm', 'forest', season, seed, pair, 0.5, 2, 1, value, 0.01, 0.9)

    scores = [score('summer', 2 * n, k, 0.5 + 0.01 * k) for n in range(3) for k in range(5)]
    scores += [score('summer', 1, 0, 0.95), score('autumn', 2, 0, 0.95)]
    rows = {row['place']: row for row in summary_of(scores, 'forest-summer')}
    assert rows['forest-summer']['alarms'] == rows['forest-autumn']['alarms'] == 1.0
    assert rows['forest-summer']['frames'] == 16
    assert '| a | m | forest-autumn | 50% | 2.0 | 100% |' in table(list(rows.values()), 'home')


def test_a_map_that_points_nowhere_hides_nothing_of_its_picture():
    image = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    plain = cv2.resize(image, (2 * WIDTH, 2 * HEIGHT), interpolation=cv2.INTER_LINEAR)
    even = np.full((1, HEIGHT, WIDTH), 1.0 / (HEIGHT * WIDTH))
    assert (over(image, lambda _: even) == plain).all()
    even[0, :40, :40] *= 3.0
    assert (over(image, lambda _: even) != plain).any()


@given(
    st.lists(
        st.lists(st.sampled_from(['a', 'bundle', 'data']), min_size=1, max_size=4).map('/'.join),
        min_size=1, max_size=6, unique=True,
    )
)  # fmt: skip
def test_bundles_of_one_name_have_rows_of_their_own(bundles):
    """Those of two trainings are both called bundle: they were one row, of both."""
    named = told_apart(bundles)
    assert list(named) == bundles
    assert len(set(named.values())) == len(bundles)
    for bundle, name in named.items():
        assert name.endswith(bundle.split('/')[-1])
    if len({bundle.split('/')[-1] for bundle in bundles}) == len(bundles):
        assert all(name == bundle.split('/')[-1] for bundle, name in named.items())


def test_a_bundle_is_named_by_as_little_as_tells_it_apart():
    named = told_apart(['follow', 'data/one/bundle', 'data/two/bundle'])
    assert list(named.values()) == ['follow', 'one-bundle', 'two-bundle']
