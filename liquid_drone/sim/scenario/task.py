# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The schema of what a flight is asked to do, and when it is a success: ``config/tasks/*.yaml``.

A task may have one number that makes it harder: ``occlusion:4`` is the task ``occlusion`` with the
number at 4. Lengths are metres, angles degrees, speeds m/s. Nothing here draws a random number.
"""

import dataclasses
import math
from dataclasses import dataclass

from ...arrays import Range
from ...contract import MIN_TARGET_PIXELS
from ...errors import ConfigError, shown
from ...files import check_name
from ...resources import named_file
from ...schema import check_ranges, load_yaml
from .lane import Lane
from .target import MotionName, check_range
from .track import RANGES as TRACK_RANGES
from .track import Track

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
    'reacquire_s': (0.0, 1e4),
}


@dataclass(frozen=True)
class Task:
    """What a flight is asked to do and when it is a success: the only place that says so."""

    name: str
    duration_s: float = 45.0  # from the moment the policy has the drone
    settle_s: float = 10.0  # the distance counts from here on
    min_in_view: float = 0.9  # share of the frames with the target in view
    min_target_pixels: int = MIN_TARGET_PIXELS  # visible; fewer are not in view
    min_distance_m: float = 1.5  # horizontal, drone to target, or to the middle of a lane
    max_distance_m: float = 6.0
    start_distance_m: Range = (5.0, 9.0)
    start_bearing_deg: float = 25.0  # at most, from the camera's axis
    in_the_way: bool = False  # begins where flying straight at the target meets something
    target_speed_m_s: Range = (0.5, 1.2)
    cruise_altitude_m: float = 2.0
    target_motion: MotionName | None = None  # whatever the target's own file says
    keep_distance_m: float = 3.2  # what the expert keeps or flies to
    max_speed_m_s: float | None = None  # of the drone, after settling; None: any
    reacquire_s: float | None = None  # longest loss beyond the track's hidden_s; None: any
    track: Track | None = None  # what makes it hard; None: nothing
    lane: Lane | None = None  # what is kept to instead of a target; None: a target is followed
    difficulty: str = ''  # the field, of the task or its track, that task:number sets
    levels: tuple[float, ...] = ()  # of the difficulty, that curves are made of

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
        if self.lane is not None and self.track is not None:
            raise ValueError('expected a track or a lane, got both: nobody walks along a lane')
        if self.lane is not None and self.in_the_way:
            raise ValueError('in_the_way is of flights at a target: expected no lane')
        if bool(self.difficulty) != bool(self.levels):
            raise ValueError('difficulty and levels are given together')
        numbers = {'duration_s', 'start_bearing_deg', *TRACK_RANGES}
        if self.difficulty and self.difficulty not in numbers:
            raise ValueError(
                f'difficulty must be one of {", ".join(sorted(numbers))}; got {self.difficulty}'
            )

    @property
    def hidden_s(self) -> float:
        """How long its track hides the target, at each event."""
        return self.track.out_of_sight_s if self.track is not None else 0.0

    @property
    def level(self) -> float | None:
        """The value of its difficulty; None: it has none."""
        if not self.difficulty:
            return None
        holder = self.track if hasattr(self.track, self.difficulty) else self
        return float(getattr(holder, self.difficulty))

    def at_level(self, level: float) -> 'Task':
        """Return the task with its difficulty at a level; its name says so.

        Raises:
            ConfigError: it has no difficulty, or cannot have that one.

        """
        name = f'{self.name}-{level:g}'
        try:
            if self.track is not None and hasattr(self.track, self.difficulty):
                track = dataclasses.replace(self.track, **{self.difficulty: _like(level)})  # type: ignore[arg-type]
                return dataclasses.replace(self, name=name, track=track)
            if self.difficulty:
                return dataclasses.replace(self, name=name, **{self.difficulty: _like(level)})  # type: ignore[arg-type]
        except ValueError as error:
            raise ConfigError(f'task {self.name} at {level:g}: {error}') from error
        raise ConfigError(
            f'task {self.name} has no difficulty: expected its name alone, got {level:g} after it'
        )


def load_task(name: str) -> Task:
    """Load a task by name or path, with or without a level after a colon.

    Raises:
        ConfigError: unknown, broken, or a level that is no number or out of range.

    """
    plain_name, colon, level = name.rpartition(':')
    if not colon or not plain_name or '/' in level or '\\' in level:
        return load_yaml(Task, named_file('config/tasks', name))
    task = load_yaml(Task, named_file('config/tasks', plain_name))
    try:
        number = float(level)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(
            f'task {shown(name)}: expected a number after the colon, as in occlusion:4'
        )
    return task.at_level(number)


def _like(level: float) -> float | int:
    """Return a whole number as such: numbers of people are."""
    return int(level) if level == int(level) else level
