# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What is told of a flat world is what an encoder told of frames like it."""

import pytest
import torch
from good_encoder import HALF_RAD, frames

from liquid_drone.errors import EpisodeError
from liquid_drone.learn.practice.told import Frames, Told, kinds_of_columns, look_at
from liquid_drone.policy.config import NetworkConfig
from liquid_drone.policy.network import Network
from liquid_drone.request import RequestSpec


def test_a_target_is_told_by_frames_like_it():
    told = Told(frames(), HALF_RAD, 500, seed=1, loose=0.0)
    bearing, log_range = torch.full((500,), 0.3), torch.full((500,), 0.1)
    seen = told.tell(torch.ones(500, dtype=torch.bool), bearing, log_range, torch.zeros(500, 16))
    assert seen.features[:, 0].sub(0.3).abs().max() < 2.0 * HALF_RAD / 9 + 1e-6  # one bin
    assert seen.features[:, 2].min() == 1.0
    torch.testing.assert_close(seen.measured[:, 1], bearing + 0.05)
    torch.testing.assert_close(seen.measured[:, 2], log_range - 0.05)
    assert 0.7 < seen.seen.float().mean() < 0.9


def test_a_hidden_target_is_told_by_frames_without_one():
    told = Told(frames(), HALF_RAD, 300, seed=1, loose=0.0)
    hidden = torch.zeros(300, dtype=torch.bool)
    seen = told.tell(hidden, torch.zeros(300), torch.zeros(300), torch.zeros(300, 16))
    assert not seen.seen.any()
    assert seen.features[:, 2].max() == 0.0
    assert seen.measured[:, 0].max() == -3.0


def test_where_somebody_else_was_taken_for_the_target_nothing_is_told_by():
    good = frames()
    crowded = good._replace(seen=good.seen | ~good.visible & (good.target[:, 0] > 0.0))
    told = Told(crowded, HALF_RAD, 400, seed=1, loose=0.0)
    nowhere = torch.zeros(400, dtype=torch.bool), torch.zeros(400), torch.zeros(400)
    seen = told.tell(*nowhere, torch.zeros(400, 16))
    assert not seen.seen.any()
    assert seen.features[:, 0].max() <= 0.0  # by frames of the others, of which there are enough


@pytest.mark.parametrize('kept', [1, 5, 19])
def test_a_hidden_target_is_never_told_by_frames_that_show_one(kept):
    good = frames()
    hidden = torch.nonzero(~good.visible).flatten()
    some = torch.cat([torch.nonzero(good.visible).flatten(), hidden[:kept]])
    told = Told(Frames(*(column[some] for column in good[:-1])), HALF_RAD, 300, seed=1, loose=0.0)
    for bearing in (0.0, 2.0):  # behind something, and behind the drone
        given = torch.zeros(300, dtype=torch.bool), torch.full((300,), bearing), torch.zeros(300)
        seen = told.tell(*given, torch.zeros(300, 16))
        assert not seen.seen.any()
        assert seen.features[:, 2].max() == 0.0


def test_most_flights_are_told_the_features_of_any_frame_or_picture_and_the_rest_as_before():
    """A wall that fills the picture has features that no recorded frame has."""
    good, flights = frames(), 4000
    shown = good._replace(others=torch.full((len(good.seen), 3), 9.0))
    told = Told(shown, HALF_RAD, flights, seed=1)
    bearing, log_range = torch.full((flights,), 0.3), torch.full((flights,), 0.1)
    given = torch.ones(flights, dtype=torch.bool), bearing, log_range, torch.zeros(flights, 16)
    first, then = told.tell(*given), told.tell(*given)
    of_pictures = (first.features[:, 0] == 9.0).float().mean()
    like_it = (first.features[:, 0] - 0.3).abs() < 2.0 * HALF_RAD / 9 + 1e-6
    assert 0.40 < of_pictures < 0.45  # half of 85 %
    assert 0.15 < like_it.float().mean() < 0.30  # the rest, and some by chance
    assert torch.equal(first.measured[:, 1], bearing + 0.05)  # the memory is told as before
    same = (then.features[:, :3] == first.features[:, :3]).all(dim=1).float().mean()
    assert 0.75 < same < 0.85


def test_flights_that_never_lose_sight_of_it_are_refused():
    good = frames()
    always = Frames(*(column[good.visible] for column in good[:-1]))
    with pytest.raises(EpisodeError, match='out of sight at times, too'):
        Told(always, HALF_RAD, 10, seed=1)


def test_what_shows_a_few_columns_is_told_otherwise_than_what_shows_many():
    rng = torch.Generator().manual_seed(5)
    wide = torch.rand(3000, 1, generator=rng).expand(-1, 16)
    near = torch.where(torch.rand(3000, 1, generator=rng) < 0.5, wide, torch.rand(3000, 16))
    alike, _ = kinds_of_columns(near)
    scan = torch.where(alike % 3 > 0, near, 0.3 * near)  # a rim is hardly seen
    told = Told(frames(3000)._replace(near=near, scan=scan), HALF_RAD, 200, seed=2)
    given = torch.ones(200, dtype=torch.bool), torch.zeros(200), torch.zeros(200)
    trunk = torch.zeros(200, 16)
    trunk[:, 4], trunk[:, 8:12] = 0.75, 0.75
    answers = told.tell(*given, trunk).features[:, 3:]
    assert answers[:, 4].median() == pytest.approx(0.225, abs=0.03)
    assert answers[:, 9:11].median() == pytest.approx(0.75, abs=0.05)


def test_the_kind_of_a_column_is_how_many_beside_it_are_like_it():
    near = torch.tensor([[0.5, 0.5, 0.5, 0.0, 0.7, 0.0, 0.0, 0.4]])
    kind, of = kinds_of_columns(near)
    assert kind.tolist() == [[4, 5, 1, 0, 0, 1, 4, 3]]
    assert of.tolist() == [[6, 6, 6, 0, 8, 0, 0, 5]]


def test_a_frame_and_an_oversight_stay_for_a_while():
    told = Told(frames(), HALF_RAD, 400, seed=1)
    given = torch.ones(400, dtype=torch.bool), torch.zeros(400), torch.zeros(400)
    near = torch.full((400, 16), 0.75)
    one, other = told.tell(*given, near), told.tell(*given, near)
    same = (one.features[:, 0] == other.features[:, 0]).float().mean()
    assert 0.7 < same < 0.95
    scans = torch.stack([one.features[:, 3:].flatten(), other.features[:, 3:].flatten()])
    assert torch.corrcoef(scans)[0, 1] > 0.7


@pytest.mark.parametrize('true', [0.05, 0.35, 0.75, 0.95])
def test_a_scan_errs_as_it_did(true):
    told = Told(frames(), HALF_RAD, 2000, seed=1)
    given = torch.ones(2000, dtype=torch.bool), torch.zeros(2000), torch.zeros(2000)
    scan = told.tell(*given, torch.full((2000, 16), true)).features[:, 3:]
    assert true - 0.05 - 0.1 - 0.02 < scan.min()  # a bin is 0.1 wide, and it told 0 to 0.1 less
    assert scan.max() < true + 0.05 + 0.02
    assert abs(scan.mean() - (true - 0.05)) < 0.06


def test_the_same_seed_tells_the_same():
    both = [Told(frames(), HALF_RAD, 50, seed=7) for _ in range(2)]
    given = torch.ones(50, dtype=torch.bool), torch.zeros(50), torch.zeros(50)
    one, other = (told.tell(*given, torch.full((50, 16), 0.5)) for told in both)
    assert torch.equal(one.features, other.features)


def test_flights_that_know_no_target_are_refused(tmp_path):
    from support.noise_flight import clip

    network = Network(NetworkConfig(request=RequestSpec(), belief=True, memory=True))
    with pytest.raises(EpisodeError, match='expected flights of which it is known where'):
        look_at(network, [clip(tmp_path, 1)])
