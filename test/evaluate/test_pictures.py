# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import cv2
import numpy as np
import pytest

from liquid_drone.errors import OutputError
from liquid_drone.evaluate import pictures
from liquid_drone.evaluate.metrics import score, summarise
from liquid_drone.evaluate.table import markdown
from liquid_drone.sim.config import load_scenario
from liquid_drone.sim.flight_log import FlightLog
from liquid_drone.sim.session import Session


@pytest.fixture(scope='module')
def log() -> FlightLog:
    """Return a short flight by nobody."""
    session = Session(load_scenario(), 9_003, start='hover', duration_s=1.0)
    for _ in range(8):
        session.begin()
        session.finish(np.zeros(4, np.float32))
    session.close()
    return session.log


def test_the_film_shows_both_views_and_plays(log: FlightLog, tmp_path: Path) -> None:
    path = tmp_path / 'flight.mp4'
    pictures.film(log, load_scenario(), path, processes=1)
    film = cv2.VideoCapture(str(path))
    is_read, frame = film.read()
    assert is_read
    assert frame.shape == (360, 1280, 3)
    assert frame[:, :640].std() > 10.0  # neither side is blank
    assert frame[:, 640:].std() > 10.0


def test_the_plot_is_written_or_the_error_says_why_not(log: FlightLog, tmp_path: Path) -> None:
    task = load_scenario().task
    result = score(log, task)
    pictures.plot(log, task, result, tmp_path / 'plot.png')
    assert cv2.imread(str(tmp_path / 'plot.png')).shape[1] > 800
    with pytest.raises(OutputError, match='choose another --out'):
        pictures.plot(log, task, result, tmp_path / 'none' / 'plot.png')


def test_the_table_says_shares_with_intervals_and_failures(log: FlightLog) -> None:
    result = score(log, load_scenario().task)
    text = markdown(summarise([result, result]), 'a title')
    assert '| success | 0 of 2 | 0.0% | 0.0% to 65.8% |' in text
    assert 'the policy never got the drone 2' in text
