# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Fly a finished flight again and compare: the same trajectory, or what may be the reason."""

from dataclasses import dataclass
from pathlib import Path

from ...sim.flight_log import FlightLog
from ...sim.scenario.task import Task
from ..flights_file import Flown
from ..protocol import Trial, fly_log, hovering, identity
from ..scoring import score
from .finding import FoundFlight, trial_of


@dataclass(frozen=True)
class Replayed:
    """A flight and its second flight."""

    found: FoundFlight
    trial: Trial
    again: Flown
    log: FlightLog
    task: Task
    changed: tuple[str, ...]  # what makes the flight and is other than it was

    @property
    def is_equal(self) -> bool:
        """Tell whether the trajectory is the same to the last bit."""
        return self.again.trajectory_hash == self.found.flown.trajectory_hash

    def __str__(self) -> str:
        """Return a line for people."""
        first, second = self.found.flown, self.again
        where = f'{self.found.id} {self.found.cell}, seed {first.score.seed}'
        if self.is_equal:
            return f'{where}: equal, trajectory {second.trajectory_hash}'
        words = f'{where}: DIFFERS, trajectory {second.trajectory_hash}, expected '
        words += f'{first.trajectory_hash}; success {second.score.success}, was '
        words += str(first.score.success)
        if self.changed:
            words += f'; changed since: {", ".join(self.changed)}'
        return words


def replay(found: FoundFlight, bundle: Path | None = None) -> Replayed:
    """Fly a finished flight again.

    Raises:
        ConfigError: as :func:`~liquid_drone.evaluate.replay.finding.trial_of`.

    """
    trial = trial_of(found, bundle)
    log, task = fly_log(trial, hovering(trial.flight, found.flown.score.seed))
    again = Flown(score(log, task), log.trajectory_hash())
    now = identity(trial)
    changed = tuple(name for name, value in found.who.items() if now.get(name) != value)
    return Replayed(found, trial, again, log, task, changed)
