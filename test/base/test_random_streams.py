# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""No two matters draw from one stream of random numbers, and no stream is a bare number."""

import ast
import itertools
from pathlib import Path

import numpy as np
import pytest

import liquid_drone
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.scenario.weather import GUST_WIND_M_S
from liquid_drone.sim.simulator import Simulator
from liquid_drone.streams import FrameStream, ModelStream, Stream, WiringStream, stream

PACKAGE = Path(liquid_drone.__file__).parent
MAKERS = ('default_rng', 'SeedSequence', 'Generator', 'PCG64')
STAMP_NS = 1_050_000_000


def bare_numbers(source: str) -> list[str]:
    """Return the calls that seed a generator with a list, or with a number without a name."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    made = [call for call in calls if ast.unparse(call.func).split('.')[-1] in MAKERS]
    bare = (ast.List, ast.Tuple, ast.Constant)
    return [ast.unparse(call) for call in made if any(isinstance(a, bare) for a in call.args)]


@pytest.mark.parametrize('text', ['np.random.default_rng([seed, 4])', 'default_rng((seed, 1))'])
def test_the_search_finds_bare_numbers(text: str) -> None:
    assert bare_numbers(text) == [text]


def test_no_bare_stream_number_is_left() -> None:
    found = {
        str(path.relative_to(PACKAGE)): calls
        for path in PACKAGE.rglob('*.py')
        if path.name != 'streams.py' and (calls := bare_numbers(path.read_text('utf-8')))
    }
    assert not found, f'expected stream(seed, Stream.X), or a seed with a name; got {found}'


def test_every_stream_of_a_flight_is_another() -> None:
    for seed in (0, 7, 15_000):
        flights = [tuple(stream(seed, matter).random(4)) for matter in Stream]
        frames = [tuple(stream(seed, matter, STAMP_NS).random(4)) for matter in FrameStream]
        assert len({*flights, *frames}) == len(Stream) + len(FrameStream)


@pytest.mark.parametrize('family', [Stream, FrameStream, ModelStream, WiringStream])
def test_no_number_stands_twice(family: type[Stream]) -> None:
    assert len(family.__members__) == len({int(matter) for matter in family})


def test_gusts_do_not_blow_towards_the_sun() -> None:
    pytest.importorskip('pybullet')
    turned = []
    for seed in range(6):
        simulator = Simulator(load_scenario(renderer='tiny', weather='gusts:3'))
        try:
            simulator.reset(seed)
            added = np.array(simulator.wind.mean_enu) - simulator.layout.wind_enu
            sun = simulator.layout.sun_direction
        finally:
            simulator.close()
        assert np.hypot(*added[:2]) == pytest.approx(GUST_WIND_M_S[3])
        turned.append(np.arctan2(added[1], added[0]) - np.arctan2(sun[1], sun[0]))
    apart = [abs(np.sin((a - b) / 2.0)) for a, b in itertools.combinations(turned, 2)]
    assert min(apart) > 1e-3  # the angle between wind and sun is another in each place
