# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rclpy.node import Node
from rclpy.parameter import Parameter as RosParameter

from liquid_drone.errors import ConfigError
from liquid_drone.ros import parameters
from liquid_drone.ros.parameters import Parameter

HEIGHT = Parameter('height_m', 2.0, 'above the ground', low=1.0, high=10.0)
COUNT = Parameter('count', 3, 'how many', low=0, high=5)
FENCE = Parameter('fence_m', 5.0, 'around home', low=1.0, high=10.0, can_be_off=True)
KIND = Parameter('kind', 'a', 'which', choices=('a', 'b'))


@pytest.fixture
def make(ros: None) -> Iterator[Callable[..., Node]]:
    made = []

    def make(**given: Any) -> Node:
        overrides = [RosParameter(name, value=value) for name, value in given.items()]
        made.append(Node('under_test', parameter_overrides=overrides))
        return made[-1]

    yield make
    for node in made:
        node.destroy_node()


def test_values_given_from_outside_are_read(make: Callable[..., Node]) -> None:
    node = make(height_m=5.0, kind='b')
    parameters.declare(node, [HEIGHT, COUNT, KIND])
    assert parameters.read(node, [HEIGHT, COUNT, KIND]) == {
        'height_m': 5.0,
        'count': 3,
        'kind': 'b',
    }


@pytest.mark.parametrize(
    ('parameter', 'value', 'expected'),
    [
        (HEIGHT, 11.0, 'float from 1 to 10'),
        (HEIGHT, 'high', 'float from 1 to 10'),
        (HEIGHT, 3, 'float from 1 to 10; .*; write 3.0'),  # YAML's whole number
        (HEIGHT, math.nan, 'float from 1 to 10'),
        (COUNT, -1, 'int from 0 to 5'),
        (COUNT, 1.5, 'int from 0 to 5'),
    ],
)
def test_a_bad_value_is_refused_with_what_was_expected(
    make: Callable[..., Node], parameter: Parameter, value: Any, expected: str
) -> None:
    node = make(**{parameter.name: value})
    with pytest.raises(ConfigError, match=f"'{parameter.name}': expected {expected}"):
        parameters.declare(node, [parameter])


def test_a_value_that_is_no_choice_is_refused(make: Callable[..., Node]) -> None:
    node = make(kind='c')
    parameters.declare(node, [KIND])
    with pytest.raises(ConfigError, match='one of a, b'):
        parameters.read(node, [KIND])


def held(**values: Any) -> Callable[[str], RosParameter]:
    return lambda name: RosParameter(name, value=values[name])


def test_a_running_node_says_why_it_takes_no_new_value() -> None:
    new = RosParameter('kind', value='b')
    assert parameters.judge([KIND], [new], None).successful
    refused = parameters.judge([KIND], [new], held(kind='a'))
    assert not refused.successful
    assert "'kind' is read when the node is configured" in refused.reason
    unknown = parameters.judge([KIND], [RosParameter('kind', value='c')], None)
    assert not unknown.successful
    assert 'one of a, b' in unknown.reason


@given(st.sampled_from(['off', *range(1, 11)]), st.sampled_from(['off', *range(1, 11)]))
@pytest.mark.parametrize('tighter', [-1, 1])
def test_a_limit_can_be_tightened_in_flight_and_never_loosened(
    tighter: int, old: Any, new: Any
) -> None:
    limit = replace(FENCE, tighter=tighter)
    result = parameters.judge([limit], [RosParameter('fence_m', value=new)], held(fence_m=old))
    is_word = 'off' in (old, new)
    expected = old == 'off' if is_word else (new - old) * tighter >= 0
    assert result.successful == expected
    assert expected or 'not loosened' in result.reason


@pytest.mark.parametrize('given_value', ['off', False])  # YAML reads the bare word as false
def test_a_check_is_switched_off_by_its_word(make: Callable[..., Node], given_value: Any) -> None:
    node = make(fence_m=given_value)
    parameters.declare(node, [FENCE])
    assert parameters.read(node, [FENCE]) == {'fence_m': None}


@pytest.mark.parametrize('value', [-1.0, 0.0, 11.0, math.nan, math.inf, True, 'on', ''])
def test_nothing_else_switches_it_off(make: Callable[..., Node], value: Any) -> None:
    node = make(fence_m=value)
    parameters.declare(node, [FENCE])
    with pytest.raises(ConfigError, match="'fence_m': expected float from 1 to 10, or off; got"):
        parameters.read(node, [FENCE])
    refused = parameters.judge([FENCE], [RosParameter('fence_m', value=value)], None)
    assert not refused.successful


@pytest.mark.parametrize(
    ('name', 'near'), [('hight_m', 'height_m'), ('limits.count', 'count'), ('x', 'kind')]
)
def test_a_name_that_no_parameter_has_is_refused_with_the_nearest(
    make: Callable[..., Node], name: str, near: str
) -> None:
    node = make(**{name: 0.3})
    with pytest.raises(ConfigError, match=f"no parameter '{name}'; the nearest is '{near}'"):
        parameters.declare(node, [HEIGHT, COUNT, KIND])


def test_what_is_of_ros_or_of_another_node_in_the_process_is_let_through(
    make: Callable[..., Node],
) -> None:
    given_values = {'use_sim_time': True, 'qos_overrides./a.subscription.depth': 2, 'other': 1}
    parameters.declare(make(**given_values), [HEIGHT], elsewhere=frozenset({'other'}))


def test_description_and_range_can_be_asked_for(make: Callable[..., Node]) -> None:
    node = make()
    parameters.declare(node, [HEIGHT, KIND], read_only=True)
    described = node.describe_parameter('height_m')
    assert described.description == 'above the ground'
    assert described.read_only
    assert described.floating_point_range[0].to_value == 10.0
    assert node.describe_parameter('kind').additional_constraints == 'one of: a, b'
