# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A rehearsal: every flight from its start, judged by hits and by falling behind."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_flat_world import VEHICLE, network, told

from liquid_drone.learn.practice.places import FAR_M, MOST, FlatPlace
from liquid_drone.learn.practice.rehearsal import (
    JudgedPlace,
    Rehearsed,
    judged_places,
    rehearse,
    sentence,
)
from liquid_drone.learn.practice.told import Frames
from liquid_drone.sim.scenario.task import Task

TASK = Task('short', duration_s=4.0, settle_s=1.0, max_distance_m=5.0)


def stage(
    kind: str, speed_m_s: float, away_m: float, thing: tuple[float, float, float]
) -> JudgedPlace:
    """Return a place where the target goes straight ahead of a drone, and one thing stands."""
    seconds = np.arange(0.0, 6.0, 0.05)
    way = np.column_stack([away_m + speed_m_s * seconds, np.zeros_like(seconds)])
    near = np.full((6, MOST, 3), FAR_M)
    near[:, :, 2], near[:, 0] = 0.1, thing
    return JudgedPlace(kind, FlatPlace(way, (0.0, 0.0, 0.0), near), TASK)


def frames() -> Frames:
    return told().frames


def still():
    """Return a network that commands nothing."""
    made = network()
    for parameter in made.cell.parameters():
        torch.nn.init.zeros_(parameter)
    return made


def test_who_stands_still_is_judged_by_what_the_target_and_the_things_do() -> None:
    far_away = (50.0, 50.0, 0.3)
    judged = [
        stage('stands', 0.0, 3.0, far_away),
        stage('walks', 1.5, 3.0, far_away),
        stage('walks', 1.5, 3.0, (0.2, 0.0, 0.3)),
        stage('stands', 0.0, 4.0, far_away),
    ]
    found = rehearse(still(), frames(), judged, VEHICLE, 1)
    assert found == {'stands': Rehearsed(2, 0, 0), 'walks': Rehearsed(0, 1, 1)}
    assert 'good 2 of 4 (15% to 85%), 1 hits, 1 fell behind' in sentence(found)
    assert found == rehearse(still(), frames(), judged, VEHICLE, 1)


@pytest.mark.parametrize('most_m', [3.5, 20.0])
def test_the_task_says_how_far_is_too_far(most_m: float) -> None:
    one = stage('walks', 1.0, 3.0, (50.0, 50.0, 0.3))
    one = replace(one, task=replace(TASK, max_distance_m=most_m))
    (found,) = rehearse(still(), frames(), [one], VEHICLE, 1).values()
    assert found.good == (most_m > 10.0)


def test_places_are_of_validation_seeds_and_of_every_kind() -> None:
    judged = judged_places([('forest', 'follow'), ('forest', 'behind-trees')], 2)
    assert [one.kind for one in judged] == ['forest follow'] * 2 + ['forest behind-trees'] * 2
    assert len({one.place.start for one in judged}) == 4
