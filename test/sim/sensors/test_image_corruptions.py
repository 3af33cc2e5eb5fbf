# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Weather: what can be written, what it does to pictures, that the same seed gives the same."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.errors import ConfigError
from liquid_drone.sim.scenario import weather
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.scenario.weather import AXES, CLEAR, Weather, season_in
from liquid_drone.sim.sensors import image_corruptions

ON_PICTURES = ('rain', 'low_light', 'exposure', 'motion_blur', 'noise', 'jpeg', 'rolling_shutter')
TURN = (60.0, -20.0)  # pixels a second


@pytest.fixture(scope='module')
def picture() -> image_corruptions.Image:
    """Return something with edges and colours."""
    rng = np.random.default_rng(0)
    small = rng.integers(30, 200, (18, 32, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(small, (256, 144), interpolation=cv2.INTER_CUBIC), np.uint8)


def change(picture: image_corruptions.Image, made: Weather, seed: int = 1) -> float:
    after = image_corruptions.degrade(picture, made, np.random.default_rng(seed), 1.0, TURN)
    return float(np.abs(after.astype(int) - picture).mean())


@given(st.lists(st.integers(0, 5), min_size=len(AXES), max_size=len(AXES)))
def test_what_is_written_is_what_is_read(severities: list[int]) -> None:
    made = Weather(**dict(zip(AXES, severities, strict=True)))
    assert Weather.parse(str(made)) == made


def test_clear_is_no_weather() -> None:
    assert Weather.parse(CLEAR) == Weather.parse('') == Weather()
    assert str(Weather()) == CLEAR


@pytest.mark.parametrize(
    'text', ['fog', 'fog:6', 'fog:-1', 'mist:2', 'fog:1,fog:2', 'fog:1;rain:2']
)
def test_what_cannot_be_read_is_refused_with_what_can(text: str) -> None:
    with pytest.raises(ConfigError, match='0 to 5'):
        Weather.parse(text)


@pytest.mark.parametrize('axis', ON_PICTURES)
def test_an_axis_changes_the_picture_more_the_severer_it_is(
    picture: image_corruptions.Image, axis: str
) -> None:
    before = picture.copy()
    changes = [
        np.mean([change(picture, Weather(**{axis: severity}), seed) for seed in range(12)])
        for severity in range(6)
    ]
    assert np.array_equal(picture, before)
    assert changes[0] == 0.0
    assert changes == sorted(changes)
    assert changes[5] > max(2.0 * changes[1], 1.0)


@pytest.mark.parametrize('axis', ON_PICTURES)
def test_the_same_generator_gives_the_same_picture(
    picture: image_corruptions.Image, axis: str
) -> None:
    made = Weather(**{axis: 3})
    first, again, other = (
        image_corruptions.degrade(picture, made, np.random.default_rng(seed), 1.0, TURN)
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    drawn = axis not in ('exposure', 'jpeg')
    assert np.array_equal(first, other) != drawn


def test_a_smear_goes_the_way_the_picture_moved() -> None:
    point = np.zeros((41, 41, 3), np.uint8)
    point[20, 20] = 255
    rows, columns = np.nonzero(image_corruptions.motion_blur(point, 12.0, 0.0)[..., 0])
    assert np.ptp(columns) >= 10
    assert np.ptp(rows) <= 2
    assert columns.mean() == pytest.approx(20.0, abs=0.6)


def test_a_rolling_shutter_leans_an_upright_line() -> None:
    line = np.zeros((100, 100, 3), np.uint8)
    line[:, 50] = 255
    leaning = image_corruptions.rolling_shutter(line, 20.0, 0.0, 0.0, 0.0, 0.0)[..., 0]
    assert int(leaning[0].argmax()) == 50
    assert int(leaning[-1].argmax()) == pytest.approx(70, abs=1)


def test_noise_is_as_strong_as_told_at_any_size() -> None:
    for shape in ((144, 256, 3), (720, 1280, 3)):
        grey = np.full(shape, 128, np.uint8)
        grain = image_corruptions.noise(grey, 10.0, np.random.default_rng(0)).astype(float) - 128.0
        expected = 10.0 * (0.5 + 0.5 * np.sqrt(128 / 255))
        assert grain.std() == pytest.approx(expected, rel=0.06)
        assert abs(grain.mean()) < 0.3


def test_more_light_is_brighter_and_a_gamma_over_one_darker() -> None:
    grey = np.full((4, 4, 3), 100, np.uint8)
    assert image_corruptions.expose(grey, 2.0, 1.0)[0, 0, 0] == pytest.approx(
        100 * 2 ** (1 / 2.2), abs=1
    )
    assert image_corruptions.expose(grey, 1.0, 1.5)[0, 0, 0] < 100


def test_fog_and_darkness_reach_the_air() -> None:
    season = load_scenario().season
    foggy = season_in(season, Weather(fog=3, low_light=2))
    assert foggy.fog_density_per_m == season.fog_density_per_m + weather.FOG_PER_M[3]
    assert foggy.exposure[1] == pytest.approx(season.exposure[1] * weather.LOW_LIGHT_SHARE[2])
    assert season_in(season, Weather(noise=5)) == season


def test_gusts_add_wind_in_a_direction_of_the_seed() -> None:
    calm = np.zeros(3)
    winds = [
        np.array(weather.wind_in(calm, Weather(gusts=4), np.random.default_rng(seed)))
        for seed in (1, 1, 2)
    ]
    assert np.allclose(winds[0], winds[1])
    assert not np.allclose(winds[0], winds[2])
    assert np.linalg.norm(winds[0]) == pytest.approx(weather.GUST_WIND_M_S[4])


def test_the_documented_table_is_the_one_that_is_flown() -> None:
    page = (Path(__file__).parents[3] / 'docs' / 'WEATHER.md').read_text(encoding='utf-8')
    tables = [name for name in vars(weather) if isinstance(getattr(weather, name), tuple)]
    for name in tables:
        row = getattr(weather, name)
        if name in ('AXES',) or len(row) != 6:
            continue
        assert f'| {" | ".join(f"{value:g}" for value in row[1:])} |' in page, name


def test_a_scenario_takes_its_weather_by_name() -> None:
    scenario = load_scenario(weather='rain:2,gusts:1')
    assert scenario.weather == Weather(rain=2, gusts=1)
    assert replace(scenario, weather=Weather()) == load_scenario()
