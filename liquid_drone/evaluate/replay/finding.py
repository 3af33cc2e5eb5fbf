# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Find finished flights by the beginning of their ids, and how each is flown again.

The id is a hash over everything that makes a flight, so that the same flight has the same id
wherever it was flown. Nothing here flies.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ... import resources
from ...contract import load_contract
from ...errors import ConfigError, LiquidDroneError
from ...files import load_json, named_below, shown_path
from ...schema import build
from ...sim.flight_spec import PILOTS, FlightSpec
from ..flights_file import FLIGHTS, Flown, all_flights, flight_id
from ..protocol import TRIAL, Trial

LEAST_DIGITS = 4
NAMES = ('world', 'season', 'target', 'task', 'vehicle', 'weather', 'autopilot')
RENDERERS = ('opengl', 'tiny')
TOLD = ('bundle_hash', 'world', 'season')  # of every flight: who flew, and where


@dataclass(frozen=True)
class FoundFlight:
    """One finished flight."""

    id: str
    who: dict[str, str]  # what is equal in its table
    flown: Flown
    folder: Path  # where its line stands

    @property
    def cell(self) -> str:
        """Where it was, in words."""
        words = (self.who.get(name, '') for name in ('world', 'season', 'weather'))
        return ', '.join(word for word in words if word)


def flights_below(root: Path) -> Iterator[FoundFlight]:
    """Yield all flights of a directory and of those below it, in the order of their paths.

    Raises:
        ConfigError: no such directory, or a file with flights of several things.
        OSError: a directory below cannot be looked into.

    """
    if not root.is_dir():
        raise ConfigError(f'no directory {shown_path(root)}: expected results of evaluate')
    for path in named_below(root, FLIGHTS):
        who, flights = all_flights([path.parent])
        for flown in {one.score.seed: one for one in flights}.values():
            yield FoundFlight(flight_id(who, flown.score.seed), who, flown, path.parent)


def telling(flights: Sequence[FoundFlight]) -> list[FoundFlight]:
    """Return the flights, all of which tell who flew, and where.

    Raises:
        ConfigError: one does not; their file is somebody else's.

    """
    for one in flights:
        if missing := [name for name in TOLD if name not in one.who]:
            raise ConfigError(
                f'{shown_path(one.folder / FLIGHTS)}: expected flights that tell '
                f'{", ".join(TOLD)}, as liquid-drone evaluate writes them; missing: '
                f'{", ".join(missing)}'
            )
    return list(flights)


def find_flights(ids: Sequence[str], root: Path) -> list[FoundFlight]:
    """Return the flight of each id, or of its first digits.

    Raises:
        ConfigError: an id that no flight or several flights have, or a flight that does not tell
            who flew, and where.

    """
    known = {one.id: one for one in flights_below(root)}
    return telling([_one(asked, known, root) for asked in ids])


def _one(asked: str, known: dict[str, FoundFlight], root: Path) -> FoundFlight:
    fitting = [name for name in known if name.startswith(asked)]
    if len(asked) < LEAST_DIGITS or len(fitting) != 1:
        few = f'has {len(fitting)} of its {len(known)} flights'
        raise ConfigError(
            f"flight '{asked[:40]}': expected the id of one flight below {shown_path(root)}, or "
            f'its first digits ({LEAST_DIGITS} at least), as in its {FLIGHTS} or report; '
            f'this beginning {few}'
        )
    return known[fitting[0]]


def trial_of(found: FoundFlight, bundle: Path | None = None) -> Trial:
    """Return how a flight is flown again.

    Args:
        found: the flight.
        bundle: its policy; None: the one it was flown with, or one that ships with that hash.

    Raises:
        ConfigError: the policy cannot be found, or is another one by now.

    """
    noted = _noted(found) if (found.folder / TRIAL).exists() else _by_names(found.who)
    wanted = found.who['bundle_hash']
    if pilot := {str(name): name for name in PILOTS}.get(wanted):
        return Trial(noted.flight, None, pilot=pilot)
    return replace(noted, bundle=bundle_with(wanted, bundle, noted.bundle, f'flight {found.id}'))


def bundle_with(wanted: str, given: Path | None, noted: Path | None, what: str) -> Path:
    """Return the bundle that has a hash.

    Args:
        wanted: the hash.
        given: the only one that is tried; None: the noted one and those that ship.
        noted: where it was when it flew.
        what: the flight, for the sentence that refuses.

    Raises:
        ConfigError: none has it.

    """
    candidates = [given] if given is not None else [noted, *sorted(resources.shipped_bundles())]
    hashes = {path: _hash_of(path) for path in candidates if path is not None}
    for path, has in hashes.items():
        if has == wanted:
            return path
    came = ', '.join(f'{shown_path(path)} is {has}' for path, has in hashes.items())
    raise ConfigError(
        f'{what} was flown with the bundle {wanted}; {came or "none is here"}. Where that policy '
        'was replaced since, its flights are records and cannot be flown again: fly their seeds '
        'with the one of today (liquid-drone evaluate); where it lies elsewhere, give its '
        'directory as --bundle'
    )


def _noted(found: FoundFlight) -> Trial:
    """Return what evaluate noted beside the flights."""
    document = load_json(found.folder / TRIAL)
    where = shown_path(found.folder / TRIAL)
    try:
        flight = build(FlightSpec, document['flight'], where)
        bundle = document['bundle'] and Path(document['bundle'])
        backend = str(document['providers']), str(document['precision'])
        return Trial(flight, bundle, *backend)
    except (KeyError, TypeError) as error:
        raise ConfigError(f'{where}: expected what evaluate wrote; remove it') from error


def _by_names(who: dict[str, str]) -> Trial:
    """Return what the line of an older flight tells: everything in it is a name that ships."""
    words: dict[str, Any] = {name: who[name] for name in NAMES if name in who}
    if who.get('renderer') in RENDERERS:
        words['renderer'] = who['renderer']
    providers, _, precision = who.get('providers', 'cpu').partition(' ')
    return Trial(FlightSpec(**words), None, providers, precision or 'fp32')


def _hash_of(path: Path) -> str:
    try:
        return load_contract(path).bundle_hash()
    except LiquidDroneError:
        return 'no bundle'
