# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""From a target's description to something that moves: its meshes, and where its parts are.

Nothing here knows PyBullet or a renderer.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..geometry import quaternion_from_euler, rotation_from_quaternion
from .meshes import Mesh, box, cone, cylinder, read_obj, sphere
from .route import Route
from .scenery import Actor, Material, Piece
from .target_config import Colour, Part, Target
from .terrain import Terrain

FloatArray = npt.NDArray[np.float64]
GREY = (0.6, 0.6, 0.6)


@dataclass(frozen=True)
class Mover:
    """An actor with its way: everything that is needed to say where its parts are."""

    actor: Actor
    target: Target
    route: Route

    def place(self, time_s: float, terrain: Terrain) -> tuple[FloatArray, float, float]:
        """Return its foot (3,) in world ENU, heading and distance walked."""
        spot, heading, walked = self.route.at(time_s)
        return np.array([*spot, float(terrain.height(spot))]), heading, walked

    def poses(self, time_s: float, terrain: Terrain) -> FloatArray:
        """Return the pose of each part, (P, 4, 4), part frame to world ENU."""
        foot, heading, walked = self.place(time_s, terrain)
        body = _pose(foot, rotation(0.0, 0.0, heading))
        return np.stack([body @ part_pose(part, walked, self.target.step_length_m)
                         for part in self.target.parts])  # fmt: skip


def make_actor(target: Target, rng: np.random.Generator, is_target: bool) -> Actor:
    """Draw an actor: parts with the same choice of colours get the same one."""
    drawn: dict[tuple[Colour, ...], Colour] = {(): GREY}
    for part in target.parts:
        if part.colours not in drawn:
            drawn[part.colours] = part.colours[rng.integers(len(part.colours))]
    parts = tuple((_piece(part, drawn[part.colours]),) for part in target.parts)
    return Actor(target.name, parts, is_target)


def _piece(part: Part, colour: Colour) -> Piece:
    return Piece(part_mesh(part), colour, Material[part.material.upper()], tinted=False)


def part_mesh(part: Part) -> Mesh:
    """Return a part's mesh about its own centre.

    Raises:
        ConfigError: a mesh file that cannot be read.
    """
    size = part.size_m
    if part.shape == 'box':
        return box(size)
    if part.shape == 'sphere':
        return sphere(size[0])
    if part.shape == 'cylinder':
        return cylinder(size[0], size[1], 16 if size[0] > 0.2 else 10)
    if part.shape == 'cone':
        return cone(size[0], size[1], 14)
    mesh = read_obj(Path(part.file))
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    scale = size[0] / max(float(high[2] - low[2]), 1e-6)
    return mesh.moved(-(low + high) / 2.0).scaled([scale] * 3)


def rotation(roll: float, pitch: float, yaw: float) -> FloatArray:
    """Return the rotation matrix (3, 3) of angles in radians."""
    return rotation_from_quaternion(quaternion_from_euler(roll, pitch, yaw))


def _pose(position: npt.ArrayLike, turn: FloatArray) -> FloatArray:
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = turn, position
    return pose


def part_pose(part: Part, walked_m: float, step_length_m: float) -> FloatArray:
    """Return a part's pose (4, 4) in the target's frame, for a distance walked."""
    roll, pitch, yaw = (math.radians(angle) for angle in part.rpy_deg)
    still = _pose(part.position_m, rotation(roll, pitch, yaw))
    if part.swing_deg == 0.0:
        return still
    angle = math.radians(part.swing_deg) * math.sin(math.pi * walked_m / step_length_m)
    hinge = np.add(part.position_m, [0.0, 0.0, part.size_m[-1] / 2.0])
    swing = _pose(hinge, rotation(0.0, angle, 0.0))
    swung: FloatArray = swing @ _pose(-hinge, np.eye(3)) @ still
    return swung
