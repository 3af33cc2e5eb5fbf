# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One evaluation shared out over machines that know nothing of each other, and put together again.

Shard k of n flies every n-th seed from the k-th on. Each directory says in ``run.json`` which
seeds the whole has. Merging checks that all flights are of the same thing and that a seed that was
flown twice gave the same flight, and names the seeds that are missing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ..errors import ConfigError
from ..files import load_json, shown_path, write_text
from ..results import claim
from ..run_lock import is_held, only_run
from ..seeds import split_of
from .failures import read_failures
from .flights_file import FLIGHTS, Flown, all_flights, to_line

T = TypeVar('T')
RUN = 'run.json'
VERSION = 2
MOST_SEEDS = 1_000_000  # of a file that somebody else wrote
MOST_NAMED = 8  # ranges of seeds in a sentence, failures in a list


@dataclass(frozen=True)
class SeedShard:
    """One of several shares of the same seeds."""

    number: int  # from 1
    count: int

    @classmethod
    def parse(cls, text: str) -> 'SeedShard':
        """Read ``K/N``.

        Raises:
            ConfigError: something else.

        """
        first, slash, second = text.partition('/')
        numbers = [
            int(word) if word.isdecimal() and len(word) < 6 else 0 for word in (first, second)
        ]
        if not slash or not 1 <= numbers[0] <= numbers[1]:
            raise ConfigError(f"shard: expected K/N, such as 1/4 to 4/4; got '{text[:40]}'")
        return cls(*numbers)

    def of(self, seeds: range) -> range:
        """Return this share of some seeds; empty where there are fewer seeds than shards."""
        return seeds[self.number - 1 :: self.count]

    def share(self, items: Sequence[T]) -> list[T]:
        """Return this share of a list."""
        return [items[i] for i in self.of(range(len(items)))]


def write_run(out: Path, seeds: Sequence[int], cells: Sequence[str]) -> None:
    """Note which seeds the whole run has, and in which directories below ``out`` its places are.

    More seeds of the same split and places are added to those of before; what lies between two
    ranges is asked for by neither.
    """
    asked = set(seeds)
    if (out / RUN).exists():
        held = read_run(out)
        if held.places == tuple(cells) and split_of(held.seeds[0]) == split_of(seeds[0]):
            asked |= set(held.seeds)
    ranges = ranges_of(sorted(asked))
    run: dict[str, object] = {'format_version': VERSION, 'ranges': ranges, 'places': list(cells)}
    if len(ranges) == 1:  # as all releases write and read it
        first, last = ranges[0]
        run = {'format_version': 1, 'first': first, 'last': last, 'places': list(cells)}
    write_text(out / RUN, json.dumps(run) + '\n')


@dataclass(frozen=True)
class SharedRun:
    """What a directory of results is of."""

    seeds: Sequence[int]  # rising; a range where there is no gap
    places: tuple[str, ...]  # directories below it; ('',): itself


def read_run(out: Path) -> SharedRun:
    """Read what a directory of results is of.

    Raises:
        ConfigError: it is no such directory.

    """
    path = out / RUN
    if not path.is_file():
        raise ConfigError(
            f'{shown_path(out)} holds no run: expected a directory that liquid-drone evaluate or '
            'collect wrote'
        )
    data = load_json(path)
    try:
        seeds = _seeds_in(data)
        places = tuple(str(name) for name in data['places'])
        plain = all(Path(name).name == name and name != '..' for name in places)
        if not places or not plain:
            raise ValueError
    except (TypeError, KeyError, ValueError) as error:
        raise ConfigError(
            f'{shown_path(path)}: expected the seeds of an evaluation; is this a directory that '
            'liquid-drone evaluate wrote?'
        ) from error
    return SharedRun(seeds, places)


def _seeds_in(data: Mapping[str, Any]) -> Sequence[int]:
    """Return the seeds of a run: one range, or several (format 2)."""
    version = data['format_version']
    pairs = [(data['first'], data['last'])] if version == 1 else data['ranges']
    ranges = [(int(first), int(last)) for first, last in pairs]
    before = -1
    for first, last in ranges:
        if not before < first <= last:
            raise ValueError
        before = last
    if version not in (1, VERSION) or not ranges or before >= MOST_SEEDS:
        raise ValueError
    if len(ranges) == 1:
        return range(ranges[0][0], before + 1)
    return tuple(seed for first, last in ranges for seed in range(first, last + 1))


@dataclass(frozen=True)
class PlaceStatus:
    """How far the flights of one place are."""

    place: str  # '': the directory itself
    done: int
    missing: tuple[int, ...]
    doubles: int = 0  # flown more than once, with the same result
    is_running: bool = False
    causes: Mapping[int, str] = field(default_factory=dict)  # of missing ones that failed

    def __str__(self) -> str:
        """Return a line for people."""
        words = f'{self.place or "flights"}: {self.done} done'
        if self.doubles:
            words += f', {self.doubles} of them more than once'
        if self.missing:
            words += f', {len(self.missing)} missing: {as_ranges(self.missing)}'
        words += ', running' if self.is_running else ''
        failed = sorted(self.causes.items())
        if failed:
            words += f'; {len(failed)} of the missing failed:'
        words += ''.join(f'\n  seed {seed}: {cause}' for seed, cause in failed[:MOST_NAMED])
        more = len(failed) - MOST_NAMED
        return words + (f'\n  and {more} more' if more > 0 else '')


def status(out: Path) -> list[PlaceStatus]:
    """Return how far a run is, place by place; nothing is changed.

    Raises:
        ConfigError: no run, or flights of several things in one place.

    """
    run = read_run(out)
    found = []
    for place in run.places:
        _, flights = all_flights([out / place])
        done = {flown.score.seed for flown in flights}
        missing = tuple(seed for seed in run.seeds if seed not in done)
        running, causes = is_held(out / place), _causes([out / place], missing)
        found.append(PlaceStatus(place, len(done), missing, 0, running, causes))
    return found


def merge(folders: Sequence[Path], out: Path) -> list[PlaceStatus]:
    """Put the flights of several directories into one; what is there already stays.

    Args:
        folders: of shards, in any order.
        out: directory of all flights; made if it is not there.

    Raises:
        ConfigError: a directory is of another run, of something else, or a seed was flown twice
            with different results.
        OutputError: ``out`` cannot be written.

    """
    runs = {folder: read_run(folder) for folder in folders}
    first = runs[folders[0]]
    for folder, run in runs.items():
        if run != first:
            raise ConfigError(
                f'{shown_path(folder)} has the seeds {as_ranges(run.seeds)} of {_named(run)}, '
                f'{shown_path(folders[0])} {as_ranges(first.seeds)} of {_named(first)}: merge '
                'shards of one run'
            )
    found = []
    with only_run(out):
        claim(out, (RUN,))
        write_run(out, first.seeds, first.places)
        for place in first.places:
            found.append(_merge(place, folders, out, first.seeds))
    return found


def _merge(place: str, folders: Sequence[Path], out: Path, seeds: Sequence[int]) -> PlaceStatus:
    who, flights = all_flights([folder / place for folder in dict.fromkeys([*folders, out])])
    _, shared = all_flights([folder / place for folder in folders if folder != out])
    by_seed: dict[int, Flown] = {}
    for flown in flights:
        seed = flown.score.seed
        if by_seed.setdefault(seed, flown) != flown:
            raise ConfigError(
                f'seed {seed} of {place or "these flights"} was flown twice with different '
                f'results (trajectories {by_seed[seed].trajectory_hash[:12]} and '
                f'{flown.trajectory_hash[:12]}): another machine rounds otherwise, or the code '
                'changed in between; nothing is merged'
            )
    (out / place).mkdir(parents=True, exist_ok=True)
    lines = [to_line(by_seed[seed], who) for seed in sorted(by_seed)]
    if lines:
        write_text(out / place / FLIGHTS, ''.join(lines))
    missing = tuple(seed for seed in seeds if seed not in by_seed)
    doubles = len(shared) - len({flown.score.seed for flown in shared})
    causes = _causes([folder / place for folder in folders], missing)
    return PlaceStatus(place, len(by_seed), missing, doubles, False, causes)


def _causes(folders: Sequence[Path], missing: Sequence[int]) -> dict[int, str]:
    known = {seed: cause for folder in folders for seed, cause in read_failures(folder).items()}
    return {seed: known[seed] for seed in missing if seed in known}


def _named(run: SharedRun) -> str:
    return ', '.join(place or 'one place' for place in run.places)


def ranges_of(seeds: Sequence[int]) -> list[list[int]]:
    """Return the first and last of each range of rising numbers."""
    ranges: list[list[int]] = []
    for seed in seeds:
        if ranges and seed == ranges[-1][1] + 1:
            ranges[-1][1] = seed
        else:
            ranges.append([seed, seed])
    return ranges


def as_ranges(seeds: Sequence[int]) -> str:
    """Return numbers as ranges, such as ``3, 5 to 9``; the many are counted."""
    ranges = ranges_of(seeds)
    words = [f'{a}' if a == b else f'{a} to {b}' for a, b in ranges[:MOST_NAMED]]
    more = len(ranges) - MOST_NAMED
    return ', '.join(words) + (f' and {more} more ranges' if more > 0 else '')
