# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A target from photographs: cut out, of the right size, and it looks like the photographs."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from liquid_drone.errors import ConfigError
from liquid_drone.geometry import quaternion_from_euler, rotation_from_quaternion
from liquid_drone.sim.render.picture import Camera
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.scenario.target_from_photos import cut_out, target_from_photos
from liquid_drone.sim.simulator import Simulator

FRONT, BACK = (230, 40, 30), (30, 60, 220)  # RGB


def photograph(path: Path, colour: tuple[int, int, int], transparent: bool = False) -> Path:
    """Write a picture of a pear in front of a noisy meadow."""
    meadow = np.random.default_rng(0).normal((90, 150, 80), 12, (240, 180, 3)).clip(0, 255)
    shape = np.zeros((240, 180), np.uint8)
    cv2.ellipse(shape, (90, 150), (50, 60), 0, 0, 360, 255, -1)
    cv2.circle(shape, (90, 75), 30, 255, -1)
    image = np.where(shape[..., None] > 0, np.array(colour), meadow).astype(np.uint8)
    bgr = image[..., ::-1]
    cv2.imwrite(str(path), np.dstack([bgr, shape]) if transparent else bgr)
    return path


@pytest.mark.parametrize('transparent', [True, False])
def test_the_object_is_found(tmp_path, transparent):
    image, solid = cut_out(photograph(tmp_path / 'p.png', FRONT, transparent))
    assert solid.shape == pytest.approx((166, 101), abs=4)
    assert solid.mean() == pytest.approx(0.73, abs=0.05)
    assert np.abs(image[solid].mean(axis=0) - FRONT).max() < 12


def test_it_stands_in_the_simulator_with_its_size_and_its_sides(tmp_path):
    photos = [photograph(tmp_path / 'f.png', FRONT), photograph(tmp_path / 'b.png', BACK)]
    path = target_from_photos(photos, 'pear', 1.0, tmp_path / 'target', motion='still')
    simulator = Simulator(load_scenario('forest', 'summer', str(path), renderer='opengl'))
    try:
        simulator.reset(10)
        middle = simulator.truth().target_position_enu
        heading = simulator.layout.route.heading[0]
        means = []
        for turn in (0.0, np.pi):
            around = heading + turn
            place = middle + 4.0 * np.array([np.cos(around), np.sin(around), 0.0])
            level = rotation_from_quaternion(quaternion_from_euler(0.0, 0.0, around + np.pi))
            simulator.world.show_actors()
            picture = simulator.world.renderer.render(Camera(place, level, 256, 144, 60.0))
            rows, columns = np.nonzero(picture.target)
            focal = 128 / np.tan(np.radians(30.0))
            assert np.ptp(rows) == pytest.approx(focal * 1.0 / 4.0, rel=0.1)
            assert np.ptp(columns) == pytest.approx(focal * 0.61 / 4.0, rel=0.12)
            means.append(picture.image[picture.target].mean(axis=0))
    finally:
        simulator.close()
    front, back = means
    assert front[0] > front[2] + 30
    assert back[2] > back[0] + 30


def test_the_same_photographs_give_the_same_target(tmp_path):
    photo = photograph(tmp_path / 'p.png', FRONT)
    one, two = (target_from_photos([photo], 'pear', 0.5, tmp_path / name) for name in 'ab')
    assert one.read_bytes() == two.read_bytes()


def test_what_is_no_photograph_of_an_object_is_told(tmp_path):
    with pytest.raises(ConfigError, match='photograph'):
        target_from_photos([], 'pear', 1.0, tmp_path)
    (tmp_path / 'x.png').write_text('no picture')
    with pytest.raises(ConfigError, match='cannot be read'):
        cut_out(tmp_path / 'x.png')
    cv2.imwrite(str(tmp_path / 'empty.png'), np.zeros((50, 50, 4), np.uint8))
    with pytest.raises(ConfigError, match='no object found'):
        cut_out(tmp_path / 'empty.png')
