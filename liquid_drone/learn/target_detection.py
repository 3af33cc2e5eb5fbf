# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Errors of a policy's target head, counted over flights; the guard acts on that head.

The expert flies validation seeds, is turned away now and then, and follows a look-alike in some
flights; the policy only watches. So there are frames with the target and frames without.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..contract import MIN_TARGET_PIXELS, SEEN_PROBABILITY, load_contract
from ..seeds import split_seeds
from ..sim.flight_log import FlightLog
from ..sim.scenario.scenario import load_target
from ..workers.executor import Executor
from .drivers import DriverPlan
from .flights.config import Disturbance
from .flights.jobs import jobs_of, run_jobs
from .recipe import Recipe

OFFSET = 2000  # validation seeds from here on, so that nothing else is measured on them
FRAMES = 300
GLANCES = Disturbance(glance_share=1.0, glance_every_s=4.0)


@dataclass(frozen=True)
class DetectionCounts:
    """Counts of frames."""

    shown: int = 0  # the target is in the picture
    false_negatives: int = 0  # of these: reported as not seen
    empty: int = 0  # the target is not in the picture
    false_positives: int = 0  # of these: reported as seen

    def __add__(self, other: 'DetectionCounts') -> 'DetectionCounts':
        """Return both together."""
        mine, its = dataclasses.astuple(self), dataclasses.astuple(other)
        return DetectionCounts(*(a + b for a, b in zip(mine, its, strict=True)))

    def __str__(self) -> str:
        """Return the counts as a sentence."""
        missed = self.false_negatives / max(self.shown, 1)
        imagined = self.false_positives / max(self.empty, 1)
        return (
            f'says "not seen" in {missed:.1%} of {self.shown} frames with the target and '
            f'"seen" in {imagined:.1%} of {self.empty} without'
        )


def detection_errors(
    recipe: Recipe,
    bundle: Path,
    flights: int,
    executor: Executor,
    done: Callable[[], None] = lambda: None,
) -> DetectionCounts:
    """Let a policy watch flights of the expert through the recipe's places and count.

    Args:
        recipe: places, targets and look-alikes.
        bundle: the policy.
        flights: how many, of 15 s each.
        executor: who flies them.
        done: called after each flight.

    """
    plan = DriverPlan('mixed', GLANCES, load_contract(bundle).command, bundle, 1.0)
    seeds = split_seeds('validation', flights, OFFSET)
    jobs = jobs_of(recipe, seeds, FRAMES, plan, None, lookalikes=True)
    targets = {load_target(name).name for name in recipe.targets}
    named = {job.flight.seed: load_target(job.flight.target).name in targets for job in jobs}
    total = DetectionCounts()
    for result in run_jobs(jobs, executor):
        assert result.log is not None  # nothing is recorded, so nothing was there already
        total = total + count(result.log, named[result.seed])
        done()
    return total


def count(log: FlightLog, follows_target: bool) -> DetectionCounts:
    """Count the frames of one flight that the policy watched."""
    flown = np.isfinite(log.column('label')).all(axis=1)  # without the frame of a collision
    shown = (log.column('target_pixels') >= MIN_TARGET_PIXELS)[flown] & follows_target
    seen = log.column('target_probability')[flown] >= SEEN_PROBABILITY
    numbers = (shown, shown & ~seen, ~shown, ~shown & seen)
    return DetectionCounts(*(int(np.count_nonzero(which)) for which in numbers))
