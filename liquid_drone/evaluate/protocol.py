# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Many flights of one policy: seeds of a split, several at once, resumable, put in one table.

Each finished flight is one line of ``flights.jsonl``; what is there already is not flown again. A
file that belongs to another policy or place is refused, never mixed.
"""

import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..contract import load_contract
from ..errors import ConfigError, OutputError
from ..results import claim
from ..run_lock import only_run
from ..runtime.runner import PolicyRunner
from ..runtime.selection import open_policy
from ..sim.flight_log import FlightLog
from ..sim.flight_spec import FlightSpec
from ..sim.identity import scenario_digest
from ..sim.scenario.scenario import judged_task, scenario_of
from ..sim.scenario.task import Task
from ..sim.session import Session
from ..workers import begin_worker, one_core
from . import closed_loop, expert_flights
from .scoring import FlightScore, score

FLIGHTS = 'flights.jsonl'
DEFAULTS = {  # of files written before there was any choice
    'weather': FlightSpec.weather,
    'vehicle': FlightSpec.vehicle,
    'providers': 'cpu',
    'scenario': 'unknown',  # it was not written: nothing says that it is the same
}


@dataclass(frozen=True)
class Trial:
    """What is flown, but for the seed."""

    flight: FlightSpec
    bundle: Path | None  # None: the expert, see ``expert_flights``
    providers: str = 'cpu'  # where the vision graph runs: one thread a flight


@dataclass(frozen=True)
class Flown:
    """One finished flight."""

    score: FlightScore
    trajectory_hash: str


_runners: dict[tuple[Path, str], PolicyRunner] = {}  # one a process, opened once


def fly_seed(trial: Trial, seed: int) -> Flown:
    """Fly one seed from a hover, without landing, and judge it."""
    flight = replace(trial.flight, seed=seed, start='hover', land=False)
    if trial.bundle is None:
        log, task = _fly_expert(flight)
    else:
        log, task = _fly_policy(flight, trial.bundle, trial.providers)
    return Flown(score(log, judged_task(flight, task)), log.trajectory_hash())


def _fly_expert(flight: FlightSpec) -> tuple[FlightLog, Task]:
    scenario = scenario_of(flight)
    return expert_flights.fly(scenario, flight.seed), scenario.task


def _fly_policy(flight: FlightSpec, bundle: Path, providers: str) -> tuple[FlightLog, Task]:
    key = bundle, providers
    if key not in _runners:
        _runners[key] = open_policy(bundle, providers)
    session = Session(flight)
    try:
        return closed_loop.fly(session, _runners[key]), session.task
    finally:
        session.close()


def identity(trial: Trial) -> dict[str, str]:
    """Return what must be equal for flights to stand in one table."""
    scenario = scenario_of(trial.flight)
    return {
        'bundle_hash': expert_flights.NAME
        if trial.bundle is None
        else load_contract(trial.bundle).bundle_hash(),
        'world': scenario.world.name,
        'season': scenario.season.name,
        'target': scenario.target.name,
        'task': scenario.task.name,
        'autopilot': trial.flight.autopilot,
        'weather': str(scenario.weather),
        'vehicle': scenario.vehicle.name,
        'providers': trial.providers,
        'scenario': scenario_digest(scenario),
    }


def evaluate(
    trial: Trial,
    seeds: Iterable[int],
    out: Path,
    processes: int = 2,
    on_flight: Callable[[Flown, bool], None] = lambda _flown, _is_new: None,
) -> list[Flown]:
    """Fly the seeds that are not in ``out`` yet and return all of them, by seed.

    Args:
        trial: what is flown.
        seeds: which places.
        out: directory of the results.
        processes: flights at once.
        on_flight: told of each flight, first of those that ``out`` has already (False).

    Raises:
        ConfigError: ``out`` holds flights of something else.
        OutputError: ``out`` cannot be written.

    """
    with only_run(out):
        claim(out, ())
        return _evaluate(trial, list(seeds), out, processes, on_flight)


def _evaluate(
    trial: Trial,
    wanted: list[int],
    out: Path,
    processes: int,
    on_flight: Callable[[Flown, bool], None],
) -> list[Flown]:
    who = identity(trial)
    done = {flown.score.seed: flown for flown in read(out, who)}
    missing = [seed for seed in wanted if seed not in done]
    for seed in wanted:
        if seed in done:
            on_flight(done[seed], False)
    try:
        with (out / FLIGHTS).open('a', encoding='utf-8') as file:
            for flown in _fly_all(trial, missing, processes):
                done[flown.score.seed] = flown
                file.write(json.dumps({**who, **asdict(flown)}) + '\n')
                file.flush()
                on_flight(flown, True)
    except OSError as error:
        raise OutputError(f'cannot write {out}: {error}; choose another --out') from error
    return [done[seed] for seed in wanted]


def _fly_all(trial: Trial, seeds: list[int], processes: int) -> Iterator[Flown]:
    if not seeds:
        return
    if processes == 1:
        yield from (fly_seed(trial, seed) for seed in seeds)
        return
    spawn = multiprocessing.get_context('spawn')
    with one_core(), spawn.Pool(min(processes, len(seeds)), begin_worker) as pool:
        yield from pool.imap_unordered(_Job(trial), seeds)


@dataclass(frozen=True)
class _Job:
    trial: Trial

    def __call__(self, seed: int) -> Flown:
        return fly_seed(self.trial, seed)


def read(out: Path, who: dict[str, str]) -> list[Flown]:
    """Read the flights of a directory; none where there is no file.

    Raises:
        ConfigError: flights of something else; a line that cannot be read.

    """
    path = out / FLIGHTS
    if not path.is_file():
        return []
    found = []
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        try:
            row: dict[str, Any] = json.loads(line)
            held = {name: {**DEFAULTS, **row}[name] for name in who}
            other = {name: value for name, value in held.items() if value != who[name]}
            result = {**row['score'], 'failures': tuple(row['score']['failures'])}
            flown = Flown(FlightScore(**result), row['trajectory_hash'])
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(f'{path}, line {number}: not a flight ({error})') from error
        if other:
            raise ConfigError(
                f'{path} holds flights with {other}, expected {who}; choose another --out'
            )
        found.append(flown)
    return found
