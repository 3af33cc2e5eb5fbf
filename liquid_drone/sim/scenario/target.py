# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The schema of what the drone follows, ``sim/targets/*.yaml``, and of what merely looks like it.

Lengths are metres, angles degrees, colours sRGB 0..1. Nothing here draws a random number.
"""

import math
from dataclasses import dataclass
from typing import Literal

from ...arrays import Colour, Range
from ...errors import shown
from ...files import check_name
from .variety import Person

MotionName = Literal['still', 'walk', 'random_walk', 'stop_and_go', 'behind_trees']
SIZES = {'box': 3, 'rounded': 3, 'sphere': 1, 'cylinder': 2, 'cone': 2, 'mesh': 1}
FARTHEST_M = 10.0  # of a part from where the target stands
DEEPEST_M = 0.5  # of a part below the ground
LARGEST_M = 20.0  # of a part; more is taken for millimetres or centimetres
MOST_PARTS = 500
RADIANS = 1.6  # a swing below this many degrees is taken for radians


def check_range(name: str, values: Range, least: float = 0.0, most: float = 1e6) -> None:
    """Refuse a range that is not (least, most) in order."""
    if not least <= values[0] <= values[1] <= most:
        raise ValueError(
            f'{name} must be two values in order, {least:g} to {most:g}; got {list(values)}'
        )


def check_colours(name: str, colours: tuple[Colour, ...]) -> None:
    """Refuse an empty list of colours and channels outside 0..1."""
    values = [channel for colour in colours for channel in colour]
    if values and 1.0 < max(values) <= 255.0 and min(values) >= 0.0:
        raise ValueError(f'{name} must be values 0..1: divide 0..255 by 255; got {shown(colours)}')
    if not values or not 0.0 <= min(values) <= max(values) <= 1.0:
        raise ValueError(
            f'{name} must be one or more colours of three values 0..1; got {shown(colours)}'
        )


def check_share(name: str, value: float) -> None:
    """Refuse what is not 0..1."""
    if not 0.0 <= value <= 1.0:
        raise ValueError(f'{name} must be 0..1; got {value}')


@dataclass(frozen=True)
class Part:
    """One rigid piece of a target, in the target's own frame: x forward, y left, z up.

    A swinging part turns about its upper end around the y axis, as a leg does. A cylinder and a
    cone stand along z, a cone's tip is up. A mesh comes from a PLY, STL or OBJ file
    with z up and x ahead, or from a GLB file, which has y up and z ahead.
    """

    shape: Literal['box', 'rounded', 'sphere', 'cylinder', 'cone', 'mesh']
    size_m: tuple[
        float, ...
    ]  # box and rounded: x, y, z; sphere: radius; cylinder, cone: radius, length;
    # mesh: its height, to which it is scaled
    position_m: tuple[float, float, float]  # centre of the part
    colours: tuple[Colour, ...] = ()  # one is drawn per seed; empty: those of the mesh file
    swing_deg: float = 0.0  # amplitude; the sign tells which leg goes first
    rpy_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)  # roll, pitch, yaw of the part
    material: Literal['plain', 'glass', 'bark', 'rock', 'concrete'] = 'plain'
    file: str = ''  # of a mesh: beside the YAML file, or below

    @property
    def half_m(self) -> tuple[float, float, float]:
        """Half of what it takes along x, y and z; turned, or of a mesh, at most about that."""
        size = self.size_m
        if self.shape in ('box', 'rounded'):
            half = size[0] / 2.0, size[1] / 2.0, size[2] / 2.0
        elif self.shape in ('cylinder', 'cone'):
            half = size[0], size[0], size[1] / 2.0
        else:
            half = size[0], size[0], size[0]
        longest = math.hypot(*half)
        return (longest, longest, longest) if any(self.rpy_deg) else half

    def __post_init__(self) -> None:
        expected = SIZES[self.shape]
        if len(self.size_m) != expected or min(self.size_m) <= 0.0:
            raise ValueError(
                f'size_m of a {self.shape} must be {expected} positive numbers; '
                f'got {shown(list(self.size_m))}'
            )
        if max(self.size_m) > LARGEST_M:
            raise ValueError(
                f'size_m must be in metres, at most {LARGEST_M:g}; got {shown(list(self.size_m))}'
            )
        if 0.0 < abs(self.swing_deg) < RADIANS:
            raise ValueError(f'swing_deg must be degrees, not radians; got {self.swing_deg}')
        if max(abs(angle) for angle in (*self.rpy_deg, self.swing_deg)) > 360.0:
            raise ValueError(f'rpy_deg and swing_deg must be -360..360; got {self.rpy_deg}')
        x, y, z = self.position_m
        if max(abs(x), abs(y)) > FARTHEST_M or not -DEEPEST_M <= z <= LARGEST_M:
            raise ValueError(
                f'position_m must be within {FARTHEST_M:g} m, and {-DEEPEST_M:g}..{LARGEST_M:g} m '
                f'high; got {list(self.position_m)}'
            )
        if (self.shape == 'mesh') != bool(self.file):
            raise ValueError("file names the mesh of a part with shape 'mesh', and of no other")
        if self.colours or self.shape != 'mesh':
            check_colours('colours', self.colours)


@dataclass(frozen=True)
class Distractor:
    """Things that are not the target, however much they look like it."""

    target: str  # name or path, as for the target itself
    count: int = 1
    motion: Literal['still', 'walk'] = 'still'
    distance_m: Range = (2.0, 7.0)  # from the target's route; 1 m is always kept

    def __post_init__(self) -> None:
        check_range('distance_m', self.distance_m, 1.0, 100.0)
        if not 0 <= self.count <= 50:
            raise ValueError(f'count must be 0..50; got {self.count}')


@dataclass(frozen=True)
class Counterexample:
    """What is taken for the target and is not; in training pictures alone."""

    name: str
    share: float = 1.0  # how often, beside the others
    person: Person | None = None
    parts: tuple[Part, ...] = ()  # instead of a person

    def __post_init__(self) -> None:
        check_name('name', self.name)
        if (self.person is None) == (not self.parts):
            raise ValueError(f"{self.name}: a counterexample has either 'person' or 'parts'")
        if not 0.0 < self.share <= 100.0:
            raise ValueError(f'share must be above 0 and at most 100; got {self.share}')


@dataclass(frozen=True)
class Target:
    """What the drone follows: everything listed counts as the target in the mask."""

    name: str
    description: str
    radius_m: float  # of the upright cylinder that other bodies collide with
    height_m: float
    parts: tuple[Part, ...]
    motion: MotionName = 'walk'
    step_length_m: float = 0.7  # of the swinging parts
    place: Literal['pavement', 'road'] = 'pavement'  # where it moves in a town
    distractors: tuple[Distractor, ...] = ()  # besides the world's
    person: Person | None = None  # as various as in life; None: parts with other shades and sizes
    counterexamples: tuple[Counterexample, ...] = ()

    @property
    def extent_m(self) -> tuple[float, float]:
        """Width and height above the ground, about."""
        spans = [
            [
                max(part.position_m[axis] + part.half_m[axis] for part in self.parts),
                min(part.position_m[axis] - part.half_m[axis] for part in self.parts),
            ]
            for axis in range(3)
        ]
        widths = [high - low for high, low in spans[:2]]
        return max(widths), spans[2][0] - max(spans[2][1], 0.0)

    def __post_init__(self) -> None:
        check_name('name', self.name)
        if len(self.parts) > MOST_PARTS:
            raise ValueError(f'at most {MOST_PARTS} parts, got {len(self.parts)}')
        if self.radius_m <= 0.0 or self.height_m <= 0.0 or self.step_length_m <= 0.0:
            raise ValueError('radius_m, height_m and step_length_m must be positive')
        if self.radius_m > 3.0 or self.height_m > LARGEST_M:
            raise ValueError(
                'radius_m must be at most 3 and height_m at most 20, in metres; '
                f'got {self.radius_m}, {self.height_m}'
            )
        if self.step_length_m > LARGEST_M:
            raise ValueError(
                f'step_length_m must be at most {LARGEST_M:g} m; got {self.step_length_m}'
            )
        if not self.parts:
            raise ValueError('a target needs at least one part')
        if self.extent_m[1] <= 0.0:
            raise ValueError('every part is under the ground: z is up, and the ground is at 0')
