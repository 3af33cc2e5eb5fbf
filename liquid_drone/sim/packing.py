# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""From a scenery to the arrays that a graphics card draws, and which of them one camera needs.

Every model's levels lie behind each other in one vertex and one index array; every copy is one
row of an instance array. For each picture :meth:`Packed.visible` drops what is outside of the
view and picks levels of detail. numpy only.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .meshes import Mesh
from .scenery import Actor, Batch, Ground, Material, Model, Piece, Scenery

FloatArray = npt.NDArray[np.float64]
VERTEX = np.dtype([('position', '<f4', 3), ('normal', '<f4', 3), ('colour', 'u1', 4)])
INSTANCE_FLOATS = 16  # three rows of an affine transform, then tint and owner
COMMAND = np.dtype(
    [('count', '<u4'), ('copies', '<u4'), ('first', '<u4'), ('base', '<i4'), ('offset', '<u4')]
)
CREASE_COS = math.cos(math.radians(50.0))  # sharper edges between two faces stay sharp
UNTINTED = 128  # added to the material's number
GROUND_CELL_M = 12.0
KINDS = ('solid', 'facade', 'leaves', 'ground')  # one shader each
KIND_OF = {
    Material.LEAVES: 'leaves',
    Material.GROUND: 'ground',
    Material.BRICK: 'facade',
    Material.WINDOWS: 'facade',
    Material.GLASS: 'facade',
}


@dataclass(frozen=True)
class Packed:
    """A scenery's static part: N copies of M models in L levels, drawn by K shaders."""

    vertices: npt.NDArray[np.void]  # (V,) VERTEX
    indices: npt.NDArray[np.uint32]  # (I,)
    first: npt.NDArray[np.uint32]  # (M, L, K): where a level's faces of each kind begin
    count: npt.NDArray[np.uint32]  # (M, L, K): how many indices they are
    reach_m: FloatArray  # (M, L): a level is used up to here; the last has no end
    model: npt.NDArray[np.int64]  # (N,)
    instances: npt.NDArray[np.float32]  # (N, 16)
    centre: FloatArray  # (N, 3) of the bounding sphere
    radius: FloatArray  # (N,)

    def visible(
        self, eye: FloatArray, planes: FloatArray | None
    ) -> tuple[npt.NDArray[np.float32], tuple[npt.NDArray[np.void], ...]]:
        """Return the copies that a view needs and one list of draw commands for each kind.

        Args:
            eye: (3,) where the levels of detail are measured from.
            planes: (P, 4) inward planes ``n.x + d >= 0`` of the view; None keeps everything.

        """
        distance = np.linalg.norm(self.centre - eye, axis=1)
        keep: npt.NDArray[np.bool_] = np.ones(len(self.model), dtype=bool)
        if planes is not None:
            inside = self.centre @ planes[:, :3].T + planes[:, 3]  # (N, P)
            keep = np.all(inside > -self.radius[:, None], axis=1)
        model = self.model[keep]
        beyond = distance[keep, None] - self.radius[keep, None] > self.reach_m[model]
        level = np.minimum(beyond.sum(axis=1), self.reach_m.shape[1] - 1)
        slot = model * self.reach_m.shape[1] + level
        nearest = np.lexsort((distance[keep], slot))
        copies = np.bincount(slot, minlength=self.first[..., 0].size)
        return self.instances[keep][nearest], self._commands(copies)

    def _commands(self, copies: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.void], ...]:
        offset = np.concatenate([[0], np.cumsum(copies)[:-1]])
        lists = []
        for kind in range(len(KINDS)):
            count = self.count[..., kind].ravel()
            drawn = np.flatnonzero((copies > 0) & (count > 0))
            commands = np.zeros(len(drawn), dtype=COMMAND)
            commands['count'] = count[drawn]
            commands['copies'] = copies[drawn]
            commands['first'] = self.first[..., kind].ravel()[drawn]
            commands['offset'] = offset[drawn]
            lists.append(commands)
        return tuple(lists)


def pack(scenery: Scenery) -> Packed:
    """Lay a scenery out for drawing."""
    ground = [_ground_batch(part) for part in _split(scenery.ground)]
    batches = [batch for batch in (*scenery.batches, *ground) if len(batch.yaw)]
    models = {id(batch.model): batch.model for batch in batches}
    number = {key: i for i, key in enumerate(models)}
    layout = lay_out(list(models.values()))
    instances = [instance_rows(batch) for batch in batches]
    spheres = [_spheres(batch) for batch in batches]
    return Packed(
        *layout,
        model=np.concatenate([np.full(len(b.yaw), number[id(b.model)]) for b in batches]),
        instances=np.concatenate(instances),
        centre=np.concatenate([centre for centre, _ in spheres]),
        radius=np.concatenate([radius for _, radius in spheres]),
    )


def pack_actors(actors: Sequence[Actor]) -> Packed:
    """Lay the parts of actors out, each a copy of its own; poses come with each picture."""
    models = [Model(actor.name, (part,)) for actor in actors for part in actor.parts]
    owners = [float(actor.is_target) for actor in actors for _ in actor.parts]
    count = len(models)
    instances = np.zeros((count, INSTANCE_FLOATS), dtype=np.float32)
    instances[:, 12:15] = 1.0
    instances[:, 15] = owners
    layout = lay_out(models)
    return Packed(
        *layout,
        model=np.arange(count),
        instances=instances,
        centre=np.zeros((count, 3)),
        radius=np.full(count, np.inf),
    )


Layout = tuple[
    npt.NDArray[np.void],
    npt.NDArray[np.uint32],
    npt.NDArray[np.uint32],
    npt.NDArray[np.uint32],
    FloatArray,
]


def lay_out(models: list[Model]) -> Layout:
    """Put the faces of all levels of M models behind each other; shapes as in :class:`Packed`."""
    deepest = max((len(model.levels) for model in models), default=1)
    shape = (len(models), deepest, len(KINDS))
    first, count = np.zeros(shape, np.uint32), np.zeros(shape, np.uint32)
    reach_m = np.full((len(models), deepest), np.inf)
    vertices: list[npt.NDArray[np.void]] = [np.zeros(0, VERTEX)]
    indices: list[npt.NDArray[np.uint32]] = [np.zeros(0, np.uint32)]
    vertex_count = index_count = 0
    for m, model in enumerate(models):
        reach_m[m, : len(model.reach_m)] = model.reach_m
        for lev, pieces in enumerate(model.levels):
            for kind, name in enumerate(KINDS):
                first[m, lev, kind] = index_count
                for piece in (
                    piece for piece in pieces if KIND_OF.get(piece.material, 'solid') == name
                ):
                    corners, faces = shaded(piece)
                    vertices.append(corners)
                    indices.append(faces.ravel() + np.uint32(vertex_count))
                    vertex_count += len(corners)
                    index_count += faces.size
                count[m, lev, kind] = index_count - first[m, lev, kind]
    return np.concatenate(vertices), np.concatenate(indices), first, count, reach_m


def _of_kind(pieces: Sequence[Piece], kind: str) -> list[Piece]:
    return [piece for piece in pieces if KIND_OF.get(piece.material, 'solid') == kind]


def shaded(piece: Piece) -> tuple[npt.NDArray[np.void], npt.NDArray[np.uint32]]:
    """Return vertices with normals, and faces (F, 3); only soft edges share their vertices."""
    normals = corner_normals(piece.mesh)
    places = piece.mesh.vertices[piece.mesh.faces].reshape(-1, 3)
    rows = np.concatenate([places, normals], axis=1).astype(np.float32)
    unique, index = np.unique(np.round(rows, 4), axis=0, return_inverse=True)
    vertices = np.zeros(len(unique), VERTEX)
    vertices['position'], vertices['normal'] = unique[:, :3], unique[:, 3:]
    colour = np.clip(np.round(np.array(piece.colour) * 255.0), 0, 255)
    vertices['colour'] = [*colour, int(piece.material) + (0 if piece.tinted else UNTINTED)]
    return vertices, index.reshape(-1, 3).astype(np.uint32)


def corner_normals(mesh: Mesh) -> FloatArray:
    """Return a unit normal for each corner (3 F, 3), smooth but for creases."""
    corners = mesh.vertices[mesh.faces]  # (F, 3, 3)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    unit = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    _, spot = np.unique(np.round(corners.reshape(-1, 3), 4), axis=0, return_inverse=True)
    spot = spot.ravel()  # (3 F,) which place each corner is at
    order = np.argsort(spot, kind='stable')
    start = np.searchsorted(spot[order], np.arange(spot.max(initial=-1) + 2))
    result = np.empty((len(spot), 3))
    for here in range(len(start) - 1):
        members = order[start[here] : start[here + 1]]
        faces = members // 3
        near = unit[faces] @ unit[faces].T > CREASE_COS  # (k, k)
        result[members] = near @ normal[faces]
    size = np.linalg.norm(result, axis=1, keepdims=True)
    return np.where(size > 1e-12, result / np.maximum(size, 1e-12), [0.0, 0.0, 1.0])


def instance_rows(batch: Batch) -> npt.NDArray[np.float32]:
    """Return one row (16,) for each copy: turned by yaw, scaled along its own axes, moved."""
    c, s, scale = np.cos(batch.yaw), np.sin(batch.yaw), batch.scale
    rows = np.zeros((len(c), INSTANCE_FLOATS), dtype=np.float32)
    rows[:, 0], rows[:, 1] = c * scale[:, 0], -s * scale[:, 1]
    rows[:, 4], rows[:, 5] = s * scale[:, 0], c * scale[:, 1]
    rows[:, 10] = scale[:, 2]
    rows[:, 3:12:4] = batch.position
    rows[:, 12:15] = batch.tint
    return rows


def _spheres(batch: Batch) -> tuple[FloatArray, FloatArray]:
    """Return centre (N, 3) and radius (N,) of what each copy fills."""
    points = np.concatenate([p.mesh.vertices for level in batch.model.levels for p in level])
    middle = (points.min(axis=0) + points.max(axis=0)) / 2.0
    radius = float(np.linalg.norm(points - middle, axis=1).max(initial=0.0))
    rows = instance_rows(batch).astype(np.float64)
    matrix = rows[:, :12].reshape(-1, 3, 4)
    centre = matrix[:, :, :3] @ middle + matrix[:, :, 3]
    return centre, radius * batch.scale.max(axis=1)


def _split(ground: Ground) -> list[Mesh]:
    """Cut the ground into cells, so that what is behind the camera is not drawn."""
    mesh = ground.mesh
    middle = mesh.vertices[mesh.faces][:, :, :2].mean(axis=1)
    cell = np.floor(middle / GROUND_CELL_M).astype(np.int64)
    _, group = np.unique(cell, axis=0, return_inverse=True)
    return [
        Mesh(mesh.vertices, mesh.faces[group.ravel() == k], mesh.uv)
        for k in range(int(group.max(initial=-1)) + 1)
    ]


def _ground_batch(mesh: Mesh) -> Batch:
    used, faces = np.unique(mesh.faces, return_inverse=True)
    part = Mesh(mesh.vertices[used], faces.reshape(-1, 3), mesh.uv[used])
    piece = Piece(part, (1.0, 1.0, 1.0), Material.GROUND)
    return Batch(
        Model('ground', ((piece,),)),
        np.zeros((1, 3)),
        np.zeros(1),
        np.ones((1, 3)),
        np.ones((1, 3)),
    )


def ground_map(ground: Ground) -> tuple[float, float, float, float]:
    """Return (a, b, c, d) with u = a x + c and v = b y + d, from the mesh's own uv."""
    xy, uv = ground.mesh.vertices[:, :2], ground.mesh.uv
    low, high = xy.argmin(axis=0), xy.argmax(axis=0)
    a, b = ((uv[high[k], k] - uv[low[k], k]) / (xy[high[k], k] - xy[low[k], k]) for k in range(2))
    return (
        float(a),
        float(b),
        float(uv[low[0], 0] - a * xy[low[0], 0]),
        float(uv[low[1], 1] - b * xy[low[1], 1]),
    )
