# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""People and other things as various as in life, as parts of a target; for training pictures.

A person is built about a height of 1.75 m, x forward, then scaled. Nothing here draws a picture.
"""

import colorsys
import dataclasses
from collections.abc import Sequence

import numpy as np

from ...arrays import Colour, Range, Vector
from ..scenario.target import Counterexample, Part, Target
from ..scenario.variety import Person, Shades

TALL_M = 1.75
SKIN = Shades((12.0, 32.0), (0.25, 0.6), (0.3, 0.95))
HAIR = Shades((15.0, 45.0), (0.05, 0.6), (0.05, 0.75))
DARK = Shades((0.0, 360.0), (0.0, 0.2), (0.03, 0.3))
BRIGHT = Shades((0.0, 360.0), (0.0, 0.1), (0.7, 1.0))
SIZES: Range = (0.85, 1.25)  # of a thing that is no person
HUE_DEG, SATURATION, VALUE = 6.0, (0.6, 1.15), (0.65, 1.2)  # of its colours
HIP_M = 0.92  # about which a person bends


def colour_of(shades: Sequence[Shades], rng: np.random.Generator) -> Colour:
    """Draw a colour from one of several ranges."""
    one = shades[int(rng.integers(len(shades)))]
    hue, saturation, value = (
        float(rng.uniform(*bounds)) for bounds in (one.hue_deg, one.saturation, one.value)
    )
    return colorsys.hsv_to_rgb(hue / 360.0 % 1.0, saturation, value)


def varied_target(target: Target, rng: np.random.Generator) -> tuple[Target, int]:
    """Return a target as it may look another time: every part with one colour.

    The number says how many of its last parts tell it from others: of a person with a backpack
    the backpack, else all.
    """
    if target.person is None:
        parts = thing_parts(target.parts, rng)
        return dataclasses.replace(target, parts=parts), len(parts)
    parts, telling = person_parts(target.person, rng)
    return dataclasses.replace(target, parts=parts), telling


def varied_counterexample(example: Counterexample, rng: np.random.Generator) -> Target:
    """Return a counterexample as it may look, as a target of its own."""
    parts = (
        thing_parts(example.parts, rng)
        if example.person is None
        else person_parts(example.person, rng)[0]
    )
    return Target(example.name, example.name, 0.3, TALL_M, parts)


def thing_parts(parts: Sequence[Part], rng: np.random.Generator) -> tuple[Part, ...]:
    """Return parts larger or smaller, with other shades; equal choices of colour stay equal."""
    size = float(rng.uniform(*SIZES))
    turn, faded, lit = (
        rng.uniform(-HUE_DEG, HUE_DEG),
        rng.uniform(*SATURATION),
        rng.uniform(*VALUE),
    )
    chosen: dict[tuple[Colour, ...], tuple[Colour, ...]] = {(): ()}
    for part in parts:
        if part.colours not in chosen:
            picked = part.colours[int(rng.integers(len(part.colours)))]
            hue, saturation, value = colorsys.rgb_to_hsv(*picked)
            chosen[part.colours] = (
                colorsys.hsv_to_rgb(
                    (hue + turn / 360.0) % 1.0, min(saturation * faded, 1.0), min(value * lit, 1.0)
                ),
            )
    return tuple(
        dataclasses.replace(
            part,
            size_m=tuple(length * size for length in part.size_m),
            position_m=_three([length * size for length in part.position_m]),
            colours=chosen[part.colours],
        )
        for part in parts
    )


def person_parts(person: Person, rng: np.random.Generator) -> tuple[tuple[Part, ...], int]:
    """Draw a person: body, clothes, a hat or hair, a pose, and a backpack where one is asked.

    The backpack comes last; the number says how many parts it has. Without one it is all parts.
    """
    wide, stride = float(rng.uniform(0.85, 1.25)), float(rng.choice([0.0, 18.0, 26.0, 36.0]))
    top, trousers = colour_of(person.top, rng), colour_of(person.trousers, rng)
    parts = [*_legs(trousers, stride, wide, rng), *_torso(top, trousers, wide, rng)]
    parts += [*_arms(top, stride, wide, rng), *_head(rng)]
    telling = 0
    if person.pack:
        pack, besides = _pack(person, wide, rng)
        parts += [*besides, *pack]
        telling = len(pack)
    bend = float(rng.choice([0.0, 0.0, rng.uniform(-4.0, 25.0)]))
    scale = float(rng.uniform(*person.height_m)) / TALL_M
    return tuple(_scaled(part, scale) for part in _bent(parts, bend)), telling or len(parts)


def _legs(colour: Colour, stride: float, wide: float, rng: np.random.Generator) -> list[Part]:
    thick = 0.15 * wide * float(rng.uniform(0.85, 1.3))
    shoe, bare = colour_of([DARK, BRIGHT, SKIN], rng), rng.random() < 0.2
    legs = []
    for side, swing in ((1.0, stride), (-1.0, -stride)):
        y = side * 0.1 * wide
        legs.append(_part((thick, thick, 0.88), (0.0, y, 0.46), colour, swing))
        if bare:  # shorts
            skin = colour_of([SKIN], rng)
            legs.append(_part((thick * 0.8, thick * 0.8, 0.45), (0.0, y, 0.26), skin))
        legs.append(_part((0.27, 0.11, 0.12), (0.05, y, 0.06), shoe))
    return legs


def _torso(top: Colour, trousers: Colour, wide: float, rng: np.random.Generator) -> list[Part]:
    deep, across = 0.25 * wide, 0.42 * wide
    parts = [
        _part((deep, across, 0.46), (0.0, 0.0, 1.24), top),
        _part((deep * 0.95, across * 0.88, 0.3), (0.0, 0.0, 0.96), trousers),
    ]
    kind = rng.random()
    if kind < 0.25:  # another colour below the chest
        parts.append(_part((deep * 1.06, across * 1.02, 0.2), (0.0, 0.0, 1.08), _near(top, rng)))
    elif kind < 0.45:  # a coat or a skirt
        long = float(rng.uniform(0.35, 0.75))
        colour = top if rng.random() < 0.6 else trousers
        parts.append(_part((deep * 1.2, across * 1.1, long), (0, 0, 1.1 - long / 2.0), colour))
    return parts


def _arms(top: Colour, stride: float, wide: float, rng: np.random.Generator) -> list[Part]:
    sleeve = top if rng.random() < 0.75 else colour_of([SKIN], rng)
    thick = 0.11 * wide
    spread = float(rng.choice([0.0, rng.uniform(0.0, 25.0)]))
    return [
        _part((thick, thick, 0.62), (0.0, side * 0.26 * wide, 1.13), sleeve, -side * stride * 0.8)
        if spread == 0.0
        else dataclasses.replace(
            _part((thick, thick, 0.62), (0.05, side * 0.32 * wide, 1.15), sleeve),
            rpy_deg=(side * spread, 0.0, 0.0),
        )
        for side in (1.0, -1.0)
    ]


def _head(rng: np.random.Generator) -> list[Part]:
    skin, hair = colour_of([SKIN], rng), colour_of([HAIR], rng)
    parts = [
        _part((0.19, 0.16, 0.24), (0.02, 0.0, 1.62), skin),
        _part((0.1, 0.1, 0.14), (0.0, 0.0, 1.48), skin),
    ]
    kind = rng.random()
    if kind < 0.6:
        low = float(rng.choice([0.0, 0.0, 0.1]))
        parts.append(_part((0.21, 0.19, 0.2 + low), (-0.03, 0.0, 1.66 - low / 2.0), hair))
    elif kind < 0.9:  # a cap or a wide hat
        colour, brim = colour_of([Shades()], rng), float(rng.uniform(0.2, 0.42))
        parts.append(_part((0.21, 0.19, 0.13), (0.0, 0.0, 1.72), colour))
        parts.append(_part((brim, brim, 0.03), (0.02, 0.0, 1.69), colour))
    return parts


def _pack(person: Person, wide: float, rng: np.random.Generator) -> tuple[list[Part], list[Part]]:
    """Return the backpack, and what is fixed to it: a roll, a sign, straps."""
    colour = colour_of(person.pack, rng)
    second = _near(colour, rng) if rng.random() < 0.6 else colour_of([DARK, DARK, BRIGHT], rng)
    deep, across, tall = (float(rng.uniform(*r)) for r in ((0.16, 0.3), (0.28, 0.44), (0.36, 0.7)))
    x = -0.11 * wide - deep / 2.0
    z = float(rng.uniform(1.06, 1.3)) + (tall - 0.5) * 0.2
    parts = [_part((deep, across, tall), (x, 0.0, z), colour, shape=_shape(rng))]
    if rng.random() < 0.7:  # a pocket in front
        size = (
            deep * 0.5,
            across * float(rng.uniform(0.5, 0.85)),
            tall * float(rng.uniform(0.3, 0.5)),
        )
        parts.append(_part(size, (x - deep * 0.55, 0.0, z - tall * 0.15), second))
    if rng.random() < 0.4:  # a lid
        lid = second if rng.random() < 0.5 else colour
        parts.append(_part((deep * 1.1, across * 1.02, 0.14), (x, 0.0, z + tall / 2.0), lid))
    besides: list[Part] = []
    if rng.random() < 0.25:  # a mat or a tent below or above
        roll = colour_of([Shades((0.0, 360.0), (0.0, 0.6), (0.1, 0.8))], rng)
        above = float(rng.choice([-1.0, 1.0])) * (tall / 2.0 + 0.07)
        besides.append(_part((0.15, across * 1.2, 0.15), (x, 0.0, z + above), roll))
    if rng.random() < 0.25:  # a logo, a reflector, a badge
        sign = colour_of([BRIGHT, DARK], rng)
        high = z + tall * float(rng.uniform(-0.2, 0.35))
        besides.append(_part((0.03, across * 0.5, 0.06), (x - deep * 0.55, 0.0, high), sign))
    return parts, [*besides, *_straps(person, colour, wide, z, rng)]


def _straps(
    person: Person, pack: Colour, wide: float, z: float, rng: np.random.Generator
) -> list[Part]:
    colour = pack if rng.random() < 0.4 else colour_of([DARK], rng)
    if person.straps:
        colour = colour_of(person.straps, rng)
    thick = float(rng.uniform(0.05, 0.08))
    parts = []
    for y in (0.12 * wide, -0.12 * wide):
        parts.append(_part((0.04, thick, 0.4), (0.125 * wide, y, 1.26), colour, shape='box'))
        parts.append(_part((0.28 * wide, thick, 0.04), (0.0, y, 1.475), colour, shape='box'))
    if rng.random() < 0.4:  # a belt
        parts.append(_part((0.27 * wide, 0.44 * wide, 0.06), (0.0, 0.0, 1.0), colour))
    return parts


def _shape(rng: np.random.Generator) -> str:
    return 'box' if rng.random() < 0.25 else 'rounded'


def _near(colour: Colour, rng: np.random.Generator) -> Colour:
    """Return a colour of the same hue, paler or darker."""
    hue, saturation, value = colorsys.rgb_to_hsv(*colour)
    factors = rng.uniform(0.6, 1.1), rng.uniform(0.5, 1.25)
    return colorsys.hsv_to_rgb(
        hue, min(saturation * factors[0], 1.0), min(value * factors[1], 1.0)
    )


def _bent(parts: Sequence[Part], bend_deg: float) -> list[Part]:
    """Turn all above the hips forward."""
    c, s = np.cos(np.radians(bend_deg)), np.sin(np.radians(bend_deg))
    bent = []
    for part in parts:
        x, y, z = part.position_m
        up = z - HIP_M
        if up > 0.0 and bend_deg:
            roll, pitch, yaw = part.rpy_deg
            where = (float(c * x + s * up), y, float(HIP_M - s * x + c * up))
            part = dataclasses.replace(
                part, position_m=where, rpy_deg=(roll, pitch + bend_deg, yaw), swing_deg=0.0
            )
        bent.append(part)
    return bent


def _scaled(part: Part, scale: float) -> Part:
    size = tuple(length * scale for length in part.size_m)
    where = _three([length * scale for length in part.position_m])
    return dataclasses.replace(part, size_m=size, position_m=where)


def _part(
    size: Vector, position: Vector, colour: Colour, swing_deg: float = 0.0, shape: str = 'rounded'
) -> Part:
    return Part(shape, size, position, (colour,), swing_deg)  # type: ignore[arg-type]


def _three(values: Sequence[float]) -> Vector:
    x, y, z = values
    return x, y, z
