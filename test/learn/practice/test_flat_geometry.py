# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A flat world measures what the labels of recorded flights measure."""

import math

import numpy as np
import pytest
import torch

from liquid_drone.learn import auxiliary_labels
from liquid_drone.learn.practice.geometry import line_gaps, nearness, no_longer, turned, wrapped
from liquid_drone.learn.practice.places import SECOND, beside_each_other, draw_place
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.world.layout import make_layout
from liquid_drone.sim.world.routes import STEP_S

FOV_RAD = math.radians(80.0)


@pytest.mark.parametrize('seed', range(20))
def test_nearness_is_that_of_the_labels(seed):
    rng = np.random.default_rng(seed)
    circles = np.column_stack([rng.uniform(-8, 8, (12, 2)), rng.uniform(0.1, 1.0, 12)])
    place, yaw = rng.uniform(-1, 1, 2), float(rng.uniform(-math.pi, math.pi))
    told = nearness(
        torch.tensor(place[None]), torch.tensor([yaw], dtype=torch.float64),
        torch.tensor(circles[None]), FOV_RAD, auxiliary_labels.SECTORS,
    )  # fmt: skip
    truth = auxiliary_labels.nearness(place, yaw, circles, FOV_RAD)
    # linspace of single precision puts an edge 1e-7 rad off: who touches it there may differ
    assert np.mean(np.abs(told[0].numpy() - truth) < 1e-6) >= 15 / 16


@pytest.mark.parametrize('seed', range(10))
def test_the_gaps_of_a_line_are_those_of_its_points(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(-4, 4, (2, 2))
    circles = np.column_stack([rng.uniform(-5, 5, (6, 2)), rng.uniform(0.1, 0.6, 6)])
    gaps = line_gaps(*(torch.tensor(x[None]) for x in (a, b, circles)), 0.3)[0].numpy()
    reach = max(1.0 - 0.3 / np.linalg.norm(b - a), 0.0)
    points = a + np.linspace(0.0, reach, 4001)[:, None] * (b - a)
    away = np.linalg.norm(points[:, None] - circles[None, :, :2], axis=2).min(axis=0)
    np.testing.assert_allclose(gaps, away - circles[:, 2], atol=2e-3)


def test_vectors_turn_to_the_left_and_keep_their_length():
    ahead = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    left = turned(ahead, torch.tensor([math.pi / 2, math.pi / 2]))
    torch.testing.assert_close(left, torch.tensor([[0.0, 1.0], [-2.0, 0.0]]), atol=1e-6, rtol=0)
    assert no_longer(ahead, 1.5).norm(dim=1).tolist() == pytest.approx([1.0, 1.5], abs=1e-5)
    assert wrapped(torch.tensor([4.0])).item() == pytest.approx(4.0 - 2.0 * math.pi)


@pytest.mark.parametrize(('world', 'task'), [('forest', 'behind-trees'), ('urban', 'occlusion:2')])
def test_a_place_is_the_simulators(world, task):
    place, scenario = draw_place(world, task, 5003), load_scenario(world, task=task)
    layout = make_layout(scenario, 5003)
    assert place.start[:2] == tuple(layout.start_position[:2])
    walked = layout.route.position[: len(place.way)]
    np.testing.assert_array_equal(place.way[: len(walked)], walked)
    circles = {tuple(row) for row in layout.obstacles.as_circles().round(6)}
    for second, rows in enumerate(place.near):
        here = [tuple(row) for row in rows.round(6) if row[0] < 900.0]
        assert set(here) <= circles
        spot = place.way[second * SECOND]
        away = min(math.hypot(x - spot[0], y - spot[1]) - r for x, y, r in circles)
        if away < 10.0:
            nearest = min(math.hypot(x - spot[0], y - spot[1]) - r for x, y, r in here)
            assert nearest == pytest.approx(away, abs=1e-5)
    assert len(place.near) == math.ceil(len(place.way) / SECOND)
    assert len(place.way) * STEP_S == pytest.approx(scenario.task.duration_s + 2.0)


def test_places_of_other_lengths_stand_beside_each_other():
    places = [draw_place('forest', task, 5000) for task in ('follow', 'occlusion:2')]
    both = beside_each_other(places)
    assert both.steps.tolist() == [len(place.way) for place in places]
    assert both.way.shape[1] == max(both.steps.tolist())
    torch.testing.assert_close(both.way[0, -1], both.way[0, int(both.steps[0]) - 1])
