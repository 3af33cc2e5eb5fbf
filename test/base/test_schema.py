# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: nothing is read from a file that the dataclass did not ask for in just that type."""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone import schema
from liquid_drone.errors import ConfigError


@dataclass(frozen=True)
class Wheel:
    radius_m: float = 0.3

    def __post_init__(self) -> None:
        if self.radius_m <= 0:
            raise ValueError(f'radius_m must be positive, got {self.radius_m}')


@dataclass(frozen=True)
class Car:
    name: str
    doors: int = 4
    fuel: Literal['petrol', 'none'] = 'none'
    wheel: Wheel = field(default_factory=Wheel)
    size_m: tuple[float, float] = (4.0, 1.8)
    tags: tuple[str, ...] = ()
    extras: dict[str, float] = field(default_factory=dict)
    owner: str | None = None
    electric: bool = True


@pytest.mark.parametrize(
    ('data', 'expected', 'came'),
    [
        ({'name': 'a', 'dors': 2}, "unknown field 'dors'", 'doors'),
        ({}, "field 'name' is missing", 'car'),
        ({'name': 3}, 'name: expected str', '3 (int)'),
        ({'name': 'a', 'doors': 2.5}, 'doors: expected int', '2.5 (float)'),
        ({'name': 'a', 'doors': True}, 'doors: expected int', 'True (bool)'),
        ({'name': 'a', 'electric': 1}, 'electric: expected bool', '1 (int)'),
        ({'name': 'a', 'fuel': 'coal'}, 'fuel: expected one of petrol, none', "'coal'"),
        ({'name': 'a', 'wheel': 5}, 'wheel: expected a mapping', '5 (int)'),
        ({'name': 'a', 'wheel': {'radius_m': '1'}}, 'wheel: radius_m: expected float', "'1'"),
        ({'name': 'a', 'wheel': {'radius_m': -1}}, 'radius_m must be positive', '-1.0'),
        ({'name': 'a', 'size_m': [1.0]}, 'size_m: expected 2 values', 'got 1'),
        ({'name': 'a', 'size_m': 7}, 'size_m: expected a list', '7 (int)'),
        ({'name': 'a', 'tags': ['x', 1]}, 'tags[1]: expected str', '1 (int)'),
        ({'name': 'a', 'extras': {'roof': 'no'}}, 'extras.roof: expected float', "'no'"),
        ({'name': 'a', 'extras': []}, 'extras: expected a mapping', '[]'),
        ({'name': 'a', 'owner': 3}, 'owner: expected str', '3 (int)'),
        ({'name': 'a', 'size_m': [math.nan, 1]}, 'size_m[0]: expected a finite', 'nan'),
        ({'name': 'a', 'size_m': [1, math.inf]}, 'size_m[1]: expected a finite', 'inf'),
        ('a', 'expected a mapping of fields', "'a' (str)"),
    ],
)
def test_wrong_data_is_answered_with_place_expectation_and_value(
    data: Any, expected: str, came: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        schema.build(Car, data, 'car')
    assert expected in str(caught.value)
    assert came in str(caught.value)
    assert str(caught.value).startswith('car')


def test_a_whole_number_may_stand_where_a_float_is_expected():
    wheel = schema.build(Wheel, {'radius_m': 2}, 'wheel')
    assert wheel.radius_m == 2.0
    assert isinstance(wheel.radius_m, float)


finite = st.floats(allow_nan=False, allow_infinity=False)
cars = st.builds(
    Car,
    name=st.text(),
    doors=st.integers(-(2**63) + 1, 2**63 - 1),
    fuel=st.sampled_from(['petrol', 'none']),
    wheel=st.builds(Wheel, radius_m=st.floats(1e-3, 1e3)),
    size_m=st.tuples(finite, finite),
    tags=st.lists(st.text()).map(tuple),
    extras=st.dictionaries(st.text(), finite),
    owner=st.none() | st.text(),
    electric=st.booleans(),
)


@given(cars)
def test_plain_data_and_back_is_the_same_object(car: Car) -> None:
    assert schema.build(Car, schema.plain(car), 'car') == car


def test_yaml_file_is_read(tmp_path):
    path = tmp_path / 'car.yaml'
    path.write_text('name: beetle\nwheel: {radius_m: 0.28}\nsize_m: [4, 1.5]\n')
    assert schema.load_yaml(Car, path) == Car('beetle', wheel=Wheel(0.28), size_m=(4.0, 1.5))


def test_an_empty_file_asks_for_the_first_missing_field(tmp_path):
    path = tmp_path / 'car.yaml'
    path.write_text('')
    with pytest.raises(ConfigError, match="'name' is missing"):
        schema.load_yaml(Car, path)


@pytest.mark.parametrize('content', [b'name: [', b'\xff\xfe\x00', b'name: "\x01"'])
def test_a_broken_file_is_named(tmp_path, content):
    path = tmp_path / 'car.yaml'
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r'car\.yaml'):
        schema.load_yaml(Car, path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r'cannot read .*nowhere\.yaml'):
        schema.load_yaml(Car, tmp_path / 'nowhere.yaml')
