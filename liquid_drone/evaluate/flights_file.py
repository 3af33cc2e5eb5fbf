# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Finished flights, a line of ``flights.jsonl`` each, with what must be equal in one table.

A run that is killed leaves at most one torn line. Torn lines are named, kept aside with the whole
file, and left out, so that those flights are flown anew. Flights of something else are refused,
never mixed.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ConfigError, shown
from ..files import parse_json, read_bytes, set_aside, shown_path, write_text
from ..schema import build, check_ranges
from ..sim.flight_spec import FlightSpec
from ..sim.identity import digest
from .scoring import FlightScore

log = logging.getLogger(__name__)

FLIGHTS = 'flights.jsonl'
SECONDS, METRES = (0.0, 1e5), (0.0, 1e6)
RANGES = {
    'seed': (0, 2**31), 'flown_s': SECONDS, 'in_view_share': (0, 1), 'longest_lost_s': SECONDS,
    'collision_s': SECONDS, 'min_distance_m': METRES, 'mean_distance_m': METRES,
    'max_distance_m': METRES, 'min_clearance_m': (-100, 1e6), 'mean_speed_m_s': (0, 1000),
    'reached_s': SECONDS, 'held_share': (0, 1),
}  # fmt: skip
PARTS = ('score', 'trajectory_hash', 'code')
ID = 'id'
ID_DIGITS = 12
MOST_BYTES = 100_000_000  # a line has 700
DEFAULTS = {  # of files written before there was any choice
    'weather': FlightSpec.weather,
    'vehicle': FlightSpec.vehicle,
    'providers': 'cpu',
    'renderer': 'unknown',  # as is the next
    'scenario': 'unknown',  # it was not written: nothing says that it is the same
}


@dataclass(frozen=True)
class Flown:
    """One finished flight."""

    score: FlightScore
    trajectory_hash: str
    # of pilot, guard and companion, whose changes are told and not refused; '': an older line
    code: str = field(default='', compare=False)


def flight_id(who: Mapping[str, object], seed: int) -> str:
    """Return the id of a flight: equal exactly where everything that makes the flight is equal.

    Args:
        who: what must be equal in one table.
        seed: the place.

    """
    return digest({**DEFAULTS, **who, 'seed': seed})[:ID_DIGITS]


def to_line(flown: Flown, who: Mapping[str, str]) -> str:
    """Return a flight as a line of the file."""
    return json.dumps({ID: flight_id(who, flown.score.seed), **who, **asdict(flown)}) + '\n'


def warn_of_other_code(out: Path, flights: Iterable[Flown], code: str) -> None:
    """Tell of flights that were flown before the code beside the simulator changed."""
    others = [flown.score.seed for flown in flights if flown.code not in ('', code)]
    if others:
        log.warning(
            '%d flights of %s, such as seed %d, were flown with another version of pilot, guard '
            'or companion, and may be other ones today: another --out flies all with the same',
            len(others), shown_path(out), others[0],
        )  # fmt: skip


def read_flights(out: Path, who: Mapping[str, str]) -> list[Flown]:
    """Read the flights of a directory; none where there is no file.

    Raises:
        ConfigError: flights of something else, or the file cannot be read.
        OutputError: torn lines cannot be kept aside.

    """
    path = out / FLIGHTS
    if not path.exists():
        return []
    data = read_bytes(path, MOST_BYTES)
    lines = data.removesuffix(b'\n').split(b'\n') if data else []
    whole, found, torn = list[str](), list[Flown](), list[str]()
    for number, line in enumerate(lines, 1):
        try:
            found.append(_flown(line, who, f'{shown_path(path)}, line {number}'))
            whole.append(line.decode())
        except _TornError as error:
            torn.append(str(error))
    if torn or (lines and not data.endswith(b'\n')):
        _mend(path, whole, torn)
    return found


def all_flights(folders: Sequence[Path]) -> tuple[dict[str, str], list[Flown]]:
    """Read the flights of several directories; nothing is changed, torn lines are left out.

    Returns:
        What is the same for all of them, and the flights.

    Raises:
        ConfigError: they are of different things, or a file cannot be read.

    """
    who: dict[str, str] = {}
    found: list[Flown] = []
    for path in (folder / FLIGHTS for folder in folders):
        if not path.exists():
            continue
        for number, line in enumerate(read_bytes(path, MOST_BYTES).split(b'\n'), 1):
            where = f'{shown_path(path)}, line {number}'
            try:
                row = parse_json(line.decode('utf-8'), where, _TornError) if line else None
                if row is None or not isinstance(row, dict):
                    continue
                whole = {**row, **{key: DEFAULTS[key] for key in DEFAULTS if key not in row}}
                who = who or {key: str(whole[key]) for key in whole if key not in (ID, *PARTS)}
                found.append(_flown(line, who, where))
            except (_TornError, UnicodeDecodeError) as error:
                log.warning('left out: %s', error)
    return who, found


class _TornError(ConfigError):
    """A line that is no flight."""


def _flown(line: bytes, who: Mapping[str, str], where: str) -> Flown:
    try:
        text = line.decode('utf-8')
    except UnicodeDecodeError as error:
        raise _TornError(f'{where} is not UTF-8 text: {error}') from error
    row = parse_json(text, where, _TornError)
    if not isinstance(row, dict) or not all(name in {**DEFAULTS, **row} for name in who):
        raise _TornError(f'{where}: expected the fields {", ".join(who)}, got {shown(row)}')
    flown = _build(row, where)
    held = {name: {**DEFAULTS, **row}[name] for name in who}
    other = {name: value for name, value in held.items() if value != who[name]}
    if other:
        raise ConfigError(
            f'{where} holds a flight with {shown(other)}, expected '
            f'{shown({name: who[name] for name in other})}; choose another --out'
        )
    return flown


def _build(row: dict[str, Any], where: str) -> Flown:
    parts = {name: row[name] for name in PARTS if name in row}
    try:
        flown = build(Flown, parts, where)
        check_ranges(flown.score, RANGES)
        return flown
    except (ConfigError, ValueError) as error:
        raise _TornError(str(error)) from error


def _mend(path: Path, whole: list[str], torn: list[str]) -> None:
    """Write the whole lines anew; where lines are torn, keep the file as it was aside."""
    if torn:
        kept = set_aside(path)
        log.warning(
            '%s is kept at %s: %d of its lines cannot be read, and their flights are flown anew; '
            'the first: %s', path, kept, len(torn), torn[0]
        )  # fmt: skip
    write_text(path, ''.join(f'{line}\n' for line in whole))
