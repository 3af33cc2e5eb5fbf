# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from liquid_drone.errors import OutputError
from liquid_drone.evaluate.plots import flights
from liquid_drone.evaluate.plots.rates import chart
from liquid_drone.evaluate.report import markdown
from liquid_drone.evaluate.scoring import score, summarise, wilson
from liquid_drone.sim.flight_log import FlightLog
from liquid_drone.sim.flight_spec import FlightSpec
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.session import Session


@pytest.fixture(scope='module')
def log() -> FlightLog:
    """Return a short flight by nobody."""
    session = Session(FlightSpec(seed=9_003, start='hover', duration_s=1.0))
    for _ in range(8):
        session.begin()
        session.finish(np.zeros(4, np.float32))
    session.close()
    return session.log


def test_the_film_shows_both_views_and_plays(log: FlightLog, tmp_path: Path) -> None:
    path = tmp_path / 'flight.mp4'
    flights.film(log, load_scenario(), path, processes=1)
    film = cv2.VideoCapture(str(path))
    is_read, frame = film.read()
    assert is_read
    assert frame.shape == (360, 1280, 3)
    assert frame[:, :640].std() > 10.0  # neither side is blank
    assert frame[:, 640:].std() > 10.0


def test_the_plot_is_written_or_the_error_says_why_not(log: FlightLog, tmp_path: Path) -> None:
    task = load_scenario().task
    result = score(log, task)
    flights.plot(log, task, result, tmp_path / 'plot.png')
    assert cv2.imread(str(tmp_path / 'plot.png')).shape[1] > 800
    with pytest.raises(OutputError, match='choose another --out'):
        flights.plot(log, task, result, tmp_path / 'none' / 'plot.png')


def test_the_table_says_shares_with_intervals_and_failures(log: FlightLog) -> None:
    result = score(log, load_scenario().task)
    text = markdown(summarise([result, result]), 'a title')
    assert '| success | 0 of 2 | 0.0% | 0.0% to 65.8% |' in text
    assert 'the policy never got the drone 2' in text


def test_the_chart_puts_each_place_where_its_rate_is(log: FlightLog, tmp_path: Path) -> None:
    summary = summarise([score(log, load_scenario().task)])

    def middle(count: int) -> float:
        """Return the share of the width at which the point and its interval are."""
        path = tmp_path / f'{count}.png'
        rate = wilson(count, 25)
        chart(
            {('forest', 'summer', 'clear'): dataclasses.replace(summary, success=rate)}, '', path
        )
        drawn = cv2.imread(str(path))
        blue = (drawn[..., 0].astype(int) - drawn[..., 2]) > 100
        return float(np.nonzero(blue)[1].mean() / drawn.shape[1])

    places = [middle(count) for count in (0, 12, 25)]
    assert places == sorted(places)
    assert places[2] - places[0] > 0.4
    with pytest.raises(OutputError, match='choose another --out'):
        chart({('forest', 'summer', 'clear'): summary}, '', tmp_path / 'none' / 'rates.png')
