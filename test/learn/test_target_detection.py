# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How far "seen" can be trusted is counted right, over flights that do show empty pictures."""

from dataclasses import replace

import numpy as np
import pytest

from liquid_drone.contract import CommandSpec
from liquid_drone.learn import target_detection
from liquid_drone.learn.clips import without_target
from liquid_drone.learn.drivers import DriverPlan
from liquid_drone.learn.flights.config import Disturbance
from liquid_drone.learn.flights.jobs import jobs_of
from liquid_drone.learn.recipe import Recipe
from liquid_drone.learn.target_detection import DetectionCounts, count
from liquid_drone.sim.flight_log import COLUMNS, UNKNOWN, FlightLog
from liquid_drone.workers.executor import ThisProcess

RECIPE = Recipe('tiny', lookalikes=('plain_person',), lookalike_every=3)


def watched(pixels: list[int], seen: list[float]) -> FlightLog:
    """A flight with a collision at the end, in whose frame the target is seen and in view."""
    log = FlightLog({}, np.zeros((0, 3)))
    for visible, probability in zip([*pixels, 500], [*seen, 1.0], strict=True):
        row = {name: np.zeros(shape, kind) for name, (shape, kind) in COLUMNS.items()}
        label = UNKNOWN if len(log) == len(pixels) else np.zeros(4)
        row |= {'target_pixels': visible, 'target_probability': probability, 'label': label}
        log.append(b'', **row)
    return log


def test_misses_and_imaginings_are_counted():
    flight = watched([100, 100, 3, 0], [0.9, 0.2, 0.7, 0.1])
    assert count(flight, follows_target=True) == DetectionCounts(2, 1, 2, 1)
    assert count(flight, follows_target=False) == DetectionCounts(0, 0, 4, 2)
    both = DetectionCounts(2, 1, 2, 1) + DetectionCounts(0, 0, 4, 2)
    assert both == DetectionCounts(2, 1, 6, 3)
    assert '50.0% of 2 frames' in str(both)
    assert '50.0% of 6 without' in str(both)


def test_look_alikes_walk_in_the_target_s_stead_only_where_they_may(tmp_path):
    plan = DriverPlan('expert', Disturbance(), CommandSpec())
    trained = jobs_of(RECIPE, range(9), 4, plan, tmp_path, lookalikes=True)
    assert [job.flight.target for job in trained].count('plain_person') == 3
    judged = jobs_of(RECIPE, range(9), 4, plan, None)
    assert {job.flight.target for job in judged} == {'red_backpack'}
    with pytest.raises(ValueError, match='no targets'):
        replace(RECIPE, lookalikes=('red_backpack',))


def test_a_flight_after_a_look_alike_shows_no_target_and_teaches_no_command(episodes, tmp_path):
    from liquid_drone.learn.clips import open_clips

    found = open_clips(episodes, tmp_path / 'cache', 2, CommandSpec(), {'square'})
    other = open_clips(episodes, tmp_path / 'cache', 2, CommandSpec(), {'backpack'})
    assert found[0].target[:, 0].all()
    assert np.isfinite(found[0].label).all()
    assert not other[0].target.any()
    assert np.isnan(other[0].label).all()
    assert np.isnan(other[0].auxiliary[:, 0]).all()
    assert np.array_equal(other[0].auxiliary[:, 1:], without_target(found[0]).auxiliary[:, 1:])


@pytest.mark.slow
def test_a_policy_that_watches_meets_pictures_without_the_target(bundle, monkeypatch):
    """Turned away now and then, the expert must show the policy what an empty picture is like."""
    monkeypatch.setattr(target_detection, 'FRAMES', 120)
    total = target_detection.detection_errors(RECIPE, bundle, 3, ThisProcess())
    assert total.shown > 60
    assert total.empty > 20
