# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Names that a person knows for what flights hold as hashes and file names."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ... import resources
from ...contract import load_contract
from ...errors import LiquidDroneError
from ...files import load_json
from ...sim.flight_spec import PILOTS
from ..protocol import TRIAL
from ..replay.finding import FoundFlight

DIGITS = 6  # of a hash beside a name that several bundles have
WITH = ' with '  # between a season and the part of another in it
PARTS = {'foliage_colour': 'colour of leaves', 'foliage_density': 'density of leaves'}
UNITS = {'_m_s': 'm/s', '_s': 's', '_deg': 'degrees', '_m': 'm'}  # the longest first
NUMBER = re.compile(r'(?<=[a-z])(?=\d+$)')  # of a weather's severity or a task's level
PART = re.compile(r'(?P<base>.+)-with-(?P<other>.+?)-(?P<part>[a-z]+(?:_[a-z]+)*)')


def pilot_names(
    flights: Sequence[FoundFlight], root: Path, study: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """Return a name for each bundle hash: the arm of a study, the bundle's name, or its folder's.

    Where two bundles of no study have one name, the first digits of the hash stand beside it.
    """
    arms = (study or {}).get('bundles', {})
    first = {one.who['bundle_hash']: one for one in reversed(flights)}
    named = {
        key: str(arms[key]).rpartition('-')[0] if key in arms else _own_name(key, one, root)
        for key, one in first.items()
    }
    alone = [name for key, name in named.items() if key not in arms]
    return {
        key: f'{name} ({key[:DIGITS]})' if key not in arms and alone.count(name) > 1 else name
        for key, name in named.items()
    }


def in_words(name: str) -> str:
    """Return the name of a file or an arm as words: a part of a season is told as such."""
    found = PART.fullmatch(name)
    if found is None:
        return name.replace('_', ' ').replace(',', ', ')
    part = found['part']
    return f'{found["base"]}{WITH}{found["other"]}: {PARTS.get(part, part.replace("_", " "))}'


def quantity(field: str) -> tuple[str, str]:
    """Return a field as words and its unit, which its end names; '': it has none."""
    for end, unit in UNITS.items():
        if field.endswith(end):
            return field.removesuffix(end).replace('_', ' '), unit
    return field.replace('_', ' '), ''


def place_words(name: str) -> str:
    """Return a study's place, such as ``forest-summer-dropped5-late5``, as words."""
    return ', '.join(NUMBER.sub(':', word) for word in name.split('-'))


def _own_name(key: str, found: FoundFlight, root: Path) -> str:
    if key in PILOTS:
        return key
    noted = _noted_bundle(found.folder)
    for path in [*([noted] if noted is not None else []), *sorted(resources.shipped_bundles())]:
        name = _contract_name(path, key)
        if name:
            return name
    if noted is not None:
        return noted.parent.name if noted.name == 'bundle' else noted.name
    folder = found.folder if found.folder == root else found.folder.parent
    return folder.resolve().name


def _noted_bundle(folder: Path) -> Path | None:
    try:
        document = load_json(folder / TRIAL)
    except LiquidDroneError:  # an older release wrote none
        return None
    bundle = document.get('bundle') if isinstance(document, dict) else None
    return Path(bundle) if isinstance(bundle, str) and bundle else None


def _contract_name(path: Path, key: str) -> str:
    try:
        contract = load_contract(path)
    except LiquidDroneError:  # it was replaced or removed since
        return ''
    return contract.name if contract.bundle_hash() == key else ''
