# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Exact tests, effect sizes, and what a number of tests costs.

The unit is a training: flights of one training are not independent. McNemar's test is of flights,
for two policies that flew the same seeds.
"""

import math
from collections.abc import Mapping

import numpy as np

from ...arrays import BoolArray, FloatArray
from ...errors import require

MOST_EXACT = 200_000  # partitions: 10 against 10 trainings are 184,756
RESAMPLES = 100_000  # where there are more
DIGITS = 12  # of a mean, after the point: scores are shares, rewards and metres


def permutation_p(ours: FloatArray, theirs: FloatArray, seed: int = 0) -> float:
    """Return the two-sided p of a difference of means as large where arms mean nothing.

    Every division of the trainings into two such arms is counted, up to ``MOST_EXACT``.

    Args:
        ours: one score a training (R,).
        theirs: likewise (S,).
        seed: of the random divisions, where there are too many.

    """
    every = math.comb(len(ours) + len(theirs), len(ours))
    found = require('scipy.stats', 'study').permutation_test(
        (ours, theirs),
        _difference,
        permutation_type='independent',
        vectorized=True,
        n_resamples=np.inf if every <= MOST_EXACT else RESAMPLES,
        random_state=seed,
    )
    return float(found.pvalue)


def sign_flip_p(ours: FloatArray, theirs: FloatArray) -> float:
    """Return the two-sided p of a mean difference of pairs as large where arms mean nothing.

    Within each pair the arms may change places; every way of it is counted.

    Args:
        ours: one score a training (R,).
        theirs: of the trainings that they are paired with (R,).

    """
    found = require('scipy.stats', 'study').permutation_test(
        (ours - theirs,),
        _mean,
        permutation_type='samples',
        vectorized=True,
        n_resamples=np.inf if 2 ** len(ours) <= MOST_EXACT else RESAMPLES,
        random_state=0,
    )
    return float(found.pvalue)


def _mean(x: FloatArray, axis: int = -1) -> FloatArray:
    """Return a mean in which equal ones are equal: sums in another order differ in a last bit."""
    return np.round(np.asarray(np.mean(x, axis=axis)), DIGITS)


def _difference(x: FloatArray, y: FloatArray, axis: int = -1) -> FloatArray:
    difference: FloatArray = np.round(np.mean(x, axis=axis) - np.mean(y, axis=axis), DIGITS)
    return difference


def mcnemar_p(ours: BoolArray, theirs: BoolArray) -> float:
    """Return McNemar's exact two-sided p for successes on the same seeds (F,)."""
    only_ours, only_theirs = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    differ = only_ours + only_theirs
    tail = sum(math.comb(differ, k) for k in range(min(only_ours, only_theirs) + 1))
    return min(1.0, 2 * tail / (1 << differ))  # whole numbers, which may be larger than a float


def cliffs_delta(ours: FloatArray, theirs: FloatArray) -> float:
    """Return Cliff's delta (1993), -1 to 1: P(ours > theirs) - P(ours < theirs)."""
    signs = np.sign(np.asarray(ours)[:, None] - np.asarray(theirs)[None, :])
    return float(signs.mean())


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p adjusted for their number (Holm 1979)."""
    found, highest, count = {}, 0.0, len(p_values)
    for number, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        highest = max(highest, min(1.0, (count - number) * p_values[name]))
        found[name] = highest
    return {name: found[name] for name in p_values}
