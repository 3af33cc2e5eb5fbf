# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Models of what grows and lies in a forest, each in a few variants and levels of detail.

A variant is always the same; a place varies it by scale, turn and tint. Trees are ``TREE_M`` high
and carry nothing below ``CROWN_BASE`` of that, so that a drone at 2 m flies under the crowns.
"""

import math
from functools import lru_cache

import numpy as np

from ...arrays import Colour
from ...streams import ModelStream, stream
from .meshes import Mesh, blade, blob, branch, clump, lathe, merge
from .scenery import Material, Model, Piece

TREE_M, TRUNK_RADIUS_M, CROWN_BASE = 8.0, 0.2, 0.4
VARIANTS = 5
TREE_REACH_M = (12.0, 26.0)
LIGHT, DARK = (1.0, 1.0, 1.0), (0.78, 0.82, 0.76)  # upper and lower leaves, times the tint


def _trunk(radius: float, height: float, sides: int) -> Mesh:
    if sides > 4:
        return lathe(
            [1.25 * radius, 0.95 * radius, 0.5 * radius], [-0.2, 0.7, height], sides, None
        )
    return lathe([1.1 * radius, 0.5 * radius], [-0.2, height], sides, None)


def _trunks(bark: Colour, height: float) -> list[Piece]:
    """Return the trunk of each level: 28, 8 and 6 triangles."""
    return [
        Piece(_trunk(TRUNK_RADIUS_M, height, sides), bark, Material.BARK, tinted=False)
        for sides in (7, 4, 3)
    ]


def _above(mesh: Mesh, height: float) -> Mesh:
    """Push what hangs lower than ``height`` up to it."""
    vertices = mesh.vertices.copy()
    vertices[:, 2] = np.maximum(vertices[:, 2], height)
    return Mesh(vertices, mesh.faces, mesh.uv)


@lru_cache(maxsize=64)
def broadleaf(variant: int, bark: Colour) -> Model:
    """Return a leafy tree: a crown of five uneven lobes, then one, then a few triangles."""
    rng = stream(variant, ModelStream.BROADLEAF)
    base = CROWN_BASE * TREE_M
    middle = 0.66 * TREE_M
    wide = rng.uniform(1.35, 1.75)
    upper = [blob([0.8 * wide, 0.8 * wide, 1.15], [0.0, 0.0, 0.87 * TREE_M], rng)]
    lower = [blob([wide, wide, 1.5], [0.0, 0.0, middle], rng)]
    turn = rng.uniform(0.0, 6.3)
    for i in range(3):
        angle = turn + 2.1 * i + rng.uniform(-0.4, 0.4)
        out = np.array([math.cos(angle), math.sin(angle), 0.0]) * wide * 0.75
        lobe = blob(
            np.array([1.0, 1.0, 0.9]) * rng.uniform(0.8, 1.15),
            np.add(out, [0.0, 0.0, middle + rng.uniform(-0.8, 0.9)]),
            rng,
        )
        (upper if i == 0 else lower).append(lobe)
    shape = [1.3 * wide, 1.3 * wide, 0.3 * TREE_M]
    mid = blob(shape, [0.0, 0.0, 0.7 * TREE_M], rng, rough=0.22)
    far = clump(shape, [0.0, 0.0, 0.7 * TREE_M], rng)
    trunks = _trunks(bark, 0.6 * TREE_M)
    return Model(
        f'broadleaf{variant}',
        (
            (
                trunks[0],
                Piece(_above(merge(upper), base), LIGHT, Material.LEAVES),
                Piece(_above(merge(lower), base), DARK, Material.LEAVES),
            ),
            (trunks[1], Piece(_above(mid, base), (0.92,) * 3, Material.LEAVES)),
            (trunks[2], Piece(_above(far, base), (0.9,) * 3, Material.LEAVES)),
        ),
        TREE_REACH_M,
    )


@lru_cache(maxsize=64)
def conifer(variant: int, bark: Colour) -> Model:
    """Return a fir: ragged skirts one above the other."""
    rng = stream(variant, ModelStream.CONIFER)
    wide = rng.uniform(1.25, 1.6)
    trunks = _trunks(bark, 0.8 * TREE_M)
    levels = []
    for trunk, (tiers, sides) in zip(trunks, ((4, 8), (2, 6), (1, 5)), strict=True):
        skirts = [_skirt(k / tiers, 1.0 / tiers, wide, sides, rng) for k in range(tiers)]
        levels.append((trunk, Piece(merge(skirts), LIGHT, Material.NEEDLES)))
    return Model(f'conifer{variant}', tuple(levels), TREE_REACH_M)


def _skirt(low: float, share: float, wide: float, sides: int, rng: np.random.Generator) -> Mesh:
    """Return one tier of a fir: an uneven cone, closed below."""
    base, span = CROWN_BASE * TREE_M, (1.0 - CROWN_BASE) * TREE_M
    bottom, top = base + low * span, base + min(low + 1.35 * share, 1.0) * span
    wobble = np.vstack([np.ones(sides), rng.uniform(0.78, 1.18, size=sides), np.ones(sides)])
    radius = wide * (1.0 - 0.8 * low)
    mesh = lathe([0.02, radius, 0.02], [bottom + 0.25 * share * span, bottom, top], sides, wobble)
    rim = slice(sides, 2 * sides)
    mesh.vertices[rim, 2] += rng.uniform(0.0, 0.3, size=sides)
    return mesh


@lru_cache(maxsize=64)
def bare(variant: int, bark: Colour) -> Model:
    """Return a broadleaf tree without leaves: boughs, and twigs on them."""
    rng = stream(variant, ModelStream.BARE)
    thin: Colour = (bark[0] * 0.9, bark[1] * 0.9, bark[2] * 0.92)
    boughs = [_bough(i, 8, rng) for i in range(8)]
    near = [branch(*ends, 0.055, 0.02) for ends in boughs]
    for start, end in boughs:
        near += [_twig(start, end, rng) for _ in range(4)]
    mid = [branch(*ends, 0.07) for ends in boughs]
    for start, end in boughs:
        mid += [_twig(start, end, rng, 1.6) for _ in range(2)]
    far = [branch(*ends, 0.11) for ends in boughs[::2]]
    levels = []
    for sticks, sides in ((near, 7), (mid, 4), (far, 3)):
        trunk = lathe(
            [1.2 * TRUNK_RADIUS_M, 0.7 * TRUNK_RADIUS_M, 0.02],
            [-0.2, 0.45 * TREE_M, 0.93 * TREE_M],
            sides,
            None,
        )
        levels.append(
            (
                Piece(trunk, bark, Material.BARK, tinted=False),
                Piece(merge(sticks), thin, Material.BARK, tinted=False),
            )
        )
    return Model(f'bare{variant}', tuple(levels), TREE_REACH_M)


def _bough(i: int, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return both ends of a bough; the lower ones reach further out."""
    height = TREE_M * (CROWN_BASE + 0.02 + 0.4 * i / count)
    angle = 2.4 * i + rng.uniform(-0.4, 0.4)
    out = rng.uniform(1.3, 2.0) * (1.0 - 0.35 * i / count)
    rise = rng.uniform(0.9, 1.7)
    start = np.array([0.0, 0.0, height])
    return start, np.add(start, [out * math.cos(angle), out * math.sin(angle), rise])


def _twig(
    start: np.ndarray, end: np.ndarray, rng: np.random.Generator, thick: float = 1.0
) -> Mesh:
    at = start + (end - start) * rng.uniform(0.35, 0.95)
    away = (end - start) * 0.35 + rng.uniform(-0.7, 0.7, size=3) + [0.0, 0.0, 0.35]
    return branch(at, at + away, 0.022 * thick)


@lru_cache(maxsize=16)
def bush(variant: int) -> Model:
    """Return a low bush of radius 1: three lobes, then one."""
    rng = stream(variant, ModelStream.BUSH)
    lobes = []
    for i in range(3):
        angle = 2.1 * i + rng.uniform(-0.4, 0.4)
        place = [0.5 * math.cos(angle), 0.5 * math.sin(angle), rng.uniform(0.5, 0.9)]
        lobes.append(blob([0.65, 0.65, 0.7], place, rng))
    far = clump([1.0, 1.0, 0.8], [0.0, 0.0, 0.5], rng)
    return Model(
        f'bush{variant}',
        (
            (Piece(_above(merge(lobes), -0.1), LIGHT, Material.LEAVES),),
            (Piece(_above(far, -0.1), (0.92,) * 3, Material.LEAVES),),
        ),
        (12.0,),
    )


@lru_cache(maxsize=16)
def twigs(variant: int) -> Model:
    """Return a bush of radius 1 without leaves."""
    rng = stream(variant, ModelStream.TWIGS)
    sticks = []
    for i in range(9):
        angle = 0.7 * i + rng.uniform(-0.2, 0.2)
        out = rng.uniform(0.3, 1.0)
        tip = [out * math.cos(angle), out * math.sin(angle), rng.uniform(0.8, 1.5)]
        sticks.append(branch([0.0, 0.0, -0.05], tip, 0.035))
    return Model(
        f'twigs{variant}',
        (
            (Piece(merge(sticks), LIGHT, Material.BARK),),
            (Piece(merge(sticks[::2]), LIGHT, Material.BARK),),
        ),
        (12.0,),
    )


@lru_cache(maxsize=16)
def tuft(variant: int) -> Model:
    """Return grass or, for odd variants, fern: blades that stand out of one spot, to 16 m."""
    rng = stream(variant, ModelStream.TUFT)
    is_fern = variant % 2 == 1
    blades = []
    for i in range(7):
        angle = 0.9 * i + rng.uniform(-0.3, 0.3)
        out, up = (rng.uniform(0.35, 0.5), 0.28) if is_fern else (rng.uniform(0.05, 0.22), 0.42)
        tip = [out * math.cos(angle), out * math.sin(angle), up * rng.uniform(0.7, 1.2)]
        foot = [0.06 * math.cos(angle), 0.06 * math.sin(angle), -0.02]
        blades.append(blade(foot, tip, 0.16 if is_fern else 0.09))
    near = merge(blades)
    few = merge(blades[::3])
    return Model(
        f'tuft{variant}',
        ((Piece(near, LIGHT),), (Piece(few, LIGHT),), ()),
        (7.0, 16.0),
    )


@lru_cache(maxsize=16)
def flowers(variant: int) -> Model:
    """Return a clump of flowers, to 18 m: their heads take the tint, their stalks are green."""
    rng = stream(variant, ModelStream.FLOWERS)
    heads, stalks = [], []
    for _ in range(6):
        x, y = rng.uniform(-0.35, 0.35, size=2)
        z = rng.uniform(0.12, 0.24)
        heads.append(blob([0.05, 0.05, 0.04], [x, y, z], rng, subdivisions=-1))
        stalks.append(blade([x, y, -0.02], [x + 0.02, y, z], 0.06))
    green = (0.30, 0.48, 0.17)
    return Model(
        f'flowers{variant}',
        (
            (Piece(merge(heads), LIGHT), Piece(merge(stalks), green, tinted=False)),
            (Piece(merge(heads[::2]), LIGHT),),
            (),
        ),
        (7.0, 18.0),
    )


@lru_cache(maxsize=16)
def rock(variant: int) -> Model:
    """Return a boulder of radius 1, half sunk."""
    rng = stream(variant, ModelStream.ROCK)
    near = blob([1.0, 0.8, 0.7], [0.0, 0.0, 0.15], rng, rough=0.22)
    far = blob([1.0, 0.8, 0.7], [0.0, 0.0, 0.15], rng, subdivisions=-1, rough=0.15)
    grey = (0.47, 0.46, 0.43)
    return Model(
        f'rock{variant}',
        ((Piece(near, grey, Material.ROCK),), (Piece(far, grey, Material.ROCK),)),
        (12.0,),
    )


@lru_cache(maxsize=16)
def fallen_trunk(variant: int, bark: Colour) -> Model:
    """Return a trunk of length 1 along x and radius 1 in y and z, that lies on the ground."""
    rng = stream(variant, ModelStream.FALLEN_TRUNK)
    levels = []
    for sides in (7, 4):
        stem = lathe([1.0, 0.9, 0.7], [-0.5, 0.0, 0.5], sides, rng.uniform(0.9, 1.1, (3, sides)))
        upright = stem.vertices
        lying = np.column_stack([upright[:, 2], upright[:, 1], 0.8 - upright[:, 0]])
        ends = merge([Mesh(lying, stem.faces, stem.uv), _ends(lying, sides)])
        levels.append((Piece(ends, bark, Material.BARK, tinted=False),))
    return Model(f'fallen{variant}', tuple(levels), (12.0,))


def _ends(rings: np.ndarray, sides: int) -> Mesh:
    """Close both ends of a lying trunk."""
    i = np.arange(1, sides - 1)
    fan = np.column_stack([np.zeros_like(i), i, i + 1])
    vertices = np.concatenate([rings[:sides], rings[-sides:]])
    faces = np.concatenate([fan[:, ::-1], fan + sides])
    return Mesh(vertices, faces, np.zeros((len(vertices), 2)))
