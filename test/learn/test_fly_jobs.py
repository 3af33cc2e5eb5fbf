# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Training flights on machines that may have other files, or another disk."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from liquid_drone.contract import CommandSpec
from liquid_drone.errors import ConfigError, EpisodeError
from liquid_drone.learn.drivers import DriverPlan
from liquid_drone.learn.flights import jobs as flights
from liquid_drone.learn.flights.config import Disturbance
from liquid_drone.learn.flights.jobs import FlyJob, jobs_of, run_jobs
from liquid_drone.learn.flights.training_flight import Job, Result
from liquid_drone.learn.recipe import Recipe
from liquid_drone.learn.work_found import with_identity
from liquid_drone.workers.executor import ThisProcess

PLAN = DriverPlan('expert', Disturbance(), CommandSpec())


@pytest.mark.parametrize(
    'other',
    [
        {'frames': 9},
        {'plan': replace(PLAN, disturbance=Disturbance(strength=(0.9, 0.9)))},
        {'flight': {'season': 'winter'}},
        {'flight': {'seed': 4}},
    ],
)
def test_a_machine_with_other_files_is_refused(tmp_path: Path, other: dict[str, object]) -> None:
    (job,) = with_identity(jobs_of(Recipe('tiny'), range(3, 4), 8, PLAN, tmp_path))
    FlyJob().check(job)
    if isinstance(flight := other.get('flight'), dict):
        other = {'flight': replace(job.flight, **flight)}
    with pytest.raises(ConfigError, match='other files'):
        FlyJob().check(replace(job, **other))


def test_episodes_that_went_to_another_disk_are_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flown_elsewhere(job: Job) -> Result:
        return Result(job.flight.seed, 8, False, None)

    monkeypatch.setattr(flights, 'run_job', flown_elsewhere)
    jobs = jobs_of(Recipe('tiny'), range(3, 6), 8, PLAN, tmp_path / 'episodes')
    with pytest.raises(EpisodeError, match='3 of 3 episodes were flown and are not in'):
        list(run_jobs(jobs, ThisProcess()))


def test_tasks_take_turns_and_each_flies_everywhere(tmp_path: Path) -> None:
    recipe = Recipe('tiny', worlds=('forest', 'urban'), tasks=('occlusion:4', 'twins'))
    flights = [job.flight for job in jobs_of(recipe, range(12), 8, PLAN, tmp_path)]
    assert [flight.task for flight in flights[:4]] == ['follow', 'occlusion:4', 'twins', 'follow']
    assert len({(flight.world, flight.task) for flight in flights}) == 6


@pytest.mark.parametrize(
    'module', ['learn.flights.jobs', 'learn.pictures.shards', 'evaluate.protocol']
)
def test_a_process_that_flies_or_draws_loads_no_pytorch(module: str) -> None:
    """It costs each of them three seconds and 200 MB."""
    line = f'import sys, liquid_drone.{module}; sys.exit("torch" in sys.modules)'
    subprocess.run([sys.executable, '-c', line], check=True)
