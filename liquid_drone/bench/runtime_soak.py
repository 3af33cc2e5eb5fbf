# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A policy that steps without end: the same answers as at first, all finite, no more memory."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..runtime.runner import PolicyRunner
from .machine import memory_mb

FRAMES, REPORT_EVERY = 200, 10_000  # a sequence that begins and ends it; steps


PICTURES_SEED = 0


@dataclass(frozen=True)
class SoakReport:
    """What came of it."""

    steps: int
    not_finite: int  # answers
    largest: float  # absolute value of any command
    is_same: bool  # the first frames, after a reset, give the first answers to the last bit
    memory_before_mb: float
    memory_after_mb: float

    @property
    def is_good(self) -> bool:
        """No answer was lost; what memory may grow by is the caller's to judge."""
        return self.is_same and self.not_finite == 0


def soak(
    runner: PolicyRunner, steps: int, on_steps: Callable[[int], None] = lambda _: None
) -> SoakReport:
    """Step on without a reset, then reset and repeat the beginning.

    Args:
        runner: opened; its state is lost.
        steps: in between.
        on_steps: told now and then how many more are done.

    """
    rng, camera = np.random.default_rng(PICTURES_SEED), runner.contract.camera
    images = rng.integers(0, 256, (FRAMES, camera.height, camera.width, 3), dtype=np.uint8)
    gaps_s = rng.uniform(runner.contract.time.min_s, runner.contract.time.max_s, FRAMES)
    first = _sequence(runner, images, gaps_s)
    runner.reset()
    before_mb, stamp_s, not_finite, largest = memory_mb('VmRSS'), 0.0, 0, 0.0
    for count in range(steps):
        stamp_s += gaps_s[count % FRAMES]
        output = runner.step(images[count % FRAMES], stamp_s)
        most = float(np.abs(output.command).max())
        not_finite += not np.isfinite(most + output.target_probability)
        largest = max(largest, most)
        if (count + 1) % REPORT_EVERY == 0:
            on_steps(REPORT_EVERY)
    after_mb = memory_mb('VmRSS')
    is_same = np.array_equal(first, _sequence(runner, images, gaps_s))
    return SoakReport(steps, not_finite, largest, is_same, before_mb, after_mb)


def _sequence(runner: PolicyRunner, images: np.ndarray, gaps_s: np.ndarray) -> np.ndarray:
    """Return the answers (FRAMES, 7) to the frames, after a reset."""
    runner.reset()
    rows = []
    for image, stamp_s in zip(images, np.cumsum(gaps_s), strict=True):
        out = runner.step(image, float(stamp_s))
        rows.append(
            [*out.command, out.target_probability, out.target_bearing, out.target_elevation]
        )
    return np.array(rows)
