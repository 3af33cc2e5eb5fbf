# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Validation of a round: its policy flies validation seeds, and the best round is chosen by that.

A score is written as JSON and flown once. The flights of the last rounds are more than those
of the rounds before; only scores over the same number of flights are compared.
"""

import json
import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .. import schema
from ..contract import CommandSpec
from ..errors import ConfigError
from ..evaluate.scoring import score
from ..files import load_json, set_aside, write_text
from ..seeds import split_seeds
from ..sim.flight_log import FlightLog
from ..sim.identity import digest
from ..sim.scenario.task import load_task
from ..sim.simulator import FRAME_S
from ..workers.executor import Executor
from .drivers import DriverPlan
from .flights.config import Ranges
from .flights.jobs import jobs_of, run_jobs
from .flights.training_flight import Job
from .recipe import Recipe, Workspace
from .rounds import Round
from .tensorboard import add_numbers, tensorboard_log
from .watcher import Watcher
from .work_found import with_identity

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Score:
    """The result of a round in validation."""

    round: int
    flights: int
    successes: int
    failures: dict[str, int]  # keys of scoring.FAILURES; one flight may fail in several ways
    command_error: float  # root mean square, shares of the limits, against the expert
    identity: str = ''  # hash over its flights and the policy

    def __str__(self) -> str:
        """Return it as a line for people."""
        return (
            f'{self.successes} of {self.flights} good, failed {self.failures}, '
            f'error {self.command_error:.3f}'
        )

    @property
    def rank(self) -> tuple[int, float]:
        """The larger, the better."""
        return self.successes, -self.command_error


def finals(recipe: Recipe, rounds: tuple[Round, ...]) -> tuple[Round, ...]:
    """Return the rounds of which one becomes the bundle; they fly more."""
    return rounds[-recipe.validation.last_rounds :]


def validate(
    recipe: Recipe, work: Workspace, one: Round, executor: Executor, watcher: Watcher
) -> Score:
    """Fly a round's bundle on validation seeds, or read the score of an earlier run."""
    final = one.index >= recipe.dagger.rounds - recipe.validation.last_rounds
    flights = recipe.validation.final_flights if final else 0
    flights = flights or recipe.validation.flights
    known = read_score(work, one.index)
    if known is not None and known.identity == _identity(_jobs(recipe, one, flights)):
        return known
    watcher.begin(f'round {one.index}: validation flights', flights, 'frames')
    score = fly_validation(
        recipe, work, one, flights, executor, lambda frames: watcher.advance(1, frames)
    )
    watcher.end(str(score))
    return score


def fly_validation(
    recipe: Recipe,
    work: Workspace,
    one: Round,
    flights: int,
    executor: Executor,
    done: Callable[[int], None] = lambda frames: None,
    stop: threading.Event | None = None,
) -> Score:
    """Fly a round's bundle on validation seeds; write and return the score.

    Args:
        recipe: that is trained.
        work: its folder.
        one: the round.
        flights: how many.
        executor: who flies.
        done: called with the frames of each flight.
        stop: once it is set, no score is written and a CancelledError comes.

    """
    jobs = _jobs(recipe, one, flights)
    tasks = {job.flight.seed: load_task(job.flight.task) for job in jobs}
    reasons: Counter[str] = Counter()
    errors: list[float] = []
    good = 0
    for result in run_jobs(jobs, executor, stop):
        assert result.log is not None  # nothing is recorded, so every seed is flown
        judged = score(result.log, tasks[result.seed])
        good += judged.success
        reasons.update(judged.failures)
        errors.append(mean_square_error(result.log))
        done(result.frames)
    error = (sum(errors) / len(errors)) ** 0.5
    result_of = Score(one.index, flights, good, dict(reasons), error, _identity(jobs))
    _write_score(work, result_of)
    with tensorboard_log(work.root) as numbers:
        facts = {'good': good / flights, 'command_error': result_of.command_error}
        add_numbers(numbers, (one.index + 1) * recipe.train.steps, 'validation', facts)
    return result_of


def _jobs(recipe: Recipe, one: Round, flights: int) -> list[Job]:
    """Return the flights; tasks take turns, and each has the time of its own."""
    plan = DriverPlan('policy', recipe.collect.disturbance, CommandSpec(), one.bundle)
    frames = {
        name: round(load_task(name).duration_s / FRAME_S) for name in (recipe.task, *recipe.tasks)
    }
    jobs = jobs_of(recipe, split_seeds('validation', flights), 1, plan, None)
    return with_identity([replace(job, frames=frames[job.flight.task]) for job in jobs])


def _identity(jobs: list[Job]) -> str:
    return digest([job.identity for job in jobs])


def best_round(recipe: Recipe, work: Workspace) -> int:
    """Return the round with the best validation score: of the last ones, once all of them flew.

    Raises:
        ConfigError: no round was validated yet.

    """
    scores = [read_score(work, index) for index in range(recipe.dagger.rounds)]
    found = [score for score in scores if score is not None]
    if not found:
        raise ConfigError(f'no validated round in {work.root}: run liquid-drone train first')
    rounds, of = recipe.dagger.rounds, recipe.validation.last_rounds
    last = [score for score in found if score.round >= rounds - of]
    found = last if len(last) == min(of, rounds) else found
    most = max(score.flights for score in found)
    return max((score for score in found if score.flights == most), key=lambda s: s.rank).round


def read_score(work: Workspace, index: int) -> Score | None:
    """Return the score of a round; None: not validated yet."""
    path = _score_path(work, index)
    if not path.is_file():
        return None
    try:
        found = schema.build(Score, load_json(path), str(path))
        schema.check_ranges(found, _ranges(found, index))
        return found
    except (ConfigError, ValueError) as error:
        log.warning('%s is kept at %s and flown anew: %s', path, set_aside(path), error)
        return None


def _ranges(score: Score, index: int) -> Ranges:
    flights = {'flights': (1, 5000), 'successes': (0, score.flights)}
    return {'round': (index, index), 'command_error': (0, 1e3), **flights}


def _write_score(work: Workspace, score: Score) -> None:
    path = _score_path(work, score.round)
    write_text(path, json.dumps(vars(score), indent=1))


def _score_path(work: Workspace, index: int) -> Path:
    return work.root / 'validation' / f'round-{index}.json'


def mean_square_error(log: FlightLog) -> float:
    """Return the mean square of command minus label, in shares of the limits; 1 for no frame."""
    error = (log.column('command') - log.column('label')) / np.array(CommandSpec().limits)
    known = np.isfinite(error).all(axis=1)
    return float((error[known] ** 2).mean()) if known.any() else 1.0
