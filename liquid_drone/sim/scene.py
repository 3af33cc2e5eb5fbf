# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Build a layout in PyBullet: ground, trees and bushes, the target and the body of the drone.

What one sees and what one bumps into are apart: many trees share one visual mesh a colour, each
has its own collision shape. Nothing here moves anything but the target's parts.
"""

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import textures
from .config import Colour, Part, Scenario, Season, Target
from .meshes import (
    Mesh,
    broadleaf_crown,
    bush,
    conifer_crown,
    ground_square,
    merge,
    ring_wall,
    trunk,
)
from .world import CONIFER, Layout

HIDDEN = -1  # PyBullet's "no shape"
BACKDROP_M = 14.0  # beyond the trees
BACKDROP_HEIGHT_M = 8.0


@dataclass(frozen=True)
class Scene:
    """PyBullet body numbers of what was built."""

    ground: int
    drone: int
    target: int  # the body that others collide with
    target_parts: tuple[int, ...]


class SceneBuilder:
    """Build one scene in a physics client; holds only what building needs."""

    def __init__(self, pybullet: Any, client: int, scenario: Scenario, layout: Layout) -> None:
        self._p, self._client = pybullet, client
        self._scenario, self._layout = scenario, layout
        self._rng = np.random.default_rng([layout.seed, 3])

    def build(self) -> Scene:
        """Create every body and return their numbers."""
        p = self._p
        ground = self._body(
            0.0, p.createCollisionShape(p.GEOM_PLANE, physicsClientId=self._client)
        )
        with tempfile.TemporaryDirectory() as folder:
            self._show_ground(Path(folder))
            self._show_trees(Path(folder))
        self._collide_trees()
        target = self._scenario.target
        parts = tuple(self._show_part(part) for part in target.parts)
        return Scene(ground, self._make_drone(), self._collide_target(target), parts)

    # what one sees

    def _show_ground(self, folder: Path) -> None:
        route = self._layout.route.position
        centre = (route.min(axis=0) + route.max(axis=0)) / 2.0
        reach = float(np.abs(route - centre).max()) + self._scenario.world.corridor_m + BACKDROP_M
        season = self._scenario.season
        picture = textures.ground(season, self._layout, centre, reach)
        self._show(ground_square(reach, centre, 12), textures.save(picture, folder / 'ground.png'))
        wall = ring_wall(reach * 0.98, BACKDROP_HEIGHT_M).moved([*centre, 0.0])
        picture = textures.treeline(self._rng, season)
        self._show(wall, textures.save(picture, folder / 'treeline.png'))

    def _show_trees(self, folder: Path) -> None:
        season = self._scenario.season
        groups = self._group_by_colour(season)
        for number, ((colour, contrast), meshes) in enumerate(groups.items()):
            picture = textures.foliage(self._rng, colour, contrast)
            self._show(merge(meshes), textures.save(picture, folder / f'{number}.png'))

    def _group_by_colour(self, season: Season) -> dict[tuple[Colour, float], list[Mesh]]:
        groups: dict[tuple[Colour, float], list[Mesh]] = {}
        trees = self._layout.trees
        for i in range(len(trees)):
            place = [*trees.position[i], 0.0]
            bark = _pick(season.bark, trees.shade[i])
            stem = trunk(trees.radius[i], trees.crown_base[i] + 1.5)
            groups.setdefault((bark, 0.5), []).append(stem.moved(place))
            conifer = trees.kind[i] == CONIFER
            leaves = _pick(season.conifer if conifer else season.broadleaf, trees.shade[i])
            groups.setdefault((leaves, 0.55), []).append(self._crown(i).moved(place))
        for x, y, radius, shade in self._layout.bushes:
            leaves = _pick(season.broadleaf, shade)
            groups.setdefault((leaves, 0.55), []).append(
                bush(radius, self._rng).moved([x, y, 0.0])
            )
        return groups

    def _crown(self, i: int) -> Mesh:
        trees = self._layout.trees
        base, top = trees.crown_base[i], trees.height[i]
        spread = (0.9 + 0.6 * trees.shade[i]) * (top - base) / 3.0
        if trees.kind[i] == CONIFER:
            return conifer_crown(0.8 * spread, base, top, self._rng)
        return broadleaf_crown(spread, base, top, self._rng)

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

    def _show_part(self, part: Part) -> int:
        colour = part.colours[self._rng.integers(len(part.colours))]
        shape = self._p.createVisualShape(
            **_primitive(self._p, part.shape, part.size_m, 'length'),
            rgbaColor=[*colour, 1.0],
            specularColor=[0.0, 0.0, 0.0],
            physicsClientId=self._client,
        )
        return self._body(0.0, HIDDEN, shape)

    # what one bumps into

    def _collide_trees(self) -> None:
        p, client, trees = self._p, self._client, self._layout.trees
        for i in range(len(trees)):
            height = float(trees.crown_base[i])
            stem = p.createCollisionShape(
                p.GEOM_CYLINDER, radius=trees.radius[i], height=height, physicsClientId=client
            )
            self._body(0.0, stem, position=[*trees.position[i], height / 2.0])
            reach = float(trees.height[i] - height) / 2.0
            crown = p.createCollisionShape(
                p.GEOM_CYLINDER, radius=0.6 * reach, height=2.0 * reach, physicsClientId=client
            )
            self._body(0.0, crown, position=[*trees.position[i], height + reach])

    def _collide_target(self, target: Target) -> int:
        shape = self._p.createCollisionShape(
            self._p.GEOM_CYLINDER,
            radius=target.radius_m,
            height=target.height_m,
            physicsClientId=self._client,
        )
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
        self, mass: float, collision: int, visual: int = HIDDEN, position: Any = (0.0, 0.0, 0.0)
    ) -> int:
        p, client = self._p, self._client
        if visual == HIDDEN:  # PyBullet would draw the collision shape, in white
            visual = p.createVisualShape(
                p.GEOM_SPHERE, radius=0.001, rgbaColor=[0.0] * 4, physicsClientId=client
            )
        return int(
            p.createMultiBody(
                mass, collision, visual, basePosition=position, physicsClientId=client
            )
        )


def _pick(colours: tuple[Colour, ...], shade: float) -> Colour:
    return colours[min(int(shade * len(colours)), len(colours) - 1)]


def _primitive(p: Any, shape: str, size_m: tuple[float, ...], length_name: str) -> dict[str, Any]:
    """Return PyBullet's arguments for a primitive; a cylinder's length has two names."""
    if shape == 'box':
        return {'shapeType': p.GEOM_BOX, 'halfExtents': [side / 2.0 for side in size_m]}
    if shape == 'sphere':
        return {'shapeType': p.GEOM_SPHERE, 'radius': size_m[0]}
    return {'shapeType': p.GEOM_CYLINDER, 'radius': size_m[0], length_name: size_m[1]}


def part_pose(
    part: Part, walked_m: float, step_length_m: float
) -> tuple[tuple[float, float, float], float]:
    """Return a part's centre in the target's frame and its pitch, for a distance walked."""
    if part.swing_deg == 0.0:
        return part.position_m, 0.0
    angle = math.radians(part.swing_deg) * math.sin(math.pi * walked_m / step_length_m)
    half = part.size_m[-1] / 2.0
    x, y, z = part.position_m
    return (x - half * math.sin(angle), y, z + half * (1.0 - math.cos(angle))), angle
