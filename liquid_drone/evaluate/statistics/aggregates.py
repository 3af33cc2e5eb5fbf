# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Aggregates over trainings and places, with bootstrap intervals.

Definitions of Agarwal et al. 2021 ("Deep Reinforcement Learning at the Edge of the Statistical
Precipice", NeurIPS, arXiv:2108.13264; library rliable): interquartile mean, stratified bootstrap,
probability of improvement. Beside them the bootstrap that our flights ask for: a training is drawn
whole, with all its places, and the same flights are drawn for both sides of a comparison.

Outcomes of an arm are arrays (R, C, F): trainings, places, flights; the flights of a place are of
the same seeds in every training of every arm. Scores are (R, C): means over flights.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...arrays import FloatArray
from ...errors import require

DRAWS = 2_000
LEVEL = 0.95
Statistic = Callable[[FloatArray], float]  # of scores (R, C)
Comparison = Callable[[FloatArray, FloatArray], float]


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


def iqm(scores: FloatArray) -> float:
    """Return the mean of the middle half of all scores."""
    return float(require('scipy.stats', 'study').trim_mean(scores, 0.25, axis=None))


def probability_of_improvement(ours: FloatArray, theirs: FloatArray) -> float:
    """Return how probably a training of ours scores higher, averaged over places; ties are half.

    Args:
        ours: scores (R, C).
        theirs: scores (S, C).

    """
    signs = np.sign(ours[:, None] - theirs[None])  # (R, S, C)
    return float((1.0 + signs).mean() / 2.0)


def stratified_interval(
    scores: FloatArray, statistic: Statistic, rng: np.random.Generator, draws: int = DRAWS
) -> Estimate:
    """Return a statistic with rliable's interval: trainings are drawn for each place alone."""
    trainings, places = scores.shape
    columns = np.arange(places)
    found = [
        statistic(scores[rng.integers(trainings, size=(trainings, places)), columns])
        for _ in range(draws)
    ]
    return _estimate(statistic(scores), found)


def hierarchical_interval(
    outcomes: FloatArray, statistic: Statistic, rng: np.random.Generator, draws: int = DRAWS
) -> Estimate:
    """Return a statistic with an interval over trainings, drawn whole, and over their flights."""
    trainings, _, flights = outcomes.shape
    found = []
    for _ in range(draws):
        drawn = outcomes[rng.integers(trainings, size=trainings)]
        found.append(statistic(drawn[:, :, rng.integers(flights, size=flights)].mean(axis=2)))
    return _estimate(statistic(outcomes.mean(axis=2)), found)


def hierarchical_comparison(
    ours: FloatArray,
    theirs: FloatArray,
    comparison: Comparison,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> Estimate:
    """Return a comparison of two arms with its interval; flights are drawn for both together.

    Args:
        ours: outcomes (R, C, F).
        theirs: outcomes (S, C, F) of the same seeds.
        comparison: of two arrays of scores.
        rng: draws.
        draws: how many.

    """
    if ours.shape[1:] != theirs.shape[1:]:
        raise ValueError(
            f'expected the same places and flights, got {ours.shape} and {theirs.shape}'
        )
    found = []
    for _ in range(draws):
        flights = rng.integers(ours.shape[2], size=ours.shape[2])
        sides = [
            side[rng.integers(len(side), size=len(side))][:, :, flights].mean(axis=2)
            for side in (ours, theirs)
        ]
        found.append(comparison(*sides))
    return _estimate(comparison(ours.mean(axis=2), theirs.mean(axis=2)), found)


def difference_of_iqm(ours: FloatArray, theirs: FloatArray) -> float:
    """Return our interquartile mean less theirs."""
    return iqm(ours) - iqm(theirs)


def _estimate(value: float, drawn: list[float]) -> Estimate:
    low, high = np.quantile(drawn, ((1.0 - LEVEL) / 2, (1.0 + LEVEL) / 2))
    return Estimate(float(value), float(low), float(high))
