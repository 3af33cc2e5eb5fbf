# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The schema of lane keeping: the ``lane`` of a task in ``config/tasks/*.yaml``.

A lane is the way that a target would walk, the forest's path or the middle of a town's lane; no
target is there. Lengths are metres. Nothing here draws a random number.
"""

from dataclasses import dataclass

from ...schema import check_ranges

RANGES = {'look_ahead_m': (0.5, 20.0), 'start_aside_m': (0.0, 5.0), 'min_progress': (0.0, 1.0)}


@dataclass(frozen=True)
class Lane:
    """What is steered by, and how far one has to come."""

    look_ahead_m: float = 3.0  # along the lane, to the point that is steered to
    start_aside_m: float = 0.4  # at most, from the middle
    min_progress: float = 0.8  # share of what the task's speed makes of its duration

    def __post_init__(self) -> None:
        check_ranges(self, RANGES)
