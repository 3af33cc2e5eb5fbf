# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where the spread comes from: trainings, seeds, factors; and what can be seen through it."""

import math
from dataclasses import dataclass

import numpy as np

from ...arrays import FloatArray
from ...errors import require


@dataclass(frozen=True)
class VarianceParts:
    """Variances of outcomes (trainings by flights): two random effects and the rest."""

    training: float
    flight: float  # some seeds are harder than others
    rest: float  # one training at one seed; of successes the most of it is chance


def variance_parts(outcomes: FloatArray) -> VarianceParts:
    """Return the parts of outcomes (R, F), crossed random effects by the method of moments."""
    trainings, flights = outcomes.shape
    if trainings < 2 or flights < 2:
        raise ValueError(f'expected two trainings and two flights at least, got {outcomes.shape}')
    by_training, by_flight = outcomes.mean(axis=1), outcomes.mean(axis=0)
    rest = outcomes - by_training[:, None] - by_flight[None, :] + outcomes.mean()
    square = float((rest**2).sum() / ((trainings - 1) * (flights - 1)))
    training = max(0.0, float(by_training.var(ddof=1)) - square / flights)
    flight = max(0.0, float(by_flight.var(ddof=1)) - square / trainings)
    return VarianceParts(training, flight, square)


@dataclass(frozen=True)
class FactorShares:
    """Shares of the sum of squares (eta squared) of a balanced design of two factors; sum 1."""

    first: float
    second: float
    both: float  # their interaction
    trainings: float  # within the cells of the design


def factor_shares(scores: FloatArray) -> FactorShares:
    """Return which factor explains more of scores (A, B, R), such as cells by encoders."""
    mean = scores.mean()
    whole = float(((scores - mean) ** 2).sum())
    if whole == 0.0:
        return FactorShares(0.0, 0.0, 0.0, 1.0)
    levels_a, levels_b, trainings = scores.shape
    first = levels_b * trainings * float(((scores.mean(axis=(1, 2)) - mean) ** 2).sum())
    second = levels_a * trainings * float(((scores.mean(axis=(0, 2)) - mean) ** 2).sum())
    within = float(((scores - scores.mean(axis=2, keepdims=True)) ** 2).sum())
    both = max(0.0, whole - first - second - within)
    return FactorShares(first / whole, second / whole, both / whole, within / whole)


def power(difference: float, trainings: int, spread: float, level: float = 0.05) -> float:
    """Return how probably a two-sided t-test of two arms sees a difference of their means.

    Args:
        difference: of the true means.
        trainings: in each arm.
        spread: standard deviation between trainings of an arm, flights included.
        level: of the test.

    """
    stats = require('scipy.stats', 'study')
    freedom = 2 * trainings - 2
    shift = difference / (spread * math.sqrt(2.0 / trainings))
    limit = stats.t.ppf(1.0 - level / 2, freedom)
    seen = stats.nct.sf(limit, freedom, shift)
    other = stats.nct.cdf(-limit, freedom, shift)  # nan where it is below all numbers
    return float(np.nan_to_num(seen, nan=1.0) + np.nan_to_num(other, nan=0.0))


def trainings_needed(
    difference: float, spread: float, level: float = 0.05, wanted: float = 0.8, most: int = 1_000
) -> int:
    """Return the fewest trainings in each arm with which a difference is seen so probably.

    Raises:
        ValueError: more than ``most``.

    """
    for trainings in range(2, most + 1):
        if power(difference, trainings, spread, level) >= wanted:
            return trainings
    raise ValueError(f'a difference of {difference} needs more than {most} trainings')
