# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The schema of what makes following hard: the ``track`` of a task in ``config/tasks/*.yaml``.

A track changes the way of the target and what stands and walks beside it. Places of one seed
differ in nothing else. Lengths are metres, angles degrees, speeds m/s. Nothing here draws a
random number.
"""

from dataclasses import dataclass
from typing import Literal

from ...schema import check_ranges

RANGES = {
    'hidden_s': (0.0, 20.0),
    'turn_deg': (0.0, 180.0),
    'passing_s': (0.0, 10.0),
    'events': (1, 20),
    'first_s': (0.0, 1e4),
    'twins': (0, 8),
    'people': (0, 30),
    'alike': (0, 30),
    'speed_m_s': (0.1, 10.0),
    'relief_m': (0.0, 6.0),
}
LEAST_PASSING_S = 0.5


@dataclass(frozen=True)
class Track:
    """What happens on the way; what is 0 or None does not happen."""

    hidden_s: float = 0.0  # the target walks behind a screen for so long, at its mean speed
    turn_deg: float = 0.0  # the target turns so sharply, about a step wide, at each event
    passing_s: float = 0.0  # a train passes behind the target and hides it for so long
    events: int = 1  # screens, turns, trains or crossings in a flight, evenly spread
    first_s: float = 12.0  # of walking, to the first of them
    twins: int = 0  # people in the target's clothes who cross before the drone at each event
    people: int = 0  # others who cross the target's way, at any time
    alike: int = 0  # so many of them in the target's colours
    clothes: Literal['same', 'jacket'] = 'same'  # of these: all of the target's, or its colour
    speed_m_s: float | None = None  # of the target, instead of the task's range
    motion: Literal['walk', 'stop_and_go', 'jog'] | None = None  # instead of the target's own
    relief_m: float | None = None  # of a forest's ground, instead of the world's

    @property
    def out_of_sight_s(self) -> float:
        """How long each event hides the target, behind a screen or a train."""
        return max(self.hidden_s, self.passing_s)

    def __post_init__(self) -> None:
        check_ranges(self, RANGES)
        for name in ('events', 'twins', 'people', 'alike'):
            if (value := getattr(self, name)) != int(value):
                raise ValueError(f'{name} must be a whole number; got {value}')
        if self.alike > self.people:
            raise ValueError(f'alike must be at most people; got {self.alike} of {self.people}')
        if self.hidden_s and self.turn_deg:
            raise ValueError(
                'expected hidden_s or turn_deg, got both: a screen has a turn already'
            )
        if self.passing_s and (self.hidden_s or self.turn_deg or self.passing_s < LEAST_PASSING_S):
            raise ValueError(
                'a train needs the way for itself: expected passing_s of at least '
                f'{LEAST_PASSING_S:g} without hidden_s and turn_deg, got {self.passing_s:g}'
            )
