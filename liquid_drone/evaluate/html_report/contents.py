# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Gather from a directory all that a report shows: flights, flights on film, pictures.

Nothing here writes HTML, and nothing is flown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ConfigError, LiquidDroneError
from ...files import load_json, named_below, shown_path
from ...sim.flight_log import FlightLog
from ..replay.finding import FoundFlight, flights_below, telling
from ..scoring import FAILURES, Summary, summarise
from .names import in_words, pilot_names

SEASONS = ('spring', 'summer', 'autumn', 'winter')  # in this order, others after them
PICTURES = {  # that ``draw`` writes: title
    'neurons.png': 'The state of every neuron over a flight',
    'memory.png': 'Time constants of the modes of the state',
    'phases.png': 'The path of the state, and the command against the bearing',
    'wiring.png': 'The wiring',
    'roles.png': 'The role of each neuron: read from it, and missed without it',
    'activity.png': 'The activity of the neurons on the wiring, over a flight',
    'knock-out.png': 'Flights without each neuron',
    'attention.png': 'Attention: where the command comes from',
    'expressivity.png': 'Expressivity of random cells',
}
REPLAYS = 'replays'
USUAL = {
    'weather': 'clear', 'target': 'red_backpack', 'task': 'follow', 'vehicle': 'x500',
    'autopilot': 'px4',
}  # fmt: skip
Place = tuple[str, str, str, str]  # pilot, world, season, what else is unusual and differs


@dataclass(frozen=True)
class FilmedFlight:
    """A flight that was flown again and left an episode."""

    found: FoundFlight
    folder: Path
    log: FlightLog

    @property
    def film(self) -> Path | None:
        """Its film, where there is one."""
        path = self.folder / 'flight.mp4'
        return path if path.is_file() else None


@dataclass(frozen=True)
class ReportContents:
    """What a report shows."""

    title: str
    flights: tuple[FoundFlight, ...]
    pilots: dict[str, str]  # bundle hash: name
    placed: dict[str, Place]  # by the id of a flight
    common: tuple[str, ...]  # what is unusual of all flights alike
    places: dict[Place, Summary]
    filmed: tuple[FilmedFlight, ...]
    pictures: tuple[tuple[str, Path], ...]  # title, file
    attention_films: tuple[tuple[str, Path], ...] = ()  # title, file
    study: dict[str, Any] | None = None  # study.json, as ``evaluate --study`` left it

    def columns(self) -> list[tuple[str, str]]:
        """Return every season with what else is unusual, in the order of the year."""
        there = {place[2:] for place in self.places}
        return sorted(there, key=lambda column: (_order(column[0]), column))

    def place_of(self, found: FoundFlight) -> Place:
        """Return the table's row and column of a flight."""
        return self.placed[found.id]

    def flights_of(self, place: Place) -> list[FoundFlight]:
        """Return the flights of a place."""
        return [one for one in self.flights if self.place_of(one) == place]

    def words_of(self, place: Place) -> str:
        """Return a place in words; who flew is told where several did."""
        several = len({other[0] for other in self.places}) > 1
        words = [*([place[0]] if several else []), place[1], place[2], place[3]]
        return ', '.join(word for word in words if word)


def _order(season: str) -> int:
    """Return where a season stands in the year; parts of seasons stand after them."""
    return SEASONS.index(season) if season in SEASONS else len(SEASONS)


def places_of(
    flights: Sequence[FoundFlight], pilots: Mapping[str, str]
) -> tuple[dict[str, Place], tuple[str, ...]]:
    """Return the place of each flight by its id, and what is unusual of all of them alike."""
    values = {name: {one.who.get(name, usual) for one in flights} for name, usual in USUAL.items()}
    common = [
        f'{name} {in_words(next(iter(found)))}'
        for name, found in values.items()
        if len(found) == 1 and found != {USUAL[name]}
    ]
    placed = {}
    for one in flights:
        other = [
            in_words(one.who[name])
            for name, usual in USUAL.items()
            if len(values[name]) > 1 and one.who.get(name, usual) != usual
        ]
        where = in_words(one.who['world']), in_words(one.who['season']), ', '.join(other)
        placed[one.id] = (in_words(pilots[one.who['bundle_hash']]), *where)
    return placed, tuple(common)


def gather(folder: Path) -> ReportContents:
    """Read a directory of results.

    Raises:
        ConfigError: no flights are there, files that cannot be read, or flights that do not tell
            who flew, and where.

    """
    flights = telling(list({one.id: one for one in flights_below(folder)}.values()))
    if not flights:
        raise ConfigError(
            f'no flights below {shown_path(folder)}: expected what liquid-drone evaluate wrote'
        )
    study = _study(folder)
    pilots = pilot_names(flights, folder, study)
    placed, common = places_of(flights, pilots)
    return ReportContents(
        folder.resolve().name,
        tuple(flights),
        pilots,
        placed,
        common,
        summaries(flights, placed),
        tuple(_filmed(flights)),
        tuple(_pictures(folder)),
        tuple(_attention_films(folder)),
        study,
    )


def summaries(flights: Sequence[FoundFlight], placed: Mapping[str, Place]) -> dict[Place, Summary]:
    """Return the summary of every place, sorted."""
    grouped: dict[Place, list[FoundFlight]] = {}
    for one in flights:
        grouped.setdefault(placed[one.id], []).append(one)
    return {
        place: summarise([one.flown.score for one in grouped[place]]) for place in sorted(grouped)
    }


def failure_words(names: Sequence[str]) -> str:
    """Return failures in words."""
    return ', '.join(FAILURES[name] for name in names)


def _filmed(flights: Sequence[FoundFlight]) -> list[FilmedFlight]:
    found = []
    for one in flights:
        folder = one.folder / REPLAYS / one.id
        if (folder / 'episode').is_dir():
            found.append(FilmedFlight(one, folder, FlightLog.load(folder / 'episode')))
    return sorted(found, key=lambda one: (one.found.flown.score.success, one.found.id))


def _pictures(folder: Path) -> list[tuple[str, Path]]:
    found = []
    for name, title in PICTURES.items():
        for path in named_below(folder, name):
            where = path.parent.relative_to(folder).as_posix()
            found.append((title if where == '.' else f'{title} ({where})', path))
    return found


def _attention_films(folder: Path) -> list[tuple[str, Path]]:
    """Return the films that ``attention --film`` left, below the name of their bundle."""
    films = [path for path in named_below(folder, '*.mp4') if path.parent.name == 'films']
    return [(f'{path.parents[1].name}, {", ".join(path.stem.split("-"))}', path) for path in films]


def _study(folder: Path) -> dict[str, Any] | None:
    path = folder / 'study.json'
    if not path.is_file():
        return None
    try:
        document = load_json(path)
    except LiquidDroneError as error:
        raise ConfigError(f'{error}: remove it, or finish the study again') from error
    return document if isinstance(document, dict) else None
