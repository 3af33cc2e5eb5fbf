# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A scan: one nearness for each column, the same weights everywhere, learned behind kept maps."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.errors import ConfigError
from liquid_drone.learn import auxiliary_labels
from liquid_drone.learn.losses import of_width
from liquid_drone.policy.config import (
    WIDE,
    WIDE_SCAN,
    WIDE_TAPPED_SCAN,
    NetworkConfig,
    VisionConfig,
)
from liquid_drone.policy.network import Network
from liquid_drone.policy.scan import Scan
from liquid_drone.policy.vision import Vision
from liquid_drone.policy.weights import ENCODER, begin_with, config_of, load_weights_of

NEIGHBOURS = 3  # columns to each side that a column hears of: three layers of three


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**16), st.integers(1, 5))
def test_what_was_learned_in_one_column_is_known_in_all(seed: int, by: int) -> None:
    torch.manual_seed(seed)
    scan, maps = Scan(5, 4, 16), torch.rand(2, 5, 4, 16)
    with torch.no_grad():
        here, moved = scan(maps), scan(torch.roll(maps, by, dims=3))
    assert here.shape == (2, 16)
    assert bool(((here >= 0.0) & (here <= 1.0)).all())
    inner = slice(NEIGHBOURS, 16 - NEIGHBOURS - by)
    assert torch.allclose(here[:, inner], moved[:, inner.start + by : inner.stop + by], atol=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**16), st.sampled_from([(WIDE_SCAN, 5), (WIDE_TAPPED_SCAN, 2)]))
def test_the_last_features_are_the_scan_and_the_rest_stays_as_it_was(
    seed: int, kind: tuple[VisionConfig, int]
) -> None:
    torch.manual_seed(seed)
    vision, after = kind
    plain, scanning = (Network(NetworkConfig(vision=one)).eval() for one in (WIDE, vision))
    state = plain.state_dict()
    shared = {name: state[name] for name in state if name.startswith(ENCODER)}
    assert not scanning.load_state_dict(shared, strict=False).unexpected_keys
    pixels = torch.rand(1, 2, 72, 128, 3) * 255.0
    with torch.no_grad():
        flat = pixels[0].permute(0, 3, 1, 2)
        before, now = (one.vision.look(flat) for one in (plain, scanning))
        seen = scanning(pixels, torch.full((1, 2), 0.05))
        maps = scanning.vision.trunk[: 2 * after](scanning.vision.normal(flat))
        assert scanning.vision.scan is not None
        scan = scanning.vision.scan(maps)
    assert now[0].shape == (2, WIDE_SCAN.features)
    assert torch.equal(now[0][:, : WIDE.features], before[0])
    assert torch.equal(now[1], before[1])
    assert torch.allclose(now[0][:, WIDE.features :], scan)
    assert torch.equal(scanning.vision.scan_of(flat), scan)
    assert seen.auxiliary is not None
    assert torch.allclose(seen.auxiliary[0, :, 1:], scan, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**16), st.integers(1, 12))
def test_wide_sectors_are_pairs_of_narrow_ones(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    trunks = np.column_stack([rng.uniform(-9.0, 9.0, (count, 2)), rng.uniform(0.05, 0.5, count)])
    where, yaw = rng.uniform(-1.0, 1.0, 3), float(rng.uniform(-3.0, 3.0))
    narrow = auxiliary_labels.nearness(where, yaw, trunks, 1.4)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(auxiliary_labels, 'SECTORS', 8)
        wide = auxiliary_labels.nearness(where, yaw, trunks, 1.4)
    labels = torch.from_numpy(np.concatenate([[0.3], narrow]))[None]
    assert of_width(labels, 9)[0].tolist() == pytest.approx([0.3, *wide])
    assert of_width(labels, 17) is labels


def test_an_unknown_sector_makes_its_pair_unknown() -> None:
    labels = torch.zeros(1, 17)
    labels[0, 6] = torch.nan
    assert torch.isnan(of_width(labels, 9))[0].nonzero().flatten().tolist() == [3]


def test_a_scan_needs_more_features_than_columns() -> None:
    with pytest.raises(ConfigError, match='16 of the features'):
        Vision(replace(WIDE_SCAN, features=16), 144, 256)


def test_a_bundle_without_a_scan_gives_all_the_rest() -> None:
    network = begin_with(Network(NetworkConfig(vision=WIDE_SCAN)), 'follow-memory', ENCODER)
    kept = load_weights_of(Network(config_of('follow-memory')), 'follow-memory')
    assert torch.equal(network.vision.features.weight, kept.vision.features.weight)
