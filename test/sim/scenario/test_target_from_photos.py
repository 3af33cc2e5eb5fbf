# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A target from photographs: cut out, of the right size, and it looks like the photographs."""

import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from liquid_drone.cli.main import main
from liquid_drone.errors import ConfigError
from liquid_drone.geometry import quaternion_from_euler, rotation_from_quaternion
from liquid_drone.sim.render.picture import Camera
from liquid_drone.sim.scenario.card import coarse, faces, standing
from liquid_drone.sim.scenario.cut_out import cut_out
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.scenario.target_from_photos import target_from_photos
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
    image, solid = cut_out(photograph(tmp_path / 'p.png', FRONT, transparent)).cropped()
    assert solid.shape == pytest.approx((166, 101), abs=4)
    assert solid.mean() == pytest.approx(0.73, abs=0.05)
    assert np.abs(image[solid].mean(axis=0) - FRONT).max() < 12


def looks(
    path: Path, turns: list[float], away_m: float = 4.0
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return picture and mask of a target from sides that lie so far around it."""
    simulator = Simulator(load_scenario('forest', 'summer', str(path), renderer='opengl'))
    found = []
    try:
        simulator.reset(10)
        middle = simulator.truth().target_position_enu
        for turn in turns:
            around = simulator.layout.route.heading[0] + turn
            place = middle + away_m * np.array([np.cos(around), np.sin(around), 0.0])
            level = rotation_from_quaternion(quaternion_from_euler(0.0, 0.0, around + np.pi))
            simulator.world.show_actors()
            picture = simulator.world.renderer.render(Camera(place, level, 256, 144, 60.0))
            found.append((picture.image, picture.target))
    finally:
        simulator.close()
    return found


def test_it_stands_in_the_simulator_with_its_size_and_its_sides(tmp_path):
    photos = [photograph(tmp_path / 'f.png', FRONT), photograph(tmp_path / 'b.png', BACK)]
    path = target_from_photos(photos, 'pear', 1.0, tmp_path / 'target', motion='still').path
    means = []
    for image, target in looks(path, [0.0, np.pi]):
        rows, columns = np.nonzero(target)
        focal = 128 / np.tan(np.radians(30.0))
        assert np.ptp(rows) == pytest.approx(focal * 1.0 / 4.0, rel=0.1)
        assert np.ptp(columns) == pytest.approx(focal * 0.61 / 4.0, rel=0.12)
        means.append(image[target].mean(axis=0))
    front, back = means
    assert front[0] > front[2] + 30
    assert back[2] > back[0] + 30


@pytest.mark.parametrize('count', [1, 2])
def test_one_or_two_photographs_are_seen_from_every_side(tmp_path, count):
    photos = [photograph(tmp_path / 'f.png', FRONT), photograph(tmp_path / 'b.png', BACK)][:count]
    path = target_from_photos(photos, 'pear', 1.0, tmp_path / 'target', motion='still').path
    seen = [target.sum() for _, target in looks(path, list(np.radians(range(0, 360, 30))), 1.9)]
    assert min(seen) > 0.6 * max(seen)


@given(st.integers(1, 9), st.floats(0.0, 2 * np.pi))
def test_every_side_faces_a_card(count, side):
    """A card seen at less than 61 degrees shows half of its width."""
    assert max(np.cos(yaw - side) for _, yaw in standing(count)) > 0.48


@given(st.integers(0, 8), st.integers(1, 400), st.integers(1, 400))
def test_a_card_keeps_the_proportions_of_the_object(count, height, width):
    card = coarse(np.zeros((height, width, 3), np.uint8), np.ones((height, width), bool))
    quads = faces([card] * (count + 1), [card.solid] * (count + 1), 0.5)
    points = quads[np.ptp(quads[..., 0], axis=1) < 1e-9].reshape(-1, 3)  # those that look ahead
    assert np.ptp(points[:, 2]) == pytest.approx(0.5)
    assert np.ptp(points[:, 1]) == pytest.approx(0.5 * width / height)


def test_the_same_photographs_give_the_same_target(tmp_path):
    photo = photograph(tmp_path / 'p.png', FRONT)
    one, two = (target_from_photos([photo], 'pear', 0.5, tmp_path / name).path for name in 'ab')
    assert one.read_bytes() == two.read_bytes()


def test_the_sheet_and_the_warnings_are_left(tmp_path):
    small = np.zeros((400, 400, 4), np.uint8)
    small[10:20, 10:20] = 255
    cv2.imwrite(str(tmp_path / 'small.png'), small)
    photos = [photograph(tmp_path / 'größe 1.png', FRONT), tmp_path / 'small.png']
    made = target_from_photos(photos, 'pear', 0.5, tmp_path / 'target')
    sheet = cv2.imread(str(made.sheet))
    assert sheet.shape[1] == 2 * 3 * 300
    assert (sheet.reshape(-1, 3) == (255, 0, 255)).all(axis=1).any()  # an outline
    assert ['small.png' in warning for warning in made.warnings] == [True]
    assert '10 pixels high' in made.warnings[0]


def test_what_is_no_photograph_of_an_object_is_told(tmp_path):
    with pytest.raises(ConfigError, match='photograph'):
        target_from_photos([], 'pear', 1.0, tmp_path)
    with pytest.raises(ConfigError, match='expected 1 to 24'):
        target_from_photos([tmp_path / 'x.png'] * 25, 'pear', 1.0, tmp_path)
    wide = np.full((20, 400, 4), 255, np.uint8)
    wide[:, 0, 3] = 0
    cv2.imwrite(str(tmp_path / 'wide.png'), wide)
    with pytest.raises(ConfigError, match='upright'):
        target_from_photos([tmp_path / 'wide.png'], 'pear', 1.0, tmp_path)
    assert not list(tmp_path.glob('*.yaml'))


def test_only_cards_stops_behind_the_sheet(tmp_path, capsys):
    photo = photograph(tmp_path / 'p.png', FRONT)
    command = ['retrain', '--target', 'pear', '--only-cards', '--data', str(tmp_path / 'data')]
    assert main(command) == 2
    assert '--photos' in capsys.readouterr().err
    assert main([*command, '--photos', str(photo)]) == 0
    left = {
        path.name for path in (tmp_path / 'data').rglob('*') if path.suffix in ('.png', '.yaml')
    }
    assert left == {'pear.yaml', 'pear-cut-outs.png'}
    told = capsys.readouterr().out
    assert 'look at the cut-outs' in told
    assert 'inspect target' in told


def test_the_command_that_comes_next_is_one_wherever_the_data_lies(tmp_path, capsys):
    photo = photograph(tmp_path / 'p.png', FRONT)
    command = ['retrain', '--target', 'our pear', '--only-cards', '--photos', str(photo)]
    assert main([*command, '--data', str(tmp_path / "Anna's data")]) == 0
    told = capsys.readouterr().out.splitlines()[-1]
    said, *words = shlex.split(told.removeprefix('next: '))
    assert said == 'liquid-drone'
    assert Path(words[-1]).is_file()
    assert main(words) == 0


def test_of_an_animation_the_first_picture_is_taken_and_that_is_told(tmp_path):
    photo = photograph(tmp_path / 'p.png', FRONT)
    with Image.open(photo) as first:
        first.save(tmp_path / 'a.webp', save_all=True, append_images=[first, first.rotate(90)])
    warnings = target_from_photos([tmp_path / 'a.webp'], 'pear', 0.5, tmp_path / 'out').warnings
    assert any('the first picture of it is taken' in warning for warning in warnings)
