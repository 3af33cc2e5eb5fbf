# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Many training flights; an episode that is there is not flown again."""

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

from ...errors import ConfigError, EpisodeError
from ...files import as_name, shown_path
from ...request import Requests
from ...sim.flight_spec import FlightSpec
from ...sim.simulator import FRAME_S
from ...streams import Stream, stream
from ...workers.executor import Executor
from ..drivers import DriverPlan
from ..recipe import Recipe
from ..work_found import with_identity
from .training_flight import Job, Result, found, run_job


def jobs_of(
    recipe: Recipe,
    seeds: range,
    frames: int,
    plan: DriverPlan,
    directory: Path | None,
    lookalikes: bool = False,
    cache: Path | None = None,
) -> list[Job]:
    """Return one job per seed; tasks take turns, then targets, worlds, seasons, weathers.

    With ``lookalikes`` these walk in the target's stead now and then, as the recipe says. With a
    ``cache`` the frames are kept there for training.
    """
    kinds = (recipe.weather, recipe.seasons, recipe.worlds, recipe.targets)
    places, tasks = list(itertools.product(*kinds)), (recipe.task, *recipe.tasks)
    jobs = []
    for seed in seeds:
        place, task = divmod(seed, len(tasks))
        weather, season, world, target = places[place % len(places)]
        turn, rest = divmod(seed, recipe.lookalike_every)
        if lookalikes and recipe.lookalikes and rest == recipe.lookalike_every - 1:
            target = recipe.lookalikes[turn % len(recipe.lookalikes)]
        name = f'{as_name(Path(world).stem)}-{as_name(Path(season).stem)}-{seed:05d}'
        folder = directory / name if directory else None
        flight = FlightSpec(
            world=world,
            season=season,
            target=target,
            task=tasks[task],
            weather=weather,
            seed=seed,
            start='hover',
        )
        asked = () if plan.kind == 'policy' else requests_of(recipe, seed, frames)
        reduce = recipe.network.vision.reduce
        jobs.append(Job(flight, frames, plan, folder, cache, reduce, requests=asked))
    return jobs


def requests_of(recipe: Recipe, seed: int, frames: int) -> Requests:
    """Draw what a training flight is asked for, and when; the policy alone flies as it comes."""
    how, spec = recipe.collect.request, recipe.network.request
    if how is None or spec is None:
        return ()
    rng, since_s, found = stream(seed, Stream.REQUESTS), 0.0, []
    while since_s < frames * FRAME_S:
        found.append((since_s, spec.draw(rng)))
        since_s += float(rng.uniform(*how.every_s))
    return tuple(found)


def run_jobs(
    jobs: list[Job], executor: Executor, stop: threading.Event | None = None
) -> Iterator[Result]:
    """Fly all jobs; yield the results as they come, first of what is there already.

    Once ``stop`` is set, the flights in hand are lost and a CancelledError comes.

    Raises:
        EpisodeError: what was flown elsewhere is not here.

    """
    waiting = []
    for job in with_identity(jobs):
        info = found(job)
        if info is None:
            waiting.append(job)
        else:
            yield Result(job.flight.seed, info.frames, info.collision, None)
    if waiting:
        saved = 0
        for result in executor.results(FlyJob(), waiting, stop):
            saved += result.log is None and result.frames > 0
            yield result
        _check_here(waiting, saved)


class FlyJob:
    """The work of training flights: a job in, its result out."""

    def __call__(self, job: Job) -> Result:
        """Fly it."""
        return run_job(job)

    def check(self, job: Job) -> None:
        """Refuse a machine whose files make another flight of it.

        Raises:
            ConfigError: they do, or are not there.

        """
        (here,) = with_identity([job])
        if here.identity != job.identity:
            raise ConfigError(
                f'this machine would fly {job} with other files (scenario, bundle or code) than '
                'the driver: install the same version, and share the folders of the driver'
            )


def _check_here(jobs: list[Job], saved: int) -> None:
    """Refuse to go on without episodes that were flown: they lie on the disk of who flew them."""
    folders = {shown_path(job.directory.parent) for job in jobs if job.directory}
    lost = saved - sum(found(job) is not None for job in jobs)
    if lost > 0:
        raise EpisodeError(
            f'{lost} of {saved} episodes were flown and are not in {", ".join(sorted(folders))}: '
            'all machines of a cluster must see the work directory under the same path'
        )
