# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The ground's height: one point and many, at corners, on slopes and beyond the edges."""

import numpy as np
import pytest

from liquid_drone.sim.world.terrain import Terrain


@pytest.fixture
def terrain() -> Terrain:
    heights = np.random.default_rng(1).uniform(0.0, 1.0, (5, 5))
    return Terrain(np.array([-2.0, -4.0]), 0.5, heights)


def test_one_point_has_the_height_that_it_has_among_many(terrain: Terrain) -> None:
    points = np.random.default_rng(2).uniform(-6.0, 6.0, (300, 2))
    among = terrain.height(points)
    assert [terrain.height_at(x, y) for x, y in points.tolist()] == among.tolist()
    assert [float(terrain.height(point)) for point in points] == among.tolist()


def test_the_surface_goes_through_its_grid_and_is_level_beyond(terrain: Terrain) -> None:
    assert terrain.height_at(-1.5, -3.0) == pytest.approx(terrain.heights[1, 2])
    assert terrain.height_at(-99.0, -99.0) == pytest.approx(terrain.heights[0, 0])
    assert terrain.height_at(99.0, -99.0) == pytest.approx(terrain.heights[4, 0])
    middle = terrain.height_at(-1.75, -3.75)  # on the edge between two triangles
    assert middle == pytest.approx((terrain.heights[0, 0] + terrain.heights[1, 1]) / 2.0)
