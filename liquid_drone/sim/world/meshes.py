# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Triangle meshes: primitives, uneven blobs, branches, the ground. numpy only.

Faces are counter-clockwise as seen from outside. Corners that should look sharp have vertices of
their own for each face, so that normals averaged at vertices keep them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ...arrays import FloatArray, IntArray

FINE_M = 0.4  # rounded shapes above this size get more faces


@dataclass(frozen=True)
class Mesh:
    """V vertices, F triangles (counter-clockwise from outside)."""

    vertices: FloatArray  # (V, 3) metres
    faces: IntArray  # (F, 3)
    uv: FloatArray  # (V, 2)

    def moved(self, offset: npt.ArrayLike) -> 'Mesh':
        """Return the mesh shifted by (3,)."""
        return Mesh(self.vertices + np.asarray(offset, dtype=np.float64), self.faces, self.uv)

    def scaled(self, scale: npt.ArrayLike) -> 'Mesh':
        """Return the mesh stretched by (3,) about the origin."""
        return Mesh(self.vertices * np.asarray(scale, dtype=np.float64), self.faces, self.uv)

    def turned(self, rotation: npt.ArrayLike) -> 'Mesh':
        """Return the mesh turned by a rotation matrix (3, 3) about the origin."""
        matrix = np.asarray(rotation, dtype=np.float64)
        return Mesh(self.vertices @ matrix.T, self.faces, self.uv)


def _bare(vertices: npt.ArrayLike, faces: npt.ArrayLike) -> Mesh:
    points = np.asarray(vertices, dtype=np.float64)
    return Mesh(points, np.asarray(faces, dtype=np.int64), np.zeros((len(points), 2)))


def merge(meshes: list[Mesh]) -> Mesh:
    """Join meshes into one, so that the renderer has few objects to visit."""
    offsets = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    faces = [mesh.faces + offset for mesh, offset in zip(meshes, offsets, strict=True)]
    vertices = np.concatenate([mesh.vertices for mesh in meshes])
    return Mesh(vertices, np.concatenate(faces), np.concatenate([mesh.uv for mesh in meshes]))


def lathe(radii: list[float], heights: list[float], sides: int, wobble: FloatArray | None) -> Mesh:
    """Turn a profile about the z axis; ``wobble`` (rings, sides) roughens the radii."""
    angle = np.linspace(0.0, 2.0 * math.pi, sides, endpoint=False)
    rows = []
    for i, (radius, height) in enumerate(zip(radii, heights, strict=True)):
        r = radius * (np.ones(sides) if wobble is None else wobble[i])
        rows.append(
            np.column_stack([r * np.cos(angle), r * np.sin(angle), np.full(sides, height)])
        )
    faces = []
    here = np.arange(sides)
    for ring in range(len(radii) - 1):
        a, a1 = ring * sides + here, ring * sides + (here + 1) % sides
        faces += [
            np.column_stack([a, a1, a1 + sides]),
            np.column_stack([a, a1 + sides, a + sides]),
        ]
    return _bare(np.concatenate(rows), np.concatenate(faces))


def cone(radius: float, length: float, sides: int = 10) -> Mesh:
    """Return a cone about its middle, tip up, with a base."""
    angle = np.linspace(0.0, 2.0 * math.pi, sides, endpoint=False)
    rim = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(sides)]) * radius
    rim[:, 2] = -length / 2.0
    vertices = np.concatenate([rim, [[0.0, 0.0, length / 2.0]], rim])
    i = np.arange(sides)
    side = np.column_stack([i, (i + 1) % sides, np.full(sides, sides)])
    return _bare(vertices, np.concatenate([side, _disc(sides) + sides + 1]))


def _disc(sides: int) -> IntArray:
    """Return the faces (sides - 2, 3) of a polygon that is seen from below."""
    i = np.arange(1, sides - 1)
    return np.column_stack([np.zeros_like(i), i + 1, i])


def cylinder(radius: float, length: float, sides: int = 10) -> Mesh:
    """Return a closed cylinder along z, about its middle."""
    side = lathe([radius, radius], [-length / 2.0, length / 2.0], sides, None)
    n = 2 * sides
    caps = side.vertices
    faces = [side.faces, _disc(sides) + n, _disc(sides)[:, ::-1] + n + sides]
    return _bare(np.concatenate([side.vertices, caps]), np.concatenate(faces))


def box(size: npt.ArrayLike, centre: npt.ArrayLike = (0.0, 0.0, 0.0)) -> Mesh:
    """Return a box with sharp edges; uv are metres along each face."""
    half = np.asarray(size, dtype=np.float64) / 2.0
    vertices, uv, faces = [], [], []
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        for sign in (1.0, -1.0):
            for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                corner = np.zeros(3)
                corner[axis], corner[u], corner[v] = sign, a * sign, b
                vertices.append(corner * half)
                uv.append([a * half[u], b * half[v]])
            n = len(vertices) - 4
            faces += [[n, n + 1, n + 2], [n, n + 2, n + 3]]
    moved = np.array(vertices) + np.asarray(centre, dtype=np.float64)
    return Mesh(moved, np.array(faces, dtype=np.int64), np.array(uv))


@lru_cache(maxsize=8)
def _icosphere(subdivisions: int) -> tuple[FloatArray, IntArray]:
    if subdivisions < 0:
        tips = np.concatenate([np.eye(3), -np.eye(3)])
        faces = np.array(
            [
                [0, 1, 2],
                [1, 3, 2],
                [3, 4, 2],
                [4, 0, 2],
                [1, 0, 5],
                [3, 1, 5],
                [4, 3, 5],
                [0, 4, 5],
            ]
        )
        return tips, faces
    if subdivisions == 0:
        return _icosahedron()
    points, faces = _icosphere(subdivisions - 1)
    vertices = [tuple(point) for point in points]
    index = {vertex: i for i, vertex in enumerate(vertices)}

    def middle(a: int, b: int) -> int:
        point = points[a] + points[b]
        key = tuple(point / np.linalg.norm(point))
        if key not in index:
            index[key] = len(vertices)
            vertices.append(key)
        return index[key]

    split = []
    for a, b, c in faces.tolist():
        ab, bc, ca = middle(a, b), middle(b, c), middle(c, a)
        split += [[a, ab, ca], [b, bc, ab], [c, ca, bc], [ab, bc, ca]]
    return np.array(vertices), np.array(split, dtype=np.int64)


def _icosahedron() -> tuple[FloatArray, IntArray]:
    """Return it with a vertex up, one down and two rings of five."""
    high, flat = 1.0 / math.sqrt(5.0), 2.0 / math.sqrt(5.0)
    upper = np.arange(5) * 2.0 * math.pi / 5.0
    rings = [
        np.column_stack([flat * np.cos(turn), flat * np.sin(turn), np.full(5, z)])
        for turn, z in ((upper, high), (upper + math.pi / 5.0, -high))
    ]
    vertices = np.concatenate([[[0.0, 0.0, 1.0]], *rings, [[0.0, 0.0, -1.0]]])
    i, j = np.arange(5), (np.arange(5) + 1) % 5
    faces = [
        np.column_stack([np.zeros(5, np.int64), 1 + i, 1 + j]),
        np.column_stack([1 + i, 6 + i, 1 + j]),
        np.column_stack([1 + j, 6 + i, 6 + j]),
        np.column_stack([np.full(5, 11), 6 + j, 6 + i]),
    ]
    return vertices, np.concatenate(faces)


def sphere(radius: float, subdivisions: int = 1) -> Mesh:
    """Return a ball of 8, 20, 80 ... triangles for -1, 0, 1 ... subdivisions."""
    vertices, faces = _icosphere(subdivisions)
    return _bare(vertices * radius, faces)


def rounded(size: Sequence[float], roundness: float = 0.6) -> Mesh:
    """Return a box (3,) without edges: 1 is an ellipsoid, towards 0 it becomes the box."""
    vertices, faces = _icosphere(2 if max(size) > FINE_M else 1)
    swollen = np.sign(vertices) * np.abs(vertices) ** roundness
    swollen = swollen / np.abs(swollen).max(axis=0)
    return _bare(swollen * np.asarray(size, dtype=np.float64) / 2.0, faces)


def blob(
    radii: npt.ArrayLike,
    centre: npt.ArrayLike,
    rng: np.random.Generator,
    subdivisions: int = 0,
    rough: float = 0.18,
) -> Mesh:
    """Return an uneven ellipsoid: foliage, a rock. ``rough`` is the share that radii vary by."""
    vertices, faces = _icosphere(subdivisions)
    turn = rng.uniform(0.0, 2.0 * math.pi)
    c, s = math.cos(turn), math.sin(turn)
    turned = vertices @ np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
    uneven = turned * rng.uniform(1.0 - rough, 1.0 + rough, size=(len(vertices), 1))
    return _bare(uneven * np.asarray(radii) + np.asarray(centre), faces)


def clump(radii: npt.ArrayLike, centre: npt.ArrayLike, rng: np.random.Generator) -> Mesh:
    """Return foliage from afar in 16 triangles: two squares, one turned, between two tips."""
    turn = np.arange(4) * math.pi / 2.0 + rng.uniform(0.0, math.pi)
    rings = [
        np.column_stack([0.95 * np.cos(angle), 0.95 * np.sin(angle), np.full(4, z)])
        for angle, z in ((turn, -0.4), (turn + math.pi / 4.0, 0.4))
    ]
    points = np.concatenate([*rings, [[0.0, 0.0, -1.0], [0.0, 0.0, 1.0]]])
    i, j = np.arange(4), (np.arange(4) + 1) % 4
    low, high = np.full(4, 8), np.full(4, 9)
    faces = [
        np.column_stack([i, j, 4 + i]),
        np.column_stack([j, 4 + j, 4 + i]),
        np.column_stack([j, i, low]),
        np.column_stack([4 + i, 4 + j, high]),
    ]
    uneven = points * rng.uniform(0.88, 1.14, size=(10, 1))
    return _bare(uneven * np.asarray(radii) + np.asarray(centre), np.concatenate(faces))


def branch(
    start: npt.ArrayLike, end: npt.ArrayLike, radius: float, tip: float = 0.0, sides: int = 3
) -> Mesh:
    """Return a thin tapered stick; with ``tip`` 0 it ends in a point. Both ends are open."""
    a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    along = (b - a) / np.linalg.norm(b - a)
    across = np.cross(along, [1.0, 0.0, 0.0] if abs(along[2]) > 0.9 else [0.0, 0.0, 1.0])
    across /= np.linalg.norm(across)
    other = np.cross(along, across)
    angle = np.linspace(0.0, 2.0 * math.pi, sides, endpoint=False)[:, None]
    ring = np.cos(angle) * across + np.sin(angle) * other
    i, j = np.arange(sides), (np.arange(sides) + 1) % sides
    if tip <= 0.0:
        vertices = np.concatenate([a + radius * ring, [b]])
        return _bare(vertices, np.column_stack([i, j, np.full(sides, sides)]))
    vertices = np.concatenate([a + radius * ring, b + tip * ring])
    faces = [np.column_stack([i, j, j + sides]), np.column_stack([i, j + sides, i + sides])]
    return _bare(vertices, np.concatenate(faces))


def blade(foot: npt.ArrayLike, tip: npt.ArrayLike, width: float) -> Mesh:
    """Return a leaf that stands, a triangle seen from both sides."""
    a, b = np.asarray(foot, dtype=np.float64), np.asarray(tip, dtype=np.float64)
    across = np.cross(b - a, [0.0, 0.0, 1.0])
    across = across / max(float(np.linalg.norm(across)), 1e-6) * width / 2.0
    corners = np.array([a - across, a + across, b])
    return _bare(np.concatenate([corners, corners]), [[0, 1, 2], [3, 5, 4]])


def ground_grid(low: npt.ArrayLike, high: npt.ArrayLike, heights: FloatArray) -> Mesh:
    """Return the ground between two corners (2,), with heights (n, n) by x and y."""
    n = len(heights)
    grid = np.linspace(0.0, 1.0, n)
    u, v = (axis.ravel() for axis in np.meshgrid(grid, grid, indexing='ij'))
    (x0, y0), (x1, y1) = np.asarray(low, float), np.asarray(high, float)
    vertices = np.column_stack([x0 + u * (x1 - x0), y0 + v * (y1 - y0), heights.ravel()])
    i, j = (axis.ravel() for axis in np.meshgrid(np.arange(n - 1), np.arange(n - 1)))
    a = i * n + j
    b = a + n
    faces = np.concatenate([np.column_stack([a, b, b + 1]), np.column_stack([a, b + 1, a + 1])])
    return Mesh(vertices, faces.astype(np.int64), np.column_stack([u, v]))
