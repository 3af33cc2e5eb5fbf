# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures with labels: what is not the target is never labelled so, and nothing is made twice."""

import dataclasses
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from liquid_drone import resources
from liquid_drone.contract import CameraSpec
from liquid_drone.errors import EpisodeError
from liquid_drone.files import write_text
from liquid_drone.learn.pictures.composition import (
    MOST_BEHIND_DEG,
    Composition,
    Spots,
    compose,
)
from liquid_drone.learn.pictures.config import PictureConfig
from liquid_drone.learn.pictures.photographer import CutOuts, WorldPictures
from liquid_drone.learn.pictures.shards import Shard, make_shard, read_shard, shards_of
from liquid_drone.learn.pictures.troupe import Figure, Troupe
from liquid_drone.seeds import split_of
from liquid_drone.sim.flight_spec import FlightSpec
from liquid_drone.sim.identity import scenario_digest
from liquid_drone.sim.render.picture import Camera
from liquid_drone.sim.scenario.scenario import load_target, scenario_of
from liquid_drone.sim.world.layout import draw_air, make_layout

FOREST = FlightSpec(world='forest', season='summer')
SMALL = PictureConfig(count=6, per_world=6, looks=4)
ANYWHERE = Spots(lambda rng: np.zeros(2), lambda point: True, lambda point: 0.0)
TROUPE = Troupe(load_target('red_backpack'), 4, np.random.default_rng(1))


@settings(max_examples=10, deadline=None)
@given(
    worlds=st.one_of(st.integers(1, 30), st.integers(2001, 3000)),
    each=st.integers(1, 300),
    rest=st.integers(0, 299),
)
@example(worlds=2000, each=200, rest=0)
def test_no_picture_is_of_a_validation_or_test_seed(worlds: int, each: int, rest: int) -> None:
    """From 400,000 pictures on, 200 of each world, they were."""
    count = max(worlds * each - min(rest, each - 1), 1)
    if worlds > 2000:
        with pytest.raises(ValueError, match=f'draw {worlds} worlds'):
            PictureConfig(count=count, per_world=each)
        return
    config = PictureConfig(count=count, per_world=each)
    shards = shards_of([FOREST], config, 2, None, Path('nowhere'))
    assert len(shards) == worlds
    assert {split_of(shard.flight.seed) for shard in shards} == {'train'}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31 - 1))
def test_the_subject_is_in_view_at_the_distance_asked_and_seen_from_behind(seed: int) -> None:
    config = PictureConfig(distance_m=(2.0, 9.0))
    asked = compose(TROUPE, ANYWHERE, config, CameraSpec(), np.random.default_rng(seed))
    if asked.target is None:
        assert all(one.number in TROUPE.others for one in asked.standing)
        return
    away = np.array(asked.target.foot) - asked.camera.position_enu
    ahead, left, _ = asked.camera.rotation.T @ away
    assert 2.0 <= math.hypot(away[0], away[1]) <= 9.0
    assert ahead > 0.0
    half = math.tan(math.radians(asked.camera.horizontal_fov_deg) / 2.0)
    assert abs(left / ahead) < 1.5 * half  # rolled and tilted it may lie a little outside
    turned = asked.target.heading - math.atan2(away[1], away[0])
    turned = (turned + math.pi) % (2.0 * math.pi) - math.pi
    assert abs(math.degrees(turned)) <= MOST_BEHIND_DEG + 1e-6


@pytest.mark.parametrize('behind', ['world', 'photo'])
def test_what_hides_the_backpack_makes_the_label_unknown(behind: str) -> None:
    rng, camera = np.random.default_rng(3), CameraSpec()
    scenario = scenario_of(FOREST)
    by: WorldPictures | CutOuts
    if behind == 'world':
        by = WorldPictures(make_layout(scenario, 8123), TROUPE, camera, rng)
    else:
        by = CutOuts(draw_air(scenario.season, rng), TROUPE, camera, [], rng)
    spots = by.spots()
    try:
        for number in (*TROUPE.targets, TROUPE.others[0]):
            for heading, known in ((0.0, True), (math.pi, False)):
                asked = _before(TROUPE, spots, number, heading)
                label = by.take(asked).target
                if number in TROUPE.others:
                    assert label == (0.0, 0.0, 0.0)
                elif known:
                    assert label[0] == 1.0
                    assert abs(label[1]) < 0.1
                else:  # seen from the front: a little of it beside the body, or nothing
                    assert label[0] != 0.0
                    assert math.isnan(label[0]) or abs(label[1]) < 0.2
    finally:
        by.close()


def _before(troupe: Troupe, spots: Spots, number: int, heading: float) -> Composition:
    """Return one figure 3 m before a level camera, seen from behind at heading 0."""
    at = next(
        point
        for point in (spots.draw(np.random.default_rng(seed)) for seed in range(100))
        if spots.is_free(point) and spots.is_free(point - [3.0, 0.0])
    )
    ground = max(spots.height(at), spots.height(at - [3.0, 0.0]))
    spec = CameraSpec()
    camera = Camera(
        np.array([at[0] - 3.0, at[1], ground + 1.2]), np.eye(3), spec.width, spec.height,
        spec.horizontal_fov_deg,
    )  # fmt: skip
    figure = Figure(number, (float(at[0]), float(at[1]), ground), heading)
    return Composition(camera, (figure,), figure if number in troupe.targets else None, 3.0)


def test_who_is_not_in_a_picture_is_far_away() -> None:
    poses = TROUPE.poses([Figure(2, (1.0, 2.0, 0.0), 0.3)], np.array([1.0, 2.0]))
    near = np.linalg.norm(poses[:, :3, 3] - [1.0, 2.0, 1.0], axis=1) < 3.0
    assert near.sum() == len(TROUPE.members[2].parts)


def test_shards_take_turns_and_are_named_by_what_they_are_made_of(tmp_path: Path) -> None:
    flights = [FOREST, FlightSpec(world='urban', season='winter')]
    shards = shards_of(flights, dataclasses.replace(SMALL, count=60), 2, None, tmp_path)
    assert [shard.flight.world for shard in shards[:3]] == ['forest', 'urban', 'forest']
    assert len({shard.file for shard in shards}) == 10
    assert {shard.behind for shard in shards} == {'world', 'noise'}
    darker = shards_of(flights, dataclasses.replace(SMALL, count=60, looks=5), 2, None, tmp_path)
    assert not {shard.file for shard in shards} & {shard.file for shard in darker}


@settings(max_examples=6, deadline=None)
@given(st.lists(st.sampled_from([FOREST, FlightSpec(target='dog')]), min_size=1, max_size=5))
def test_a_shard_has_the_same_name_however_many_are_beside_it(flights: list[FlightSpec]) -> None:
    """Each flight that comes again is read once, and its pictures are those of that flight."""
    config, folder = dataclasses.replace(SMALL, count=30), Path('nowhere')
    for index, shard in enumerate(shards_of(flights, config, 2, None, folder)):
        alone = shards_of([flights[index % len(flights)]], config, 2, None, folder)[index]
        assert (alone.file, alone.flight) == (shard.file, shard.flight)


@pytest.mark.parametrize('behind', ['world', 'photo', 'noise'])
def test_a_shard_is_labelled_and_the_same_again(tmp_path: Path, behind: str) -> None:
    photos = tmp_path / 'photos'
    photos.mkdir()
    cv2.imwrite(str(photos / 'a.png'), np.full((90, 160, 3), (200, 120, 30), np.uint8))
    made = []
    for name in ('a', 'b'):
        shard = Shard(FOREST, SMALL, behind, 2, photos, tmp_path / f'{name}.npz')  # type: ignore[arg-type]
        make_shard(shard)
        made.append(read_shard(shard.file))
    one, two = made
    assert all(
        np.array_equal(
            getattr(one, f.name), getattr(two, f.name), equal_nan=f.name in ('log_range', 'target')
        )
        for f in dataclasses.fields(one)
    )
    seen = one.target[:, 0] > 0.5
    assert one.frames.shape == (6, 72, 128, 3)
    assert (np.abs(one.target[:, 1:]) <= 1.0).all()
    assert (one.target[~seen, 1:] == 0.0).all()
    assert np.isnan(one.log_range[~seen]).all()
    assert not one.has_usual.any() or behind == 'world'


def test_lens_and_style_change_pictures_and_labels_and_nothing_that_is_drawn(
    tmp_path: Path,
) -> None:
    photos = tmp_path / 'photos'
    photos.mkdir()
    cv2.imwrite(str(photos / 'a.png'), np.full((90, 160, 3), (30, 60, 220), np.uint8))
    configs = SMALL, dataclasses.replace(SMALL, lens=0.2), dataclasses.replace(
        SMALL, style_share=1.0
    )  # fmt: skip
    made = []
    for number, config in enumerate(configs):
        shard = Shard(FOREST, config, 'noise', 2, photos, tmp_path / f'{number}.npz')
        make_shard(shard)
        made.append(read_shard(shard.file))
    plain, bent, red = made
    np.testing.assert_array_equal(plain.target, red.target)
    shown = (plain.target[:, 0] == 1.0) & (bent.target[:, 0] == 1.0)
    assert shown.any()
    moved = np.abs(bent.target[shown, 1:] - plain.target[shown, 1:])
    assert 0.0 < moved.max() < 0.15
    assert (bent.frames != plain.frames).any()
    gain = red.frames.astype(int) - plain.frames
    assert gain[..., 0].mean() > 10.0 > gain[..., 2].mean()


def test_a_torn_shard_is_named(tmp_path: Path) -> None:
    torn = tmp_path / 'torn.npz'
    torn.write_bytes(b'PK\x03\x04')
    with pytest.raises(EpisodeError, match='torn'):
        read_shard(torn)


def test_counterexamples_make_other_pictures_but_no_other_flight(tmp_path: Path) -> None:
    """What is for training pictures alone changes no flight's identity."""
    text = resources.named_file('sim/targets', 'red_backpack').read_text(encoding='utf-8')
    fewer = yaml.safe_load(text)
    del fewer['counterexamples'][0]
    found = []
    for number, document in enumerate((yaml.safe_load(text), fewer)):
        path = tmp_path / str(number) / 'red_backpack.yaml'
        write_text(path, yaml.safe_dump(document))
        flight = dataclasses.replace(FOREST, target=str(path))
        shard = shards_of([flight], SMALL, 2, None, tmp_path)[0]
        found.append((scenario_digest(scenario_of(flight)), shard.file))
    assert found[0][0] == found[1][0]
    assert found[0][1] != found[1][1]
