# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a value that is refused on the command line is refused everywhere, in words."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.errors import ConfigError
from liquid_drone.options import REQUIRED, check, from_plain, option, options_of, plain


@dataclass(frozen=True, kw_only=True)
class Sample:
    name: str = option(REQUIRED, 'of it')
    kind: Literal['a', 'b'] = option('a', 'which')
    count: int = option(1, 'how many', low=0, high=9)
    height_m: float | None = option(None, 'above ground', low=0.5, high=5.0, unit='m', unset='any')
    is_on: bool = option(False, 'switched on')
    note: int = 3  # not an option

    def __post_init__(self) -> None:
        check(self)


SAMPLES = st.builds(
    Sample,
    name=st.text(),
    kind=st.sampled_from(['a', 'b']),
    count=st.integers(0, 9),
    height_m=st.none() | st.floats(0.5, 5.0),
    is_on=st.booleans(),
)


@given(SAMPLES)
def test_what_a_node_parameter_holds_gives_the_same_instance(sample: Sample) -> None:
    assert from_plain(Sample, {**plain(sample), 'stranger': 1}) == sample


@given(st.floats() | st.integers() | st.booleans() | st.text() | st.none())
def test_only_numbers_in_range_are_taken(value: Any) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    is_good = value is None or (is_number and 0.5 <= value <= 5.0)
    if is_good:
        assert Sample(name='', height_m=value).height_m == value
        return
    with pytest.raises(ConfigError, match=r'height_m: expected a number, 0.5 to 5 m; got '):
        Sample(name='', height_m=value)


@pytest.mark.parametrize(
    ('values', 'words'),
    [
        ({'kind': 'c'}, "kind: expected one of a, b; got 'c'"),
        ({'count': 1.0}, 'count: expected a whole number, 0 to 9; got 1.0'),
        ({'count': True}, 'count: expected a whole number, 0 to 9; got True'),
        ({'count': math.nan}, 'count: expected a whole number'),
        ({'is_on': 1}, 'is_on: expected true or false; got 1'),
        ({'name': Path('x')}, 'name: expected text; got '),
    ],
)
def test_a_refusal_names_field_expectation_and_value(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Sample(**{'name': 'x', **values})


def test_whole_numbers_of_numpy_are_whole_numbers() -> None:
    assert type(plain(Sample(name='x', count=np.int64(4)))['count']) is int


def test_fields_without_help_are_no_options() -> None:
    assert [one.name for one in options_of(Sample)] == [
        'name',
        'kind',
        'count',
        'height_m',
        'is_on',
    ]
    assert options_of(Sample)[3].description == 'above ground, m; 0: any'


def test_a_type_that_no_parameter_can_hold_is_refused() -> None:
    @dataclass(frozen=True)
    class Wrong:
        table: dict[str, int] = option(REQUIRED, 'of words')

    with pytest.raises(TypeError, match="field 'table': an option cannot be of type"):
        options_of(Wrong)
