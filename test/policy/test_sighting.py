# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A measurement takes, of those who look like the target, the one who is where it is expected."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone import schema
from liquid_drone.errors import ConfigError
from liquid_drone.learn.batches import TrainingBatch
from liquid_drone.learn.losses import sight_loss
from liquid_drone.policy.config import CoreConfig, NetworkConfig, VisionConfig
from liquid_drone.policy.memory import FAR_M, REFERENCE_M
from liquid_drone.policy.network import Core, Network
from liquid_drone.policy.sighting import TOLD, SightedPlace, slopes
from liquid_drone.request import RequestSpec

COLUMNS, FOV_RAD = 16, math.radians(80.0)
NARROW = -2.5  # log of a spread
NEAR_BEARING_RAD, NEAR_LOG = 0.06, 0.1

bearings = st.floats(-0.6, 0.6)
ranges_m = st.floats(1.5, 9.0)


def table(*people: tuple[float, float], looks: float = 4.0) -> torch.Tensor:
    """Return what a sight tells (1, 80) of people at bearings and ranges who look alike."""
    told = torch.zeros(TOLD, COLUMNS)
    told[0], told[3:] = -6.0, NARROW
    middles = slopes(COLUMNS, FOV_RAD)
    width = float(middles[0] - middles[1])
    for bearing, range_m in people:
        column = round(float(middles[0] - math.tan(bearing)) / width)
        told[0, column] = looks
        told[1, column] = (math.tan(bearing) - float(middles[column])) / width
        told[2, column] = math.log(range_m * math.cos(bearing) / REFERENCE_M)
    return told.reshape(1, -1)


def expected(bearing: float, range_m: float, spread_m: float) -> torch.Tensor:
    """Return where a memory expects the target (1, 4)."""
    doubt = spread_m * math.sqrt(2.0) / FAR_M
    row = [math.cos(bearing), math.sin(bearing), math.log(range_m / REFERENCE_M), doubt]
    return torch.tensor([row])


def measured(heard: torch.Tensor, hoped: torch.Tensor) -> tuple[float, float, float]:
    """Return the probability that it is seen, bearing and log range."""
    with torch.no_grad():
        logit, bearing, log_range, *_ = SightedPlace(COLUMNS, FOV_RAD).take(heard, hoped)[0]
    return float(torch.sigmoid(logit)), float(bearing), float(log_range)


@settings(max_examples=60, deadline=None)
@given(bearing=bearings, range_m=ranges_m, other=bearings, other_m=ranges_m)
def test_of_two_alike_the_expected_one_is_taken(
    bearing: float, range_m: float, other: float, other_m: float
) -> None:
    """Wherever both are, if they are a column and two metres apart."""
    x, y = range_m * math.cos(bearing), range_m * math.sin(bearing)
    u, v = other_m * math.cos(other), other_m * math.sin(other)
    if abs(bearing - other) < 0.2 or math.hypot(x - u, y - v) < 2.0:
        return
    both = table((bearing, range_m), (other, other_m))
    share, seen_rad, seen_log = measured(both, expected(bearing, range_m, 0.4))
    assert share > 0.9
    assert abs(seen_rad - bearing) < NEAR_BEARING_RAD
    assert abs(seen_log - math.log(range_m / REFERENCE_M)) < NEAR_LOG


@settings(max_examples=40, deadline=None)
@given(bearing=bearings, range_m=ranges_m, hoped=st.floats(-3.0, 3.0))
def test_who_is_alone_is_taken_where_nothing_is_known(
    bearing: float, range_m: float, hoped: float
) -> None:
    """A memory that knows next to nothing takes whom it sees, wherever it thought of."""
    share, seen_rad, _ = measured(table((bearing, range_m)), expected(hoped, 4.0, FAR_M))
    assert share > 0.5
    assert abs(seen_rad - bearing) < NEAR_BEARING_RAD


def test_nobody_is_measured_where_nobody_looks_like_the_target() -> None:
    """The share of such a measurement is next to nothing, so that a filter keeps what it knows."""
    share, _, _ = measured(table(), expected(0.0, 4.0, 0.4))
    assert share < 0.05


def test_without_expectation_two_alike_count_the_same() -> None:
    """``expect_nothing`` takes the prior away: of two, the place is between them."""
    place = SightedPlace(COLUMNS, FOV_RAD)
    both, hoped = table((0.4, 4.0), (-0.4, 4.0)), expected(0.4, 4.0, 0.3)
    with torch.no_grad():
        before = float(place.take(both, hoped)[0, 1])
        fixed = place.expect_nothing()
        after = float(place.take(both, hoped)[0, 1])
    assert any(fixed is parameter for parameter in place.parameters())
    assert abs(before - 0.4) < NEAR_BEARING_RAD
    assert abs(after) < NEAR_BEARING_RAD


def small_sight() -> NetworkConfig:
    """Return a small network with a sight."""
    vision = VisionConfig(
        convolutions=((8, 5, 2), (8, 3, 2), (8, 3, 2)),
        features=16 + 16 + TOLD * 16,
        scan=True,
        scan_after=2,
        scan_convolutions=((8, 3, 2),),
        scan_columns=((8, 3),),
        sight=True,
    )
    core = CoreConfig(readout='all')
    return NetworkConfig(
        vision=vision, core=core, request=RequestSpec(), belief=True, memory=True,
        surroundings=True,
    )  # fmt: skip


def test_neurons_take_nothing_of_a_sight_and_the_memory_does() -> None:
    """What a sight tells changes the belief alone, as long as it has told nothing before."""
    torch.manual_seed(0)
    network = Network(small_sight()).eval()
    features = torch.zeros(1, network.config.vision.features)
    told = network.vision.told
    assert network.with_request(features).shape[1] == told + 3
    state, dt_s = torch.zeros(1, network.state_size), torch.full((1,), 0.05)
    seen = features.clone()
    seen[:, told:] = table((0.3, 3.0), looks=8.0)
    with torch.no_grad():
        _, _, nothing = Core(network)(features, state, dt_s)
        _, _, something = Core(network)(seen, state, dt_s)
    assert abs(float(nothing[0, 1])) < 0.1
    assert float(something[0, 1]) > 0.2


def test_a_sight_learns_the_column_and_the_place() -> None:
    """The loss falls to where a table of the truth is; a wrong one costs more."""
    told = torch.stack([table((0.3, 3.0))[0], table()[0]]).view(1, 2, TOLD, COLUMNS)
    wrong = torch.stack([table((-0.3, 3.0))[0], table((0.3, 3.0))[0]]).view(1, 2, TOLD, COLUMNS)
    nan = torch.full((1, 2, 1), math.nan)
    batch = TrainingBatch(
        pixels=nan, dt_s=nan, label=nan, auxiliary=nan, request=nan, flown=nan,
        target=torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]]),
        belief=torch.tensor([[[1.0, 0.3, math.log(3.0 / REFERENCE_M)]] * 2]),
    )  # fmt: skip
    there = slopes(COLUMNS, FOV_RAD)
    good, bad = (float(sight_loss(one, there, batch)) for one in (told, wrong))
    assert math.isfinite(good)
    assert bad > good + 1.0
    unknown = batch._replace(target=torch.full_like(batch.target, math.nan))
    assert float(sight_loss(wrong, there, unknown)) == 0.0
    nowhere = batch._replace(belief=torch.full_like(batch.belief, math.nan))  # seen, but where?
    other = told.clone()
    other[0, 0] = wrong[0, 0]
    alike = [float(sight_loss(one, there, nowhere)) for one in (told, other)]
    assert alike[0] == alike[1]


def test_a_sight_needs_a_scan_beside_it() -> None:
    """It is refused by the recipe's reader, with what is expected."""
    with pytest.raises(ConfigError, match='scan: true'):
        schema.build(VisionConfig, {'sight': True}, 'vision')


def test_the_named_network_has_one() -> None:
    """``wide-sight`` has 80 numbers more than the scan's, of 16 columns each."""
    network = Network(NetworkConfig(vision=VisionConfig.NAMED['wide-sight'], belief=True))
    sight = network.sight_of(torch.zeros(2, network.config.vision.features))
    assert sight is not None
    assert sight[0].shape == (2, TOLD, COLUMNS)
    assert np.allclose(sight[1].numpy(), -sight[1].numpy()[::-1])
