# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The schema of what a flight is asked to do, and when it is a success: ``config/tasks/*.yaml``.

Lengths are metres, angles degrees, speeds m/s. Nothing here draws a random number.
"""

from dataclasses import dataclass

from ...arrays import Range
from .target import check_range


@dataclass(frozen=True)
class Task:
    """What a flight is asked to do and when it is a success: the only place that says so."""

    name: str
    duration_s: float = 45.0  # from the moment the policy has the drone
    settle_s: float = 10.0  # the distance counts from here on
    min_in_view: float = 0.9  # share of the frames with the target in view
    min_target_pixels: int = 12  # visible pixels of the target that count as in view
    min_distance_m: float = 1.5  # horizontal, drone to target
    max_distance_m: float = 6.0
    start_distance_m: Range = (5.0, 9.0)
    start_bearing_deg: float = 25.0  # at most, from the camera's axis
    target_speed_m_s: Range = (0.5, 1.2)
    cruise_altitude_m: float = 2.0
    target_stands: bool = False  # whatever motion the target's own file says
    keep_distance_m: float = 3.2  # what the expert keeps or flies to
    max_speed_m_s: float | None = None  # of the drone, after settling; None: any

    def __post_init__(self) -> None:
        check_range('start_distance_m', self.start_distance_m, 1.0)
        check_range('target_speed_m_s', self.target_speed_m_s)
        if self.keep_distance_m <= 0.0:
            raise ValueError(f'keep_distance_m must be positive; got {self.keep_distance_m}')
        if not 0.0 <= self.settle_s < self.duration_s:
            raise ValueError(
                f'expected 0 <= settle_s < duration_s, got {self.settle_s}, {self.duration_s}'
            )
