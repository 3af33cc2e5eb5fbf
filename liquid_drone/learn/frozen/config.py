# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Whose encoder is kept, and what of the flights a core sees through it."""

from dataclasses import KW_ONLY, dataclass

from ...schema import check_ranges

NEW = 'new'  # in a bundle's stead
UNMOVED = 0.5  # a target head's operating point is where every consumer looks


@dataclass(frozen=True)
class FrozenEncoder:
    """A bundle's encoder that stays as it is: the core alone learns, on features computed once."""

    # by name or path; new: nobody's, it begins from nothing; empty: it is trained with the core
    bundle: str = ''
    _: KW_ONLY
    encoder_steps: int = 0  # it is trained for so many first, with a memoryless core
    scan_steps: int = (
        0  # where the bundle has no scan and the network one, that learns for so many
    )
    # pictures drawn for it beside what stands in the way, half of what each of these steps sees
    scan_pictures: int = 0
    # the bundle's encoder and target head go on learning for so many, on the flights of the first
    # round, and otherwise tell the core what they told
    tune_steps: int = 0
    views: int = 4  # copies of every flight, each augmented in its own way
    held_out: int = 0  # the last flights, which the core is judged on instead
    threshold: float = UNMOVED  # what the bundle answers where the new one answers 0.5

    def __post_init__(self) -> None:
        ranges = {
            'encoder_steps': (0, 1_000_000), 'scan_steps': (0, 1_000_000), 'views': (1, 100),
            'scan_pictures': (0, 250_000), 'tune_steps': (0, 1_000_000),
            'held_out': (0, 10_000), 'threshold': (0.001, 0.999),
        }  # fmt: skip
        check_ranges(self, ranges)
        if self.is_moved and (self.encoder_steps or not self.bundle):
            raise ValueError(
                'threshold moves the answer of a bundle whose encoder stays as it is: expected a '
                'bundle, and no encoder_steps'
            )
        if self.scan_steps and (self.encoder_steps or not self.bundle):
            raise ValueError(
                'scan_steps are of a scan alone, beside the encoder of a bundle that is kept: '
                'expected a bundle, and no encoder_steps, with which a scan learns, too'
            )
        if self.scan_pictures and not self.scan_steps:
            raise ValueError('scan_pictures teach a scan alone: expected scan_steps, too')
        if self.encoder_steps and not self.bundle:
            raise ValueError(
                f"encoder_steps train an encoder that is kept then: expected a bundle, or '{NEW}'"
            )
        if self.tune_steps and (self.is_new or self.encoder_steps or self.scan_steps):
            raise ValueError(
                "tune_steps go on with a bundle's encoder and the scan that it has: expected its "
                'name, and no encoder_steps or scan_steps'
            )
        if self.tune_steps and not self.bundle:
            raise ValueError('tune_steps go on with an encoder: expected the bundle that has it')
        if self.is_new and not self.encoder_steps:
            raise ValueError('a new encoder has learned nothing: expected encoder_steps')

    @property
    def is_moved(self) -> bool:
        """Whether the kept target head gets another operating point."""
        return self.threshold != UNMOVED

    @property
    def is_new(self) -> bool:
        """Whether the encoder begins from nothing."""
        return self.bundle == NEW

    @property
    def begun(self) -> str:
        """The bundle whose encoder it begins with; empty: none."""
        return '' if self.is_new else self.bundle
