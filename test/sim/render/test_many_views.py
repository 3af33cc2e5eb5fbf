# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A picture has the same bytes whatever is drawn beside it, and in whatever order."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.geometry import quaternion_from_euler, rotation_from_quaternion
from liquid_drone.resources import names
from liquid_drone.sim.render.opengl import render
from liquid_drone.sim.render.picture import Camera
from liquid_drone.sim.render.renderer import View
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.simulator import FRAME_NS, START_NS, Simulator

SIZES = ((256, 144), (97, 61))  # the drone's, and one that fills no block of pixels


@pytest.fixture(scope='module')
def places() -> Iterator[list[Simulator]]:
    """A place of each world, of a season, target, weather and seed that a generator draws."""
    rng, made = np.random.default_rng(20), []
    for world in ('forest', 'urban'):
        season, target = (str(rng.choice(names(f'sim/{of}'))) for of in ('seasons', 'targets'))
        weather, seed = f'fog:{rng.integers(6)}', int(rng.integers(10_000))
        made.append(Simulator(load_scenario(world, season, target, weather=weather)))
        made[-1].reset(seed)
        made[-1].release_target()
    yield made
    for simulator in made:
        simulator.close()


@st.composite
def looks(draw: st.DrawFn) -> tuple[int, int, float, float, float]:
    """Draw a place, a moment of the walk, and where the camera is and looks from the target."""
    place, frames = draw(st.integers(0, 1)), draw(st.integers(0, 900))
    bearing, tilt = draw(st.floats(-math.pi, math.pi)), draw(st.floats(-0.2, 0.6))
    return place, frames, bearing, tilt, draw(st.floats(1.5, 20.0))


def view_of(simulator: Simulator, look: tuple[int, int, float, float, float], size: int) -> View:
    _, frames, bearing, tilt, away_m = look
    stamp_ns = START_NS + frames * FRAME_NS
    simulator.show([0.0, 0.0, 5.0], [0.0, 0.0, 0.0, 1.0], stamp_ns, released_ns=START_NS)
    foot = simulator.truth().target_position_enu
    back = np.array([math.cos(bearing), math.sin(bearing), -math.tan(tilt)]) * away_m
    turn = rotation_from_quaternion(quaternion_from_euler(0.0, tilt, bearing))
    camera = Camera(foot - back, turn, *SIZES[size], 80.0)
    simulator.world.show_actors()
    return simulator.world.renderer.view(camera)


@settings(max_examples=20)
@given(st.lists(looks(), min_size=2, max_size=5), st.integers(0, 1))
def test_a_picture_beside_others_has_the_bytes_that_it_has_alone(
    places: list[Simulator], asked: list[tuple[int, int, float, float, float]], size: int
) -> None:
    views = [view_of(places[look[0]], look, size) for look in asked]
    together = render(views)
    for view, shown in zip(views, together, strict=True):
        alone = render([view])[0]
        np.testing.assert_array_equal(alone.image, shown.image)
        np.testing.assert_array_equal(alone.target, shown.target)
