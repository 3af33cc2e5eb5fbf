# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One training flight, and the episode that it leaves.

It depends only on its plan and its seed, never on which process flew it or on what came before.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...episodes.episode import MANIFEST, load_info
from ...episodes.recording import EpisodeInfo
from ...errors import EpisodeError
from ...evaluate.closed_loop import run
from ...evaluate.direct_flight import DirectFlight, DirectOptions
from ...evaluate.driver import Driver, PolicyDriver
from ...evaluate.pilots.camera_expert import CameraExpert
from ...request import Requests
from ...sim.flight_log import FlightLog
from ...sim.flight_spec import FlightSpec
from ...streams import Stream, stream
from ..clips import open_clips
from ..drivers import AskedPolicy, DisturbedExpert, DriverPlan, MixedDriver

if TYPE_CHECKING:
    from ...sim.scenario.scenario import Scenario
    from ...sim.simulator import Simulator

DRIFT_M_S = np.array(
    [0.25, 0.25, 0.15]
)  # largest creep of the position estimate, drawn per episode

LOST_M = 15.0  # a flight ends when the target is further away


@dataclass(frozen=True)
class Job:
    """One flight for a worker."""

    flight: FlightSpec
    frames: int
    plan: DriverPlan
    directory: Path | None  # where the episode goes; None records nothing
    cache: Path | None = None  # where its frames are kept decoded, for training
    reduce: int = 1  # how much smaller they are kept
    identity: str = ''  # of the episode that is asked for, see work_found.py
    requests: Requests = ()  # of the expert and, where it takes them, of the policy

    def __str__(self) -> str:
        """Return how a message names it."""
        where = self.directory.name if self.directory else f'seed {self.flight.seed}'
        return f'flight {where}'


@dataclass(frozen=True)
class Result:
    """What came of a job."""

    seed: int
    frames: int
    collision: bool
    log: FlightLog | None  # None: it is an episode on disk


def found(job: Job) -> EpisodeInfo | None:
    """Return the episode of a job; None: it is not there, torn, or another one than asked for."""
    return found_as(job.directory, job.identity) if job.directory else None


def found_as(directory: Path, identity: str) -> EpisodeInfo | None:
    """Return the episode of a directory; None: not there, torn, or of another identity."""
    if not (directory / MANIFEST).is_file():
        return None
    try:
        info = load_info(directory)
    except EpisodeError:
        return None
    return info if info.meta.get('identity', '') == identity else None


def run_job(job: Job) -> Result:
    """Fly one job in this process."""
    seed = job.flight.seed
    simulator, scenario = _simulator(job.flight)
    rng = stream(seed, Stream.DISTURBANCE)
    driver = _driver(job.plan, rng, job.requests)
    x, y, z = DRIFT_M_S * rng.uniform(-1.0, 1.0, size=3)
    is_policy = job.plan.kind == 'policy'  # scored as it will fly: the guard compensates the drift
    options = DirectOptions(
        frames=job.frames,
        drift_enu_m_s=(0.0, 0.0, 0.0) if is_policy else (x, y, z),
        lost_m=LOST_M,
        keeps_images=job.directory is not None,
        requests=job.requests,
    )
    facts = {**_facts(scenario), 'pilot': _pilot(job.plan), 'identity': job.identity}
    flight = DirectFlight(simulator, seed, options, facts)
    if job.plan.teacher == 'camera-expert':
        flight.teacher = CameraExpert(flight, simulator)
    log = run(flight, driver)
    if job.directory is None:
        return Result(seed, len(log), log.collision, log)
    frames = 0
    if np.isfinite(log.column('label')).any():
        frames = log.save(job.directory).frames
        if job.cache is not None:  # here, since there are more workers than trainers
            open_clips([job.directory], job.cache, job.reduce, job.plan.command)
    return Result(seed, frames, log.collision, None)


def _facts(scenario: 'Scenario') -> dict[str, object]:
    return {
        'through': 'training',
        'world': scenario.world.name,
        'season': scenario.season.name,
        'target': scenario.target.name,
        'task': scenario.task.name,
        'weather': str(scenario.weather),
    }


_OPEN: dict[FlightSpec, tuple['Simulator', 'Scenario']] = {}  # one simulator per process
_POLICIES: dict[Path, Any] = {}


def _simulator(flight: FlightSpec) -> tuple['Simulator', 'Scenario']:
    from ...sim.scenario.scenario import scenario_of
    from ...sim.simulator import Simulator

    key = replace(flight, seed=FlightSpec.seed)  # a simulator is good for every seed
    if key not in _OPEN:
        while _OPEN:
            _OPEN.popitem()[1][0].close()
        scenario = scenario_of(key)
        simulator = Simulator(scenario)
        _OPEN[key] = simulator, scenario
    return _OPEN[key]


def _driver(plan: DriverPlan, rng: np.random.Generator, requests: Requests) -> Driver:
    expert = DisturbedExpert(rng, plan.disturbance, plan.command)
    if plan.bundle is None:
        return expert
    if plan.bundle not in _POLICIES:
        from ...runtime.runner import PolicyRunner

        _POLICIES[plan.bundle] = PolicyRunner(plan.bundle)
    runner = _POLICIES[plan.bundle]
    policy = runner if runner.contract.request is None else AskedPolicy(runner, requests)
    if plan.kind == 'policy':
        return PolicyDriver(policy)
    return MixedDriver(policy, expert, rng, plan.expert_share)


def _pilot(plan: DriverPlan) -> str:
    if plan.bundle is None:
        return 'expert'
    from ...contract import load_contract

    return load_contract(plan.bundle).bundle_hash()
