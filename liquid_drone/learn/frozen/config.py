# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Whose encoder is kept, and what of the flights a core sees through it."""

from dataclasses import dataclass

from ...schema import check_ranges


@dataclass(frozen=True)
class FrozenEncoder:
    """A bundle's encoder that stays as it is: the core alone learns, on features computed once."""

    bundle: str = ''  # by name or path; empty: the encoder is trained too
    encoder_steps: int = 0  # it is trained on for so many first, with a memoryless core
    views: int = 4  # copies of every flight, each augmented in its own way
    held_out: int = 0  # the last flights, which the core is judged on instead

    def __post_init__(self) -> None:
        ranges = {'encoder_steps': (0, 1_000_000), 'views': (1, 100), 'held_out': (0, 10_000)}
        check_ranges(self, ranges)
        if self.encoder_steps and not self.bundle:
            raise ValueError('encoder_steps train the encoder of a bundle: expected its name')
