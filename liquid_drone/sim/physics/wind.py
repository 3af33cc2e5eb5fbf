# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Wind: a steady part and gusts around it, drawn from a seed.

The gusts are the low-altitude turbulence of MIL-F-8785C (Dryden) at its lower limit of 10 ft, as
first-order Gauss-Markov processes (for the components along the wind that is Dryden's own form),
frozen in air that passes at the wind's speed. Pure functions; nothing here moves anything.
"""

import math
from dataclasses import dataclass

import numpy as np

from ...arrays import Vector

UPDATE_S = 0.05
HEIGHT_FT = 10.0  # the model's least height; the drone flies at about seven
_SHAPE = 0.177 + 0.000823 * HEIGHT_FT
ACROSS_SHARE = 0.1 / _SHAPE**0.4  # standard deviation, horizontal, over the wind's speed
UP_SHARE = 0.1
ACROSS_LENGTH_M = 0.3048 * HEIGHT_FT / _SHAPE**1.2
UP_LENGTH_M = 0.3048 * HEIGHT_FT
LEAST_SPEED_M_S = 0.5  # slower air would never change


@dataclass(frozen=True)
class Wind:
    """A steady wind and how its gusts behave; m/s and seconds."""

    mean_enu: Vector
    gust_m_s: Vector  # standard deviation
    time_constant_s: Vector

    def __post_init__(self) -> None:
        if min(self.gust_m_s) < 0.0 or min(self.time_constant_s) <= 0.0:
            raise ValueError(
                f'expected gust_m_s of 0 or more and positive time constants, got {self}'
            )


def dryden(mean_enu: Vector) -> Wind:
    """Return the wind whose gusts follow from its mean."""
    speed = math.hypot(*mean_enu)
    across, up = ACROSS_SHARE * speed, UP_SHARE * speed
    passing = max(speed, LEAST_SPEED_M_S)
    lasts, lasts_up = ACROSS_LENGTH_M / passing, UP_LENGTH_M / passing
    return Wind(mean_enu, (across, across, up), (lasts, lasts, lasts_up))


def first_gust(wind: Wind, rng: np.random.Generator) -> Vector:
    """Draw the gust that blows at the beginning."""
    x, y, z = rng.standard_normal(3).tolist()
    a, b, c = wind.gust_m_s
    return a * x, b * y, c * z


def next_gust(wind: Wind, gust: Vector, rng: np.random.Generator) -> Vector:
    """Draw the gust ``UPDATE_S`` later."""
    kicks = rng.standard_normal(3).tolist()
    x, y, z = map(_drift, gust, wind.gust_m_s, wind.time_constant_s, kicks)
    return x, y, z


def _drift(gust: float, deviation: float, time_constant_s: float, kick: float) -> float:
    keep = math.exp(-UPDATE_S / time_constant_s)
    return keep * gust + deviation * math.sqrt(1.0 - keep * keep) * kick
