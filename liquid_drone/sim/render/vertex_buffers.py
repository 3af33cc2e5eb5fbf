# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""From a scenery to the arrays that a graphics card draws, and which of them one camera needs.

Everything that never moves lies in one array of vertices in the world's frame, each copy of each
model in all its levels of detail. For each picture :meth:`Copies.visible` drops what is outside
of the view, picks levels and gives one list of commands for each kind of surface, nearest first:
a whole forest is three draw calls. numpy only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from ...arrays import BoolArray, FloatArray, IndexArray
from ..world.meshes import Mesh
from ..world.scenery import Actor, Ground, Material, Model, ModelBatch, Piece, Scenery
from .draw_list import COMMAND, DrawList, listed
from .normals import VERTEX, shade

NO_INDICES = np.zeros(0, np.uint32)
TARGET_FLAG = 128  # added to the material's number
GROUND_CELL_M = 12.0
# One shader each, in the order in which they are drawn: what hides most comes first.
KINDS = ('facade', 'glass', 'leaves', 'solid', 'ground')
KIND_OF = {
    Material.LEAVES: 'leaves',
    Material.GROUND: 'ground',
    Material.BRICK: 'facade',
    Material.CONCRETE: 'facade',
    Material.WINDOWS: 'glass',
    Material.GLASS: 'glass',
}


@dataclass(frozen=True)
class Copies:
    """Which faces the N copies have in up to L levels of detail and K kinds, and how far."""

    commands: npt.NDArray[np.void]  # (N, L, K) COMMAND: that draw them
    reach_m: FloatArray  # (N, L): a level is used up to here; the last has no end
    centre: FloatArray  # (N, 3) of the bounding sphere
    radius: FloatArray  # (N,)

    def visible(
        self, viewpoint: FloatArray, planes: FloatArray | None, detail: float = 1.0
    ) -> DrawList:
        """Return what to draw, nearest first.

        Args:
            viewpoint: (3,) where the levels of detail are measured from.
            planes: (P, 4) inward planes ``n.x + d >= 0`` of the view; None keeps everything.
            detail: factor on the reach of the levels.

        """
        kept = np.arange(len(self.radius))
        if planes is not None:
            inside = planes[:, :3] @ self._centres + planes[:, 3:] + self.radius  # (P, N)
            kept = np.flatnonzero(inside.min(axis=0) > 0.0)
        x, y, z = self._centres[:, kept] - viewpoint[:, None]
        gap = np.sqrt(x * x + y * y + z * z) - self.radius[kept]
        order = np.argsort(gap, kind='stable')
        kept, gap = kept[order], gap[order]
        level = (gap > detail * self._reaches[:, kept]).sum(axis=0)
        return listed(self.commands[kept, level])

    def finest(self) -> DrawList:
        """Return what draws the finest level of everything."""
        return listed(self.commands[:, 0])

    @cached_property
    def _centres(self) -> FloatArray:
        return np.ascontiguousarray(self.centre.T)

    @cached_property
    def _reaches(self) -> FloatArray:
        return np.ascontiguousarray(self.reach_m[:, :-1].T)


@dataclass(frozen=True)
class Packed:
    """A scenery's static part, drawn by K shaders."""

    vertices: npt.NDArray[np.void]  # (V,) VERTEX, world ENU
    faces: IndexArray  # (F, 3)
    copies: Copies


@dataclass(frozen=True)
class PackedActors:
    """What moves: vertices in the frames of their P parts."""

    vertices: npt.NDArray[np.void]  # (V,) VERTEX
    part: npt.NDArray[np.uint32]  # (V,) which pose moves it
    indices: tuple[tuple[IndexArray, ...], ...]  # for each kind, of each part
    radius: FloatArray  # (P,) of each part, about its own origin

    def visible(self, poses: FloatArray, planes: FloatArray) -> BoolArray:
        """Return which parts (P,) are in the view.

        Args:
            poses: (P, 4, 4) of the parts.
            planes: (K, 4) inward planes of the view.

        """
        inside = planes @ poses[:, :, 3].T + self.radius  # (K, P)
        seen: BoolArray = inside.min(axis=0) > 0.0
        return seen

    def beside(self, poses: FloatArray, beside_m: float) -> BoolArray:
        """Return which parts (P,) are so near the first, along each axis of the ground."""
        away = np.abs(poses[:, :2, 3] - poses[0, :2, 3])
        near: BoolArray = np.maximum(away[:, 0], away[:, 1]) < self.radius + beside_m
        return near

    def chosen(self, kept: BoolArray) -> list[IndexArray]:
        """Return the indices of each kind of some parts (P,)."""
        numbers = np.flatnonzero(kept).tolist()
        return [
            np.concatenate([NO_INDICES, *(of_part[number] for number in numbers)])
            for of_part in self.indices
        ]


def pack(scenery: Scenery) -> Packed:
    """Lay a scenery out for drawing."""
    batches = [batch for batch in (*scenery.batches, *_cells(scenery.ground)) if len(batch.yaw)]
    shapes = _shade_models([batch.model for batch in batches])
    deepest = max(len(batch.model.levels) for batch in batches)
    parts = _Parts(deepest)
    for batch in batches:
        parts.add(batch, shapes[id(batch.model)])
    return parts.joined()


def pack_actors(actors: Sequence[Actor]) -> PackedActors:
    """Lay the parts of actors out, each in its own frame."""
    pieces = [
        (part, piece, actor.is_target)
        for part, (actor, pieces) in enumerate(
            (actor, pieces) for actor in actors for pieces in actor.parts
        )
        for piece in pieces
    ]
    shapes = shade([piece for _, piece, _ in pieces])
    offset, found = 0, []
    count = sum(len(actor.parts) for actor in actors)
    indices = [[NO_INDICES] * count for _ in KINDS]
    for (part, piece, is_target), (vertices, faces) in zip(pieces, shapes, strict=True):
        vertices['colour'][:, 3] += TARGET_FLAG * is_target
        of_part = indices[KINDS.index(kind_of(piece))]
        of_part[part] = np.concatenate([of_part[part], faces.ravel() + np.uint32(offset)])
        offset += len(vertices)
        found.append(vertices)
    numbers = [number for number, _, _ in pieces]
    return PackedActors(
        np.concatenate([np.zeros(0, VERTEX), *found]),
        np.repeat(np.array(numbers, np.uint32), [len(vertices) for vertices in found]),
        tuple(tuple(of_part) for of_part in indices),
        np.array([_reach(part) for actor in actors for part in actor.parts]),
    )


def _reach(pieces: Sequence[Piece]) -> float:
    """Return how far the furthest vertex of a part is from its origin."""
    return max(float(np.linalg.norm(piece.mesh.vertices, axis=1).max()) for piece in pieces)


def kind_of(piece: Piece) -> str:
    """Return which of the shaders draws a piece."""
    return KIND_OF.get(piece.material, 'solid')


Shape = tuple[npt.NDArray[np.void], IndexArray]  # vertices (V,), faces (F, 3)
LevelShapes = dict[str, tuple[Shape, npt.NDArray[np.bool_]]]  # by kind, with who takes the tint


def _shade_models(models: list[Model]) -> dict[int, list[LevelShapes]]:
    """Return the shaded faces of each level of each model, by ``id`` of the model."""
    unique = list({id(model): model for model in models}.values())
    pieces = [piece for model in unique for level in model.levels for piece in level]
    shapes = iter(shade(pieces))
    return {
        id(model): [_joined(level, [next(shapes) for _ in level]) for level in model.levels]
        for model in unique
    }


def _joined(pieces: Sequence[Piece], shapes: list[Shape]) -> LevelShapes:
    joined: LevelShapes = {}
    for kind in KINDS:
        chosen = [i for i, piece in enumerate(pieces) if kind_of(piece) == kind]
        if not chosen:
            continue
        sizes = [len(shapes[i][0]) for i in chosen]
        starts = [0, *accumulate(sizes)][:-1]
        faces = [shapes[i][1] + np.uint32(start) for i, start in zip(chosen, starts, strict=True)]
        vertices = np.concatenate([shapes[i][0] for i in chosen])
        tinted = np.repeat([pieces[i].tinted for i in chosen], sizes)
        joined[kind] = (vertices, np.concatenate(faces)), tinted
    return joined


class _Parts:
    """Collects copies; only :func:`pack` uses it."""

    def __init__(self, deepest: int) -> None:
        self._deepest = deepest
        self._vertices: list[npt.NDArray[np.void]] = []
        self._faces: list[IndexArray] = []
        self._vertex_count = self._face_count = 0
        self._commands: list[npt.NDArray[np.void]] = []
        self._bounds: list[tuple[FloatArray, FloatArray, FloatArray]] = []

    def add(self, batch: ModelBatch, levels: list[LevelShapes]) -> None:
        """Copy all levels of a batch into the world."""
        copies = len(batch.yaw)
        commands = np.zeros((copies, self._deepest, len(KINDS)), COMMAND)
        commands['instances'] = 1
        for level, shapes in enumerate(levels):
            for kind, ((vertices, faces), tinted) in shapes.items():
                k, size = KINDS.index(kind), len(faces)
                commands['first'][:, level, k] = 3 * (self._face_count + np.arange(copies) * size)
                commands['count'][:, level, k] = 3 * size
                self._vertices.append(_placed(batch, vertices, tinted).ravel())
                base = self._vertex_count + np.arange(copies) * len(vertices)
                placed = base[:, None, None] + faces
                self._faces.append(placed.reshape(-1, 3).astype(np.uint32))
                self._vertex_count += copies * len(vertices)
                self._face_count += copies * size
        reach_m = np.full((copies, self._deepest), np.inf)
        reach_m[:, : len(levels) - 1] = batch.model.reach_m
        self._commands.append(commands)
        self._bounds.append((reach_m, *_spheres(batch)))

    def joined(self) -> Packed:
        """Return everything that was added."""
        bounds = (np.concatenate(c) for c in zip(*self._bounds, strict=True))
        vertices, faces = np.concatenate(self._vertices), np.concatenate(self._faces)
        return Packed(vertices, faces, Copies(np.concatenate(self._commands), *bounds))


def _placed(
    batch: ModelBatch, vertices: npt.NDArray[np.void], tinted: npt.NDArray[np.bool_]
) -> npt.NDArray[np.void]:
    """Return copies (N, V) of vertices: scaled along their own axes, turned by yaw, moved."""
    placed = np.empty((len(batch.yaw), len(vertices)), VERTEX)
    c, s = (f(batch.yaw).astype(np.float32)[:, None] for f in (np.cos, np.sin))
    scale = batch.scale.astype(np.float32)[:, None, :]
    for name, local in (
        ('position', vertices['position'] * scale),
        ('normal', vertices['normal'] / scale),
    ):
        x, y = local[..., 0], local[..., 1]
        placed[name][..., 0], placed[name][..., 1] = c * x - s * y, s * x + c * y
        placed[name][..., 2] = local[..., 2]
    placed['position'] += batch.position.astype(np.float32)[:, None, :]
    tint = np.where(tinted[None, :, None], batch.tint[:, None, :], 1.0)
    placed['colour'][..., :3] = np.clip(np.round(vertices['colour'][:, :3] * tint), 0, 255)
    placed['colour'][..., 3] = vertices['colour'][:, 3]
    return placed


def _spheres(batch: ModelBatch) -> tuple[FloatArray, FloatArray]:
    """Return centre (N, 3) and radius (N,) of what each copy fills."""
    points = np.concatenate([p.mesh.vertices for level in batch.model.levels for p in level])
    middle = (points.min(axis=0) + points.max(axis=0)) / 2.0
    radius = float(np.linalg.norm(points - middle, axis=1).max(initial=0.0))
    x, y, z = (batch.scale * middle).T
    c, s = np.cos(batch.yaw), np.sin(batch.yaw)
    centre = batch.position + np.column_stack([c * x - s * y, s * x + c * y, z])
    return centre, radius * batch.scale.max(axis=1)


def _cells(ground: Ground) -> list[ModelBatch]:
    """Cut the ground into cells, so that what is behind the camera is not drawn."""
    mesh, one = ground.mesh, np.ones((1, 3))
    middle = mesh.vertices[mesh.faces][:, :, :2].mean(axis=1)
    cell = np.floor(middle / GROUND_CELL_M).astype(np.int64)
    _, group = np.unique(cell, axis=0, return_inverse=True)
    batches = []
    for k in range(int(group.max(initial=-1)) + 1):
        used, faces = np.unique(mesh.faces[group.ravel() == k], return_inverse=True)
        part = Mesh(mesh.vertices[used], faces.reshape(-1, 3), mesh.uv[used])
        model = Model('ground', ((Piece(part, (1.0, 1.0, 1.0), Material.GROUND),),))
        batches.append(ModelBatch(model, np.zeros((1, 3)), np.zeros(1), one, one))
    return batches


def ground_map(ground: Ground) -> tuple[float, float, float, float]:
    """Return (a, b, c, d) with u = a x + c and v = b y + d, from the mesh's own uv."""
    xy, uv = ground.mesh.vertices[:, :2], ground.mesh.uv
    low, high = xy.argmin(axis=0), xy.argmax(axis=0)
    a, b = ((uv[high[k], k] - uv[low[k], k]) / (xy[high[k], k] - xy[low[k], k]) for k in range(2))
    c, d = uv[low[0], 0] - a * xy[low[0], 0], uv[low[1], 1] - b * xy[low[1], 1]
    return float(a), float(b), float(c), float(d)
