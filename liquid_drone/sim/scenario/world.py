# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The schema of places: ``sim/worlds/*.yaml``, a forest or a town.

Lengths are metres, speeds m/s, shares 0..1. Ranges are (least, most) and drawn from per seed.
Nothing here draws a random number.
"""

from dataclasses import dataclass

from ...arrays import Range
from ...files import check_name
from ...schema import check_ranges
from .target import Distractor, check_range, check_share


@dataclass(frozen=True)
class Forest:
    """A mixed forest along a winding path."""

    tree_density_per_m2: float = 0.075  # before what the path, the clearings and spacing take away
    tree_spacing_m: float = 2.0  # least distance between two trunks
    trunk_radius_m: Range = (0.12, 0.28)
    tree_height_m: Range = (7.0, 11.5)
    conifer_share: float = 0.35
    path_clearance_m: float = 1.2  # trunks stay this far from the path
    corridor_m: float = 16.0  # trees grow this far to both sides of the path
    path_curvature_per_m: float = 0.12  # standard deviation of the path's curvature
    clearing_density_per_m2: float = 0.001
    clearing_radius_m: Range = (3.0, 6.0)
    bush_density_per_m2: float = 0.03
    bush_radius_m: Range = (0.25, 0.55)
    tuft_density_per_m2: float = 0.16  # grass and fern
    rock_density_per_m2: float = 0.012
    fallen_trunk_density_per_m2: float = 0.004
    relief_m: float = 0.35  # the ground rises and falls at most this much

    def __post_init__(self) -> None:
        check_range('trunk_radius_m', self.trunk_radius_m, 0.03, 1.0)
        check_range('tree_height_m', self.tree_height_m, 6.5, 40.0)
        check_range('clearing_radius_m', self.clearing_radius_m, 0.0, 50.0)
        check_range('bush_radius_m', self.bush_radius_m, 0.05, 2.0)
        for name in ('tree', 'clearing', 'bush', 'tuft', 'rock', 'fallen_trunk'):
            density = getattr(self, f'{name}_density_per_m2')
            if not 0.0 <= density <= 1.0:
                raise ValueError(f'{name}_density_per_m2 must be 0..1; got {density}')
        check_share('conifer_share', self.conifer_share)
        check_range('relief_m and its limit', (self.relief_m, 0.8))
        spans = {'tree_spacing_m': (1.0, 50.0), 'corridor_m': (5.0, 60.0)}
        curves = {'path_clearance_m': (0.0, 10.0), 'path_curvature_per_m': (0.0, 1.0)}
        check_ranges(self, {**spans, **curves})


@dataclass(frozen=True)
class Urban:
    """A town on a grid of streets."""

    block_m: Range = (24.0, 32.0)  # side of a block of houses, between two pavements
    road_width_m: float = 7.0
    pavement_width_m: float = 3.0
    margin_m: float = 40.0  # the town goes on this far around the target's route
    building_height_m: Range = (6.0, 16.0)
    buildings_per_block: tuple[int, int] = (2, 5)
    plaza_share: float = 0.2  # of the blocks
    parked_car_spacing_m: float = 9.0  # mean along each kerb
    lamp_spacing_m: float = 18.0
    tree_spacing_m: float = 11.0
    bench_spacing_m: float = 25.0

    def __post_init__(self) -> None:
        check_range('block_m', self.block_m, 12.0, 200.0)
        check_range('building_height_m', self.building_height_m, 4.0, 100.0)
        check_range('road_width_m, its limit', (self.road_width_m, 30.0), 4.0)
        check_range('pavement_width_m, its limit', (self.pavement_width_m, 10.0), 2.0)
        check_range('margin_m, its limit', (self.margin_m, 200.0), 15.0)
        check_share('plaza_share', self.plaza_share)
        low, high = self.buildings_per_block
        if not 1 <= low <= high <= 9:
            raise ValueError(f'buildings_per_block must be two numbers 1..9; got {(low, high)}')
        for name in ('parked_car', 'lamp', 'tree', 'bench'):
            check_ranges(self, {f'{name}_spacing_m': (3.0, 1000.0)})


@dataclass(frozen=True)
class World:
    """A place: a forest or a town, never both."""

    name: str
    forest: Forest | None = None
    urban: Urban | None = None
    distractors: tuple[Distractor, ...] = ()
    wind_m_s: Range = (0.0, 1.0)

    def __post_init__(self) -> None:
        check_name('name', self.name)
        if (self.forest is None) == (self.urban is None):
            raise ValueError("a world has either 'forest' or 'urban'")
        check_range('wind_m_s', self.wind_m_s, 0.0, 20.0)
