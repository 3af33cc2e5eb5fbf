# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: nothing is chosen on the seeds it is judged by."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.errors import ConfigError
from liquid_drone.seeds import SPLITS, parse_seeds, split_of, split_seeds


def test_splits_share_no_seed_and_stay_below_the_reserved_ones():
    for one, other in itertools.combinations(SPLITS.values(), 2):
        assert not set(one) & set(other)
    assert max(max(seeds) for seeds in SPLITS.values()) < 20_000


@given(st.sampled_from(sorted(SPLITS)), st.integers(1, 300), st.integers(0, 4000))
def test_seeds_of_a_split_belong_to_it(split, count, offset):
    seeds = split_seeds(split, count, offset)
    assert len(seeds) == count
    assert {split_of(seeds[0]), split_of(seeds[-1])} == {split}


@given(st.integers(min_value=20_000))
def test_seeds_from_twenty_thousand_are_nobodys(seed):
    assert split_of(seed) == 'reserved'


@pytest.mark.parametrize(('count', 'offset'), [(5001, 0), (1, 5000), (0, 0), (1, -1)])
def test_a_split_does_not_lend_seeds_of_its_neighbour(count, offset):
    with pytest.raises(ConfigError, match='has 5000 seeds'):
        split_seeds('test', count, offset)


def test_an_unknown_split_lists_the_known_ones():
    with pytest.raises(ConfigError, match='expected one of train, validation, test'):
        split_seeds('tests', 1)


def test_a_negative_seed_is_refused():
    with pytest.raises(ConfigError, match='0 or more; got -1'):
        split_of(-1)


@given(st.sampled_from(sorted(SPLITS)), st.data())
def test_seeds_of_one_split_are_read_with_both_ends(split, data):
    first = data.draw(st.sampled_from(SPLITS[split]))
    last = data.draw(st.integers(first, SPLITS[split][-1]))
    assert parse_seeds(f'{first}:{last}') == range(first, last + 1)


@given(st.integers(0, 19_999), st.integers(0, 25_000))
def test_seeds_of_several_splits_are_never_mixed(first, more):
    last = first + more
    if split_of(first) == split_of(last):
        assert split_of(parse_seeds(f'{first}:{last}')[-1]) == split_of(first)
        return
    with pytest.raises(ConfigError, match=rf'{split_of(first)} to {split_of(last)}.*never mixed'):
        parse_seeds(f'{first}:{last}')


@given(st.text(alphabet='0123456789:-+., ²', max_size=12))
def test_what_is_no_range_of_seeds_is_refused(text):
    first, colon, last = text.partition(':')
    if colon and {*first, *last} <= {*'0123456789'} and first and last and int(first) <= int(last):
        return  # it is one, of one split or of several
    with pytest.raises(ConfigError, match='expected FIRST:LAST'):
        parse_seeds(text)


def test_seeds_that_a_node_could_not_be_given_are_refused():
    with pytest.raises(ConfigError, match='up to 2147483647'):
        parse_seeds(f'20000:{2**31}')
