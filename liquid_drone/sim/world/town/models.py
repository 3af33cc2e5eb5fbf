# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Models of what stands in a town. Houses are made of scaled blocks; materials are in metres."""

from functools import lru_cache

import numpy as np

from ..actors import rotation
from ..meshes import Mesh, box, branch, cylinder, lathe, merge
from ..scenery import Material, Model, Piece

WHITE = (1.0, 1.0, 1.0)
DARK, STEEL, WOOD = (0.07, 0.07, 0.08), (0.30, 0.31, 0.33), (0.45, 0.31, 0.18)
STONE = (0.66, 0.64, 0.60)
CAR_M = (4.1, 1.72, 1.45)
LAMP_M, LAMP_RADIUS_M = 4.8, 0.07
BENCH_M = (1.7, 0.55, 0.85)
BIN_M, PLANTER_M = (0.24, 0.9), (1.5, 1.5, 0.55)
FOUNTAIN_M = (2.2, 1.3)


@lru_cache(maxsize=32)
def block(material: Material, reach_m: float = 0.0) -> Model:
    """Return a box of side 1 on the ground, seen to ``reach_m``; 0: for ever."""
    level = (Piece(box([1.0, 1.0, 1.0], [0.0, 0.0, 0.5]), WHITE, material),)
    if reach_m > 0.0:
        return Model(f'block{int(material)}', (level, ()), (reach_m,))
    return Model(f'block{int(material)}', (level,))


@lru_cache(maxsize=4)
def gable() -> Model:
    """Return a pitched roof over a square of side 1, 1 high, ridge along x."""
    a, b, c, d = [-0.5, -0.5, 0.0], [0.5, -0.5, 0.0], [0.5, 0.5, 0.0], [-0.5, 0.5, 0.0]
    e, f = [-0.5, 0.0, 1.0], [0.5, 0.0, 1.0]
    corners = np.array([a, b, f, e, c, d, e, f, b, c, f, d, a, e])
    faces = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7], [8, 9, 10], [11, 12, 13]])
    mesh = Mesh(corners, faces, np.zeros((len(corners), 2)))
    return Model('gable', ((Piece(mesh, WHITE, Material.ROCK),),))


@lru_cache(maxsize=4)
def car(variant: int) -> Model:
    """Return a parked car along x; the paint takes the tint."""
    long, wide, high = CAR_M
    is_van = variant == 1
    cabin = [0.62 * long, 0.88 * wide, high - 0.86] if is_van else [0.5 * long, 0.86 * wide, 0.52]
    back = -0.12 * long if is_van else -0.07 * long
    hull = box([long, wide, 0.52], [0.0, 0.0, 0.58])
    glass = box(cabin, [back, 0.0, 0.84 + cabin[2] / 2.0])
    roof = box([0.86 * cabin[0], 1.01 * cabin[1], 0.08], [back, 0.0, 0.86 + cabin[2]])
    turn = rotation(np.pi / 2.0, 0.0, 0.0)
    wheels = [
        cylinder(0.31, 0.2, 8).turned(turn).moved([0.31 * long * i, 0.46 * wide * j, 0.31])
        for i in (-1, 1)
        for j in (-1, 1)
    ]
    lamps = box([0.06, 0.9 * wide, 0.14], [long / 2.0, 0.0, 0.64])
    tail = box([0.06, 0.9 * wide, 0.14], [-long / 2.0, 0.0, 0.68])
    paint = Piece(merge([hull, roof]), WHITE)
    panes = Piece(glass, (0.12, 0.14, 0.17), Material.GLASS, tinted=False)
    near = (
        paint,
        panes,
        Piece(merge(wheels), DARK, tinted=False),
        Piece(lamps, (0.9, 0.9, 0.82), tinted=False),
        Piece(tail, (0.6, 0.05, 0.05), tinted=False),
    )
    skirt = Piece(box([0.8 * long, 0.96 * wide, 0.34], [0.0, 0.0, 0.17]), DARK, tinted=False)
    return Model(f'car{variant}', (near, (Piece(hull, WHITE), panes, skirt)), (20.0,))


@lru_cache(maxsize=1)
def lamp_post() -> Model:
    """Return a lamp post whose arm reaches out along x, well above a drone."""
    pole = branch([0.0, 0.0, -0.05], [0.0, 0.0, LAMP_M], LAMP_RADIUS_M, 0.045, 6)
    arm = branch([0.0, 0.0, LAMP_M - 0.1], [1.3, 0.0, LAMP_M + 0.1], 0.04, 0.03, 4)
    head = box([0.6, 0.2, 0.1], [1.4, 0.0, LAMP_M + 0.08])
    foot = cylinder(0.12, 0.5, 6).moved([0.0, 0.0, 0.25])
    thin = branch([0.0, 0.0, -0.05], [0.0, 0.0, LAMP_M], LAMP_RADIUS_M, 0.06, 3)
    return Model(
        'lamp_post',
        (
            (Piece(merge([pole, arm, foot]), STEEL), Piece(head, (0.85, 0.85, 0.8))),
            (Piece(merge([thin, head]), STEEL),),
        ),
        (18.0,),
    )


@lru_cache(maxsize=1)
def bench() -> Model:
    """Return a bench; one sits looking along x."""
    long, deep, high = BENCH_M[0], BENCH_M[1], BENCH_M[2]
    seat = box([deep, long, 0.06], [0.0, 0.0, 0.46])
    rest = box([0.06, long, 0.34], [-deep / 2.0, 0.0, high - 0.17])
    legs = [box([0.5, 0.08, 0.44], [0.0, y, 0.22]) for y in (-0.65, 0.65)]
    planks = Piece(merge([seat, rest]), WOOD, Material.BARK)
    return Model(
        'bench',
        ((planks, Piece(merge(legs), STEEL)), (planks,), ()),
        (14.0, 40.0),
    )


@lru_cache(maxsize=1)
def bin_() -> Model:
    """Return a litter bin."""
    radius, high = BIN_M
    body = cylinder(radius, high, 8).moved([0.0, 0.0, high / 2.0])
    return Model('bin', ((Piece(body, (0.16, 0.30, 0.22)),), ()), (30.0,))


@lru_cache(maxsize=1)
def planter() -> Model:
    """Return a stone trough; what grows in it is put there."""
    return Model('planter', ((Piece(box(PLANTER_M, [0, 0, 0.27]), STONE, Material.CONCRETE),),))


@lru_cache(maxsize=1)
def fountain() -> Model:
    """Return a round basin with water and a column."""
    radius, high = FOUNTAIN_M
    rim = lathe([radius, radius, 0.86 * radius, 0.86 * radius], [-0.1, 0.5, 0.5, 0.2], 14, None)
    water = lathe([0.88 * radius, 0.01], [0.36, 0.36], 14, None)
    column = lathe([0.3, 0.18, 0.6, 0.02], [0.2, 0.9, high, high + 0.1], 8, None)
    stone = Piece(merge([rim, column]), STONE, Material.CONCRETE)
    return Model('fountain', ((stone, Piece(water, (0.2, 0.32, 0.38), Material.GLASS)),))
