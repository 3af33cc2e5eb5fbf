# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The part of a recipe that says how flights to learn from are flown."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from ...schema import check_ranges

Ranges = dict[str, tuple[float, float]]  # field -> least, most
MOST_EPISODES = 400  # of a round: so many training seeds are set aside for each


@dataclass(frozen=True)
class Disturbance:
    """Ornstein-Uhlenbeck noise on the executed command of the expert, never on its label."""

    RANGES: ClassVar[Ranges] = {
        'strength': (0, 3), 'time_constant_s': (0.01, 60), 'clean_share': (0, 1),
        'glance_share': (0, 1), 'glance_every_s': (0.1, 3600), 'glance_s': (0.01, 60),
        'stray_share': (0, 1), 'stray_every_s': (0.1, 3600), 'stray_s': (0.01, 60),
        'stray': (0, 3),
    }  # fmt: skip

    strength: tuple[float, float] = (0.1, 0.45)  # of the command's limits, drawn per episode
    time_constant_s: float = 0.7
    clean_share: float = 0.15  # episodes without any
    glance_share: float = 0.0  # episodes in which it is turned away from the target now and then
    glance_every_s: float = 8.0  # on average
    glance_s: tuple[float, float] = (0.6, 1.8)  # how long it is turned at the full rate or so
    stray_share: float = 0.0  # episodes in which it is pushed sideways, among the trees
    stray_every_s: float = 8.0  # on average
    stray_s: tuple[float, float] = (1.0, 2.5)
    stray: tuple[float, float] = (0.25, 0.5)  # share of the sideways limit

    def __post_init__(self) -> None:
        check_ranges(self, self.RANGES)
        shares, ranges = (self.glance_share, self.stray_share), (self.glance_s, self.stray_s)
        if not (all(0.0 <= x <= 1.0 for x in shares) and all(0.0 < a <= b for a, b in ranges)):
            raise ValueError(f'expected shares of 0..1 and times in order, got {self}')
        if min(self.glance_every_s, self.stray_every_s) <= 0.0:
            raise ValueError(f'glance_every_s and stray_every_s must be positive, got {self}')
        if not 0.0 <= self.strength[0] <= self.strength[1] or self.time_constant_s <= 0.0:
            raise ValueError(f'expected 0 <= strength, in order, and a positive time, got {self}')


@dataclass(frozen=True)
class RequestDraw:
    """Training flights ask for something drawn from the ranges of the network's ``request``."""

    every_s: tuple[float, float] = (10.0, 25.0)  # another one, drawn between these

    def __post_init__(self) -> None:
        check_ranges(self, {'every_s': (0.1, 3600)})
        if self.every_s[0] > self.every_s[1]:
            raise ValueError(f'every_s must be in order, got {self.every_s}')


@dataclass(frozen=True)
class CollectConfig:
    """Flights of the expert, or of it and of the bundle that the recipe goes on from in turns."""

    episodes: int = 40  # before training begins; as many again while the first round trains
    frames: int = 400  # per episode, 20 per second
    disturbance: Disturbance = field(default_factory=Disturbance)
    request: RequestDraw | None = None  # of these and of the flights of DAgger; None: none
    # whose commands are the labels, of DAgger too; camera-expert: the one that knows of a hidden
    # target only what a camera could have seen, so that nobody learns what cannot be known
    teacher: Literal['expert', 'camera-expert'] = 'expert'
    expert_share: float = 1.0  # of the time, in random turns; the bundle flies the rest

    def __post_init__(self) -> None:
        ranges = {'episodes': (0, MOST_EPISODES), 'frames': (1, 20_000), 'expert_share': (0, 1)}
        check_ranges(self, ranges)
