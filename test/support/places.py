# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A small place that the tests of drawing share."""

import numpy as np

from liquid_drone.sim.render.picture import Camera
from liquid_drone.sim.world.meshes import Mesh
from liquid_drone.sim.world.scenery import Air, Ground, ModelBatch, Scenery

AHEAD = Camera(np.array([0.0, 0.0, 1.5]), np.eye(3), 256, 144, 80.0)
SUN = np.array([0.0, 0.6, 0.8])


def box(x: float, y: float, z: float) -> Mesh:
    corners = [[i, j, k] for i in (-0.5, 0.5) for j in (-0.5, 0.5) for k in (-0.5, 0.5)]
    sides = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    faces = [half for a, b, c, d in sides for half in ([a, b, c], [a, c, d])]
    return Mesh(np.array(corners) * [x, y, z], np.array(faces), np.zeros((8, 2)))


def flat_square(half_size: float, tiles: int) -> Mesh:
    line = np.linspace(0.0, 1.0, tiles + 1)
    u, v = (axis.ravel() for axis in np.meshgrid(line, line, indexing='ij'))
    i, j = (axis.ravel() for axis in np.indices((tiles, tiles)))
    a = i * (tiles + 1) + j
    b = a + tiles + 1
    faces = np.concatenate([np.column_stack([a, b, b + 1]), np.column_stack([a, b + 1, a + 1])])
    x, y = (half_size * (2.0 * axis - 1.0) for axis in (u, v))
    return Mesh(np.column_stack([x, y, np.zeros_like(x)]), faces, np.column_stack([u, v]))


def small_scenery(*batches: ModelBatch, **air: float) -> Scenery:
    picture = np.full((64, 64, 3), 110, dtype=np.uint8)
    ground = Ground(flat_square(40.0, 10), picture)
    return Scenery(ground, batches, Air(SUN, (1.0, 1.0, 1.0), **air), ())
