# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures for a scan: taken with air around the camera, the same each time, made once."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from liquid_drone.contract import CameraSpec
from liquid_drone.errors import EpisodeError, SimulationError
from liquid_drone.learn.pictures.shards import a_place
from liquid_drone.learn.pictures.troupe import Troupe
from liquid_drone.learn.scan import shards as made
from liquid_drone.learn.scan.beside import ScanPicturesBeside
from liquid_drone.learn.scan.shards import (
    SEEDS_FROM,
    ScanPictures,
    make_scan_shards,
    read_scan_shards,
    scan_shards,
)
from liquid_drone.learn.scan.truth import Upright, nearness_seen
from liquid_drone.learn.scan.viewpoints import ROOM_M, Viewpoints
from liquid_drone.sim.flight_spec import FlightSpec
from liquid_drone.sim.scenario.scenario import scenario_of
from liquid_drone.sim.world.layout import make_layout
from liquid_drone.workers.executor import ThisProcess

FOREST = FlightSpec(task='follow')
TOWN = FlightSpec(world='urban', season='autumn', task='occlusion:2')
SPEC = CameraSpec()


@pytest.mark.parametrize('place', [FOREST, TOWN])
def test_cameras_have_air_and_see_what_flights_keep_away_from(place: FlightSpec) -> None:
    scenario, rng = scenario_of(place), np.random.default_rng(1)
    layout = make_layout(scenario, SEEDS_FROM)
    standing = Upright.of(layout.scenery.solids)
    viewpoints, near = Viewpoints(layout, standing, Troupe(scenario.target, 2, rng)), []
    for _ in range(200):
        one = viewpoints.draw(SPEC, rng)
        at = one.camera.position_enu
        assert layout.obstacles.gap(at[None, :2])[0] > ROOM_M
        assert at[2] > layout.terrain.height_at(float(at[0]), float(at[1])) + 0.69
        assert len({figure.number for figure in one.people}) == len(one.people) <= 3
        near.append(nearness_seen(standing, at, one.yaw_rad, one.tilt_rad, SPEC))
    columns = np.array(near)
    assert np.nanmean(np.nanmax(columns, axis=1, initial=0.0) > 0.8) > 0.25  # within 2 m
    assert np.nanmean(columns < 0.01) > 0.3  # as many that show air


def test_they_are_made_once_and_a_torn_file_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(made, 'PER_WORLD', 3)
    shards = scan_shards([FOREST, TOWN], 5, 2, tmp_path / 'scan')
    assert [one.flight.world for one in shards] == ['forest', 'urban']
    assert [one.flight.seed for one in shards] == [SEEDS_FROM, SEEDS_FROM + 1]
    done = list[int]()
    make_scan_shards(shards, ThisProcess(), done.append)
    first = read_scan_shards(shards)
    assert first.frames.shape == (6, 72, 128, 3)
    assert first.near.shape == (6, 16)
    assert len({frame.tobytes() for frame in first.frames}) == 6
    shards[1].file.unlink()
    before = shards[0].file.stat().st_mtime_ns
    make_scan_shards(shards, ThisProcess(), done.append)
    again = read_scan_shards(shards)
    np.testing.assert_array_equal(first.frames, again.frames)
    np.testing.assert_array_equal(first.near, again.near)
    assert shards[0].file.stat().st_mtime_ns == before
    assert done == [0, 1, 1, 1, 1]
    shards[0].file.write_bytes(shards[1].file.read_bytes()[:1000])
    with pytest.raises(EpisodeError, match=r'\.npz'):
        read_scan_shards(shards)


def test_a_world_without_a_free_start_gives_way_to_the_next_that_has_one() -> None:
    scenario = scenario_of(FlightSpec(world='urban', task='follow'))
    vehicle = replace(scenario.vehicle, radius_m=2.2)  # hardly fits into a street
    wide = replace(scenario, vehicle=vehicle)
    free = []
    for seed in range(40, 52):
        try:
            free.append((seed, make_layout(wide, seed)))
        except SimulationError:
            continue
    seeds = [seed for seed, _ in free]
    assert 0 < len(seeds) < 12
    refused = next(seed for seed in range(seeds[0], 52) if seed not in seeds)
    before, layout = [one for one in free if one[0] < refused][-1]
    found = a_place(wide, refused)
    np.testing.assert_array_equal(found.obstacles.circles, layout.obstacles.circles)
    assert before < refused
    hopeless = replace(scenario, vehicle=replace(scenario.vehicle, radius_m=3.0))
    with pytest.raises(SimulationError, match='no free start'):
        a_place(hopeless, 51)


@pytest.mark.parametrize(
    'change', [{'season': 'winter'}, {'task': 'in-the-way'}, {'world': 'urban'}]
)
def test_another_place_has_other_files(tmp_path, change) -> None:
    one, other = (
        scan_shards([place], 1, 2, tmp_path)[0].file
        for place in (FOREST, replace(FOREST, **change))
    )
    assert one != other
    assert scan_shards([FOREST], 1, 1, tmp_path)[0].file != one


@pytest.mark.parametrize('seed', range(3))
def test_a_mirrored_picture_has_a_mirrored_scan(seed: int) -> None:
    """A dark post is where the label says, whichever way round the picture is."""
    rng, frames, near = (
        np.random.default_rng(seed),
        np.full((40, 72, 128, 3), 180, np.uint8),
        np.zeros((40, 16), np.float32),
    )
    for frame, label in zip(frames, near, strict=True):
        column = int(rng.integers(16))
        frame[:, 8 * column : 8 * column + 8], label[column] = 10, 0.7
    beside = ScanPicturesBeside(ScanPictures(frames, near), 64, seed)
    columns = set[int]()
    for step in range(3):
        pixels, told = beside.batch(step)
        dark = pixels.float().mean(dim=(1, 3)).reshape(64, 16, 8).mean(dim=2).argmin(dim=1)
        assert torch.equal(dark, torch.from_numpy(told).argmax(dim=1))
        columns |= set(dark.tolist())
    assert len(columns) > 8
