# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The schema of times of the year: ``sim/seasons/*.yaml``.

Angles are degrees, colours sRGB 0..1, shares 0..1. Ranges are (least, most) and drawn from per
seed. Nothing here draws a random number.
"""

from dataclasses import dataclass

from ...arrays import Colour, Range
from ...files import check_name
from .target import check_colours, check_range, check_share


@dataclass(frozen=True)
class Season:
    """How the same world looks at one time of the year."""

    name: str
    ground: tuple[Colour, ...]  # of the forest's ground, blended by noise
    path: Colour
    broadleaf: tuple[Colour, ...]
    conifer: tuple[Colour, ...]
    bark: tuple[Colour, ...]
    sky_horizon: Colour
    sky_zenith: Colour
    bush: tuple[Colour, ...] = ()  # empty: as the broadleaf trees
    grass: tuple[Colour, ...] = ((0.33, 0.45, 0.18),)  # tufts, and lawns in a town
    grass_share: float = 1.0  # of the tufts that stand
    foliage: float = 1.0  # density of leaves: 1 full .. 0 none
    bare_share: float = 0.0  # of the broadleaf trees without any leaf
    litter: tuple[Colour, ...] = ()  # leaves on the ground
    litter_share: float = 0.0  # of the ground that they cover
    blossom: tuple[Colour, ...] = ()  # of trees in bloom
    blossom_share: float = 0.0  # of the broadleaf trees
    flowers: tuple[Colour, ...] = ()
    flower_density_per_m2: float = 0.0  # of clumps
    snow: float = 0.0  # 0 none .. 1 everything that looks up is white
    fog_density_per_m: float = 0.012
    sun_azimuth_deg: Range = (0.0, 360.0)
    sun_elevation_deg: Range = (35.0, 65.0)
    sun_colour: Colour = (1.0, 0.98, 0.92)
    ambient: float = 0.55  # share of the light that comes from everywhere
    exposure: Range = (0.9, 1.1)

    def __post_init__(self) -> None:
        check_name('name', self.name)
        for name in ('ground', 'broadleaf', 'conifer', 'bark', 'grass'):
            check_colours(name, getattr(self, name))
        for name in ('bush', 'litter', 'blossom', 'flowers'):
            if getattr(self, name):
                check_colours(name, getattr(self, name))
        for name in ('path', 'sky_horizon', 'sky_zenith', 'sun_colour'):
            check_colours(name, (getattr(self, name),))
        for name in ('foliage', 'snow', 'ambient'):
            check_share(name, getattr(self, name))
        for name in ('grass_share', 'bare_share', 'litter_share', 'blossom_share'):
            check_share(name, getattr(self, name))
        check_range('flower_density_per_m2 and its limit', (self.flower_density_per_m2, 1.0))
        self._check_angles()
        check_range('exposure', self.exposure, 0.1, 4.0)
        if not 0.0 <= self.fog_density_per_m <= 0.5:
            raise ValueError(f'fog_density_per_m must be 0..0.5; got {self.fog_density_per_m}')
        for needed, share in (('litter', self.litter_share), ('blossom', self.blossom_share)):
            if share > 0.0 and not getattr(self, needed):
                raise ValueError(f'{needed}_share is {share}, so {needed} needs colours')

    def _check_angles(self) -> None:
        check_range('sun_azimuth_deg', self.sun_azimuth_deg, 0.0, 720.0)
        if 6.2 < self.sun_azimuth_deg[1] < 6.3:
            raise ValueError(
                f'sun_azimuth_deg must be degrees, not radians; got {self.sun_azimuth_deg}'
            )
        if self.sun_elevation_deg[1] < 1.6:
            raise ValueError(
                'sun_elevation_deg must be degrees, 3..90, not radians; '
                f'got {self.sun_elevation_deg}'
            )
        check_range('sun_elevation_deg', self.sun_elevation_deg, 3.0, 90.0)
