# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rclpy.node import Node
from rclpy.parameter import Parameter as RosParameter

from liquid_drone.errors import ConfigError
from liquid_drone.ros import parameters
from liquid_drone.ros.parameters import Parameter

HEIGHT = Parameter('height_m', 2.0, 'above the ground', low=1.0, high=10.0)
COUNT = Parameter('count', 3, 'how many', low=0, high=5)
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


def test_a_running_node_says_why_it_takes_no_new_value() -> None:
    new = RosParameter('kind', value='b')
    assert parameters.judge([KIND], [new], is_in_use=False).successful
    refused = parameters.judge([KIND], [new], is_in_use=True)
    assert not refused.successful
    assert "'kind' is read when the node is configured" in refused.reason
    unknown = parameters.judge([KIND], [RosParameter('kind', value='c')], is_in_use=False)
    assert not unknown.successful
    assert 'one of a, b' in unknown.reason


def test_description_and_range_can_be_asked_for(make: Callable[..., Node]) -> None:
    node = make()
    parameters.declare(node, [HEIGHT, KIND], read_only=True)
    described = node.describe_parameter('height_m')
    assert described.description == 'above the ground'
    assert described.read_only
    assert described.floating_point_range[0].to_value == 10.0
    assert node.describe_parameter('kind').additional_constraints == 'one of: a, b'
