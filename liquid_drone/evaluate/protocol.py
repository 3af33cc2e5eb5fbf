# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Many flights of one policy: seeds of a split, several at once, resumable, put in one table.

Each finished flight is one line of a file, see ``flights_file``; what is there already is not
flown again.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from ..contract import load_contract
from ..errors import ConfigError, OutputError, shown
from ..files import set_aside, write_text
from ..request import FlightRequest
from ..results import claim
from ..run_lock import only_run
from ..runtime.providers import Backend
from ..runtime.runner import PolicyRunner
from ..runtime.selection import open_policy
from ..schema import plain
from ..sim.flight_log import FlightLog
from ..sim.flight_spec import FlightSpec, PilotChoice
from ..sim.identity import code_digest
from ..sim.render.selection import choose
from ..sim.scenario.scenario import judged_task, scenario_of
from ..sim.scenario.task import Task
from ..sim.session import Session
from ..workers.executor import Executor
from . import closed_loop, expert_flights
from .failures import note_failure
from .flights_file import FLIGHTS, Flown, read_flights, to_line, warn_of_other_code
from .scenario_identity import scenario_identity
from .scoring import score

TRIAL = 'trial.json'  # beside the flights: how they are flown again
HERE = Path(__file__).parent
FLOWN_BY = (  # beside the simulator, whose code is in the identity
    *(
        HERE / f'{name}.py'
        for name in ('closed_loop', 'direct_flight', 'driver', 'expert_flights')
    ),
    *sorted((HERE / 'pilots').glob('*.py')),
    *sorted((HERE.parent / 'flight' / 'guard').glob('*.py')),
    *(
        HERE.parent / 'flight' / f'{name}.py'
        for name in ('companion', 'companion_session', 'engagement', 'setpoint', 'vehicle')
    ),
    HERE.parent / 'request.py',
)


@dataclass(frozen=True)
class Trial:
    """What is flown, but for the seed."""

    flight: FlightSpec
    bundle: Path | None  # None: a pilot without a network, see ``expert_flights``
    providers: str = 'cpu'  # where the vision graph runs: one thread a flight
    precision: str = 'fp32'  # of TensorRT
    pilot: PilotChoice = expert_flights.NAME  # where there is no bundle


_runners: dict[tuple[Path, str, str], PolicyRunner] = {}  # one a process, opened once


def fly_seed(trial: Trial, seed: int) -> Flown:
    """Fly one seed from a hover, without landing, and judge it."""
    log, task = fly_log(trial, hovering(trial.flight, seed), keeps_episode=False)
    return Flown(score(log, task), log.trajectory_hash(), flown_by())


def hovering(flight: FlightSpec, seed: int) -> FlightSpec:
    """Return the flight of a seed as evaluations fly it: from a hover, without landing."""
    return replace(flight, seed=seed, start='hover', land=False)


def fly_log(
    trial: Trial, flight: FlightSpec, keeps_episode: bool = True
) -> tuple[FlightLog, Task]:
    """Fly once with the pilot of a trial; returns the log and the task that judges it."""
    if trial.bundle is None:
        log, task = _fly_pilot(flight, trial.pilot)
    else:
        log, task = _fly_policy(flight, trial.bundle, trial, keeps_episode)
    return log, judged_task(flight, task)


def _fly_pilot(flight: FlightSpec, pilot: PilotChoice) -> tuple[FlightLog, Task]:
    scenario = scenario_of(flight)
    request = FlightRequest.parse(flight.request)
    log = expert_flights.fly(scenario, flight.seed, request=request, pilot=pilot)
    return log, scenario.task


def _fly_policy(
    flight: FlightSpec, bundle: Path, trial: Trial, keeps_episode: bool
) -> tuple[FlightLog, Task]:
    key = bundle, trial.providers, trial.precision
    if key not in _runners:
        backend = Backend('tensorrt', trial.precision)
        _runners[key] = open_policy(bundle, trial.providers, backend=backend)
    session = Session(flight, keeps_episode=keeps_episode)
    try:
        return closed_loop.fly(session, _runners[key]), session.task
    finally:
        session.close()


def _write_trial(out: Path, trial: Trial) -> None:
    """Note beside the flights how they are flown again: their own lines have names alone."""
    bundle = None if trial.bundle is None else str(trial.bundle)
    document = {'format_version': 1, **plain(replace(trial, bundle=None)), 'bundle': bundle}
    write_text(out / TRIAL, json.dumps(document) + '\n')


def settled(trial: Trial) -> Trial:
    """Return a trial whose provider is a name: all its flights take what ``auto`` takes here."""
    if trial.bundle is None or trial.providers != 'auto':
        return trial
    backend = open_policy(
        trial.bundle, 'auto', backend=Backend('tensorrt', trial.precision)
    ).backend
    return replace(trial, providers=backend.provider, precision=backend.precision)


def identity(trial: Trial) -> dict[str, str]:
    """Return what must be equal for flights to stand in one table."""
    scenario = scenario_of(trial.flight)
    return {
        'bundle_hash': trial.pilot
        if trial.bundle is None
        else load_contract(trial.bundle).bundle_hash(),
        'world': scenario.world.name,
        'season': scenario.season.name,
        'target': scenario.target.name,
        'task': f'{scenario.task.name} {trial.flight.request}'.rstrip(),
        'autopilot': trial.flight.autopilot,
        'weather': str(scenario.weather),
        'vehicle': scenario.vehicle.name,
        'renderer': choose(scenario.renderer).name,
        'providers': trial.providers
        if trial.precision == 'fp32'
        else f'{trial.providers} {trial.precision}',
        'scenario': scenario_identity(scenario),
    }


def check_place(trial: Trial, out: Path) -> None:
    """Refuse a directory of results that cannot take these flights, before anything is written.

    Raises:
        ConfigError: it holds flights of something else.
        OutputError: another process works in it, or nothing can be written there.

    """
    who = identity(trial)
    with only_run(out):
        read_flights(out, who)


def keep_others_aside(trial: Trial, out: Path) -> Path | None:
    """Rename flights of something else that lie where these are to lie; return their new place.

    For folders that a command names itself, so that nobody could choose another one.

    Raises:
        OutputError: another process works in it, or it cannot be renamed.

    """
    who = identity(trial)
    with only_run(out):
        try:
            read_flights(out, who)
        except ConfigError:
            return set_aside(out / FLIGHTS)
    return None


def evaluate(
    trial: Trial,
    seeds: Iterable[int],
    out: Path,
    executor: Executor,
    on_flight: Callable[[Flown, bool], None] = lambda _flown, _is_new: None,
    on_failure: Callable[[], None] = lambda: None,
) -> list[Flown]:
    """Fly the seeds that are not in ``out`` yet and return all of them, by seed.

    The file of flights is sorted by seed at the end: then it has the same bytes, whoever flew.

    Args:
        trial: what is flown.
        seeds: which places.
        out: directory of the results.
        executor: who flies.
        on_flight: told of each flight, first of those that ``out`` has already (False).
        on_failure: told of each try that failed; the causes are in ``out``.

    Raises:
        ConfigError: ``out`` holds flights of something else.
        OutputError: ``out`` cannot be written.
        SimulationError: some flights failed again and again; all others are done.

    """
    with only_run(out):
        claim(out, (TRIAL,))
        return _evaluate(settled(trial), list(seeds), out, executor, on_flight, on_failure)


def _evaluate(
    trial: Trial,
    wanted: list[int],
    out: Path,
    executor: Executor,
    on_flight: Callable[[Flown, bool], None],
    on_failure: Callable[[], None],
) -> list[Flown]:
    who = identity(trial)
    done = {flown.score.seed: flown for flown in read_flights(out, who)}
    missing = [seed for seed in wanted if seed not in done]
    warn_of_other_code(out, (done[seed] for seed in wanted if seed in done), flown_by())
    _write_trial(out, trial)
    for seed in wanted:
        if seed in done:
            on_flight(done[seed], False)

    def failed(seed: object, cause: str, _given_up: bool) -> None:
        note_failure(out, int(str(seed)), cause)
        on_failure()

    try:
        with (out / FLIGHTS).open('a', encoding='utf-8') as file:
            for flown in executor.results(SeedFlight(trial, who), missing, None, failed):
                done[flown.score.seed] = flown
                file.write(to_line(flown, who))
                file.flush()
                on_flight(flown, True)
        if list(done) != sorted(done):
            write_text(out / FLIGHTS, ''.join(to_line(done[seed], who) for seed in sorted(done)))
    except OSError as error:
        raise OutputError(f'cannot write {out}: {error}; choose another --out') from error
    return [done[seed] for seed in wanted]


@dataclass(frozen=True)
class SeedFlight:
    """The work of an evaluation: a seed in, a judged flight out."""

    trial: Trial
    who: dict[str, str]

    def __call__(self, seed: int) -> Flown:
        """Fly it."""
        return fly_seed(self.trial, seed)

    def check(self, _seed: int) -> None:
        """Refuse a machine whose files make another flight of it.

        Raises:
            ConfigError: they do.

        """
        here = _identity_here(self.trial)
        if other := {name: here[name] for name in here if here[name] != self.who[name]}:
            raise ConfigError(
                f'this machine would fly {shown(other)}, expected '
                f'{shown({name: self.who[name] for name in other})}: copy the files of the driver '
                'there, or share its folder'
            )


@lru_cache
def flown_by() -> str:
    """Return the hash of the code that commands a flight."""
    return code_digest(FLOWN_BY)


_identity_here = lru_cache(maxsize=4)(identity)
