# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone evaluate``: many flights of a policy, as a table with confidence intervals."""

import itertools
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ... import resources
from ...errors import ConfigError
from ...files import aside_of, write_text
from ...options import option
from ...runtime.providers import PrecisionChoice, ProviderChoice
from ...seeds import parse_seeds, split_of, split_seeds
from ...sim.flight_spec import FlightSpec, PilotChoice
from ..arguments import Command, part
from ..executor_arguments import ExecutorArguments, executor_of
from ..flight_words import on_provider, other_words, unusual
from ..next_step import as_typed
from ..places import cell_folders, cell_name, claim_folder
from ..without_effect import changed_flags, refuse

if TYPE_CHECKING:
    from ...evaluate.protocol import Trial
    from ...evaluate.scoring import Summary

NAME = 'evaluate'
HELP = 'fly many seeds of a split and print the table'
FILES = ('table.md', 'summary.json', 'rates.png', 'run.json')
KINDS = ('world', 'season', 'weather')
SplitChoice = Literal['validation', 'test']
SPLIT, COUNT = 'test', 100
EPILOG = """examples:
  liquid-drone evaluate --bundle data/mine/bundle --split validation --flights 20 --json --card
  liquid-drone evaluate --pilot camera-expert --task occlusion:4 --flights 20 --out out/ceiling
  liquid-drone evaluate --seeds 20000:20099 --out out/mine    # seeds that nobody here has used
  liquid-drone evaluate --flights 200 --shard 1/4 --out out/part1    # on four machines, then merge
  liquid-drone evaluate --season summer --season-parts autumn winter --flights 25 --out out/parts
  liquid-drone evaluate --study cells-by-season --out out/cells    # trains and flies, or goes on
  liquid-drone evaluate --flights 200 --ray auto    # on all machines of a Ray cluster
  liquid-drone evaluate --worlds forest urban --seasons spring summer autumn winter --out out/all

Several places give one line each, and a picture of them: rates.png. A run that was stopped goes on
where it was.
"""
OF_BUNDLES = ('--bundle', '--autopilot', '--providers', '--precision', '--card')
ASKED_NOTHING = ('colour', 'camshift')  # they keep the task's distance
STUDY_TAKES = ('study', 'out', 'where', 'shard')
BY_WHOM = ('bundle', 'expert', 'pilot', 'providers', 'precision')
OTHERS = '{} says what is flown'
REGRESSIONS_TAKE = ('regressions', *BY_WHOM, 'where', 'out', 'json')


def _several(kind: str) -> Any:
    words = f'several, instead of --{kind}'
    return option((), words, metavar=kind.upper(), excludes=(kind,))


@dataclass(frozen=True, kw_only=True)
class EvaluateArguments:
    """Which flights are flown, by whom, and where their results go."""

    flight: FlightSpec = part(
        FlightSpec, without=('seed', 'start', 'duration_s', 'firmware', 'land')
    )
    bundle: str = option('follow', 'policy: a name in models/, or a directory')
    expert: bool = option(False, 'fly the expert that policies learn from, instead of a bundle')
    pilot: PilotChoice | None = option(
        None,
        'fly without a network: the expert, it with the target by camera, red patches, CamShift',
        unset='the bundle',
    )
    worlds: tuple[str, ...] = _several('world')
    seasons: tuple[str, ...] = _several('season')
    season_parts: tuple[str, ...] = option(
        (),
        'fly in --season, in it with each part of these seasons alone (colour of the leaves, '
        'density, ground, sun, snow), and in these',
        metavar='SEASON',
    )
    weathers: tuple[str, ...] = _several('weather')
    split: SplitChoice | None = option(None, 'split of the seeds', unset=SPLIT)
    flights: int | None = option(None, 'how many', low=1, high=5_000, unset=str(COUNT))
    offset: int | None = option(
        None, 'seeds to leave out at the start', low=0, high=4_999, unset='0'
    )
    seeds: str = option(
        '',
        'these seeds, both ends included, instead of --split, --flights and --offset; those from '
        '20000 on are never used by this project',
        metavar='FIRST:LAST',
    )
    providers: ProviderChoice = option('cpu', 'provider of the vision graph')
    precision: PrecisionChoice = option('fp32', 'precision of the vision graph on TensorRT')
    study: str | None = option(
        None,
        'train and fly a whole study: a name in config/studies, or a .yaml file; of the other '
        'arguments --out, --processes (trainings at once) and --shard count',
        unset='none',
    )
    regressions: Path | None = option(
        None, 'fly the flights of this file (see replay) instead of seeds', unset='none'
    )
    shard: str = option(
        '',
        'fly every N-th seed from the K-th on; liquid-drone merge puts them together',
        metavar='K/N',
    )
    where: ExecutorArguments = part(ExecutorArguments)
    out: Path = option(Path('out/evaluation'), 'directory of the results')
    json: bool = option(False, 'print the summary as JSON')
    card: bool = option(False, "write the rates into the bundle's contract and card")


def seeds_of(args: EvaluateArguments) -> range:
    """Return the seeds that are flown, all of one split.

    Raises:
        ConfigError: seeds given in two ways, of two splits, or that a split does not have.

    """
    if not args.seeds:
        return split_seeds(args.split or SPLIT, args.flights or COUNT, args.offset or 0)
    given = {'--split': args.split, '--flights': args.flights, '--offset': args.offset}
    if twice := [flag for flag, value in given.items() if value is not None]:
        raise ConfigError(f'--seeds says which seeds are flown: leave out {", ".join(twice)}')
    return parse_seeds(args.seeds)


def run(args: EvaluateArguments) -> int:
    """Fly what is missing and print the table of all."""
    if args.study is not None:
        from .results.study import run_all

        refuse(changed_flags(args, EvaluateArguments(), STUDY_TAKES), OTHERS.format('--study'))
        return run_all(args.study, args.out, args.where, args.shard)
    if args.regressions is not None:
        others = changed_flags(args, EvaluateArguments(), REGRESSIONS_TAKE)
        refuse(others, OTHERS.format('--regressions'))
        return _fly_regressions(args, args.regressions)
    from ...evaluate.plots.rates import chart
    from ...evaluate.protocol import check_place
    from ...evaluate.report import markdown, overview
    from ...evaluate.shards import write_run
    from ...schema import plain

    _pilot(args)
    args = _taken_apart(args)
    whole = seeds_of(args)
    seeds = _shard(args, whole)
    where = f'{split_of(seeds[0])} seeds {seeds[0]} to {seeds[-1]}'
    where += f', shard {args.shard}' if args.shard else ''
    claim_folder(args.out, FILES)
    args = _settled(args)
    folders = _folders(args)
    for cell, folder in folders.items():
        check_place(_trial(args, _flight(args, cell)), folder)
    write_run(
        args.out, whole, [folder.name if _is_grid(args) else '' for folder in folders.values()]
    )
    found = {
        cell: _fly(args, _flight(args, cell), cell_name(cell), seeds, folder)
        for cell, folder in folders.items()
    }
    if _is_grid(args):
        title = f'{args.flight.target}{unusual(args.flight)}, {where}'
        table = overview(found, title)
        with aside_of(args.out / 'rates.png') as aside:
            chart(found, title, aside)
        summary: Any = {cell_name(cell): plain(value) for cell, value in found.items()}
    else:
        ((cell, one),) = found.items()
        table = markdown(one, f'{cell_name(cell)}{unusual(args.flight)}, {where}')
        summary = plain(one)
    text = json.dumps(summary, indent=1)
    write_text(args.out / 'table.md', table)
    write_text(args.out / 'summary.json', text + '\n')
    if args.card:
        _write_card(args, found, seeds)
    print(text if args.json else table)
    if not (args.json or args.shard):
        print('next:', as_typed('report', args.out))
    return 0


def _pilot(args: EvaluateArguments) -> PilotChoice | None:
    """Return who flies without a network; None: the bundle does.

    Raises:
        ConfigError: two different ones are asked for, or with what this one has no use for.

    """
    if args.expert and args.pilot not in (None, 'expert'):
        raise ConfigError(f'--expert and --pilot {args.pilot} are two: leave one out')
    pilot: PilotChoice | None = 'expert' if args.expert else args.pilot
    if pilot is not None:
        unused = OF_BUNDLES + ('--request',) * (pilot in ASKED_NOTHING)
        words = f'{pilot} flies without a bundle, an autopilot or a graph'
        words += ', and is asked for nothing' if pilot in ASKED_NOTHING else ''
        given = [flag for flag in changed_flags(args, EvaluateArguments()) if flag in unused]
        refuse(given, words)
    return pilot


def _taken_apart(args: EvaluateArguments) -> EvaluateArguments:
    """Return the arguments with the parts of seasons as seasons."""
    from ...evaluate.season_parts import write_parts

    if not args.season_parts:
        return args
    if args.seasons:
        raise ConfigError('--season-parts says which seasons are flown: leave out --seasons')
    found = write_parts(args.out / 'seasons', args.flight.season, args.season_parts)
    return replace(args, seasons=tuple(found))


def _fly_regressions(args: EvaluateArguments, file: Path) -> int:
    """Fly a list of single flights; exit code 1 where one of them fails."""
    from ...evaluate.replay.regressions import by_flight, load_regressions
    from ...evaluate.report import overview
    from ...schema import plain

    groups = by_flight(load_regressions(file).flights)
    claim_folder(args.out, FILES)
    args = _settled(args)
    found: dict[tuple[str, ...], Summary] = {}
    for flight, seeds in groups.items():
        cell = (flight.world, flight.season, flight.weather)
        name = cell_name(cell) + ''.join(f'-{word}' for word in other_words(flight))
        words = (*cell[:2], ', '.join((flight.weather, *other_words(flight))))
        found[words] = _fly(args, flight, name, seeds, args.out / name)
    title = f'{file.name}: flights that failed once, a check and no rate'
    table = overview(found, title)
    summary = {', '.join(cell): plain(value) for cell, value in found.items()}
    write_text(args.out / 'table.md', table)
    write_text(args.out / 'summary.json', json.dumps(summary, indent=1) + '\n')
    print(json.dumps(summary, indent=1) if args.json else table)
    return int(any(one.success.count < one.success.total for one in found.values()))


def _shard(args: EvaluateArguments, seeds: range) -> range:
    """Return the seeds that are flown here."""
    from ...evaluate.shards import SeedShard

    if not args.shard:
        return seeds
    if args.card:
        raise ConfigError('--card says how all seeds went: merge the shards, then give it')
    mine = SeedShard.parse(args.shard).of(seeds)
    if not mine:
        raise ConfigError(f'shard {args.shard} of {len(seeds)} seeds has none: take fewer shards')
    return mine


def _settled(args: EvaluateArguments) -> EvaluateArguments:
    """Name the provider that ``auto`` takes, once for all places and for the card."""
    from ...evaluate.protocol import Trial, settled

    if _pilot(args) is not None:
        return args
    bundle = resources.bundle(args.bundle)
    if args.card and not os.access(bundle, os.W_OK):
        raise ConfigError(f'--card writes into {bundle}, which cannot be written: copy it first')
    trial = settled(Trial(args.flight, bundle, args.providers, args.precision))
    chosen: dict[str, Any] = {'providers': trial.providers, 'precision': trial.precision}
    return replace(args, **chosen)


def _write_card(
    args: EvaluateArguments, found: dict[tuple[str, ...], 'Summary'], seeds: range
) -> None:
    """Add the success of every place to the bundle's card."""
    from ...policy.card import add_flights
    from ...schema import plain

    what = f'task {resources.called(args.flight.task)}, {resources.called(args.flight.target)}'
    what += unusual(args.flight) + on_provider(args.providers, args.precision)
    table = {cell_name(cell): plain(one.success) for cell, one in found.items()}
    add_flights(resources.bundle(args.bundle), split_of(seeds[0]), seeds, what, table)


def _is_grid(args: EvaluateArguments) -> bool:
    return any((args.worlds, args.seasons, args.weathers))


def _folders(args: EvaluateArguments) -> dict[tuple[str, ...], Path]:
    """Return the directory of each place's flights: a single place has the whole one."""
    given = (args.worlds, args.seasons, args.weathers)
    lists = [many or [getattr(args.flight, kind)] for kind, many in zip(KINDS, given, strict=True)]
    cells = dict.fromkeys(itertools.product(*lists))
    return cell_folders(args.out, cells) if _is_grid(args) else dict.fromkeys(cells, args.out)


def _flight(args: EvaluateArguments, cell: Sequence[str]) -> FlightSpec:
    world, season, weather = cell
    return replace(args.flight, world=world, season=season, weather=weather)


def _trial(args: EvaluateArguments, flight: FlightSpec) -> 'Trial':
    from ...evaluate.protocol import Trial

    pilot = _pilot(args)
    bundle = resources.bundle(args.bundle) if pilot is None else None
    return Trial(flight, bundle, args.providers, args.precision, pilot or Trial.pilot)


def _fly(
    args: EvaluateArguments, flight: FlightSpec, name: str, seeds: Sequence[int], out: Path
) -> 'Summary':
    """Fly the seeds of one place that are missing, with a bar, and sum all of them up."""
    from ...evaluate.flights_file import Flown
    from ...evaluate.protocol import evaluate
    from ...evaluate.scoring import summarise
    from ...sim.simulator import FRAME_S
    from ..progress import TerminalWatcher

    trial = _trial(args, flight)
    watcher = None if args.json else TerminalWatcher()
    if watcher is not None:
        watcher.begin(f'{name}: {split_of(seeds[0])} flights', len(seeds), 'frames')
    count = {'good': 0, 'failed tries': 0}

    def on_flight(flown: Flown, is_new: bool) -> None:
        count['good'] += flown.score.success
        if watcher is None:
            return
        facts = {name: number for name, number in count.items() if number or name == 'good'}
        if is_new:
            watcher.advance(1, round(flown.score.flown_s / FRAME_S), **facts)
        else:
            watcher.find(**facts)

    def on_failure() -> None:
        count['failed tries'] += 1

    executor = executor_of(args.where, flight.renderer)
    flights = evaluate(trial, seeds, out, executor, on_flight, on_failure)
    if watcher is not None:
        watcher.end()
    return summarise([flown.score for flown in flights])


COMMAND = Command(NAME, HELP, EPILOG, EvaluateArguments, run, resumes=True)
