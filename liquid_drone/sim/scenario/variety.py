# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How various something is in life: colours as ranges in HSV, and people drawn from such ranges.

Only training pictures use it (``learn/pictures``); a flight shows a target as its parts say.
Nothing here draws a random number.
"""

from dataclasses import dataclass

from ...arrays import Range


@dataclass(frozen=True)
class Shades:
    """A range of colours; hue 0 is red, 120 green, 240 blue, and a range may begin below 0."""

    hue_deg: Range = (0.0, 360.0)
    saturation: Range = (0.0, 1.0)
    value: Range = (0.0, 1.0)

    def __post_init__(self) -> None:
        limits = {'hue_deg': (-360.0, 360.0), 'saturation': (0.0, 1.0), 'value': (0.0, 1.0)}
        for name, (least, most) in limits.items():
            low, high = getattr(self, name)
            if not least <= low <= high <= most:
                raise ValueError(
                    f'{name} must be two values in order, {least:g} to {most:g}; got {[low, high]}'
                )


CLOTHES = (
    Shades((0.0, 360.0), (0.0, 0.15), (0.05, 0.95)),  # black, grey, white
    Shades((40.0, 330.0), (0.15, 0.8), (0.12, 0.9)),  # any colour but red and orange
    Shades((18.0, 40.0), (0.2, 0.5), (0.15, 0.6)),  # brown
)


@dataclass(frozen=True)
class Person:
    """A person who is drawn anew each time: body, clothes, pose, with or without a backpack."""

    pack: tuple[Shades, ...] = ()  # of a backpack; empty: without one
    straps: tuple[Shades, ...] = ()  # of the backpack; empty: the pack's own, or dark
    top: tuple[Shades, ...] = CLOTHES  # jacket, shirt or coat
    trousers: tuple[Shades, ...] = CLOTHES
    height_m: Range = (1.5, 2.0)

    def __post_init__(self) -> None:
        if not self.top or not self.trousers:
            raise ValueError('expected at least one range of colours in top and trousers')
        low, high = self.height_m
        if not 0.5 <= low <= high <= 2.5:
            raise ValueError(
                f'height_m must be two values in order, 0.5 to 2.5; got {[low, high]}'
            )
