# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Build a layout in PyBullet: what one bumps into, and for TinyRenderer what one sees.

A renderer that draws the scenery itself needs no visual shapes: they are left out, and a place is
built in milliseconds. Nothing here moves anything.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ...arrays import FloatArray
from ...geometry import quaternion_from_euler
from ...streams import Stream, stream
from ..scenario.scenario import Scenario
from ..scenario.target import Target
from ..world import textures
from ..world.layout import Layout
from ..world.meshes import Mesh, merge
from ..world.scenery import Actor, ModelBatch, Piece, Solid

HIDDEN = -1  # PyBullet's "no shape"
TOGETHER = 16  # shapes in one body: PyBullet ignores more, silently
SHADES = 12  # of each colour channel, in TinyRenderer's groups
LEVEL = 1  # of detail, in TinyRenderer's pictures
SNOW = (0.93, 0.95, 0.98)
Groups = dict[tuple[int, ...], list[Mesh]]


@dataclass(frozen=True)
class CollisionBodies:
    """PyBullet body numbers of what was built."""

    ground: int
    drone: int
    bodies: tuple[int, ...]  # what others collide with: the target, then each distractor
    parts: tuple[tuple[int, ...], ...]  # what one sees of them; empty without visual shapes
    boxes: dict[int, FloatArray]  # (K, 2, 3) around each solid of a body that holds several

    @property
    def target_parts(self) -> tuple[int, ...]:
        """Return what counts as the target in the mask."""
        return self.parts[0] if self.parts else ()


class CollisionBodiesBuilder:
    """Build one scene in a physics client; holds only what building needs."""

    def __init__(
        self, pybullet: Any, client: int, scenario: Scenario, layout: Layout, visible: bool = True
    ) -> None:
        """Keep what is needed; ``visible``: make visual shapes, for TinyRenderer."""
        self._p, self._client = pybullet, client
        self._scenario, self._layout, self._visible = scenario, layout, visible
        self._rng = stream(layout.seed, Stream.TINY_TEXTURES)

    def build(self) -> CollisionBodies:
        """Create every body and return their numbers."""
        ground = self._collide_ground()
        solids = self._layout.scenery.solids
        boxes = {}
        for first in range(0, len(solids), TOGETHER):
            some = solids[first : first + TOGETHER]
            boxes[self._collide(some)] = np.array([bounds(solid) for solid in some])
        moving = self._layout.actors
        bodies = tuple(self._collide_target(each.target) for each in moving)
        parts: tuple[tuple[int, ...], ...] = ()
        if self._visible:
            with tempfile.TemporaryDirectory() as folder:
                self._show_ground(Path(folder))
                self._show_things(Path(folder))
            parts = tuple(self._show_actor(each.actor) for each in moving)
        return CollisionBodies(ground, self._make_drone(), bodies, parts, boxes)

    # what one sees

    def _show_ground(self, folder: Path) -> None:
        ground = self._layout.scenery.ground
        self._show(ground.mesh, _save(ground.picture, folder / 'ground.png'))

    def _show_things(self, folder: Path) -> None:
        groups: Groups = {}
        for batch in self._layout.scenery.batches:
            levels = batch.model.levels
            for piece in levels[min(LEVEL, len(levels) - 1)] or levels[0]:
                self._sort_in(groups, batch, piece)
        for number, (shade, meshes) in enumerate(groups.items()):
            colour = (np.array(shade[:3]) + 0.5) / SHADES
            picture = textures.foliage(self._rng, np.minimum(colour, 1.0))
            self._show(merge(meshes), _save(picture, folder / f'{number}.png'))

    def _sort_in(self, groups: Groups, batch: ModelBatch, piece: Piece) -> None:
        """Add the copies of a piece to the groups of their colours; snow lies on what looks up."""
        tint = batch.tint if piece.tinted else np.ones((len(batch.yaw), 3))
        shades = np.floor(np.clip(tint * piece.colour, 0.0, 0.999) * SHADES).astype(int)
        snow = self._layout.scenery.air.snow
        top = _looks_up(piece.mesh) if snow > 0.0 else np.zeros(len(piece.mesh.faces), bool)
        for shade in np.unique(shades, axis=0):
            chosen = np.flatnonzero((shades == shade).all(axis=1))
            white = np.floor((1.0 - snow) * shade + snow * np.array(SNOW) * SHADES).astype(int)
            for faces, key in ((piece.mesh.faces[~top], shade), (piece.mesh.faces[top], white)):
                if len(faces):
                    mesh = Mesh(piece.mesh.vertices, faces, piece.mesh.vertices[:, 1:] * 0.3)
                    groups.setdefault(tuple(key.tolist()), []).append(copies(mesh, batch, chosen))

    def _show(self, mesh: Mesh, texture: str) -> None:
        p, client = self._p, self._client
        shape = p.createVisualShape(
            p.GEOM_MESH,
            vertices=mesh.vertices.tolist(),
            indices=mesh.faces.ravel().tolist(),
            uvs=mesh.uv.tolist(),
            rgbaColor=[1.0, 1.0, 1.0, 1.0],
            specularColor=[0.0, 0.0, 0.0],
            physicsClientId=client,
        )
        body = self._body(0.0, HIDDEN, shape)
        number = p.loadTexture(texture, physicsClientId=client)
        p.changeVisualShape(body, -1, textureUniqueId=number, physicsClientId=client)

    def _show_actor(self, actor: Actor) -> tuple[int, ...]:
        """Show each part as one body, in the colour of its first piece."""
        numbers = []
        for pieces in actor.parts:
            mesh = merge([piece.mesh for piece in pieces])
            shape = self._p.createVisualShape(
                self._p.GEOM_MESH,
                vertices=mesh.vertices.tolist(),
                indices=mesh.faces.ravel().tolist(),
                rgbaColor=[*pieces[0].colour, 1.0],
                specularColor=[0.0, 0.0, 0.0],
                physicsClientId=self._client,
            )
            numbers.append(self._body(0.0, HIDDEN, shape))
        return tuple(numbers)

    # what one bumps into

    def _collide_ground(self) -> int:
        p, client, terrain = self._p, self._client, self._layout.terrain
        heights = terrain.heights
        if not heights.any():
            return self._body(0.0, p.createCollisionShape(p.GEOM_PLANE, physicsClientId=client))
        shape = p.createCollisionShape(
            p.GEOM_HEIGHTFIELD,
            meshScale=[terrain.cell_m, terrain.cell_m, 1.0],
            heightfieldTextureScaling=1.0,
            heightfieldData=heights.T.ravel().tolist(),
            numHeightfieldRows=len(heights),
            numHeightfieldColumns=len(heights),
            physicsClientId=client,
        )
        middle = (terrain.low + terrain.high) / 2.0
        centre = float(heights.min() + heights.max()) / 2.0  # Bullet centres what it is given
        return self._body(0.0, shape, position=[*middle, centre])

    def _collide(self, solids: tuple[Solid, ...]) -> int:
        """Make one body of some solids, at most TOGETHER."""
        p, kinds = self._p, {'box': self._p.GEOM_BOX, 'sphere': self._p.GEOM_SPHERE}
        shape = p.createCollisionShapeArray(
            shapeTypes=[kinds.get(solid.shape, p.GEOM_CYLINDER) for solid in solids],
            radii=[solid.size_m[0] for solid in solids],
            lengths=[solid.size_m[-1] for solid in solids],
            halfExtents=[[side / 2.0 for side in (solid.size_m * 3)[:3]] for solid in solids],
            collisionFramePositions=[list(solid.position) for solid in solids],
            collisionFrameOrientations=[
                quaternion_from_euler(0.0, solid.pitch, solid.yaw).tolist() for solid in solids
            ],
            physicsClientId=self._client,
        )
        return self._body(0.0, shape)

    def _collide_target(self, target: Target) -> int:
        p, client = self._p, self._client
        size = {'radius': target.radius_m, 'height': target.height_m}
        shape = p.createCollisionShape(p.GEOM_CYLINDER, **size, physicsClientId=client)
        return self._body(0.0, shape)

    def _make_drone(self) -> int:
        p, client, vehicle = self._p, self._client, self._scenario.vehicle
        size = {'radius': vehicle.radius_m, 'physicsClientId': client}
        hull = p.createCollisionShape(p.GEOM_CYLINDER, height=vehicle.height_m, **size)
        body = self._body(vehicle.mass_kg, hull, position=list(self._layout.start_position))
        p.changeDynamics(
            body,
            -1,
            localInertiaDiagonal=list(vehicle.inertia_kg_m2),
            linearDamping=0.0,
            angularDamping=0.0,
            restitution=0.1,
            lateralFriction=0.8,
            activationState=p.ACTIVATION_STATE_DISABLE_SLEEPING,
            physicsClientId=client,
        )
        return body

    def _body(
        self,
        mass: float,
        collision: int,
        visual: int = HIDDEN,
        position: Any = (0.0, 0.0, 0.0),
        turn: Any = (0.0, 0.0, 0.0, 1.0),
    ) -> int:
        p, client = self._p, self._client
        if visual == HIDDEN:  # PyBullet would make one of the collision shape, and draw it white
            visual = p.createVisualShape(
                p.GEOM_BOX, halfExtents=[0.001] * 3, rgbaColor=[0.0] * 4, physicsClientId=client
            )
        return int(
            p.createMultiBody(
                mass,
                collision,
                visual,
                basePosition=position,
                baseOrientation=turn,
                physicsClientId=client,
            )
        )


def copies(mesh: Mesh, batch: ModelBatch, chosen: npt.NDArray[np.int64]) -> Mesh:
    """Return some copies of a mesh, where their batch has them, as one mesh."""
    c, s = np.cos(batch.yaw[chosen])[:, None], np.sin(batch.yaw[chosen])[:, None]
    local = mesh.vertices[None] * batch.scale[chosen][:, None]  # (N, V, 3)
    x, y = c * local[..., 0] - s * local[..., 1], s * local[..., 0] + c * local[..., 1]
    world = np.stack([x, y, local[..., 2]], axis=2) + batch.position[chosen][:, None]
    count = len(mesh.vertices)
    faces = mesh.faces[None] + (np.arange(len(chosen)) * count)[:, None, None]
    return Mesh(world.reshape(-1, 3), faces.reshape(-1, 3), np.tile(mesh.uv, (len(chosen), 1)))


def bounds(solid: Solid) -> FloatArray:
    """Return the lowest and highest corner (2, 3) of a box around a solid."""
    c, s = abs(np.cos(solid.yaw)), abs(np.sin(solid.yaw))
    if solid.shape == 'box':
        x, y, z = (side / 2.0 for side in solid.size_m)
        half = np.array([c * x + s * y, s * x + c * y, z])
    elif solid.shape == 'sphere':
        half = np.full(3, solid.size_m[0])
    else:
        radius, reach = solid.size_m[0], solid.size_m[1] / 2.0
        flat, up = abs(np.sin(solid.pitch)), abs(np.cos(solid.pitch))
        half = np.array([c * flat, s * flat, up]) * reach + radius
    return np.array([solid.position - half, solid.position + half])


def _looks_up(mesh: Mesh) -> npt.NDArray[np.bool_]:
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    up: npt.NDArray[np.bool_] = normal[:, 2] > 0.45 * np.linalg.norm(normal, axis=1)
    return up


def _save(picture: npt.NDArray[np.uint8], path: Path) -> str:
    """Write a picture as PNG and return its path."""
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return str(path)
