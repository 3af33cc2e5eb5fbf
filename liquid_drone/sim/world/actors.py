# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""From a target's description to something that moves: its meshes, and where its parts are.

Nothing here knows PyBullet or a renderer.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ...arrays import Colour, FloatArray
from ...errors import ConfigError
from ...geometry import quaternion_from_euler, rotation_from_quaternion
from ..scenario.scenario import Scenario
from ..scenario.target import LARGEST_M, Part, Target
from .mesh_files.reading import ColouredMesh, read_mesh
from .meshes import Mesh, box, cone, cylinder, rounded, sphere
from .routes import STEP_S, Route
from .scenery import Actor, Material, Piece
from .terrain import Terrain

GREY = (0.6, 0.6, 0.6)


@dataclass(frozen=True)
class MovingActor:
    """An actor with its way: everything that is needed to say where its parts are."""

    actor: Actor
    target: Target
    route: Route
    starts_with_target: bool = False  # its time begins when the target walks
    is_alike: bool = False  # it is easily taken for the target

    def place(self, time_s: float, terrain: Terrain) -> tuple[FloatArray, float, float]:
        """Return its foot (3,) in world ENU, heading and distance walked."""
        spot, heading, walked = self.route.at(time_s)
        return np.array([*spot, terrain.height_at(*spot.tolist())]), heading, walked

    def poses(self, time_s: float, terrain: Terrain) -> FloatArray:
        """Return the pose of each part, (P, 4, 4), part frame to world ENU."""
        cast = Cast((self,))
        return cast.poses(cast.places([time_s], terrain))


@dataclass(frozen=True)
class Places:
    """Where M actors are at one moment."""

    foot: FloatArray  # (M, 3) world ENU
    heading: FloatArray  # (M,) radians
    walked: FloatArray  # (M,) metres


class Cast:
    """All actors of a place, whose parts are turned at once."""

    def __init__(self, actors: Sequence[MovingActor]) -> None:
        """Lay out the parts of all actors, in their order."""
        self._steps = np.array([len(actor.route.heading) for actor in actors])
        self._ways = np.zeros((len(actors), self._steps.max(), 4))  # (M, N, 4)
        for way, actor in zip(self._ways, actors, strict=True):
            count = len(actor.route.heading)
            way[:count, :2] = actor.route.position
            way[:count, 2], way[:count, 3] = actor.route.heading, actor.route.travelled
        self._numbers = np.arange(len(actors))
        limbs = [_limbs(actor.target) for actor in actors]
        self._owner = np.repeat(np.arange(len(actors)), [len(item.hinge) for item in limbs])
        self._rest = np.concatenate([item.rest for item in limbs])
        self._hinge = np.concatenate([item.hinge for item in limbs])
        self._amplitude = np.concatenate([item.amplitude for item in limbs])
        steps = np.array([actor.target.step_length_m for actor in actors])
        self._phase_per_m = math.pi / steps

    def places(self, times_s: Sequence[float], terrain: Terrain) -> Places:
        """Return where each actor is after it has moved for its time."""
        at = np.minimum(np.maximum(np.array(times_s) / STEP_S, 0.0), self._steps - 1.0)
        before = np.minimum(at.astype(np.int64), self._steps - 2)
        share = (at - before)[:, None]
        rows = (1.0 - share) * self._ways[self._numbers, before]
        rows += share * self._ways[self._numbers, before + 1]  # as Route.at, all at once
        foot = np.empty((len(rows), 3))
        foot[:, :2] = rows[:, :2]
        foot[:, 2] = [terrain.height_at(x, y) for x, y in rows[:, :2].tolist()]
        return Places(foot, rows[:, 2], rows[:, 3])

    def poses(self, places: Places) -> FloatArray:
        """Return the pose of each part, (P, 4, 4), part frame to world ENU."""
        owner = self._owner
        angle = self._amplitude * np.sin(self._phase_per_m * places.walked)[owner]
        c, s = np.cos(angle), np.sin(angle)
        cz, sz = np.cos(places.heading)[owner], np.sin(places.heading)[owner]
        turn = np.empty((len(owner), 3, 3))  # by the swing about y, then by the heading about z
        turn[:, 0, 0], turn[:, 0, 1], turn[:, 0, 2] = cz * c, -sz, cz * s
        turn[:, 1, 0], turn[:, 1, 1], turn[:, 1, 2] = sz * c, cz, sz * s
        turn[:, 2, 0], turn[:, 2, 1], turn[:, 2, 2] = -s, 0.0, c
        poses = np.zeros((len(owner), 4, 4))
        poses[:, :3] = turn @ self._rest
        x, y, z = self._hinge.T
        poses[:, 0, 3] += cz * x - sz * y
        poses[:, 1, 3] += sz * x + cz * y
        poses[:, 2, 3] += z
        poses[:, :3, 3] += places.foot[owner]
        poses[:, 3, 3] = 1.0
        return poses


@dataclass(frozen=True)
class Limbs:
    """The P parts of a target in its own frame, standing still."""

    rest: FloatArray  # (P, 3, 4) pose about the hinge
    hinge: FloatArray  # (P, 3) what a part swings about
    amplitude: FloatArray  # (P,) radians


@lru_cache(maxsize=64)
def _limbs(target: Target) -> Limbs:
    """Return the parts of a target; swinging ones hang from their upper ends."""
    rest, hinges = [], []
    for part in target.parts:
        hinge = np.zeros(3)
        if part.swing_deg != 0.0:
            hinge = np.add(part.position_m, [0.0, 0.0, part.size_m[-1] / 2.0])
        turn = rotation(*(math.radians(angle) for angle in part.rpy_deg))
        rest.append(np.column_stack([turn, np.subtract(part.position_m, hinge)]))
        hinges.append(hinge)
    swing = np.radians([part.swing_deg for part in target.parts])
    return Limbs(np.array(rest), np.array(hinges), swing)


def make_actor(target: Target, rng: np.random.Generator, is_target: bool) -> Actor:
    """Draw an actor: parts with the same choice of colours get the same one."""
    chosen: dict[tuple[Colour, ...], Colour] = {(): GREY}
    for part in target.parts:
        if part.colours not in chosen:
            chosen[part.colours] = part.colours[rng.integers(len(part.colours))]
    parts = tuple((_piece(part, chosen[part.colours]),) for part in target.parts)
    return Actor(target.name, parts, is_target)


def _piece(part: Part, colour: Colour) -> Piece:
    material = Material[part.material.upper()]
    if part.shape != 'mesh':
        return Piece(primitive(part), colour, material, tinted=False)
    shown = file_mesh(part)
    if part.colours or shown.colours is None:
        return Piece(shown.mesh, colour, material, tinted=False)
    red, green, blue = shown.colours.mean(axis=0).tolist()
    return Piece(shown.mesh, (red, green, blue), material, False, shown.colours)


def check_meshes(scenario: Scenario) -> None:
    """Read the meshes of a scenario's target and of what stands beside it.

    Raises:
        ConfigError: one that cannot be used.

    """
    for target in (scenario.target, *(target for _, target in scenario.distractors)):
        for part in target.parts:
            if part.file:
                file_mesh(part)


def primitive(part: Part) -> Mesh:
    """Return the mesh of a part that no file holds, about its own centre."""
    size = part.size_m
    if part.shape == 'box':
        return box(size)
    if part.shape == 'rounded':
        return rounded(size)
    if part.shape == 'sphere':
        return sphere(size[0])
    if part.shape == 'cylinder':
        return cylinder(size[0], size[1], 16 if size[0] > 0.2 else 10)
    return cone(size[0], size[1], 14)


def file_mesh(part: Part) -> ColouredMesh:
    """Return a part's mesh from its file, about its own centre, scaled to its height.

    Raises:
        ConfigError: a mesh file that cannot be read, or one of no height.
    """
    path = Path(part.file)
    shown = read_mesh(path)
    if shown.lost and not part.colours:
        raise ConfigError(
            f'{path}: its colours are in files that do not lie beside it, or are none that can '
            f'be read ({", ".join(map(repr, shown.lost[:5]))}): copy them there, or give the part '
            'colours'
        )
    low, high = shown.mesh.vertices.min(axis=0), shown.mesh.vertices.max(axis=0)
    scale = part.size_m[0] / max(float(high[2] - low[2]), 1e-9)
    if float((high - low).max()) * scale > LARGEST_M:
        raise ConfigError(
            f'{path}: expected at most {LARGEST_M:g} m along each axis once its height is '
            f'{part.size_m[0]:g} m, got {(high - low) * scale} m: z must be up'
        )
    centred = shown.mesh.moved(-(low + high) / 2.0).scaled([scale] * 3)
    return ColouredMesh(centred, shown.colours)


def rotation(roll: float, pitch: float, yaw: float) -> FloatArray:
    """Return the rotation matrix (3, 3) of angles in radians."""
    return rotation_from_quaternion(quaternion_from_euler(roll, pitch, yaw))
