# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How many seconds of flight ``evaluate`` simulates in a second: world, pictures, policy, MAVLink.

A flight counts from the building of its world to its score; a first one, which opens the policy
and the renderer, does not.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from ... import resources
from ...evaluate.protocol import Trial, fly_log, hovering
from ...evaluate.scoring import score
from ...seeds import split_seeds
from ...sim.flight_spec import FlightSpec
from ...sim.simulator import FRAME_S

SEASONS = ('summer', 'winter')


@dataclass(frozen=True)
class FlightSpeed:
    """Flights of one place."""

    world: str
    season: str
    flights: int
    simulated_s: float
    wall_s: float
    cpu_s: float  # of all threads


def measure_flights(worlds: Sequence[str], flights: int, seconds: float) -> list[FlightSpeed]:
    """Fly validation seeds in this process, one after the other."""
    found = []
    bundle = resources.bundle('follow')
    for world in worlds:
        for season in SEASONS:
            trial = Trial(FlightSpec(world=world, season=season, duration_s=seconds), bundle)
            seeds = split_seeds('validation', flights + 1)
            _flown_s(trial, seeds[0])
            wall, cpu = time.perf_counter(), time.process_time()
            simulated = sum(_flown_s(trial, seed) for seed in seeds[1:])
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            found.append(FlightSpeed(world, season, flights, simulated, wall, cpu))
    return found


def _flown_s(trial: Trial, seed: int) -> float:
    log, task = fly_log(trial, hovering(trial.flight, seed), keeps_episode=False)
    score(log, task)
    return len(log) * FRAME_S
