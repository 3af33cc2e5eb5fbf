# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The flights of a recipe's rounds, and those held out; flown without PyTorch.

A laptop that only simulates collects for a workstation that trains.
"""

import threading
from collections.abc import Callable

from ...contract import CommandSpec
from ...evaluate.shards import SeedShard
from ...seeds import split_seeds
from ...workers.executor import Executor
from ..drivers import DriverPlan
from ..recipe import Recipe, Workspace
from ..rounds import Round, rounds_of
from ..watcher import Watcher
from ..work_found import make_room, with_identity
from .episode_shards import write_collected
from .jobs import jobs_of, run_jobs
from .training_flight import Job


def collect(
    recipe: Recipe,
    work: Workspace,
    executor: Executor,
    watcher: Watcher,
    shard: SeedShard | None = None,
) -> int:
    """Fly the expert's first episodes that are not there yet; return the frames there are then.

    Of a shard these are every n-th; which ones the whole has is noted in the work directory.
    """
    jobs = jobs_of_round(recipe, work, rounds_of(recipe, work)[0])
    write_collected(work.root, jobs)
    mine = shard.share(jobs) if shard else jobs
    watcher.begin('expert flights', len(mine), 'frames')
    return fly(mine, executor, watcher, lambda frames: watcher.advance(1, frames))


def hold_out(
    recipe: Recipe, work: Workspace, episodes: int, executor: Executor, watcher: Watcher
) -> int:
    """Fly the expert on validation seeds, for comparisons without flights; return the frames.

    No round ever trains on these.
    """
    watcher.begin('held-out flights', episodes, 'frames')
    collect = recipe.collect
    plan = DriverPlan('expert', collect.disturbance, CommandSpec(), teacher=collect.teacher)
    seeds = split_seeds('validation', episodes)
    jobs = with_identity(jobs_of(recipe, seeds, collect.frames, plan, work.held_out))
    say(watcher, make_room(jobs))
    total = 0
    for result in run_jobs(jobs, executor):
        total += result.frames
        watcher.advance(1, result.frames)
    watcher.end()
    return total


def fly(
    jobs: list[Job],
    executor: Executor,
    watcher: Watcher,
    done: Callable[[int], None] = lambda frames: None,
    stop: threading.Event | None = None,
) -> int:
    """Fly the episodes that are not there yet; return the frames of all."""
    say(watcher, make_room(jobs))
    total = 0
    for result in run_jobs(jobs, executor, stop):
        total += result.frames
        done(result.frames)
    return total


def jobs_of_round(recipe: Recipe, work: Workspace, one: Round) -> list[Job]:
    """Return the flights of a round's new episodes."""
    return with_identity(
        jobs_of(recipe, one.seeds, one.frames, one.driver, one.episodes, True, work.cache)
    )


def say(watcher: Watcher, text: str) -> None:
    """Note what there is to say, if anything."""
    if text:
        watcher.note(text)
