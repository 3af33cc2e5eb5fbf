# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Whose encoder is kept, and what of the flights a core sees through it."""

from dataclasses import dataclass

from ...schema import check_ranges


@dataclass(frozen=True)
class FrozenEncoder:
    """A bundle's encoder that is not trained: the core alone is, on features computed once."""

    bundle: str = ''  # by name or path; empty: the encoder is trained too
    views: int = 4  # copies of every flight, each augmented in its own way
    held_out: int = 0  # the last flights, which the core is judged on instead

    def __post_init__(self) -> None:
        check_ranges(self, {'views': (1, 100), 'held_out': (0, 10_000)})
