# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A season taken apart: each part of it alone in another season, as season files to fly in.

Trunks, paths and starts do not depend on the season, so that flights of one seed differ in the
part alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from ..errors import ConfigError
from ..files import write_text
from ..resources import named_file
from ..schema import load_yaml, plain
from ..sim.scenario.season import Season

PARTS: dict[str, tuple[str, ...]] = {  # every field of a season but its name
    'foliage_colour': ('broadleaf', 'conifer', 'bush', 'bark', 'blossom', 'blossom_share'),
    'foliage_density': ('foliage', 'bare_share'),
    'ground': (
        *('ground', 'path', 'grass', 'grass_share', 'litter', 'litter_share'),
        *('flowers', 'flower_density_per_m2'),
    ),
    'sun': (
        *('sun_azimuth_deg', 'sun_elevation_deg', 'sun_colour', 'ambient', 'exposure'),
        *('sky_horizon', 'sky_zenith', 'fog_density_per_m'),
    ),
    'snow': ('snow',),
}


def load_season(name: str) -> Season:
    """Read a season by its name or path.

    Raises:
        ConfigError: unknown, or not a season.

    """
    return load_yaml(Season, named_file('sim/seasons', name))


def with_part(base: Season, other: Season, part: str) -> Season:
    """Return a season with one part of another."""
    words = {name: getattr(other, name) for name in PARTS[part]}
    if 'bush' in words:  # bushes without colours of their own have the leaves'
        words['bush'] = other.bush or other.broadleaf
    return replace(base, name=f'{base.name}-with-{other.name}-{part}', **words)


def parts_of(base: Season, other: Season) -> list[Season]:
    """Return the base with each part of the other alone; parts that are equal are left out.

    Raises:
        ConfigError: the seasons do not differ.

    """
    found = [with_part(base, other, part) for part in PARTS]
    found = [one for one in found if replace(one, name=base.name) != base]
    if not found:
        raise ConfigError(
            f'{other.name} is no other season than {base.name}: nothing to take apart'
        )
    return found


def write_parts(folder: Path, base: str, others: Sequence[str]) -> list[str]:
    """Write the seasons to fly in: the base, each part of each other, each other whole.

    Returns:
        Names and paths, as ``--seasons`` takes them.

    Raises:
        ConfigError: an unknown season, or two that do not differ.
        OutputError: they cannot be written.

    """
    first, found = load_season(base), [base]
    folder.mkdir(parents=True, exist_ok=True)
    for name in others:
        for season in parts_of(first, load_season(name)):
            path = folder / f'{season.name}.yaml'
            write_text(path, yaml.safe_dump(plain(season), sort_keys=False))
            found.append(str(path))
        found.append(name)
    return list(dict.fromkeys(found))
