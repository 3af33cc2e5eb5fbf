# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How many training pictures there are, what they show, and how the encoder learns from them."""

from dataclasses import dataclass
from typing import ClassVar

from ...schema import check_ranges

MOST_WORLDS = 2000  # of training seeds that no flight has


@dataclass(frozen=True)
class PictureConfig:
    """Pictures from drawn viewpoints, besides the flights: the encoder learns from them."""

    RANGES: ClassVar[dict[str, tuple[float, float]]] = {
        'count': (0, 1_000_000), 'per_world': (1, 10_000), 'looks': (1, 200),
        'target_share': (0, 1), 'beside_share': (0, 1), 'photo_share': (0, 1),
        'noise_share': (0, 1), 'distance_m': (0.5, 50), 'tilt_deg': (0, 60), 'fov_share': (0, 0.5),
        'steps': (1, 1_000_000), 'pictures': (2, 4096), 'frames': (1, 4096),
        'learning_rate': (1e-9, 1), 'keep': (0, 1000), 'false_alarms': (0, 0.5),
        'beside': (0, 4096), 'lens': (0, 0.2), 'style_share': (0, 1),
    }  # fmt: skip

    count: int = 0  # 0: no pictures, the encoder learns from flights alone
    per_world: int = 200  # pictures of one drawn world
    looks: int = 24  # different people and things in it, of each kind
    target_share: float = 0.5  # pictures with the target
    beside_share: float = 0.4  # of these: with counterexamples beside it
    photo_share: float = 0.3  # before photographs of real places, where there are any
    noise_share: float = 0.2  # before coloured noise with the spectrum of photographs
    distance_m: tuple[float, float] = (1.5, 14.0)
    tilt_deg: float = 10.0  # the camera's tilt differs by at most this
    fov_share: float = 0.15  # the field of view by at most this
    lens: float = 0.0  # radial distortion by at most this, either way
    style_share: float = 0.0  # in the colours of one of the photographs, where there are any
    steps: int = 1000  # of the encoder
    pictures: int = 192  # per step, half of them with the target
    frames: int = 96  # of flights per step
    learning_rate: float = 1e-3
    keep: float = 1.0  # weight of the features that the start bundle has of the usual target
    false_alarms: float = 0.02  # at the operating point, on pictures that are never trained on
    # per step, beside the flights: in the rounds, or in the stage of an encoder that is kept;
    # 0: a stage of their own before the rounds
    beside: int = 0
    places: str = ''  # photographs of real places: a folder of them, a video or a recording

    @property
    def drawn_worlds(self) -> int:
        """Return how many worlds are drawn for the pictures, each with a seed of its own."""
        return -(-self.count // self.per_world)

    @property
    def is_stage(self) -> bool:
        """Whether the encoder is trained on them before the rounds, and kept then."""
        return self.count > 0 and self.beside == 0

    def __post_init__(self) -> None:
        check_ranges(self, self.RANGES)
        if self.drawn_worlds > MOST_WORLDS:
            raise ValueError(
                f'count and per_world draw {self.drawn_worlds} worlds, and training seeds are '
                f'set aside for {MOST_WORLDS}: expected more pictures of each world'
            )
        if self.distance_m[0] > self.distance_m[1]:
            raise ValueError(f'distance_m must be two values in order, got {self.distance_m}')
        if self.beside % 2:
            raise ValueError(f'beside must be even, half of them with the target: {self.beside}')
        if self.photo_share + self.noise_share > 1.0:
            raise ValueError('photo_share and noise_share must be at most 1 together')
