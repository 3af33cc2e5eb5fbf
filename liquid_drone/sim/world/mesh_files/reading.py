# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Meshes from files, by trimesh: GLB, PLY, STL and OBJ, with one colour a face.

Vertex colours, face colours and textures become the mean colour of each face. What a file refers
to is taken from its own folder alone. Nothing here repairs a mesh.
"""

import io
import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ....arrays import FloatArray
from ....errors import ConfigError, require
from ..meshes import Mesh
from . import glb_file, obj_file, ply_file
from .beside import Beside
from .colours import face_colours
from .glb_file import GlbFile
from .limits import CHECKS, MOST_BYTES, UnusableMeshError, check_counts

MOST_COORDINATE = 1e6  # in any unit; beyond, areas lose their digits
GREY = 0.6  # of a surface without colours beside others
Z_UP = np.eye(3)
Y_UP = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])  # GLB: y up, z ahead


@dataclass(frozen=True)
class ColouredMesh:
    """A mesh with the colour of each face."""

    mesh: Mesh
    colours: FloatArray | None  # (F, 3) sRGB 0..1; None: the file brings none
    lost: tuple[str, ...] = ()  # files of its colours that are not beside it, or no pictures


def read_mesh(path: Path) -> ColouredMesh:
    """Read a mesh, x ahead and z up; a file that has not changed is read once.

    Raises:
        ConfigError: no such file, another format, too large, broken, or without a surface.
        MissingDependencyError: trimesh is not installed.

    """
    try:
        state = path.stat()
    except OSError as error:
        raise ConfigError(f'cannot read the mesh {path}: {error.strerror}') from error
    return _read(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=32)
def _read(path: Path, _changed_ns: int, size: int) -> ColouredMesh:
    kind = path.suffix.lower()
    require('trimesh', 'sim')
    try:
        if kind not in CHECKS:
            raise UnusableMeshError(f'expected one of {", ".join(CHECKS)}, got {kind or "none"}')
        if not 0 < size <= MOST_BYTES:
            raise UnusableMeshError(f'expected 1 to {MOST_BYTES} bytes, got {size}')
        data = path.read_bytes()
        CHECKS[kind](data)
        return _loaded(data, kind, Beside(path.parent))
    except UnusableMeshError as error:
        raise ConfigError(f'{path}: {error}') from error
    except Exception as error:  # parsers raise whatever a broken file leads them to
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise ConfigError(f'{path} is not a {kind[1:].upper()} mesh: {reason[0][:200]}') from error


def _loaded(data: bytes, kind: str, beside: Beside) -> ColouredMesh:
    trimesh, glb = require('trimesh', 'sim'), None
    if kind == '.obj':
        data = obj_file.prepared(data, beside)
    elif kind == '.ply':
        data = ply_file.prepared(data)
    elif kind == '.glb':
        glb = glb_file.parts_of(data)
        data = glb_file.prepared(glb)
    logging.getLogger('trimesh').setLevel(logging.CRITICAL)  # what fails is said elsewhere
    scene = trimesh.load_scene(
        io.BytesIO(data), file_type=kind[1:], resolver=beside, process=False
    )
    if glb is not None:
        glb_file.lay_pictures(scene, glb)
    return _joined(scene, glb, tuple(dict.fromkeys(beside.lost)))


def _joined(scene: Any, glb: GlbFile | None, lost: tuple[str, ...]) -> ColouredMesh:
    """Return everything in a scene as one mesh, its surfaces where the scene has them."""
    placed = [(node, *scene.graph[node]) for node in scene.graph.nodes_geometry]
    surfaces = [
        (node, np.asarray(transform, np.float64), scene.geometry[name])
        for node, transform, name in placed
        if len(getattr(scene.geometry[name], 'faces', ()))
    ]
    counts = [(len(one.vertices), len(one.faces)) for _, _, one in surfaces]
    check_counts(sum(vertices for vertices, _ in counts), sum(faces for _, faces in counts))
    found = [_surface(*surface, scene, glb) for surface in surfaces]
    if not any(len(one.mesh.faces) for one in found):
        raise UnusableMeshError('expected triangles, got none')
    first = np.cumsum([0, *(len(one.mesh.vertices) for one in found)])
    points = np.concatenate([one.mesh.vertices for one in found])
    points = points @ (Z_UP if glb is None else Y_UP).T
    faces = np.concatenate(
        [one.mesh.faces + start for one, start in zip(found, first, strict=False)]
    )
    mesh = _of_faces_alone(points, faces)
    if all(one.colours is None for one in found):
        return ColouredMesh(mesh, None, lost)
    known = [
        np.full((len(one.mesh.faces), 3), GREY) if one.colours is None else one.colours
        for one in found
    ]
    return ColouredMesh(mesh, np.concatenate(known), lost)


def _surface(
    node: str, transform: FloatArray, one: Any, scene: Any, glb: GlbFile | None
) -> ColouredMesh:
    """Return one surface in its scene, with the faces that can be seen."""
    _check_finite(np.asarray(one.vertices, np.float64), transform)
    faces = _faces(one)
    posed = None if glb is None else glb_file.posed(node, one, scene, glb)
    if posed is None:
        points = np.asarray(one.vertices, np.float64) @ transform[:3, :3].T + transform[:3, 3]
    else:
        points, transform = posed
        _check_finite(points, transform)
    if np.linalg.det(transform[:3, :3]) < 0.0:  # mirrored: counter-clockwise from outside again
        faces = faces[:, ::-1]
    colours, is_seen = face_colours(one, is_linear=glb is not None)
    mesh = Mesh(points, faces[is_seen], np.zeros((len(points), 2)))
    return ColouredMesh(mesh, None if colours is None else colours[is_seen])


def _of_faces_alone(points: FloatArray, faces: Any) -> Mesh:
    """Return a mesh without the vertices that no face has: they would count for its height."""
    used, again = np.unique(faces, return_inverse=True)
    return Mesh(points[used], again.reshape(faces.shape), np.zeros((len(used), 2)))


def _check_finite(*several: FloatArray) -> None:
    for numbers in several:
        if not (np.abs(numbers) <= MOST_COORDINATE).all():  # not a number, too
            raise UnusableMeshError(
                f'expected finite coordinates up to {MOST_COORDINATE:g}, got others'
            )


def _faces(one: Any) -> Any:
    """Return the faces (F, 3) of a surface.

    Raises:
        UnusableMeshError: they name vertices that there are not.

    """
    faces = np.asarray(one.faces, np.int64)
    if not 0 <= faces.min() <= faces.max() < len(one.vertices):
        raise UnusableMeshError(f'expected faces of its {len(one.vertices)} vertices, got others')
    return faces
