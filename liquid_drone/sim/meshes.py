# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Triangle meshes of trees, bushes and the ground, and the noise textures on them. numpy only."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
TRUNK_SIDES, CROWN_SIDES = 7, 8


@dataclass(frozen=True)
class Mesh:
    """V vertices, F triangles (counter-clockwise from outside)."""

    vertices: FloatArray  # (V, 3) metres
    faces: npt.NDArray[np.int64]  # (F, 3)
    uv: FloatArray  # (V, 2)

    def moved(self, offset: npt.ArrayLike) -> 'Mesh':
        """Return the mesh shifted by (3,)."""
        return Mesh(self.vertices + np.asarray(offset, dtype=np.float64), self.faces, self.uv)


def merge(meshes: list[Mesh]) -> Mesh:
    """Join meshes into one, so that the renderer has few objects to visit."""
    offsets = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    faces = [mesh.faces + offset for mesh, offset in zip(meshes, offsets, strict=True)]
    vertices = np.concatenate([mesh.vertices for mesh in meshes])
    return Mesh(vertices, np.concatenate(faces), np.concatenate([mesh.uv for mesh in meshes]))


def lathe(radii: list[float], heights: list[float], sides: int, wobble: FloatArray | None) -> Mesh:
    """Turn a profile about the z axis; ``wobble`` (rings, sides) roughens the radii."""
    angle = np.linspace(0.0, 2.0 * math.pi, sides + 1)  # the seam is doubled for the texture
    rings, rows = len(radii), []
    for i, (radius, height) in enumerate(zip(radii, heights, strict=True)):
        scale = np.ones(sides) if wobble is None else wobble[i]
        r = radius * np.append(scale, scale[0])
        rows.append(
            np.column_stack([r * np.cos(angle), r * np.sin(angle), np.full(sides + 1, height)])
        )
    v = np.linspace(0.0, 1.0, rings)
    uv = np.concatenate(
        [np.column_stack([angle / (2 * math.pi), np.full(sides + 1, t)]) for t in v]
    )
    faces = []
    for ring in range(rings - 1):
        a = ring * (sides + 1) + np.arange(sides)
        b = a + sides + 1
        faces += [np.column_stack([a, a + 1, b + 1]), np.column_stack([a, b + 1, b])]
    return Mesh(np.concatenate(rows), np.concatenate(faces), uv)


def trunk(radius: float, height: float) -> Mesh:
    """Return a tapered trunk from the ground up."""
    return lathe([1.15 * radius, radius, 0.5 * radius], [0.0, 0.5, height], TRUNK_SIDES, None)


def broadleaf_crown(radius: float, base: float, top: float, rng: np.random.Generator) -> Mesh:
    """Return a rounded, uneven crown between two heights."""
    t = np.array([0.0, 0.12, 0.4, 0.75, 1.0])
    profile = radius * np.array([0.15, 0.75, 1.0, 0.7, 0.05])
    wobble = rng.uniform(0.75, 1.2, size=(len(t), CROWN_SIDES))
    return lathe(list(profile), list(base + t * (top - base)), CROWN_SIDES, wobble)


def conifer_crown(radius: float, base: float, top: float, rng: np.random.Generator) -> Mesh:
    """Return two stacked cones."""
    t = np.array([0.0, 0.55, 0.5, 1.0])
    profile = radius * np.array([1.0, 0.35, 0.7, 0.02])
    wobble = rng.uniform(0.85, 1.15, size=(len(t), CROWN_SIDES))
    return lathe(list(profile), list(base + t * (top - base)), CROWN_SIDES, wobble)


def bush(radius: float, rng: np.random.Generator) -> Mesh:
    """Return a low blob on the ground."""
    wobble = rng.uniform(0.7, 1.2, size=(3, 6))
    return lathe([radius, 0.9 * radius, 0.05], [0.0, 0.7 * radius, 1.3 * radius], 6, wobble)


def ring_wall(radius: float, height: float, sides: int = 40) -> Mesh:
    """Return a wall around the origin that is seen from inside: the far edge of the forest."""
    wall = lathe([radius, radius], [0.0, height], sides, None)
    return Mesh(wall.vertices, wall.faces[:, ::-1], wall.uv * np.array([24.0, 1.0]))


def ground_square(half_size: float, centre: npt.ArrayLike, tiles: int) -> Mesh:
    """Return the ground as ``tiles`` x ``tiles`` squares, the texture once over all of it."""
    grid = np.linspace(0.0, 1.0, tiles + 1)
    u, v = (axis.ravel() for axis in np.meshgrid(grid, grid, indexing='ij'))
    cx, cy = np.asarray(centre, dtype=np.float64)[:2]
    x, y = (2 * u - 1) * half_size + cx, (2 * v - 1) * half_size + cy
    i, j = (
        axis.ravel() for axis in np.meshgrid(np.arange(tiles), np.arange(tiles), indexing='ij')
    )
    a = i * (tiles + 1) + j
    b = a + tiles + 1
    faces = np.concatenate([np.column_stack([a, b, b + 1]), np.column_stack([a, b + 1, a + 1])])
    return Mesh(np.column_stack([x, y, np.zeros_like(x)]), faces, np.column_stack([u, v]))


def value_noise(rng: np.random.Generator, size: int, cells: int, octaves: int = 4) -> FloatArray:
    """Return smooth noise (size, size) in 0..1: octaves of interpolated random grids."""
    total, amplitude, weight = np.zeros((size, size)), 1.0, 0.0
    for octave in range(octaves):
        n = cells * 2**octave
        if n >= size:
            total += amplitude * rng.random((size, size))
        else:
            grid = rng.random((n + 1, n + 1))
            at = np.arange(size) * n / size
            i, f = at.astype(int), at % 1.0
            rows = grid[i] * (1 - f)[:, None] + grid[i + 1] * f[:, None]
            total += amplitude * (rows[:, i] * (1 - f) + rows[:, i + 1] * f)
        weight += amplitude
        amplitude *= 0.6
    return total / weight
