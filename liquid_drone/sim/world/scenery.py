# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a place looks like and what one bumps into: the seam between worlds and renderers.

A world builds a :class:`Scenery`; a renderer draws it and PyBullet collides with it. Nothing here
draws, moves or knows PyBullet. World frame ENU, metres; colours sRGB 0..1.
"""

import enum
from dataclasses import dataclass
from typing import Literal

from ...arrays import Colour, FloatArray, Image
from .meshes import Mesh


class Material(enum.IntEnum):
    """How a surface is shaded: which noise breaks its colour up, and whether snow lies on it."""

    PLAIN = 0  # the colour as it is: clothes, paint
    GROUND = 1  # the ground's picture times fine noise
    BARK = 2  # streaks along z
    LEAVES = 3  # noise; holes where the air's foliage is thin
    NEEDLES = 4  # noise, no holes
    ROCK = 5
    BRICK = 6  # courses of bricks in x/y and z
    CONCRETE = 7
    WINDOWS = 8  # a facade: the colour, with rows of dark panes
    GLASS = 9  # dark, reflects the sky


@dataclass(frozen=True)
class Piece:
    """A mesh of one material, in the model's frame (z up, ground at 0)."""

    mesh: Mesh
    colour: Colour  # of all of it; with colours of its faces, their mean
    material: Material = Material.PLAIN
    tinted: bool = True  # multiplied by the tint of each copy
    face_colours: FloatArray | None = None  # (F, 3) sRGB 0..1


@dataclass(frozen=True)
class Model:
    """One thing to draw, in levels of detail, finest first."""

    name: str
    levels: tuple[tuple[Piece, ...], ...]
    reach_m: tuple[float, ...] = ()  # where each level but the last ends; the last has no end

    def __post_init__(self) -> None:
        if len(self.reach_m) != len(self.levels) - 1 or list(self.reach_m) != sorted(self.reach_m):
            raise ValueError(
                f'{self.name}: {len(self.levels)} levels need {len(self.levels) - 1} rising '
                f'reach_m; got {self.reach_m}'
            )


@dataclass(frozen=True)
class ModelBatch:
    """N copies of a model that never move."""

    model: Model
    position: FloatArray  # (N, 3)
    yaw: FloatArray  # (N,) radians
    scale: FloatArray  # (N, 3) along the model's axes
    tint: FloatArray  # (N, 3) multiplies the colours of tinted pieces


@dataclass(frozen=True)
class Ground:
    """The ground: a mesh whose ``uv`` lie in the picture, row 0 at v = 1."""

    mesh: Mesh
    picture: Image  # (H, W, 3) RGB
    takes_snow: bool = True  # False: the picture shows all the snow that lies


@dataclass(frozen=True)
class Air:
    """Light, sky and weather, as drawn for one seed."""

    sun_direction: FloatArray  # (3,) unit vector towards the sun
    sun_colour: Colour
    ambient: float = 0.55  # share of the light that comes from everywhere
    sky_horizon: Colour = (0.82, 0.88, 0.92)
    sky_zenith: Colour = (0.38, 0.60, 0.88)
    fog_density_per_m: float = 0.01
    exposure: float = 1.0
    snow: float = 0.0  # 0 none .. 1 everything that looks up is white
    foliage: float = 1.0  # 1 full crowns .. 0 bare


@dataclass(frozen=True)
class Solid:
    """Something to bump into, standing upright; sizes as in a target's parts."""

    shape: Literal['box', 'sphere', 'cylinder']
    size_m: tuple[float, ...]  # box: x, y, z; sphere: radius; cylinder: radius, length
    position: tuple[float, float, float]  # its centre
    yaw: float = 0.0
    pitch: float = 0.0  # a fallen trunk lies at pi/2


@dataclass(frozen=True)
class Scenery:
    """A whole place but for what moves."""

    ground: Ground
    batches: tuple[ModelBatch, ...]
    air: Air
    solids: tuple[Solid, ...]


@dataclass(frozen=True)
class Actor:
    """Something that moves, in rigid parts: the target, a distractor. Drawn where it is put."""

    name: str
    parts: tuple[tuple[Piece, ...], ...]  # each part in its own frame, about its own centre
    is_target: bool = False  # counts in the mask
