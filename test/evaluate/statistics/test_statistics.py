# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics against closed forms, brute force and the properties that define them."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from liquid_drone.evaluate.statistics.aggregates import (
    difference_of_iqm,
    hierarchical_comparison,
    hierarchical_interval,
    iqm,
    probability_of_improvement,
    stratified_interval,
)
from liquid_drone.evaluate.statistics.exact import cliffs_delta, holm, mcnemar_p, permutation_p
from liquid_drone.evaluate.statistics.spread import (
    factor_shares,
    power,
    trainings_needed,
    variance_parts,
)

SHARES = st.integers(0, 25).map(lambda n: n / 25)


def scores(most: int = 5, columns: int = 2):
    sizes = st.integers(2, most)
    return sizes.flatmap(lambda n: arrays(float, (n, columns), elements=SHARES))


@settings(max_examples=30)
@given(arrays(float, st.integers(4, 40), elements=SHARES), st.data())
def test_the_middle_half_is_what_counts(values, data):
    cut = len(values) // 4
    middle = np.sort(values)[cut : len(values) - cut]
    assert iqm(values) == pytest.approx(middle.mean())
    spoilt = np.sort(values)
    spoilt[:cut] -= data.draw(st.floats(0, 1e3))
    assert iqm(spoilt) == pytest.approx(middle.mean())


@given(scores(), scores())
def test_improvement_is_the_share_of_pairs_and_the_two_sides_sum_to_one(ours, theirs):
    pairs = (ours[:, None] > theirs[None]) + 0.5 * (ours[:, None] == theirs[None])
    found = probability_of_improvement(ours, theirs)
    assert found == pytest.approx(pairs.mean())
    assert found + probability_of_improvement(theirs, ours) == pytest.approx(1.0)
    deltas = [cliffs_delta(ours[:, c], theirs[:, c]) for c in range(2)]
    assert np.mean(deltas) == pytest.approx(2.0 * found - 1.0)


@settings(max_examples=20)
@given(arrays(float, 4, elements=SHARES), arrays(float, 3, elements=SHARES))
@example(np.array([0.0, 0.6, 0.6, 0.56]), np.array([0.0, 0.6, 0.72]))  # many ties, to a last bit
def test_the_permutation_test_counts_every_division(ours, theirs):
    pool, differences = np.concatenate([ours, theirs]), []
    for chosen in itertools.combinations(range(7), 4):
        mask = np.isin(np.arange(7), chosen)
        differences.append(pool[mask].mean() - pool[~mask].mean())
    signed = ours.mean() - theirs.mean()
    low = np.mean(np.array(differences) <= signed + 1e-12)
    high = np.mean(np.array(differences) >= signed - 1e-12)
    assert permutation_p(ours, theirs) == pytest.approx(min(1.0, 2 * min(low, high)))
    # of arms of one size the differences lie even about zero; of 4 and 3 they need not, and a
    # difference of zero may have a p below 1
    assert permutation_p(ours, ours) == 1.0


def test_trainings_that_all_lie_apart_have_the_smallest_p_that_can_be():
    ours, theirs = np.arange(7.0) + 100.0, np.arange(7.0)
    assert permutation_p(ours, theirs) == pytest.approx(2 / math.comb(14, 7))


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 9))
@example(3000, 1900, 100)  # 2 to the power of their sum is larger than any float
def test_mcnemar_is_the_sign_test_of_the_seeds_that_differ(only_ours, only_theirs, both):
    ours = np.array([True] * only_ours + [False] * only_theirs + [True] * both, dtype=bool)
    theirs = np.array([False] * only_ours + [True] * only_theirs + [True] * both, dtype=bool)
    n, k = only_ours + only_theirs, min(only_ours, only_theirs)
    tail = sum(math.comb(n, i) for i in range(k + 1)) / 2**n
    assert mcnemar_p(ours, theirs) == pytest.approx(min(1.0, 2 * tail))


@given(st.dictionaries(st.text(max_size=4), st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_p_and_bonferroni_and_keeps_the_order(p_values):
    found = holm(p_values)
    for name, p in p_values.items():
        assert p <= found[name] <= min(1.0, p * len(p_values)) + 1e-12
    for one, other in itertools.combinations(p_values, 2):
        if p_values[one] < p_values[other]:
            assert found[one] <= found[other]


@settings(max_examples=10)
@given(arrays(float, (4, 3, 6), elements=SHARES), st.integers(0, 99))
def test_intervals_hold_their_value_where_nothing_varies_and_never_leave_the_range(values, seed):
    rng = np.random.default_rng(seed)
    for found in (
        hierarchical_interval(values, iqm, rng, 12),
        stratified_interval(values.mean(axis=2), iqm, rng, 12),
    ):
        assert values.min() - 1e-9 <= found.low <= found.high <= values.max() + 1e-9
    same = np.broadcast_to(values[:1, :, :1], values.shape)
    found = hierarchical_interval(same, iqm, rng, 10)
    assert found.low == pytest.approx(found.high) == pytest.approx(found.value)
    none = hierarchical_comparison(same, same, difference_of_iqm, rng, 10)
    assert (none.low, none.high) == (0.0, 0.0)


def test_a_hierarchical_interval_is_as_wide_as_the_trainings_make_it():
    rng = np.random.default_rng(3)
    rates = np.array([0.1, 0.9, 0.2, 0.8, 0.5, 0.4])
    outcomes = (rng.random((6, 1, 400)) < rates[:, None, None]).astype(float)
    found = hierarchical_interval(outcomes, lambda s: float(s.mean()), rng, 800)
    expected = rates.std(ddof=0) / math.sqrt(6)  # what a bootstrap of six trainings has
    assert (found.high - found.low) / 3.92 == pytest.approx(expected, rel=0.15)


@given(
    arrays(float, (3, 4), elements=st.floats(-9, 9)),
    st.floats(-5, 5),
    st.floats(0.5, 3),
)
def test_variance_parts_do_not_move_with_the_mean_and_scale_with_the_square(values, shift, scale):
    found, moved = variance_parts(values), variance_parts(scale * values + shift)
    for name in ('training', 'flight', 'rest'):
        expected = scale**2 * getattr(found, name)
        assert getattr(moved, name) == pytest.approx(expected, rel=1e-6, abs=1e-8)


def test_variance_parts_find_what_was_put_in():
    rng = np.random.default_rng(1)
    values = rng.normal(0, 2, (400, 1)) + rng.normal(0, 1, (1, 300)) + rng.normal(0, 3, (400, 300))
    found = variance_parts(values)
    assert found.training == pytest.approx(4.0, rel=0.2)
    assert found.flight == pytest.approx(1.0, rel=0.2)
    assert found.rest == pytest.approx(9.0, rel=0.05)


@given(arrays(float, (3, 2, 4), elements=SHARES))
def test_factor_shares_sum_to_one_and_swap_with_the_factors(values):
    found, swapped = factor_shares(values), factor_shares(values.transpose(1, 0, 2))
    assert found.first + found.second + found.both + found.trainings == pytest.approx(1.0)
    assert found.first == pytest.approx(swapped.second)
    flat = np.broadcast_to(np.array([0.0, 0.5, 1.0])[:, None, None], (3, 2, 4))
    assert factor_shares(flat).first == pytest.approx(1.0)


def test_power_is_the_levels_where_there_is_nothing_and_that_of_the_tables_else():
    assert power(0.0, 10, 1.0) == pytest.approx(0.05)
    assert trainings_needed(1.0, 1.0) == 17  # Cohen 1988, d = 1
    assert trainings_needed(0.8, 1.0) == 26  # d = 0.8


@given(st.floats(0.05, 2), st.integers(2, 40), st.floats(0.1, 2))
def test_power_grows_with_difference_and_trainings(difference, trainings, spread):
    here = power(difference, trainings, spread)
    assert power(difference * 1.2, trainings, spread) >= here - 1e-6
    assert power(difference, trainings + 1, spread) >= here - 1e-6
