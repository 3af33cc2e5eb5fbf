# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The schema of what a flight is asked to do, and when it is a success: ``config/tasks/*.yaml``.

Lengths are metres, angles degrees, speeds m/s. Nothing here draws a random number.
"""

from dataclasses import dataclass

from ...arrays import Range
from ...contract import MIN_TARGET_PIXELS
from ...files import check_name
from ...schema import check_ranges
from .target import check_range

RANGES = {
    'duration_s': (0.1, 1e6),
    'settle_s': (0.0, 1e6),
    'min_in_view': (0.0, 1.0),
    'min_target_pixels': (1, 36_864),
    'min_distance_m': (0.0, 100.0),
    'max_distance_m': (0.0, 100.0),
    'start_bearing_deg': (0.0, 180.0),
    'cruise_altitude_m': (0.5, 50.0),
    'keep_distance_m': (0.1, 100.0),
    'max_speed_m_s': (0.0, 50.0),
}


@dataclass(frozen=True)
class Task:
    """What a flight is asked to do and when it is a success: the only place that says so."""

    name: str
    duration_s: float = 45.0  # from the moment the policy has the drone
    settle_s: float = 10.0  # the distance counts from here on
    min_in_view: float = 0.9  # share of the frames with the target in view
    min_target_pixels: int = MIN_TARGET_PIXELS  # visible; fewer are not in view
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
        check_name('name', self.name)
        check_range('start_distance_m', self.start_distance_m, 1.0, 100.0)
        check_range('target_speed_m_s', self.target_speed_m_s, 0.0, 20.0)
        check_ranges(self, RANGES)
        check_range('min_distance_m, max_distance_m', (self.min_distance_m, self.max_distance_m))
        if not 0.0 <= self.settle_s < self.duration_s:
            raise ValueError(
                f'expected 0 <= settle_s < duration_s, got {self.settle_s}, {self.duration_s}'
            )
