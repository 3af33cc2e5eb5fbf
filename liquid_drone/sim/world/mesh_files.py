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

from ...arrays import FloatArray
from ...errors import ConfigError, require
from .mesh_limits import CHECKS, MOST_BYTES, UnusableMeshError, check_counts
from .meshes import Mesh

MOST_PIXELS = 4096 * 4096  # of a texture
MOST_COORDINATE = 1e6  # in any unit; beyond, areas lose their digits
GREY = 0.6  # of a surface without colours beside others
NO_COLOUR = [102, 102, 102, 255]  # what trimesh gives a material that names none
NO_PICTURE = bytes([100, 100, 100, 255] * 4)  # likewise for a picture that is not there
Z_UP = np.eye(3)
Y_UP = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])  # GLB: y up, z ahead
SAMPLES = np.array(  # barycentric: where a texture is read on each face
    [(1, 1, 1), (4, 1, 1), (1, 4, 1), (1, 1, 4), (4, 4, 1), (4, 1, 4), (1, 4, 4)], np.float64
)
SAMPLES /= SAMPLES.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class ColouredMesh:
    """A mesh with the colour of each face."""

    mesh: Mesh
    colours: FloatArray | None  # (F, 3) sRGB 0..1; None: the file brings none


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
    kind, trimesh = path.suffix.lower(), require('trimesh', 'sim')
    try:
        if kind not in CHECKS:
            raise UnusableMeshError(f'expected one of {", ".join(CHECKS)}, got {kind or "none"}')
        if not 0 < size <= MOST_BYTES:
            raise UnusableMeshError(f'expected 1 to {MOST_BYTES} bytes, got {size}')
        data = path.read_bytes()
        CHECKS[kind](data)
        if kind == '.obj':  # in any encoding: comments and names only
            data = data.decode('utf-8', 'replace').encode()
        logging.getLogger('trimesh').setLevel(logging.CRITICAL)  # what fails is said below
        scene = trimesh.load_scene(
            io.BytesIO(data), file_type=kind[1:], resolver=Beside(path.parent), process=False
        )
        is_gltf = kind == '.glb'
        return _joined(scene, Y_UP if is_gltf else Z_UP, is_linear=is_gltf)
    except UnusableMeshError as error:
        raise ConfigError(f'{path}: {error}') from error
    except Exception as error:  # parsers raise whatever a broken file leads them to
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise ConfigError(f'{path} is not a {kind[1:].upper()} mesh: {reason[0][:200]}') from error


class Beside:
    """Finds the materials and pictures that a mesh names: in its own folder alone, bounded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> bytes:
        """Return what :meth:`get` does: trimesh uses both."""
        return self.get(name)

    def get(self, name: str) -> bytes:
        """Return the content of a file, whatever folder its name begins with.

        Raises:
            KeyError: there is none, as trimesh expects.

        """
        file = self._folder / Path(name.replace('\\', '/').strip()).name
        if not file.is_file():
            raise KeyError(name)
        if file.stat().st_size > MOST_BYTES:
            raise UnusableMeshError(f'expected at most {MOST_BYTES} bytes in {file.name}')
        return file.read_bytes()


def _joined(scene: Any, axes: FloatArray, is_linear: bool) -> ColouredMesh:
    """Return everything in a scene as one mesh, its surfaces where the scene has them."""
    placed = [scene.graph[node] for node in scene.graph.nodes_geometry]
    surfaces = [
        (np.asarray(transform, np.float64), scene.geometry[name])
        for transform, name in placed
        if len(getattr(scene.geometry[name], 'faces', ()))
    ]
    counts = [(len(one.vertices), len(one.faces)) for _, one in surfaces]
    check_counts(sum(vertices for vertices, _ in counts), sum(faces for _, faces in counts))
    if not surfaces:
        raise UnusableMeshError('expected triangles, got none')
    first = np.cumsum([0, *(vertices for vertices, _ in counts)])
    points = np.concatenate([_points(one, transform) for transform, one in surfaces]) @ axes.T
    faces = [
        _faces(one, transform) + start
        for (transform, one), start in zip(surfaces, first, strict=False)
    ]
    mesh = Mesh(points, np.concatenate(faces), np.zeros((len(points), 2)))
    colours = [_face_colours(one, is_linear) for _, one in surfaces]
    if all(some is None for some in colours):
        return ColouredMesh(mesh, None)
    known = [
        np.full((count, 3), GREY) if some is None else some
        for some, (_, count) in zip(colours, counts, strict=True)
    ]
    return ColouredMesh(mesh, np.concatenate(known))


def _points(one: Any, transform: FloatArray) -> FloatArray:
    """Return the vertices (V, 3) of a surface in its scene.

    Raises:
        UnusableMeshError: some are nowhere.

    """
    for numbers in (np.asarray(one.vertices, np.float64), transform):
        if not (np.abs(numbers) <= MOST_COORDINATE).all():  # not a number, too
            raise UnusableMeshError(
                f'expected finite coordinates up to {MOST_COORDINATE:g}, got others'
            )
    points: FloatArray = np.asarray(one.vertices, np.float64) @ transform[:3, :3].T
    return points + transform[:3, 3]


def _faces(one: Any, transform: FloatArray) -> Any:
    """Return the faces (F, 3) of a surface, counter-clockwise from outside if it is mirrored.

    Raises:
        UnusableMeshError: they name vertices that there are not.

    """
    faces = np.asarray(one.faces, np.int64)
    if not 0 <= faces.min() <= faces.max() < len(one.vertices):
        raise UnusableMeshError(f'expected faces of its {len(one.vertices)} vertices, got others')
    return faces[:, ::-1] if np.linalg.det(transform[:3, :3]) < 0.0 else faces


def _face_colours(one: Any, is_linear: bool) -> FloatArray | None:
    """Return the mean colour (F, 3) of each face, sRGB 0..1; None: the mesh has none."""
    material = getattr(one.visual, 'material', None)
    if material is not None:
        return _material_colours(one, material, is_linear)
    if one.visual.kind == 'face':
        colours = np.asarray(one.visual.face_colors, np.float64)[:, :3] / 255.0
    elif one.visual.kind == 'vertex':
        at_vertices = np.asarray(one.visual.vertex_colors, np.float64)[:, :3] / 255.0
        colours = at_vertices[one.faces].mean(axis=1)
    else:
        return None
    return _to_srgb(colours) if is_linear else colours


def _material_colours(one: Any, material: Any, is_linear: bool) -> FloatArray | None:
    """Return the colours (F, 3) of a material: of a GLB its picture times its factor.

    Of an OBJ the picture alone where there is one, as Blender reads it.
    """
    picture = getattr(material, 'baseColorTexture', None) or getattr(material, 'image', None)
    if picture is not None and picture.size == (2, 2) and picture.tobytes() == NO_PICTURE:
        picture = None
    factor, uv = getattr(material, 'baseColorFactor', None), getattr(one.visual, 'uv', None)
    if factor is None and picture is None and material.main_color.tolist() != NO_COLOUR:
        factor = material.main_color
    if picture is None and factor is None:
        return None
    linear = np.ones((len(one.faces), 3))
    if factor is not None:
        shade = np.asarray(factor, np.float64)[:3] / 255.0
        linear *= shade if is_linear else _to_linear(shade)
    if picture is not None and uv is not None:
        linear *= _to_linear(_sampled(picture, np.asarray(uv, np.float64)[one.faces]))
    return _to_srgb(linear)


def _sampled(picture: Any, corners: FloatArray) -> FloatArray:
    """Return the mean colour (F, 3) of a picture on faces whose corners (F, 3, 2) lie in it."""
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise UnusableMeshError(
            f'expected a texture of at most {MOST_PIXELS} pixels, got {width}x{height}'
        )
    pixels = np.asarray(picture.convert('RGB'))
    at = np.einsum('sk,fkc->fsc', SAMPLES, np.nan_to_num(corners)) % 1.0
    columns = np.minimum((at[..., 0] * width).astype(np.int64), width - 1)
    rows = np.minimum(((1.0 - at[..., 1]) * height).astype(np.int64), height - 1)
    mean: FloatArray = (pixels[rows, columns] / 255.0).mean(axis=1)
    return mean


def _to_linear(srgb: FloatArray) -> FloatArray:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _to_srgb(linear: FloatArray) -> FloatArray:
    rooted = 1.055 * np.maximum(linear, 0.0) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, 12.92 * linear, rooted)
